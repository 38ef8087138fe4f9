/// A value in a GGUF file's metadata.
enum GGUFValue: Equatable, Sendable {
    case uint8(UInt8), int8(Int8), uint16(UInt16), int16(Int16), uint32(UInt32), int32(Int32), uint64(UInt64), int64(Int64)
    case float32(Float), float64(Double), bool(Bool)
    /// UTF-8, not checked.
    case string([UInt8])
    case strings([[UInt8]]), floats([Float]), integers([Int32]), bytes([UInt8]), bools([Bool])
    /// An array of another type, which nothing here needs: only its length is kept.
    case otherArray(type: UInt32, count: Int)

    /// A text.
    static func text(_ text: String) -> GGUFValue { .string(Array(text.utf8)) }

    /// A whole number of any width that fits an Int.
    var int: Int? {
        switch self {
        case .uint8(let value): Int(value)
        case .int8(let value): Int(value)
        case .uint16(let value): Int(value)
        case .int16(let value): Int(value)
        case .uint32(let value): Int(value)
        case .int32(let value): Int(value)
        case .uint64(let value): Int(exactly: value)
        case .int64(let value): Int(value)
        default: nil
        }
    }

    /// The number that the format gives the type.
    var type: UInt32 {
        switch self {
        case .uint8: 0
        case .int8: 1
        case .uint16: 2
        case .int16: 3
        case .uint32: 4
        case .int32: 5
        case .float32: 6
        case .bool: 7
        case .string: 8
        case .strings, .floats, .integers, .bytes, .bools, .otherArray: 9
        case .uint64: 10
        case .int64: 11
        case .float64: 12
        }
    }

    /// The fewest bytes an element of a type takes; nil for an unknown type and for arrays.
    static func width(ofType type: UInt32) -> Int? {
        switch type {
        case 0, 1, 7: 1
        case 2, 3: 2
        case 4, 5, 6: 4
        case 8, 10, 11, 12: 8
        default: nil
        }
    }
}
