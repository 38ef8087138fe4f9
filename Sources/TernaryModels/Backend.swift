import Logging
import TernaryCPU
import TernaryCore
import TernaryKernels
import VulkanCompute

/// What can run a model on this machine.
public enum Backend: Sendable {
    /// Plain loops: the definition of right.
    case cpuReference
    /// The CPU's vector units.
    case cpu
    /// A GPU, or a driver that acts as one.
    case vulkan(DeviceDescription)

    /// A name for a person.
    public var name: String {
        switch self {
        case .cpuReference: "CPU reference"
        case .cpu: "CPU"
        case .vulkan(let device): device.name
        }
    }

    /// Makes a model ready on this backend.
    ///
    /// - Parameters:
    ///   - form: of the BitLinears, where the backend has two.
    ///   - placement: of the embedding, where device and host have memories of their own.
    ///   - packing: of the ternary weights on a Vulkan device.
    ///   - keysAndValues: how a transformer keeps them.
    ///   - threads: of the CPU; nil for as many as it may use.
    ///   - variant: of the CPU's kernels; nil for those that `VKTERNARY_CPU` names, else the best.
    ///   - sequences: whose states are kept.
    ///   - progress: is given the share that is loaded.
    public func engine(
        for weights: ModelWeights, form: VulkanEngine.Form = .automatic, placement: EmbeddingPlacement = .automatic,
        packing: WeightPacking = .automatic, keysAndValues: KeyValueOptions = .init(), threads: Int? = nil,
        variant: CPUVariant? = nil, sequences: Int = 1, logger: Logger, progress: (Double) -> Void = { _ in }
    ) throws -> any Engine {
        switch (self, weights) {
        case (.cpuReference, .matMulFree(let weights)):
            return ReferenceEngine(try MatMulFreeWeights(weights, progress: progress), sequences: sequences)
        case (.vulkan(let description), .transformer(let weights)):
            let stream = TransformerStream(weights)
            return try TransformerVulkanEngine(
                stream, on: try Device(description, logger: logger), form: form, keysAndValues: keysAndValues,
                sequences: sequences, progress: progress)
        case (.cpu, .transformer(let weights)):
            return try TransformerCPUEngine(
                try TransformerWeights(weights, progress: progress), threads: threads, variant: variant,
                keysAndValues: keysAndValues, sequences: sequences)
        case (.cpuReference, .transformer(let weights)):
            return TransformerReferenceEngine(
                try TransformerWeights(weights, progress: progress), keysAndValues: keysAndValues, sequences: sequences)
        case (.cpu, .matMulFree(let weights)):
            return try CPUEngine(
                try MatMulFreeWeights(weights, progress: progress), threads: threads, variant: variant, sequences: sequences)
        case (.vulkan(let description), .matMulFree(let weights)):
            // Reads while the driver opens the device.
            let stream = WeightStream(weights)
            return try VulkanEngine(
                stream, on: try Device(description, logger: logger), form: form, placement: placement, packing: packing,
                sequences: sequences, progress: progress)
        }
    }
}

/// A person's choice of device: `auto`, `cpu`, `cpu-reference`, `vulkan`, `vulkan:N` or part of a device's name.
public enum DeviceChoice: Sendable, Equatable {
    case auto, cpu, cpuReference, vulkan
    case vulkanIndex(Int)
    case named(String)

    /// Reads a choice; any text that is no keyword is part of a name.
    public init(_ text: String) {
        switch text.lowercased() {
        case "auto", "": self = .auto
        case "cpu": self = .cpu
        case "cpu-reference": self = .cpuReference
        case "vulkan", "gpu": self = .vulkan
        case let lower:
            if lower.hasPrefix("vulkan:"), let index = Int(lower.dropFirst(7)) {
                self = .vulkanIndex(index)
            } else {
                self = .named(text)
            }
        }
    }

    /// Finds the backend. `auto` takes the best real GPU, else the CPU; a software driver runs only when it is named.
    ///
    /// - Throws: `DeviceChoiceError` with the devices there are.
    public func resolve() throws -> Backend {
        switch self {
        case .cpu: return .cpu
        case .cpuReference: return .cpuReference
        case .auto:
            do {
                return Self.best(try Vulkan.devices()).map { .vulkan($0) } ?? .cpu
            } catch {
                // A wish that cannot be met is said; a machine without Vulkan is no error.
                if error.isAboutSettings { throw error }
                return .cpu
            }
        case .vulkan:
            let devices = try Vulkan.devices()
            guard let best = Self.best(devices) else { throw DeviceChoiceError("no GPU that can run this", devices) }
            return .vulkan(best)
        case .vulkanIndex(let index):
            let devices = try Vulkan.devices()
            guard let device = devices.first(where: { $0.index == index }) else {
                throw DeviceChoiceError("there is no device vulkan:\(index)", devices)
            }
            return .vulkan(try Self.usable(device))
        case .named(let text):
            var devices: [DeviceDescription] = []
            var problem = ""
            do { devices = try Vulkan.devices() } catch {
                if error.isAboutSettings { throw error }
                problem = "; \(error)"
            }
            let matches = devices.filter { $0.name.lowercased().contains(text.lowercased()) }
            guard let device = matches.first(where: { $0.whyUnusable == nil }) ?? matches.first else {
                throw DeviceChoiceError("no device's name contains '\(text)'\(problem)", devices)
            }
            return .vulkan(try Self.usable(device))
        }
    }

    private static func usable(_ device: DeviceDescription) throws -> DeviceDescription {
        if let reason = device.whyUnusable { throw DeviceChoiceError("\(device.name) cannot be used: \(reason)", []) }
        return device
    }

    /// Discrete before integrated before virtual, more memory before less; no software driver.
    private static func best(_ devices: [DeviceDescription]) -> DeviceDescription? {
        func rank(_ kind: DeviceDescription.Kind) -> Int {
            switch kind {
            case .discrete: 3
            case .integrated: 2
            case .virtual: 1
            case .other, .software: 0
            }
        }
        return devices.filter { $0.whyUnusable == nil && $0.kind != .software }
            .max { (rank($0.kind), $0.deviceLocalBytes, -$0.index) < (rank($1.kind), $1.deviceLocalBytes, -$1.index) }
    }
}

extension VulkanError {
    /// Whether an environment variable is to blame.
    fileprivate var isAboutSettings: Bool {
        switch self {
        case .setting, .validationLayerMissing: true
        default: false
        }
    }
}

/// A device that was asked for is not there.
public struct DeviceChoiceError: Error, CustomStringConvertible {
    /// What was asked for and what there is.
    public let description: String

    init(_ reason: String, _ devices: [DeviceDescription]) {
        let names = devices.map {
            "vulkan:\($0.index) (\($0.name)\($0.kind == .software ? ", a software driver: name it to use it" : ""))"
        }
        description = reason + "; there is: " + (["cpu", "cpu-reference"] + names).joined(separator: ", ")
    }
}
