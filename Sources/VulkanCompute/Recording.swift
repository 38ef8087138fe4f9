import CVulkan
import Glibc

/// A list of commands, recorded once and submitted as often as wanted. It holds what it uses.
///
/// `@unchecked Sendable`: the handles are set in `init` only, and `isRunning` guards their use: whoever submits, waits or
/// reads holds that lock.
public final class Recording: @unchecked Sendable {
    /// What errors and debug names call it.
    public let label: String
    /// Dispatches in it.
    public let dispatchCount: Int

    private let device: LogicalDevice
    private let commands: [Recorder.Command]
    private let slices: [BufferSlice]
    private let kept: [Buffer]
    private let timestampCount: Int
    private var pool = cvk_command_pool(value: 0)
    private var buffer = cvk_commands(value: nil)
    private var descriptors = cvk_descriptor_pool(value: 0)
    private var queries = cvk_query_pool(value: 0)
    private var fence = cvk_fence(value: 0)
    private let isRunning = Lock(false)

    init(_ recorder: Recorder, label: String, on device: LogicalDevice) throws(VulkanError) {
        self.label = label
        self.device = device
        commands = recorder.commands
        slices = recorder.slices
        kept = recorder.kept
        timestampCount = recorder.timestampCount
        dispatchCount = commands.count { if case .dispatch = $0 { true } else { false } }

        try VulkanError.check(cvk_fence_create(device.handle, &fence), "vkCreateFence", label)
        try VulkanError.check(cvk_commands_create(device.handle, &pool, &buffer), "vkAllocateCommandBuffers", label)
        cvk_name_commands(device.handle, buffer, label)
        if !slices.isEmpty {
            let result = cvk_descriptor_pool_create(device.handle, UInt32(dispatchCount), UInt32(slices.count), &descriptors)
            try VulkanError.check(result, "vkCreateDescriptorPool", label)
        }
        if timestampCount > 0 {
            let result = cvk_query_pool_create(device.handle, UInt32(timestampCount), &queries)
            try VulkanError.check(result, "vkCreateQueryPool", label)
        }
        try VulkanError.check(cvk_commands_begin(device.handle, buffer), "vkBeginCommandBuffer", label)
        try encode(pushes: recorder.pushes)
        try VulkanError.check(cvk_commands_end(device.handle, buffer), "vkEndCommandBuffer", label)
        try device.checkValidation()
    }

    deinit {
        // What runs may not be freed. A lost device ends the wait as well.
        if isRunning.withLock({ $0 }) { _ = cvk_fence_wait(device.handle, fence, .max) }
        cvk_fence_destroy(device.handle, fence)
        cvk_query_pool_destroy(device.handle, queries)
        cvk_descriptor_pool_destroy(device.handle, descriptors)
        cvk_command_pool_destroy(device.handle, pool)
    }

    private func encode(pushes: [UInt8]) throws(VulkanError) {
        let handle = device.handle
        if timestampCount > 0 { cvk_cmd_reset_queries(handle, buffer, queries, UInt32(timestampCount)) }
        // A submission before this one may have written what this one reads. A fence alone does not make that visible.
        var written = CVK_SCOPE_COMPUTE | CVK_SCOPE_TRANSFER
        // To all stages used here, because the barriers below pass on only what this recording has written.
        let used = commands.reduce(0) { $0 | $1.scope }
        cvk_cmd_barrier(handle, buffer, UInt32(written), UInt32(used))
        written = 0
        var bound: Pipeline?
        for (index, command) in commands.enumerated() {
            switch command {
            case .dispatch(let pipeline, let slices, let push, let workgroups):
                if bound !== pipeline { cvk_cmd_bind_pipeline(handle, buffer, pipeline.handle) }
                bound = pipeline
                if !slices.isEmpty { try bind(self.slices[slices], to: pipeline) }
                if !push.isEmpty {
                    pushes[push].withUnsafeBytes {
                        cvk_cmd_push(handle, buffer, pipeline.layout.handle, $0.baseAddress, UInt32($0.count))
                    }
                }
                cvk_cmd_dispatch(handle, buffer, UInt32(workgroups.x), UInt32(workgroups.y), UInt32(workgroups.z))
            case .barrier:
                // From all that has run so far, because an earlier barrier made it visible to the stages after that one only.
                cvk_cmd_barrier(handle, buffer, UInt32(written), UInt32(scopes(from: index + 1)))
            case .copy(let source, let target):
                cvk_cmd_copy(
                    handle, buffer, source.buffer.handle, UInt64(source.offset), target.buffer.handle, UInt64(target.offset),
                    UInt64(source.byteCount))
            case .fill(let slice, let word):
                cvk_cmd_fill(
                    handle, buffer, slice.buffer.handle, UInt64(slice.offset), UInt64(slice.byteCount.roundedUp(to: 4)), word)
            case .timestamp(let index):
                cvk_cmd_timestamp(handle, buffer, queries, UInt32(index))
            }
            written |= command.scope
        }
        cvk_cmd_barrier(handle, buffer, UInt32(written), UInt32(CVK_SCOPE_HOST))
    }

