/// Reads a file's bytes in order through a window, checking every length against what is left.
struct GGUFCursor {
    let file: InputFile
    private(set) var position = 0
    private var window: [UInt8] = []
    private var windowStart = 0
    private static let windowLength = 1 << 16

    init(_ file: InputFile) { self.file = file }

    /// Bytes after the cursor.
    var remaining: Int { file.size - position }

    func fail(_ place: String?, _ reason: String) -> FileError { FileError(file.path, at: place ?? "byte \(position)", reason) }

    /// The next `count` bytes.
    mutating func bytes(_ count: Int) throws -> ArraySlice<UInt8> {
        guard count <= remaining else { throw fail(nil, "\(count) bytes are wanted and \(remaining) are left; it is truncated") }
        if position < windowStart || position + count > windowStart + window.count {
            windowStart = position
            window = try file.bytes(at: position, count: min(remaining, max(count, Self.windowLength)))
        }
        let start = position - windowStart
        position += count
        return window[start..<start + count]
    }

    /// The next little-endian integer.
    mutating func integer<T: FixedWidthInteger>(_: T.Type = T.self) throws -> T {
        try bytes(T.bitWidth / 8).reversed().reduce(T(0)) { $0 << 8 | T(truncatingIfNeeded: $1) }
    }

    /// The next count, of things that take at least `least` bytes each.
    mutating func count(_ what: String, least: Int) throws -> Int {
        let count = try integer(UInt64.self)
        guard count <= UInt64(remaining / least) else {
            throw fail(nil, "\(count) \(what) do not fit the \(remaining) bytes that are left")
        }
        return Int(count)
    }

    /// The next string's bytes.
    mutating func string() throws -> [UInt8] { Array(try bytes(try count("bytes of a string", least: 1))) }

    /// The next value, of a type as the format numbers them.
    mutating func value(type: UInt32) throws -> GGUFValue {
        switch type {
        case 0: return .uint8(try integer())
        case 1: return .int8(try integer())
        case 2: return .uint16(try integer())
        case 3: return .int16(try integer())
        case 4: return .uint32(try integer())
        case 5: return .int32(try integer())
        case 6: return .float32(Float(bitPattern: try integer()))
        case 7: return .bool(try bool())
        case 8: return .string(try string())
        case 9: return try array()
        case 10: return .uint64(try integer())
        case 11: return .int64(try integer())
        case 12: return .float64(Double(bitPattern: try integer()))
        default: throw fail(nil, "metadata type \(type) is unknown")
        }
    }

    private mutating func bool() throws -> Bool {
        let byte = try integer(UInt8.self)
        guard byte <= 1 else { throw fail(nil, "a truth value is \(byte)") }
        return byte == 1
    }

    private mutating func array() throws -> GGUFValue {
        let type = try integer(UInt32.self)
        guard let width = GGUFValue.width(ofType: type) else { throw fail(nil, "an array of type \(type) is not read") }
        let count = try count("array elements", least: width)
        switch type {
        case 0: return .bytes(Array(try bytes(count)))
        case 5: return .integers(try (0..<count).map { _ in try integer() })
        case 6: return .floats(try (0..<count).map { _ in Float(bitPattern: try integer()) })
        case 7: return .bools(try (0..<count).map { _ in try bool() })
        case 8: return .strings(try (0..<count).map { _ in try string() })
        default:
            // In steps, so that the window stays small.
            var left = count * width
            while left > 0 {
                let step = min(left, Self.windowLength)
                _ = try bytes(step)
                left -= step
            }
            return .otherArray(type: type, count: count)
        }
    }
}
