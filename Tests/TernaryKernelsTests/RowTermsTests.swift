import TernaryCore
import TernaryReference
import Testing

@testable import TernaryKernels

/// Products of transformers: layers with four levels, scales and biases of rows, norms or none, squared ReLU.
@Suite("row terms and activations", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver; lavapipe will do"))
struct RowTermsTests {
    static let terms = [RowTerms.matrix(scale: 0.1), .scales, .scalesAndBiases]
    typealias Activation = TransformerConfiguration.Activation

    // Rows that a work group has more of than invocations, where a device is so small that it stacks them.
    @Test("bitlinear_fused gives a linear layer's bits", arguments: [0, 1, 2], terms)
    func bitLinear(norms: Int, terms: RowTerms) throws {
        let (tokens, columns, rows) = (7, 100, 1101)
        let layer = Fixture.projection(rows: rows, columns: columns, seed: 140, terms: terms)
        let chain = Fixture.chain(norms, width: columns)
        let x = Fixture.rows(tokens - 1, width: columns, seed: 141) + [Fixture.ties(width: columns, behind: chain)]
        let before = (0..<tokens).map { Fixture.normal(rows, seed: 142 + UInt64($0)) }
        let products = x.map { linear($0, norms: chain, layer, quantizesActivations: true) }
        var few = TestDevice.traits[0]
        few.processors = 1
        for traits in [TestDevice.traits[0], few] {
            for adds in [false, true] {
                let kernel = BitLinearFused(
                    tokens: tokens, rows: rows, columns: columns, yStride: paddedWidth(rows), terms: terms,
                    norm: RowNorm(chain: chain), addsResidual: adds)
                let results = try TestDevice.run(
                    kernel, [x.padded, x.padded] + chain.weights + [layer.words, layer.terms, before.padded], traits: traits)
                let expected = zip(before, products).map { adds ? zip($0, $1).map(residual).bits : $1.bits }
                #expect(results[6].rows(tokens, width: rows) == expected)
            }
        }
    }

    @Test("glu_fused gives the bits of two layers and an activation", arguments: [Activation.silu, .squaredReLU], terms)
    func glu(activation: Activation, terms: RowTerms) throws {
        let (tokens, columns, channels) = (7, 100, 601)
        let layers = [150, 160].map { Fixture.projection(rows: channels, columns: columns, seed: $0, terms: terms) }
        let chain = Fixture.chain(1, width: columns)
        let x = Fixture.rows(tokens - 1, width: columns, seed: 141) + [Fixture.ties(width: columns, behind: chain)]
        let expected = x.map { row in
            let halves = layers.map { linear(row, norms: chain, $0, quantizesActivations: true) }
            return zip(halves[0], halves[1]).map { TernaryReference.glu(gate: $0, up: $1, activation) }.bits
        }
        var few = TestDevice.traits[0]
        few.processors = 1
        for traits in [TestDevice.traits[0], few] {
            let results = try TestDevice.run(
                GLUFused(
                    tokens: tokens, channels: channels, columns: columns, terms: terms, norm: RowNorm(chain: chain),
                    activation: activation),
                [x.padded] + chain.weights + [layers.words, layers.terms, .room(tokens * paddedWidth(channels))], traits: traits)
            #expect(results[5].rows(tokens, width: channels) == expected)
        }
    }

    @Test(
        "ternary_matmul gives a linear layer's bits and a GLU's, on matrix units and without",
        arguments: terms, [(6, 100, 37), (40, 80, 64), (64, 1024, 122), (250, 80, 122), (250, 512, 256)])
    func matmul(terms: RowTerms, shape: (tokens: Int, columns: Int, rows: Int)) throws {
        let (tokens, columns, rows) = shape
        let layers = [170, 180].map { Fixture.projection(rows: rows, columns: columns, seed: $0, terms: terms) }
        let x = Fixture.rows(tokens, width: columns, seed: 190)
        let quantized = x.map { quantize(bitLinearNorm($0, chain: []), rounding: .toEven) }
        let halves = layers.map { layer in x.map { linear($0, norms: [], layer, quantizesActivations: true) } }
        let before = Fixture.rows(tokens, width: rows, seed: 191)
        func glu(_ activation: Activation) -> [[UInt32]] {
            zip(halves[0], halves[1]).map { zip($0, $1).map { TernaryReference.glu(gate: $0, up: $1, activation) }.bits }
        }
        let cases: [(TernaryMatmul.Epilogue, Activation, [[UInt32]])] = [
            (.store, .silu, halves[0].map { $0.bits }),
            (.add, .silu, zip(before, halves[0]).map { zip($0, $1).map(residual).bits }),
            (.glu, .silu, glu(.silu)), (.glu, .squaredReLU, glu(.squaredReLU)),
        ]
        var without = TestDevice.traits[0]
        without.int8Matrices = false
        // Which of the units' tiles is taken depends on how many fill the device.
        var few = TestDevice.traits[0]
        few.processors = 1
        for traits in [TestDevice.traits[0], few, without] {
            for (epilogue, activation, expected) in cases {
                let used = epilogue == .glu ? layers : [layers[0]]
                let results = try TestDevice.run(
                    TernaryMatmul(
                        tokens: tokens, rows: rows, columns: columns, yStride: paddedWidth(rows), terms: terms,
                        epilogue: epilogue,
                        activation: activation),
                    quantized.contents + [used.words, used.terms, before.padded], traits: traits)
                #expect(results[5].rows(tokens, width: rows) == expected)
            }
        }
    }
}

extension NormChain {
    /// Outer and combined weights as a kernel binds them.
    var weights: [TestDevice.Content] {
        let norm = InputNorm(chain: self)
        return [[norm?.outer ?? [0]].padded, [norm?.combined ?? [0]].padded]
    }
}

extension Projection {
    var words: TestDevice.Content { [self].words }
    var terms: TestDevice.Content { [self].terms }
}

extension [Projection] {
    /// Packed matrices one behind the other.
    var words: TestDevice.Content {
        .words(
            flatMap { layer -> [UInt32] in
                if case .ternary(let matrix, _) = layer.matrix { [UInt32](matrix.words) } else { [] }
            })
    }

    /// Scales of all rows of all matrices, then their biases; something where there are none, as a binding needs a buffer.
    var terms: TestDevice.Content {
        let scales: [Float] = flatMap { layer -> [Float] in
            if case .ternary(_, let scales?) = layer.matrix { scales.values } else { [] }
        }
        return .floats(scales.isEmpty ? [0] : scales + flatMap { $0.bias ?? [] })
    }
}
