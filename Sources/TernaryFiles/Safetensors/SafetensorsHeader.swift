/// The table of contents of a safetensors file: eight bytes of length, a JSON object, the tensors' bytes.
///
/// As strict as the format: offsets lie within the file, tensors neither overlap nor leave holes, no name appears twice.
struct SafetensorsHeader {
    /// One tensor.
    struct Tensor: Sendable, Equatable {
        let name: String
        /// As written: "BF16", "F32", ...
        let type: String
        let shape: [Int]
        /// Place in the file.
        let offset: Int
        let byteCount: Int
    }

    /// Longer headers are refused, as the format's own library does.
    static let longest = 100_000_000

    /// Every type of the format and its width in bytes.
    static let widths: [String: Int] = [
        "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4, "U32": 4,
        "F32": 4, "F64": 8, "I64": 8, "U64": 8,
    ]

    /// In order of their places.
    let tensors: [Tensor]

    /// Reads a file's header and checks it against the file's size.
    init(_ file: InputFile) throws {
        let path = file.path
        guard file.size >= 8 else { throw FileError(path, "has \(file.size) bytes, too few for a safetensors header") }
        let length = try file.bytes(at: 0, count: 8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(Self.longest) else {
            throw FileError(
                path, "the header's length is \(length), more than the \(Self.longest) allowed; not a safetensors file?")
        }
        guard length <= UInt64(file.size - 8) else {
            throw FileError(path, "the header's length is \(length) and the file has \(file.size) bytes; it is truncated")
        }
        let text = try file.bytes(at: 8, count: Int(length))
        try self.init(text, path: path, dataSize: file.size - 8 - Int(length), dataOffset: 8 + Int(length))
    }

    /// Parses a header's JSON.
    init(_ text: [UInt8], path: String, dataSize: Int, dataOffset: Int) throws {
        guard text.first == UInt8(ascii: "{") else { throw FileError(path, at: "header", "does not begin with '{'") }
        let json: JSON
        do { json = try JSON(parsing: text) } catch { throw FileError(path, at: "header", "\(error)") }
        var tensors: [Tensor] = []
        var names: Set<[UInt8]> = []
        for member in json.object ?? [] {
            let name = String(decoding: member.key, as: UTF8.self)
            guard names.insert(member.key).inserted else { throw FileError(path, at: name.forMessage, "appears twice") }
            if name == "__metadata__" { continue }
            tensors.append(try Self.tensor(name, member.value, path: path, dataSize: dataSize, dataOffset: dataOffset))
        }
        tensors.sort { ($0.offset, $0.byteCount) < ($1.offset, $1.byteCount) }
        var end = dataOffset
        for tensor in tensors {
            guard tensor.offset == end else {
                let problem =
                    tensor.offset < end ? "overlaps the tensor before it" : "leaves \(tensor.offset - end) unused bytes before it"
                throw FileError(path, at: tensor.name.forMessage, problem)
            }
            end += tensor.byteCount
        }
        guard end == dataOffset + dataSize else {
            throw FileError(path, "\(dataOffset + dataSize - end) bytes after the last tensor belong to none")
        }
        self.tensors = tensors
    }

    private static func tensor(_ name: String, _ value: JSON, path: String, dataSize: Int, dataOffset: Int) throws -> Tensor {
        func fail(_ reason: String) -> FileError { FileError(path, at: name.forMessage, reason) }
        guard case .object(let members) = value, Set(members.map(\.key)).count == members.count else {
            throw fail("is not described by an object with distinct keys")
        }
        guard let type = value["dtype"]?.string, let width = widths[type] else {
            throw fail("has no dtype that the format knows: \((value["dtype"]?.string ?? "none").forMessage)")
        }
        guard let written = value["shape"]?.array, written.count <= 8 else { throw fail("has no shape of at most 8 numbers") }
        var shape: [Int] = []
        var byteCount = width
        for length in written {
            guard let length = length.int, length >= 0 else { throw fail("has a shape that is not of whole numbers") }
            let (product, overflow) = byteCount.multipliedReportingOverflow(by: length)
            guard !overflow else { throw fail("has a shape whose size overflows") }
            byteCount = product
            shape.append(length)
        }
        guard let offsets = value["data_offsets"]?.array, offsets.count == 2, let begin = offsets[0].int,
            let end = offsets[1].int,
            begin >= 0, end >= begin
        else { throw fail("has no data_offsets of two rising whole numbers") }
        guard end <= dataSize else {
            throw fail("ends at byte \(end) of the data and the file has \(dataSize); it is truncated")
        }
        guard end - begin == byteCount else {
            throw fail("\(type) \(shape) takes \(byteCount) bytes and data_offsets give it \(end - begin)")
        }
        return Tensor(name: name, type: type, shape: shape, offset: dataOffset + begin, byteCount: byteCount)
    }
}

extension String {
    /// Fit for one line of a message: no control characters, not endless.
    var forMessage: String {
        let shown = unicodeScalars.prefix(100).map { $0.value < 0x20 || $0.value == 0x7F ? "\u{FFFD}" : $0 }
        let text = String(String.UnicodeScalarView(shown))
        return unicodeScalars.count > 100 ? text + "..." : text
    }
}
