import VulkanCompute

extension DeviceDescription {
    /// Why no model can run on this device; nil where one can.
    ///
    /// Beyond what any use of the device needs, the kernels take work groups of 256 that reduce over subgroups of 8 to 128.
    public var whyUnusable: String? {
        if let unusable { return unusable }
        if !features.isSuperset(of: [.subgroupArithmetic, .subgroupShuffle]) {
            return "its subgroups cannot add and shuffle in compute shaders"
        }
        if ![8, 16, 32, 64, 128].contains(subgroupSize) {
            return "its subgroups have \(subgroupSize) invocations; 8, 16, 32, 64 or 128 are needed"
        }
        if maxWorkgroupInvocations < 256 || maxWorkgroupSize.x < 256 {
            return "its work groups have at most \(min(maxWorkgroupInvocations, maxWorkgroupSize.x)) invocations; 256 are needed"
        }
        if sharedMemoryBytes < 16 << 10 {
            return "its work groups share \(sharedMemoryBytes) bytes; 16 KiB are needed"
        }
        if maxBindings < 8 { return "its shaders bind at most \(maxBindings) storage buffers; 8 are needed" }
        return nil
    }
}
