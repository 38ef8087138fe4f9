import TernaryCore
import TernaryKernels
import VulkanCompute

/// A MatMul-free LM on a Vulkan device.
///
/// A pass is one submission, recorded once for each number of tokens and replayed: a decode step is four dispatches a block. Steps of
/// several sequences are in VulkanEngine+Batch.swift, steps in one dispatch in VulkanEngine+Resident.swift.
public final class VulkanEngine: Engine {
    /// Which form of every BitLinear is run; all give the same bits.
    public enum Form: String, Sendable, CaseIterable {
        /// Fused for few tokens, where dispatches are what a pass waits for; unfused for many, where every work group of a fused
        /// dispatch would repeat the prologue of all of them.
        case automatic
        /// Norm, quantisation and product in one dispatch.
        case fused
        /// The same as three dispatches, through device memory.
        case unfused
        /// A decode step in one dispatch, whose work groups stay until its end; prompts as in the automatic form, which takes this one
        /// for decoding where it is measured to be faster.
        case resident
    }

    /// As the driver names it.
    public let deviceName: String
    /// The model's shape.
    public let configuration: MatMulFreeConfiguration
    /// The model's shape, of its family.
    public var modelConfiguration: ModelConfiguration { .matMulFree(configuration) }
    /// Blocks and head.
    public var weightBytesPerToken: Int { configuration.ternaryByteCount }
    /// What its buffers were made to take.
    public var deviceMemory: MemoryEstimate? { memoryEstimate }
    /// Fused, unfused, or by the number of tokens.
    public var formDescription: String? { form.rawValue }
    /// Dispatches or one.
    public var decodeDescription: String? { decodeForm }
    /// The form that runs: unfused also where shared memory is too small for this model's rows.
    public let form: Form
    /// By timestamps at both ends of a pass; nil where the device has none.
    public internal(set) var deviceSeconds: Double?
    /// What the driver has given, blocks that are only partly used included, and an embedding that stays with the host.
    public var memory: MemoryUse {
        let used = device.usedBytes
        let table = weights.hostEmbedding?.table.bytes
        return MemoryUse(
            device: used.device, host: used.host + (table?.byteCount ?? 0), mapped: table?.mappedByteCount ?? 0)
    }
    /// The most of it that the driver had given at a time.
    public var peakMemory: MemoryUse { device.peakBytes }

    /// What its buffers were made to take.
    public let memoryEstimate: MemoryEstimate
    /// Sequences whose states it keeps.
    public let sequenceCount: Int

    let device: Device
    let traits: DeviceTraits
    let weights: DeviceWeights
    let workspace: Workspace
    let batch: BatchWorkspace
    let unfused: UnfusedWorkspace?
    private var recordings: [Pass: Recording] = [:]
    var batchRecordings: [BatchPass: Recording] = [:]
    /// Takes decode steps of the first sequence; nil where it cannot, or is not worth it.
    var resident: ResidentDecoder?
    /// How decode steps run, for a person.
    public internal(set) var decodeForm: String
    /// Whether it was settled which form of decode steps is faster.
    var isDecodeSettled: Bool

    private struct Pass: Hashable {
        var sequence: Int
        var tokens: Int
        var logits: LogitRows
    }

    /// Most tokens of one pass whose logits are all wanted; logits of more would fill memory for little speed.
    private static let mostLogitRows = 16
    /// Tokens from which on the automatic form is unfused: on an H200 fused dispatches are ahead up to four tokens.
    static let manyTokens = 6
    /// Recordings kept; prompts come in all lengths.
    private static let mostRecordings = 8

    /// Tokens of one pass: as many as keep a large GPU busy within a workspace of about 96 MiB, half of that where weights are to
    /// take little room, in whole tiles of the matrix units; a multiple of 256, where there are so many, fills the device evenly.
    static func capacity(
        _ configuration: MatMulFreeConfiguration, packing: WeightPacking, on device: DeviceDescription
    ) -> Int {
        if device.kind == .software { return 16 }
        // Of many tokens, so that what is rounded up does not count for much.
        let most = 2048
        let sizes = Workspace.Sizes(configuration, capacity: most, logitRows: 0, sequences: 1)
        let bytes =
            sizes.deviceBytes
            + UnfusedWorkspace.Sizes(configuration, capacity: most, sequences: 1, usesEpilogues: true).deviceBytes
        // Resident decoding keeps a second state.
        let room = (packing == .base3 ? 48 << 20 : 96 << 20) - 2 * sizes.state
        let tokens = room / (bytes / most)
        return min(most, tokens < 512 ? max(128, tokens / 64 * 64) : tokens / 256 * 256)
    }

