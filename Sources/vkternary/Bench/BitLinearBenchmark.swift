import TernaryCore
import TernaryKernels
import TernaryReference
import VulkanCompute

/// A BitLinear layer with a block norm in front, on several copies of its weights.
struct BitLinearBenchmark {
    enum Form: String, CaseIterable {
        /// One dispatch.
        case fused
        /// Norm, quantisation and product.
        case unfused
    }

    private let weights: RotatedMatrix
    private let tokens: Int
    private let device: Device
    private let traits: DeviceTraits
    private let x, outer, combined, y, weighted, inverse, codes, step, sum: Buffer
    /// What each token's output must be, `(tokens, rows)`, rows padded, as bits.
    private let expected: [[UInt32]]

    private var columns: Int { weights.shape.columns }
    private var rows: Int { weights.shape.rows }
    private static let epsilon: Float = 1e-6
    /// Different rows of x; tokens take turns.
    private static let patterns = 2

    /// Refuses what would fill memory with activations.
    static func checkSize(_ shape: MatrixShape, tokens: Int) throws {
        guard tokens <= 1 << 28 / max(shape.columns, shape.rows) else {
            throw UsageError("\(tokens) tokens of \(shape.columns)x\(shape.rows) are a gigabyte or more; give fewer tokens")
        }
    }

    init(_ weights: RotatedMatrix, tokens: Int, device: Device) throws {
        (self.weights, self.tokens, self.device) = (weights, tokens, device)
        traits = DeviceTraits(device.description)
        let (columns, rows) = (weights.shape.columns, weights.shape.rows)
        let width = paddedWidth(columns)
        let padding = [Float](repeating: 0, count: width - columns)
        var random = SplitMix64(seed: 1)
        let inputs = (0..<Self.patterns).map { _ in (0..<columns).map { _ in Float(random.unit() - 0.5) } }
        let norm = InputNorm(
            outer: (0..<columns).map { _ in Float(0.8 + 0.4 * random.unit()) }, outerEpsilon: Self.epsilon,
            inner: (0..<columns).map { _ in Float(0.8 + 0.4 * random.unit()) })
        expected = inputs.prefix(tokens).map { bitLinear($0, norm: norm, weights.matrix).map(\.bitPattern) }

        func make(_ byteCount: Int, _ label: String) throws -> Buffer {
            try device.makeBuffer(byteCount: byteCount, memory: .device, label: label)
        }
        func fill(_ values: [Float], _ label: String) throws -> Buffer {
            let buffer = try make(values.count * 4, label)
            try device.upload(values, to: buffer)
            return buffer
        }
        x = try fill((0..<tokens).flatMap { inputs[$0 % Self.patterns] + padding }, "x")
        outer = try fill(norm.outer! + padding, "outer norm")
        combined = try fill(norm.combined + padding, "norms")
        y = try make(paddedWidth(rows) * tokens * 4, "y")
        weighted = try make(width * tokens * 4, "weighted rows")
        inverse = try make(tokens * 4, "root inverses")
        codes = try make(width * tokens, "codes")
        step = try make(tokens * 4, "steps")
        sum = try make(tokens * 4, "code sums")
    }

    /// Checks a form, then times it.
    ///
    /// - Returns: seconds a layer takes; nil where the device's shared memory is too small for the fused form.
    /// - Throws: ``BenchMismatch`` where the device computes other bits than the reference.
    func measure(_ form: Form, repetitions: Int) throws -> Samples? {
        if form == .fused && !BitLinearFused.fits(columns: columns, device: traits) { return nil }
        try check(form)
        let recording = try record(form, layers: weights.copies.count)
        for _ in 0..<3 { try device.run(recording) }
        return Samples(
            try (0..<repetitions).map { _ in
                try Interrupt.check()
                try device.run(recording)
                let times = try recording.timestamps()
                return Double(times[1] - times[0]) * 1e-9 / Double(weights.copies.count)
            })
    }

    private func check(_ form: Form) throws {
        // What another form left there must not pass.
        let clearing = try device.record(label: "clear") { $0.fill(BufferSlice(y), with: .max) }
        try device.run(clearing)
        try device.run(try record(form, layers: 1))
        var result = [UInt32](repeating: 0, count: y.byteCount / 4)
        try result.withUnsafeMutableBytes { try device.download(from: y, into: $0) }
        let stride = paddedWidth(rows)
        for token in 0..<tokens
        where !result[token * stride..<token * stride + rows].elementsEqual(expected[token % Self.patterns]) {
            throw BenchMismatch(
                description:
                    "\(form.rawValue) \(columns)x\(rows), token \(token) of \(tokens): \(device.description.name) computes other "
                    + "bits than the reference; nothing was measured (`vkternary verify` tells more)")
        }
    }

    private func record(_ form: Form, layers: Int) throws -> Recording {
        try device.record(label: "\(form.rawValue) \(columns)x\(rows)") { recorder in
            try recorder.writeTimestamp(0)
            for copy in weights.copies.prefix(layers) {
                switch form {
                case .fused: try addFused(copy, to: &recorder)
                case .unfused: try addUnfused(copy, to: &recorder)
                }
                recorder.barrier()
            }
            try recorder.writeTimestamp(1)
        }
    }

    private func addFused(_ copy: Buffer, to recorder: inout Recorder) throws {
        try recorder.dispatch(
            BitLinearFused(
                tokens: tokens, rows: rows, columns: columns, yStride: paddedWidth(rows), scale: weights.matrix.scale,
                outerEpsilon: Self.epsilon, addsResidual: false),
            slices(x, x, outer, combined, copy, y), on: device, traits: traits)
    }

    private func addUnfused(_ copy: Buffer, to recorder: inout Recorder) throws {
        try recorder.dispatch(
            RMSNorm(tokens: tokens, columns: columns, outerEpsilon: Self.epsilon),
            slices(x, x, outer, combined, weighted, inverse), on: device, traits: traits)
        recorder.barrier()
        try recorder.dispatch(
            Quantize(tokens: tokens, columns: columns), slices(weighted, inverse, codes, step, sum), on: device, traits: traits)
        recorder.barrier()
        try recorder.dispatch(
            TernaryMatmul(tokens: tokens, rows: rows, columns: columns, yStride: paddedWidth(rows), scale: weights.matrix.scale),
            slices(codes, step, sum, copy, y), on: device, traits: traits)
    }

    private func slices(_ buffers: Buffer...) -> [BufferSlice] { buffers.map { BufferSlice($0) } }
}

/// A kernel that is wrong is not worth timing.
struct BenchMismatch: Error, CustomStringConvertible {
    let description: String
}
