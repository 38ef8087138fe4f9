import TernaryCore
import VulkanCompute

/// The product of float rows and a matrix of dequantised weights, a bias, and an addition to what is there.
///
/// Buffers (`Shaders/dense_matmul`):
/// - x: `(tokens, paddedWidth(columns))` f32, padded with zeros
/// - weights: rows of the matrix as ``DenseLayout`` says
/// - scales: of the same rows; anything where there are none
/// - bias: of all rows, f32; anything where there is none
/// - y: `(tokens, yStride)` f32, written, and read where the product is added to it
///
/// A matrix larger than a storage range is bound in parts, a dispatch each; `rows` are the bound ones' numbers in the matrix.
public struct DenseMatmul: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable {
        var tokens, rows, firstRow, yStride, scalesPerRow: UInt32
        var scale: Float
    }

    /// The buffers named above.
    public static let bindings = 5

    /// Rows of x.
    public var tokens: Int
    /// Rows of the matrix that are bound.
    public var rows: Range<Int>
    /// How the matrix lies.
    public var layout: DenseLayout
    /// Distance between rows of y.
    public var yStride: Int
    /// Whether a bias is added to the product.
    public var hasBias: Bool
    /// Whether the product, and its bias, are added to y.
    public var addsResidual: Bool

    /// Describes one dispatch.
    public init(
        tokens: Int, rows: Range<Int>, layout: DenseLayout, yStride: Int, hasBias: Bool = false, addsResidual: Bool = false
    ) {
        precondition(rows.lowerBound.isMultiple(of: layout.rowMultiple), "a part that begins at row \(rows.lowerBound)")
        self.tokens = tokens
        self.rows = rows
        self.layout = layout
        self.yStride = yStride
        self.hasBias = hasBias
        self.addsResidual = addsResidual
    }

    /// A build for each kind of weights.
    public func code(for device: DeviceTraits) -> ShaderCode {
        switch layout.element {
        case .float32: CompiledKernels.denseMatmulF32
        case .float16: CompiledKernels.denseMatmulF16
        case .bfloat16: CompiledKernels.denseMatmulBf16
        case .scaledInt8: CompiledKernels.denseMatmulI8
        case .ternary: CompiledKernels.denseMatmulT2
        }
    }

    /// Rows and tokens of a subgroup: so many that weights and activations are shared, so few that loads and sums stay in registers and
    /// the device is filled.
    private func share(_ device: DeviceTraits) -> (rows: Int, tokens: Int) {
        // A software driver takes long to compile long code.
        guard device.hidesLatency else { return (1, 1) }
        let tokensEach = min(tokens, 4)
        let slabs = max(1, 256 / layout.unitQuads / device.subgroupSize)
        let least = 2 * device.processors * device.subgroups
        let fits = [8, 4, 2].first { each in
            each * tokensEach <= 8 && ceilDivide(each, layout.rowMultiple) * slabs <= 8
                && ceilDivide(rows.count, each) * ceilDivide(tokens, tokensEach) >= least
        }
        return (fits ?? 1, tokensEach)
    }

    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        let share = share(device)
        // A software driver gains nothing by staging, and takes minutes to compile long code around a barrier.
        let isStaged = device.hidesLatency
        return [
            UInt32(device.subgroupSize), UInt32(paddedWidth(layout.columns)), UInt32(share.rows), UInt32(share.tokens),
            UInt32(layout.scaleColumns), hasBias ? 1 : 0, addsResidual ? 1 : 0, isStaged ? 1 : 0,
        ]
    }

    /// As the shader declares them.
    public var params: Params {
        Params(
            tokens: UInt32(tokens), rows: UInt32(rows.count), firstRow: UInt32(rows.lowerBound), yStride: UInt32(yStride),
            scalesPerRow: UInt32(layout.scalesPerRow), scale: layout.scale)
    }

    /// Along the rows of the matrix, and along tokens.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) {
        let share = share(device)
        return (ceilDivide(rows.count, share.rows * device.subgroups), ceilDivide(tokens, share.tokens))
    }
}
