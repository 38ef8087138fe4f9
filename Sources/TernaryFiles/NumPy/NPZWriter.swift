/// Writes arrays as a NumPy archive (`.npz`: a zip of `.npy` files, stored, not compressed).
///
/// Archives of 4 GiB and more, which need zip64, are refused.
public struct NPZWriter {
    /// One array of the archive.
    private struct Entry {
        let name: [UInt8]
        let header: [UInt8]
        let values: Values
    }

    private enum Values {
        case float32([Float]), int64([Int64]), int32([Int32])

        func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
            switch self {
            case .float32(let values): try values.withUnsafeBytes(body)
            case .int64(let values): try values.withUnsafeBytes(body)
            case .int32(let values): try values.withUnsafeBytes(body)
            }
        }
    }

    private var entries: [Entry] = []

    /// An empty archive.
    public init() {}

    /// Adds an array of FP32 numbers, row-major; an empty shape is a single number.
    public mutating func add(_ name: String, shape: [Int], float32 values: [Float]) throws {
        try add(name, "<f4", shape, values.count, .float32(values))
    }

    /// Adds an array of 64-bit integers, row-major; an empty shape is a single number.
    public mutating func add(_ name: String, shape: [Int], int64 values: [Int64]) throws {
        try add(name, "<i8", shape, values.count, .int64(values))
    }

    /// Adds an array of 32-bit integers, row-major; an empty shape is a single number.
    public mutating func add(_ name: String, shape: [Int], int32 values: [Int32]) throws {
        try add(name, "<i4", shape, values.count, .int32(values))
    }

    private mutating func add(_ name: String, _ type: String, _ shape: [Int], _ count: Int, _ values: Values) throws {
        precondition(shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == count, "\(count) values do not fill \(shape)")
        let file = Array("\(name).npy".utf8)
        guard !entries.contains(where: { $0.name == file }) else {
            throw FileError(name, "two arrays of this name in an archive")
        }
        entries.append(Entry(name: file, header: Self.header(type, shape), values: values))
    }

    /// Writes the archive; the file appears, or is replaced, when it is complete.
    ///
    /// - Throws: `FileError`, where the path cannot be written, the disk is full, or the archive would have 4 GiB or more.
    public func write(to path: String) throws {
        let sizes = entries.map { entry in entry.header.count + entry.values.withUnsafeBytes(\.count) }
        let directory = entries.reduce(22) { $0 + 76 + 2 * $1.name.count }
        guard sizes.reduce(directory, +) < Int(UInt32.max), entries.count < 65_535 else {
            throw FileError(path, "the archive would have 4 GiB or more, which is not supported; ask for fewer tokens")
        }
        let output = try OutputFile(path)
        var records: [UInt8] = []
        for (entry, size) in zip(entries, sizes) {
            var crc = CRC32()
            entry.header.withUnsafeBytes { crc.update($0) }
            entry.values.withUnsafeBytes { crc.update($0) }
            let common = Self.common(entry, crc: crc.value, byteCount: UInt32(size))
            records.append(integer: UInt32(0x0201_4B50))
            records.append(integer: UInt16(20))  // made by: FAT, version 2.0
            records += common
            records += [UInt8](repeating: 0, count: 10)  // comment, disk, attributes
            records.append(integer: UInt32(output.position))
            records += entry.name
            var local: [UInt8] = []
            local.append(integer: UInt32(0x0403_4B50))
            try output.write(local + common + entry.name + entry.header)
            try entry.values.withUnsafeBytes { try output.write($0) }
        }
        var end: [UInt8] = []
        end.append(integer: UInt32(0x0605_4B50))
        end.append(integer: UInt32(0))
        end.append(integer: UInt16(entries.count))
        end.append(integer: UInt16(entries.count))
        end.append(integer: UInt32(records.count))
        end.append(integer: UInt32(output.position))
        end.append(integer: UInt16(0))
        try output.write(records + end)
        try output.finish()
    }

    /// What a file's local header and its directory record share.
    private static func common(_ entry: Entry, crc: UInt32, byteCount: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(integer: UInt16(20))  // needs version 2.0
        bytes.append(integer: UInt16(0x0800))  // the name is UTF-8
        bytes.append(integer: UInt16(0))  // stored
        bytes.append(integer: UInt16(0))  // midnight
        bytes.append(integer: UInt16(0x21))  // of 1 January 1980: equal arrays make equal files
        bytes.append(integer: crc)
        bytes.append(integer: byteCount)
        bytes.append(integer: byteCount)
        bytes.append(integer: UInt16(entry.name.count))
        bytes.append(integer: UInt16(0))  // no extra field
        return bytes
    }

    /// The `.npy` header, version 1.0, padded to a multiple of 64.
    private static func header(_ type: String, _ shape: [Int]) -> [UInt8] {
        let lengths = shape.count == 1 ? "(\(shape[0]),)" : "(" + shape.map(String.init).joined(separator: ", ") + ")"
        var text = Array("{'descr': '\(type)', 'fortran_order': False, 'shape': \(lengths), }".utf8)
        while (10 + text.count + 1) % 64 != 0 { text.append(UInt8(ascii: " ")) }
        text.append(UInt8(ascii: "\n"))
        var header: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
        header.append(integer: UInt16(text.count))
        return header + text
    }
}
