import CVulkan

/// What pipelines with the same number of bindings and push constants share.
///
/// `@unchecked Sendable`: the handles never change and are only read.
final class PipelineLayout: @unchecked Sendable {
    let sets: cvk_set_layout
    let handle: cvk_pipeline_layout
    private let device: LogicalDevice

    init(bindings: Int, pushConstantBytes: Int, on device: LogicalDevice) throws(VulkanError) {
        var sets = cvk_set_layout(value: 0)
        var handle = cvk_pipeline_layout(value: 0)
        let result = cvk_layout_create(device.handle, UInt32(bindings), UInt32(pushConstantBytes), &sets, &handle)
        try VulkanError.check(result, "vkCreatePipelineLayout")
        self.sets = sets
        self.handle = handle
        self.device = device
    }

    deinit { cvk_layout_destroy(device.handle, sets, handle) }
}

/// A compiled shader with its constants filled in.
///
/// `@unchecked Sendable`: the handle never changes and is only read.
public final class Pipeline: @unchecked Sendable {
    /// The shader's name.
    public let name: String
    /// Storage buffers that a dispatch binds.
    public let bindings: Int
    /// Bytes that a dispatch pushes.
    public let pushConstantBytes: Int

    let handle: cvk_pipeline
    let layout: PipelineLayout
    let device: LogicalDevice

    init(
        _ key: PipelineKey, code: ShaderCode, layout: PipelineLayout, cache: PipelineCache, on device: LogicalDevice
    ) throws(VulkanError) {
        var created = cvk_pipeline(value: 0)
        var call: UnsafePointer<CChar>?
        let result = key.constants.withUnsafeBufferPointer { constants in
            var info = cvk_pipeline_info(
                code: code.bytes.baseAddress, code_bytes: code.bytes.count, constants: constants.baseAddress,
                constant_count: UInt32(constants.count), required_subgroup_size: UInt32(key.requiredSubgroupSize ?? 0),
                full_subgroups: key.fullSubgroups)
            return cvk_pipeline_create(device.handle, &info, layout.handle, cache.handle, &created, &call)
        }
        try VulkanError.check(result, call.map { String(cString: $0) } ?? "vkCreateComputePipelines", "pipeline \(key.name)")
        cvk_name_pipeline(device.handle, created, key.name)
        name = key.name
        bindings = key.bindings
        pushConstantBytes = key.pushConstantBytes
        handle = created
        self.layout = layout
        self.device = device
    }

    deinit { cvk_pipeline_destroy(device.handle, handle) }
}
