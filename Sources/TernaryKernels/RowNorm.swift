import TernaryCore

/// How a row is normalised and quantised in front of ternary matrices.
///
/// A row passes no norm, an inner one, or an outer one and then an inner one. Without a norm nothing is read of the buffers of norm
/// weights; without an outer one nothing of the outer's. Another buffer may be bound in their place.
public struct RowNorm: Sendable, Equatable {
    /// Epsilon of the norm before the inner one, which is a block's or a sub-norm; nil where there is none.
    public var outerEpsilon: Float?
    /// Epsilon of the norm right before quantisation; nil where there is no norm at all.
    public var innerEpsilon: Float?
    /// Where codes half between integers go.
    public var rounding: Exact.HalfRounding

    /// As in MatMul-free models, if nothing else is said.
    public init(
        outerEpsilon: Float? = nil, innerEpsilon: Float? = MatMulFreeConfiguration.bitLinearEpsilon,
        rounding: Exact.HalfRounding = .awayFromZero
    ) {
        precondition(outerEpsilon == nil || innerEpsilon != nil, "an outer norm without an inner one")
        self.outerEpsilon = outerEpsilon
        self.innerEpsilon = innerEpsilon
        self.rounding = rounding
    }

    /// Norms in the order in which a row passes them, at most two. A single one is the inner one.
    public init(chain: NormChain, rounding: Exact.HalfRounding = .toEven) {
        precondition(chain.count <= 2, "\(chain.count) norms in a row")
        self.init(
            outerEpsilon: chain.count == 2 ? chain[0].epsilon : nil, innerEpsilon: chain.last?.epsilon, rounding: rounding)
    }

    /// Norms that a row passes.
    var count: Int { innerEpsilon == nil ? 0 : outerEpsilon == nil ? 1 : 2 }

    /// constant_id 0 to 6, as `Shaders/shared/row_constants.glsl` declares them.
    ///
    /// - Parameter columns: before padding.
    func constants(columns: Int, device: DeviceTraits) -> [UInt32] {
        [
            UInt32(device.subgroupSize), UInt32(paddedWidth(columns)), (1 / Float(columns)).bitPattern, UInt32(count),
            (outerEpsilon ?? 0).bitPattern, (innerEpsilon ?? 0).bitPattern, rounding.rawValue,
        ]
    }
}
