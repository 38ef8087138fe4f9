import TernaryCore

/// A GGUF file's metadata and table of tensors (versions 2 and 3, little-endian).
struct GGUFFile: Sendable {
    /// One tensor.
    struct Tensor: Sendable {
        let name: String
        let type: GGUFTensorType
        /// ggml's order: the row's width first.
        let dimensions: [Int]
        /// Place in the file.
        let offset: Int
        let byteCount: Int
    }

    /// "GGUF".
    static let magic: [UInt8] = [0x47, 0x47, 0x55, 0x46]
    /// What is written; version 2 differs in nothing that little-endian files show.
    static let version: UInt32 = 3
    static let defaultAlignment = 32
    /// ggml allows this many dimensions.
    static let mostDimensions = 4

    let file: InputFile
    /// `general.architecture`, one of those that were asked for.
    let architecture: String
    let metadata: [String: GGUFValue]
    /// By name.
    let tensors: [String: Tensor]
    /// Where tensor data begins.
    let dataOffset: Int

    var path: String { file.path }

    /// `general.name`, where it has one.
    var name: String? {
        guard case .string(let name)? = metadata["general.name"] else { return nil }
        return String(decoding: name, as: UTF8.self).forMessage
    }

    /// A file of which these are known.
    init(
        file: InputFile, architecture: String, metadata: [String: GGUFValue], tensors: [String: Tensor], dataOffset: Int
    ) {
        (self.file, self.architecture, self.metadata) = (file, architecture, metadata)
        (self.tensors, self.dataOffset) = (tensors, dataOffset)
    }

    /// Reads and checks everything but the tensors' data.
    ///
    /// - Parameter architectures: files of another one are refused before their tensors are looked at.
    init(_ file: InputFile, architectures: [String]) throws {
        let path = file.path
        var cursor = GGUFCursor(file)
        guard file.size >= 24, Array(try cursor.bytes(4)) == Self.magic else { throw FileError(path, "is not a GGUF file") }
        let version = try cursor.integer(UInt32.self)
        guard version == 2 || version == Self.version else {
            let swapped = version.byteSwapped <= 0xFFFF ? "; it is big-endian" : ""
            throw FileError(
                path, "is GGUF version \(swapped.isEmpty ? version : version.byteSwapped); 2 and 3 are read\(swapped)")
        }
        let tensorCount = try cursor.count("tensors", least: 24)
        let valueCount = try cursor.count("metadata values", least: 13)
        metadata = try Self.metadata(&cursor, count: valueCount)
        guard case .string(let found)? = metadata["general.architecture"] else {
            throw FileError(path, at: "general.architecture", "is missing")
        }
        guard let architecture = architectures.first(where: { found == Array($0.utf8) }) else {
            let name = String(decoding: found, as: UTF8.self).forMessage
            let known = architectures.map { "\"\($0)\"" }.joined(separator: ", ")
            throw FileError(
                path, at: "general.architecture",
                "\"\(name)\" is not supported; \(known) \(architectures.count == 1 ? "is" : "are")")
        }
        self.architecture = architecture
        let alignment = metadata["general.alignment"].map { $0.int ?? 0 } ?? Self.defaultAlignment
        guard alignment > 0, alignment <= 1 << 20, alignment & (alignment - 1) == 0 else {
            throw FileError(path, at: "general.alignment", "must be a power of two of at most 2^20")
        }
        try Self.checkLayout(metadata, path: path)
        let isPacked = metadata[PackedLayout.key] != nil
        let described = try (0..<tensorCount).map { _ in
            try Self.tensor(&cursor, alignment: alignment, isPacked: isPacked)
        }
        dataOffset = (cursor.position + alignment - 1) & ~(alignment - 1)
        tensors = try Self.placed(described, at: dataOffset, alignment: alignment, file)
        self.file = file
    }

    private static func metadata(_ cursor: inout GGUFCursor, count: Int) throws -> [String: GGUFValue] {
        var metadata: [String: GGUFValue] = [:]
        for _ in 0..<count {
            let key = String(decoding: try cursor.string(), as: UTF8.self)
            guard key.utf8.count <= 65_535 else { throw cursor.fail(nil, "a key has \(key.utf8.count) bytes") }
            let type = try cursor.integer(UInt32.self)
            let value = try cursor.value(type: type)
            guard metadata.updateValue(value, forKey: key) == nil else { throw cursor.fail(key.forMessage, "appears twice") }
        }
        return metadata
    }

