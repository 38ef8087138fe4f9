import Testing

@testable import TernaryCore

@Suite("random transformers")
struct RandomTransformerTests {
    /// Small, with heads that are not D / H wide, and neither rows nor columns that fill a tile.
    static func preset(ties: Bool, hasSubNorms: Bool, embedding: DenseMatrix.Element) -> TransformerPreset {
        TransformerPreset(
            TransformerConfiguration(
                vocabularySize: 31, hiddenSize: 45, intermediateSize: 70, layerCount: 3, headCount: 4, keyValueHeadCount: 2,
                headSize: 10, normEpsilon: 1e-5, rotation: RotaryEmbedding(theta: 1e4), activation: .silu, tiesEmbeddings: ties),
            hasSubNorms: hasSubNorms, embedding: embedding)
    }

    @Test("have their shape's tensors and no others")
    func shapes() throws {
        for (ties, subNorms) in [(true, true), (false, false)] {
            let preset = Self.preset(ties: ties, hasSubNorms: subNorms, embedding: .float16)
            let source = RandomTransformerWeights(preset, seed: 3)
            let weights = try TransformerWeights(source)
            #expect(weights.byteCount == source.byteCount)
            #expect((weights.head == nil) == ties)
            #expect(weights.embedding.rows == 31 && weights.embedding.columns == 45 && weights.finalNorm.count == 45)
            for layer in weights.layers {
                let shapes = layer.projections.map { [$0.matrix.rows, $0.matrix.columns] }
                #expect(shapes == preset.configuration.projectionShapes.map { [$0.rows, $0.columns] })
                #expect(layer.attentionSubNorm?.count == (subNorms ? 40 : nil))
                #expect(layer.feedForwardSubNorm?.count == (subNorms ? 70 : nil))
            }
        }
    }

    @Test(
        "depend on the seed alone, not on the order in which parts are made", arguments: [DenseMatrix.Element.float16, .bfloat16])
    func deterministic(element: DenseMatrix.Element) throws {
        let preset = Self.preset(ties: false, hasSubNorms: true, embedding: element)
        let source = RandomTransformerWeights(preset, seed: 8)
        let last = source.readLayer(2)
        let weights = try TransformerWeights(source)
        #expect(weights.layers[2] == last)
        #expect(weights == (try TransformerWeights(RandomTransformerWeights(preset, seed: 8))))
        #expect(weights != (try TransformerWeights(RandomTransformerWeights(preset, seed: 9))))
        // Parts are different stretches of the stream.
        #expect(weights.layers[0].query != weights.layers[1].query && weights.layers[0].key != weights.layers[0].value)
        #expect(weights.head?.matrix != weights.embedding)
    }

    @Test("embeddings are exact, centred and settled", arguments: [DenseMatrix.Element.float16, .bfloat16])
    func embedding(element: DenseMatrix.Element) throws {
        guard
            case .dense(let table) = RandomTransformerWeights(
                Self.preset(ties: true, hasSubNorms: true, embedding: element), seed: 1
            ).readEmbedding()
        else { return #expect(Bool(false), "a random embedding is dense") }
        #expect(table == DenseMatrix(rows: table.rows, columns: table.columns, element: element, bytes: table.bytes))
        let values = (0..<table.rows).flatMap(table.row)
        let deviation = (values.reduce(0) { $0 + $1 * $1 } / Float(values.count)).squareRoot()
        #expect(abs(deviation - 0.577) < 0.05 && abs(values.reduce(0, +)) / Float(values.count) < 0.05)
    }

    @Test("published shapes have the weights that their authors count")
    func presets() {
        for (name, billions) in [
            ("bitnet-700m", 0.679), ("bitnet-1.3b", 1.208), ("bitnet-2b-4t", 2.084), ("bitnet-3b", 3.222),
            ("bitnet-3b-256", 3.411), ("bitnet-3.9b", 3.681), ("bitnet-7b", 6.476), ("Llama3-8B", 6.979), ("bitnet-13b", 12.688),
            ("bitnet-70b", 68.451),
        ] {
            let shape = TransformerPreset.named(name)?.configuration
            let weights = shape.map { $0.layerCount * $0.projectionWeightsPerLayer } ?? 0
            #expect(abs(Double(weights) * 1e-9 - billions) < 0.001, "\(name)")
        }
        #expect(TransformerPreset.named("bitnet-2b-4t")?.configuration.parameters == 2_412_820_480 - 30 * (2560 + 6912))
        #expect(TransformerPreset.named("falcon3-7b")?.configuration.queryWidth == 3072)
        #expect(TransformerPreset.named("bitnet-5b") == nil)
    }
}
