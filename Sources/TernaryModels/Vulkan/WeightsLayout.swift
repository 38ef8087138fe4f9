import TernaryCore
import TernaryKernels
import VulkanCompute

/// Where tensors lie in one buffer, each at an offset that any device can bind.
private struct Placement {
    /// Vulkan allows no device to ask for more than this between storage buffer offsets.
    private static let alignment = 256

    private(set) var byteCount = 0
    let packing: WeightPacking

    init(_ packing: WeightPacking) { self.packing = packing }

    /// Room for norms of one width, each padded to whole tiles.
    mutating func norms(_ columns: Int, count: Int = 1) -> Range<Int> { add(count * paddedWidth(columns) * 4) }

    /// Room for packed matrices of one shape, one behind the other.
    mutating func matrices(_ count: Int = 1, rows: Int, columns: Int) -> Range<Int> {
        let bytes = TernaryMatrix.byteCount(rows: rows, columns: columns)
        return add(count * (packing == .base3 ? Base3Packing.byteCount(tiles: bytes / 16) : bytes))
    }

    private mutating func add(_ bytes: Int) -> Range<Int> {
        let range = byteCount..<byteCount + bytes
        byteCount = (range.upperBound + Self.alignment - 1) / Self.alignment * Self.alignment
        return range
    }
}

/// One block's buffer; its parts are those of `DeviceWeights.Layer`.
struct BlockLayout {
    let mixerOuter, mixerCombined, mixerWeights, lowerBound: Range<Int>
    let outputOuter, outputCombined, outputWeights: Range<Int>
    let mlpOuter, mlpCombined, mlpWeights, downNorm, downWeights: Range<Int>
    let byteCount: Int

    init(_ configuration: MatMulFreeConfiguration, hasLowerBound: Bool, packing: WeightPacking) {
        let (hidden, state) = (configuration.hiddenSize, configuration.stateSize)
        let intermediate = configuration.intermediateSize
        var placement = Placement(packing)
        mixerOuter = placement.norms(hidden)
        mixerCombined = placement.norms(hidden, count: 3)
        mixerWeights = placement.matrices(3, rows: state, columns: hidden)
        lowerBound = hasLowerBound ? placement.norms(state) : mixerOuter
        outputOuter = placement.norms(state)
        outputCombined = placement.norms(state)
        outputWeights = placement.matrices(rows: hidden, columns: state)
        mlpOuter = placement.norms(hidden)
        mlpCombined = placement.norms(hidden)
        mlpWeights = placement.matrices(2, rows: intermediate, columns: hidden)
        downNorm = placement.norms(intermediate)
        downWeights = placement.matrices(rows: hidden, columns: intermediate)
        byteCount = placement.byteCount
    }
}

/// The head's buffer: the final norm, its product with the head's own, and the matrix.
struct HeadLayout {
    let outer, combined, weights: Range<Int>
    let byteCount: Int

    init(_ configuration: MatMulFreeConfiguration, packing: WeightPacking) {
        var placement = Placement(packing)
        outer = placement.norms(configuration.hiddenSize)
        combined = placement.norms(configuration.hiddenSize)
        weights = placement.matrices(rows: configuration.vocabularySize, columns: configuration.hiddenSize)
        byteCount = placement.byteCount
    }
}

/// The embedding's buffers: as many rows each as one binding can see.
struct EmbeddingLayout {
    let parts: [(rows: Range<Int>, byteCount: Int)]

    init(rows: Int, columns: Int, element: EmbeddingTable.Element, maxStorageRange: Int) {
        let rowBytes = columns * element.byteCount
        // An even number of rows keeps 16-bit tables on word boundaries.
        let rowsEach = max(2, maxStorageRange / rowBytes / 2 * 2)
        parts = stride(from: 0, to: rows, by: rowsEach).map { first in
            let part = first..<min(first + rowsEach, rows)
            return (part, (part.count * rowBytes + 3) / 4 * 4)
        }
    }
}

extension DeviceWeights {
    /// Bytes of all buffers on the device of a model of this shape: blocks and head, and the embedding.
    ///
    /// - Parameter passTokens: most tokens of a pass, where the embedding stays with the host.
    static func byteCounts(
        of configuration: MatMulFreeConfiguration, embeddingElement: EmbeddingTable.Element, passTokens: Int?,
        packing: WeightPacking, on device: DeviceDescription
    ) -> (weights: Int, embedding: Int) {
        // The first block has no lower bound in any model.
        let bounded = configuration.usesLowerBounds ? max(0, configuration.layerCount - 1) : 0
        let plain = configuration.layerCount - bounded
        let weights =
            plain * BlockLayout(configuration, hasLowerBound: false, packing: packing).byteCount
            + bounded * BlockLayout(configuration, hasLowerBound: true, packing: packing).byteCount
            + HeadLayout(configuration, packing: packing).byteCount
        if let passTokens {
            let gathered = HostEmbedding.gatheredBytes(
                columns: configuration.hiddenSize, element: embeddingElement, passTokens: passTokens)
            return (weights, device.isDeviceLocal(.upload) ? gathered : 0)
        }
        let embedding = EmbeddingLayout(
            rows: configuration.vocabularySize, columns: configuration.hiddenSize, element: embeddingElement,
            maxStorageRange: device.maxStorageRange
        ).parts.reduce(0) { $0 + $1.byteCount }
        return (weights, embedding)
    }

    /// Bytes of room for the largest of what one dispatch binds, unpacked; none where it is bound as it lies.
    static func unpackedBytes(_ configuration: MatMulFreeConfiguration, packing: WeightPacking) -> Int {
        guard packing == .base3 else { return 0 }
        let (hidden, state) = (configuration.hiddenSize, configuration.stateSize)
        let intermediate = configuration.intermediateSize
        return [
            3 * TernaryMatrix.byteCount(rows: state, columns: hidden), TernaryMatrix.byteCount(rows: hidden, columns: state),
            2 * TernaryMatrix.byteCount(rows: intermediate, columns: hidden),
            TernaryMatrix.byteCount(rows: hidden, columns: intermediate),
            TernaryMatrix.byteCount(rows: configuration.vocabularySize, columns: hidden),
        ].max()!
    }
}
