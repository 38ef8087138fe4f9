import CVulkan

/// How much memory the driver has given us, blocks that are only partly used included.
public struct MemoryUse: Sendable, Equatable {
    /// Bytes in heaps that belong to the device.
    public var device = 0
    /// Bytes in heaps of the host.
    public var host = 0
    /// Those of the host's that lie in files which are mapped, and which other processes may share.
    public var mapped = 0

    /// So many bytes of each.
    public init(device: Int = 0, host: Int = 0, mapped: Int = 0) {
        self.device = device
        self.mapped = mapped
        self.host = host
    }
}

/// Hands out device memory: small buffers share blocks, large ones get an allocation of their own.
///
/// Only coherent types are mapped (Vulkan promises that there is one), so nothing needs flushing and nonCoherentAtomSize
/// does not matter.
final class MemoryAllocator: Sendable {
    private struct SharedBlock {
        let block: MemoryBlock
        var free: FreeList
    }

    private struct Kind: Hashable {
        var type: Int
        var isMapped: Bool
    }

    private struct State {
        var blocks: [Kind: [SharedBlock]] = [:]
        var heapBytes = [Int](repeating: 0, count: 16)
        var peakBytes = [Int](repeating: 0, count: 16)
        var spanBytes = [Int](repeating: 0, count: 16)
    }

    private static let firstBlockBytes = 4 << 20
    private static let largestBlockBytes = 64 << 20

    private let device: LogicalDevice
    private let state = Lock(State())

    init(_ device: LogicalDevice) { self.device = device }

    var use: MemoryUse { sum(state.withLock { $0.heapBytes }) }

    /// The most that each heap has given at a time.
    var peak: MemoryUse { sum(state.withLock { $0.peakBytes }) }

    /// What buffers take of it.
    var spans: MemoryUse { sum(state.withLock { $0.spanBytes }) }

    private func sum(_ bytes: [Int]) -> MemoryUse {
        var use = MemoryUse()
        for (heap, bytes) in zip(device.description.heaps, bytes) {
            if heap.isDeviceLocal { use.device += bytes } else { use.host += bytes }
        }
        return use
    }

    /// Memory for one buffer.
    ///
    /// - Parameters:
    ///   - byteCount: what vkGetBufferMemoryRequirements wants, as are the next two.
    ///   - alignment: a power of two.
    ///   - types: a bit for each usable memory type.
    ///   - placement: where it should be.
    ///   - label: whose memory it is, for errors.
    func allocate(
        _ byteCount: Int, alignment: Int, types: UInt32, placement: BufferMemory, label: String
    ) throws(VulkanError) -> MemorySpan {
        let limit = device.description.maxAllocationBytes
        if byteCount > limit { throw .tooLarge("buffer \(label), bytes", requested: byteCount, limit: limit) }
        let candidates = device.description.memoryTypes(for: placement).filter { types >> UInt32($0) & 1 == 1 }
        guard !candidates.isEmpty else { throw .missingFeature("no memory type for buffer \(label) (\(placement))") }
        var failure = VulkanError.outOfDeviceMemory("buffer \(label)", bytes: byteCount)
        for type in candidates {
            let mapped = device.description.isMapped(type: type, placement: placement)
            do throws(VulkanError) {
                return try state.withLock { (state) throws(VulkanError) in
                    let span = try take(byteCount, alignment, Kind(type: type, isMapped: mapped), label, &state)
                    state.spanBytes[device.description.memoryTypes[type].heap] += byteCount
                    return span
                }
            } catch {
                // Another type may lie in another heap; any other failure would repeat itself.
                switch error {
                case .outOfDeviceMemory, .outOfHostMemory: failure = error
                default: throw error
                }
            }
        }
        throw failure
    }

    private func take(
        _ byteCount: Int, _ alignment: Int, _ kind: Kind, _ label: String, _ state: inout State
    ) throws(VulkanError) -> MemorySpan {
        var blocks = state.blocks[kind] ?? []
        for index in blocks.indices {
            guard let offset = blocks[index].free.take(byteCount, alignment: alignment) else { continue }
            state.blocks[kind] = blocks
            return MemorySpan(block: blocks[index].block, range: offset..<offset + byteCount, isDedicated: false)
        }
        let heap = device.description.memoryTypes[kind.type].heap
        let last = blocks.last?.block.byteCount ?? Self.firstBlockBytes / 2
        let heapShare = max(1 << 20, device.description.heaps[heap].byteCount / 16)
        let blockBytes = min(last * 2, Self.largestBlockBytes, heapShare, device.description.maxAllocationBytes)
        if byteCount > blockBytes / 2 {
            let block = try newBlock(byteCount, kind, heap, label, &state)
            return MemorySpan(block: block, range: 0..<byteCount, isDedicated: true)
        }
        var shared = SharedBlock(
            block: try newBlock(blockBytes, kind, heap, label, &state), free: FreeList(byteCount: blockBytes))
        guard let offset = shared.free.take(byteCount, alignment: alignment) else { preconditionFailure("a fresh block is free") }
        blocks.append(shared)
        state.blocks[kind] = blocks
        return MemorySpan(block: shared.block, range: offset..<offset + byteCount, isDedicated: false)
    }

    /// Asks the driver, unless the heap is known to be too full: some drivers would promise the memory and then be killed using it.
    private func newBlock(
        _ byteCount: Int, _ kind: Kind, _ heap: Int, _ label: String, _ state: inout State
    ) throws(VulkanError) -> MemoryBlock {
        var left = device.description.heaps[heap].byteCount - state.heapBytes[heap]
        if let budget = budget() { left = min(left, budget[heap]) }
        if byteCount > left {
            if device.description.heaps[heap].isDeviceLocal { throw .outOfDeviceMemory("buffer \(label)", bytes: byteCount) }
            throw .outOfHostMemory("buffer \(label) needs \(byteCount) bytes")
        }
        let block = try MemoryBlock(byteCount, type: kind.type, mapped: kind.isMapped, on: device, for: "buffer \(label)")
        state.heapBytes[heap] += byteCount
        state.peakBytes[heap] = max(state.peakBytes[heap], state.heapBytes[heap])
        return block
    }

    /// Bytes left in each heap, after what other programs use; nil where the driver does not tell.
    func budget() -> [Int]? {
        guard device.description.features.contains(.memoryBudget) else { return nil }
        var budget = [UInt64](repeating: 0, count: 16)
        var usage = budget
        guard cvk_device_memory_budget(device.handle, &budget, &usage) else { return nil }
        return zip(budget, usage).map { Int(clamping: $0 > $1 ? $0 - $1 : 0) }
    }

    /// Takes a span back; a block without tenants goes back to the driver unless it is the first of its kind.
    func release(_ span: MemorySpan) {
        let heap = device.description.memoryTypes[span.block.type].heap
        state.withLock { state in
            state.spanBytes[heap] -= span.range.count
            if span.isDedicated {
                state.heapBytes[heap] -= span.block.byteCount
                return
            }
            let kind = Kind(type: span.block.type, isMapped: span.block.address != nil)
            guard let index = state.blocks[kind]?.firstIndex(where: { $0.block === span.block }) else { return }
            state.blocks[kind]?[index].free.give(span.range)
            if index > 0, state.blocks[kind]?[index].free.ranges == [0..<span.block.byteCount] {
                state.blocks[kind]?.remove(at: index)
                state.heapBytes[heap] -= span.block.byteCount
            }
        }
    }
}
