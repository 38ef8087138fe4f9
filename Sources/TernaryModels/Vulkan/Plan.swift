import TernaryCore
import TernaryKernels
import VulkanCompute

/// A forward pass as a list of steps, so that it can be recorded whole, or stage by stage and looked at.
struct Plan {
    enum Step {
        case dispatch(any Kernel, [BufferSlice])
        /// What follows reads what came before.
        case barrier
        case copy(from: BufferSlice, to: BufferSlice)
        /// These rows hold a stage's values now.
        case mark(Stage, layer: Int, rows: Rows)
    }

    /// Rows of values in a buffer.
    struct Rows {
        var buffer: Buffer
        var offset = 0
        var count: Int
        var width: Int
        var stride: Int
    }

    private(set) var steps: [Step] = []

    mutating func dispatch(_ kernel: any Kernel, _ buffers: [BufferSlice]) {
        precondition(buffers.count == type(of: kernel).bindings, "\(kernel) binds \(type(of: kernel).bindings) buffers")
        steps.append(.dispatch(kernel, buffers))
    }

    mutating func barrier() { steps.append(.barrier) }

    mutating func copy(from: BufferSlice, to: BufferSlice) { steps.append(.copy(from: from, to: to)) }

    mutating func mark(_ stage: Stage, layer: Int = 0, _ rows: Rows) { steps.append(.mark(stage, layer: layer, rows: rows)) }
}
