import Testing

@testable import VulkanCompute

@Suite("Recordings", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver"))
struct RecordingTests {
    @Test("a dispatch computes what its shader says", arguments: [1, 63, 64, 65, 1000])
    func dispatches(count: Int) throws {
        let device = try TestDevice.shared()
        let x = try device.buffer((0..<UInt32(count)).map { $0 }, "x")
        let y = try device.makeBuffer(byteCount: 4 * count, memory: .device, label: "y")
        let recording = try device.record(label: "scale") {
            try $0.scale(try device.scale(factor: 3), from: x.all, to: y.all, offset: 7)
        }
        try device.run(recording)
        #expect(try device.words(y) == (0..<UInt32(count)).map { 3 * $0 + 7 })
        #expect(recording.dispatchCount == 1)
    }

    @Test("specialization constants change the result, not the shader")
    func specialises() throws {
        let device = try TestDevice.shared()
        let x = try device.buffer([1, 2, 3, 4], "x")
        for factor: UInt32 in [2, 5] {
            let y = try device.makeBuffer(byteCount: 16, memory: .readback, label: "y")
            try device.run(device.record(label: "scale") { try $0.scale(device.scale(factor: factor), from: x.all, to: y.all) })
            #expect(try device.words(y) == [factor, 2 * factor, 3 * factor, 4 * factor])
        }
    }

    @Test("a recording runs as often as it is submitted, on what the buffers then hold")
    func replays() throws {
        let device = try TestDevice.shared()
        let x = try device.buffer([1, 2, 3], "x")
        let pipeline = try device.scale(factor: 1)
        let recording = try device.record(label: "add 2 in place") { try $0.scale(pipeline, from: x.all, to: x.all, offset: 2) }
        for _ in 0..<500 { try device.run(recording) }
        #expect(try device.words(x) == [1001, 1002, 1003])
    }

    @Test("what follows a barrier sees what came before it, dispatches and copies alike")
    func orders() throws {
        let device = try TestDevice.shared()
        let x = try device.buffer((0..<5000).map { $0 }, "x")
        let buffers = try (0..<3).map { try device.makeBuffer(byteCount: 20000, memory: .device, label: "stage \($0)") }
        let pipeline = try device.scale(factor: 2)
        let recording = try device.record(label: "chain") { recorder in
            try recorder.scale(pipeline, from: x.all, to: buffers[0].all, offset: 1)
            recorder.barrier()
            try recorder.scale(pipeline, from: buffers[0].all, to: buffers[1].all, offset: 1)
            recorder.barrier()
            recorder.copy(from: buffers[1].all, to: buffers[2].all)
            recorder.barrier()
            recorder.fill(buffers[2].slice(offset: 4, byteCount: 8), with: 9)
        }
        try device.run(recording)
        var expected = (0..<5000).map { 4 * UInt32($0) + 3 }
        (expected[1], expected[2]) = (9, 9)
        #expect(try device.words(buffers[2]) == expected)
    }

    @Test("recordings submitted one after another see each other's results without waiting")
    func chains() throws {
        let device = try TestDevice.shared()
        let x = try device.buffer([UInt32](repeating: 1, count: 100_000), "x")
        let pipeline = try device.scale(factor: 2)
        let recordings = try (0..<10).map { number in
            try device.record(label: "double \(number)") { try $0.scale(pipeline, from: x.all, to: x.all) }
        }
        for recording in recordings { try device.submit(recording) }
        for recording in recordings { try device.wait(for: recording) }
        #expect(try device.words(x).allSatisfy { $0 == 1024 })
    }

    @Test("a recording that still runs is not submitted again")
    func busy() throws {
        let device = try TestDevice.shared()
        let x = try device.buffer([UInt32](repeating: 1, count: 1 << 20), "x")
        let pipeline = try device.scale(factor: 3)
        let recording = try device.record(label: "long") { recorder in
            for _ in 0..<300 {
                try recorder.scale(pipeline, from: x.all, to: x.all)
                recorder.barrier()
            }
        }
        try device.submit(recording)
        #expect(throws: VulkanError.recordingBusy("long")) { try device.submit(recording) }
        try device.wait(for: recording)
        try device.run(recording)
        try device.submit(recording)  // the recording goes while it runs: its end is waited for
    }

    @Test("a recording keeps what it uses")
    func keepsAlive() throws {
        let device = try TestDevice.open()
        let y = try device.makeBuffer(byteCount: 12, memory: .readback, label: "y")
        func record() throws -> Recording {
            let x = try device.buffer([1, 2, 3], "x")
            return try device.record(label: "copy") { $0.copy(from: x.all, to: y.all) }
        }
        let recording = try record()
        for _ in 0..<5 { _ = try device.buffer([7, 7, 7], "tenant of freed memory") }
        try device.run(recording)
        #expect(try device.words(y) == [1, 2, 3])
    }

    @Test("a recording keeps what it reaches by address for as long as it lives")
    func keepsAddressed() throws {
        let device = try TestDevice.shared()
        weak var buffer: Buffer?
        func record() throws -> Recording {
            let addressed = try device.buffer([1, 2, 3], "addressed")
            buffer = addressed
            #expect((addressed.deviceAddress ?? 0 != 0) == device.description.features.contains(.bufferDeviceAddress))
            return try device.record(label: "addressed") { $0.keep(addressed) }
        }
        var recording: Recording? = try record()
        #expect(buffer != nil)
        try device.run(#require(recording))
        recording = nil
        #expect(buffer == nil)
    }

    @Test("many threads record and run on one device")
    func threads() async throws {
        let device = try TestDevice.shared()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let x = try device.buffer([UInt32(number), 1], "x \(number)")
                    let pipeline = try device.scale(factor: UInt32(number % 3 + 2))
                    let recording = try device.record(label: "\(number)") { try $0.scale(pipeline, from: x.all, to: x.all) }
                    for _ in 0..<5 { try device.run(recording) }
                    let power = (0..<5).reduce(UInt32(1)) { power, _ in power * UInt32(number % 3 + 2) }
                    #expect(try device.words(x) == [UInt32(number) * power, power])
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("timestamps are in order and begin at zero")
    func timestamps() throws {
        let device = try TestDevice.shared()
        guard device.description.features.contains(.timestamps) else { return print("skipping: no timestamps") }
        let x = try device.buffer([UInt32](repeating: 1, count: 1 << 20), "x")
        let pipeline = try device.scale(factor: 3)
        let recording = try device.record(label: "timed") { recorder in
            try recorder.writeTimestamp(0)
            try recorder.scale(pipeline, from: x.all, to: x.all)
            try recorder.writeTimestamp(1)
        }
        try device.run(recording)
        let times = try recording.timestamps()
        #expect(times.count == 2 && times[0] == 0 && times[1] > 0 && times[1] < 10_000_000_000)
    }

    @Test("what the device cannot bind or launch is refused before Vulkan sees it")
    func limits() throws {
        var description = try #require(TestDevice.description)
        description.maxStorageRange = 1024
        description.storageOffsetAlignment = 64
        description.maxWorkgroupCount = (100, 100, 100)
        let device = try Device(description, logger: .init(label: "test"), pipelineCacheDirectory: nil)
        let x = try device.makeBuffer(byteCount: 2048, memory: .device, label: "x")
        let y = try device.makeBuffer(byteCount: 64, memory: .device, label: "y")
        let pipeline = try device.scale()
        func dispatch(_ slice: BufferSlice, _ workgroups: Workgroups) throws {
            _ = try device.record(label: "limits") {
                try $0.dispatch(
                    pipeline, buffers: [slice, y.all], push: ScaleShader.Params(count: 0, offset: 0), workgroups: workgroups)
            }
        }
        #expect(throws: VulkanError.tooLarge("scale, binding 0 (x), bytes", requested: 2048, limit: 1024)) {
            try dispatch(x.all, Workgroups(1))
        }
        #expect(throws: VulkanError.missingFeature("scale, binding 0 (x): offset 16 is not a multiple of 64")) {
            try dispatch(x.slice(offset: 16, byteCount: 16), Workgroups(1))
        }
        #expect(throws: VulkanError.tooLarge("scale, workgroups along y", requested: 101, limit: 100)) {
            try dispatch(y.all, Workgroups(1, 101))
        }
        try dispatch(x.slice(offset: 1024, byteCount: 1024), Workgroups(100, 0, 1))
    }

    @Test("subgroup sizes and sizes of layouts that the device lacks are refused")
    func refusesPipelines() throws {
        let device = try TestDevice.shared()
        let most = device.description.subgroupSizeRange.upperBound
        for size in [0, 3, 2 * most] {
            #expect(throws: VulkanError.self) {
                try device.makePipeline(
                    ScaleShader.code, constants: [64, 1], bindings: 2, pushConstantBytes: 8, requiredSubgroupSize: size)
            }
        }
        #expect(throws: VulkanError.self) {
            try device.makePipeline(ScaleShader.code, bindings: device.description.maxBindings + 1, pushConstantBytes: 8)
        }
        #expect(throws: VulkanError.self) {
            try device.makePipeline(ScaleShader.code, bindings: 2, pushConstantBytes: device.description.maxPushConstantBytes + 4)
        }
        _ = try device.makePipeline(
            ScaleShader.code, constants: [UInt32(4 * most), 1], bindings: 2, pushConstantBytes: 8, requiredSubgroupSize: most)
    }
}
