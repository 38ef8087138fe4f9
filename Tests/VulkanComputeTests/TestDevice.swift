import Logging
import Testing

@testable import VulkanCompute

/// The device that most tests share; software will do. Sharing it shares its pipelines, whose compilation is what takes time.
enum TestDevice {
    static let description: DeviceDescription? = {
        do {
            let devices = try Vulkan.devices().filter { $0.unusable == nil }
            if devices.isEmpty { print("skipping tests that need a Vulkan device: none can run") }
            return devices.first
        } catch {
            print("skipping tests that need a Vulkan device: \(error)")
            return nil
        }
    }()

    static var isPresent: Bool { description != nil }

    /// Whether the validation layer can be loaded.
    static let canValidate: Bool = {
        guard description != nil else { return false }
        do {
            _ = try Instance(loader: Environment.loader, validation: true)
            return true
        } catch {
            print("skipping tests that need validation: \(error)")
            return false
        }
    }()

    private static let opened = Result { try open() }

    static func shared() throws -> Device { try opened.get() }

    /// A device of one's own: what it hides, whether it validates and where it caches pipelines is the test's business.
    static func open(
        disabling features: [DisabledFeature] = [], validation: Bool = Environment.validation, cache: String? = nil
    ) throws -> Device {
        var description = try #require(description)
        for feature in features { description = description.disabling(feature) }
        return try Device(description, logger: Logger(label: "test"), validation: validation, pipelineCacheDirectory: cache)
    }
}

extension Device {
    func scale(factor: UInt32 = 1, workgroupSize: UInt32 = 64) throws -> Pipeline {
        try makePipeline(ScaleShader.code, constants: [workgroupSize, factor], bindings: 2, pushConstantBytes: 8)
    }

    func buffer(_ words: [UInt32], _ label: String, memory: BufferMemory = .device) throws -> Buffer {
        let buffer = try makeBuffer(byteCount: 4 * words.count, memory: memory, label: label)
        try upload(words, to: buffer)
        return buffer
    }

    func words(_ buffer: Buffer) throws -> [UInt32] { try download(UInt32.self, count: buffer.byteCount / 4, from: buffer) }
}

extension Recorder {
    /// `y = factor * x + offset`
    mutating func scale(_ pipeline: Pipeline, from x: BufferSlice, to y: BufferSlice, offset: UInt32 = 0) throws {
        let count = UInt32(x.byteCount / 4)
        try dispatch(
            pipeline, buffers: [x, y], push: ScaleShader.Params(count: count, offset: offset),
            workgroups: Workgroups(Int(count + 63) / 64))
    }
}
