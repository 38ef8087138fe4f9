import TernaryCore
import TernaryKernels
import VulkanCompute

/// A transformer on a Vulkan device.
///
/// A pass is one submission, recorded once for each number of tokens and each power of two of chunks of keys, and replayed. Whose tokens its
/// rows are, and where, is data.
public final class TransformerVulkanEngine: Engine {
    /// As the driver names it.
    public let deviceName: String
    /// The model's shape.
    public let configuration: TransformerConfiguration
    /// Which form of ternary products is run: unfused also where shared memory is too small for this model's rows.
    public let form: VulkanEngine.Form
    /// By timestamps at both ends of a pass; nil where the device has none.
    public private(set) var deviceSeconds: Double?
    /// Sequences whose keys and values it keeps.
    public let sequenceCount: Int

    private let device: Device
    private let traits: DeviceTraits
    private let weights: TransformerDeviceWeights
    private let workspace: TransformerWorkspace
    /// Tokens of each sequence so far.
    private var positions: [Int]
    private var recordings: [Pass: Recording] = [:]

    private struct Pass: Hashable {
        var tokens: Int
        var isPrompt: Bool
        var chunks: Int
        var logits: LogitRows
        /// Steps that end in drawing tokens; nil for one pass that leaves its logits.
        var drawnSteps: Int?
    }

    /// Recordings kept; prompts come in all lengths.
    private static let mostRecordings = 16

    /// Uploads a model: the device takes each part while the next one is read or made, and the host never holds all of them.
    ///
    /// - Parameters:
    ///   - keysAndValues: how they are kept.
    ///   - sequences: whose they are.
    ///   - progress: is given the share of the tensors that are on the device.
    /// - Throws: `VulkanError`, also where the model does not fit, and what reading meets.
    public convenience init(
        _ weights: any TransformerSource, on device: Device, form: VulkanEngine.Form = .automatic,
        keysAndValues: KeyValueOptions = .init(), sequences: Int = 1, progress: (Double) -> Void = { _ in }
    ) throws {
        try self.init(
            TransformerStream(weights), on: device, form: form, keysAndValues: keysAndValues, sequences: sequences,
            progress: progress)
    }

    init(
        _ stream: TransformerStream, on device: Device, form: VulkanEngine.Form, keysAndValues: KeyValueOptions, sequences: Int,
        progress: (Double) -> Void
    ) throws {
        precondition(sequences > 0, "an engine holds a sequence at least")
        configuration = stream.configuration
        guard AttentionShape.canKeep(keysAndValues.element, headSize: configuration.headSize) else {
            throw VulkanError.missingFeature(
                "keys and values as q8_0 of heads of \(configuration.headSize): a multiple of 32 is needed")
        }
        self.device = device
        deviceName = device.description.name
        deviceSeconds = device.description.features.contains(.timestamps) ? 0 : nil
        traits = DeviceTraits(device.description)
        self.form = form.fitting(configuration, on: device.description)
        sequenceCount = sequences
        positions = Array(repeating: 0, count: sequences)
        weights = try TransformerDeviceWeights(stream, on: device, progress: progress)
        let sizes = TransformerWorkspace.Sizes(
            configuration, capacity: Self.capacity(configuration, on: device.description), sequences: sequences,
            contextLimit: keysAndValues.limit(configuration), cache: keysAndValues.element,
            isMixed: weights.isMixed, on: device.description)
        workspace = try TransformerWorkspace(configuration, sizes: sizes, cache: keysAndValues.element, device: device)
    }

    /// Tokens of one pass: as many as keep a large GPU busy within a workspace of about 96 MiB.
    static func capacity(_ configuration: TransformerConfiguration, on device: DeviceDescription) -> Int {
        if device.kind == .software { return 16 }
        let widths = [
            2 * configuration.hiddenSize, 3 * configuration.queryWidth, 2 * configuration.keyValueWidth,
            configuration.intermediateSize,
        ]
        let tokens = (96 << 20) / (4 * widths.reduce(0, +) + configuration.intermediateSize)
        return min(2048, max(128, tokens / 128 * 128))
    }

    /// The model's shape, of its family.
    public var modelConfiguration: ModelConfiguration { .transformer(configuration) }
    /// All matrices but an embedding that is no head.
    public var weightBytesPerToken: Int { weights.byteCountPerToken }
    /// What the driver has given, blocks that are only partly used included.
    public var memory: MemoryUse {
        let used = device.usedBytes
        return MemoryUse(device: used.device, host: used.host)
    }
    /// The most of it that the driver had given at a time.
    public var peakMemory: MemoryUse { device.peakBytes }

