import TernaryCore
import Testing

@testable import TernaryKernels

@Suite("unpacking 1.6 bits a weight", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver; lavapipe will do"))
struct TernaryUnpackTests {
    // One tile; whole groups; groups that end inside; more than a work group.
    @Test("gives back every word", arguments: [(1, 1), (3, 80), (33, 70), (130, 1700)], [1, 3])
    func words(shape: (rows: Int, columns: Int), matrices: Int) throws {
        let matrices = (0..<matrices).map {
            Fixture.matrix(rows: shape.rows, columns: shape.columns, seed: 80 + UInt64($0)).words
        }
        let tiles = matrices[0].count / 4
        let packed = matrices.flatMap(Base3Packing.pack)
        #expect(packed.count * 4 == matrices.count * Base3Packing.byteCount(tiles: tiles))
        for traits in TestDevice.traits {
            let results = try TestDevice.run(
                TernaryUnpack(matrices: matrices.count, tiles: tiles),
                [.words(packed), .room(matrices.count * tiles * 4 + 1)], traits: traits)
            #expect(results[1] == matrices.flatMap { $0 } + [0])
        }
    }

    @Test("knows every five digits") func everyNumber() throws {
        // 243 groups: group n has the digits of n in all of its places.
        var words: [UInt32] = []
        for number in 0..<243 {
            for divisor in [81, 27, 9, 3, 1] {
                words += Array(repeating: UInt32(number / divisor % 3) * 0x5555_5555, count: 4)
            }
        }
        let results = try TestDevice.run(
            TernaryUnpack(matrices: 1, tiles: words.count / 4),
            [.words(Array(Base3Packing.pack(PackedStorage(words)))), .room(words.count)],
            traits: TestDevice.traits[0])
        #expect(results[1] == words)
    }
}
