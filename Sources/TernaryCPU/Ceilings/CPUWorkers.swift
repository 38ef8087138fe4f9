import CTernary

/// Kernels and threads without a model: what benchmarks measure.
///
/// Not for use from several threads at once.
package final class CPUWorkers {
    /// The kernels' name.
    package let variant: CPUVariant
    /// The kernels.
    package let kernels: ct_kernels
    let pool: ThreadPool

    /// - Parameters:
    ///   - variant: the kernels; nil for those that `VKTERNARY_CPU` names, else the best that the machine can run.
    ///   - threads: that work, the caller's among them; nil for as many as the process may use.
    /// - Throws: `CPUError` where the machine cannot run the kernels.
    package init(variant: CPUVariant? = nil, threads: Int? = nil) throws(CPUError) {
        let variant = if let variant { variant } else { try CPUVariant.chosen() }
        guard variant.isSupported, let table = variant.kernels else { throw .variant(variant.rawValue) }
        self.variant = variant
        kernels = table.pointee
        pool = ThreadPool(threads: threads)
    }

    /// Threads that work, the caller's among them.
    package var threads: Int { pool.threads }

    /// Kernels that only transformers need.
    package var floatKernels: ct_transformer { kernels.transformer.pointee }

    /// Calls `task` once for each index below `count`, on several threads at a time, and returns after the last call.
    ///
    /// - Parameter task: is given the index and the number of its thread; it must write only what belongs to one of the two.
    package func run(_ count: Int, _ task: (_ index: Int, _ thread: Int) -> Void) { pool.run(count, task) }
}
