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
}
