import ArgumentParser
import Logging
import TernaryCore
import TernaryKernels
import TernaryReference
import VulkanCompute

/// Fused against unfused BitLinear on the same data in the same process, each checked against the reference before it is timed.
@main
struct KernelBenchmarks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernel-benchmarks",
        abstract: "Times the fused BitLinear against norm, quantisation and product as three dispatches.",
        discussion: """
            A layer's time includes its barriers. Weights are rotated among copies that together exceed the caches, so every layer reads
            its own from memory. Times are device timestamps: the median of the runs, and the lowest and highest.
            """)

    @Option(help: "Part of a device's name.")
    var device = ""

    @Option(help: "Tokens in a pass.")
    var tokens: [Int] = [1, 4, 16]

    @Option(help: "Runs of each measurement.")
    var runs = 20

    /// Columns and rows: the layers of MatMul-free LM 1.3B and 2.7B.
    private static let shapes = [(2048, 2048), (2048, 11264), (5632, 2048), (2560, 2560), (2560, 13824), (6912, 2560)]

    func run() throws {
        guard
            let found = try Vulkan.devices().first(where: {
                $0.whyUnusable == nil && (device.isEmpty || $0.name.contains(device))
            })
        else {
            throw ValidationError("No usable Vulkan device's name contains '\(device)'.")
        }
        let gpu = try Device(found, logger: Logger(label: "benchmarks"))
        print("\(found.name), \(found.driverName) \(found.driverInfo)")
        print("tokens  columns     rows   fused us (spread)        unfused us (spread)      ratio   fused GB/s of weights")
        for count in tokens {
            for (columns, rows) in Self.shapes {
                let bench = try BitLinearBenchmark(columns: columns, rows: rows, tokens: count, device: gpu)
                try bench.check()
                let fused = try bench.time(.fused, runs: runs)
                let unfused = try bench.time(.unfused, runs: runs)
                print(
                    pad("\(count)", 6), pad("\(columns)", 8), pad("\(rows)", 8), pad(fused.text, 24), pad(unfused.text, 24),
                    pad(tenths(unfused.median / fused.median), 6),
                    pad(tenths(Double(columns * rows / 4) / fused.median / 1e3), 10))
            }
        }
    }

    private func pad(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
}

/// With one digit after the point.
func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

/// Microseconds a layer took.
struct Timing {
    var median, lowest, highest: Double
    var text: String { "\(tenths(median)) (\(tenths(lowest))-\(tenths(highest)))" }
}

enum Form { case fused, unfused }

/// A BitLinear layer with a block norm in front, on several copies of its weights.
struct BitLinearBenchmark {
    let columns, rows, tokens: Int
    let device: Device
    private let traits: DeviceTraits
    private let x, outer, combined, y, weighted, inverse, codes, step, sum: Buffer
    private let copies: [Buffer]
    private let row: [Float]
    private let norm: InputNorm
    private let matrix: TernaryMatrix

    init(columns: Int, rows: Int, tokens: Int, device: Device) throws {
        (self.columns, self.rows, self.tokens, self.device) = (columns, rows, tokens, device)
        traits = DeviceTraits(device.description)
        var random = SplitMix64(seed: 1)
        row = (0..<columns).map { _ in Float(random.unit() - 0.5) }
        norm = InputNorm(
            outer: (0..<columns).map { _ in Float(0.8 + 0.4 * random.unit()) }, outerEpsilon: 1e-6,
            inner: (0..<columns).map { _ in Float(0.8 + 0.4 * random.unit()) })
        var matrix = TernaryMatrix(rows: rows, columns: columns, scale: 0.02)
        for index in matrix.words.indices {
            // Two bits at random, 3 made 1: codes 0, 1 and 2.
            let bits = UInt32(truncatingIfNeeded: random.next())
            let threes = bits & (bits >> 1) & 0x5555_5555
            matrix.words[index] = bits & ~(threes << 1)
        }
        self.matrix = matrix
        let words = matrix.words

        let gpu = device
        func make(_ byteCount: Int) throws -> Buffer {
            try gpu.makeBuffer(byteCount: byteCount, memory: .device, label: "benchmark")
        }
        func fill(_ values: [Float]) throws -> Buffer {
            let buffer = try make(values.count * 4)
            try values.withUnsafeBytes { try gpu.upload($0, to: buffer) }
            return buffer
        }
        x = try fill(Array(repeating: row, count: tokens).flatMap { $0 })
        outer = try fill(norm.outer!)
        combined = try fill(norm.combined)
        y = try make(rows * tokens * 4)
        weighted = try make(columns * tokens * 4)
        inverse = try make(tokens * 4)
        codes = try make(columns * tokens)
        step = try make(tokens * 4)
        sum = try make(tokens * 4)
        // More than twice the largest cache we know of, 60 MB.
        let count = gpu.description.kind == .software ? 2 : max(2, (160 << 20) / matrix.byteCount)
        copies = try (0..<count).map { _ in
            let buffer = try make(words.count * 4)
            try words.withUnsafeBytes { try gpu.upload($0, to: buffer) }
            return buffer
        }
    }

    /// Both forms must give the reference's bits.
    func check() throws {
        let expected = bitLinear(row, norm: norm, matrix).map(\.bitPattern)
        for form in [Form.fused, .unfused] {
            try device.run(try record(form, layers: 1))
            var result = [UInt32](repeating: 0, count: rows)
            try result.withUnsafeMutableBytes { try device.download(from: y, into: $0) }
            precondition(result == expected, "\(form) \(columns) x \(rows) differs from the reference")
        }
    }

    func time(_ form: Form, runs: Int) throws -> Timing {
        let recording = try record(form, layers: copies.count)
        for _ in 0..<3 { try device.run(recording) }
        var times: [Double] = []
        for _ in 0..<runs {
            try device.run(recording)
            let stamps = try recording.timestamps()
            times.append(Double(stamps[1] - stamps[0]) / 1000 / Double(copies.count))
        }
        times.sort()
        return Timing(median: times[times.count / 2], lowest: times[0], highest: times[times.count - 1])
    }

    private func record(_ form: Form, layers: Int) throws -> Recording {
        try device.record(label: "\(form) \(columns) x \(rows)") { recorder in
            try recorder.writeTimestamp(0)
            for copy in copies.prefix(layers) {
                switch form {
                case .fused:
                    try recorder.dispatch(
                        BitLinearFused(
                            tokens: tokens, rows: rows, columns: columns, yStride: rows, scale: 0.02, outerEpsilon: 1e-6,
                            addsResidual: false), slices(x, x, outer, combined, copy, y), on: device, traits: traits)
                case .unfused:
                    try recorder.dispatch(
                        RMSNorm(tokens: tokens, columns: columns, outerEpsilon: 1e-6),
                        slices(x, x, outer, combined, weighted, inverse), on: device, traits: traits)
                    recorder.barrier()
                    try recorder.dispatch(
                        Quantize(tokens: tokens, columns: columns), slices(weighted, inverse, codes, step, sum), on: device,
                        traits: traits)
                    recorder.barrier()
                    try recorder.dispatch(
                        TernaryMatmul(tokens: tokens, rows: rows, columns: columns, yStride: rows, scale: 0.02),
                        slices(codes, step, sum, copy, y), on: device, traits: traits)
                }
                recorder.barrier()
            }
            try recorder.writeTimestamp(1)
        }
    }

    private func slices(_ buffers: Buffer...) -> [BufferSlice] { buffers.map { BufferSlice($0) } }
}
