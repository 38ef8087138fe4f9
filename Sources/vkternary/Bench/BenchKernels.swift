import ArgumentParser
import TernaryCPU
import TernaryKernels
import TernaryModels
import VulkanCompute

struct BenchKernels: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels",
        abstract:
            "Measure every op, and the fused BitLinear against its norm, quantisation and product as dispatches of their own.",
        discussion: """
            Every op is compared with the CPU reference, bit for bit, before it is timed. Its time is by the device's clock and includes \
            its barriers. Weights, and the buffers of ops without weights, are rotated and driven out of the caches. GB/s and TOPS are \
            what the op has to move and to compute, padding and intermediate results of one dispatch left out. "of ceiling" is the time \
            that the device's bandwidth or its int8 rate allows at best (the command measures them first and states them), whichever is \
            longer, as a share of the time taken.

            On the CPU, time is by its clock, matrices, keys and values come from memory, and everything else from the caches, as it does in \
            a model; "of ceiling" is told of the former only. A measurement that takes long has fewer repetitions, 3 at least. --threads and \
            VKTERNARY_CPU choose what runs.

            An op whose shape makes no sense of a matrix, or that the device has not or cannot run, is left out.
            """)

    @OptionGroup var options: BenchDeviceOptions

    @Option(
        help: ArgumentHelp(
            "Ops to measure, separated by commas; all where none are given: \(KernelOp.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "ops"),
        completion: .list(KernelOp.allCases.map(\.rawValue)),
        transform: BenchArguments.ops)
    var ops: [KernelOp] = KernelOp.allCases

    @Option(
        help: ArgumentHelp(
            "Tokens in a pass, separated by commas. (default: 1,4,16,64,256,2048; on the CPU 1,2,4,8,16,64,256)",
            valueName: "counts"),
        transform: BenchArguments.counts)
    var tokens: [Int]?

    @Option(
        help: ArgumentHelp(
            "Matrices, COLUMNSxROWS, or models whose matrices are meant, separated by commas. (default: 370m,1.3b,2.7b,13b,bitnet-2b-4t)",
            valueName: "shapes"),
        transform: BenchArguments.shapes)
    var shapes: [MatrixShape]?

    @Option(help: "Runs of each measurement.")
    var repetitions = 20

    @OptionGroup var output: BenchOutput

    mutating func validate() throws {
        if !(1...10_000).contains(repetitions) { throw ValidationError("--repetitions takes 1 to 10000.") }
    }

    func run() throws { try Failure.reporting { try start() } }

    private func start() throws {
        try output.checkFiles()
        let shapes = try shapes ?? BenchArguments.shapes("370m,1.3b,2.7b,13b,bitnet-2b-4t")
        try tokens.map { try check(shapes, $0) }
        let target = try options.open(for: "kernels")
        Interrupt.listen()
        let facts = try BenchFacts.common(benchmark: "kernels", target)
        var bar = ProgressBar("Measuring")
        defer { bar.finish() }
        let (ceilings, results): (DeviceCeilings, [KernelResult])
        switch target {
        case .vulkan(let device):
            let tokens = tokens ?? [1, 4, 16, 64, 256, 2048]
            try check(shapes, tokens)
            let found = try DeviceLimits(device: device, repetitions: min(repetitions, 5)).ceilings()
            let timer = try KernelTimer(device, repetitions: repetitions)
            ceilings = found
            results = try measure(shapes, tokens) {
                bar.update($0)
            } suite: { shape in
                let suite = KernelSuite(shape, on: device)
                return { op, count in
                    try suite.makeCase(op, tokens: count).map {
                        KernelResult($0, seconds: try timer.measure($0), ceilings: found)
                    }
                }
            }
        case .cpu(let workers):
            let tokens = tokens ?? [1, 2, 4, 8, 16, 64, 256]
            try check(shapes, tokens)
            for shape in shapes { for count in tokens { try CPUSuite.checkMemory(shape, tokens: count) } }
            let found = try CPULimits(workers, repetitions: min(repetitions, 5)).ceilings()
            let timer = CPUTimer(workers: workers, repetitions: repetitions)
            ceilings = found
            results = try measure(shapes, tokens) {
                bar.update($0)
            } suite: { shape in
                let suite = CPUSuite(shape, workers)
                return { op, count in
                    try suite.makeCase(op, tokens: count).map {
                        KernelResult($0, seconds: try timer.measure($0), ceilings: found)
                    }
                }
            }
        }
        bar.finish()
        try output.write(
            KernelResult.table(
                results, facts: facts + ceilings.facts + [(.init("repetitions", "repetitions"), .int(repetitions))]))
    }

    private func check(_ shapes: [MatrixShape], _ tokens: [Int]) throws {
        for shape in shapes { for count in tokens { try KernelSuite.checkSize(shape, tokens: count) } }
    }

    /// Checks and times an op at so many tokens; nil where there is nothing to measure.
    private typealias Measure = (_ op: KernelOp, _ tokens: Int) throws -> KernelResult?

    private func measure(
        _ shapes: [MatrixShape], _ tokens: [Int], progress: (Double) -> Void, suite: (MatrixShape) -> Measure
    ) throws -> [KernelResult] {
        var results: [KernelResult] = []
        var seen: Set<KernelResult.Key> = []
        for (index, shape) in shapes.enumerated() {
            let measure = suite(shape)
            let wanted = ops.filter { !$0.roles.isDisjoint(with: shape.roles) }
            for (position, op) in wanted.enumerated() {
                progress((Double(index) + Double(position) / Double(wanted.count)) / Double(shapes.count))
                for count in tokens {
                    try Interrupt.check()
                    // Ops without a matrix are the same for every matrix of that width.
                    guard seen.insert(KernelResult.Key(op, tokens: count, of: shape)).inserted else { continue }
                    if let result = try measure(op, count) { results.append(result) }
                }
            }
        }
        return results
    }
}
