import VulkanCompute

extension DeviceTraits {
    /// What the kernels need to know of a device.
    public init(_ device: DeviceDescription) {
        self.init(
            subgroupSize: device.subgroupSize, integerDot: device.features.contains(.integerDotProduct),
            sharedMemoryBytes: device.sharedMemoryBytes,
            // A software driver repeats the prologue for every work group on the same few cores; a GPU has dozens to hundreds of
            // processors that would idle.
            processors: device.kind == .software ? 4 : 132, hidesLatency: device.kind != .software)
    }
}
