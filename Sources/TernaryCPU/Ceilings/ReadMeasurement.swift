import CTernary

/// How a loop that only reads goes through memory.
package struct ReadPattern: Sendable, Equatable {
    /// Places that are read from in turn.
    package var streams: Int
    /// Bytes by which lines are asked for before their turn; 0 where the processor is left to guess.
    package var ahead: Int

    /// Those of which the fastest is a ceiling: which one it is differs between processors.
    package static let candidates = [
        ReadPattern(streams: 1, ahead: 0), ReadPattern(streams: 1, ahead: 4096), ReadPattern(streams: 2, ahead: 1024),
        ReadPattern(streams: 4, ahead: 0), ReadPattern(streams: 4, ahead: 1024), ReadPattern(streams: 4, ahead: 8192),
        ReadPattern(streams: 8, ahead: 0),
    ]

    /// "4 streams, asked for 1024 bytes before".
    package var description: String {
        (streams == 1 ? "1 stream" : "\(streams) streams") + (ahead == 0 ? "" : ", asked for \(ahead) bytes before")
    }
}

/// Reads one piece of memory again and again, on all threads of a pool.
package final class ReadMeasurement {
    /// Bytes that a task reads: whole pages, the same number in each of up to eight streams.
    private static let chunkBytes = 1 << 20

    private let pool: ThreadPool
    private let read: (UnsafeRawPointer, Int, ReadPattern) -> UInt32
    private let memory: PlainMemory
    private let chunkBytes, chunks: Int
    private let sums: Scratch<UInt32>

    /// - Parameter byteCount: of the memory, rounded to whole chunks; where it stands decides what is measured: in memory, or a cache.
    init?(_ kernels: ct_kernels, pool: ThreadPool, byteCount: Int) {
        self.pool = pool
        read = { kernels.ceilings.pointee.read($0, $1, $2.streams, $2.ahead) }
        chunkBytes = byteCount < Self.chunkBytes ? max(4096, byteCount & ~4095) : Self.chunkBytes
        chunks = max(1, byteCount / chunkBytes)
        guard let memory = PlainMemory(byteCount: chunks * chunkBytes) else { return nil }
        self.memory = memory
        sums = Scratch(chunks, zero: 0)
        // By the threads that read it, so that it lies near them; all words are 1.
        pool.run(chunks) { [chunkBytes] chunk, _ in
            (memory.base + chunk * chunkBytes).initializeMemory(as: UInt32.self, repeating: 1, count: chunkBytes / 4)
        }
    }

    /// Of memory, on the threads of `workers`; nil where there is no room.
    package convenience init?(_ workers: CPUWorkers, byteCount: Int) {
        self.init(workers.kernels, pool: workers.pool, byteCount: byteCount)
    }

    /// Bytes that are read in one pass.
    package var byteCount: Int { chunks * chunkBytes }

    /// Reads everything once, or as often as takes a measurable time.
    ///
    /// - Returns: bytes per second.
    package func run(_ pattern: ReadPattern) -> Double {
        // A pass over a small piece is over before the clock has moved.
        let passes = max(1, (16 << 20) / byteCount)
        let clock = ContinuousClock()
        let start = clock.now
        if chunks == 1 {
            for _ in 0..<passes { sums.base[0] = read(memory.base, chunkBytes, pattern) }
        } else {
            for _ in 0..<passes {
                pool.run(chunks) { [read, memory, chunkBytes, sums] chunk, _ in
                    sums.base[chunk] = read(memory.base + chunk * chunkBytes, chunkBytes, pattern)
                }
            }
        }
        let seconds = (clock.now - start) / .seconds(1)
        for chunk in 0..<chunks {
            precondition(sums.base[chunk] == UInt32(chunkBytes / 4), "a loop that does not read everything")
        }
        return Double(passes * byteCount) / max(seconds, 1e-9)
    }

    /// The fastest of the candidates, each tried a few times, and its bytes per second.
    package func best(of candidates: [ReadPattern] = ReadPattern.candidates, tries: Int = 2) -> (ReadPattern, Double) {
        var best = (candidates[0], 0.0)
        for pattern in candidates {
            for _ in 0..<tries {
                let rate = run(pattern)
                if rate > best.1 { best = (pattern, rate) }
            }
        }
        return best
    }
}
