import TernaryCore
import VulkanCompute

/// The ternary product, its scales and its biases if any: the third dispatch of the unfused BitLinear, and what may follow a product in the same dispatch.
///
/// Buffers: codes, step, code sum, weights, terms, y (`Shaders/ternary_matmul`).
public struct TernaryMatmul: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable {
        var tokens, rows, yStride: UInt32
        var scale: Float
    }

    /// What becomes of a product on its way to y.
    public enum Epilogue: UInt32, Sendable, CaseIterable {
        /// y = product.
        case store
        /// y = y + product: the residual stream.
        case add
        /// y = SiLU(product): the MLGRU's input gate but for what the forget gate leaves of it.
        case silu
        /// y = sigmoid(product): the MLGRU's forget gate but for its lower bound.
        case sigmoid
        /// y = activation(gate) * up; the matrix holds all rows of gate and then all of up, each half padded to whole tiles.
        case glu
    }

    /// The buffers named above.
    public static let bindings = 6

    /// Rows of codes.
    public var tokens: Int
    /// Output features: values of a row of y.
    public var rows: Int
    /// Input features.
    public var columns: Int
    /// Distance between rows of y.
    public var yStride: Int
    /// Scales and biases of the rows.
    public var terms: RowTerms
    /// What is stored.
    public var epilogue: Epilogue
    /// What the gate of a GLU passes.
    public var activation: TransformerConfiguration.Activation

    /// Describes one dispatch.
    public init(
        tokens: Int, rows: Int, columns: Int, yStride: Int, terms: RowTerms, epilogue: Epilogue = .store,
        activation: TransformerConfiguration.Activation = .silu
    ) {
        self.tokens = tokens
        self.rows = rows
        self.columns = columns
        self.yStride = yStride
        self.terms = terms
        self.epilogue = epilogue
        self.activation = activation
    }

    /// What a work group on matrix units computes, and by how many subgroups.
    private struct UnitsTile {
        var tokens, rows, subgroups: Int
        /// Shares that the subgroups form along the columns, each with a slab of its own. They have `tokens` invocations at least.
        var split = 1
        var code: ShaderCode
        /// Of them a processor holds, by registers and shared memory.
        var residents: Int
        /// Of an H200's speed with large tiles, what these reach where the device is full.
        var speed: Double
        /// For each share a slab of 64 columns, each row followed by 16 bytes. Shares also add their sums there, 64 tokens of each
        /// subgroup's rows followed by 32 bytes, beside 16 bytes for each token.
        var sharedBytes: Int {
            let slabs = split * (tokens + rows) * (64 + 16)
            if split == 1 { return slabs }
            return max(slabs, split * tokens * rows * 4 + subgroups * 64 * 32 + tokens * 16)
        }

        /// Fastest on an H200 of the sizes tried: a prompt's; and two of which more share out small products evenly.
        static let large = UnitsTile(
            tokens: 128, rows: 128, subgroups: 4, code: CompiledKernels.ternaryMatmulUnits64, residents: 2, speed: 1)
        static let medium = UnitsTile(
            tokens: 64, rows: 128, subgroups: 4, code: CompiledKernels.ternaryMatmulUnits, residents: 3, speed: 0.87)
        static let small = UnitsTile(
            tokens: 64, rows: 64, subgroups: 2, code: CompiledKernels.ternaryMatmulUnits, residents: 4, speed: 0.55)
        /// A batch's, which has too few tokens for the others: small ones, of which each waits for a quarter of the columns only.
        static let batch = UnitsTile(
            tokens: 64, rows: 32, subgroups: 4, split: 4, code: CompiledKernels.ternaryMatmulUnits, residents: 1, speed: 0.4)

        /// What of the device's speed a product reaches: its last wave of work groups is rarely a full one.
        func efficiency(tokens: Int, rows: Int, processors: Int) -> Double {
            let workgroups = ceilDivide(tokens, self.tokens) * ceilDivide(rows, self.rows)
            let wave = residents * processors
            let useful = Double(tokens * rows) / Double(self.tokens * self.rows)
            return speed * useful / Double(ceilDivide(workgroups, wave) * wave)
        }
    }

    /// On matrix units from this many tokens on, where the device has them; below, a tile would be mostly padding.
    private static let fewestTokensForUnits = 32
    /// So many are a batch, for which shares of the columns wait at the same time; an empty range keeps batches to the other tiles.
    private static let batchTokens = 16..<65
    /// Shared memory that matrix units need.
    static let unitsSharedBytes = UnitsTile.large.sharedBytes

    private func unitsTile(_ device: DeviceTraits) -> UnitsTile? {
        guard device.int8Matrices else { return nil }
        if Self.batchTokens.contains(tokens), device.sharedMemoryBytes >= UnitsTile.batch.sharedBytes { return .batch }
        guard tokens >= Self.fewestTokensForUnits else { return nil }
        if tokens <= UnitsTile.small.tokens { return .small }
        func efficiency(_ tile: UnitsTile) -> Double {
            tile.efficiency(tokens: tokens, rows: rows * halves, processors: device.processors)
        }
        return [UnitsTile.medium, .small].reduce(.large) { efficiency($1) > efficiency($0) ? $1 : $0 }
    }

    /// Whether it runs on matrix units here.
    public func usesMatrixUnits(on device: DeviceTraits) -> Bool { unitsTile(device) != nil }

    /// For matrix units, or with the packed dot product, where the device has them.
    public func code(for device: DeviceTraits) -> ShaderCode {
        if let tile = unitsTile(device) { return tile.code }
        return device.integerDot ? CompiledKernels.ternaryMatmulDot : CompiledKernels.ternaryMatmul
    }
    /// Products that make one value of y.
    private var halves: Int { epilogue == .glu ? 2 : 1 }
    /// Tokens that a subgroup takes without matrix units: more would spill sums out of registers.
    private var tokensEach: Int { min(tokens >= 8 ? 8 : tokens >= 4 ? 4 : 1, 8 / halves) }

    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        let width = paddedWidth(columns)
        if let tile = unitsTile(device) {
            return [device.subgroupSize, width, tile.tokens, tile.rows, tile.subgroups * device.subgroupSize].map { UInt32($0) }
                + [epilogue.rawValue, UInt32(tile.split), activation.constant, terms.constant]
        }
        return [
            UInt32(device.subgroupSize), UInt32(width), UInt32(tokensEach),
            UInt32(device.hidesLatency ? min(4 / halves, ceilDivide(width / 16, device.subgroupSize)) : 1), epilogue.rawValue,
            activation.constant, terms.constant,
        ]
    }
    /// As the shader declares them.
    public var params: Params {
        Params(tokens: UInt32(tokens), rows: UInt32(rows), yStride: UInt32(yStride), scale: terms.matrixScale)
    }
    /// A work group for a tile of y, or a subgroup for four rows and some tokens.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) {
        if let tile = unitsTile(device) { return (ceilDivide(rows, tile.rows / halves), ceilDivide(tokens, tile.tokens)) }
        return (ceilDivide(ceilDivide(rows, 4), device.subgroups), ceilDivide(tokens, tokensEach))
    }
}
