import Glibc
import Testing

@testable import VulkanCompute

@Suite("The pipeline cache on disk", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver"))
struct PipelineCacheTests {
    private let description: DeviceDescription

    init() throws { description = try #require(TestDevice.description) }

    /// A directory of the test's own, removed with all it holds.
    private func withDirectory(_ body: (String) throws -> Void) throws {
        var template = Array("/tmp/vkternary-test-XXXXXX".utf8CString)
        let made = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer { remove(made) }
        try body(made)
    }

    private func remove(_ directory: String) {
        for name in names(in: directory) {
            remove("\(directory)/\(name)")
            unlink("\(directory)/\(name)")
        }
        rmdir(directory)
    }

    private func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    private func compile(_ cache: String) throws {
        let device = try TestDevice.open(cache: cache)
        _ = try device.scale(factor: 21)
        device.savePipelineCache()
    }

    /// What a driver might store: Vulkan's header and then its own bytes (lavapipe stores the header alone).
    private var driverData: [UInt8] {
        let words = [32, 1, UInt32(description.vendorID), UInt32(description.deviceID)]
        return words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
            + description.pipelineCacheUUID
            + (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
    }

    private func overwrite(_ path: String, _ change: (inout [UInt8]) -> Void) throws {
        let read = try #require(fopen(path, "r"))
        var bytes = [UInt8](repeating: 0, count: 1 << 22)
        bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, read))
        fclose(read)
        change(&bytes)
        let write = try #require(fopen(path, "w"))
        #expect(fwrite(bytes, 1, bytes.count, write) == bytes.count)
        fclose(write)
    }

    @Test("is written under directories it makes itself, and read again")
    func reused() throws {
        try withDirectory { directory in
            let cache = "\(directory)/a/b"
            try compile(cache)
            let file = PipelineCacheFile(directory: cache, device: description)
            let data = try #require(file.read())
            #expect(names(in: cache).count == 1, "no temporary file stays behind")
            try compile(cache)
            #expect(file.read() == data)
        }
    }

    @Test("is saved when the device is closed")
    func savedAtTheEnd() throws {
        try withDirectory { directory in
            do { _ = try TestDevice.open(cache: directory).scale(factor: 22) }
            #expect(PipelineCacheFile(directory: directory, device: description).read() != nil)
        }
    }

    @Test(
        "is ignored where it is damaged, and then replaced", arguments: ["empty", "short", "flipped", "longer", "magic", "text"])
    func damaged(how: String) throws {
        try withDirectory { directory in
            let file = PipelineCacheFile(directory: directory, device: description)
            #expect(file.write(driverData))
            #expect(file.read() == driverData)
            try overwrite(file.path) { bytes in
                switch how {
                case "empty": bytes = []
                case "short": bytes.removeLast(1)
                case "flipped": bytes[bytes.count - 1] ^= 1
                case "longer": bytes.append(0)
                case "magic": bytes[0] ^= 1
                default: bytes = Array("not a cache at all, but long enough to hold a header".utf8)
                }
            }
            #expect(file.read() == nil)
            try compile(directory)
            #expect(file.read() != nil)
        }
    }

    @Test("is ignored where another device or driver has written it")
    func foreign() throws {
        try withDirectory { directory in
            let changes: [(inout DeviceDescription) -> Void] = [
                { $0.vendorID += 1 }, { $0.deviceID += 1 }, { $0.driverVersion += 1 }, { $0.pipelineCacheUUID[3] ^= 1 },
            ]
            for (number, change) in changes.enumerated() {
                var other = description
                change(&other)
                let theirs = PipelineCacheFile(directory: directory, device: other)
                // Their header around our data, except that the driver's version stands in the header itself.
                #expect((number == 2 ? PipelineCacheFile(directory: directory, device: description) : theirs).write(driverData))
                #expect(theirs.read() == nil, "change \(number)")
            }
        }
    }

    @Test("does without a directory that cannot be written")
    func unwritable() throws {
        let device = try TestDevice.open(cache: "/proc/nothing/here")
        _ = try device.scale(factor: 23)
        device.savePipelineCache()
    }

    @Test("a pipeline is made once for the same arguments")
    func memoised() throws {
        let device = try TestDevice.shared()
        #expect(try device.scale(factor: 2) === device.scale(factor: 2))
        #expect(try device.scale(factor: 2) !== device.scale(factor: 3))
    }
}
