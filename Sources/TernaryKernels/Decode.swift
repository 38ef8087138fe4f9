import TernaryCore
import VulkanCompute

/// Decoding of whole tokens as one dispatch, whose work groups stay until the end and hand rows to each other (`Shaders/decode`).
///
/// Buffers: job, records of the blocks and the head, exchange, logits, result. The device must run all work groups at the same time.
public struct Decode: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var count, chooses, wantsLogits: UInt32 }

    /// What changes from one replay of a recording to the next; the shader's `Job`.
    public struct Job: BitwiseCopyable, Sendable {
        /// Device addresses of the state before, of the state after, and of the embedding table.
        public var stateSource, stateTarget, embedding: UInt64
        /// The first token.
        public var token: UInt32
        /// The last tag that may be in use.
        public var epoch: UInt32
        /// How often a row is looked for before the dispatch gives up.
        public var patience: UInt32
        private var padding: UInt32 = 0

        /// A job.
        public init(
            stateSource: UInt64, stateTarget: UInt64, embedding: UInt64, token: Int, epoch: UInt32,
            patience: UInt32
        ) {
            self.stateSource = stateSource
            self.stateTarget = stateTarget
            self.embedding = embedding
            self.token = UInt32(token)
            self.epoch = epoch
            self.patience = patience
        }
    }

    /// A block's tensors, or the head's in the mixer's place; the shader's record of 32 words.
    public struct Record: BitwiseCopyable, Sendable {
        /// Device addresses.
        public var mixerOuter, mixerCombined, mixerWeights, lowerBound, outputOuter, outputCombined: UInt64
        /// Device addresses.
        public var outputWeights, mlpOuter, mlpCombined, mlpWeights, downCombined, downWeights: UInt64
        /// Of i_proj (or the head), f_proj, g_proj, o_proj, gate_proj, down_proj.
        public var scales: (Float, Float, Float, Float, Float, Float)
        /// 1 where the forget gate has a lower bound.
        public var hasLowerBound: UInt32
        private var padding: UInt32 = 0

        /// A block's record.
        public init(
            mixer: (outer: UInt64, combined: UInt64, weights: UInt64), lowerBound: UInt64?,
            output: (outer: UInt64, combined: UInt64, weights: UInt64), mlp: (outer: UInt64, combined: UInt64, weights: UInt64),
            down: (combined: UInt64, weights: UInt64), scales: (Float, Float, Float, Float, Float, Float)
        ) {
            (mixerOuter, mixerCombined, mixerWeights) = mixer
            self.lowerBound = lowerBound ?? mixer.outer
            (outputOuter, outputCombined, outputWeights) = output
            (mlpOuter, mlpCombined, mlpWeights) = mlp
            (downCombined, downWeights) = down
            self.scales = scales
            hasLowerBound = lowerBound == nil ? 0 : 1
        }

        /// The head's record.
        public init(headOuter: UInt64, combined: UInt64, weights: UInt64, scale: Float) {
            let mixer = (outer: headOuter, combined: combined, weights: weights)
            self.init(
                mixer: mixer, lowerBound: nil, output: mixer, mlp: mixer, down: (combined, weights),
                scales: (scale, 0, 0, 0, 0, 0))
        }
    }

    /// Buffers, in the order above.
    public static let bindings = 5

    /// The model's shape.
    public var configuration: MatMulFreeConfiguration
    /// How its embedding is stored.
    public var embeddingElement: EmbeddingTable.Element
    /// Floats between the states of two blocks.
    public var stateStride: Int
    /// Tokens it takes, each but the first the likeliest after the one before.
    public var count = 1
    /// Whether the likeliest token is found.
    public var chooses = false
    /// Whether logits are written.
    public var wantsLogits = true

    /// Describes one dispatch.
    public init(_ configuration: MatMulFreeConfiguration, embeddingElement: EmbeddingTable.Element, stateStride: Int) {
        self.configuration = configuration
        self.embeddingElement = embeddingElement
        self.stateStride = stateStride
    }

    /// Bytes of the exchange: four words, and a value and a tag for each element of the rows that are exchanged and for two words of each
    /// work group.
    public func exchangeBytes(for device: DeviceTraits) -> Int {
        16 + 8 * (2 * hidden + 2 * state + inner + 2 * shares(device).head.owners)
    }

    /// Whether the codes, sums and records of this model fit into this device's shared memory.
    public func fits(_ device: DeviceTraits) -> Bool {
        let shares = shares(device)
        let best = 2 * 8 * device.subgroups
        let factors = 3 * 4 * (2 * device.subgroups + 1)
        let residual = shares.output.groups * 4 * 4
        let records = (configuration.layerCount + 1) * MemoryLayout<Record>.stride
        return codeVectors * 16 + shares.mostSums * 4 + 2 * 256 * 4 + best + factors + residual + records + 64
            <= device.sharedMemoryBytes
    }

    /// With the packed dot product where the device has it.
    public func code(for device: DeviceTraits) -> ShaderCode {
        device.integerDot ? CompiledKernels.decodeDot : CompiledKernels.decode
    }

    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        let shares = shares(device)
        let counts = [
            device.subgroupSize, hidden, state, inner, configuration.hiddenSize, configuration.stateSize,
            configuration.intermediateSize, configuration.vocabularySize, configuration.layerCount,
        ]
        let inverses = [configuration.hiddenSize, configuration.stateSize, configuration.intermediateSize].map {
            (1 / Float($0)).bitPattern
        }
        return counts.map { UInt32($0) } + inverses
            + [
                configuration.normEpsilon.bitPattern, UInt32(stateStride), embeddingElement.rawValue, UInt32(codeVectors),
                UInt32(shares.mostSums),
            ]
            + shares.all.flatMap { [UInt32($0.groups), UInt32($0.split), UInt32($0.depth)] }
    }

    /// As the shader declares them.
    public var params: Params { Params(count: UInt32(count), chooses: chooses ? 1 : 0, wantsLogits: wantsLogits ? 1 : 0) }
    /// One for each processor, or fewer where there are not so many rows.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (shares(device).all.map(\.owners).max()!, 1) }

    private var hidden: Int { paddedWidth(configuration.hiddenSize) }
    private var state: Int { paddedWidth(configuration.stateSize) }
    private var inner: Int { paddedWidth(configuration.intermediateSize) }
    private var codeVectors: Int { max(3 * hidden, state, inner) / 16 }

    private struct Shares {
        var mixer, output, glu, down, head: ResidentShares
        var all: [ResidentShares] { [mixer, output, glu, down, head] }
        var mostSums: Int { all.map(\.sums).max()! }
    }

    private func shares(_ device: DeviceTraits) -> Shares {
        Shares(
            mixer: ResidentShares(rows: state, width: hidden, matrices: 3, device: device),
            output: ResidentShares(rows: hidden, width: state, matrices: 1, device: device),
            glu: ResidentShares(rows: inner, width: hidden, matrices: 2, device: device),
            down: ResidentShares(rows: hidden, width: inner, matrices: 1, device: device),
            head: ResidentShares(rows: configuration.vocabularySize, width: hidden, matrices: 1, device: device))
    }
}

