import TernaryCore

/// BitLinear: the norms, the quantiser and the ternary product.
///
/// - Note: specification of `Shaders/bitlinear_fused`, which gives the same bits in one dispatch.
public func bitLinear(_ x: [Float], statistic: [Float]? = nil, norm: InputNorm, _ matrix: TernaryMatrix) -> [Float] {
    ternaryMatmul(quantize(bitLinearNorm(x, statistic: statistic, norm: norm)), matrix)
}
