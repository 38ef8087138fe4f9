import TernaryCore
import TernaryKernels
import VulkanCompute

/// Activations of up to `capacity` tokens on a device; rows are padded to whole tiles, padding stays zero.
final class Workspace: Sendable {
    /// Tokens that one pass may take.
    let capacity: Int
    /// Sequences whose states are kept.
    let sequences: Int
    /// Token ids, written by the host.
    let tokens: Buffer
    /// Residual stream, `(tokens, H)`; and a copy of its last row for the head.
    let x, lastRow: Buffer
    /// Recurrent states of each block, `(L, sequences, D)`.
    let state: Buffer
    /// Forget gate, input gate, state, gate projection and gated output of a sequence, `(tokens, D)` each.
    let forget, input, hidden, gate, gated: Buffer
    /// Channel mixer, `(tokens, I)`.
    let product: Buffer
    /// Logits as the host reads them, `(tokens, V)`.
    let logits: Buffer

    init(_ configuration: MatMulFreeConfiguration, capacity: Int, logitRows: Int, sequences: Int, device: Device) throws {
        self.capacity = capacity
        self.sequences = sequences
        let sizes = Sizes(configuration, capacity: capacity, logitRows: logitRows, sequences: sequences)
        // A step binds the states of one block at a time.
        let (blockStates, most) = (MatMulFreePlan.stateRowBytes(configuration) * sequences, device.description.maxStorageRange)
        if blockStates > most {
            throw VulkanError.tooLarge("states of \(sequences) sequences, bytes of a block", requested: blockStates, limit: most)
        }
        func make(_ byteCount: Int, _ label: String) throws -> Buffer {
            try device.makeBuffer(byteCount: byteCount, memory: .device, label: label)
        }
        tokens = try device.makeBuffer(byteCount: sizes.tokens, memory: .upload, label: "tokens")
        x = try make(sizes.hidden, "residual stream")
        lastRow = try make(sizes.lastRow, "last row")
        state = try make(sizes.state, "state")
        forget = try make(sizes.channels, "forget gate")
        input = try make(sizes.channels, "input gate")
        hidden = try make(sizes.channels, "hidden")
        gate = try make(sizes.channels, "gate projection")
        gated = try make(sizes.channels, "gated")
        product = try make(sizes.product, "product")
        logits = try device.makeBuffer(byteCount: sizes.logits, memory: .readback, label: "logits")
    }

    /// Bytes of each buffer.
    struct Sizes {
        let tokens, hidden, lastRow, state, product, logits: Int
        /// Of each of the five buffers of the state's width.
        let channels: Int

        init(_ configuration: MatMulFreeConfiguration, capacity: Int, logitRows: Int, sequences: Int) {
            tokens = 4 * capacity
            lastRow = paddedWidth(configuration.hiddenSize) * 4
            hidden = lastRow * capacity
            state = MatMulFreePlan.stateRowBytes(configuration) * sequences * configuration.layerCount
            channels = paddedWidth(configuration.stateSize) * 4 * capacity
            product = paddedWidth(configuration.intermediateSize) * 4 * capacity
            logits = configuration.vocabularySize * 4 * logitRows
        }

        /// What stays on the device, without the state.
        var deviceBytes: Int { hidden + lastRow + 5 * channels + product }
    }
}
