import TernaryCore

/// A floating-point type in which checkpoints store their tensors.
enum FloatElement: Sendable {
    case float32, float16, bfloat16

    /// Bytes of an element.
    var byteCount: Int { self == .float32 ? 4 : 2 }

    /// Widens `count` little-endian elements; exact.
    func widen(_ bytes: UnsafeRawBufferPointer) -> [Float] {
        let count = bytes.count / byteCount
        return [Float](unsafeUninitializedCapacity: count) { values, initialized in
            switch self {
            case .float32:
                for i in 0..<count { values[i] = bytes.loadUnaligned(fromByteOffset: i * 4, as: Float.self) }
            case .float16:
                for i in 0..<count { values[i] = HalfFloat.float(bytes.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self)) }
            case .bfloat16:
                for i in 0..<count {
                    values[i] = Float(bitPattern: UInt32(bytes.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self)) << 16)
                }
            }
            initialized = count
        }
    }

    /// The index of the first element that is not finite; nil where all are.
    func firstNonFinite(_ bytes: UnsafeRawBufferPointer) -> Int? {
        switch self {
        case .float32: Self.first(bytes, exponent: UInt32(0x7F80_0000))
        case .float16: Self.first(bytes, exponent: UInt16(0x7C00))
        case .bfloat16: Self.first(bytes, exponent: UInt16(0x7F80))
        }
    }

    /// The same of a matrix, on several threads.
    func firstNonFinite(_ bytes: UnsafeRawBufferPointer, rows: Int, columns: Int) -> Int? {
        let rowBytes = columns * byteCount
        // One verdict for each row: no two calls write the same.
        let found = [Int](unsafeUninitializedCapacity: rows) { found, initialized in
            let found = found.baseAddress!
            Parallel.forRows(rows, weightsEach: columns) { range in
                for row in range {
                    let values = UnsafeRawBufferPointer(rebasing: bytes[row * rowBytes..<(row + 1) * rowBytes])
                    (found + row).initialize(to: firstNonFinite(values).map { row * columns + $0 } ?? -1)
                }
            }
            initialized = rows
        }
        return found.first { $0 >= 0 }
    }

    private static func first<Bits: FixedWidthInteger & UnsignedInteger>(
        _ bytes: UnsafeRawBufferPointer, exponent: Bits
    ) -> Int? {
        let width = MemoryLayout<Bits>.size
        // The largest exponent tells of all in a loop without a way out, which takes many elements at a time.
        var largest: Bits = 0
        for i in 0..<bytes.count / width {
            largest = max(largest, bytes.loadUnaligned(fromByteOffset: i * width, as: Bits.self) & exponent)
        }
        guard largest == exponent else { return nil }
        for i in 0..<bytes.count / width
        where bytes.loadUnaligned(fromByteOffset: i * width, as: Bits.self) & exponent == exponent {
            return i
        }
        return nil
    }
}

/// A tensor holds an infinity or a NaN at this element, counted in row-major order.
struct NonFiniteElement: Error, Equatable { let index: Int }
