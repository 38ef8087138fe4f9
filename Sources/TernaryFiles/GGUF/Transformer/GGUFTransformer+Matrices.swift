import TernaryCore

extension GGUFTransformer {
    /// A linear layer: its matrix, and its bias and the factor of its product where the file has them.
    ///
    /// - Parameters:
    ///   - name: before `.weight`.
    ///   - isPermuted: whether rows are in the order of rotations of neighbours, which is undone.
    func projection(_ name: String, rows: Int, columns: Int, isPermuted: Bool = false) throws -> Projection {
        let headSize = configuration.headSize
        let place: (Int) -> Int = isPermuted ? { TransformerGGUF.halves($0, headSize: headSize) } : { $0 }
        var matrix = try matrix(name + ".weight", rows: rows, columns: columns, place: place)
        if let factor = try file.optionalVector(name + ".scale", count: 1) {
            guard case .ternary(var trits, var scales) = matrix else {
                throw FileError(file.path, at: name + ".scale", "belongs to a matrix that is not ternary, which is not supported")
            }
            trits.scale = Exact.settle(trits.scale * factor[0])
            scales = scales.map {
                GroupScales(rows: rows, columns: columns, groupColumns: $0.columns, values: $0.values.map { $0 * factor[0] })
            }
            matrix = .ternary(trits, scales)
        }
        guard let bias = try file.optionalVector(name + ".bias", count: rows) else { return Projection(matrix) }
        var placed = bias
        for row in 0..<rows { placed[place(row)] = bias[row] }
        return Projection(matrix, bias: placed)
    }

    /// A matrix of any type.
    ///
    /// - Parameter place: the row of the matrix at which one of the file stands.
    func matrix(_ name: String, rows: Int, columns: Int, place: (Int) -> Int = { $0 }) throws -> LinearMatrix {
        let tensor = try file.tensor(name, dimensions: [columns, rows])
        if tensor.type.isTernary {
            let (matrix, scales) = try TernaryTensor(tensor, file).read(place: place)
            return .ternary(matrix, scales)
        }
        let bytes = Self.placed(try file.bytes(tensor), rows: rows, place)
        if let element = tensor.type.element {
            if let index = bytes.withUnsafeBytes({ element.firstNonFinite($0) }) {
                throw FileError(file.path, at: name, "element \(index) is not a finite number")
            }
            let type: DenseMatrix.Element =
                switch element {
                case .float32: .float32
                case .float16: .float16
                case .bfloat16: .bfloat16
                }
            return .dense(DenseMatrix(rows: rows, columns: columns, element: type, bytes: bytes))
        }
        do { return .dense(try DenseMatrix(blocks: bytes, tensor.type, rows: rows, columns: columns)) } catch let bad
            as DenseMatrix.BadBlock
        { throw FileError(file.path, at: name, "row \(bad.row) has a scale that is not a finite number") }
    }

    /// Rows of equal length, each at its place.
    private static func placed(_ bytes: [UInt8], rows: Int, _ place: (Int) -> Int) -> [UInt8] {
        guard (0..<rows).contains(where: { place($0) != $0 }) else { return bytes }
        let width = bytes.count / rows
        var placed = bytes
        for row in 0..<rows {
            placed.replaceSubrange(place(row) * width..<(place(row) + 1) * width, with: bytes[row * width..<(row + 1) * width])
        }
        return placed
    }
}
