import VulkanCompute

extension DeviceTraits {
    /// What the kernels need to know of a device.
    public init(_ device: DeviceDescription) {
        self.init(
            subgroupSize: device.subgroupSize, integerDot: device.features.contains(.integerDotProduct),
            sharedMemoryBytes: device.sharedMemoryBytes,
            // A software driver repeats the prologue for every work group on the same few cores; a GPU has dozens to hundreds of
            // processors that would idle.
            processors: device.kind == .software ? 4 : 132,
            residentWorkgroups: device.kind == .software ? 1 : 132, hidesLatency: device.kind != .software,
            int8Matrices: device.multipliesInt8Matrices)
    }
}

extension DeviceDescription {
    /// What `Shaders/ternary_matmul/ternary_matmul_units.comp` needs: subgroups of 32, its matrix shape, 20 KiB.
    fileprivate var multipliesInt8Matrices: Bool {
        features.isSuperset(of: [.cooperativeMatrix, .int8, .vulkanMemoryModel]) && subgroupSize == 32
            && sharedMemoryBytes >= TernaryMatmul.unitsSharedBytes
            && cooperativeMatrixShapes.contains {
                $0.m == 16 && $0.n == 16 && $0.k == 32 && $0.aType == 3 && $0.bType == 3 && $0.cType == 5 && $0.resultType == 5
                    && !$0.isSaturating
            }
    }
}
