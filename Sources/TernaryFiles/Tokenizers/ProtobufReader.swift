/// Walks the fields of one protocol-buffers message (the wire format of proto2 and proto3).
struct ProtobufReader {
    /// A field's value, by wire type.
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case bytes(UnsafeRawBufferPointer)
        case fixed32(UInt32)
    }

    private let message: UnsafeRawBufferPointer
    private let path: String
    private let base: Int
    private var position = 0

    /// The bytes of a message; `base` is where they lie in the file, for error messages.
    init(_ message: UnsafeRawBufferPointer, path: String, base: Int = 0) {
        (self.message, self.path, self.base) = (message, path, base)
    }

    /// Where the last length-delimited value started, as an offset in the file.
    private(set) var valueOffset = 0

    private func error(_ reason: String) -> FileError { FileError(path, at: "byte \(base + position)", reason) }

    private mutating func varint() throws -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            guard position < message.count else { throw error("the file ends inside a number") }
            let byte = message[position]
            position += 1
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        throw error("a number longer than ten bytes")
    }

    private mutating func take(_ count: UInt64) throws -> UnsafeRawBufferPointer {
        guard count <= UInt64(message.count - position) else {
            throw error("a field of \(count) bytes where \(message.count - position) are left")
        }
        valueOffset = base + position
        defer { position += Int(count) }
        return UnsafeRawBufferPointer(rebasing: message[position..<position + Int(count)])
    }

    /// The next field's number and value, or nil at the message's end.
    mutating func next() throws -> (field: Int, value: Value)? {
        guard position < message.count else { return nil }
        let key = try varint()
        guard key >> 3 != 0, key >> 3 < 1 << 29 else { throw error("field number \(key >> 3)") }
        let field = Int(key >> 3)
        switch key & 7 {
        case 0: return (field, .varint(try varint()))
        case 1: return (field, .fixed64(UInt64(littleEndian: try take(8).loadUnaligned(as: UInt64.self))))
        case 2: return (field, .bytes(try take(try varint())))
        case 5: return (field, .fixed32(UInt32(littleEndian: try take(4).loadUnaligned(as: UInt32.self))))
        default: throw error("wire type \(key & 7) of field \(field) is not in use")
        }
    }
}
