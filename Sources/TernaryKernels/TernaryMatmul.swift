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

    /// What a work group on matrix units computes, and by how many subgroups.
    private struct UnitsTile {
        var tokens, rows, subgroups: Int
        var code: ShaderCode
        /// A slab of 64 columns, each row followed by 16 bytes.
        var sharedBytes: Int { (tokens + rows) * (64 + 16) }

        /// Fastest on an H200 of the sizes tried: a prompt's, and a batch's, which has too few tokens for large tiles to fill the device.
        static let large = UnitsTile(tokens: 128, rows: 128, subgroups: 4, code: CompiledKernels.ternaryMatmulUnits64)
        static let small = UnitsTile(tokens: 64, rows: 64, subgroups: 2, code: CompiledKernels.ternaryMatmulUnits)
    }

    /// On matrix units from this many tokens on, where the device has them; below, a tile would be mostly padding.
    private static let fewestTokensForUnits = 32
    /// Shared memory that matrix units need.
    static let unitsSharedBytes = UnitsTile.large.sharedBytes

    private func unitsTile(_ device: DeviceTraits) -> UnitsTile? {
        guard device.int8Matrices, tokens >= Self.fewestTokensForUnits else { return nil }
        return tokens > 64 ? .large : .small
    }

    /// Whether it runs on matrix units here.
    public func usesMatrixUnits(on device: DeviceTraits) -> Bool { unitsTile(device) != nil }

    /// For matrix units, or with the packed dot product, where the device has them.
    public func code(for device: DeviceTraits) -> ShaderCode {
        if let tile = unitsTile(device) { return tile.code }
        return device.integerDot ? CompiledKernels.ternaryMatmulDot : CompiledKernels.ternaryMatmul
    }
    /// Tokens that a subgroup takes without matrix units: more would spill sums out of registers.
    private var tokensEach: Int { tokens >= 8 ? 8 : tokens >= 4 ? 4 : 1 }

    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        let width = paddedWidth(columns)
        if let tile = unitsTile(device) {
            return [device.subgroupSize, width, tile.tokens, tile.rows, tile.subgroups * device.subgroupSize].map { UInt32($0) }
        }
        return [
            UInt32(device.subgroupSize), UInt32(width), UInt32(tokensEach),
            UInt32(device.hidesLatency ? min(4, ceilDivide(width / 16, device.subgroupSize)) : 1),
        ]
    }
    /// As the shader declares them.
    public var params: Params {
        Params(tokens: UInt32(tokens), rows: UInt32(rows), yStride: UInt32(yStride), scale: scale)
    }
    /// A work group for a tile of y, or a subgroup for four rows and some tokens.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) {
        if let tile = unitsTile(device) { return (ceilDivide(rows, tile.rows), ceilDivide(tokens, tile.tokens)) }
        return (ceilDivide(ceilDivide(rows, 4), device.subgroups), ceilDivide(tokens, tokensEach))
    }
}
