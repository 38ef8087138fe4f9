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

    /// Calls `task` once for each index below `count`, on several threads at a time, and returns after the last call.
    ///
    /// - Parameter task: is given the index and the number of its thread, below `threads`. It must write only what
    ///   belongs to one of the two: the compiler cannot check that, as all it captures here are pointers.
    func run(_ count: Int, _ task: (_ index: Int, _ thread: Int) -> Void) {
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
