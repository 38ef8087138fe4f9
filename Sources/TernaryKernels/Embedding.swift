import TernaryCore
import VulkanCompute

/// Embedding lookup for some rows of the table.
///
/// Buffers: tokens, table, x (`Shaders/embedding`).
public struct Embedding: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var columns, stride, firstRow, tableRows: UInt32 }

    public static let bindings = 3

    /// Tokens to look up.
    public var tokens: Int
    /// The hidden size.
    public var columns: Int
    /// How the table is stored.
    public var element: EmbeddingTable.Element
    /// Rows of the table that are bound.
    public var rows: Range<Int>

    public init(tokens: Int, columns: Int, element: EmbeddingTable.Element, rows: Range<Int>) {
        self.tokens = tokens
        self.columns = columns
        self.element = element
        self.rows = rows
    }

    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.embedding }
    // constant_id 0, the subgroup size, is not this shader's.
    public func constants(for device: DeviceTraits) -> [UInt32] { [0, element.rawValue] }
    public var params: Params {
        Params(
            columns: UInt32(columns), stride: UInt32(paddedWidth(columns)), firstRow: UInt32(rows.lowerBound),
            tableRows: UInt32(rows.count))
    }
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (ceilDivide(columns, 256), tokens) }
}
