import Dispatch
import TernaryKernels
import VulkanCompute

extension Device {
    /// Records a plan's steps.
    ///
    /// - Parameter isTimed: writes a timestamp before the first and after the last.
    func record(_ steps: [Plan.Step], traits: DeviceTraits, label: String, isTimed: Bool = false) throws -> Recording {
        compile(steps, traits: traits)
        return try record(label: label) { recorder in
            if isTimed { try recorder.writeTimestamp(0) }
            for step in steps {
                switch step {
                case .dispatch(let kernel, let buffers):
                    try recorder.dispatch(kernel, buffers, on: self, traits: traits)
                case .barrier: recorder.barrier()
                case .copy(let from, let to): recorder.copy(from: from, to: to)
                case .mark: break
                }
            }
            if isTimed { try recorder.writeTimestamp(1) }
        }
    }

    /// Compiles what steps need and what is not compiled yet, on several threads: most of the time to the first token of a device's first run.
    private func compile(_ steps: [Plan.Step], traits: DeviceTraits) {
        struct Build: Hashable {
            var name: String
            var constants: [UInt32]
        }
        var kernels: [Build: any Kernel] = [:]
        for case .dispatch(let kernel, _) in steps {
            kernels[Build(name: kernel.code(for: traits).name, constants: kernel.constants(for: traits))] = kernel
        }
        let all = Array(kernels.values)
        DispatchQueue.concurrentPerform(iterations: all.count) { index in
            // What fails here fails again, and is thrown, when it is recorded.
            _ = try? pipeline(for: all[index], traits: traits)
        }
    }

    /// Reads floats out of a buffer.
    func read(_ buffer: Buffer, offset: Int = 0, count: Int) throws -> [Float] {
        var values = [Float](repeating: 0, count: count)
        try values.withUnsafeMutableBytes { try download(from: buffer, offset: offset, into: $0) }
        return values
    }
}