    /// Rows of logits that one pass can leave.
    static func logitRows(capacity: Int) -> Int { min(capacity, mostLogitRows) }

    /// Uploads a model: the device takes each part while the next one is read or made, and the host never holds all of them.
    ///
    /// - Parameters:
    ///   - placement: of the embedding.
    ///   - packing: of the ternary weights.
    ///   - sequences: whose states are kept.
    ///   - progress: is given the share of the tensors that are on the device.
    /// - Throws: `VulkanError`, also where the model does not fit, and what reading meets.
    public convenience init(
        _ weights: any WeightSource, on device: Device, form: Form = .automatic, placement: EmbeddingPlacement = .automatic,
        packing: WeightPacking = .automatic, sequences: Int = 1, progress: (Double) -> Void = { _ in }
    ) throws {
        try self.init(
            WeightStream(weights), on: device, form: form, placement: placement, packing: packing, sequences: sequences,
            progress: progress)
    }

    /// Uploads a model whose tensors are being read.
    init(
        _ weights: WeightStream, on device: Device, form: Form, placement: EmbeddingPlacement, packing: WeightPacking,
        sequences: Int, progress: (Double) -> Void
    ) throws {
        precondition(sequences > 0, "an engine holds a sequence at least")
        self.device = device
        let description = device.description
        deviceName = description.name
        deviceSeconds = description.features.contains(.timestamps) ? 0 : nil
        configuration = weights.configuration
        traits = DeviceTraits(description)
        self.form = form.fitting(configuration, on: description)
        let table = try weights.embedding()
        memoryEstimate = MemoryEstimate(
            configuration, embeddingElement: table.element, on: description, form: form, placement: placement,
            packing: packing, sequences: sequences)
        if form == .resident && !memoryEstimate.decodesResident {
            let reason = form.whyNot(configuration, element: table.element, on: description)
            throw VulkanError.missingFeature(
                "decoding in one dispatch: \(reason ?? "the embedding lies with the host, or weights take 1.6 bits")")
        }
        let capacity = Self.capacity(configuration, packing: memoryEstimate.packing, on: description)
        sequenceCount = sequences
        workspace = try Workspace(
            configuration, capacity: capacity, logitRows: Self.logitRows(capacity: capacity), sequences: sequences, device: device
        )
        batch = try BatchWorkspace(
            .init(configuration, capacity: capacity, sequences: sequences, on: description), device: device)
        unfused =
            self.form == .fused
            ? nil
            : try UnfusedWorkspace(
                configuration, workspace: workspace, usesEpilogues: self.form != .unfused, device: device)
        self.weights = try DeviceWeights(
            weights, embedding: table, on: device, passTokens: memoryEstimate.hostEmbedding > 0 ? capacity : nil,
            packing: memoryEstimate.packing, progress: progress)
        isDecodeSettled = self.form != .automatic
        decodeForm = "dispatches"
        if memoryEstimate.decodesResident {
            resident = try ResidentDecoder(
                configuration, weights: self.weights, workspace: workspace, sequences: sequences, device: device, traits: traits)
            decodeForm = "one resident dispatch"
        }
    }

    /// In passes of as many tokens as the workspace holds.
    public func forward(_ tokens: [Int], sequence: Int, logits: LogitRows) throws -> [Float] {
        check(tokens, sequence: sequence)
        if tokens.count == 1, sequence == 0, let taken = try takeResident(tokens[0], logits: logits) { return taken }
        try resident?.bringStateBack()
        return try dispatch(tokens, sequence: sequence, logits: logits)
    }

    /// The same by dispatches of their own for each phase.
    func dispatch(_ tokens: [Int], sequence: Int, logits: LogitRows) throws -> [Float] {
        var result: [Float] = []
        let each = logits == .all ? Self.mostLogitRows : workspace.capacity
        for first in stride(from: 0, to: tokens.count, by: each) {
            let part = tokens[first..<min(first + each, tokens.count)]
            let wanted: LogitRows = logits == .last && part.endIndex < tokens.count ? .none : logits
            let recording = try recording(Pass(sequence: sequence, tokens: part.count, logits: wanted))
            try write(part)
            try run(recording)
            let rows = wanted == .all ? part.count : wanted == .last ? 1 : 0
            if rows > 0 { result += try read(workspace.logits, count: rows * configuration.vocabularySize) }
        }
        return result
    }

