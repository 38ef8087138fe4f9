import TernaryCore

/// ggml's blocks of bytes and of fewer bits, as bytes with scales, without loss.
///
/// - Q8_0: a binary16 d and 32 signed bytes q; d * q.
/// - Q4_0: a binary16 d and 16 bytes, of which byte j holds codes j and, above it, j + 16; d * (code - 8).
/// - Q6_K: low halves of 256 codes in 128 bytes, their upper 2 bits in 64, 16 signed scales, and a binary16 d; d * scale * (code - 32).
enum DenseBlock {
    /// Columns that share a scale.
    static func groupColumns(_ type: GGUFTensorType) -> Int { type == .q6_K ? 16 : 32 }

    /// Unpacks one block into its weights and scales.
    ///
    /// - Returns: whether the scale is a finite number.
    static func decode(
        _ bytes: UnsafePointer<UInt8>, _ type: GGUFTensorType, codes: UnsafeMutablePointer<Int8>,
        scales: UnsafeMutablePointer<Float>
    ) -> Bool {
        func half(_ offset: Int) -> UInt16 { UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8 }
        let bits = half(type == .q6_K ? 208 : 0)
        let scale = HalfFloat.float(bits)
        switch type {
        case .q8_0:
            scales[0] = scale
            for j in 0..<32 { codes[j] = Int8(bitPattern: bytes[2 + j]) }
        case .q4_0:
            scales[0] = scale
            for j in 0..<16 {
                codes[j] = Int8(bytes[2 + j] & 15) - 8
                codes[j + 16] = Int8(bytes[2 + j] >> 4) - 8
            }
        default:
            for group in 0..<16 { scales[group] = scale * Float(Int8(bitPattern: bytes[192 + group])) }
            for half in 0..<2 {
                for quarter in 0..<4 {
                    for m in 0..<32 {
                        let low = bytes[64 * half + 32 * (quarter & 1) + m] >> (4 * UInt8(quarter >> 1)) & 15
                        let high = bytes[128 + 32 * half + m] >> (2 * UInt8(quarter)) & 3
                        codes[128 * half + 32 * quarter + m] = Int8(low | high << 4) - 32
                    }
                }
            }
        }
        return bits & 0x7C00 != 0x7C00
    }
}

extension DenseMatrix {
    /// Unpacks rows of blocks.
    ///
    /// - Throws: `BadBlock` for the first block whose scale is not finite.
    init(blocks bytes: PackedStorage<UInt8>, _ type: GGUFTensorType, rows: Int, columns: Int) throws {
        let group = DenseBlock.groupColumns(type)
        let (perRow, perBlock) = (columns / type.blockLength, type.blockLength / group)
        precondition(bytes.count == rows * perRow * type.blockByteCount, "blocks that do not fill the matrix")
        var scales = [Float](repeating: 0, count: rows * columns / group)
        var isSound = [Bool](repeating: true, count: rows)
        let codes = PackedStorage<UInt8>(count: rows * columns) { codes in
            scales.withUnsafeMutableBufferPointer { scales in
                isSound.withUnsafeMutableBufferPointer { isSound in
                    bytes.withUnsafeBufferPointer { bytes in
                        // Every call's rows are its own.
                        nonisolated(unsafe) let (codes, scales, isSound) = (
                            UnsafeMutableRawBufferPointer(codes).bindMemory(to: Int8.self), scales, isSound
                        )
                        Parallel.forRows(rows, weightsEach: columns) { part in
                            for row in part {
                                for block in row * perRow..<(row + 1) * perRow {
                                    let sound = DenseBlock.decode(
                                        bytes.baseAddress! + block * type.blockByteCount, type,
                                        codes: codes.baseAddress! + block * type.blockLength,
                                        scales: scales.baseAddress! + block * perBlock)
                                    isSound[row] = isSound[row] && sound
                                }
                            }
                        }
                    }
                }
            }
        }
        if let row = isSound.firstIndex(of: false) { throw BadBlock(row: row) }
        self.init(rows: rows, columns: columns, groupColumns: group, codes: codes, scales: scales)
    }

    /// A block of this row has a scale that is an infinity or a NaN.
    struct BadBlock: Error, Equatable { let row: Int }
}
