/// Weights for measuring and testing a shape without a checkpoint; the same for the same seed everywhere.
///
/// Two thirds of the trits are not zero; matrices' scales make the output of a row about as large as a trained model's, so
/// that activations stay in range through any number of layers; norm weights lie in 0.8...1.2; the embedding is binary16,
/// roughly normal with deviation 0.58.
///
/// All tensors are one stream of random numbers, the layers' first, in which a part's place is known: parts are made in any order.
public struct RandomWeights: WeightSource {
    /// The shape.
    public let configuration: MatMulFreeConfiguration
    /// Of the stream.
    public let seed: UInt64

    /// Weights of a shape; makes none of them yet.
    public init(_ configuration: MatMulFreeConfiguration, seed: UInt64) {
        self.configuration = configuration
        self.seed = seed
    }

    /// Bytes as they will be held in memory, without the few that norms take.
    public var byteCount: Int { configuration.ternaryByteCount + 2 * configuration.vocabularySize * configuration.hiddenSize }
    /// The same of one layer.
    public func byteCount(layer: Int) -> Int { configuration.ternaryByteCountPerLayer }

    /// Random numbers that a layer takes: one a norm's weight, one a word of 16 trits, one a lower bound.
    private func draws(layer: Int) -> Int {
        let (h, d, i) = (configuration.hiddenSize, configuration.stateSize, configuration.intermediateSize)
        let norms = h + 3 * h + d + d + h + h + i
        return norms + configuration.ternaryByteCountPerLayer / 4 + (hasLowerBound(layer) ? d : 0)
    }

    private func hasLowerBound(_ layer: Int) -> Bool { configuration.usesLowerBounds && layer > 0 }

    private var embeddingDraws: Int { (configuration.vocabularySize * configuration.hiddenSize + 1) / 2 }

    private func tensors(fromLayer layer: Int, skipping more: Int = 0) -> RandomTensors {
        let draws = (0..<layer).reduce(more) { $0 + self.draws(layer: $1) }
        return RandomTensors(generator: SplitMix64(seed: seed).advanced(by: draws))
    }

    /// Makes a block.
    public func readLayer(_ index: Int) -> MatMulFreeLayer {
        var random = tensors(fromLayer: index)
        let (h, d, i) = (configuration.hiddenSize, configuration.stateSize, configuration.intermediateSize)
        // The two matrices that feed the residual stream share its variance among all layers.
        let residual = 1 / Float(2 * configuration.layerCount).squareRoot()
        let gateUp = random.matrix(rows: 2 * i, columns: h, gain: 1, parts: 2)
        return MatMulFreeLayer(
            attentionNorm: random.norm(h), input: random.bitLinear(rows: d, columns: h),
            forget: random.bitLinear(rows: d, columns: h), gate: random.bitLinear(rows: d, columns: h),
            gateNorm: random.norm(d), output: random.bitLinear(rows: h, columns: d, gain: residual),
            mlpNorm: random.norm(h), gateUpNorm: random.norm(h), mlpGate: gateUp[0], mlpUp: gateUp[1],
            down: random.bitLinear(rows: h, columns: i, gain: residual),
            lowerBound: hasLowerBound(index)
                ? random.lowerBound(d, depth: Float(index) / Float(configuration.layerCount)) : nil)
    }

    /// Makes the embedding.
    public func readEmbedding() -> EmbeddingTable {
        tensors(fromLayer: configuration.layerCount)
            .embedding(rows: configuration.vocabularySize, columns: configuration.hiddenSize)
    }

    /// Makes the final norm.
    public func readFinalNorm() -> [Float] {
        var random = tensors(fromLayer: configuration.layerCount, skipping: embeddingDraws)
        return random.norm(configuration.hiddenSize)
    }

    /// Makes the head.
    public func readHead() -> BitLinearWeights {
        var random = tensors(fromLayer: configuration.layerCount, skipping: embeddingDraws + configuration.hiddenSize)
        return random.bitLinear(rows: configuration.vocabularySize, columns: configuration.hiddenSize)
    }
}

extension MatMulFreeWeights {
    /// All of `RandomWeights`.
    ///
    /// - Parameter progress: is given the share that is done.
    public static func random(
        configuration: MatMulFreeConfiguration, seed: UInt64, progress: (Double) -> Void = { _ in }
    ) -> MatMulFreeWeights {
        let source = RandomWeights(configuration, seed: seed)
        let layers = (0..<configuration.layerCount).map { layer in
            progress(Double(layer) / Double(configuration.layerCount))
            return source.readLayer(layer)
        }
        progress(1)
        return MatMulFreeWeights(
            configuration: configuration, embedding: source.readEmbedding(), layers: layers, finalNorm: source.readFinalNorm(),
            head: source.readHead())
    }
}

