import TernaryCore
import TernaryKernels
import TernaryReference
import VulkanCompute

/// The ops of one shape, with the values that they take; those and the reference's results are made when first asked for and serve all
/// token counts.
final class KernelSuite {
    let shape: MatrixShape
    let device: Device
    let traits: DeviceTraits

    static let epsilon = KernelValues.epsilon
    /// Sets of buffers of an op without weights, at most.
    private static let mostSets = 64

    init(_ shape: MatrixShape, on device: Device) {
        (self.shape, self.device) = (shape, device)
        traits = DeviceTraits(device.description)
    }

    /// Refuses what would fill memory with activations.
    static func checkSize(_ shape: MatrixShape, tokens: Int) throws {
        guard tokens <= 1 << 28 / max(shape.columns, shape.rows) else {
            throw UsageError(
                "\(tokens) tokens of \(shape.columns)x\(shape.rows) are a gigabyte or more; give fewer tokens or smaller shapes")
        }
    }

    // MARK: Values

    func activations(_ width: Int, seed: UInt64) -> [[Float]] { KernelValues.activations(width, seed: seed) }

    func weightings(_ count: Int, width: Int) -> [InputNorm] { KernelValues.weightings(count, width: width) }

    private(set) lazy var x = activations(shape.columns, seed: 2)
    /// Three; the first is the one of ops that need one.
    private(set) lazy var norms = weightings(3, width: shape.columns)
    private(set) lazy var normalized = x.map { bitLinearNorm($0, norm: norms[0]) }
    private(set) lazy var quantized = normalized.map { TernaryReference.quantize($0) }

    // MARK: Buffers

    /// A buffer of words that all dispatches share.
    func shared(_ words: [UInt32], _ label: String) throws -> KernelCase.Rotation {
        let buffer = try device.makeBuffer(byteCount: words.count * 4, memory: .device, label: label)
        try device.upload(words, to: buffer)
        return [buffer]
    }

    /// Rows repeated over the tokens, padded.
    func shared(_ rows: [[Float]], tokens: Int, _ label: String) throws -> KernelCase.Rotation {
        try shared(Self.repeated(rows.map(\.padded), tokens: tokens), label)
    }

    /// Room for results, filled with what no op gives: memory may still hold a right result of the run before.
    func room(_ words: Int, _ label: String) throws -> KernelCase.Rotation {
        let buffer = try device.makeBuffer(byteCount: words * 4, memory: .device, label: label)
        try device.run(try device.record(label: label) { $0.fill(BufferSlice(buffer), with: .max) })
        return [buffer]
    }

    /// The buffers of an op, again and again, so that together they exceed the caches.
    func rotated(_ buffers: [KernelCase.Rotation]) throws -> [KernelCase.Rotation] {
        let bytes = buffers.reduce(0) { $0 + $1[0].byteCount }
        let description = device.description
        let wanted = description.kind == .software ? 0 : min(RotatedMatrix.byteCount, description.deviceLocalBytes / 8)
        let sets = min(Self.mostSets, max(2, wanted / bytes))
        let all = try buffers.map { rotation in
            let first = rotation[0]
            return [first]
                + (try (1..<sets).map { _ in
                    try device.makeBuffer(byteCount: first.byteCount, memory: .device, label: first.label)
                })
        }
        let copying = try device.record(label: "copies of buffers") { recorder in
            for rotation in all {
                for copy in rotation.dropFirst() { recorder.copy(from: BufferSlice(rotation[0]), to: BufferSlice(copy)) }
            }
        }
        try device.run(copying)
        return all
    }

    /// Rows repeated over the tokens, one behind the other.
    static func repeated<Element>(_ rows: [[Element]], tokens: Int) -> [Element] {
        var values: [Element] = []
        values.reserveCapacity(tokens * rows[0].count)
        for token in 0..<tokens { values += rows[token % rows.count] }
        return values
    }

    // MARK: Weights

    /// The matrices that an op multiplies with, and nothing of the ones before: they fill much of the memory.
    private var weights: (count: Int, rows: Int, matrices: RotatedMatrix)?

    func matrices(_ count: Int, rows: Int) throws -> RotatedMatrix {
        if let weights, weights.count == count, weights.rows == rows { return weights.matrices }
        weights = nil
        let matrices = try RotatedMatrix(columns: shape.columns, rows: rows, matrices: count, on: device)
        weights = (count, rows, matrices)
        return matrices
    }

    private var products: [Int: [[[Float]]]] = [:]

    /// The reference's projections, `(matrix, pattern, row)`: each matrix behind a weighting of its own, or all behind the first.
    func projections(_ count: Int, rows: Int, norms: Int) throws -> [[[Float]]] {
        let key = count * 4 + norms
        if let known = products[key] { return known }
        let matrices = try matrices(count, rows: rows)
        let projections = (0..<count).map { index -> [[Float]] in
            let matrix = matrices.matrix(index)
            return x.map { bitLinear($0, norm: self.norms[norms == 1 ? 0 : index], matrix) }
        }
        products[key] = projections
        return projections
    }

    /// The shape as a matrix of f16 weights below 2, and the reference's product of each pattern with it.
    private(set) lazy var denseMatrix: DenseMatrix = {
        let (rows, columns) = (shape.rows, shape.columns)
        var random = SplitMix64(seed: 7)
        // All of them finite.
        let halves = (0..<(rows * columns + 3) / 4).map { _ in random.next() & 0xBBFF_BBFF_BBFF_BBFF }
        return DenseMatrix(
            rows: rows, columns: columns, element: .float16,
            bytes: halves.withUnsafeBytes { [UInt8]($0.prefix(rows * columns * 2)) })
    }()
    private(set) lazy var denseProduct = x.map { TernaryReference.denseMatmul($0, .dense(denseMatrix)) }

    // MARK: Dispatches

    func stage<K: CostedKernel>(
        _ kernel: K, _ buffers: [KernelCase.Rotation], traits: DeviceTraits? = nil
    ) -> KernelCase.Stage {
        let traits = traits ?? self.traits
        let device = device
        return KernelCase.Stage(
            cost: kernel.cost, usesMatrixUnits: (kernel as? TernaryMatmul)?.usesMatrixUnits(on: traits) ?? false,
            sets: buffers.map(\.count).max() ?? 1
        ) { recorder, set in
            try recorder.dispatch(kernel, buffers.map { BufferSlice($0[set % $0.count]) }, on: device, traits: traits)
        }
    }
}

extension [Float] {
    /// As bits, padded with zeros to whole tiles.
    var padded: [UInt32] { bits + Array<UInt32>(repeating: 0, count: paddedWidth(count) - count) }
    var bits: [UInt32] { map(\.bitPattern) }
}

extension [Int8] {
    /// Four to a word, padded with zeros to whole tiles.
    var packed: [UInt32] {
        let padded = self + Array(repeating: 0, count: paddedWidth(count) - count)
        return stride(from: 0, to: padded.count, by: 4).map { at in
            (0..<4).reduce(UInt32(0)) { $0 | UInt32(UInt8(bitPattern: padded[at + $1])) << (8 * UInt32($1)) }
        }
    }
}
