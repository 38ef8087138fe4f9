import TernaryCore
import TernaryReference
import Testing

@testable import TernaryKernels

@Suite("attention_step", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver; lavapipe will do"))
struct AttentionStepTests {
    /// What the reference makes of one row's q, k and v.
    struct Row {
        let query, key, value: [Float]

        init(
            _ qkv: [Float], at position: Int, _ shape: AttentionShape, _ configuration: TransformerConfiguration,
            queryNorm: [Float]?, keyNorm: [Float]?
        ) {
            let (h, g, d) = (shape.heads, shape.keyValueHeads, shape.headSize)
            let turn = RotaryEmbedding.turn(position, frequencies: configuration.rotation.frequencies(headSize: d), factor: 1)
            func turned(_ heads: Range<Int>, _ norm: [Float]?) -> [Float] {
                heads.flatMap { head in
                    var own = Array(qkv[head * d..<(head + 1) * d])
                    if let norm { own = rmsNorm(own, weight: norm, epsilon: 1e-5) }
                    return rotated(own, cosines: turn.cosines, sines: turn.sines)
                }
            }
            query = turned(0..<h, queryNorm).map(Exact.factor)
            key = shape.cache.rounded(turned(h..<h + g, keyNorm))
            value = shape.cache.rounded(Array(qkv[((h + g) * d)...]))
        }
    }

    @Test(
        "rows of several sequences are kept and attend as in the reference", arguments: KeyValueElement.allCases,
        [
            (6, 2, 96, false, false), (2, 2, 100, true, true), (8, 1, 256, false, true), (12, 1, 30, true, false),
            (12, 1, 64, true, true), (3, 1, 2, false, false),
        ])
    func matches(element: KeyValueElement, heads: (Int, Int, Int, normsQuery: Bool, normsKey: Bool)) throws {
        let (h, g, d, normsQuery, normsKey) = heads
        guard AttentionShape.canKeep(element, headSize: d) else { return }
        let configuration = TransformerConfiguration.heads(h, g, d)
        let shape = AttentionShape(configuration, cache: element)
        // One chunk of a single key, one full; the first key of a chunk and of a page; more chunks than are joined at a time.
        let positions = [320, 0, 63, 64, 69, 256, 577]
        let texts = AttentionPromptTests.Texts(shape, lengths: positions)
        let qkv = Fixture.rows(positions.count, width: (h + 2 * g) * d, seed: 80)
        let (queryNorm, keyNorm) = (Fixture.norm(d, seed: 72), Fixture.norm(d, seed: 73))
        let rows = zip(qkv, positions).map {
            Row($0, at: $1, shape, configuration, queryNorm: normsQuery ? queryNorm : nil, keyNorm: normsKey ? keyNorm : nil)
        }
        let frequencies = configuration.rotation.frequencies(headSize: d)
        let turns = (0...577).map { RotaryEmbedding.turn($0, frequencies: frequencies, factor: 1) }
        let padding = Array<Float>(repeating: 0, count: shape.paddedHeadSize - d)
        // One more chunk than there are: the last work groups find nothing to do.
        let chunks = AttentionShape.chunks(upTo: 577) + 1
        let kernel = AttentionStep(
            tokens: rows.count, shape: shape, chunks: chunks, mostPages: texts.fixture.mostPages, normsQuery: normsQuery,
            normsKey: normsKey, epsilon: 1e-5)
        for traits in [TestDevice.traits[0], TestDevice.traits[2]] {
            let results = try TestDevice.run(
                kernel,
                [
                    qkv.padded, .words(positions.enumerated().flatMap { [UInt32($0), UInt32($1)] }), .words(texts.fixture.pages),
                    .floats(turns.flatMap { $0.cosines + $0.sines }), .floats(queryNorm + padding + keyNorm + padding),
                    .words(texts.fixture.words), .room(kernel.partialByteCount / 4), .room(kernel.arrivalByteCount / 4),
                    .room(rows.count * shape.attendedStride),
                ], traits: traits)
            // The cache that the same rows, rounded, are kept in by hand; no other word of it may change.
            var expectedCache = texts.fixture
            for (sequence, row) in rows.enumerated() {
                let position = positions[sequence]
                expectedCache.keep(row.key, isValue: false, sequence: sequence, position: position)
                expectedCache.keep(row.value, isValue: true, sequence: sequence, position: position)
                for (isValue, own) in [(false, row.key), (true, row.value)] {
                    let kept = texts.fixture.kept(in: results[5], isValue: isValue, sequence: sequence, position: position)
                    #expect(kept.bits == own.bits)
                }
            }
            let changed = zip(texts.fixture.words, results[5]).enumerated().filter { $1.0 != $1.1 }.map(\.offset)
            let kept = Set(zip(texts.fixture.words, expectedCache.words).enumerated().filter { $1.0 != $1.1 }.map(\.offset))
            #expect(kept.isSuperset(of: changed))
            #expect(results[7].allSatisfy { $0 == 0 })
            let expected = rows.enumerated().map { sequence, row in
                attention(
                    query: row.query, keys: texts.keys[sequence] + [row.key], values: texts.values[sequence] + [row.value],
                    configuration
                ).bits
            }
            #expect(results[8].rows(rows.count, width: h * d) == expected)
        }
    }
}
