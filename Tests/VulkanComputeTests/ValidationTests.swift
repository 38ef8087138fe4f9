import Testing

@testable import VulkanCompute

@Suite("Validation", .enabled(if: TestDevice.canValidate, "needs a driver and VK_LAYER_KHRONOS_validation"))
struct ValidationTests {
    @Test("finds nothing where everything is right", arguments: [false, true])
    func clean(staged: Bool) throws {
        let device = try TestDevice.open(disabling: staged ? [.hostVisible] : [], validation: true)
        #expect(device.isValidating)
        let x = try device.buffer([UInt32](repeating: 2, count: 70_000), "x")
        let y = try device.makeBuffer(byteCount: 280_000, memory: .device, label: "y")
        let size = device.description.subgroupSize
        let pipeline = try device.makePipeline(
            ScaleShader.code, constants: [64, 3], bindings: 2, pushConstantBytes: 8, requiredSubgroupSize: size)
        let hasTime = device.description.features.contains(.timestamps)
        let recording = try device.record(label: "chain") { recorder in
            if hasTime { try recorder.writeTimestamp(0) }
            recorder.fill(y.all, with: 7)
            recorder.barrier()
            try recorder.scale(pipeline, from: x.all, to: y.all)
            recorder.barrier()
            try recorder.scale(pipeline, from: y.all, to: x.all)
            recorder.barrier()
            recorder.copy(from: x.slice(offset: 0, byteCount: 5), to: y.slice(offset: 8, byteCount: 5))
            if hasTime { try recorder.writeTimestamp(1) }
        }
        for _ in 0..<3 { try device.run(recording) }
        _ = try recording.timestamps()
        #expect(try device.words(x).last == 2 * 9 * 9 * 9)
        try device.checkValidation()
    }

    @Test("finds a missing barrier between two dispatches")
    func missingBarrier() throws {
        let device = try TestDevice.open(validation: true)
        let x = try device.buffer([1, 2, 3], "x")
        let y = try device.makeBuffer(byteCount: 12, memory: .device, label: "y")
        let pipeline = try device.scale()
        let error = #expect(throws: VulkanError.self) {
            try device.run(
                device.record(label: "racing") {
                    try $0.scale(pipeline, from: x.all, to: y.all)
                    try $0.scale(pipeline, from: y.all, to: x.all)
                })
        }
        guard case .validation(let messages) = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(messages.contains { $0.contains("SYNC-HAZARD-READ-AFTER-WRITE") }, "\(messages)")
        #expect(throws: Never.self) { try device.checkValidation() }
    }

    @Test("finds a shader that wants more bindings than it gets, and tells only the device it happened on")
    func missingBinding() throws {
        let device = try TestDevice.open(validation: true)
        let other = try TestDevice.open(validation: true)
        let error = #expect(throws: VulkanError.self) {
            try device.makePipeline(ScaleShader.code, constants: [64, 1], bindings: 1, pushConstantBytes: 8)
        }
        guard case .validation(let messages) = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(messages.contains { $0.contains("VUID-VkComputePipelineCreateInfo-layout") }, "\(messages)")
        #expect(throws: Never.self) { try other.checkValidation() }
    }
}
