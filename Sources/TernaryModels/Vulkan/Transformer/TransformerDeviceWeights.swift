import TernaryCore
import TernaryKernels
import VulkanCompute

/// A transformer's tensors on a device. A block is one buffer; so is each part of the embedding and of the head.
final class TransformerDeviceWeights: Sendable {
    /// Projections that are one product, and where it goes.
    struct Linear: Sendable {
        let group: LinearGroup
        /// First column of the result.
        let firstColumn: Int
    }

    /// One block's tensors.
    struct Layer: Sendable {
        /// All of them.
        let buffer: Buffer
        /// Query, key and value: one product where that can be, else three.
        let queryKeyValue: [Linear]
        /// Norms of query and key heads, each padded to whole fours; nil where there are none.
        let headNorms: TensorArena.Place?
        let normsQuery, normsKey: Bool
        let output: LinearGroup
        /// Gate and up: one product of int8 codes where that can be, else two.
        let gateUp: [LinearGroup]
        let down: LinearGroup
    }

    let layers: [Layer]
    let embedding: DeviceTable
    /// nil where it is the embedding.
    let head: DeviceTable?
    /// In front of the head: the final norm, and the head's own where it has one.
    let headNorms: [(weight: BufferSlice, epsilon: Float)]
    /// Bytes of all of it, of blocks and norms, and of what a decode step reads.
    let byteCount, blockByteCount, byteCountPerToken: Int

    /// Uploads what a source gives, each part while the next one is read.
    init(_ stream: TransformerStream, on device: Device, progress: (Double) -> Void) throws {
        let configuration = stream.configuration
        let total = Double(max(1, stream.byteCount))
        var done = 0
        func advance(_ bytes: Int) {
            done += bytes
            progress(min(1, Double(done) / total))
        }
        let table = try stream.embedding()
        embedding = try DeviceTable(table, bias: nil, label: "embedding", device: device, progress: advance)
        let (headProjection, finalNorm) = try stream.head()
        head = try headProjection.map {
            try DeviceTable($0.matrix, bias: $0.bias, label: "head", device: device, progress: advance)
        }
        var arena = TensorArena()
        let chain: NormChain =
            [(weight: finalNorm, epsilon: configuration.normEpsilon)] + (headProjection?.norm.map { [$0] } ?? [])
        let places = chain.map { (arena.add(row: $0.weight), $0.epsilon) }
        let norms = try arena.upload(to: device, label: "final norm")
        headNorms = places.map { (norms.tensor($0), $1) }
        var bytes = arena.byteCount
        layers = try (0..<configuration.layerCount).map { index in
            let (layer, layerBytes) = try Self.upload(try stream.layer(), configuration, label: "block \(index)", to: device)
            advance(layerBytes)
            bytes += layerBytes
            return layer
        }
        blockByteCount = bytes
        byteCount = bytes + table.byteCount + (headProjection?.matrix.byteCount ?? 0)
        byteCountPerToken = bytes + (headProjection?.matrix ?? table).byteCount
        progress(1)
    }

    /// Whether blocks have products of floats, or projections that are products of their own.
    var isMixed: Bool {
        layers.contains { layer in
            layer.queryKeyValue.count > 1 || layer.gateUp.count > 1 || !layer.queryKeyValue[0].group.isQuantized
                || !layer.output.isQuantized || !layer.down.isQuantized
        }
    }

    private static func upload(
        _ layer: TransformerLayer, _ configuration: TransformerConfiguration, label: String, to device: Device
    ) throws -> (Layer, Int) {
        var arena = TensorArena()
        let norms = TransformerNorms(layer, epsilon: configuration.normEpsilon)
        func one(_ projection: Projection, _ chain: NormChain) throws -> LinearGroup {
            guard
                let group = LinearGroup(
                    [projection], chain: chain, quantizesActivations: configuration.quantizesActivations, in: &arena)
            else { throw VulkanError.missingFeature("\(label): scales shared by other than multiples of 16 columns") }
            return group
        }
        func together(_ projections: [Projection], _ chain: NormChain, isGLU: Bool = false) -> LinearGroup? {
            guard projections.allSatisfy({ $0.norm == nil }) else { return nil }
            var trial = arena
            guard
                let group = LinearGroup(
                    projections, chain: chain, quantizesActivations: configuration.quantizesActivations, isGLU: isGLU,
                    in: &trial), !isGLU || group.isQuantized
            else { return nil }
            arena = trial
            return group
        }
        let queryKeyValue: [Linear]
        if let group = together([layer.query, layer.key, layer.value], norms.query) {
            queryKeyValue = [Linear(group: group, firstColumn: 0)]
        } else {
            queryKeyValue = [
                Linear(group: try one(layer.query, norms.query), firstColumn: 0),
                Linear(group: try one(layer.key, norms.key), firstColumn: configuration.queryWidth),
                Linear(
                    group: try one(layer.value, norms.value),
                    firstColumn: configuration.queryWidth + configuration.keyValueWidth),
            ]
        }
        let gateUp =
            try together([layer.gate, layer.up], norms.gate, isGLU: true).map { [$0] }
            ?? [one(layer.gate, norms.gate), one(layer.up, norms.up)]
        var headNorms: TensorArena.Place?
        if layer.queryNorm != nil || layer.keyNorm != nil {
            let padding = [Float](
                repeating: 0, count: TernaryMatrix.padded(configuration.headSize, to: 4) - configuration.headSize)
            let none = [Float](repeating: 0, count: configuration.headSize)
            headNorms = arena.add(floats: (layer.queryNorm ?? none) + padding + (layer.keyNorm ?? none) + padding)
        }
        let (output, down) = (try one(layer.output, norms.output), try one(layer.down, norms.down))
        let buffer = try arena.upload(to: device, label: label)
        return (
            Layer(
                buffer: buffer, queryKeyValue: queryKeyValue, headNorms: headNorms, normsQuery: layer.queryNorm != nil,
                normsKey: layer.keyNorm != nil, output: output, gateUp: gateUp, down: down), arena.byteCount
        )
    }
}
