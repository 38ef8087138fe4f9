import Foundation

/// The arrays of an `.npz` file that is not compressed.
struct NumPyArchive {
    private let members: [String: [UInt8]]

    /// What is wrong with a file; those in the repository are right.
    struct Unreadable: Error { let reason: String }

    init(_ path: String) throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        func integer(_ offset: Int, _ width: Int) -> Int { (0..<width).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) } }
        // The directory at the end knows the sizes; the entries themselves may leave them out.
        guard let end = bytes.indices.dropLast(21).last(where: { integer($0, 4) == 0x0605_4B50 }) else {
            throw Unreadable(reason: "\(path) is no zip file")
        }
        var members: [String: [UInt8]] = [:]
        var entry = integer(end + 16, 4)
        for _ in 0..<integer(end + 10, 2) {
            let (method, size, name, extra) = (
                integer(entry + 10, 2), integer(entry + 24, 4), integer(entry + 28, 2), integer(entry + 30, 2)
            )
            guard method == 0 else { throw Unreadable(reason: "\(path) is compressed") }
            let local = integer(entry + 42, 4)
            let data = local + 30 + integer(local + 26, 2) + integer(local + 28, 2)
            members[String(decoding: bytes[entry + 46..<entry + 46 + name], as: UTF8.self)] = Array(bytes[data..<data + size])
            entry += 46 + name + extra + integer(entry + 32, 2)
        }
        self.members = members
    }

    /// The elements of an array in C order, whatever its shape.
    func array<Element: BitwiseCopyable>(_ name: String, as: Element.Type) throws -> [Element] {
        guard let bytes = members[name + ".npy"] else { throw Unreadable(reason: "there is no \(name)") }
        let width = MemoryLayout<Element>.stride
        let kind = String(decoding: bytes[10..<10 + Int(bytes[8]) + Int(bytes[9]) << 8], as: UTF8.self)
        let types = ["Float": "'<f4'", "Int32": "'<i4'", "Bool": "'|b1'"]
        guard let type = types["\(Element.self)"], kind.contains(type) else { throw Unreadable(reason: "\(name) is \(kind)") }
        return bytes.withUnsafeBytes { raw in
            let first = 10 + Int(raw[8]) + Int(raw[9]) << 8
            return (0..<(raw.count - first) / width).map {
                raw.loadUnaligned(fromByteOffset: first + $0 * width, as: Element.self)
            }
        }
    }
}
