/// What makes two pipelines the same one. The code's address stands for its contents: it is constant for ever.
struct PipelineKey: Hashable {
    var name: String
    var codeAddress: UInt
    var constants: [UInt32]
    var bindings: Int
    var pushConstantBytes: Int
    var requiredSubgroupSize: Int?
    var fullSubgroups: Bool
}

/// Makes each pipeline once. Different pipelines compile at the same time on different threads.
final class PipelineLibrary: Sendable {
    private final class Slot: Sendable {
        let pipeline = Lock<Pipeline?>(nil)
    }

    private struct LayoutKey: Hashable {
        var bindings: Int
        var pushConstantBytes: Int
    }

    let cache: PipelineCache
    private let device: LogicalDevice
    private let slots = Lock<[PipelineKey: Slot]>([:])
    private let layouts = Lock<[LayoutKey: PipelineLayout]>([:])

    init(_ device: LogicalDevice, cacheDirectory: String?) throws(VulkanError) {
        self.device = device
        cache = try PipelineCache(device, directory: cacheDirectory)
    }

    func pipeline(_ key: PipelineKey, code: ShaderCode) throws(VulkanError) -> Pipeline {
        let slot = slots.withLock { slots in
            if let slot = slots[key] { return slot }
            let slot = Slot()
            slots[key] = slot
            return slot
        }
        return try slot.pipeline.withLock { (made) throws(VulkanError) in
            if let made { return made }
            let pipeline = try Pipeline(key, code: code, layout: try layout(for: key), cache: cache, on: device)
            device.logger.trace("made a pipeline", metadata: ["kernel.name": "\(key.name)", "constants": "\(key.constants)"])
            made = pipeline
            return pipeline
        }
    }

    private func layout(for key: PipelineKey) throws(VulkanError) -> PipelineLayout {
        let layoutKey = LayoutKey(bindings: key.bindings, pushConstantBytes: key.pushConstantBytes)
        return try layouts.withLock { (layouts) throws(VulkanError) in
            if let layout = layouts[layoutKey] { return layout }
            let layout = try PipelineLayout(bindings: key.bindings, pushConstantBytes: key.pushConstantBytes, on: device)
            layouts[layoutKey] = layout
            return layout
        }
    }
}
