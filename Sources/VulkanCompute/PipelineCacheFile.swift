/// A pipeline cache on disk: 32 bytes of ours, then the driver's own data, which begins with Vulkan's header.
///
/// | bytes | what |
/// | --- | --- |
/// | 0..<8 | `vktpipe1` |
/// | 8..<16 | length of the driver's data, little-endian |
/// | 16..<24 | FNV-1a of the driver's data, little-endian |
/// | 24..<32 | the driver's version, little-endian |
///
/// Drivers differ in how well they bear a truncated or foreign cache, so none is shown to them.
struct PipelineCacheFile {
    private static let magic: [UInt8] = Array("vktpipe1".utf8)
    private static let headerBytes = 32
    private static let largest = 256 << 20

    let path: String
    private let directory: String
    private let device: DeviceDescription

    init(directory: String, device: DeviceDescription) {
        self.directory = directory
        self.device = device
        path = "\(directory)/pipelines-\(Self.hex(device.deviceUUID))-\(Self.hex(device.pipelineCacheUUID)).bin"
    }

    /// The driver's data; nil where the file is missing, damaged or another device's.
    func read() -> [UInt8]? {
        guard let file = CacheFile(directory: directory, path: path).read(atMost: Self.largest), file.count > Self.headerBytes,
            Array(file[..<8]) == Self.magic
        else { return nil }
        let data = Array(file[Self.headerBytes...])
        guard
            Self.number(file, at: 8) == UInt64(data.count), Self.number(file, at: 16) == fnv1a(data),
            Self.number(file, at: 24) == UInt64(device.driverVersion), belongsToDevice(data)
        else { return nil }
        return data
    }

    /// Whether it was written: under another name first, so that no reader sees half of it.
    func write(_ data: [UInt8]) -> Bool {
        let header = [UInt64(data.count), fnv1a(data), UInt64(device.driverVersion)]
        let bytes = Self.magic + header.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } } + data
        return CacheFile(directory: directory, path: path).write(bytes)
    }

    /// VkPipelineCacheHeaderVersionOne: length 32, version 1, vendor, device, UUID.
    private func belongsToDevice(_ data: [UInt8]) -> Bool {
        guard data.count >= 32 else { return false }
        func word(_ offset: Int) -> Int { Int(Self.number(data, at: offset) & 0xffff_ffff) }
        return word(0) == 32 && word(4) == 1 && word(8) == device.vendorID && word(12) == device.deviceID
            && Array(data[16..<32]) == device.pipelineCacheUUID
    }

    private static func number(_ bytes: [UInt8], at offset: Int) -> UInt64 {
        (0..<8).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
