import Dispatch

/// Loops over rows on several threads.
package enum Parallel {
    /// Calls `body` with ranges that cover 0..<rows, on several threads where there is enough work.
    ///
    /// - Parameter weightsEach: how much one row is; a call gets about 2^18 of it.
    package static func forRows(_ rows: Int, weightsEach: Int, _ body: (Range<Int>) -> Void) {
        let chunk = max(1, (1 << 18) / max(1, weightsEach))
        let chunks = (rows + chunk - 1) / chunk
        guard chunks > 1 else { return body(0..<rows) }
        // concurrentPerform returns when all calls have; the ranges, and so what the calls write, are disjoint.
        nonisolated(unsafe) let body = body
        DispatchQueue.concurrentPerform(iterations: chunks) { index in
            body(index * chunk..<min(rows, (index + 1) * chunk))
        }
    }
}
