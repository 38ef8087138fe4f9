import TernaryCore
import TernaryModels
import Testing

@Suite("Arithmetic of a token, and its joules") struct ArithmeticEnergyTests {
    /// Heads of 2 x 2 over 1 x 2, so that q and o are 4 x 4, k and v 2 x 4; a block's weights are 2 * 16 + 2 * 8 + 3 * 24 = 120.
    private func transformer(quantizes: Bool = true) -> ModelConfiguration {
        .transformer(
            TransformerConfiguration(
                vocabularySize: 10, hiddenSize: 4, intermediateSize: 6, layerCount: 3, headCount: 2, keyValueHeadCount: 1,
                headSize: 2, normEpsilon: 1e-5, rotation: RotaryEmbedding(theta: 10_000), activation: .squaredReLU,
                quantizesActivations: quantizes))
    }

    @Test("a transformer's, counted by hand") func transformerCounts() {
        let one = ArithmeticEnergy(transformer())
        #expect(one.tokens == 1 && one.addsIntegers && one.ternaryAdditions == 3 * 120)
        // Quantised: 4 + 4 + 4 + 6; results: 4 + 2 + 2 + 4 + 6 + 6 + 4.
        #expect(one.scalings == 3 * (18 + 28))
        // A block: norms 24, rotation 12, scores and values 8, scales 2, division 4, activation and product 12; norm and head 12 + 40.
        #expect(one.floatMultiplications == 3 * (24 + 12 + 8 + 2 + 4 + 12) + 52)
        // A block: norms 8, rotation 6, scores and values 8, weights 2, residuals 8; norm and head 4 + 40.
        #expect(one.floatAdditions == 3 * (8 + 6 + 8 + 2 + 8) + 44)
    }

    @Test("only attention grows with a text, by its keys") func context() {
        let (one, later) = (ArithmeticEnergy(transformer()), ArithmeticEnergy(transformer(), position: 99))
        #expect(later.ternaryAdditions == one.ternaryAdditions && later.scalings == one.scalings)
        // 2 heads of 2 against 99 keys in 3 blocks, twice; and a scale or a sum of weights for each head.
        #expect(later.floatMultiplications - one.floatMultiplications == 3 * 99 * (2 * 4 + 2))
        #expect(later.floatAdditions - one.floatAdditions == 3 * 99 * (2 * 4 + 2))
        let recurrent = ModelConfiguration.matMulFree(matMulFree)
        #expect(ArithmeticEnergy(recurrent, position: 99) == ArithmeticEnergy(recurrent))
    }

    @Test("a pass is its tokens one after the other, with logits of the last", arguments: [true, false])
    func pass(isTransformer: Bool) {
        let shape = isTransformer ? transformer() : .matMulFree(matMulFree)
        let pass = ArithmeticEnergy(shape, tokens: 4, position: 2)
        let steps = (0..<4).map { ArithmeticEnergy(shape, position: 2 + $0, logitRows: $0 == 3 ? 1 : 0) }
        #expect(pass.ternaryAdditions == steps.reduce(0) { $0 + $1.ternaryAdditions })
        #expect(pass.scalings == steps.reduce(0) { $0 + $1.scalings })
        #expect(pass.floatMultiplications == steps.reduce(0) { $0 + $1.floatMultiplications })
        #expect(pass.floatAdditions == steps.reduce(0) { $0 + $1.floatAdditions })
        #expect(abs(pass.joules - steps.reduce(0) { $0 + $1.joules }) < 1e-9 * pass.joules)
    }

    private let matMulFree = MatMulFreeConfiguration(
        vocabularySize: 10, hiddenSize: 4, stateSize: 2, intermediateSize: 6, layerCount: 3)

    @Test("a MatMul-free model's, whose head is ternary, counted by hand") func matMulFreeCounts() {
        let one = ArithmeticEnergy(.matMulFree(matMulFree))
        // 4 matrices of 4 x 2, 3 of 4 x 6; the head of 10 x 4.
        #expect(one.addsIntegers && one.ternaryAdditions == 3 * (32 + 72) + 40)
        // Quantised: 3 * 4 + 2 + 4 + 6, and 4; results: 3 * 2 + 4 + 2 * 6 + 4, and 10.
        #expect(one.scalings == 3 * (24 + 26) + 14)
        // Norms of 6 * 4 + 2 * 2 + 6 = 34 values, and 8; a state of 2; 6 channels; residuals of 8.
        #expect(one.floatMultiplications == 3 * (3 * 34 + 6 * 2 + 2 * 6) + 3 * 8)
        #expect(one.floatAdditions == 3 * (34 + 3 * 2 + 8) + 8)
    }

    @Test("a ternary product takes 71.4 times less at 7 nm") func ratio() {
        #expect(abs(ArithmeticEnergy.ternaryRatio - 71.4286) < 1e-3)
        let one = ArithmeticEnergy(.matMulFree(matMulFree))
        let rest = Double(one.floatMultiplications) * 0.34e-12 + Double(one.floatAdditions) * 0.16e-12
        #expect(abs(one.joules - (352 * 0.007e-12 + 164 * 0.34e-12 + rest)) < 1e-18)
        #expect(abs(one.float16Joules - (352 * 0.5e-12 + rest)) < 1e-18)
        // Weights outweigh all else as models grow: the ratio of the whole nears that of its ternary part.
        let large = ArithmeticEnergy(
            .matMulFree(.init(vocabularySize: 1, hiddenSize: 1 << 17, intermediateSize: 1 << 17, layerCount: 1)))
        #expect((70...ArithmeticEnergy.ternaryRatio).contains(large.float16Joules / large.joules))
    }

    @Test("models that multiply floats add floats") func floats() {
        let (integers, floats) = (ArithmeticEnergy(transformer()), ArithmeticEnergy(transformer(quantizes: false)))
        #expect(!floats.addsIntegers && floats.ternaryAdditions == integers.ternaryAdditions && floats.scalings == 3 * 28)
        #expect(floats.joules > integers.joules && floats.float16Joules == integers.float16Joules)
    }
}
