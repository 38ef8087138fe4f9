import VulkanCompute

/// x += y. Buffers: x, y (`Shaders/residual`).
public struct Residual: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var count: UInt32 }

    /// The buffers named above.
    public static let bindings = 2

    /// Values.
    public var count: Int

    /// Describes one dispatch.
    public init(count: Int) { self.count = count }

    /// The only build there is.
    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.residual }
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] { [] }
    /// As the shader declares them.
    public var params: Params { Params(count: UInt32(count)) }
    /// An invocation a value.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (ceilDivide(count, 256), 1) }
}
