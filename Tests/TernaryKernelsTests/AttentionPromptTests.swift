import TernaryCore
import TernaryReference
import Testing

@testable import TernaryKernels

@Suite("attention_prompt", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver; lavapipe will do"))
struct AttentionPromptTests {
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
