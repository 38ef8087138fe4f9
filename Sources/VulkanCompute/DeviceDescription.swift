/// What is known of a device without opening it. Sizes are in bytes.
public struct DeviceDescription: Sendable {
    /// What a device is made of.
    public enum Kind: String, Sendable {
        /// A graphics card with memory of its own.
        case discrete
        /// A graphics unit that shares the processor's memory.
        case integrated
        /// A part of a GPU given to a virtual machine.
        case virtual
        /// A driver that computes on the CPU.
        case software
        /// None of these.
        case other
    }

    /// A pool of memory.
    public struct Heap: Sendable, Equatable {
        /// Its size.
        public var byteCount: Int
        /// Whether it is the device's own memory.
        public var isDeviceLocal: Bool
        /// What other programs had left of it when the device was listed; all of it where the driver does not tell.
        public var freeBytes: Int

        init(byteCount: Int, isDeviceLocal: Bool, freeBytes: Int? = nil) {
            self.byteCount = byteCount
            self.isDeviceLocal = isDeviceLocal
            self.freeBytes = freeBytes ?? byteCount
        }
    }

    /// A kind of memory: a heap and how it can be reached.
    struct MemoryType: Sendable {
        var flags: Int
        var heap: Int
    }

    /// A shape of matrix that a subgroup multiplies at once, with VkComponentTypeKHR numbers.
    public struct CooperativeMatrixShape: Sendable, Equatable {
        /// Rows of A and of the result.
        public var m: Int
        /// Columns of B and of the result.
        public var n: Int
        /// Columns of A, rows of B.
        public var k: Int
        /// Element types (0 f16, 1 f32, 3 s8, 5 s32, 7 u8, 9 u32).
        public var aType: Int, bType: Int, cType: Int, resultType: Int
        /// Whether integer sums saturate.
        public var isSaturating: Bool
    }

    /// Its place in the driver's order.
    public internal(set) var index = 0
    /// The driver's name for it.
    public internal(set) var name = ""
    /// What it is made of.
    public internal(set) var kind = Kind.other
    /// The maker's PCI number.
    public internal(set) var vendorID = 0
    /// The maker's number of the model.
    public internal(set) var deviceID = 0
    /// The driver, such as "llvmpipe" or "NVIDIA".
    public internal(set) var driverName = ""
    /// The driver's version in its own words.
    public internal(set) var driverInfo = ""
    /// Highest Vulkan version, such as (1, 3, 230).
    public internal(set) var apiVersion = (major: 0, minor: 0, patch: 0)
    /// The driver's version as a number whose parts each vendor splits otherwise.
    public internal(set) var driverVersion = 0
    /// 16 bytes: the device, the driver, and what cached pipelines belong to.
    public internal(set) var deviceUUID: [UInt8] = [], driverUUID: [UInt8] = [], pipelineCacheUUID: [UInt8] = []

    /// What it can do beyond Vulkan 1.2.
    public internal(set) var features: DeviceFeatures = []
    /// The subgroup size that a pipeline gets if it requires none.
    public internal(set) var subgroupSize = 0
    /// The subgroup sizes that a pipeline may require; powers of two. Only ``subgroupSize`` without subgroup size control.
    public var subgroupSizeRange: ClosedRange<Int> {
        features.contains(.subgroupSizeControl) ? controlledSubgroupSizes : subgroupSize...subgroupSize
    }
    /// Shared memory of a workgroup.
    public internal(set) var sharedMemoryBytes = 0
    /// Invocations in a workgroup at most.
    public internal(set) var maxWorkgroupInvocations = 0
    /// Invocations in a workgroup along x, y, z at most.
    public internal(set) var maxWorkgroupSize = (x: 0, y: 0, z: 0)
    /// Workgroups in a dispatch along x, y, z at most.
    public internal(set) var maxWorkgroupCount = (x: 0, y: 0, z: 0)
    /// Bytes of push constants at most.
    public internal(set) var maxPushConstantBytes = 0
    /// Storage buffers bound to a pipeline at most.
    public internal(set) var maxBindings = 0
    /// What one binding can see of a buffer at most.
    public internal(set) var maxStorageRange = 0
    /// Offsets of bindings are multiples of this; a power of two.
    public internal(set) var storageOffsetAlignment = 0
    /// One allocation at most.
    public internal(set) var maxAllocationBytes = 0
    /// One buffer at most.
    public internal(set) var maxBufferBytes = 0
    /// The device's own memory, the largest heap of it.
    public internal(set) var deviceLocalBytes = 0
    /// What is left of the largest heap of the device's own memory.
    public var deviceLocalFreeBytes: Int {
        heaps.filter(\.isDeviceLocal).max { $0.byteCount < $1.byteCount }.map(\.freeBytes) ?? 0
    }
    /// All memory, device's and host's.
    public internal(set) var heaps: [Heap] = []
    /// Nanoseconds between two ticks of a timestamp.
    public internal(set) var timestampPeriod = 0.0
    /// Shapes of cooperative matrices for a subgroup.
    public internal(set) var cooperativeMatrixShapes: [CooperativeMatrixShape] = []

    /// Why it cannot run anything here; nil where it can.
    public internal(set) var unusable: String?

    var controlledSubgroupSizes = 0...0
    var memoryTypes: [MemoryType] = []
    var timestampMask: UInt64 = 0
    /// The library through which it was found.
    var loader = ""

    /// The same device as if it lacked some features.
    ///
    /// - Parameter features: what to hide, beyond what the environment hides already.
    public func disabling(_ features: DisabledFeature...) -> DeviceDescription {
        var copy = self
        for feature in features { copy.features.subtract(feature.features) }
        return copy
    }
}
