/// The checksum of zip files.
struct CRC32 {
    private var state: UInt32 = ~0
    private static let tables: [UInt32] = {
        // Table k gives the checksum of a byte followed by k zeros: eight bytes go in one step.
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
            tables[byte] = value
        }
        for index in 256..<tables.count { tables[index] = tables[index - 256] >> 8 ^ tables[Int(tables[index - 256] & 0xFF)] }
        return tables
    }()

    /// The checksum of the bytes so far.
    var value: UInt32 { ~state }

    /// Takes in more bytes.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        Self.tables.withUnsafeBufferPointer { tables in
            var crc = state
            var i = 0
            while i + 8 <= bytes.count {
                let word = bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self) ^ UInt64(crc)
                crc = 0
                for k in 0..<8 { crc ^= tables[(7 - k) * 256 + Int(word >> UInt64(8 * k) & 0xFF)] }
                i += 8
            }
            while i < bytes.count {
                crc = crc >> 8 ^ tables[Int((crc ^ UInt32(bytes[i])) & 0xFF)]
                i += 1
            }
            state = crc
        }
    }
}
