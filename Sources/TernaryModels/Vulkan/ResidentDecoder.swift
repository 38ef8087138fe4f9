import TernaryCore
import TernaryKernels
import VulkanCompute

/// Decodes one token after another in single dispatches that stay on the device (`Decode`).
///
/// A dispatch reads the recurrent state of one buffer and writes that of another, so that one which its watchdog ends has changed nothing:
/// the engine goes on with dispatches.
final class ResidentDecoder {
    private let code: ShaderCode
    /// Tells builds of the kernel apart.
    var build: UInt64 { code.checksum }

    private struct Request: Hashable {
        var count: Int
        var wantsLogits, chooses: Bool
    }

    /// Most tokens of one dispatch.
    static let mostTokens = 16
    /// How often a work group looks for a row: a tenth of a second at a guess, where a whole pass takes milliseconds, and far less than any
    /// system grants a device before it resets it.
    private static let patience: UInt32 = 1 << 16

    private let device: Device
    private let configuration: MatMulFreeConfiguration
    private let workspace: Workspace
    /// The state, alternately with the workspace's.
    private let otherState: Buffer
    private let job, result: Buffer
    private let embedding: UInt64
    private let kernel: Decode
    private let makeRecording: (Decode) throws -> Recording
    private var recordings: [Request: Recording] = [:]
    private let toWorkspace, toOther: Recording
    private var last: Recording?
    private var stateIsElsewhere = false
    /// The last tag that may be in use; not 0, which is what fresh buffers hold.
    private var epoch: UInt32 = 1

    /// What the dispatch needs of a device beyond what all kernels need.
    static let neededFeatures: DeviceFeatures = [.bufferDeviceAddress, .int64, .int64Atomics, .vulkanMemoryModel]

    /// Why this model cannot be decoded so on this device; nil where it can, if the watchdog agrees.
    static func whyNot(
        _ configuration: MatMulFreeConfiguration, element: EmbeddingTable.Element, on description: DeviceDescription
    ) -> String? {
        // Mesa's ends a loop after 65,535 rounds, whatever it waits for, and does not run all work groups at the same time.
        if description.kind == .software { return "a software driver's work groups cannot wait for each other" }
        let missing = neededFeatures.subtracting(description.features)
        if !missing.isEmpty { return "the device lacks \(missing.names.joined(separator: ", "))" }
        if !kernel(configuration, element: element).fits(DeviceTraits(description)) {
            return "its work groups share only \(description.sharedMemoryBytes) bytes"
        }
        let embedding = configuration.vocabularySize * configuration.hiddenSize * element.byteCount
        if embedding > description.maxStorageRange { return "the embedding is larger than one buffer's range" }
        return nil
    }

    /// Bytes of its buffers on the device.
    static func deviceBytes(
        _ configuration: MatMulFreeConfiguration, element: EmbeddingTable.Element, sequences: Int,
        on description: DeviceDescription
    ) -> Int {
        kernel(configuration, element: element).exchangeBytes(for: DeviceTraits(description)) + recordBytes(configuration)
            + sequences * MatMulFreePlan.stateRowBytes(configuration) * configuration.layerCount
    }

    private static func recordBytes(_ configuration: MatMulFreeConfiguration) -> Int {
        (configuration.layerCount + 1) * MemoryLayout<Decode.Record>.stride
    }

    private static func kernel(
        _ configuration: MatMulFreeConfiguration, element: EmbeddingTable.Element, sequences: Int = 1
    ) -> Decode {
        Decode(
            configuration, embeddingElement: element,
            stateStride: sequences * MatMulFreePlan.stateRowBytes(configuration) / 4)
    }

    /// - Precondition: `whyNot` gave no reason.
    init(
        _ configuration: MatMulFreeConfiguration, weights: DeviceWeights, workspace: Workspace, sequences: Int,
        device: Device, traits: DeviceTraits
    ) throws {
        self.device = device
        self.configuration = configuration
        self.workspace = workspace
        let kernel = Self.kernel(configuration, element: weights.embeddingElement, sequences: sequences)
        self.kernel = kernel
        code = kernel.code(for: traits)
        func make(_ byteCount: Int, _ memory: BufferMemory, _ label: String) throws -> Buffer {
            try device.makeBuffer(byteCount: byteCount, memory: memory, label: label)
        }
        otherState = try make(workspace.state.byteCount, .device, "other state")
        job = try make(MemoryLayout<Decode.Job>.stride, .upload, "decode job")
        result = try make(4 * (1 + Self.mostTokens), .readback, "decode result")
        let exchange = try make(kernel.exchangeBytes(for: traits), .device, "exchange")
        let records = try make(Self.recordBytes(configuration), .device, "block records")
        try device.upload(weights.layers.map(Decode.Record.init) + [Decode.Record(head: weights)], to: records)
        embedding = weights.embedding[0].slice.address

        let buffers = [records, exchange, workspace.logits, result].map { BufferSlice($0) }
        let kept = [otherState, workspace.state] + weights.buffers
        makeRecording = { [job] kernel in
            try device.record(label: "decode") { recorder in
                let isTimed = device.description.features.contains(.timestamps)
                if isTimed { try recorder.writeTimestamp(0) }
                kept.forEach { recorder.keep($0) }
                try recorder.dispatch(kernel, [BufferSlice(job)] + buffers, on: device, traits: traits)
                if isTimed { try recorder.writeTimestamp(1) }
            }
        }
        // The first sequence's only: the states of the others stay where they are.
        func copy(from source: Buffer, to target: Buffer) throws -> Recording {
            try device.record(label: "state") { recorder in
                for layer in 0..<configuration.layerCount {
                    let offset = MatMulFreePlan.stateOffset(configuration, layer: layer, sequence: 0, of: sequences)
                    let byteCount = configuration.stateSize * 4
                    recorder.copy(
                        from: BufferSlice(source, offset: offset, byteCount: byteCount),
                        to: BufferSlice(target, offset: offset, byteCount: byteCount))
                }
            }
        }
        toWorkspace = try copy(from: otherState, to: workspace.state)
        toOther = try copy(from: workspace.state, to: otherState)
    }

