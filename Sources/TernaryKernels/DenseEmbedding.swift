import TernaryCore
import VulkanCompute

/// Embedding lookup in some rows of a matrix that lies as ``DenseMatmul`` takes it, so that a tied head needs no copy.
///
/// Buffers (`Shaders/dense_embedding`): tokens (u32), rows of the table, their scales (anything where there are none),
/// x `(tokens, paddedWidth(columns))` f32, its padding written with zeros.
public struct DenseEmbedding: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable {
        var columns, firstRow, tableRows, scalesPerRow: UInt32
        var scale: Float
    }

    /// The buffers named above.
    public static let bindings = 4

    /// Tokens to look up.
    public var tokens: Int
    /// Rows of the table that are bound.
    public var rows: Range<Int>
    /// How the table lies.
    public var layout: DenseLayout

    /// Describes one dispatch.
    public init(tokens: Int, rows: Range<Int>, layout: DenseLayout) {
        precondition(rows.lowerBound.isMultiple(of: layout.rowMultiple), "a part that begins at row \(rows.lowerBound)")
        self.tokens = tokens
        self.rows = rows
        self.layout = layout
    }

    /// A build for each kind of weights.
    public func code(for device: DeviceTraits) -> ShaderCode {
        switch layout.element {
        case .float32: CompiledKernels.denseEmbeddingF32
        case .float16: CompiledKernels.denseEmbeddingF16
        case .bfloat16: CompiledKernels.denseEmbeddingBf16
        case .scaledInt8: CompiledKernels.denseEmbeddingI8
        case .ternary: CompiledKernels.denseEmbeddingT2
        }
    }
    /// In order of `constant_id`; 0, the subgroup size, is not this shader's.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        [0, UInt32(paddedWidth(layout.columns)), UInt32(layout.scaleColumns)]
    }
    /// As the shader declares them.
    public var params: Params {
        Params(
            columns: UInt32(layout.columns), firstRow: UInt32(rows.lowerBound), tableRows: UInt32(rows.count),
            scalesPerRow: UInt32(layout.scalesPerRow), scale: layout.scale)
    }
    /// An invocation for four columns.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) {
        (ceilDivide(paddedWidth(layout.columns) / 4, 256), tokens)
    }
}
