import TernaryCore

/// The packing of Hugging Face's BitNet layers: four planes of rows in a byte.
///
/// Of N rows, with n = N/4 rounded up, byte (r, k) holds column k of rows r, r + n, r + 2n and r + 3n, two bits each, the lowest
/// bits first, code 0, 1, 2 for -1, 0, +1. Rows from N on are the packer's padding, of code 0, and are left out.
enum RowPlanes {
    /// A code of 3.
    struct InvalidCode: Error, Equatable {
        let row: Int
        let column: Int
    }

    /// Repacks `(n, columns)` bytes.
    static func unpack(
        _ bytes: UnsafeRawBufferPointer, rows: Int, columns: Int, scale: Float
    ) -> Result<TernaryMatrix, InvalidCode> {
        let planeRows = (rows + 3) / 4
        precondition(bytes.count == planeRows * columns, "bytes that do not fill the planes")
        // One verdict for each row of bytes: no two calls write the same.
        var invalid = [Bool](repeating: false, count: planeRows)
        let matrix = TernaryMatrix(
            rows: rows, columns: columns, scale: scale,
            fillingRows: { words in
                invalid.withUnsafeMutableBufferPointer { invalid in
                    let invalid = invalid.baseAddress!
                    Parallel.forRows(planeRows, weightsEach: 4 * columns) { range in
                        for row in range {
                            let source = bytes.baseAddress! + row * columns
                            let planes = min(4, (rows - row + planeRows - 1) / planeRows)
                            invalid[row] = !unpack(source, columns, row, planeRows, planes, into: words)
                        }
                    }
                }
            })
        guard let row = invalid.firstIndex(of: true) else { return .success(matrix) }
        return .failure(firstInvalid(bytes, row: row, planeRows: planeRows, rows: rows, columns: columns))
    }

    /// Repacks one row of bytes and says whether all its codes stand for something.
    private static func unpack(
        _ source: UnsafeRawPointer, _ columns: Int, _ row: Int, _ planeRows: Int, _ planes: Int,
        into words: UnsafeMutablePointer<UInt32>
    ) -> Bool {
        let groups = TernaryMatrix.padded(columns, to: 16) >> 4
        var threes: UInt32 = 0
        func pack(_ bytes: UnsafeRawPointer, _ group: Int) {
            let a = bytes.loadUnaligned(as: UInt32.self)
            let b = bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
            let c = bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
            let d = bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
            for plane in 0..<planes {
                let shift = UInt32(2 * plane)
                func codes(_ word: UInt32) -> UInt32 { (word >> shift) & 0x0303_0303 }
                let word = codes(a) | codes(b) << 2 | codes(c) << 4 | codes(d) << 6
                threes |= word & word >> 1 & 0x5555_5555
                words[TernaryRow.firstWord(plane * planeRows + row, groups) + group * 4] = word
            }
        }
        for group in 0..<columns / 16 { pack(source + group * 16, group) }
        if columns % 16 != 0 {
            withUnsafeTemporaryAllocation(byteCount: 16, alignment: 4) { rest in
                for column in 0..<16 { rest[column] = 0x55 }
                rest.copyMemory(from: UnsafeRawBufferPointer(start: source + (groups - 1) * 16, count: columns % 16))
                pack(UnsafeRawPointer(rest.baseAddress!), groups - 1)
            }
        }
        return threes == 0
    }

    private static func firstInvalid(
        _ bytes: UnsafeRawBufferPointer, row: Int, planeRows: Int, rows: Int, columns: Int
    ) -> InvalidCode {
        for column in 0..<columns {
            for plane in 0..<4 where plane * planeRows + row < rows && bytes[row * columns + column] >> (2 * plane) & 3 == 3 {
                return InvalidCode(row: plane * planeRows + row, column: column)
            }
        }
        preconditionFailure("a row was found to hold a code of 3 and holds none")
    }
}
