import TernaryCore

/// The forget gate's lower bounds: softmax over the layers, summed along depth, less the first layer's share.
///
/// Computed in Double by basic operations only, so that every platform's bounds have the same bits, and rounded once.
enum LowerBounds {
    /// - Parameter raw: `model.lower_bounds`, `(layers, width)`.
    /// - Returns: lb[l] = P[1] + ... + P[l] for each layer, where P is the softmax over layers of each column; nil for layer 0,
    ///   whose bound is zero.
    static func bounds(_ raw: [Float], layers: Int, width: Int) -> [[Float]?] {
        precondition(raw.count == layers * width)
        var bounds = [[Float]](repeating: [Float](repeating: 0, count: width), count: layers)
        var shares = [Double](repeating: 0, count: layers)
        for column in 0..<width {
            var peak = -Float.infinity
            for layer in 0..<layers { peak = max(peak, raw[layer * width + column]) }
            var total = 0.0
            for layer in 0..<layers {
                shares[layer] = exp(Double(raw[layer * width + column]) - Double(peak))
                total += shares[layer]
            }
            var sum = 0.0
            for layer in 1..<max(layers, 1) {
                sum += shares[layer]
                bounds[layer][column] = Exact.settle(Float(sum / total))
            }
        }
        return bounds.enumerated().map { $0.offset == 0 ? nil : $0.element }
    }

    /// e^x for x of at most 0, within a few units in the last place; 0 below -700.
    static func exp(_ x: Double) -> Double {
        guard x > -700 else { return 0 }
        let n = (x * 1.442_695_040_888_963_4).rounded(.toNearestOrEven)
        // ln 2 in two parts, the first of few enough bits that its product with n is exact.
        let r = (x - n * 6.931_471_803_691_238e-1) - n * 1.908_214_929_270_587_7e-10
        // Taylor series: |r| <= 0.347, so that the 15th term is below 2^-60.
        var term = 1.0
        for k in stride(from: 14.0, through: 1.0, by: -1.0) { term = 1 + r * term / k }
        return term * Double(bitPattern: UInt64(Int64(n) + 1023) << 52)
    }
}
