import VulkanCompute

/// The ternary product and its scales: the third dispatch of the unfused BitLinear.
///
/// Buffers: codes, step, code sum, weights, y (`Shaders/ternary_matmul`).
public struct TernaryMatmul: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable {
        var tokens, rows, yStride: UInt32
        var scale: Float
    }

    /// The buffers named above.
    public static let bindings = 5

    /// Rows of codes.
    public var tokens: Int
    /// Output features.
    public var rows: Int
    /// Input features.
    public var columns: Int
    /// Distance between rows of y.
    public var yStride: Int
    /// The matrix's scale.
    public var scale: Float

    /// Describes one dispatch.
    public init(tokens: Int, rows: Int, columns: Int, yStride: Int, scale: Float) {
        self.tokens = tokens
        self.rows = rows
        self.columns = columns
        self.yStride = yStride
        self.scale = scale
    }

    /// With the packed dot product where the device has it.
    public func code(for device: DeviceTraits) -> ShaderCode {
        device.integerDot ? CompiledKernels.ternaryMatmulDot : CompiledKernels.ternaryMatmul
    }
    /// Tokens that a subgroup takes: more would spill sums out of registers.
    private var tokensEach: Int { tokens >= 8 ? 8 : tokens >= 4 ? 4 : 1 }

    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        [
            UInt32(device.subgroupSize), UInt32(paddedWidth(columns)), UInt32(tokensEach),
            UInt32(device.hidesLatency ? min(4, ceilDivide(paddedWidth(columns) / 16, device.subgroupSize)) : 1),
        ]
    }
    /// As the shader declares them.
    public var params: Params {
        Params(tokens: UInt32(tokens), rows: UInt32(rows), yStride: UInt32(yStride), scale: scale)
    }
    /// A subgroup for four rows and some tokens.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) {
        (ceilDivide(ceilDivide(rows, 4), device.subgroups), ceilDivide(tokens, tokensEach))
    }
}
