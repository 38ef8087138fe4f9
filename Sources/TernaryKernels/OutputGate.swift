import VulkanCompute

/// What leaves the MLGRU before its norm. Buffers: gate, hidden, gated (`Shaders/output_gate`).
public struct OutputGate: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var count: UInt32 }

    public static let bindings = 3

    /// Values.
    public var count: Int

    public init(count: Int) { self.count = count }

    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.outputGate }
    public func constants(for device: DeviceTraits) -> [UInt32] { [] }
    public var params: Params { Params(count: UInt32(count)) }
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (ceilDivide(count, 256), 1) }
}
