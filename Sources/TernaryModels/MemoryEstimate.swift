import TernaryCore
import TernaryKernels
import VulkanCompute

/// Bytes of device memory that a model takes on a Vulkan device, from its shape alone: nothing is read and nothing is allocated.
///
/// The sizes are those that the engine asks the driver for. The driver's own rounding and the rest of blocks that small buffers share
/// come on top. None depends on how long a text is: the state of a sequence has one size, and a transformer's keys and values have room
/// for the longest.
public struct MemoryEstimate: Sendable, Equatable {
    /// Packed ternary weights, norms and lower bounds, with padding.
    public let weights: Int
    /// The embedding table; where it stays with the host, the rows of it that the device holds: none, unless its memory is the host's.
    public let embedding: Int
    /// Bytes of the embedding table in the host's memory; 0 where it is on the device.
    public let hostEmbedding: Int
    /// The recurrent states of all sequences, or their keys and values.
    public let state: Int
    /// How the weights are packed, 2 bits each or 1.6.
    public let packing: WeightPacking
    /// Whether decode steps may be one dispatch, which reads weights at 2 bits and an embedding on the device.
    let decodesResident: Bool
    /// Activations, room to unpack weights of 1.6 bits in, and buffers towards the host where the device has no memory apart from the host's.
    public let workspace: Int

    /// All of it.
    public var total: Int { weights + embedding + state + workspace }

    /// What a `VulkanEngine` of this form will take.
    ///
    /// - Parameters:
    ///   - embeddingElement: of the table as it is held in memory.
    ///   - placement: of the embedding.
    ///   - packing: of the weights. What is left open is chosen in this order: all on the device at 2 bits, the embedding with the host,
    ///     the weights at 1.6 bits, both.
    ///   - sequences: whose states are kept.
    public init(
        _ configuration: MatMulFreeConfiguration, embeddingElement: EmbeddingTable.Element, on device: DeviceDescription,
        form: VulkanEngine.Form = .automatic, placement: EmbeddingPlacement = .automatic, packing: WeightPacking = .automatic,
        sequences: Int = 1
    ) {
        let choices = [WeightPacking.twoBits, .base3].filter { packing == .automatic || packing == $0 }.flatMap { packing in
            [EmbeddingPlacement.device, .host].filter { placement == .automatic || placement == $0 }.map { placement in
                MemoryEstimate(
                    configuration, embeddingElement: embeddingElement, on: device, form: form,
                    isEmbeddingOnDevice: placement == .device, packing: packing, sequences: sequences)
            }
        }
        // What fits in no way is refused with what it would take in the first.
        self = choices.first { $0.fits(device) } ?? choices[0]
    }

    private init(
        _ configuration: MatMulFreeConfiguration, embeddingElement: EmbeddingTable.Element, on device: DeviceDescription,
        form: VulkanEngine.Form, isEmbeddingOnDevice: Bool, packing: WeightPacking, sequences: Int
    ) {
        self.packing = packing
        let capacity = VulkanEngine.capacity(configuration, packing: packing, on: device)
        (weights, embedding) = DeviceWeights.byteCounts(
            of: configuration, embeddingElement: embeddingElement, passTokens: isEmbeddingOnDevice ? nil : capacity,
            packing: packing, on: device)
        hostEmbedding =
            isEmbeddingOnDevice ? 0 : configuration.vocabularySize * configuration.hiddenSize * embeddingElement.byteCount
        let sizes = Workspace.Sizes(
            configuration, capacity: capacity, logitRows: VulkanEngine.logitRows(capacity: capacity), sequences: sequences)
        let batch = BatchWorkspace.Sizes(configuration, capacity: capacity, sequences: sequences, on: device)
        state = sizes.state
        var workspace = sizes.deviceBytes + batch.deviceBytes
        let form = form.fitting(configuration, on: device)
        if form != .fused {
            workspace +=
                UnfusedWorkspace.Sizes(
                    configuration, capacity: capacity, sequences: sequences, usesEpilogues: form != .unfused
                ).deviceBytes
        }
        decodesResident =
            isEmbeddingOnDevice && packing == .twoBits
            && form.decodesResident(configuration, element: embeddingElement, on: device)
        if decodesResident {
            workspace += ResidentDecoder.deviceBytes(
                configuration, element: embeddingElement, sequences: sequences, on: device)
        }
        workspace += DeviceWeights.unpackedBytes(configuration, packing: packing)
        if device.isDeviceLocal(.upload) { workspace += sizes.tokens }
        if device.isDeviceLocal(.readback) { workspace += sizes.logits + batch.drawn }
        self.workspace = workspace + device.stagingDeviceBytes
    }

    /// What a `TransformerVulkanEngine` will take, as far as is known before weights are read: that a block's matrices are ternary.
    ///
    /// - Parameters:
    ///   - keysAndValues: how they are kept.
    ///   - sequences: whose they are.
    public init(
        _ source: any TransformerSource, on device: DeviceDescription, keysAndValues: KeyValueOptions, sequences: Int = 1
    ) {
        let configuration = source.configuration
        let tables = (0..<configuration.layerCount).reduce(source.byteCount) { $0 - source.byteCount(layer: $1) }
        let sizes = TransformerWorkspace.Sizes(
            configuration, capacity: TransformerVulkanEngine.capacity(configuration, on: device), sequences: sequences,
            contextLimit: keysAndValues.limit(configuration), cache: keysAndValues.element,
            isMixed: !configuration.quantizesActivations, on: device)
        self.init(
            weights: configuration.layerCount * configuration.ternaryByteCountPerLayer, embedding: max(0, tables), sizes: sizes,
            device: device)
    }

    /// Of a transformer whose sizes are known.
    init(weights: Int, embedding: Int, sizes: TransformerWorkspace.Sizes, device: DeviceDescription) {
        self.weights = weights
        self.embedding = embedding
        hostEmbedding = 0
        state = sizes.caches
        packing = .twoBits
        decodesResident = false
        workspace =
            sizes.deviceBytes + device.stagingDeviceBytes
            + (device.isDeviceLocal(.readback) ? sizes.logits + sizes.drawn : 0)
    }

    /// Whether a device has so much memory left, as far as its driver tells.
    public func fits(_ device: DeviceDescription) -> Bool { total <= device.deviceLocalFreeBytes }

    /// The published shapes that fit a device, the smallest first.
    public static func presets(fitting device: DeviceDescription) -> [String] {
        MatMulFreeConfiguration.presets.sorted { $0.value.parameters < $1.value.parameters }
            .filter { MemoryEstimate($0.value, embeddingElement: .float16, on: device).fits(device) }.map(\.key)
    }
}

extension VulkanEngine.Form {
    /// This form, or the unfused one where shared memory cannot hold a model's rows.
    func fitting(_ configuration: MatMulFreeConfiguration, on device: DeviceDescription) -> Self {
        let traits = DeviceTraits(device)
        let columns = max(configuration.hiddenSize, configuration.stateSize, configuration.intermediateSize)
        return BitLinearFused.fits(columns: columns, device: traits)
            && MLGRUFused.fits(columns: configuration.hiddenSize, device: traits) ? self : .unfused
    }
}
