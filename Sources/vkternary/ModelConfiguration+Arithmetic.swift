import TernaryCore
import TernaryModels

/// What `inspect` says of a token's arithmetic.
extension ModelConfiguration {
    private func arithmetic(_ context: Int?) -> ArithmeticEnergy { ArithmeticEnergy(self, position: (context ?? 1) - 1) }

    /// For a person.
    ///
    /// - Parameter context: tokens of the text whose last one is counted; nil where it makes no difference.
    func arithmeticText(context: Int?) -> String {
        let token = arithmetic(context)
        let additions = "\(token.ternaryAdditions.grouped) additions of \(token.addsIntegers ? "int8" : "floats")"
        let floats =
            "\((token.floatMultiplications + token.scalings).grouped) float multiplications and \(token.floatAdditions.grouped) additions"
        let place = context.map { ", after \(($0 - 1).grouped) others" } ?? ""
        return "\(additions), \(floats) for a token\(place); at 7 nm \((token.joules * 1e6).fixed(2)) uJ, "
            + "with fp16 weights \((token.float16Joules * 1e6).fixed(2)) uJ"
    }

    /// For a machine; `context` as above.
    func arithmeticJSON(context: Int?) -> JSONText {
        let token = arithmetic(context)
        return .object([
            ("context_tokens", context.map { .int($0) } ?? .null), ("ternary_additions", .int(token.ternaryAdditions)),
            ("adds_integers", .bool(token.addsIntegers)), ("scaling_multiplications", .int(token.scalings)),
            ("float_multiplications", .int(token.floatMultiplications)), ("float_additions", .int(token.floatAdditions)),
            ("microjoules", .double(token.joules * 1e6)), ("float16_microjoules", .double(token.float16Joules * 1e6)),
        ])
    }
}
