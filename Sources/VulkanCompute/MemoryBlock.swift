import CVulkan

/// One allocation of the driver's, mapped for its whole life where the host may use it.
///
/// `@unchecked Sendable`: the handle and the address never change; who owns which bytes is the allocator's business.
final class MemoryBlock: @unchecked Sendable {
    let memory: cvk_memory
    let address: UnsafeMutableRawPointer?
    let byteCount: Int
    let type: Int
    private let device: LogicalDevice

    init(_ byteCount: Int, type: Int, mapped: Bool, on device: LogicalDevice, for label: String) throws(VulkanError) {
        var allocated = cvk_memory(value: 0)
        let addressable = device.description.features.contains(.bufferDeviceAddress)
        let result = cvk_memory_allocate(device.handle, UInt64(byteCount), UInt32(type), addressable, &allocated)
        try VulkanError.check(result, "vkAllocateMemory", label, bytes: byteCount)
        var mapping: UnsafeMutableRawPointer?
        if mapped {
            let result = cvk_memory_map(device.handle, allocated, &mapping)
            if result < 0 || mapping == nil {
                cvk_memory_free(device.handle, allocated)
                throw .outOfHostMemory("mapping \(byteCount) bytes for \(label)")
            }
        }
        memory = allocated
        address = mapping
        self.byteCount = byteCount
        self.type = type
        self.device = device
    }

    deinit { cvk_memory_free(device.handle, memory) }
}

/// A part of a block, owned by one buffer.
struct MemorySpan {
    let block: MemoryBlock
    let range: Range<Int>
    /// Whether the block has this one tenant only.
    let isDedicated: Bool
    var address: UnsafeMutableRawPointer? { block.address.map { $0 + range.lowerBound } }

    /// A part of it for another buffer.
    func part(_ offset: Int, _ byteCount: Int, alignment: Int, types: UInt32, label: String) throws(VulkanError) -> MemorySpan {
        let first = range.lowerBound + offset
        guard first.isMultiple(of: alignment), byteCount <= range.count - offset, types >> UInt32(block.type) & 1 == 1 else {
            throw .missingFeature("buffer \(label) cannot lie in another's memory")
        }
        return MemorySpan(block: block, range: first..<first + byteCount, isDedicated: false)
    }
}
