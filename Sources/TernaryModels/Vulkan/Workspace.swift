import TernaryCore
import TernaryKernels
import VulkanCompute

/// Activations of up to `capacity` tokens on a device; rows are padded to whole tiles, padding stays zero.
///
/// Where rows need no padding, buffers share memory: the two mixers' are never wanted at the same time, and the recurrence and the output
/// gate write each element where the one that they made it of was. Padding would not stay zero in shared memory.
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
        if let mixers = sizes.mixers {
            let shared = try make(mixers.byteCount, "mixers")
            func part(_ offset: Int, _ byteCount: Int, _ label: String) throws -> Buffer {
                try device.makeBuffer(byteCount: byteCount, within: shared, offset: offset, label: label)
            }
            forget = try part(0, sizes.channels, "forget gate, gated")
            input = try part(mixers.distance, sizes.channels, "input gate, hidden")
            gate = try part(2 * mixers.distance, sizes.channels, "gate projection")
            product = try part(0, sizes.product, "product")
            (hidden, gated) = (input, forget)
        } else {
            forget = try make(sizes.channels, "forget gate")
            input = try make(sizes.channels, "input gate")
            hidden = try make(sizes.channels, "hidden")
            gate = try make(sizes.channels, "gate projection")
            gated = try make(sizes.channels, "gated")
            product = try make(sizes.product, "product")
        }
        logits = try device.makeBuffer(byteCount: sizes.logits, memory: .readback, label: "logits")
    }

    /// Bytes of each buffer.
    struct Sizes {
        let tokens, hidden, lastRow, state, product, logits: Int
        /// Of each of the five buffers of the state's width.
        let channels: Int
        /// Of the memory that both mixers share, and from one of the token mixer's buffers in it to the next; nil where rows are padded.
        let mixers: (byteCount: Int, distance: Int)?

        init(_ configuration: MatMulFreeConfiguration, capacity: Int, logitRows: Int, sequences: Int) {
            tokens = 4 * capacity
            lastRow = paddedWidth(configuration.hiddenSize) * 4
            hidden = lastRow * capacity
            state = MatMulFreePlan.stateRowBytes(configuration) * sequences * configuration.layerCount
            channels = paddedWidth(configuration.stateSize) * 4 * capacity
            product = paddedWidth(configuration.intermediateSize) * 4 * capacity
            logits = configuration.vocabularySize * 4 * logitRows
            let widths = [configuration.stateSize, configuration.intermediateSize]
            if widths.allSatisfy({ paddedWidth($0) == $0 }) {
                let multiple = Buffer.sharedAlignment
                let distance = (channels + multiple - 1) / multiple * multiple
                mixers = (max(3 * distance, (product + multiple - 1) / multiple * multiple), distance)
            } else {
                mixers = nil
            }
        }

        /// What stays on the device, without the state.
        var deviceBytes: Int { hidden + lastRow + (mixers?.byteCount ?? 5 * channels + product) }
    }
}
