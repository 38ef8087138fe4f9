import TernaryCore
import VulkanCompute

/// The channel mixer's product, its norms and its quantisation in one dispatch.
///
/// Buffers: gate, up, outer, combined, codes, step, code sum (`Shaders/glu_quantize`).
public struct GLUQuantize: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var plane: UInt32 }

    /// The buffers named above.
    public static let bindings = 7

    /// Rows of gate and up.
    public var tokens: Int
    /// Width of the channel mixer, I.
    public var columns: Int
    /// The norms in front, and how codes are rounded.
    public var norm: RowNorm
    /// What the gate passes.
    public var activation: TransformerConfiguration.Activation

    /// Describes one dispatch.
    public init(
        tokens: Int, columns: Int, norm: RowNorm = RowNorm(), activation: TransformerConfiguration.Activation = .silu
    ) {
        self.tokens = tokens
        self.columns = columns
        self.norm = norm
        self.activation = activation
    }

    /// The only build there is.
    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.gluQuantize }
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        norm.constants(columns: columns, device: device) + [activation.constant]
    }
    /// As the shader declares them; there is one plane of codes.
    public var params: Params { Params(plane: UInt32(tokens)) }
    /// A work group a row.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (tokens, 1) }
}
