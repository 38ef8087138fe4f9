import TernaryCore
import TernaryKernels
import VulkanCompute

/// Activations of up to `capacity` tokens on a device; rows are padded to whole tiles, padding stays zero.
final class Workspace: Sendable {
    /// Tokens that one pass may take.
    let capacity: Int
    /// Token ids, written by the host.
    let tokens: Buffer
    /// Residual stream, `(tokens, H)`; and a copy of its last row for the head.
    let x, lastRow: Buffer
    /// Recurrent state of each block, `(L, D)`.
    let state: Buffer
    /// Forget gate, input gate, state, gate projection and gated output of a sequence, `(tokens, D)` each.
    let forget, input, hidden, gate, gated: Buffer
    /// Channel mixer, `(tokens, I)`.
    let product: Buffer
    /// Logits as the host reads them, `(tokens, V)`.
    let logits: Buffer

    init(_ configuration: MatMulFreeConfiguration, capacity: Int, logitRows: Int, device: Device) throws {
        self.capacity = capacity
        let channels = paddedWidth(configuration.stateSize) * 4
        func make(_ bytesPerToken: Int, _ label: String) throws -> Buffer {
            try device.makeBuffer(byteCount: bytesPerToken * capacity, memory: .device, label: label)
        }
        tokens = try device.makeBuffer(byteCount: 4 * capacity, memory: .upload, label: "tokens")
        x = try make(paddedWidth(configuration.hiddenSize) * 4, "residual stream")
        lastRow = try device.makeBuffer(
            byteCount: paddedWidth(configuration.hiddenSize) * 4, memory: .device, label: "last row")
        state = try device.makeBuffer(
            byteCount: MatMulFreePlan.stateRowBytes(configuration) * configuration.layerCount, memory: .device, label: "state")
        forget = try make(channels, "forget gate")
        input = try make(channels, "input gate")
        hidden = try make(channels, "hidden")
        gate = try make(channels, "gate projection")
        gated = try make(channels, "gated")
        product = try make(paddedWidth(configuration.intermediateSize) * 4, "product")
        logits = try device.makeBuffer(
            byteCount: configuration.vocabularySize * 4 * logitRows, memory: .readback, label: "logits")
    }
}
