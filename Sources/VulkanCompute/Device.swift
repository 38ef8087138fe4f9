import CVulkan
import Logging

/// An open device: makes buffers and pipelines, records and runs. Every function may be called from any thread.
public final class Device: Sendable {
    /// What it is and what it can do.
    public let description: DeviceDescription
    /// How long ``run(_:)`` and ``wait(for:)`` ask before they let the thread sleep, in nanoseconds: waking up costs more
    /// than a short recording takes. A software driver needs the processor itself.
    public let spinNanoseconds: Int

    let logical: LogicalDevice
    private let memory: MemoryAllocator
    private let pipelines: PipelineLibrary
    let staging: Staging
    let choices: ChoiceFile?

    /// Opens a device.
    ///
    /// - Parameters:
    ///   - description: which one, with the features that are to be used.
    ///   - logger: told at `debug` and `trace`, and of what had to go another way.
    ///   - validation: whether the validation layers check every call; what they find is thrown by the call that follows.
    ///   - pipelineCacheDirectory: where compiled pipelines are kept; nil keeps none.
    /// - Throws: ``VulkanError/noDevice(_:)``, ``VulkanError/validationLayerMissing`` and what opening it meets.
    public init(
        _ description: DeviceDescription, logger: Logger, validation: Bool = Environment.validation,
        pipelineCacheDirectory: String? = Environment.pipelineCacheDirectory
    ) throws(VulkanError) {
        self.description = description
        spinNanoseconds = description.kind == .software ? 0 : 10_000_000
        logical = try LogicalDevice(description, logger: logger, validation: validation)
        memory = MemoryAllocator(logical)
        pipelines = try PipelineLibrary(logical, cacheDirectory: pipelineCacheDirectory)
        staging = Staging(logical, memory: memory)
        choices = pipelineCacheDirectory.map { ChoiceFile(directory: $0, device: description) }
        try logical.checkValidation()
    }

    deinit { pipelines.cache.save() }

    /// Whether validation layers watch.
    public var isValidating: Bool { logical.instance.isValidating }

    /// Memory that the driver has given us.
    public var usedBytes: MemoryUse { memory.use }

    /// What buffers take of it, as large as the driver wants them.
    public var bufferBytes: MemoryUse { memory.spans }

    /// The most of it that we have had at a time.
    public var peakBytes: MemoryUse { memory.peak }

    /// Throws what the validation layers have found since the last call that threw such.
    public func checkValidation() throws(VulkanError) { try logical.checkValidation() }

    /// A buffer of zeros.
    ///
    /// - Parameters:
    ///   - byteCount: not negative; see below for zero.
    ///   - placement: where it should lie.
    ///   - label: for errors and debug names.
    /// - Throws: ``VulkanError/emptyBuffer(_:)``, ``VulkanError/tooLarge(_:requested:limit:)``, ``VulkanError/outOfDeviceMemory(_:bytes:)``,
    ///   ``VulkanError/outOfHostMemory(_:)``.
    public func makeBuffer(byteCount: Int, memory placement: BufferMemory, label: String) throws(VulkanError) -> Buffer {
        let buffer = try Buffer(byteCount, placement: placement, label: label, memory: memory, on: logical)
        if let contents = buffer.contents, placement != .device || byteCount <= 65536 {
            contents.initializeMemory(as: UInt8.self, repeating: 0)
        } else {
            // The device clears its own memory faster than the host does across a bus.
            try staging.clear(buffer)
        }
        return buffer
    }

    /// A buffer in a part of another one's memory: for contents that are never wanted at the same time. It holds what is there.
    ///
    /// - Parameters:
    ///   - byteCount: at least one.
    ///   - owner: of this device; it lives as long as the new buffer.
    ///   - offset: where the part begins; multiples of ``Buffer/sharedAlignment``, with as much room behind the part, serve on every
    ///     device.
    ///   - label: for errors and debug names.
    public func makeBuffer(byteCount: Int, within owner: Buffer, offset: Int, label: String) throws(VulkanError) -> Buffer {
        try Buffer(byteCount, placement: .device, label: label, memory: memory, on: logical, within: (owner, offset))
    }

