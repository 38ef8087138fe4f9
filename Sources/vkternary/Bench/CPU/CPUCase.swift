import TernaryCPU
import TernaryKernels

/// An op at one size on the CPU: what it does, and whether that is right.
struct CPUCase {
    let op: KernelOp
    let tokens, columns: Int
    /// Of its matrix; nil where it has none.
    let rows: Int?
    let cost: KernelCost
    /// Whether what it reads is in memory each time, and not in a cache.
    var isFromMemory = false
    /// How many different places it reads from.
    var sets = 1
    let run: (_ set: Int) -> Void
    /// The first row that is not as the reference has it, after the first set was run for the first time.
    let firstWrongRow: () -> Int?

    /// Seconds below which it cannot come, and why; nil where that is not known.
    func floor(_ ceilings: DeviceCeilings) -> (seconds: Double, bound: DeviceCeilings.Bound)? {
        isFromMemory ? ceilings.floor(cost, usesMatrixUnits: false) : nil
    }
}

extension KernelResult {
    init(_ test: CPUCase, seconds: Samples, ceilings: DeviceCeilings) {
        let key = Key(op: test.op, tokens: test.tokens, columns: test.columns, rows: test.rows)
        self.init(key, cost: test.cost, seconds: seconds, floor: test.floor(ceilings))
    }
}

/// Runs cases on the CPU.
struct CPUTimer {
    let workers: CPUWorkers
    let repetitions: Int

    /// How long one repetition should take at least, in seconds, and all of them at most, once there are enough.
    private static let (shortest, longest) = (0.005, 1.0)
    private static let fewest = 3

    /// Checks a case, then times it.
    ///
    /// - Returns: seconds that it takes once.
    /// - Throws: ``BenchMismatch`` where the kernels compute other bits than the reference.
    func measure(_ test: CPUCase) throws -> Samples {
        test.run(0)
        if let row = test.firstWrongRow() {
            let size = "\(test.columns)" + (test.rows.map { "x\($0)" } ?? "")
            throw BenchMismatch(
                description:
                    "\(test.op.rawValue) \(size), \(test.tokens) tokens: \(workers.variant.title) computes other bits than the reference in "
                    + "row \(row); nothing was measured (`vkternary verify` tells more)")
        }
        var set = 0
        func seconds(_ count: Int) -> Double {
            CPULimits.seconds {
                for _ in 0..<count {
                    set = set + 1 == test.sets ? 0 : set + 1
                    test.run(set)
                }
            } / Double(count)
        }
        // The first wakes the threads.
        _ = seconds(1)
        let count = max(1, Int(min(1e6, Self.shortest / seconds(1))))
        var samples: [Double] = []
        var elapsed = 0.0
        while samples.count < repetitions, samples.count < Self.fewest || elapsed < Self.longest {
            try Interrupt.check()
            samples.append(seconds(count))
            elapsed += samples[samples.count - 1] * Double(count)
        }
        return Samples(samples)
    }
}
