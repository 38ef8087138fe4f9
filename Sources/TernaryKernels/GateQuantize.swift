import VulkanCompute

/// The MLGRU's output gate, the norms in front of the output projection and quantisation in one dispatch.
///
/// Buffers: gate, hidden, gated, outer, combined, codes, step, code sum (`Shaders/gate_quantize`).
public struct GateQuantize: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var plane: UInt32 }

    /// The buffers named above.
    public static let bindings = 8

    /// Rows.
    public var tokens: Int
    /// Width of the recurrent state, D.
    public var channels: Int
    /// Epsilon of the block norm in front of o_proj.
    public var outerEpsilon: Float

    /// Describes one dispatch.
    public init(tokens: Int, channels: Int, outerEpsilon: Float) {
        self.tokens = tokens
        self.channels = channels
        self.outerEpsilon = outerEpsilon
    }

    /// The only build there is.
    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.gateQuantize }
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        RowNorm(outerEpsilon: outerEpsilon).constants(columns: channels, device: device)
    }
    /// As the shader declares them; there is one plane of codes.
    public var params: Params { Params(plane: UInt32(tokens)) }
    /// A work group a row.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (tokens, 1) }
}
