import VulkanCompute

/// One dispatch of one op, described as a value: what it binds, how it is specialised, how it is launched.
public protocol Kernel: Sendable {
    /// The shader's push-constant block, field by field.
    associatedtype Params: BitwiseCopyable

    /// Number of storage buffers, bound in the shader's order.
    static var bindings: Int { get }
    /// The build of the shader that this device runs.
    func code(for device: DeviceTraits) -> ShaderCode
    /// Specialization constants in order of constant_id.
    func constants(for device: DeviceTraits) -> [UInt32]
    /// What the push-constant block holds.
    var params: Params { get }
    /// Work groups in x and y.
    func workgroups(for device: DeviceTraits) -> (x: Int, y: Int)
}

/// What of a device the kernels' builds, constants and launch sizes depend on. Results never do.
public struct DeviceTraits: Sendable, Equatable {
    /// Invocations in a subgroup, 8 to 128.
    public var subgroupSize: Int
    /// Whether the shaders may use the packed 4 x 8 bit dot product.
    public var integerDot: Bool
    /// Shared memory a work group may use.
    public var sharedMemoryBytes: Int
    /// Processors that each run a work group or two at a time, at a guess: Vulkan does not tell.
    public var processors: Int
    /// Work groups of 256 that run at the same time whatever they do, at a guess that a watchdog guards.
    public var residentWorkgroups: Int
    /// Whether loads take long enough that several should be in flight: true of every GPU.
    public var hidesLatency: Bool
    /// Whether subgroups multiply 16 x 32 by 32 x 16 matrices of int8 into int32 as units.
    public var int8Matrices: Bool

    /// Traits as they are, for tests and for devices that are made to do without something.
    public init(
        subgroupSize: Int, integerDot: Bool, sharedMemoryBytes: Int, processors: Int, residentWorkgroups: Int,
        hidesLatency: Bool,
        int8Matrices: Bool
    ) {
        precondition([8, 16, 32, 64, 128].contains(subgroupSize), "a subgroup of \(subgroupSize)")
        self.subgroupSize = subgroupSize
        self.integerDot = integerDot
        self.sharedMemoryBytes = sharedMemoryBytes
        self.processors = processors
        self.residentWorkgroups = residentWorkgroups
        self.hidesLatency = hidesLatency
        self.int8Matrices = int8Matrices
    }

    /// Subgroups in a work group of 256.
    var subgroups: Int { 256 / subgroupSize }
}

/// Rounds a quotient up.
@inline(__always)
func ceilDivide(_ a: Int, _ b: Int) -> Int { (a + b - 1) / b }

/// A row's values after padding to whole tiles, which is also the distance between rows on the device.
@inline(__always)
public func paddedWidth(_ columns: Int) -> Int { (columns + 15) & ~15 }
