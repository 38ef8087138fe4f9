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
                shares[layer] = PortableMath.exp(Double(raw[layer * width + column]) - Double(peak))
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
}
