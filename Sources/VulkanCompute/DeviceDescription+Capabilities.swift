import CVulkan

extension DeviceDescription {
    /// Swift's view of what the shim has read, and the judgements that follow from it.
    init(index: Int, loader: String, capabilities: cvk_capabilities) {
        self.index = index
        self.loader = loader
        name = Self.text(capabilities.name)
        kind =
            switch capabilities.type {
            case 1: .integrated
            case 2: .discrete
            case 3: .virtual
            case 4: .software
            default: .other
            }
        vendorID = Int(capabilities.vendor_id)
        deviceID = Int(capabilities.device_id)
        driverName = Self.text(capabilities.driver_name)
        driverInfo = Self.text(capabilities.driver_info)
        let version = capabilities.api_version
        apiVersion = (Int(version >> 22 & 0x7f), Int(version >> 12 & 0x3ff), Int(version & 0xfff))
        driverVersion = Int(capabilities.driver_version)
        deviceUUID = Self.bytes(of: capabilities.device_uuid)
        driverUUID = Self.bytes(of: capabilities.driver_uuid)
        pipelineCacheUUID = Self.bytes(of: capabilities.pipeline_cache_uuid)
        features = DeviceFeatures(rawValue: capabilities.features)
        subgroupSize = Int(capabilities.subgroup_size)
        let least = Int(capabilities.min_subgroup_size)
        controlledSubgroupSizes = least...max(least, Int(capabilities.max_subgroup_size))
        sharedMemoryBytes = Int(capabilities.shared_memory_bytes)
        maxWorkgroupInvocations = Int(capabilities.max_workgroup_invocations)
        let size = capabilities.max_workgroup_size
        maxWorkgroupSize = (Int(size.0), Int(size.1), Int(size.2))
        let count = capabilities.max_workgroup_count
        maxWorkgroupCount = (Int(count.0), Int(count.1), Int(count.2))
        maxPushConstantBytes = Int(capabilities.max_push_constant_bytes)
        maxBindings = Int(capabilities.max_stage_storage_buffers)
        maxStorageRange = Int(clamping: capabilities.max_storage_range)
        storageOffsetAlignment = max(1, Int(clamping: capabilities.min_storage_offset_alignment))
        maxAllocationBytes = Int(clamping: capabilities.max_allocation_bytes)
        // A buffer has one allocation behind it, so that limit holds for it as well.
        maxBufferBytes = min(Int(clamping: capabilities.max_buffer_bytes), maxAllocationBytes)
        timestampPeriod = Double(capabilities.timestamp_period)
        timestampMask = capabilities.timestamp_valid_bits >= 64 ? .max : (1 << UInt64(capabilities.timestamp_valid_bits)) - 1
        readMemory(capabilities)
        readCooperativeMatrices(capabilities)
        unusable =
            if apiVersion < (1, 2, 0) {
                "it has Vulkan \(apiVersion.major).\(apiVersion.minor), 1.2 is needed; update the driver"
            } else if capabilities.queue_family < 0 {
                "it has no queue that computes"
            } else {
                nil
            }
    }

    private mutating func readMemory(_ capabilities: cvk_capabilities) {
        let heapCount = Int(min(capabilities.heap_count, 16))
        heaps = withUnsafeBytes(of: capabilities.heaps) { bytes in
            bytes.bindMemory(to: cvk_heap.self).prefix(heapCount).map {
                Heap(
                    byteCount: Int(clamping: $0.bytes), isDeviceLocal: $0.device_local,
                    freeBytes: Int(clamping: min($0.bytes, $0.free_bytes)))
            }
        }
        let typeCount = Int(min(capabilities.memory_type_count, 32))
        memoryTypes = withUnsafeBytes(of: capabilities.memory_types) { bytes in
            bytes.bindMemory(to: cvk_memory_type.self).prefix(typeCount).map {
                MemoryType(flags: Int($0.flags), heap: Int($0.heap))
            }
        }
        memoryTypes = memoryTypes.map { $0.heap < heapCount ? $0 : MemoryType(flags: 0, heap: 0) }
        deviceLocalBytes = heaps.filter(\.isDeviceLocal).map(\.byteCount).max() ?? 0
        // A window of 256 MiB into a card's memory is host-visible as well, but no home for weights: the mappable heap must be
        // the large one.
        let wanted = CVK_MEMORY_DEVICE_LOCAL | CVK_MEMORY_HOST_VISIBLE | CVK_MEMORY_HOST_COHERENT
        let mappable = memoryTypes.contains { $0.flags & wanted == wanted && heaps[$0.heap].byteCount >= deviceLocalBytes }
        if mappable { features.insert(.hostVisibleDeviceMemory) }
    }

    /// The same device as if it had no more than so much memory of its own.
    func limited(to byteCount: Int) -> DeviceDescription {
        var copy = self
        for index in heaps.indices where heaps[index].isDeviceLocal {
            copy.heaps[index].byteCount = min(byteCount, heaps[index].byteCount)
            copy.heaps[index].freeBytes = min(byteCount, heaps[index].freeBytes)
        }
        copy.deviceLocalBytes = min(byteCount, deviceLocalBytes)
        return copy
    }

    private mutating func readCooperativeMatrices(_ capabilities: cvk_capabilities) {
        let count = Int(min(capabilities.cooperative_matrix_count, 64))
        cooperativeMatrixShapes = withUnsafeBytes(of: capabilities.cooperative_matrices) { bytes in
            bytes.bindMemory(to: cvk_cooperative_matrix.self).prefix(count).map {
                CooperativeMatrixShape(
                    m: Int($0.m), n: Int($0.n), k: Int($0.k), aType: Int($0.a_type), bType: Int($0.b_type), cType: Int($0.c_type),
                    resultType: Int($0.result_type), isSaturating: $0.saturating)
            }
        }
    }

    /// C's fixed arrays arrive as tuples.
    private static func bytes<Tuple>(of tuple: Tuple) -> [UInt8] { withUnsafeBytes(of: tuple) { [UInt8]($0) } }

    private static func text<Tuple>(_ tuple: Tuple) -> String {
        String(decoding: bytes(of: tuple).prefix { $0 != 0 }, as: UTF8.self)
    }
}
