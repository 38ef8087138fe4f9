import CTernary
import Glibc
import TernaryCPU

/// Measures what bounds every model on the CPU.
struct CPULimits {
    let workers: CPUWorkers
    /// The same kernels on the caller's thread alone.
    let single: CPUWorkers
    let repetitions: Int

    init(_ workers: CPUWorkers, repetitions: Int) throws {
        self.workers = workers
        single = try CPUWorkers(variant: workers.variant, threads: 1)
        self.repetitions = repetitions
    }

    private var caches: CPUCaches { .current }

    /// Phases in a measurement: enough that the clock does not count.
    private static let phases = 1000

    // MARK: Memory

    /// GB/s of reading from memory, and by which of the loops.
    func read(_ workers: CPUWorkers) throws -> (Samples, how: String?)? {
        try read(workers, byteCount: caches.farByteCount)
    }

    /// GB/s of reading what is in the second cache of a thread's core.
    func readLevel2() throws -> (Samples, how: String?)? {
        // More than the first holds, and room for what else is in there.
        try read(single, byteCount: max(2 * caches.level1, caches.level2 / 2))
    }

    /// GB/s of reading what is in the last cache, by one thread; nil where that is the second.
    func readLastLevel() throws -> (Samples, how: String?)? {
        guard caches.last > caches.level2 else { return nil }
        return try read(single, byteCount: min(4 * caches.level2, caches.last / 2))
    }

    private func read(_ workers: CPUWorkers, byteCount: Int) throws -> (Samples, how: String?)? {
        guard let measurement = ReadMeasurement(workers, byteCount: byteCount) else { return nil }
        let (pattern, _) = measurement.best()
        let samples = try sampled { measurement.run(pattern) / 1e9 }
        return (samples, "\(bytes(measurement.byteCount)), \(pattern.description)")
    }

    /// GB/s of copying from one place in memory to another, by the better of two loops: bytes read and bytes written.
    func copy(_ workers: CPUWorkers) throws -> (Samples, how: String?)? {
        let chunkBytes = 1 << 20
        let chunks = max(1, caches.farByteCount / 2 / chunkBytes)
        guard let from = PlainMemory(byteCount: chunks * chunkBytes), let to = PlainMemory(byteCount: chunks * chunkBytes) else {
            return nil
        }
        workers.run(chunks) { chunk, _ in
            (from.base + chunk * chunkBytes).initializeMemory(as: UInt32.self, repeating: 0x5555_5555, count: chunkBytes / 4)
            (to.base + chunk * chunkBytes).initializeMemory(as: UInt32.self, repeating: 0, count: chunkBytes / 4)
        }
        let copy = workers.kernels.ceilings.pointee.copy
        func rate(pastCaches: Bool) -> Double {
            let seconds = Self.seconds {
                workers.run(chunks) { chunk, _ in
                    copy(from.base + chunk * chunkBytes, to.base + chunk * chunkBytes, chunkBytes, pastCaches)
                }
            }
            return 2 * Double(chunks * chunkBytes) / seconds / 1e9
        }
        let best = [false, true].map { pastCaches in (0..<3).map { _ in rate(pastCaches: pastCaches) }.max()! }
        let samples = try sampled { rate(pastCaches: best[1] > best[0]) }
        guard memcmp(from.base, to.base, from.byteCount) == 0 else { throw mismatch("a copy") }
        return (samples, "\(bytes(2 * from.byteCount)), stores \(best[1] > best[0] ? "past" : "through") the caches")
    }

    // MARK: Threads

    /// Nanoseconds from the start of a phase in which nothing is done to its end, one after the other.
    func phase() throws -> Samples {
        let threads = workers.threads
        return try sampled {
            Self.seconds { for _ in 0..<Self.phases { workers.run(threads) { _, _ in } } } / Double(Self.phases) * 1e9
        }
    }

    /// The same of a phase that finds the threads asleep.
    func wakingPhase() throws -> Samples {
        let threads = workers.threads
        return try sampled {
            usleep(5000)
            return Self.seconds { workers.run(threads) { _, _ in } } * 1e9
        }
    }

    // MARK: Pieces

    func sampled(_ measure: () throws -> Double) throws -> Samples {
        Samples(
            try (0..<repetitions).map { _ in
                try Interrupt.check()
                return try measure()
            })
    }

    static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        try body()
        return max((clock.now - start) / .seconds(1), 1e-9)
    }

    /// What is said where the processor computes wrongly.
    func mismatch(_ what: String) -> BenchMismatch {
        BenchMismatch(description: "CPU, \(workers.variant.title): \(what) has a wrong result; its time means nothing")
    }

    /// What kernels are measured against.
    func ceilings() throws -> DeviceCeilings {
        guard let read = try read(workers), let copy = try copy(workers) else {
            throw UsageError("there is not enough free memory to measure how fast it is")
        }
        return DeviceCeilings(
            read: read.0.median * 1e9, copy: copy.0.median * 1e9, int8Dot: try int8Rate(workers).median * 1e12, int8Units: nil)
    }

    /// Everything that there is to measure.
    var all: [DeviceMeasurement] {
        let threads = workers.threads
        // All threads first, under the plain name; one alone where that is something else.
        let counts = threads == 1 ? [workers] : [workers, single]
        func title(_ name: String, _ measured: CPUWorkers) -> String { name + (measured === workers ? "" : ", 1 thread") }
        let reads = counts.map { workers in
            DeviceMeasurement(
                name: title("read", workers), unit: "GB/s",
                ceilingOf: "decoding and whatever reads more from memory than it writes"
            ) {
                try read(workers)
            }
        }
        let copies = counts.map { workers in
            DeviceMeasurement(name: title("copy", workers), unit: "GB/s", ceilingOf: "ops that write as much as they read") {
                try copy(workers)
            }
        }
        return reads + [
            .init(name: "read, last cache, 1 thread", unit: "GB/s", ceilingOf: "weights that fit it", run: readLastLevel),
            .init(
                name: "read, second cache, 1 thread", unit: "GB/s", ceilingOf: "activations and chunks of weights",
                run: readLevel2),
        ] + copies + products(counts, title) + [
            .init(name: "phase", unit: "ns", ceilingOf: "ops that wait for each other: a decode step's") {
                (try phase(), "an empty one behind another")
            },
            .init(name: "phase after a pause", unit: "ns", ceilingOf: "the first op after the host did something else") {
                (try wakingPhase(), "threads are asleep")
            },
        ]
    }
}
