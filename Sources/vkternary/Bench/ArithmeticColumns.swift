import TernaryCore
import TernaryModels

/// What a token's arithmetic would take at 7 nm, beside what the device was measured to take.
extension ArithmeticEnergy {
    static let columns: [BenchTable.Column] = [
        .init("ternary_additions_per_token", "ternary additions/token"),
        .init("float_multiplications_per_token", "float mul/token"), .init("float_additions_per_token", "float add/token"),
        .init("arithmetic_microjoules_per_token", "arithmetic, uJ/token at 7 nm"),
        .init("float16_arithmetic_microjoules_per_token", "the same with fp16 weights"),
    ]

    /// The figures that the columns go by, in picojoules.
    static let facts: [BenchTable.Fact] = [
        (.init("int8_addition_picojoules", "int8 addition at 7 nm, pJ"), .number(int8Addition * 1e12, digits: 3)),
        (.init("float16_addition_picojoules", "fp16 addition at 7 nm, pJ"), .number(float16Addition * 1e12, digits: 2)),
        (
            .init("float16_multiplication_picojoules", "fp16 multiplication at 7 nm, pJ"),
            .number(float16Multiplication * 1e12, digits: 2)
        ),
        (.init("float16_by_ternary_arithmetic", "fp16 / ternary product"), .number(ternaryRatio, digits: 1)),
    ]

    /// In the order of ``columns``; multiplications include those that quantise and scale.
    var cells: [BenchTable.Cell] {
        let tokens = Double(tokens)
        return [
            .number(Double(ternaryAdditions) / tokens, digits: 0),
            .number(Double(floatMultiplications + scalings) / tokens, digits: 0),
            .number(Double(floatAdditions) / tokens, digits: 0), .number(joules * 1e6 / tokens, digits: 3),
            .number(float16Joules * 1e6 / tokens, digits: 3),
        ]
    }
}

extension ModelTest {
    /// What one of its sequences computes, as often as its energy is measured: the token that a text goes on from included.
    func arithmetic(_ configuration: ModelConfiguration) -> ArithmeticEnergy {
        switch kind {
        case .prompt: ArithmeticEnergy(configuration, tokens: count)
        case .text: ArithmeticEnergy(configuration, tokens: count + 1, logitRows: count + 1)
        }
    }
}
