import VulkanCompute

/// The channel mixer up to SiLU(gate) * up in one dispatch.
///
/// Buffers: x, outer, combined, weights (gate, up), product (`Shaders/glu_fused`).
public struct GLUFused: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable {
        var rows, productStride, matrixTiles: UInt32
        var scale: Float
    }

    /// The buffers named above.
    public static let bindings = 5

    /// Rows of x.
    public var tokens: Int
    /// Width of the channel mixer, I.
    public var channels: Int
    /// Input features.
    public var columns: Int
    /// The scale of both halves.
    public var scale: Float
    /// The norms in front, and how codes are rounded.
    public var norm: RowNorm

    /// Describes one dispatch.
    public init(tokens: Int, channels: Int, columns: Int, scale: Float, norm: RowNorm) {
        self.tokens = tokens
        self.channels = channels
        self.columns = columns
        self.scale = scale
        self.norm = norm
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
        shape(device).constants(for: device)
    }

    /// As the shader declares them.
    public var params: Params {
        Params(
            rows: UInt32(channels), productStride: UInt32(paddedWidth(channels)),
            matrixTiles: UInt32(ceilDivide(channels, 4) * (paddedWidth(columns) / 16)), scale: scale)
    }

    /// Work groups along the channels, and along tokens.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { shape(device).workgroups }
}
