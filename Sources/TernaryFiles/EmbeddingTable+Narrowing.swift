import TernaryCore

extension EmbeddingTable {
    /// Takes stored elements and keeps them in the narrowest type that holds every one exactly: binary16, else bfloat16, else
    /// binary32. So a table does not depend on the file format it came through.
    init(narrowing bytes: PackedStorage<UInt8>, _ element: FloatElement, rows: Int, columns: Int) throws {
        let target: Element = try bytes.withUnsafeBytes { raw in
            if let index = element.firstNonFinite(raw, rows: rows, columns: columns) { throw NonFiniteElement(index: index) }
            switch element {
            case .float16: return .float16
            case .bfloat16: return Self.allHalf(raw, element) ? .float16 : .bfloat16
            case .float32:
                if Self.allHalf(raw, element) { return .float16 }
                let highHalves = (0..<rows * columns).allSatisfy {
                    raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self) & 0xFFFF == 0
                }
                return highHalves ? .bfloat16 : .float32
            }
        }
        if target.rawValue == element.tableElement.rawValue {
            self.init(rows: rows, columns: columns, element: target, bytes: bytes)
            return
        }
        let count = rows * columns
        let narrowed = bytes.withUnsafeBytes { raw in
            PackedStorage<UInt8>(count: count * 2) { buffer in
                let out = UnsafeMutableRawBufferPointer(buffer)
                for i in 0..<count {
                    let value = element.value(raw, i)
                    let bits = target == .float16 ? HalfFloat.exactBits(value)! : UInt16(value.bitPattern >> 16)
                    out.storeBytes(of: bits, toByteOffset: i * 2, as: UInt16.self)
                }
            }
        }
        self.init(rows: rows, columns: columns, element: target, bytes: narrowed)
    }

    private static func allHalf(_ raw: UnsafeRawBufferPointer, _ element: FloatElement) -> Bool {
        for i in 0..<raw.count / element.byteCount where HalfFloat.exactBits(element.value(raw, i)) == nil { return false }
        return true
    }
}

extension FloatElement {
    /// The same in an embedding table.
    fileprivate var tableElement: EmbeddingTable.Element {
        switch self {
        case .float32: .float32
        case .float16: .float16
        case .bfloat16: .bfloat16
        }
    }

    /// Element i, widened.
    @inline(__always)
    fileprivate func value(_ raw: UnsafeRawBufferPointer, _ i: Int) -> Float {
        switch self {
        case .float32: raw.loadUnaligned(fromByteOffset: i * 4, as: Float.self)
        case .float16: HalfFloat.float(raw.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self))
        case .bfloat16: Float(bitPattern: UInt32(raw.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self)) << 16)
        }
    }
}
