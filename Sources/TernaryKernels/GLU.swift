import VulkanCompute

/// SiLU(gate) * up. Buffers: gate, up, product (`Shaders/glu`).
public struct GLU: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var count: UInt32 }

    public static let bindings = 3

    /// Values.
    public var count: Int

    public init(count: Int) { self.count = count }

    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.glu }
    public func constants(for device: DeviceTraits) -> [UInt32] { [] }
    public var params: Params { Params(count: UInt32(count)) }
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (ceilDivide(count, 256), 1) }
}
