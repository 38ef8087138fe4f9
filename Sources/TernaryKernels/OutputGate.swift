import VulkanCompute

/// What leaves the MLGRU before its norm. Buffers: gate, hidden, gated (`Shaders/output_gate`).
public struct OutputGate: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var count: UInt32 }

    /// The buffers named above.
    public static let bindings = 3

    /// Values.
    public var count: Int

    /// Describes one dispatch.
    public init(count: Int) { self.count = count }

    /// The only build there is.
    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.outputGate }
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] { [] }
    /// As the shader declares them.
    public var params: Params { Params(count: UInt32(count)) }
    /// An invocation a value.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (ceilDivide(count, 256), 1) }
}