    /// The sizes of its buffers.
    public var deviceMemory: MemoryEstimate? {
        MemoryEstimate(
            weights: weights.blockByteCount, embedding: weights.byteCount - weights.blockByteCount, sizes: workspace.sizes,
            device: device.description)
    }
    /// Fused, unfused, or by the number of tokens.
    public var formDescription: String? { form.rawValue }

    /// What the context holds beyond the tokens so far.
    public func room(sequence: Int) -> Int? { workspace.sizes.contextLimit - positions[sequence] }

    /// In passes of as many tokens as the workspace holds.
    public func forward(_ tokens: [Int], sequence: Int, logits: LogitRows) throws -> [Float] {
        check(tokens, sequence: sequence)
        var result: [Float] = []
        let each = logits == .all ? TransformerWorkspace.Sizes.mostLogitRows : workspace.sizes.capacity
        for first in stride(from: 0, to: tokens.count, by: each) {
            let part = tokens[first..<min(first + each, tokens.count)]
            let wanted: LogitRows = logits == .last && part.endIndex < tokens.count ? .none : logits
            try write(part, rows: part.indices.map { (sequence, positions[sequence] + $0 - part.startIndex) })
            let last = positions[sequence] + part.count - 1
            try run(
                try recording(Pass(tokens: part.count, isPrompt: true, chunks: chunks(upTo: last), logits: wanted)))
            positions[sequence] += part.count
            let rows = wanted == .all ? part.count : wanted == .last ? 1 : 0
            if rows > 0 { result += try device.read(workspace.logits, count: rows * configuration.vocabularySize) }
        }
        return result
    }

    /// Stage by stage, a submission each.
    public func forward(_ tokens: [Int], observe: (Observation) -> Void) throws {
        check(tokens, sequence: 0)
        for (index, token) in tokens.enumerated() {
            try write([token], rows: [(0, positions[0])])
            var segment: [Plan.Step] = []
            let pass = Pass(tokens: 1, isPrompt: true, chunks: chunks(upTo: positions[0]), logits: .all)
            for step in plan(pass, step: 0).steps {
                guard case .mark(let stage, let layer, let rows) = step else {
                    segment.append(step)
                    continue
                }
                if !segment.isEmpty { try device.run(try device.record(segment, traits: traits, label: "\(stage) \(layer)")) }
                segment = []
                let values = try device.read(rows.buffer, offset: rows.offset, count: rows.width)
                observe(Observation(stage: stage, layer: layer, token: index, values: values))
            }
            positions[0] += 1
        }
    }

    /// As many sequences at a time as the workspace holds.
    public func step(_ tokens: [Int], of sequences: [Int]) throws -> [Float] {
        check(tokens, of: sequences)
        var logits: [Float] = []
        for part in parts(of: tokens.count) {
            try write(tokens[part], rows: sequences[part].map { ($0, positions[$0]) })
            let last = sequences[part].map { positions[$0] }.max()!
            try run(try recording(Pass(tokens: part.count, isPrompt: false, chunks: chunks(upTo: last), logits: .all)))
            for sequence in sequences[part] { positions[sequence] += 1 }
            logits += try device.read(workspace.logits, count: part.count * configuration.vocabularySize)
        }
        return logits
    }

    /// Several steps a submission, without logits ever leaving the device.
    public func greedySteps(_ count: Int, from tokens: [Int], of sequences: [Int]) throws -> [[Int]] {
        check(tokens, of: sequences)
        for sequence in sequences { precondition(count <= room(sequence: sequence)!, "more tokens than the context holds") }
        var drawn = Array(repeating: [Int](), count: count)
        for part in parts(of: tokens.count) {
            let rows = part.count
            // No more work a submission than a prompt's is: a slow device must not take one for a hang.
            let most = max(1, min(TransformerWorkspace.Sizes.mostSteps, workspace.sizes.capacity / rows))
            try device.upload(tokens[part].map { UInt32($0) }, to: workspace.tokens)
            for first in stride(from: 0, to: count, by: most) {
                let steps = min(most, count - first)
                for step in 0..<steps {
                    try writeRows(sequences[part].map { ($0, positions[$0] + step) }, step: step)
                }
                let last = sequences[part].map { positions[$0] }.max()! + steps - 1
                try run(
                    try recording(
                        Pass(tokens: rows, isPrompt: false, chunks: chunks(upTo: last), logits: .all, drawnSteps: steps)))
                for sequence in sequences[part] { positions[sequence] += steps }
                let words = try device.download(UInt32.self, count: steps * rows, from: workspace.drawn)
                for step in 0..<steps { drawn[first + step] += words[step * rows..<(step + 1) * rows].map { Int($0) } }
            }
        }
        return drawn
    }

