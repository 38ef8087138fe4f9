import TernaryCore
import TernaryReference
import Testing

@testable import TernaryKernels

@Suite("attention", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver; lavapipe will do"))
struct AttentionTests {
    /// Keys, values and a cache that holds them, of several sequences.
    struct Texts {
        var keys: [[[Float]]] = []
        var values: [[[Float]]] = []
        var fixture: CacheFixture

        /// - Parameter lengths: tokens of each sequence.
        init(_ shape: AttentionShape, lengths: [Int]) {
            let mostPages = lengths.max()! / AttentionShape.pageTokens + 1
            fixture = CacheFixture(shape, sequences: lengths.count, mostPages: mostPages)
            for (sequence, length) in lengths.enumerated() {
                let seed = UInt64(81 + 2 * sequence)
                let width = shape.keyValueHeads * shape.headSize
                // Rows of zeros, of outliers and of huge values make weights 0 and largest scores that rise and fall.
                keys.append(Fixture.rows(length, width: width, seed: seed).map(shape.cache.rounded))
                values.append(Fixture.rows(length, width: width, seed: seed + 1).map(shape.cache.rounded))
                for position in 0..<length {
                    fixture.keep(keys[sequence][position], isValue: false, sequence: sequence, position: position)
                    fixture.keep(values[sequence][position], isValue: true, sequence: sequence, position: position)
                }
            }
        }

        func attended(_ query: [Float], _ sequence: Int, _ position: Int, _ configuration: TransformerConfiguration) -> [UInt32] {
            attention(
                query: query, keys: Array(keys[sequence][...position]), values: Array(values[sequence][...position]),
                configuration
            ).bits
        }
    }

    /// Queries as `rotate_cache` writes them.
    static func padded(_ queries: [[Float]], _ shape: AttentionShape) -> TestDevice.Content {
        let padding = Array<Float>(repeating: 0, count: shape.paddedHeadSize - shape.headSize)
        return .floats(
            queries.flatMap { row in
                (0..<shape.heads).flatMap { row[$0 * shape.headSize..<($0 + 1) * shape.headSize] + padding }
            })
    }

    @Test(
        "chunks joined are the reference's bits, for rows of several sequences", arguments: KeyValueElement.allCases,
        [(6, 2, 96), (2, 2, 100), (8, 1, 256), (12, 1, 30)])
    func decode(element: KeyValueElement, heads: (Int, Int, Int)) throws {
        let (h, g, d) = heads
        guard AttentionShape.canKeep(element, headSize: d) else { return }
        let configuration = TransformerConfiguration.heads(h, g, d)
        let shape = AttentionShape(configuration, cache: element)
        let texts = Texts(shape, lengths: [1, 330, 70])
        let rows: [(sequence: Int, position: Int)] = [(1, 329), (0, 0), (2, 63), (1, 64), (2, 69)]
        let queries = Fixture.rows(rows.count, width: h * d, seed: 80).map { $0.map(Exact.factor) }
        let places = TestDevice.Content.words(rows.flatMap { [UInt32($0.sequence), UInt32($0.position)] })
        // One more chunk than there are: the last work groups find nothing to do.
        let chunks = AttentionShape.chunks(upTo: 329) + 1
        for traits in [TestDevice.traits[0], TestDevice.traits[2]] {
            let kernel = Attention(tokens: rows.count, shape: shape, chunks: chunks, mostPages: texts.fixture.mostPages)
            let partial = try TestDevice.run(
                kernel,
                [
                    Self.padded(queries, shape), places, .words(texts.fixture.pages), .words(texts.fixture.words),
                    .room(kernel.partialByteCount / 4),
                ], traits: traits)[4]
            let joined = try TestDevice.run(
                AttentionJoin(tokens: rows.count, shape: shape, chunks: chunks),
                [.words(partial), places, .room(rows.count * shape.attendedStride)], traits: traits)[2]
            let expected = zip(rows, queries).map { texts.attended($1, $0.sequence, $0.position, configuration) }
            #expect(joined.rows(rows.count, width: h * d) == expected)
        }
    }

    @Test(
        "a prompt's rows are the reference's bits, from the text's start and further on", arguments: KeyValueElement.allCases,
        [(3, 1, 2), (6, 3, 96), (2, 2, 100), (8, 1, 256)])
    func prompt(element: KeyValueElement, heads: (Int, Int, Int)) throws {
        let (h, g, d) = heads
        guard AttentionShape.canKeep(element, headSize: d) else { return }
        let configuration = TransformerConfiguration.heads(h, g, d)
        let shape = AttentionShape(configuration, cache: element)
        for (first, count) in [(0, 71), (250, 20)] {
            let texts = Texts(shape, lengths: [1, first + count])
            let queries = Fixture.rows(count, width: h * d, seed: 79).map { $0.map(Exact.factor) }
            let results = try TestDevice.run(
                AttentionPrompt(tokens: count, shape: shape, mostPages: texts.fixture.mostPages),
                [
                    Self.padded(queries, shape), .words([1, UInt32(first)]), .words(texts.fixture.pages),
                    .words(texts.fixture.words), .room(count * shape.attendedStride),
                ], traits: TestDevice.traits[0])
            let expected = queries.enumerated().map { texts.attended($1, 1, first + $0, configuration) }
            #expect(results[4].rows(count, width: h * d) == expected)
        }
    }
}
