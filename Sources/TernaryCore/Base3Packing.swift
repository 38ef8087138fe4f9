/// Packed matrices at 1.6 bits a weight ("T1.6"): five consecutive tiles of `TernaryMatrix`, 80 bytes, as 64.
///
/// A group of five tiles is 16 words. Word 4r + k has, in byte b, what row r of the five tiles has in bit pair k of byte b: five codes as
/// the digits of a number to base 3, the first tile's the highest, times 256/243 and rounded up, so that digits come off the top by
/// multiplication, four bytes at a time. Tiles that a last group lacks count as zeros.
public enum Base3Packing {
    /// Tiles of a group.
    public static let tilesEach = 5
    /// Words of a group.
    public static let wordsEach = 16
    /// Bytes of a matrix are rounded up to this, so that any device can bind the one behind it.
    private static let alignment = 256

    /// Bytes of a matrix of so many tiles.
    public static func byteCount(tiles: Int) -> Int {
        let groups = (tiles + tilesEach - 1) / tilesEach
        return (groups * wordsEach * 4 + alignment - 1) / alignment * alignment
    }

    /// Packs a matrix's words, on several threads.
    public static func pack(_ words: PackedStorage<UInt32>) -> PackedStorage<UInt32> {
        precondition(words.count.isMultiple(of: 4), "a tile is four words")
        let tiles = words.count / 4
        let count = byteCount(tiles: tiles) / 4
        return PackedStorage(count: count) { packed in
            // Each part writes words of its own, and all have ended when this returns.
            nonisolated(unsafe) let packed = packed
            let groups = (tiles + tilesEach - 1) / tilesEach
            for index in groups * wordsEach..<count { packed.initializeElement(at: index, to: 0) }
            words.withUnsafeBufferPointer { words in
                Parallel.forRows(groups, weightsEach: 64 * tilesEach) { part in
                    for group in part {
                        for word in 0..<wordsEach {
                            var numbers: UInt32 = 0
                            for tile in group * tilesEach..<(group + 1) * tilesEach {
                                let codes = tile < tiles ? words[4 * tile + word / 4] >> UInt32(2 * (word % 4)) & 0x0303_0303 : 0
                                // At most 242 a byte: no byte runs over into the next.
                                numbers = numbers &* 3 &+ codes
                            }
                            packed.initializeElement(at: group * wordsEach + word, to: scaled(numbers))
                        }
                    }
                }
            }
        }
    }

    /// Four numbers below 243, times 256/243, rounded up.
    @inline(__always)
    private static func scaled(_ numbers: UInt32) -> UInt32 {
        var result: UInt32 = 0
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            result |= (((numbers >> shift & 0xFF) * 256 + 242) / 243) << shift
        }
        return result
    }
}
