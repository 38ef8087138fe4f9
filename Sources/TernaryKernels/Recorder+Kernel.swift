import VulkanCompute

extension Device {
    /// The pipeline that runs a kernel here; made once for each shader build and set of constants.
    public func pipeline<K: Kernel>(for kernel: K, traits: DeviceTraits) throws(VulkanError) -> Pipeline {
        try makePipeline(
            kernel.code(for: traits), constants: kernel.constants(for: traits), bindings: K.bindings,
            pushConstantBytes: MemoryLayout<K.Params>.size, requiredSubgroupSize: traits.subgroupSize)
    }
}

extension Recorder {
    /// Records a kernel's dispatch.
    public mutating func dispatch<K: Kernel>(
        _ kernel: K, _ buffers: [BufferSlice], on device: Device, traits: DeviceTraits
    ) throws(VulkanError) {
        let (x, y) = kernel.workgroups(for: traits)
        try dispatch(
            device.pipeline(for: kernel, traits: traits), buffers: buffers, push: kernel.params, workgroups: Workgroups(x, y))
    }
}