    /// Takes a token, and after it as many as asked for in all, each the likeliest after the one before.
    ///
    /// - Parameters:
    ///   - chooses: whether the likeliest token after each is found; without it, one token is taken.
    ///   - keepsState: false for a trial, after which the state is what it was.
    /// - Returns: the chosen tokens; nil where the watchdog ended the dispatch, and nothing has changed.
    func take(
        _ token: Int, count: Int = 1, wantsLogits: Bool, chooses: Bool, keepsState: Bool = true
    ) throws -> [Int]? {
        precondition(count >= 1 && count <= (chooses ? Self.mostTokens : 1), "\(count) tokens of a dispatch")
        let (source, target) = stateIsElsewhere ? (otherState, workspace.state) : (workspace.state, otherState)
        let request = Decode.Job(
            stateSource: source.deviceAddress!, stateTarget: target.deviceAddress!, embedding: embedding, token: token,
            epoch: epoch, patience: Self.patience)
        defer { epoch &+= UInt32(count * configuration.layerCount + 1) }
        try device.upload([request], to: job)
        let recording = try recording(Request(count: count, wantsLogits: wantsLogits, chooses: chooses))
        try device.run(recording)
        last = recording
        let words = try device.download(UInt32.self, count: 1 + count, from: result)
        if words[0] == epoch { return nil }
        if keepsState { stateIsElsewhere.toggle() }
        return chooses ? words[1...].map { Int($0) } : []
    }

    private func recording(_ request: Request) throws -> Recording {
        if let known = recordings[request] { return known }
        var kernel = kernel
        (kernel.count, kernel.wantsLogits, kernel.chooses) = (request.count, request.wantsLogits, request.chooses)
        let recording = try makeRecording(kernel)
        recordings[request] = recording
        device.savePipelineCache()
        return recording
    }

    /// Nanoseconds by the device's clock that the last dispatch took.
    func lastNanoseconds() throws -> UInt64 {
        guard let times = try last?.timestamps() else { return 0 }
        return times[1] - times[0]
    }

    /// Runs what changes the workspace's state, which is the present one, and undoes that.
    func undoing(_ body: () throws -> Void) throws {
        precondition(!stateIsElsewhere, "the state is not the workspace's")
        try device.run(toOther)
        try body()
        try device.run(toWorkspace)
    }

    /// The workspace's state is the present one again, and is about to be overwritten.
    func forgetState() { stateIsElsewhere = false }

    /// Puts the state where all other passes read and write it.
    func bringStateBack() throws {
        guard stateIsElsewhere else { return }
        try device.run(toWorkspace)
        stateIsElsewhere = false
    }
}

extension Decode.Record {
    fileprivate init(_ layer: DeviceWeights.Layer) {
        self.init(
            mixer: (layer.mixerOuter.address, layer.mixerCombined.address, layer.mixerWeights.address),
            lowerBound: layer.hasLowerBound ? layer.lowerBound.address : nil,
            output: (layer.outputOuter.address, layer.outputCombined.address, layer.outputWeights.address),
            mlp: (layer.mlpOuter.address, layer.mlpCombined.address, layer.mlpWeights.address),
            down: (layer.downNorm.address, layer.downWeights.address),
            scales: (
                layer.scales.input, layer.scales.forget, layer.scales.gate, layer.scales.output, layer.scales.mlp,
                layer.scales.down
            ))
    }

    fileprivate init(head weights: DeviceWeights) {
        self.init(
            headOuter: weights.headOuter.address, combined: weights.headCombined.address, weights: weights.headWeights.address,
            scale: weights.headScale)
    }
}

extension DeviceWeights {
    fileprivate var buffers: [Buffer] {
        layers.map(\.mixerWeights.buffer) + embedding.map(\.slice.buffer) + [headWeights.buffer]
    }
}

extension BufferSlice {
    /// Where shaders find it.
    fileprivate var address: UInt64 { buffer.deviceAddress! + UInt64(offset) }
}
