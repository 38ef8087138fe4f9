import TernaryCore
import TernaryReference
import Testing

@testable import TernaryKernels

@Suite("rotate_cache", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver; lavapipe will do"))
struct RotateCacheTests {
    @Test(
        "turns heads and keeps keys and values as the reference does", arguments: KeyValueElement.allCases,
        [(3, 1, 2), (6, 2, 96), (2, 2, 100), (5, 5, 64), (4, 1, 256), (2, 1, 30)])
    func matches(element: KeyValueElement, heads: (Int, Int, Int)) throws {
        let (h, g, d) = heads
        guard AttentionShape.canKeep(element, headSize: d) else { return }
        let configuration = TransformerConfiguration.heads(h, g, d)
        let shape = AttentionShape(configuration, cache: element)
        let fixture = CacheFixture(shape, sequences: 3, mostPages: 2)
        // Neighbours of a page's end, another sequence, and values that round to nothing or to the largest half.
        let rows: [(sequence: Int, position: Int)] = [(0, 255), (0, 256), (2, 0), (1, 7), (1, 300), (0, 257)]
        let qkv = Fixture.rows(rows.count, width: (h + 2 * g) * d, seed: 71)
        let (queryNorm, keyNorm) = (Fixture.norm(d, seed: 72), Fixture.norm(d, seed: 73))
        let frequencies = configuration.rotation.frequencies(headSize: d)
        let turns = (0...300).map { RotaryEmbedding.turn($0, frequencies: frequencies, factor: 1) }
        for (normsQuery, normsKey) in [(false, false), (true, true), (false, true)] {
            let padding = Array<Float>(repeating: 0, count: shape.paddedHeadSize - d)
            let results = try TestDevice.run(
                RotateCache(
                    tokens: rows.count, shape: shape, mostPages: 2, normsQuery: normsQuery, normsKey: normsKey, epsilon: 1e-5),
                [
                    qkv.padded, .words(rows.flatMap { [UInt32($0.sequence), UInt32($0.position)] }), .words(fixture.pages),
                    .floats(turns.flatMap { $0.cosines + $0.sines }), .floats(queryNorm + padding + keyNorm + padding),
                    .room(rows.count * shape.queryStride), .words(fixture.words),
                ], traits: TestDevice.traits[0])
            for (index, row) in rows.enumerated() {
                let turn = turns[row.position]
                func turned(_ first: Int, _ count: Int, _ norm: [Float]?) -> [[Float]] {
                    (0..<count).map { head in
                        var own = Array(qkv[index][(first + head) * d..<(first + head + 1) * d])
                        if let norm { own = rmsNorm(own, weight: norm, epsilon: 1e-5) }
                        return rotated(own, cosines: turn.cosines, sines: turn.sines)
                    }
                }
                let query = turned(0, h, normsQuery ? queryNorm : nil).flatMap { $0.map(Exact.factor) + padding }
                #expect(Array(results[5][index * shape.queryStride..<(index + 1) * shape.queryStride]) == query.bits)
                let key = element.rounded(turned(h, g, normsKey ? keyNorm : nil).flatMap { $0 })
                let value = element.rounded(Array(qkv[index][((h + g) * d)...]))
                let (sequence, position) = row
                #expect(
                    fixture.kept(in: results[6], isValue: false, sequence: sequence, position: position).bits == key.bits)
                #expect(
                    fixture.kept(in: results[6], isValue: true, sequence: sequence, position: position).bits == value.bits)
            }
        }
    }
}
