import TernaryCore
import TernaryKernels
import VulkanCompute

/// A MatMul-free LM on a Vulkan device.
///
/// A pass is one submission, recorded once for each number of tokens and replayed: a decode step is four dispatches a block.
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
        /// Decode steps as one dispatch whose work groups hand rows to each other; prompts as in the automatic form.
        case resident
    }

    /// As the driver names it.
    public let deviceName: String
    /// The model's shape.
    public let configuration: MatMulFreeConfiguration
    /// The form that runs: unfused also where shared memory is too small for this model's rows.
    public let form: Form
    /// By timestamps at both ends of a pass; nil where the device has none.
    public private(set) var deviceSeconds: Double?
    /// What the driver has given, blocks that are only partly used included.
    public var memory: MemoryUse { device.usedBytes }
    /// The most of it that the driver had given at a time.
    public var peakMemory: MemoryUse { device.peakBytes }

    private let device: Device
    private let traits: DeviceTraits
    private let weights: DeviceWeights
    private let workspace: Workspace
    private let unfused: UnfusedWorkspace?
    private var resident: ResidentDecoder?
    private var recordings: [Pass: Recording] = [:]

    private struct Pass: Hashable {
        var tokens: Int
        var logits: LogitRows
    }

    /// Most tokens of one pass whose logits are all wanted; logits of more would fill memory for little speed.
    private static let mostLogitRows = 16
    /// Tokens from which on the automatic form is unfused: on an H200 fused dispatches are ahead up to four tokens.
    private static let manyTokens = 6
    /// Recordings kept; prompts come in all lengths.
    private static let mostRecordings = 8

    /// Tokens of one pass: as many as keep a large GPU busy within a workspace of about 160 MiB, in whole tiles of the matrix units.
    static func capacity(_ configuration: MatMulFreeConfiguration, on device: DeviceDescription) -> Int {
        if device.kind == .software { return 16 }
        let (hidden, channels, intermediate) = (
            paddedWidth(configuration.hiddenSize), paddedWidth(configuration.stateSize),
            paddedWidth(configuration.intermediateSize)
        )
        let bytesEach = 4 * (2 * hidden + 5 * channels + 3 * intermediate) + 5 * max(hidden, channels, intermediate)
        return min(2048, max(256, (160 << 20) / bytesEach / 128 * 128))
    }

    /// Rows of logits that one pass can leave.
    static func logitRows(capacity: Int) -> Int { min(capacity, mostLogitRows) }

    /// Uploads a model.
    ///
    /// - Parameters:
    ///   - progress: is given the share of the tensors that are on the device.
    /// - Throws: `VulkanError`, also where the model does not fit.
    public init(
        _ weights: MatMulFreeWeights, on device: Device, form: Form = .automatic, progress: (Double) -> Void = { _ in }
    ) throws {
        self.device = device
        let description = device.description
        deviceName = description.name
        deviceSeconds = description.features.contains(.timestamps) ? 0 : nil
        configuration = weights.configuration
        traits = DeviceTraits(description)
        self.form = form.fitting(configuration, on: description)
        let capacity = Self.capacity(configuration, on: description)
        workspace = try Workspace(
            configuration, capacity: capacity, logitRows: Self.logitRows(capacity: capacity), device: device)
        unfused =
            self.form == .fused
            ? nil
            : try UnfusedWorkspace(
                configuration, workspace: workspace, quantizesAtOnce: self.form != .unfused, device: device)
        self.weights = try DeviceWeights(weights, on: device, progress: progress)
        if self.form == .resident || self.form == .automatic,
            ResidentDecoder.whyNot(configuration, element: weights.embedding.element, on: description) == nil
        {
            resident = try ResidentDecoder(
                configuration, weights: self.weights, workspace: workspace, device: device, traits: traits)
        }
    }

    /// In passes of as many tokens as the workspace holds.
    public func forward(_ tokens: [Int], logits: LogitRows) throws -> [Float] {
        precondition(tokens.allSatisfy { $0 >= 0 && $0 < configuration.vocabularySize }, "a token outside the vocabulary")
        if tokens.count == 1, logits != .all, let resident {
            if try resident.take(tokens[0], wantsLogits: logits == .last, chooses: false) != nil {
                if deviceSeconds != nil { deviceSeconds! += Double(try resident.lastNanoseconds()) * 1e-9 }
                return logits == .last ? try read(workspace.logits, count: configuration.vocabularySize) : []
            }
            fatalError("watchdog")
        }
        try resident?.bringStateBack()
        var result: [Float] = []
        let each = logits == .all ? Self.mostLogitRows : workspace.capacity
        for first in stride(from: 0, to: tokens.count, by: each) {
            let part = tokens[first..<min(first + each, tokens.count)]
            let wanted: LogitRows = logits == .last && part.endIndex < tokens.count ? .none : logits
            let recording = try recording(Pass(tokens: part.count, logits: wanted))
            try write(part)
            try device.run(recording)
            if deviceSeconds != nil {
                let times = try recording.timestamps()
                deviceSeconds! += Double(times[1] - times[0]) * 1e-9
            }
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
            for step in plan(Pass(tokens: part.count, logits: .all)).steps {
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
    public func readState() throws -> [[Float]] {
        try resident?.bringStateBack()
        return try (0..<configuration.layerCount).map { layer in
            try read(
                workspace.state, offset: layer * MatMulFreePlan.stateRowBytes(configuration), count: configuration.stateSize)
        }
    }

    /// By a kernel that only reads.
    public func measureReadBandwidth() throws -> Double? { try device.measureReadBandwidth() }

    /// Clears the state.
    public func reset() throws {
        try resident?.bringStateBack()
        let zeros = [UInt8](repeating: 0, count: workspace.state.byteCount)
        try zeros.withUnsafeBytes { try device.upload($0, to: workspace.state) }
    }

    private func plan(_ pass: Pass) -> Plan {
        let isFused = form == .fused || (form != .unfused && pass.tokens < Self.manyTokens)
        return MatMulFreePlan(
            configuration: configuration, weights: weights, workspace: workspace, unfused: isFused ? nil : unfused,
            tokens: pass.tokens, logits: pass.logits
        ).make()
    }

    private func recording(_ pass: Pass) throws -> Recording {
        if let known = recordings[pass] { return known }
        if recordings.count >= Self.mostRecordings {
            // One token is what decoding replays: it stays.
            recordings = recordings.filter { $0.key.tokens == 1 }
        }
        let recording = try record(plan(pass).steps, label: "\(pass.tokens) tokens", isTimed: deviceSeconds != nil)
        recordings[pass] = recording
        // Here and not at the end: a program that exits does not close its devices.
        device.savePipelineCache()
        return recording
    }

    private func record(_ steps: [Plan.Step], label: String, isTimed: Bool = false) throws -> Recording {
        try device.record(label: label) { recorder in
            if isTimed { try recorder.writeTimestamp(0) }
            for step in steps {
                switch step {
                case .dispatch(let kernel, let buffers):
                    try recorder.dispatch(kernel, buffers, on: device, traits: traits)
                case .barrier: recorder.barrier()
                case .copy(let from, let to): recorder.copy(from: from, to: to)
                case .mark: break
                }
            }
            if isTimed { try recorder.writeTimestamp(1) }
        }
    }

    private func write(_ tokens: ArraySlice<Int>) throws {
        try tokens.map { UInt32($0) }.withUnsafeBytes { try device.upload($0, to: workspace.tokens) }
    }

    private func read(_ buffer: Buffer, offset: Int = 0, count: Int) throws -> [Float] {
        var values = [Float](repeating: 0, count: count)
        try values.withUnsafeMutableBytes { try device.download(from: buffer, offset: offset, into: $0) }
        return values
    }
}
