import CVulkan

/// What a device can do beyond what Vulkan 1.2 guarantees.
public struct DeviceFeatures: OptionSet, Sendable, Hashable {
    /// The bits of CVulkan, and ours from the top downwards.
    public let rawValue: UInt64

    /// - Parameter rawValue: bits as in ``rawValue``.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    private init(_ bit: Int) { rawValue = UInt64(bit) }

    /// Shaders may use the integer dot product instructions.
    public static let integerDotProduct = Self(CVK_FEATURE_INTEGER_DOT_PRODUCT)
    /// The dot product of signed 4x8-bit words is one instruction.
    public static let integerDotAcceleratedSigned = Self(CVK_FEATURE_INTEGER_DOT_ACCELERATED_SIGNED)
    /// The dot product of an unsigned with a signed 4x8-bit word is one instruction.
    public static let integerDotAcceleratedMixed = Self(CVK_FEATURE_INTEGER_DOT_ACCELERATED_MIXED)
    /// Arithmetic on 8-bit integers.
    public static let int8 = Self(CVK_FEATURE_INT8)
    /// 8-bit integers in storage buffers.
    public static let int8Storage = Self(CVK_FEATURE_INT8_STORAGE)
    /// Arithmetic on 16-bit integers.
    public static let int16 = Self(CVK_FEATURE_INT16)
    /// 16-bit values in storage buffers.
    public static let int16Storage = Self(CVK_FEATURE_INT16_STORAGE)
    /// Arithmetic on 64-bit integers.
    public static let int64 = Self(CVK_FEATURE_INT64)
    /// Atomics on 64-bit integers in storage buffers.
    public static let int64Atomics = Self(CVK_FEATURE_INT64_ATOMICS)
    /// Arithmetic in half precision.
    public static let float16 = Self(CVK_FEATURE_FLOAT16)
    /// Buffers have addresses that shaders can follow.
    public static let bufferDeviceAddress = Self(CVK_FEATURE_BUFFER_DEVICE_ADDRESS)
    /// Subgroup reductions and scans.
    public static let subgroupArithmetic = Self(CVK_FEATURE_SUBGROUP_ARITHMETIC)
    /// Subgroup shuffles, relative ones included.
    public static let subgroupShuffle = Self(CVK_FEATURE_SUBGROUP_SHUFFLE)
    /// Subgroup ballots.
    public static let subgroupBallot = Self(CVK_FEATURE_SUBGROUP_BALLOT)
    /// Subgroup reductions over clusters.
    public static let subgroupClustered = Self(CVK_FEATURE_SUBGROUP_CLUSTERED)
    /// A pipeline may require a subgroup size and full subgroups.
    public static let subgroupSizeControl = Self(CVK_FEATURE_SUBGROUP_SIZE_CONTROL)
    /// Cooperative matrices (VK_KHR_cooperative_matrix).
    public static let cooperativeMatrix = Self(CVK_FEATURE_COOPERATIVE_MATRIX)
    /// The Vulkan memory model with device scope.
    public static let vulkanMemoryModel = Self(CVK_FEATURE_VULKAN_MEMORY_MODEL)
    /// Scalar block layout.
    public static let scalarBlockLayout = Self(CVK_FEATURE_SCALAR_BLOCK_LAYOUT)
    /// The queue writes timestamps.
    public static let timestamps = Self(CVK_FEATURE_TIMESTAMPS)
    /// The driver tells how much memory is left (VK_EXT_memory_budget).
    public static let memoryBudget = Self(CVK_FEATURE_MEMORY_BUDGET)
    /// Shaders may demand rounding to nearest, ties to even, for 32-bit floats.
    public static let roundToNearestFloat32 = Self(CVK_FEATURE_ROUND_TO_NEAREST_FLOAT32)
    /// LocalSizeId and a known greatest buffer size.
    public static let maintenance4 = Self(CVK_FEATURE_MAINTENANCE4)
    /// The host can map (most of) the device's own memory, so that nothing needs a staging copy.
    public static let hostVisibleDeviceMemory = Self(rawValue: 1 << 63)

    /// The names of the features that are present, for people.
    public var names: [String] { Self.all.filter { contains($0.1) }.map(\.0) }

    private static let all: [(String, DeviceFeatures)] = [
        ("integer-dot-product", .integerDotProduct), ("integer-dot-accelerated-signed", .integerDotAcceleratedSigned),
        ("integer-dot-accelerated-mixed", .integerDotAcceleratedMixed), ("int8", .int8), ("int8-storage", .int8Storage),
        ("int16", .int16), ("int16-storage", .int16Storage), ("int64", .int64), ("int64-atomics", .int64Atomics),
        ("float16", .float16),
        ("buffer-device-address", .bufferDeviceAddress), ("subgroup-arithmetic", .subgroupArithmetic),
        ("subgroup-shuffle", .subgroupShuffle), ("subgroup-ballot", .subgroupBallot),
        ("subgroup-clustered", .subgroupClustered), ("subgroup-size-control", .subgroupSizeControl),
        ("cooperative-matrix", .cooperativeMatrix), ("vulkan-memory-model", .vulkanMemoryModel),
        ("scalar-block-layout", .scalarBlockLayout), ("timestamps", .timestamps), ("memory-budget", .memoryBudget),
        ("round-to-nearest-float32", .roundToNearestFloat32), ("maintenance4", .maintenance4),
        ("host-visible-device-memory", .hostVisibleDeviceMemory),
    ]
}