/// How a product's rows are shared out among work groups of which each processor runs one: the constants of
/// `Shaders/shared/ternary_rows.glsl`.
struct ResidentShares: Equatable, Sendable {
    /// Groups of 4 rows a work group owns.
    var groups: Int
    /// Subgroups that share the columns of a group.
    var split: Int
    /// Tiles of each matrix that an invocation loads ahead.
    var depth: Int
    /// Work groups that own rows.
    var owners: Int
    /// Partial sums of a work group.
    var sums: Int

    /// Tiles that an invocation loads before it waits for its row: all of a small layer's.
    private static let mostAhead = 16

    init(rows: Int, width: Int, matrices: Int, device: DeviceTraits) {
        let rowGroups = ceilDivide(rows, 4)
        let tiles = width / 16
        let groups = ceilDivide(rowGroups, device.residentWorkgroups)
        // The fewest tiles for the busiest lane.
        func tilesEach(_ split: Int) -> Int {
            ceilDivide(groups, device.subgroups / split) * ceilDivide(tiles, split * device.subgroupSize)
        }
        let splits = sequence(first: 1) { $0 < device.subgroups ? $0 * 2 : nil }
        split = splits.min { tilesEach($0) < tilesEach($1) }!
        self.groups = groups
        let each = tilesEach(split)
        depth =
            !device.hidesLatency ? 1 : each * matrices <= Self.mostAhead ? each : min(each, max(1, Self.mostAhead / 2 / matrices))
        owners = ceilDivide(rowGroups, groups)
        sums = matrices * split * groups * 4
    }
}
