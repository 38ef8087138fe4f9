import VulkanCompute

/// Adds a product to the residual stream, and normalises and quantises the sum, in one dispatch.
///
/// Buffers: x, y, outer, combined, codes, step, code sum (`Shaders/residual_quantize`).
public struct ResidualQuantize: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var plane: UInt32 }

    /// The buffers named above.
    public static let bindings = 7

    /// Rows of x.
    public var tokens: Int
    /// The hidden size.
    public var columns: Int
    /// Weightings of each row: 1 or 3.
    public var norms: Int
    /// Rows between the codes of one weighting and the next.
    public var plane: Int
    /// The norms in front, and how codes are rounded.
    public var norm: RowNorm

    /// Describes one dispatch.
    public init(tokens: Int, columns: Int, norms: Int, plane: Int, norm: RowNorm) {
        precondition(norms == 1 || norms == 3, "\(norms) weightings")
        self.tokens = tokens
        self.columns = columns
        self.norms = norms
        self.plane = plane
        self.norm = norm
    }

    /// A build for each number of weightings.
    public func code(for device: DeviceTraits) -> ShaderCode {
        norms == 3 ? CompiledKernels.residualQuantize3 : CompiledKernels.residualQuantize
    }
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        norm.constants(columns: columns, device: device)
    }
    /// As the shader declares them.
    public var params: Params { Params(plane: UInt32(plane)) }
    /// A work group a row.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (tokens, 1) }
}
