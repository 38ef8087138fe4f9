import TernaryCore

/// ggml's two ternary block formats: 256 weights and one binary16 scale, which is always 1 here.
///
/// - TQ2_0, 66 bytes: in each half of 128 weights, byte m holds codes m, m + 32, m + 64, m + 96, lowest bits first.
/// - TQ1_0, 54 bytes: bytes of five base-3 digits, the first weight the highest. 32 bytes of weights m, m + 32, ... m + 128;
///   16 bytes of weights 160 + m, m + 16, ... m + 64; 4 bytes of four digits and a zero, weights 240 + m, m + 4, m + 8,
///   m + 12. A byte is its number times 256/243, rounded up, so that digits come off the top by multiplication.
///
/// A code is its weight plus one.
enum TernaryBlock {
    /// Weights in a block.
    static let length = 256
    /// Binary16 one.
    private static let one: UInt16 = 0x3C00

    /// A row's width after padding to whole blocks.
    static func padded(_ columns: Int) -> Int { (columns + length - 1) / length * length }

    /// Writes blocks of codes.
    static func encode(
        _ codes: UnsafePointer<UInt8>, blocks: Int, as type: GGUFTensorType, into bytes: UnsafeMutablePointer<UInt8>
    ) {
        for block in 0..<blocks {
            let target = bytes + block * type.blockByteCount
            let source = codes + block * length
            if type == .tq2 { encode2(source, target) } else { encode1(source, target) }
            target[type.blockByteCount - 2] = UInt8(one & 0xFF)
            target[type.blockByteCount - 1] = UInt8(one >> 8)
        }
    }

    private static func encode2(_ codes: UnsafePointer<UInt8>, _ bytes: UnsafeMutablePointer<UInt8>) {
        for half in 0..<2 {
            let source = codes + half * 128
            for m in 0..<32 {
                bytes[half * 32 + m] = source[m] | source[m + 32] << 2 | source[m + 64] << 4 | source[m + 96] << 6
            }
        }
    }

    private static func encode1(_ codes: UnsafePointer<UInt8>, _ bytes: UnsafeMutablePointer<UInt8>) {
        func pack(_ from: Int, step: Int, digits: Int, at: Int) {
            for m in 0..<step {
                var number: UInt16 = 0
                for digit in 0..<5 { number = number * 3 + (digit < digits ? UInt16(codes[from + digit * step + m]) : 0) }
                bytes[at + m] = UInt8((number * 256 + 242) / 243)
            }
        }
        pack(0, step: 32, digits: 5, at: 0)
        pack(160, step: 16, digits: 5, at: 32)
        pack(240, step: 4, digits: 4, at: 48)
    }

    /// Reads blocks into codes.
    ///
    /// - Returns: whether every block's scale is 1 and every code is that of a trit.
    static func decode(
        _ bytes: UnsafePointer<UInt8>, blocks: Int, as type: GGUFTensorType, into codes: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        var sound = true
        for block in 0..<blocks {
            let source = bytes + block * type.blockByteCount
            let target = codes + block * length
            let scale = UInt16(source[type.blockByteCount - 2]) | UInt16(source[type.blockByteCount - 1]) << 8
            sound = sound && scale == one
            if type == .tq2 { sound = decode2(source, target) && sound } else { decode1(source, target) }
        }
        return sound
    }

    private static func decode2(_ bytes: UnsafePointer<UInt8>, _ codes: UnsafeMutablePointer<UInt8>) -> Bool {
        var bad: UInt8 = 0
        for half in 0..<2 {
            let target = codes + half * 128
            for m in 0..<32 {
                let byte = bytes[half * 32 + m]
                bad |= byte & byte >> 1 & 0x55
                target[m] = byte & 3
                target[m + 32] = byte >> 2 & 3
                target[m + 64] = byte >> 4 & 3
                target[m + 96] = byte >> 6
            }
        }
        return bad == 0
    }

    private static func decode1(_ bytes: UnsafePointer<UInt8>, _ codes: UnsafeMutablePointer<UInt8>) {
        func unpack(_ to: Int, step: Int, digits: Int, at: Int) {
            for m in 0..<step {
                var fraction = UInt16(bytes[at + m])
                for digit in 0..<digits {
                    fraction *= 3
                    codes[to + digit * step + m] = UInt8(fraction >> 8)
                    fraction &= 0xFF
                }
            }
        }
        unpack(0, step: 32, digits: 5, at: 0)
        unpack(160, step: 16, digits: 5, at: 32)
        unpack(240, step: 4, digits: 4, at: 48)
    }
}

extension TernaryMatrix {
    /// The blocks of rows `range`, one row after the other, each padded with zeros to whole blocks.
    func blocks(_ type: GGUFTensorType, rows range: Range<Int>) -> [UInt8] {
        let width = TernaryBlock.padded(columns)
        let rowBytes = width / TernaryBlock.length * type.blockByteCount
        let groups = paddedColumns >> 4
        return [UInt8](unsafeUninitializedCapacity: range.count * rowBytes) { bytes, initialized in
            let first = bytes.baseAddress!
            words.withUnsafeBufferPointer { words in
                let words = words.baseAddress!
                Parallel.forRows(range.count, weightsEach: width) { part in
                    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: width) { codes in
                        codes.initialize(repeating: 1)
                        let codes = codes.baseAddress!
                        for index in part {
                            let word = words + TernaryRow.firstWord(range.lowerBound + index, groups)
                            TernaryRow.unpack(word, groups: groups, into: codes)
                            TernaryBlock.encode(
                                codes, blocks: width / TernaryBlock.length, as: type, into: first + index * rowBytes)
                        }
                    }
                }
            }
            initialized = range.count * rowBytes
        }
    }

    /// Unpacks blocks; nil where a block's scale is not 1, a code is no trit's, or padding is not zero.
    init?(blocks bytes: [UInt8], _ type: GGUFTensorType, rows: Int, columns: Int, scale: Float) {
        self.init(rows: rows, columns: columns, scale: scale)
        let width = TernaryBlock.padded(columns)
        let rowBytes = width / TernaryBlock.length * type.blockByteCount
        let groups = paddedColumns >> 4
        precondition(bytes.count == rows * rowBytes)
        let soundRows = [Bool](unsafeUninitializedCapacity: rows) { sound, initialized in
            let sound = sound.baseAddress!
            bytes.withUnsafeBufferPointer { bytes in
                let bytes = bytes.baseAddress!
                words.withUnsafeMutableBufferPointer { words in
                    let words = words.baseAddress!
                    Parallel.forRows(rows, weightsEach: width) { part in
                        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: width) { codes in
                            codes.initialize(repeating: 1)
                            let codes = codes.baseAddress!
                            for row in part {
                                let trits = TernaryBlock.decode(
                                    bytes + row * rowBytes, blocks: width / TernaryBlock.length, as: type, into: codes)
                                let padding = (columns..<width).allSatisfy { codes[$0] == 1 }
                                (sound + row).initialize(to: trits && padding)
                                TernaryRow.pack(codes, groups: groups, into: words + TernaryRow.firstWord(row, groups))
                            }
                        }
                    }
                }
            }
            initialized = rows
        }
        guard soundRows.allSatisfy({ $0 }) else { return nil }
    }
}
