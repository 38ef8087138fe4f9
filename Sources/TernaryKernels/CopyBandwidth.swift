import VulkanCompute

/// Copies a buffer by a kernel: the ceiling of ops that write as much as they read.
///
/// Buffers: source, target (`Shaders/copy_bandwidth`).
public struct CopyBandwidth: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var vectors: UInt32 }

    /// The buffers named above.
    public static let bindings = 2

    /// Bytes to copy, a multiple of 16.
    public var byteCount: Int

    /// Describes one dispatch.
    public init(byteCount: Int) { self.byteCount = byteCount }

    /// The only build there is.
    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.copyBandwidth }
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] { [] }
    /// As the shader declares them.
    public var params: Params { Params(vectors: UInt32(byteCount / 16)) }
    /// Sixteen work groups for each processor.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (device.processors * 16, 1) }
}