    /// Stage by stage, a submission each.
    public func forward(_ tokens: [Int], observe: (Observation) -> Void) throws {
        try resident?.bringStateBack()
        for first in stride(from: 0, to: tokens.count, by: Self.mostLogitRows) {
            let part = tokens[first..<min(first + Self.mostLogitRows, tokens.count)]
            try write(part)
            var segment: [Plan.Step] = []
            for step in plan(.sequence(0), tokens: part.count, logits: .all).steps {
                guard case .mark(let stage, let layer, let rows) = step else {
                    segment.append(step)
                    continue
                }
                if !segment.isEmpty { try device.run(try record(segment, label: "\(stage) \(layer)")) }
                segment = []
                for row in 0..<rows.count {
                    let values = try read(rows.buffer, offset: rows.offset + row * rows.stride * 4, count: rows.width)
                    observe(Observation(stage: stage, layer: layer, token: first + row, values: values))
                }
            }
        }
    }

    /// Read back from the device, `(L, D)`.
    public func readState(sequence: Int) throws -> [[Float]] {
        check([], sequence: sequence)
        try resident?.bringStateBack()
        return try (0..<configuration.layerCount).map { layer in
            let offset = MatMulFreePlan.stateOffset(configuration, layer: layer, sequence: sequence, of: sequenceCount)
            return try read(workspace.state, offset: offset, count: configuration.stateSize)
        }
    }

    /// By a kernel that only reads.
    public func measureReadBandwidth() throws -> Double? { try device.measureReadBandwidth() }

    /// Clears the state.
    public func reset() throws {
        resident?.forgetState()
        let zeros = [UInt8](repeating: 0, count: workspace.state.byteCount)
        try zeros.withUnsafeBytes { try device.upload($0, to: workspace.state) }
    }

    func plan(_ rows: MatMulFreePlan.Rows, tokens: Int, logits: LogitRows) -> Plan {
        let isFused = form == .fused || (form != .unfused && tokens < Self.manyTokens)
        return MatMulFreePlan(
            configuration: configuration, weights: weights, workspace: workspace, unfused: isFused ? nil : unfused, rows: rows,
            tokens: tokens, logits: logits
        ).make()
    }

    /// Runs a timed recording.
    func run(_ recording: Recording) throws {
        try device.run(recording)
        if deviceSeconds != nil {
            let times = try recording.timestamps()
            deviceSeconds! += Double(times[1] - times[0]) * 1e-9
        }
    }

    private func recording(_ pass: Pass) throws -> Recording {
        if let known = recordings[pass] { return known }
        if recordings.count >= Self.mostRecordings {
            // One token is what decoding replays: it stays.
            recordings = recordings.filter { $0.key.tokens == 1 && $0.key.sequence == 0 }
        }
        let plan = plan(.sequence(pass.sequence), tokens: pass.tokens, logits: pass.logits)
        let recording = try record(plan.steps, label: "\(pass.tokens) tokens", isTimed: deviceSeconds != nil)
        recordings[pass] = recording
        // Here and not at the end: a program that exits does not close its devices.
        device.savePipelineCache()
        return recording
    }

    func record(_ steps: [Plan.Step], label: String, isTimed: Bool = false) throws -> Recording {
        try device.record(weights.unpacked?.applied(to: steps) ?? steps, traits: traits, label: label, isTimed: isTimed)
    }

    private func write(_ tokens: ArraySlice<Int>) throws {
        try device.upload(try tokenIds(tokens), to: workspace.tokens)
    }

    /// What a pass is told of its tokens.
    func tokenIds(_ tokens: ArraySlice<Int>) throws -> [UInt32] {
        let ids = try weights.hostEmbedding?.gather(tokens, on: device) ?? Array(tokens)
        return ids.map { UInt32($0) }
    }

    func read(_ buffer: Buffer, offset: Int = 0, count: Int) throws -> [Float] {
        try device.read(buffer, offset: offset, count: count)
    }
}