    /// A compiled shader; asked for again with the same arguments it is the same object.
    ///
    /// - Parameters:
    ///   - code: the shader, compiled for Vulkan 1.2 (SPIR-V 1.5, where a pipeline's subgroups all have the same size).
    ///   - constants: specialization constants 0, 1, 2, ...
    ///   - bindings: storage buffers at bindings 0, 1, ... of set 0.
    ///   - pushConstantBytes: length of its push-constant block, a multiple of 4; 128 fit on every device.
    ///   - requiredSubgroupSize: one of ``DeviceDescription/subgroupSizeRange``; then subgroups are also full, and the
    ///     workgroup's x size is a multiple of it. Nil leaves it at ``DeviceDescription/subgroupSize``.
    /// - Throws: ``VulkanError/missingFeature(_:)``, ``VulkanError/tooLarge(_:requested:limit:)``, and what compiling meets.
    public func makePipeline(
        _ code: ShaderCode, constants: [UInt32] = [], bindings: Int, pushConstantBytes: Int = 0, requiredSubgroupSize: Int? = nil
    ) throws(VulkanError) -> Pipeline {
        precondition(
            code.bytes.count >= 20 && code.bytes.count.isMultiple(of: 4) && UInt(bitPattern: code.bytes.baseAddress) % 4 == 0
                && code.bytes.load(as: UInt32.self) == 0x0723_0203, "shader \(code.name) is no SPIR-V")
        precondition(bindings >= 0 && pushConstantBytes >= 0 && pushConstantBytes.isMultiple(of: 4), "shader \(code.name): sizes")
        if bindings > description.maxBindings {
            throw .tooLarge("shader \(code.name), storage buffers", requested: bindings, limit: description.maxBindings)
        }
        if pushConstantBytes > description.maxPushConstantBytes {
            let limit = description.maxPushConstantBytes
            throw .tooLarge("shader \(code.name), bytes of push constants", requested: pushConstantBytes, limit: limit)
        }
        if let size = requiredSubgroupSize, size.nonzeroBitCount != 1 || !description.subgroupSizeRange.contains(size) {
            throw .missingFeature(
                "shader \(code.name) needs subgroups of \(size), the device has \(description.subgroupSizeRange)")
        }
        let hasControl = description.features.contains(.subgroupSizeControl)
        let key = PipelineKey(
            name: code.name, codeAddress: UInt(bitPattern: code.bytes.baseAddress), constants: constants, bindings: bindings,
            pushConstantBytes: pushConstantBytes, requiredSubgroupSize: hasControl ? requiredSubgroupSize : nil,
            fullSubgroups: hasControl && requiredSubgroupSize != nil)
        let pipeline = try pipelines.pipeline(key, code: code)
        try logical.checkValidation()
        return pipeline
    }

    /// Writes the compiled pipelines to disk if there are new ones. Closing the device does it as well; a program that ends
    /// otherwise calls it once it has made what it needs. A failure to write is none.
    public func savePipelineCache() { pipelines.cache.save() }

    /// Records commands for running any number of times.
    ///
    /// - Parameters:
    ///   - label: for errors and debug names.
    ///   - body: notes the commands in order.
    public func record(label: String, _ body: (inout Recorder) throws -> Void) throws -> Recording {
        var recorder = Recorder(logical)
        try body(&recorder)
        return try Recording(recorder, label: label, on: logical)
    }

    /// Starts a recording and returns at once. Recordings run in the order of their submission, each seeing what the ones
    /// before it have written.
    ///
    /// - Throws: ``VulkanError/recordingBusy(_:)`` where it has not completed since the last time.
    public func submit(_ recording: Recording) throws(VulkanError) { try recording.submit() }

    /// Waits until a recording has completed.
    public func wait(for recording: Recording) throws(VulkanError) { try recording.wait(spin: spinNanoseconds) }

    /// Starts a recording and waits until it has completed.
    public func run(_ recording: Recording) throws(VulkanError) {
        try recording.submit()
        try recording.wait(spin: spinNanoseconds)
    }
}
