import VulkanCompute

/// The MLGRU token mixer up to its output gate in one dispatch: a step for one token, or the gates of a sequence.
///
/// Buffers: x, outer, combined (i, f, g), weights (i, f, g), lower bound, state, gate, gated; for a sequence the forget gate takes
/// the state's place and the input gate that of gated (`Shaders/mlgru_fused`).
public struct MLGRUFused: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable {
        var rows, stateStride, matrixTiles: UInt32
        var inputScale, forgetScale, gateScale: Float
    }

    /// The buffers named above.
    public static let bindings = 8

    /// Rows of x.
    public var tokens: Int
    /// Width of the recurrent state, D.
    public var channels: Int
    /// Input features.
    public var columns: Int
    /// Scales of i_proj, f_proj and g_proj.
    public var scales: (input: Float, forget: Float, gate: Float)
    /// Epsilon of attn_norm.
    public var epsilon: Float
    /// Whether only the gates are computed, for `MLGRU` to go on with.
    public var isSequence: Bool
    /// Whether the forget gate has a lower bound.
    public var hasLowerBound: Bool

    /// Describes one dispatch.
    public init(
        tokens: Int, channels: Int, columns: Int, scales: (input: Float, forget: Float, gate: Float), epsilon: Float,
        isSequence: Bool, hasLowerBound: Bool
    ) {
        precondition(isSequence || tokens == 1, "a step takes one token")
        self.tokens = tokens
        self.channels = channels
        self.columns = columns
        self.scales = scales
        self.epsilon = epsilon
        self.isSequence = isSequence
        self.hasLowerBound = hasLowerBound
    }

    /// Whether this device's shared memory holds a row's three sets of codes.
    public static func fits(columns: Int, device: DeviceTraits) -> Bool {
        FusedShape.fits(columns: columns, norms: 3, device: device)
    }

    /// With the packed dot product where the device has it.
    public func code(for device: DeviceTraits) -> ShaderCode {
        device.integerDot ? CompiledKernels.mlgruFusedDot : CompiledKernels.mlgruFused
    }

    private func shape(_ device: DeviceTraits) -> FusedShape {
        FusedShape(
            rows: channels, columns: columns, norms: 3, matrices: 3, tokens: tokens, norm: RowNorm(outerEpsilon: epsilon),
            device: device)
    }

    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        shape(device).constants(for: device) + [isSequence ? 1 : 0, hasLowerBound ? 1 : 0]
    }

    /// As the shader declares them.
    public var params: Params {
        Params(
            rows: UInt32(channels), stateStride: UInt32(paddedWidth(channels)),
            matrixTiles: UInt32(ceilDivide(channels, 4) * (paddedWidth(columns) / 16)), inputScale: scales.input,
            forgetScale: scales.forget, gateScale: scales.gate)
    }

    /// Work groups along the channels, and along tokens.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { shape(device).workgroups }
}
