import TernaryCore
import TernaryKernels
import VulkanCompute

/// What steps of several sequences need beside the workspace: tokens that the device draws itself, and logits that stay on it.
final class BatchWorkspace: Sendable {
    /// Sequences that one pass may take.
    let rows: Int
    /// The tokens that a pass takes and whose they are, `(rows)` each; a pass may leave the next one's tokens.
    let tokens, sequences: Buffer
    /// `(rows, V)`.
    let logits: Buffer
    /// What the steps of a submission drew, as the host reads it, `(steps, rows)`.
    let drawn: Buffer

    /// Most steps of one submission: enough to hide what a submission costs, few enough to notice Ctrl-C.
    static let mostSteps = 8

    init(_ sizes: Sizes, device: Device) throws {
        rows = sizes.rows
        tokens = try device.makeBuffer(byteCount: sizes.tokens, memory: .device, label: "tokens of a batch")
        sequences = try device.makeBuffer(byteCount: sizes.tokens, memory: .device, label: "sequences of a batch")
        logits = try device.makeBuffer(byteCount: sizes.logits, memory: .device, label: "logits of a batch")
        drawn = try device.makeBuffer(byteCount: sizes.drawn, memory: .readback, label: "drawn tokens")
    }

    /// Bytes of each buffer; there are two of the tokens' size.
    struct Sizes {
        let rows, tokens, logits, drawn: Int

        /// - Parameters:
        ///   - capacity: tokens of one pass.
        ///   - sequences: of the engine.
        init(_ configuration: MatMulFreeConfiguration, capacity: Int, sequences: Int, on device: DeviceDescription) {
            let rowBytes = 4 * configuration.vocabularySize
            rows = min(capacity, sequences, max(1, device.maxStorageRange / rowBytes))
            tokens = 4 * rows
            logits = rowBytes * rows
            drawn = 4 * rows * BatchWorkspace.mostSteps
        }

        /// What stays on the device.
        var deviceBytes: Int { 2 * tokens + logits }
    }
}
