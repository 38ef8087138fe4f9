import TernaryCore
import VulkanCompute

/// The channel mixer up to activation(gate) * up in one dispatch.
///
/// Buffers: x, outer, combined, weights (gate, up), terms, product (`Shaders/glu_fused`).
public struct GLUFused: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable {
        var rows, productStride, matrixTiles: UInt32
        var scale: Float
    }

    /// The buffers named above.
    public static let bindings = 6

    /// Rows of x.
    public var tokens: Int
    /// Width of the channel mixer, I.
    public var channels: Int
    /// Input features.
    public var columns: Int
    /// Scales and biases of all gate rows and then all up rows.
    public var terms: RowTerms
    /// The norms in front, and how codes are rounded.
    public var norm: RowNorm
    /// What the gate passes.
    public var activation: TransformerConfiguration.Activation

    /// Describes one dispatch.
    public init(
        tokens: Int, channels: Int, columns: Int, terms: RowTerms, norm: RowNorm,
        activation: TransformerConfiguration.Activation = .silu
    ) {
        self.tokens = tokens
        self.channels = channels
        self.columns = columns
        self.terms = terms
        self.norm = norm
        self.activation = activation
    }

    /// With the packed dot product where the device has it.
    public func code(for device: DeviceTraits) -> ShaderCode {
        device.integerDot ? CompiledKernels.gluFusedDot : CompiledKernels.gluFused
    }

    private func shape(_ device: DeviceTraits) -> FusedShape {
        FusedShape(
            rows: channels, columns: columns, norms: 1, matrices: 2, tokens: tokens, norm: norm, device: device)
    }

    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        shape(device).constants(for: device) + [activation.constant, terms.constant]
    }

    /// As the shader declares them.
    public var params: Params {
        Params(
            rows: UInt32(channels), productStride: UInt32(paddedWidth(channels)),
            matrixTiles: UInt32(ceilDivide(channels, 4) * (paddedWidth(columns) / 16)), scale: terms.matrixScale)
    }

    /// Work groups along the channels, and along tokens.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { shape(device).workgroups }
}
