import TernaryCore
import VulkanCompute

/// Where a Vulkan device's embedding table lies; the bits are the same.
public enum EmbeddingPlacement: String, Sendable, CaseIterable {
    /// On the device where the whole model fits there, else in the host's memory.
    case automatic = "auto"
    /// In the device's memory.
    case device
    /// In the host's memory: the rows of a pass's tokens are all that the device sees.
    case host
}

/// An embedding table that stays in the host's memory. Before a pass its tokens' rows are put, as they are stored, where the device reads
/// them, one behind the other: a table of their own, in which the i-th token of the pass is row i.
final class HostEmbedding: Sendable {
    let table: EmbeddingTable
    /// Rows for the device.
    let gathered: Buffer

    init(_ table: EmbeddingTable, passTokens: Int, device: Device) throws {
        self.table = table
        gathered = try device.makeBuffer(
            byteCount: Self.gatheredBytes(columns: table.columns, element: table.element, passTokens: passTokens),
            memory: .upload, label: "embedding of a pass")
    }

    static func gatheredBytes(columns: Int, element: EmbeddingTable.Element, passTokens: Int) -> Int {
        (passTokens * columns * element.byteCount + 3) / 4 * 4
    }

    /// Puts the rows of a pass's tokens in place.
    ///
    /// - Returns: what the device is to be told instead of these tokens.
    func gather(_ tokens: some Collection<Int>, on device: Device) throws -> [Int] {
        let rowBytes = table.columns * table.element.byteCount
        try table.bytes.withUnsafeBytes { bytes in
            for (index, token) in tokens.enumerated() {
                let row = UnsafeRawBufferPointer(rebasing: bytes[token * rowBytes..<(token + 1) * rowBytes])
                try device.upload(row, to: gathered, offset: index * rowBytes)
            }
        }
        return Array(0..<tokens.count)
    }
}
