import ArgumentParser
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

            An op whose shape makes no sense of a matrix, or that the device cannot run, is left out.
            """)

    @OptionGroup var options: VulkanDeviceOptions

    @Option(
        help: ArgumentHelp(
            "Ops to measure, separated by commas; all where none are given: \(KernelOp.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "ops"),
        completion: .list(KernelOp.allCases.map(\.rawValue)),
        transform: BenchArguments.ops)
    var ops: [KernelOp] = KernelOp.allCases

    @Option(
        help: ArgumentHelp("Tokens in a pass, separated by commas. (default: 1,4,16,64,256,2048)", valueName: "counts"),
        transform: BenchArguments.counts)
    var tokens: [Int] = [1, 4, 16, 64, 256, 2048]

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
        for shape in shapes { for count in tokens { try KernelSuite.checkSize(shape, tokens: count) } }
        let device = try options.open(for: "kernels")
        Interrupt.listen()
        let facts = try BenchFacts.common(benchmark: "kernels", deviceName: device.description.name, device: device.description)
        var bar = ProgressBar("Measuring")
        defer { bar.finish() }
        let ceilings = try DeviceLimits(device: device, repetitions: min(repetitions, 5)).ceilings()
        let results = try measure(shapes, on: device, ceilings) { bar.update($0) }
        bar.finish()
        try output.write(
            KernelResult.table(
                results, facts: facts + ceilings.facts + [(.init("repetitions", "repetitions"), .int(repetitions))]))
    }

    private func measure(
        _ shapes: [MatrixShape], on device: Device, _ ceilings: DeviceCeilings, progress: (Double) -> Void
    ) throws -> [KernelResult] {
        let timer = try KernelTimer(device, repetitions: repetitions)
        var results: [KernelResult] = []
        var seen: Set<KernelResult.Key> = []
        for (index, shape) in shapes.enumerated() {
            let suite = KernelSuite(shape, on: device)
            let wanted = ops.filter { !$0.roles.isDisjoint(with: shape.roles) }
            for (position, op) in wanted.enumerated() {
                progress((Double(index) + Double(position) / Double(wanted.count)) / Double(shapes.count))
                for count in tokens {
                    try Interrupt.check()
                    // Ops without a matrix are the same for every matrix of that width.
                    guard seen.insert(KernelResult.Key(op, tokens: count, of: shape)).inserted else { continue }
                    guard let test = try suite.makeCase(op, tokens: count) else { continue }
                    results.append(KernelResult(test, seconds: try timer.measure(test), ceilings: ceilings))
                }
            }
        }
        return results
    }
}