    /// All keys and then all values, a row a block, read back from the device.
    public func readState(sequence: Int) throws -> [[Float]] {
        check([], sequence: sequence)
        return try workspace.caches.map { cache in
            try CachedRows(workspace.shape, cache: cache, device: device).read(
                tokens: positions[sequence], pages: sequence * workspace.sizes.pagesEach)
        }
    }

    /// By a kernel that only reads.
    public func measureReadBandwidth() throws -> Double? { try device.measureReadBandwidth() }

    /// Forgets all tokens: what is kept of them is never read again.
    public func reset() throws { positions = positions.map { _ in 0 } }

    /// Forgets one sequence's tokens.
    public func reset(sequence: Int) throws { positions[sequence] = 0 }

    /// Ranges that one pass can take.
    private func parts(of count: Int) -> [Range<Int>] {
        let each = min(workspace.sizes.chunkedRows, workspace.sizes.capacity)
        return stride(from: 0, to: count, by: each).map { $0..<min($0 + each, count) }
    }

    /// Chunks up to a position, rounded up to a power of two: few recordings serve all lengths.
    private func chunks(upTo position: Int) -> Int {
        let most = AttentionShape.chunks(upTo: workspace.sizes.contextLimit - 1)
        var chunks = 1
        while chunks < AttentionShape.chunks(upTo: position) { chunks *= 2 }
        return min(chunks, most)
    }

    private func write(_ tokens: ArraySlice<Int>, rows: [(sequence: Int, position: Int)]) throws {
        try device.upload(tokens.map { UInt32($0) }, to: workspace.tokens)
        try writeRows(rows, step: 0)
    }

    private func writeRows(_ rows: [(sequence: Int, position: Int)], step: Int) throws {
        try device.upload(
            rows.flatMap { [UInt32($0.sequence), UInt32($0.position)] }, to: workspace.rows,
            offset: step * workspace.sizes.rowsEach)
    }

    private func run(_ recording: Recording) throws {
        try device.run(recording)
        if deviceSeconds != nil {
            let times = try recording.timestamps()
            deviceSeconds! += Double(times[1] - times[0]) * 1e-9
        }
    }

    private func plan(_ pass: Pass, step: Int) -> Plan {
        let isUnfused = form == .unfused || (form != .fused && pass.tokens >= VulkanEngine.manyTokens)
        return TransformerPlan(
            configuration: configuration, weights: weights, workspace: workspace, tokens: pass.tokens, isPrompt: pass.isPrompt,
            chunks: pass.chunks, step: step, isUnfused: isUnfused, logits: pass.logits,
            logitRows: pass.drawnSteps == nil ? workspace.logits : workspace.drawnLogits
        ).make()
    }

    private func recording(_ pass: Pass) throws -> Recording {
        if let known = recordings[pass] { return known }
        // One token is what decoding replays: it stays.
        if recordings.count >= Self.mostRecordings { recordings = recordings.filter { $0.key.tokens == 1 } }
        if recordings.count >= Self.mostRecordings { recordings = [:] }
        var steps: [Plan.Step] = []
        for step in 0..<(pass.drawnSteps ?? 1) {
            var plan = plan(pass, step: step)
            if pass.drawnSteps != nil {
                plan.dispatch(
                    Argmax(rows: pass.tokens, columns: configuration.vocabularySize, firstDrawn: step * pass.tokens),
                    [BufferSlice(workspace.drawnLogits), BufferSlice(workspace.tokens), BufferSlice(workspace.drawn)])
                plan.barrier()
            }
            steps += plan.steps
        }
        let recording = try device.record(
            steps, traits: traits, label: "\(pass.tokens) tokens", isTimed: deviceSeconds != nil)
        recordings[pass] = recording
        // Here and not at the end: a program that exits does not close its devices.
        device.savePipelineCache()
        return recording
    }
}

extension VulkanEngine.Form {
    /// This form, or the unfused one where shared memory cannot hold a model's rows. There is no resident form of transformers.
    func fitting(_ configuration: TransformerConfiguration, on device: DeviceDescription) -> Self {
        let columns = max(configuration.hiddenSize, configuration.queryWidth, configuration.intermediateSize)
        guard BitLinearFused.fits(columns: columns, device: DeviceTraits(device)) else { return .unfused }
        return self == .resident ? .automatic : self
    }
}
