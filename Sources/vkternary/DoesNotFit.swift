import TernaryCore
import TernaryModels
import VulkanCompute

/// A model takes more memory than its device has left.
struct DoesNotFit: Error, CustomStringConvertible {
    let estimate: MemoryEstimate
    let device: DeviceDescription
    /// Options with which it would fit, and a comma; empty where there are none.
    let remedy: String

    var description: String {
        let presets = MemoryEstimate.presets(fitting: device)
        let fitting = presets.isEmpty ? "none" : presets.joined(separator: ", ")
        return "the model needs \(bytes(estimate.total)) of memory on \(device.name), which has "
            + "\(bytes(device.deviceLocalFreeBytes)) free of \(bytes(device.deviceLocalBytes)); use "
            + "\(remedy)--device cpu or a smaller "
            + "model (published shapes that fit: \(fitting))"
    }
}

extension Backend {
    /// Throws `DoesNotFit` for a model that the device has no room for.
    ///
    /// - Parameters:
    ///   - embeddingElement: as stored.
    ///   - keysAndValues: how a transformer keeps them.
    ///   - sequences: whose states, or keys and values, are kept.
    func checkMemory(
        _ weights: ModelWeights, _ embeddingElement: EmbeddingTable.Element, form: VulkanEngine.Form,
        placement: EmbeddingPlacement, packing: WeightPacking, keysAndValues: KeyValueOptions, sequences: Int = 1
    ) throws {
        guard case .vulkan(let device) = self else { return }
        let configuration: MatMulFreeConfiguration
        switch weights {
        case .matMulFree(let source): configuration = source.configuration
        case .transformer(let source):
            guard placement != .host, packing != .base3, form != .resident else {
                throw UsageError(
                    "--embedding host, --packing 1.6 and --resident are for MatMul-free models; this is a transformer")
            }
            let estimate = MemoryEstimate(source, on: device, keysAndValues: keysAndValues, sequences: sequences)
            if estimate.fits(device) { return }
            throw DoesNotFit(
                estimate: estimate, device: device,
                remedy: "--context with fewer tokens than \(keysAndValues.limit(source.configuration)), --cache q8_0, ")
        }
        // Only its values tell whether a binary32 table will be narrowed: nothing is refused that may fit.
        let least = embeddingElement == .float32 ? EmbeddingTable.Element.float16 : embeddingElement
        func estimate(_ placement: EmbeddingPlacement, _ packing: WeightPacking) -> MemoryEstimate {
            MemoryEstimate(
                configuration, embeddingElement: least, on: device, form: form, placement: placement, packing: packing,
                sequences: sequences)
        }
        let wanted = estimate(placement, packing)
        if wanted.fits(device) { return }
        throw DoesNotFit(
            estimate: wanted, device: device,
            remedy: estimate(.automatic, .automatic).fits(device) ? "--embedding auto --packing auto, " : "")
    }
}

extension MemoryEstimate {
    /// Its parts for a person.
    var text: String {
        "weights \(bytes(weights)) at \(packing.rawValue) bits, embedding \(bytes(embedding))\(hostText), state \(bytes(state)), workspace \(bytes(workspace))"
    }

    private var hostText: String { hostEmbedding > 0 ? " (\(bytes(hostEmbedding)) stay with the host)" : "" }

    /// Its parts for a machine.
    var json: JSONText {
        .object([
            ("weight_bytes", .int(weights)), ("embedding_bytes", .int(embedding)), ("state_bytes", .int(state)),
            ("workspace_bytes", .int(workspace)), ("total_bytes", .int(total)), ("host_embedding_bytes", .int(hostEmbedding)),
            ("bits_per_weight", packing == .base3 ? .double(1.6) : .int(2)),
        ])
    }
}
