import Dispatch

/// Loops over rows on several threads.
package enum Parallel {
    /// What `body` makes of ranges that cover 0..<rows, in their order.
    ///
    /// - Parameter weightsEach: as of `forRows`.
    package static func map<Result>(rows: Int, weightsEach: Int, _ body: (Range<Int>) -> Result) -> [Result] {
        guard rows > 0 else { return [] }
        let chunk = chunk(weightsEach)
        let chunks = (rows + chunk - 1) / chunk
        return [Result](unsafeUninitializedCapacity: chunks) { results, initialized in
            // Every call initialises one of its own.
            nonisolated(unsafe) let results = results
            forRows(rows, weightsEach: weightsEach) { range in
                results.initializeElement(at: range.lowerBound / chunk, to: body(range))
            }
            initialized = chunks
        }
    }

    private static func chunk(_ weightsEach: Int) -> Int { max(1, (1 << 18) / max(1, weightsEach)) }

    /// Calls `body` with ranges that cover 0..<rows, on several threads where there is enough work.
    ///
    /// - Parameter weightsEach: how much one row is; a call gets about 2^18 of it.
    package static func forRows(_ rows: Int, weightsEach: Int, _ body: (Range<Int>) -> Void) {
        let chunk = chunk(weightsEach)
        let chunks = (rows + chunk - 1) / chunk
        guard chunks > 1 else { return body(0..<rows) }
        // concurrentPerform returns when all calls have; the ranges, and so what the calls write, are disjoint.
        nonisolated(unsafe) let body = body
        DispatchQueue.concurrentPerform(iterations: chunks) { index in
            body(index * chunk..<min(rows, (index + 1) * chunk))
        }
    }
}
