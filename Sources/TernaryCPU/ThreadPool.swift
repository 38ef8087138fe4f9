import CTernary

/// Threads that share the tasks of one phase of a computation, and wait for the next.
final class ThreadPool {
    private let pool: OpaquePointer

    /// - Parameter threads: all that work, the caller's among them; nil for as many as the process may use.
    init(threads: Int?) {
        precondition(threads ?? 1 > 0, "\(threads!) threads cannot work")
        guard let pool = ct_pool_create(threads ?? ct_usable_processors()) else { fatalError("out of memory for threads") }
        self.pool = pool
    }

    deinit { ct_pool_destroy(pool) }

    /// Threads that work, the caller's among them.
    var threads: Int { ct_pool_workers(pool) }

    /// Moves the memory of matrices to where the threads are that read it, on a machine with several memory nodes.
    ///
    /// - Parameters:
    ///   - chunks: the tasks of the phase in which they are read.
    ///   - matrices: those of a part of the chunks, with the bytes of a row.
    func place(_ chunks: RowChunks, part: Int, _ matrices: [(start: UnsafeRawPointer, rowBytes: Int)]) {
        guard ct_pool_is_spread(pool) else { return }
        for worker in 0..<threads {
            let tasks = ct_pool_first(pool, chunks.count, worker)..<ct_pool_first(pool, chunks.count, worker + 1)
            let rows = chunks.rows(ofPart: part, in: tasks)
            for matrix in matrices {
                ct_pool_place(pool, worker, matrix.start + rows.lowerBound * matrix.rowBytes, rows.count * matrix.rowBytes)
            }
        }
    }

    /// Multiplications and additions in fewer of which there is not enough work to share: some microseconds.
    static let leastProducts = 1 << 20

    /// Calls `task` once for each index below `count`, on several threads at a time, and returns after the last call.
    ///
    /// - Parameters:
    ///   - products: of numbers that all tasks together make; below `leastProducts` the calling thread makes them alone.
    ///   - task: is given the index and the number of its thread, below `threads`. It must write only what belongs to one of the two: the
    ///     compiler cannot check that, as all it captures here are pointers.
    func run(_ count: Int, products: Int = leastProducts, _ task: (_ index: Int, _ thread: Int) -> Void) {
        guard products >= Self.leastProducts else {
            for index in 0..<count { task(index, 0) }
            return
        }
        withoutActuallyEscaping(task) { task in
            var task = task
            withUnsafeMutablePointer(to: &task) { pointer in
                ct_pool_run(
                    pool, count,
                    { context, index, thread in
                        context.assumingMemoryBound(to: ((Int, Int) -> Void).self).pointee(index, thread)
                    }, pointer)
            }
        }
    }
}
