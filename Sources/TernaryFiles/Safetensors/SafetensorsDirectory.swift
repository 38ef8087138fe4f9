import Glibc
import TernaryCore

/// All tensors of a directory's safetensors files.
///
/// With a `model.safetensors.index.json` the files it names, and each tensor from the file it names for it; else every
/// `*.safetensors`, in which case no tensor may be in two of them.
struct SafetensorsDirectory: Sendable {
    /// Where a tensor lies.
    struct Entry: Sendable {
        let file: InputFile
        let tensor: SafetensorsHeader.Tensor
    }

    /// The index's name.
    static let indexName = "model.safetensors.index.json"
    /// An index of more bytes is refused.
    static let longestIndex = 64 << 20

    /// The directory.
    let path: String
    /// By name.
    let tensors: [String: Entry]

    /// - Parameter maps: whether `numbers` of the files are to be had where they lie.
    init(_ path: String, maps: Bool = false) throws {
        self.path = path
        let indexPath = "\(path)/\(Self.indexName)"
        if PathKind(indexPath) != .nothing {
            tensors = try Self.indexed(path, indexPath, maps: maps)
            return
        }
        let names = try Self.names(in: path).filter { $0.hasSuffix(".safetensors") }.sorted()
        guard !names.isEmpty else {
            let pickled = try Self.names(in: path).contains { $0.hasSuffix(".bin") }
            throw FileError(path, "holds no *.safetensors file" + (pickled ? "; pickled checkpoints (*.bin) are not read" : ""))
        }
        var tensors: [String: Entry] = [:]
        for name in names {
            let file = try InputFile("\(path)/\(name)", maps: maps)
            for tensor in try SafetensorsHeader(file).tensors {
                if let other = tensors.updateValue(Entry(file: file, tensor: tensor), forKey: tensor.name) {
                    throw FileError(file.path, at: tensor.name.forMessage, "is in \(other.file.path) as well")
                }
            }
        }
        self.tensors = tensors
    }

    private static func indexed(_ path: String, _ indexPath: String, maps: Bool) throws -> [String: Entry] {
        let text = try InputFile.contents(of: indexPath, limit: longestIndex)
        let index: JSON
        do { index = try JSON(parsing: text) } catch { throw FileError(indexPath, "\(error)") }
        guard let map = index["weight_map"]?.object else { throw FileError(indexPath, "has no weight_map") }
        var files: [String: [String: Entry]] = [:]
        var tensors: [String: Entry] = [:]
        for member in map {
            let name = String(decoding: member.key, as: UTF8.self)
            guard let fileName = member.value.string, fileName.hasSuffix(".safetensors"), !fileName.contains("/"),
                !fileName.contains("\0")
            else { throw FileError(indexPath, at: name.forMessage, "is not mapped to a *.safetensors file of this directory") }
            if files[fileName] == nil {
                let file = try InputFile("\(path)/\(fileName)", maps: maps)
                let entries = try SafetensorsHeader(file).tensors.map { ($0.name, Entry(file: file, tensor: $0)) }
                files[fileName] = Dictionary(entries) { first, _ in first }
            }
            guard let entry = files[fileName]?[name] else {
                throw FileError(indexPath, at: name.forMessage, "is not in \(fileName), to which it is mapped")
            }
            guard tensors.updateValue(entry, forKey: name) == nil else {
                throw FileError(indexPath, at: name.forMessage, "appears twice")
            }
        }
        for (_, entries) in files {
            for (name, entry) in entries where tensors[name] == nil {
                throw FileError(entry.file.path, at: name.forMessage, "is not in \(indexName)")
            }
        }
        return tensors
    }

    private static func names(in path: String) throws -> [String] {
        guard let directory = opendir(path) else { throw FileError(path, "cannot be listed: \(InputFile.lastError())") }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names
    }

    /// The entry of a tensor that must be there, of this shape and a type we read.
    func entry(_ name: String, shape: [Int]) throws -> (Entry, FloatElement) {
        guard let entry = tensors[name] else { throw FileError(path, at: name, "the tensor is missing") }
        guard entry.tensor.shape == shape else {
            throw FileError(entry.file.path, at: name, "is \(entry.tensor.shape), expected \(shape) from config.json")
        }
        let element: FloatElement
        switch entry.tensor.type {
        case "F32": element = .float32
        case "F16": element = .float16
        case "BF16": element = .bfloat16
        default: throw FileError(entry.file.path, at: name, "is \(entry.tensor.type); F32, F16 and BF16 are read")
        }
        return (entry, element)
    }

    /// A vector, widened and settled.
    func vector(_ name: String, shape: [Int]) throws -> [Float] {
        let (entry, element) = try entry(name, shape: shape)
        let bytes = try entry.file.bytes(at: entry.tensor.offset, count: entry.tensor.byteCount)
        return try bytes.withUnsafeBytes { bytes in
            if let index = element.firstNonFinite(bytes) {
                throw FileError(entry.file.path, at: name, "element \(index) is not a finite number")
            }
            return element.widen(bytes).map(Exact.settle)
        }
    }

    /// Ternarises a matrix; only its bytes are held meanwhile.
    func matrices(_ name: String, rows: Int, columns: Int, parts: Int = 1) throws -> [TernaryMatrix] {
        let (entry, element) = try entry(name, shape: [rows, columns])
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: entry.tensor.byteCount, alignment: 64)
        defer { bytes.deallocate() }
        try entry.file.read(into: bytes, at: entry.tensor.offset)
        do {
            return try Ternarizer.ternarize(UnsafeRawBufferPointer(bytes), element, rows: rows, columns: columns, parts: parts)
        } catch .notFinite(let index) {
            throw FileError(entry.file.path, at: name, "element \(index) is not a finite number")
        } catch .scaleTooLarge(let scale) {
            throw FileError(entry.file.path, at: name, "the mean magnitude of its weights is \(scale), above 2^50")
        }
    }

    /// An embedding, in the narrowest type that holds every value exactly.
    func embedding(_ name: String, rows: Int, columns: Int) throws -> EmbeddingTable {
        let (entry, element) = try entry(name, shape: [rows, columns])
        let bytes = try bytes(of: entry, element)
        do {
            return try EmbeddingTable(narrowing: bytes, element, rows: rows, columns: columns)
        } catch let error as NonFiniteElement {
            throw FileError(entry.file.path, at: name, "element \(error.index) is not a finite number")
        }
    }
}