    /// The stages used from a command up to the next barrier.
    private func scopes(from index: Int) -> Int {
        var scopes = 0
        for command in commands[index...] {
            if case .barrier = command { break }
            scopes |= command.scope
        }
        return scopes
    }

    private func bind(_ slices: ArraySlice<BufferSlice>, to pipeline: Pipeline) throws(VulkanError) {
        let bindings = slices.map {
            cvk_binding(buffer: $0.buffer.handle, offset: UInt64($0.offset), bytes: UInt64($0.paddedByteCount))
        }
        var set = cvk_descriptor_set(value: 0)
        let result = cvk_descriptor_set_create(
            device.handle, descriptors, pipeline.layout.sets, bindings, UInt32(bindings.count), &set)
        try VulkanError.check(result, "vkAllocateDescriptorSets", label)
        cvk_cmd_bind_set(device.handle, buffer, pipeline.layout.handle, set)
    }

    func submit() throws(VulkanError) {
        try isRunning.withLock { (isRunning) throws(VulkanError) in
            if isRunning {
                let status = cvk_fence_status(device.handle, fence)
                if Int(status) == CVK_NOT_READY { throw .recordingBusy(label) }
                try VulkanError.check(status, "vkGetFenceStatus", label)
                isRunning = false
            }
            try VulkanError.check(cvk_fence_reset(device.handle, fence), "vkResetFences", label)
            try device.submit(buffer, fence: fence, label: label)
            isRunning = true
        }
        try device.checkValidation()
    }

    /// Waits until the last submission has completed; returns at once where there is none.
    ///
    /// - Parameter spin: nanoseconds to ask again and again before letting the thread sleep.
    func wait(spin: Int) throws(VulkanError) {
        try isRunning.withLock { (isRunning) throws(VulkanError) in
            guard isRunning else { return }
            var status = cvk_fence_status(device.handle, fence)
            let end = Self.now() + spin
            while Int(status) == CVK_NOT_READY && Self.now() < end { status = cvk_fence_status(device.handle, fence) }
            if Int(status) == CVK_NOT_READY { status = cvk_fence_wait(device.handle, fence, .max) }
            try VulkanError.check(status, "vkWaitForFences", label)
            isRunning = false
        }
        try device.checkValidation()
    }

    private static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    /// The times noted during the last run, in nanoseconds after the first of them; waits for the run to complete.
    public func timestamps() throws(VulkanError) -> [UInt64] {
        try wait(spin: 0)
        guard timestampCount > 0 else { return [] }
        var ticks = [UInt64](repeating: 0, count: timestampCount)
        let result = cvk_query_pool_read(device.handle, queries, UInt32(timestampCount), &ticks)
        try VulkanError.check(result, "vkGetQueryPoolResults", label)
        if Int(result) == CVK_NOT_READY {
            throw .failed(call: "vkGetQueryPoolResults", result: result, detail: "\(label) has not run")
        }
        let mask = device.description.timestampMask
        let period = device.description.timestampPeriod
        // The counter may wrap around its valid bits between two timestamps.
        return ticks.map { UInt64(Double(($0 &- ticks[0]) & mask) * period) }
    }
}