/// A stream of random tensors.
private struct RandomTensors {
    var generator: SplitMix64

    /// Uniform in [0, 1), a multiple of 2^-24.
    mutating func uniform() -> Float { Float(generator.next() >> 40) * 0x1p-24 }

    mutating func norm(_ count: Int) -> [Float] { (0..<count).map { _ in 0.8 + 0.4 * uniform() } }

    mutating func lowerBound(_ count: Int, depth: Float) -> [Float] {
        (0..<count).map { _ in min(max(depth + 0.1 * (uniform() - 0.5), 0), 1) }
    }

    mutating func bitLinear(rows: Int, columns: Int, gain: Float = 1) -> BitLinearWeights {
        BitLinearWeights(norm: norm(columns), matrix: matrix(rows: rows, columns: columns, gain: gain)[0])
    }

    /// Rows of unit-variance input make outputs of variance gain^2: scale = gain / sqrt(2/3 * columns).
    mutating func matrix(rows: Int, columns: Int, gain: Float, parts: Int = 1) -> [TernaryMatrix] {
        let scale = gain / (Float(columns) * (2 / 3)).squareRoot()
        return (0..<parts).map { _ in
            let matrix = TernaryMatrix(rows: rows / parts, columns: columns, scale: scale) { words in
                fill(words, rows: rows / parts, columns: columns)
            }
            generator = generator.advanced(by: matrix.words.count)
            return matrix
        }
    }

    /// Draws 16 codes of {0, 1, 2} at a time: a byte of four equally likely codes for each of the 81 combinations.
    private func fill(_ words: UnsafeMutableBufferPointer<UInt32>, rows: Int, columns: Int) {
        // Each part writes words of its own, and all have ended when this returns.
        nonisolated(unsafe) let words = words
        Parallel.forRows(words.count, weightsEach: 16) { part in
            var generator = generator.advanced(by: part.lowerBound)
            Self.fourCodes.withUnsafeBufferPointer { codes in
                for index in part {
                    let bits = generator.next()
                    var word: UInt32 = 0
                    // 81 combinations out of 4096 values of 12 bits: each within 2% of its share.
                    for byte in 0..<4 {
                        let draw = Int(bits >> UInt64(16 * byte) & 0xFFF)
                        word |= UInt32(codes[(draw * 81) >> 12]) << UInt32(8 * byte)
                    }
                    words[index] = word
                }
            }
        }
        guard rows & 3 != 0 || columns & 15 != 0 else { return }
        let groups = TernaryMatrix.padded(columns, to: 16) >> 4
        for index in 0..<words.count {
            let row = (index >> 2) / groups * 4 + (index & 3)
            let first = (index >> 2) % groups * 16
            for within in 0..<16 where row >= rows || first + within >= columns {
                let shift = TernaryMatrix.shift(within)
                words[index] = words[index] & ~(3 << shift) | 1 << shift
            }
        }
    }

    /// Every byte of four codes, none of them 3.
    private static let fourCodes: [UInt8] = (0..<256).map { UInt8($0) }.filter { $0 & $0 >> 1 & 0x55 == 0 }

    /// Sums of four bytes, centred, in steps of 1/256: deviation 0.577, every value exact in binary16.
    func embedding(rows: Int, columns: Int) -> EmbeddingTable {
        let count = rows * columns
        let halves = (0...1020).map { HalfFloat.exactBits(Float($0 - 510) * 0x1p-8) ?? 0 }
        let bytes = [UInt8](unsafeUninitializedCapacity: count * 2) { buffer, initialized in
            // Each part writes pairs of its own, and all have ended when this returns.
            nonisolated(unsafe) let target = UnsafeMutableRawBufferPointer(buffer)
            Parallel.forRows((count + 1) / 2, weightsEach: 2) { pairs in
                var generator = generator.advanced(by: pairs.lowerBound)
                halves.withUnsafeBufferPointer { halves in
                    for pair in pairs {
                        let bits = generator.next()
                        for half in 0..<2 where 2 * pair + half < count {
                            let four = bits >> UInt64(32 * half)
                            let sum = Int(four & 0xFF) + Int(four >> 8 & 0xFF) + Int(four >> 16 & 0xFF) + Int(four >> 24 & 0xFF)
                            target.storeBytes(of: halves[sum], toByteOffset: (2 * pair + half) * 2, as: UInt16.self)
                        }
                    }
                }
            }
            initialized = count * 2
        }
        return EmbeddingTable(rows: rows, columns: columns, element: .float16, bytes: bytes)
    }
}
