import VulkanCompute

/// Products of four int8 with four and nothing else: the ceiling of ternary products without matrix units.
///
/// Buffer: result (`Shaders/int8_rate`).
public struct Int8Rate: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var steps, weight: UInt32 }

    /// The buffer named above.
    public static let bindings = 1

    /// Sums of an invocation.
    private static let sums = 8
    /// Invocations in a work group.
    private static let invocations = 256
    /// Four int8 to multiply with: 3, -5, 7 and 2.
    private static let weight: UInt32 = 0x0207_FB03

    /// Products of each sum.
    public var steps: Int
    /// Work groups.
    public var groups: Int

    /// Describes one dispatch.
    public init(steps: Int, groups: Int) {
        self.steps = steps
        self.groups = groups
    }

    /// Bytes of the result.
    public var resultBytes: Int { groups * Self.invocations * 4 }
    /// Multiplications and additions.
    public var operations: Int { groups * Self.invocations * Self.sums * steps * 8 }

    /// With the packed dot product where the device has it.
    public func code(for device: DeviceTraits) -> ShaderCode {
        device.integerDot ? CompiledKernels.int8RateDot : CompiledKernels.int8Rate
    }
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] { [] }
    /// As the shader declares them.
    public var params: Params { Params(steps: UInt32(steps), weight: Self.weight) }
    /// As many as were asked for.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (groups, 1) }

    /// What the result holds for each of the first work group's invocations, which is what it holds for every other group's.
    public var expected: [Int32] {
        (0..<Self.invocations).map { invocation in
            (0..<Self.sums).reduce(0) { total, index in
                var sum = Int32(invocation * Self.sums + index)
                for _ in 0..<steps { sum &+= Self.dot(UInt32(bitPattern: sum), Self.weight) }
                return total ^ sum
            }
        }
    }

    private static func dot(_ a: UInt32, _ b: UInt32) -> Int32 {
        (0..<4).reduce(0) { sum, byte in
            sum + Int32(Int8(truncatingIfNeeded: a >> (8 * byte))) * Int32(Int8(truncatingIfNeeded: b >> (8 * byte)))
        }
    }
}

/// Products on int8 matrix units and nothing else: what they could do if nothing had to be brought to them.
///
/// Buffers: a and b, `(64, 32)` int8 each, result `(subgroups, 64, 64)` int32 (`Shaders/int8_rate`, units). Only for devices of which
/// `DeviceTraits.int8Matrices` is true.
public struct Int8UnitsRate: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var steps: UInt32 }

    /// The buffers named above.
    public static let bindings = 3

    /// Rows of a and of b.
    public static let rows = 64
    /// Their columns.
    public static let columns = 32
    /// Subgroups of a work group.
    private static let subgroups = 4

    /// Products of each sum.
    public var steps: Int
    /// Work groups.
    public var groups: Int

    /// Describes one dispatch.
    public init(steps: Int, groups: Int) {
        self.steps = steps
        self.groups = groups
    }

    /// Bytes of the result.
    public var resultBytes: Int { groups * Self.subgroups * Self.rows * Self.rows * 4 }
    /// Multiplications and additions.
    public var operations: Int { groups * Self.subgroups * Self.rows * Self.rows * Self.columns * steps * 2 }

    /// The only build there is.
    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.int8RateUnits }
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] { [] }
    /// As the shader declares them.
    public var params: Params { Params(steps: UInt32(steps)) }
    /// As many as were asked for.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (groups, 1) }
}
