import CVulkan

/// Where a buffer should lie.
public enum BufferMemory: Sendable, Hashable {
    /// In the device's own memory: weights, activations. The host can map it only where the device allows that.
    case device
    /// In host memory that the device reads: inputs.
    case upload
    /// In host memory that the host reads fast: results.
    case readback
}

extension DeviceDescription {
    /// The memory types that serve, best first.
    func memoryTypes(for placement: BufferMemory) -> [Int] {
        let local = CVK_MEMORY_DEVICE_LOCAL
        let mappable = CVK_MEMORY_HOST_VISIBLE | CVK_MEMORY_HOST_COHERENT
        let cached = CVK_MEMORY_HOST_CACHED
        let required = placement == .device ? local : mappable
        func rank(_ type: Int) -> Int {
            let flags = memoryTypes[type].flags
            switch placement {
            case .device:
                let prefersMapping = features.contains(.hostVisibleDeviceMemory)
                let isMappable = flags & mappable == mappable && heaps[memoryTypes[type].heap].byteCount >= deviceLocalBytes
                return isMappable == prefersMapping ? 0 : 1
            case .upload: return flags & local == 0 ? 0 : 1
            case .readback: return (flags & cached == 0 ? 2 : 0) + (flags & local == 0 ? 0 : 1)
            }
        }
        // Flags beyond these four mark protected, lazily backed or deliberately uncached memory.
        let plain = local | mappable | cached
        return memoryTypes.indices.filter { memoryTypes[$0].flags & required == required && memoryTypes[$0].flags & ~plain == 0 }
            .sorted { (rank($0), $0) < (rank($1), $1) }
    }

    /// Whether buffers placed so take the device's own memory: always where it has no other.
    public func isDeviceLocal(_ placement: BufferMemory) -> Bool {
        memoryTypes(for: placement).first.map { heaps[memoryTypes[$0].heap].isDeviceLocal } ?? false
    }

    /// Bytes of the device's own memory that copies to and from it may take: none where the host maps that memory.
    public var stagingDeviceBytes: Int {
        if features.contains(.hostVisibleDeviceMemory) { return 0 }
        return [BufferMemory.upload, .readback].filter(isDeviceLocal).count * Staging.bytesEachWay
    }

    /// Whether memory of this type is mapped.
    func isMapped(type: Int, placement: BufferMemory) -> Bool {
        let mappable = CVK_MEMORY_HOST_VISIBLE | CVK_MEMORY_HOST_COHERENT
        return memoryTypes[type].flags & mappable == mappable
            && (placement != .device || features.contains(.hostVisibleDeviceMemory))
    }

    /// Whether the host reads memory of this type at full speed.
    func isHostCached(type: Int) -> Bool { memoryTypes[type].flags & CVK_MEMORY_HOST_CACHED != 0 }
}
