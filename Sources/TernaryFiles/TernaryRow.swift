import TernaryCore

/// Moves rows of codes (value + 1, a byte each) into and out of the tiles of `TernaryMatrix`.
enum TernaryRow {
    /// Index of a row's first word; the next one of the row is four words on.
    @inline(__always)
    static func firstWord(_ row: Int, _ groups: Int) -> Int { (row >> 2) * groups * 4 + (row & 3) }

    /// Packs 16 codes into each of `groups` words that stand four apart.
    ///
    /// Column 4k + b of a tile is byte b, bit pair k: four code bytes read as one little-endian word, shifted by 2k.
    @inline(__always)
    static func pack(_ codes: UnsafePointer<UInt8>, groups: Int, into words: UnsafeMutablePointer<UInt32>) {
        let source = UnsafeRawPointer(codes)
        for group in 0..<groups {
            let a = source.loadUnaligned(fromByteOffset: group * 16, as: UInt32.self)
            let b = source.loadUnaligned(fromByteOffset: group * 16 + 4, as: UInt32.self)
            let c = source.loadUnaligned(fromByteOffset: group * 16 + 8, as: UInt32.self)
            let d = source.loadUnaligned(fromByteOffset: group * 16 + 12, as: UInt32.self)
            words[group * 4] = a | b << 2 | c << 4 | d << 6
        }
    }

    /// The reverse of `pack`.
    @inline(__always)
    static func unpack(_ words: UnsafePointer<UInt32>, groups: Int, into codes: UnsafeMutablePointer<UInt8>) {
        let target = UnsafeMutableRawPointer(codes)
        for group in 0..<groups {
            let word = words[group * 4]
            for k in 0..<4 {
                target.storeBytes(of: (word >> UInt32(2 * k)) & 0x0303_0303, toByteOffset: group * 16 + 4 * k, as: UInt32.self)
            }
        }
    }
}
