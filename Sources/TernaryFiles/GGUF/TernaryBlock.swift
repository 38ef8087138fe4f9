import TernaryCore

/// ggml's two ternary block formats: 256 weights and one binary16 scale, which is always 1 in MatMul-free models.
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

    /// Writes one block of codes with its scale.
    static func encode(
        _ codes: UnsafePointer<UInt8>, as type: GGUFTensorType, scale: UInt16, into bytes: UnsafeMutablePointer<UInt8>
    ) {
        if type == .tq2 {
            for half in 0..<2 { encodeHalf(codes + half * 128, highestFirst: false, bytes + half * 32) }
        } else {
            encode1(codes, bytes)
        }
        bytes[type.blockByteCount - 2] = UInt8(scale & 0xFF)
        bytes[type.blockByteCount - 1] = UInt8(scale >> 8)
    }

    /// The reverse of `unpackHalf`, from codes of a byte each.
    static func encodeHalf(_ codes: UnsafePointer<UInt8>, highestFirst: Bool, _ bytes: UnsafeMutablePointer<UInt8>) {
        let (a, b, c, d) = highestFirst ? (96, 64, 32, 0) : (0, 32, 64, 96)
        for m in 0..<32 { bytes[m] = codes[m + a] | codes[m + b] << 2 | codes[m + c] << 4 | codes[m + d] << 6 }
    }

    /// Writes one block of Q2_0: its scale, then four codes a byte, the first in the lowest bits.
    static func encode2(
        _ codes: UnsafePointer<UInt8>, as type: GGUFTensorType, scale: UInt16, into bytes: UnsafeMutablePointer<UInt8>
    ) {
        bytes[0] = UInt8(scale & 0xFF)
        bytes[1] = UInt8(scale >> 8)
        for m in 0..<type.blockLength / 4 {
            let four = codes + 4 * m
            bytes[2 + m] = four[0] | four[1] << 2 | four[2] << 4 | four[3] << 6
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

    /// Unpacks a row's blocks into a row of tiles, of whose words every fourth is the row's.
    ///
    /// - Returns: whether every block's scale is 1, every code that of a trit, and everything from `columns` on zero.
    static func unpack(
        _ bytes: UnsafePointer<UInt8>, as type: GGUFTensorType, columns: Int, into words: UnsafeMutablePointer<UInt32>
    ) -> Bool {
        let groups = TernaryMatrix.padded(columns, to: 16) >> 4
        var isSound = true
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: length / 16) { block in
            let block = block.baseAddress!
            for index in 0..<padded(columns) / length {
                let source = bytes + index * type.blockByteCount
                let scale = UInt16(source[type.blockByteCount - 2]) | UInt16(source[type.blockByteCount - 1]) << 8
                let unpacked = type == .tq2 ? unpack2(source, block) : unpack1(source, block)
                isSound = isSound && unpacked && scale == one
                let (first, present) = (index * (length / 16), min(length / 16, groups - index * (length / 16)))
                for group in 0..<present { words[4 * (first + group)] = block[group] }
                for group in present..<length / 16 { isSound = isSound && block[group] == TernaryMatrix.zeroWord }
            }
        }
        let last = words[4 * (groups - 1)]
        for within in stride(from: 15, through: (columns - 1) % 16 + 1, by: -1) {
            isSound = isSound && (last >> TernaryMatrix.shift(within)) & 3 == 1
        }
        return isSound
    }

    /// Unpacks 64 bytes of TQ2_0 into 16 words; false for a code of no trit.
    static func unpack2(_ bytes: UnsafePointer<UInt8>, _ words: UnsafeMutablePointer<UInt32>) -> Bool {
        let first = unpackHalf(bytes, words)
        return unpackHalf(bytes + 32, words + 8) && first
    }

    /// Unpacks 32 bytes, of which byte m holds codes m, m + 32, m + 64, m + 96, into 8 words; false for a code of no trit.
    ///
    /// The codes of 16 bytes at once: in each byte are those of four groups of 16 columns, in a word of a tile those of every fourth
    /// byte. A transposition, byte by byte, of four words' four pairs of bits.
    ///
    /// - Parameter highestFirst: whether code m is in a byte's highest bits (I2_S) and not in its lowest (TQ2_0).
    static func unpackHalf(
        _ bytes: UnsafePointer<UInt8>, _ words: UnsafeMutablePointer<UInt32>, highestFirst: Bool = false
    ) -> Bool {
        let source = UnsafeRawPointer(bytes)
        var bad: UInt32 = 0
        for part in 0..<2 {
            let from = part * 16
            var a = source.loadUnaligned(fromByteOffset: from, as: UInt32.self)
            var b = source.loadUnaligned(fromByteOffset: from + 4, as: UInt32.self)
            var c = source.loadUnaligned(fromByteOffset: from + 8, as: UInt32.self)
            var d = source.loadUnaligned(fromByteOffset: from + 12, as: UInt32.self)
            bad |= (a & a >> 1 | b & b >> 1 | c & c >> 1 | d & d >> 1) & 0x5555_5555
            exchange(&a, &c, by: 4, 0x0F0F_0F0F)
            exchange(&b, &d, by: 4, 0x0F0F_0F0F)
            exchange(&a, &b, by: 2, 0x3333_3333)
            exchange(&c, &d, by: 2, 0x3333_3333)
            let target = words + part
            (target[0], target[2], target[4], target[6]) = highestFirst ? (d, c, b, a) : (a, b, c, d)
        }
        return bad == 0
    }

    /// Exchanges the upper bits of every field of `a` with the lower ones of `b`.
    @inline(__always)
    private static func exchange(_ a: inout UInt32, _ b: inout UInt32, by shift: UInt32, _ lower: UInt32) {
        let difference = (a >> shift ^ b) & lower
        b ^= difference
        a ^= difference << shift
    }

    /// Unpacks 52 bytes of TQ1_0 into 16 words; every byte holds trits.
    static func unpack1(_ bytes: UnsafePointer<UInt8>, _ words: UnsafeMutablePointer<UInt32>) -> Bool {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: length) { codes in
            let codes = codes.baseAddress!
            decode1(bytes, codes)
            for group in 0..<length / 16 { TernaryRow.pack(codes + 16 * group, groups: 1, into: words + group) }
        }
        return true
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
    /// The blocks of rows `range`, one row after the other, each padded with zeros to whole blocks; without the scale that is behind
    /// I2_S's.
    ///
    /// - Parameters:
    ///   - place: the row of the matrix that stands at one of the file.
    ///   - scale: binary16 bits of a block, by the matrix's row; 1 where nothing else is said.
    func blocks(
        _ type: GGUFTensorType, rows range: Range<Int>, place: (Int) -> Int = { $0 },
        scale: (_ row: Int, _ block: Int) -> UInt16 = { _, _ in 0x3C00 }
    ) -> [UInt8] {
        let count = (columns + type.blockLength - 1) / type.blockLength
        let (width, rowBytes) = (count * type.blockLength, count * type.blockByteCount)
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
                            let row = place(range.lowerBound + index)
                            TernaryRow.unpack(words + TernaryRow.firstWord(row, groups), groups: groups, into: codes)
                            for block in 0..<count {
                                let source = codes + block * type.blockLength
                                let target = first + index * rowBytes + block * type.blockByteCount
                                switch type {
                                case .i2s: TernaryBlock.encodeHalf(source, highestFirst: true, target)
                                case .q2x64, .q2x128:
                                    TernaryBlock.encode2(source, as: type, scale: scale(row, block), into: target)
                                default: TernaryBlock.encode(source, as: type, scale: scale(row, block), into: target)
                                }
                            }
                        }
                    }
                }
            }
            initialized = range.count * rowBytes
        }
    }

    /// Unpacks blocks; nil where a block's scale is not 1, a code is no trit's, or padding is not zero.
    init?(blocks bytes: [UInt8], _ type: GGUFTensorType, rows: Int, columns: Int, scale: Float) {
        let rowBytes = TernaryBlock.padded(columns) / TernaryBlock.length * type.blockByteCount
        precondition(bytes.count == rows * rowBytes)
        // Nothing is read that could fail.
        try? self.init(type, rows: rows, columns: columns, scale: scale) { target, row in
            bytes.withUnsafeBytes {
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[row * rowBytes..<row * rowBytes + target.count]))
            }
        }
    }

    /// Unpacks blocks on several threads, each of which reads what it unpacks, so that bytes are still in its cache then; nil where
    /// a block's scale is not 1, a code is no trit's, or padding is not zero.
    ///
    /// - Parameter read: fills memory with the blocks of rows from a given one on.
    init?(
        _ type: GGUFTensorType, rows: Int, columns: Int, scale: Float,
        read: (UnsafeMutableRawBufferPointer, _ firstRow: Int) throws -> Void
    ) throws {
        let width = TernaryBlock.padded(columns)
        let rowBytes = width / TernaryBlock.length * type.blockByteCount
        let groups = Self.padded(columns, to: 16) >> 4
        let tileRows = (rows + 3) / 4
        // Whether rows were sound, or why they could not be read: of a part, at its first tile, which no other part writes.
        nonisolated(unsafe) let outcomes = UnsafeMutableBufferPointer<Result<Bool, any Error>>.allocate(capacity: tileRows)
        outcomes.initialize(repeating: .success(true))
        defer {
            outcomes.deinitialize()
            outcomes.deallocate()
        }
        self.init(rows: rows, columns: columns, scale: scale) { words in
            let words = words.baseAddress!
            // Whole tiles of four rows.
            Parallel.forRows(tileRows, weightsEach: 4 * width) { tiles in
                let part = tiles.lowerBound * 4..<min(rows, tiles.upperBound * 4)
                var isSound = true
                withUnsafeTemporaryAllocation(byteCount: part.count * rowBytes, alignment: 16) { bytes in
                    do { try read(bytes, part.lowerBound) } catch {
                        outcomes[tiles.lowerBound] = .failure(error)
                        return
                    }
                    let blocks = UnsafePointer(bytes.bindMemory(to: UInt8.self).baseAddress!)
                    for row in part {
                        let target = words + TernaryRow.firstWord(row, groups)
                        let unpacked = TernaryBlock.unpack(
                            blocks + (row - part.lowerBound) * rowBytes, as: type, columns: columns, into: target)
                        isSound = unpacked && isSound
                    }
                }
                if !isSound { outcomes[tiles.lowerBound] = .success(false) }
                for row in part.upperBound..<max(part.upperBound, tiles.upperBound * 4) {
                    let target = words + TernaryRow.firstWord(row, groups)
                    for group in 0..<groups { target[4 * group] = Self.zeroWord }
                }
            }
        }
        for outcome in outcomes where try !outcome.get() { return nil }
    }
}
