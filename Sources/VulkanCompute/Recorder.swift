import CVulkan

/// How many workgroups a dispatch has along each axis.
public struct Workgroups: Sendable, Hashable {
    /// The counts; a zero means that nothing runs.
    public var x: Int, y: Int, z: Int

    /// Along one axis, or two or three.
    public init(_ x: Int, _ y: Int = 1, _ z: Int = 1) {
        (self.x, self.y, self.z) = (x, y, z)
    }
}

/// Notes down what a recording does, in order. Commands between two barriers may overlap.
public struct Recorder {
    enum Command {
        /// Ranges in ``slices`` and ``pushes``.
        case dispatch(Pipeline, slices: Range<Int>, push: Range<Int>, Workgroups)
        case barrier
        case copy(BufferSlice, BufferSlice)
        case fill(BufferSlice, UInt32)
        case timestamp(Int)

        /// CVK_SCOPE_* bits of the stage it runs in.
        var scope: Int {
            switch self {
            case .dispatch: CVK_SCOPE_COMPUTE
            case .copy, .fill: CVK_SCOPE_TRANSFER
            case .barrier, .timestamp: 0
            }
        }
    }

    private(set) var commands: [Command] = []
    private(set) var slices: [BufferSlice] = []
    private(set) var pushes: [UInt8] = []
    private(set) var kept: [Buffer] = []
    private(set) var timestampCount = 0
    let device: LogicalDevice

    init(_ device: LogicalDevice) { self.device = device }

    /// Runs a pipeline that takes no push constants.
    ///
    /// - Parameters:
    ///   - pipeline: what to run.
    ///   - buffers: for bindings 0, 1, ...
    ///   - workgroups: how many.
    /// - Throws: ``VulkanError/tooLarge(_:requested:limit:)`` where a slice or a count exceeds the device's limits,
    ///   ``VulkanError/missingFeature(_:)`` where a slice does not start at a multiple of its alignment.
    public mutating func dispatch(_ pipeline: Pipeline, buffers: [BufferSlice], workgroups: Workgroups) throws(VulkanError) {
        try dispatch(pipeline, buffers: buffers, pushBytes: UnsafeRawBufferPointer(start: nil, count: 0), workgroups: workgroups)
    }

    /// Runs a pipeline with push constants: a struct laid out as the shader's block, of ``Pipeline/pushConstantBytes`` bytes.
    public mutating func dispatch(
        _ pipeline: Pipeline, buffers: [BufferSlice], push: some BitwiseCopyable, workgroups: Workgroups
    ) throws(VulkanError) {
        let bytes = withUnsafeBytes(of: push) { [UInt8]($0) }
        try append(pipeline, buffers, bytes, workgroups)
    }

    /// Runs a pipeline with push constants as bytes.
    public mutating func dispatch(
        _ pipeline: Pipeline, buffers: [BufferSlice], pushBytes: UnsafeRawBufferPointer, workgroups: Workgroups
    ) throws(VulkanError) {
        try append(pipeline, buffers, [UInt8](pushBytes), workgroups)
    }

    private mutating func append(
        _ pipeline: Pipeline, _ buffers: [BufferSlice], _ push: [UInt8], _ workgroups: Workgroups
    ) throws(VulkanError) {
        precondition(pipeline.device === device, "pipeline \(pipeline.name) belongs to another device")
        precondition(
            buffers.count == pipeline.bindings, "\(pipeline.name) has \(pipeline.bindings) bindings, got \(buffers.count)")
        precondition(
            push.count == pipeline.pushConstantBytes,
            "\(pipeline.name) has \(pipeline.pushConstantBytes) bytes of push constants, got \(push.count)")
        let limits = device.description
        for (binding, slice) in buffers.enumerated() {
            precondition(slice.buffer.device === device, "buffer \(slice.buffer.label) belongs to another device")
            let place = "\(pipeline.name), binding \(binding) (\(slice.buffer.label))"
            if slice.paddedByteCount > limits.maxStorageRange {
                throw .tooLarge("\(place), bytes", requested: slice.byteCount, limit: limits.maxStorageRange)
            }
            if !slice.offset.isMultiple(of: limits.storageOffsetAlignment) {
                throw .missingFeature("\(place): offset \(slice.offset) is not a multiple of \(limits.storageOffsetAlignment)")
            }
        }
        let most = limits.maxWorkgroupCount
        for (axis, count, limit) in [("x", workgroups.x, most.x), ("y", workgroups.y, most.y), ("z", workgroups.z, most.z)] {
            precondition(count >= 0, "\(pipeline.name): \(count) workgroups along \(axis)")
            if count > limit { throw .tooLarge("\(pipeline.name), workgroups along \(axis)", requested: count, limit: limit) }
        }
        if workgroups.x == 0 || workgroups.y == 0 || workgroups.z == 0 { return }
        let firstSlice = slices.count
        let firstByte = pushes.count
        slices += buffers
        pushes += push
        commands.append(.dispatch(pipeline, slices: firstSlice..<slices.count, push: firstByte..<pushes.count, workgroups))
    }

    /// Makes everything that follows see what everything before has written, and wait for it.
    public mutating func barrier() { commands.append(.barrier) }

    /// Makes the recording hold a buffer that its shaders reach by ``Buffer/deviceAddress`` rather than by a binding.
    public mutating func keep(_ buffer: Buffer) {
        precondition(buffer.device === device, "buffer \(buffer.label) belongs to another device")
        kept.append(buffer)
    }

    /// Copies bytes; both slices have the same length and do not overlap.
    public mutating func copy(from source: BufferSlice, to target: BufferSlice) {
        precondition(source.buffer.device === device && target.buffer.device === device, "a copy stays on one device")
        precondition(source.byteCount == target.byteCount, "a copy of \(source.byteCount) bytes into \(target.byteCount)")
        precondition(
            source.buffer !== target.buffer || source.offset + source.byteCount <= target.offset
                || target.offset + target.byteCount <= source.offset, "a copy within \(source.buffer.label) overlaps itself")
        commands.append(.copy(source, target))
    }

    /// Fills a slice with a word; its offset is a multiple of 4, and so is its length unless it reaches the buffer's end.
    public mutating func fill(_ slice: BufferSlice, with word: UInt32 = 0) {
        precondition(slice.buffer.device === device, "buffer \(slice.buffer.label) belongs to another device")
        precondition(
            slice.offset.isMultiple(of: 4)
                && (slice.byteCount.isMultiple(of: 4) || slice.offset + slice.byteCount == slice.buffer.byteCount),
            "a fill of \(slice.buffer.label) covers whole words")
        commands.append(.fill(slice, word))
    }

    /// Notes the time when everything before has completed.
    ///
    /// - Parameter index: 0, 1, 2, ... in this order; ``Recording/timestamps()`` gives them back in it.
    /// - Throws: ``VulkanError/missingFeature(_:)`` without ``DeviceFeatures/timestamps``.
    public mutating func writeTimestamp(_ index: Int) throws(VulkanError) {
        guard device.description.features.contains(.timestamps) else { throw .missingFeature("timestamps") }
        precondition(index == timestampCount, "timestamp \(index) where \(timestampCount) is next")
        timestampCount += 1
        commands.append(.timestamp(index))
    }
}
