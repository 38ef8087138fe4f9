import TernaryCore
import TernaryKernels
import VulkanCompute

/// An embedding or a head on a device, in as many buffers as bindings are needed to see all of it.
struct DeviceTable {
    /// Rows that one binding sees.
    struct Part {
        let rows: Range<Int>
        let weights: BufferSlice
        /// Of the rows; the weights, which are not read as such, where there are none.
        let scales: BufferSlice
    }

    let layout: DenseLayout
    let rows: Int
    let parts: [Part]
    /// Of all rows; nil where there is none.
    let bias: BufferSlice?

    /// Uploads a table.
    ///
    /// - Parameter progress: is given bytes as they are uploaded.
    init(_ matrix: LinearMatrix, bias: [Float]?, label: String, device: Device, progress: (Int) -> Void) throws {
        guard let layout = DenseLayout(matrix) else {
            throw VulkanError.missingFeature("a \(label) whose scales are shared by other than multiples of 16 columns")
        }
        (self.layout, rows) = (layout, matrix.rows)
        self.bias = try bias.map { values in
            var arena = TensorArena()
            let place = arena.add(floats: values)
            return try arena.upload(to: device, label: "\(label) bias").tensor(place)
        }
        let rowsEach = Self.rowsEach(layout, device.description)
        parts = try stride(from: 0, to: matrix.rows, by: rowsEach).map { first in
            let rows = first..<min(first + rowsEach, matrix.rows)
            var arena = TensorArena()
            let (weights, scales) = Self.add(matrix, layout, rows: rows, to: &arena)
            let buffer = try arena.upload(to: device, label: "\(label) \(rows)")
            progress(arena.byteCount)
            return Part(rows: rows, weights: buffer.tensor(weights), scales: buffer.tensor(scales ?? weights))
        }
    }

    /// Rows that a binding sees, in whole tiles.
    static func rowsEach(_ layout: DenseLayout, _ device: DeviceDescription) -> Int {
        max(4, device.maxStorageRange / max(layout.rowBytes, 4 * layout.scalesPerRow) / 4 * 4)
    }

    private static func add(
        _ matrix: LinearMatrix, _ layout: DenseLayout, rows: Range<Int>, to arena: inout TensorArena
    ) -> (weights: TensorArena.Place, scales: TensorArena.Place?) {
        let weights: TensorArena.Place
        let scales: [Float]
        switch matrix {
        case .dense(let dense):
            let rowBytes = dense.columns * dense.element.byteCount
            weights = arena.add(
                rows: dense.bytes.part(rows.lowerBound * rowBytes..<rows.upperBound * rowBytes), rowBytes: rowBytes,
                paddedBytes: layout.rowBytes)
            scales = dense.scales
        case .ternary(let ternary, let groups):
            let tileWords = ternary.paddedColumns / 4
            let tiles = rows.lowerBound / 4..<(rows.upperBound + 3) / 4
            weights = arena.add(words: [ternary.words.part(tiles.lowerBound * tileWords..<tiles.upperBound * tileWords)])
            scales = groups?.values ?? []
        }
        guard layout.scalesPerRow > 0 else { return (weights, nil) }
        let each = layout.scalesPerRow
        return (weights, arena.add(floats: Array(scales[rows.lowerBound * each..<rows.upperBound * each])))
    }
}
