import Testing

@testable import VulkanCompute

@Suite("Devices")
struct DeviceTests {
    @Test("a missing loader is an error that says what to install")
    func missingLoader() throws {
        let error = #expect(throws: VulkanError.self) { try Vulkan.devices(loader: "/nonexistent/libvulkan.so") }
        guard case .loaderMissing(let reason) = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(reason.contains("/nonexistent/libvulkan.so"))
        #expect("\(VulkanError.loaderMissing(reason))".contains("libvulkan1"))
    }

    @Test("a library that is no Vulkan loader is an error")
    func foreignLibrary() {
        #expect(throws: VulkanError.loaderMissing("libm.so.6 is neither a Vulkan loader nor a Vulkan driver")) {
            try Vulkan.devices(loader: "libm.so.6")
        }
    }

    @Test("a driver opened without a loader gives its device and computes", .enabled(if: TestDevice.isPresent))
    func directDriver() throws {
        let devices: [DeviceDescription]
        do { devices = try Vulkan.devices(loader: "libvulkan_lvp.so") } catch {
            return print("skipping: lavapipe's driver is not here (\(error))")
        }
        let description = try #require(devices.first)
        let device = try Device(description, logger: .init(label: "test"), validation: false, pipelineCacheDirectory: nil)
        let x = try device.buffer([1, 2], "x")
        try device.run(device.record(label: "scale") { try $0.scale(device.scale(factor: 4), from: x.all, to: x.all) })
        #expect(try device.words(x) == [4, 8])
        #expect(throws: VulkanError.validationLayerMissing) {
            try Device(description, logger: .init(label: "test"), validation: true, pipelineCacheDirectory: nil)
        }
    }

    @Test(
        "an amount of memory is a number with K, M or G behind it",
        arguments: [
            ("5", 5), ("64M", 64 << 20), ("2g", 2 << 30), ("1K", 1024), ("", nil), ("M", nil), ("1T", nil), ("8589934592G", nil),
        ])
    func amounts(text: String, bytes: Int?) { #expect(Environment.byteCount(text) == bytes) }

    @Test("a limit leaves a device no more memory of its own, and the host's alone")
    func limited() {
        var device = DeviceDescription()
        device.heaps = [
            .init(byteCount: 100, isDeviceLocal: true, freeBytes: 60), .init(byteCount: 300, isDeviceLocal: false),
            .init(byteCount: 20, isDeviceLocal: true),
        ]
        device.deviceLocalBytes = 100
        #expect(device.deviceLocalFreeBytes == 60)
        let limited = device.limited(to: 50)
        #expect(limited.heaps.map(\.byteCount) == [50, 300, 20] && limited.heaps.map(\.freeBytes) == [50, 300, 20])
        #expect(limited.deviceLocalBytes == 50 && limited.deviceLocalFreeBytes == 50)
    }

    @Test("a description holds what Vulkan guarantees", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver"))
    func describes() throws {
        for (index, device) in try Vulkan.devices().enumerated() where device.unusable == nil {
            #expect(device.index == index)
            #expect(!device.name.isEmpty)
            #expect(device.apiVersion >= (1, 2, 0))
            #expect(device.deviceUUID.count == 16 && device.pipelineCacheUUID.count == 16)
            #expect([1, 2, 4, 8, 16, 32, 64, 128].contains(device.subgroupSize))
            #expect(device.subgroupSizeRange.contains(device.subgroupSize))
            #expect(device.sharedMemoryBytes >= 16384)
            #expect(device.maxWorkgroupInvocations >= 128)
            #expect(device.maxWorkgroupCount.x >= 65535)
            #expect(device.maxStorageRange >= 1 << 27)
            #expect(device.maxPushConstantBytes >= 128)
            #expect(device.storageOffsetAlignment <= 256)
            #expect(device.maxBufferBytes >= 1 << 30)
            #expect(device.heaps.contains { $0.isDeviceLocal && $0.byteCount > 0 })
            #expect(device.deviceLocalBytes > 0)
            #expect(device.deviceLocalFreeBytes <= device.deviceLocalBytes)
            for placement in [BufferMemory.device, .upload, .readback] { #expect(!device.memoryTypes(for: placement).isEmpty) }
        }
    }

    @Test("a device below Vulkan 1.2 says why it cannot run and does not open", .enabled(if: TestDevice.isPresent))
    func unusable() throws {
        var description = try #require(TestDevice.description)
        description.unusable = "it has Vulkan 1.1, 1.2 is needed; update the driver"
        #expect(throws: VulkanError.noDevice("\(description.name): it has Vulkan 1.1, 1.2 is needed; update the driver")) {
            try Device(description, logger: .init(label: "test"), pipelineCacheDirectory: nil)
        }
    }

    @Test(
        "every feature can be hidden and the device still computes", .enabled(if: TestDevice.isPresent),
        arguments: DisabledFeature.allCases)
    func hides(feature: DisabledFeature) throws {
        let device = try TestDevice.open(disabling: [feature])
        #expect(device.description.features.isDisjoint(with: feature.features))
        let x = try device.buffer([1, 2], "x")
        try device.run(device.record(label: "scale") { try $0.scale(device.scale(factor: 3), from: x.all, to: x.all) })
        #expect(try device.words(x) == [3, 6])
        if feature == .bufferDeviceAddress { #expect(x.deviceAddress == nil) }
        if feature == .subgroupSizeControl {
            #expect(device.description.subgroupSizeRange == device.description.subgroupSize...device.description.subgroupSize)
        }
    }

    @Test("names of features to hide are read, unknown ones refused")
    func readsHiddenFeatures() throws {
        #expect(try DisabledFeature.list("") == [])
        #expect(try DisabledFeature.list("integer-dot,host-visible") == [.integerDot, .hostVisible])
        let error = #expect(throws: VulkanError.self) { try DisabledFeature.list("int9") }
        #expect(error?.description.contains("'int9'") == true)
    }

    @Test("results become typed errors with advice")
    func types() {
        #expect(throws: Never.self) { try VulkanError.check(0, "vkX") }
        #expect(throws: Never.self) { try VulkanError.check(1, "vkX") }
        #expect(throws: VulkanError.deviceLost("vkX")) { try VulkanError.check(-4, "vkX", "step") }
        #expect(throws: VulkanError.outOfDeviceMemory("step", bytes: 7)) { try VulkanError.check(-2, "vkX", "step", bytes: 7) }
        #expect(throws: VulkanError.outOfHostMemory("vkX")) { try VulkanError.check(-1, "vkX") }
        #expect(throws: VulkanError.failed(call: "vkX", result: -13, detail: "step")) {
            try VulkanError.check(-13, "vkX", "step")
        }
        #expect(VulkanError.deviceLost("vkX").description.contains("start again"))
        #expect(VulkanError.outOfDeviceMemory("x", bytes: 1).description.contains("smaller model"))
    }
}

@Suite("Choice of memory")
struct MemoryChoiceTests {
    /// Heaps as (bytes, device-local) and types as (VkMemoryPropertyFlags, heap).
    private func device(_ heaps: [(Int, Bool)], _ types: [(Int, Int)], mappable: Bool) -> DeviceDescription {
        var device = DeviceDescription()
        device.heaps = heaps.map { DeviceDescription.Heap(byteCount: $0.0, isDeviceLocal: $0.1) }
        device.memoryTypes = types.map { DeviceDescription.MemoryType(flags: $0.0, heap: $0.1) }
        device.deviceLocalBytes = heaps.filter(\.1).map(\.0).max() ?? 0
        if mappable { device.features = .hostVisibleDeviceMemory }
        return device
    }

    @Test("a card with a small window is not mapped, and its host memory is used for staging")
    func smallWindow() {
        let card = device(
            [(8 << 30, true), (16 << 30, false), (256 << 20, true)], [(1, 0), (6, 1), (14, 1), (7, 2)], mappable: false)
        #expect(card.memoryTypes(for: .device).first == 0)
        #expect(!card.isMapped(type: 0, placement: .device))
        #expect(card.memoryTypes(for: .upload).first == 1)
        #expect(card.memoryTypes(for: .readback).first == 2)
    }

    @Test("a card whose whole memory the host sees is mapped")
    func largeWindow() {
        let card = device([(140 << 30, true), (64 << 30, false)], [(1, 0), (6, 1), (14, 1), (7, 0)], mappable: true)
        #expect(card.memoryTypes(for: .device) == [3, 0])
        #expect(card.isMapped(type: 3, placement: .device))
        #expect(card.memoryTypes(for: .upload).first == 1)
        #expect(card.memoryTypes(for: .readback).first == 2)
    }

    @Test("one heap for all serves everything; protected and uncached types serve nothing")
    func oneHeap() {
        let shared = device([(16 << 30, true)], [(0x21, 0), (15, 0), (0xc7, 0)], mappable: true)
        for placement in [BufferMemory.device, .upload, .readback] { #expect(shared.memoryTypes(for: placement) == [1]) }
    }
}