    /// One tensor, its offset still counted from the data's beginning.
    private static func tensor(_ cursor: inout GGUFCursor, alignment: Int, isPacked: Bool) throws -> Tensor {
        let name = String(decoding: try cursor.string(), as: UTF8.self)
        let place = name.forMessage
        let dimensionCount = try cursor.integer(UInt32.self)
        guard (1...UInt32(mostDimensions)).contains(dimensionCount) else {
            throw cursor.fail(place, "has \(dimensionCount) dimensions; 1 to \(mostDimensions) are read")
        }
        let dimensions = try (0..<dimensionCount).map { _ in
            let length = try cursor.integer(UInt64.self)
            guard length > 0, length <= UInt64(Int.max) else { throw cursor.fail(place, "has a dimension of \(length)") }
            return Int(length)
        }
        let typeNumber = try cursor.integer(UInt32.self)
        guard let type = GGUFTensorType(number: typeNumber), isPacked || !type.isPacked else {
            throw cursor.fail(place, GGUFTensorType.refusal(of: typeNumber))
        }
        guard dimensions[0].isMultiple(of: type.blockLength) else {
            throw cursor.fail(
                place, "is \(type.name) and has rows of \(dimensions[0]), not a multiple of \(type.blockLength)")
        }
        guard let byteCount = type.byteCount(dimensions: dimensions) else {
            throw cursor.fail(place, "has a shape whose size overflows")
        }
        let offset = try cursor.integer(UInt64.self)
        guard offset <= UInt64(cursor.file.size), offset.isMultiple(of: UInt64(alignment)) else {
            throw cursor.fail(place, "has its data at \(offset): out of the file or not a multiple of \(alignment)")
        }
        return Tensor(name: name, type: type, dimensions: dimensions, offset: Int(offset), byteCount: byteCount)
    }

    private static func placed(
        _ described: [Tensor], at dataOffset: Int, alignment: Int, _ file: InputFile
    ) throws -> [String: Tensor] {
        var tensors: [String: Tensor] = [:]
        var end = dataOffset
        let inOrder = described.sorted { ($0.offset, $0.byteCount) < ($1.offset, $1.byteCount) }
        let settled = try settlingTwoBitBlocks(
            inOrder, alignment: alignment, room: file.size - dataOffset, path: file.path)
        for tensor in settled {
            let name = tensor.name.forMessage
            let start = dataOffset + tensor.offset
            guard start >= end else { throw FileError(file.path, at: name, "overlaps another tensor") }
            guard start <= file.size, tensor.byteCount <= file.size - start else {
                throw FileError(
                    file.path, at: name,
                    "takes \(tensor.byteCount) bytes from byte \(start) and the file has \(file.size); it is truncated")
            }
            end = start + tensor.byteCount
            let placed = Tensor(
                name: tensor.name, type: tensor.type, dimensions: tensor.dimensions, offset: start, byteCount: tensor.byteCount)
            guard tensors.updateValue(placed, forKey: tensor.name) == nil else {
                throw FileError(file.path, at: name, "appears twice")
            }
        }
        return tensors
    }

    /// The tensor of a name and shape.
    func tensor(_ name: String, dimensions: [Int]) throws -> Tensor {
        guard let tensor = tensors[name] else { throw FileError(path, at: name, "the tensor is missing") }
        guard tensor.dimensions == dimensions else {
            throw FileError(path, at: name, "is \(tensor.dimensions), expected \(dimensions) from the metadata")
        }
        return tensor
    }

    /// The bytes of a tensor.
    func bytes(_ tensor: Tensor) throws -> [UInt8] { try file.bytes(at: tensor.offset, count: tensor.byteCount) }

    /// The same where they lie in a mapped file, if they are aligned as who reads them counts on.
    func numbers(_ tensor: Tensor, alignment: Int) throws -> PackedStorage<UInt8> {
        try file.numbers(at: tensor.offset, count: tensor.byteCount, alignment: alignment)
    }
}
