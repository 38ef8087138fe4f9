import VulkanCompute

/// Reads a buffer once: the ceiling that decoding is divided by.
///
/// Buffers: data, result (`Shaders/read_bandwidth`).
public struct ReadBandwidth: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var vectors: UInt32 }

    public static let bindings = 2

    /// Bytes to read.
    public var byteCount: Int

    public init(byteCount: Int) { self.byteCount = byteCount }

    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.readBandwidth }
    public func constants(for device: DeviceTraits) -> [UInt32] { [] }
    public var params: Params { Params(vectors: UInt32(byteCount / 16)) }
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (device.processors * 16, 1) }
}
