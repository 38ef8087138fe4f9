import TernaryCore
import VulkanCompute

/// activation(gate) * up. Buffers: gate, up, product (`Shaders/glu`).
public struct GLU: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var count: UInt32 }

    /// The buffers named above.
    public static let bindings = 3

    /// Values.
    public var count: Int
    /// What the gate passes.
    public var activation: TransformerConfiguration.Activation

    /// Describes one dispatch.
    public init(count: Int, activation: TransformerConfiguration.Activation = .silu) {
        self.count = count
        self.activation = activation
    }

    /// The only build there is.
    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.glu }
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] { [activation.constant] }
    /// As the shader declares them.
    public var params: Params { Params(count: UInt32(count)) }
    /// An invocation a value.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (ceilDivide(count, 256), 1) }
}

extension TransformerConfiguration.Activation {
    /// Specialization constant of `Shaders/shared/glu.glsl`.
    var constant: UInt32 {
        switch self {
        case .silu: 0
        case .squaredReLU: 1
        }
    }
}
