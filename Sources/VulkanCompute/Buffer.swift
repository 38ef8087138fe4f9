import CVulkan

/// Storage that shaders read and write; freed with its last reference.
///
/// `@unchecked Sendable`: the handle and the address never change. Who writes the contents when is up to the caller, as with
/// any memory: the host keeps off while a recording that uses it runs.
public final class Buffer: @unchecked Sendable {
    /// What errors and debug names call it.
    public let label: String
    /// Its size as asked for, in bytes.
    public let byteCount: Int
    /// Its bytes as the host sees them, `byteCount` of them; nil where it is not mapped.
    public let contents: UnsafeMutableRawBufferPointer?
    /// Where shaders find it; nil without ``DeviceFeatures/bufferDeviceAddress``.
    public let deviceAddress: UInt64?

    let handle: cvk_buffer
    let device: LogicalDevice
    /// What Vulkan knows as the size: whole 16-byte vectors, so that a shader may read the last one.
    let paddedByteCount: Int
    let isHostCached: Bool
    private let memory: MemoryAllocator
    private let span: MemorySpan
    /// Whose memory this is a part of; nil where it has its own.
    private let owner: Buffer?

    /// - Parameter owner: where this buffer's memory is to be a part of another's, which one and from which byte on.
    /// - Throws: also ``VulkanError/missingFeature(_:)`` where the driver wants memory that the owner does not have there.
    init(
        _ byteCount: Int, placement: BufferMemory, label: String, memory: MemoryAllocator, on device: LogicalDevice,
        within owner: (buffer: Buffer, offset: Int)? = nil
    ) throws(VulkanError) {
        precondition(byteCount >= 0, "buffer \(label): \(byteCount) bytes")
        let limit = device.description.maxBufferBytes
        if byteCount == 0 { throw .emptyBuffer(label) }
        if byteCount > limit - 16 { throw .tooLarge("buffer \(label), bytes", requested: byteCount, limit: limit) }
        let padded = byteCount.roundedUp(to: 16)
        let addressable = device.description.features.contains(.bufferDeviceAddress)
        var created = cvk_buffer(value: 0)
        var needed: UInt64 = 0
        var alignment: UInt64 = 0
        var types: UInt32 = 0
        let result = cvk_buffer_create(device.handle, UInt64(padded), addressable, &created, &needed, &alignment, &types)
        try VulkanError.check(result, "vkCreateBuffer", "buffer \(label)", bytes: byteCount)
        let span: MemorySpan
        do throws(VulkanError) {
            let (size, multiple) = (Int(clamping: needed), max(1, Int(clamping: alignment)))
            if let owner {
                span = try owner.buffer.span.part(owner.offset, size, alignment: multiple, types: types, label: label)
            } else {
                span = try memory.allocate(size, alignment: multiple, types: types, placement: placement, label: label)
            }
        } catch {
            cvk_buffer_destroy(device.handle, created)
            throw error
        }
        let bound = cvk_buffer_bind(device.handle, created, span.block.memory, UInt64(span.range.lowerBound))
        if bound < 0 {
            cvk_buffer_destroy(device.handle, created)
            if owner == nil { memory.release(span) }
            try VulkanError.check(bound, "vkBindBufferMemory", "buffer \(label)", bytes: byteCount)
        }
        cvk_name_buffer(device.handle, created, label)
        handle = created
        self.label = label
        self.byteCount = byteCount
        self.device = device
        self.memory = memory
        self.span = span
        self.owner = owner?.buffer
        paddedByteCount = padded
        contents = span.address.map { UnsafeMutableRawBufferPointer(start: $0, count: byteCount) }
        deviceAddress = addressable ? cvk_buffer_address(device.handle, created) : nil
        isHostCached = device.description.isHostCached(type: span.block.type)
    }

    deinit {
        cvk_buffer_destroy(device.handle, handle)
        if owner == nil { memory.release(span) }
    }

    /// What parts of a buffer's memory that are buffers themselves are to be aligned to; no driver is known to want more.
    public static let sharedAlignment = 65536

    /// All of it.
    public var all: BufferSlice { BufferSlice(self) }

    /// A part of it.
    ///
    /// - Parameters:
    ///   - offset: in bytes; bindings want multiples of ``DeviceDescription/storageOffsetAlignment`` (256 serves everywhere).
    ///   - byteCount: at least one.
    public func slice(offset: Int, byteCount: Int) -> BufferSlice { BufferSlice(self, offset: offset, byteCount: byteCount) }
}

/// A part of a buffer: what a binding sees, what a copy reads or writes.
public struct BufferSlice: Sendable {
    /// Whose part it is.
    public let buffer: Buffer
    /// Where it begins, in bytes.
    public let offset: Int
    /// Its length in bytes.
    public let byteCount: Int

    /// All of a buffer.
    public init(_ buffer: Buffer) {
        self.init(buffer, offset: 0, byteCount: buffer.byteCount)
    }

    /// A part of a buffer, which it must lie within; see ``Buffer/slice(offset:byteCount:)``.
    public init(_ buffer: Buffer, offset: Int, byteCount: Int) {
        precondition(
            offset >= 0 && byteCount > 0 && offset <= buffer.byteCount - byteCount,
            "bytes \(offset)..+\(byteCount) do not lie in buffer \(buffer.label) of \(buffer.byteCount)")
        self.buffer = buffer
        self.offset = offset
        self.byteCount = byteCount
    }

    /// What a binding spans: an odd tail is filled up, so that shaders see whole words.
    var paddedByteCount: Int { min(byteCount.roundedUp(to: 16), buffer.paddedByteCount - offset) }
}
