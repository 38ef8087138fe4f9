/// A matrix of -1, 0 and +1 with one scale, packed two bits a weight in the layout that every backend reads ("T2").
///
/// A tile holds 4 rows by 16 columns in four 32-bit words; word r holds the 16 codes (value + 1) of row r. Byte b, bit
/// pair k of a word is column 4k + b, so `(word >> 2k) & 0x03030303` lines up with the k-th group of four int8
/// activations. Tiles of the same four rows follow one another along the columns. Rows are padded to a multiple of 4,
/// columns to a multiple of 16; padding holds the value 0.
public struct TernaryMatrix: Sendable, Equatable {
    /// Output features.
    public let rows: Int
    /// Input features.
    public let columns: Int
    /// What an entry of 1 stands for; the same for the whole matrix.
    public var scale: Float
    /// Tiles in row-major order, four words each.
    public var words: PackedStorage<UInt32>

    /// Columns after padding to whole tiles.
    public var paddedColumns: Int { Self.padded(columns, to: 16) }
    /// Rows after padding to whole tiles.
    public var paddedRows: Int { Self.padded(rows, to: 4) }
    /// Bytes of packed weights.
    public var byteCount: Int { words.count * 4 }

    /// Bytes of the packed weights of a matrix of this shape.
    public static func byteCount(rows: Int, columns: Int) -> Int { padded(rows, to: 4) * padded(columns, to: 16) / 4 }

    /// Sixteen codes of the value 0.
    public static let zeroWord: UInt32 = 0x5555_5555

    /// A matrix of zeros.
    public init(rows: Int, columns: Int, scale: Float) {
        precondition(rows > 0 && columns > 0, "a ternary matrix needs rows and columns, not \(rows) x \(columns)")
        self.rows = rows
        self.columns = columns
        self.scale = scale
        words = PackedStorage(count: Self.byteCount(rows: rows, columns: columns) / 4) { $0.initialize(repeating: Self.zeroWord) }
    }

    /// A matrix of words that `fill` writes, every one of them.
    package init(
        rows: Int, columns: Int, scale: Float, filling fill: (UnsafeMutableBufferPointer<UInt32>) throws -> Void
    ) rethrows {
        precondition(rows > 0 && columns > 0, "a ternary matrix needs rows and columns, not \(rows) x \(columns)")
        self.rows = rows
        self.columns = columns
        self.scale = scale
        words = try PackedStorage(count: Self.byteCount(rows: rows, columns: columns) / 4, filling: fill)
    }

    /// A matrix of whose rows `fill` writes every word, those of padded columns too, and words of rows beyond the last are zeros.
    package init(
        rows: Int, columns: Int, scale: Float, fillingRows fill: (UnsafeMutablePointer<UInt32>) throws -> Void
    ) rethrows {
        try self.init(rows: rows, columns: columns, scale: scale) { (words: UnsafeMutableBufferPointer<UInt32>) in
            let each = words.count / (Self.padded(rows, to: 4) / 4)
            for index in words.count - each..<words.count where index & 3 > (rows - 1) & 3 { words[index] = Self.zeroWord }
            try fill(words.baseAddress!)
        }
    }

    /// A matrix of words that are there, and hold what its shape asks for.
    package init(rows: Int, columns: Int, scale: Float, words: PackedStorage<UInt32>) {
        precondition(rows > 0 && columns > 0, "a ternary matrix needs rows and columns, not \(rows) x \(columns)")
        precondition(words.byteCount == Self.byteCount(rows: rows, columns: columns), "words that do not fill the matrix")
        self.rows = rows
        self.columns = columns
        self.scale = scale
        self.words = words
    }

    /// Packs `trits`, `(rows, columns)` row-major, each -1, 0 or 1.
    public init(rows: Int, columns: Int, scale: Float, trits: [Int8]) {
        precondition(trits.count == rows * columns, "\(trits.count) trits do not fill \(rows) x \(columns)")
        self.init(rows: rows, columns: columns, scale: scale)
        trits.withUnsafeBufferPointer { trits in
            for row in 0..<rows {
                setRow(row, UnsafeBufferPointer(rebasing: trits[row * columns..<(row + 1) * columns]))
            }
        }
    }

    /// Where the word of a row and a group of 16 columns stands.
    @inline(__always)
    public func wordIndex(row: Int, columnGroup: Int) -> Int {
        ((row >> 2) * (paddedColumns >> 4) + columnGroup) * 4 + (row & 3)
    }

    /// Replaces one row by `columns` trits.
    public mutating func setRow(_ row: Int, _ trits: UnsafeBufferPointer<Int8>) {
        precondition(trits.count == columns && row < rows)
        let groups = paddedColumns >> 4
        words.withUnsafeMutableBufferPointer { words in
            var index = ((row >> 2) * groups) * 4 + (row & 3)
            for group in 0..<groups {
                var word: UInt32 = 0
                let first = group * 16
                let present = min(16, columns - first)
                for within in 0..<present {
                    word |= UInt32(UInt8(bitPattern: trits[first + within] + 1)) << Self.shift(within)
                }
                for within in present..<16 { word |= 1 << Self.shift(within) }
                words[index] = word
                index += 4
            }
        }
    }

    /// The entry at a row and column: -1, 0 or 1.
    public subscript(row: Int, column: Int) -> Int8 {
        let word = words[wordIndex(row: row, columnGroup: column >> 4)]
        return Int8(truncatingIfNeeded: (word >> Self.shift(column & 15)) & 3) - 1
    }

    /// Bit position of column 4k + b: byte b, bit pair k.
    @inline(__always)
    package static func shift(_ within: Int) -> UInt32 { UInt32((within & 3) * 8 + (within >> 2) * 2) }

    /// The next multiple of `multiple`, a power of two.
    @inline(__always)
    public static func padded(_ count: Int, to multiple: Int) -> Int { (count + multiple - 1) & ~(multiple - 1) }
}
