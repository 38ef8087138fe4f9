import TernaryCore
import VulkanCompute

/// Embedding lookup for some rows of the table.
///
/// Buffers: tokens, table, x (`Shaders/embedding`).
public struct Embedding: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var columns, stride, firstRow, tableRows: UInt32 }

    /// The buffers named above.
    public static let bindings = 3

    /// Tokens to look up.
    public var tokens: Int
    /// The hidden size.
    public var columns: Int
    /// How the table is stored.
    public var element: EmbeddingTable.Element
    /// Rows of the table that are bound.
    public var rows: Range<Int>

    /// Describes one dispatch.
    public init(tokens: Int, columns: Int, element: EmbeddingTable.Element, rows: Range<Int>) {
        self.tokens = tokens
        self.columns = columns
        self.element = element
        self.rows = rows
    }

    /// The only build there is.
    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.embedding }
    // constant_id 0, the subgroup size, is not this shader's.
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] { [0, element.rawValue] }
    /// As the shader declares them.
    public var params: Params {
        Params(
            columns: UInt32(columns), stride: UInt32(paddedWidth(columns)), firstRow: UInt32(rows.lowerBound),
            tableRows: UInt32(rows.count))
    }
    /// An invocation an element.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (ceilDivide(columns, 256), tokens) }
}
