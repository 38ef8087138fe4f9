import TernaryCore
import Testing

@testable import TernaryModels
@testable import VulkanCompute

@Suite("memory estimates")
struct MemoryEstimateTests {
    private static let devices: [[DisabledFeature]] = TestDevice.isPresent ? [[], [.hostVisible]] : []

    /// What a driver may round one buffer up to: a software driver to a cache line or so, a GPU to a large page.
    private static func roundingEach(_ device: DeviceDescription) -> Int { device.kind == .software ? 256 : 65536 }

    private func compare(
        _ weights: MatMulFreeWeights, lacking: [DisabledFeature], form: VulkanEngine.Form,
        placement: EmbeddingPlacement = .automatic, packing: WeightPacking = .automatic, sequences: Int = 1
    ) throws {
        let device = try #require(TestDevice.open(disabling: lacking))
        let estimate = MemoryEstimate(
            weights.configuration, embeddingElement: weights.embedding.element, on: device.description, form: form,
            placement: placement, packing: packing, sequences: sequences)
        let engine = try VulkanEngine(
            weights, on: device, form: form, placement: placement, packing: packing, sequences: sequences)
        // Buffers that copies go through are made when the first copy needs them.
        _ = try engine.forward([0], logits: .last)
        _ = try engine.greedySteps(2, from: [0], of: [sequences - 1])
        _ = try engine.step([1], of: [0])
        _ = try engine.readState()
        let measured = device.bufferBytes.device
        // Blocks, head, embedding; 11 + 8 of activations; 4 of batches; 4 of copies.
        let buffers = weights.configuration.layerCount + 2 + 11 + 8 + 4 + 4
        let rounding = buffers * Self.roundingEach(device.description)
        #expect(measured >= estimate.total && measured <= estimate.total + rounding, "\(estimate) against \(measured)")

        // Blocks double from 4 MiB on, and one is opened only where a buffer of at most its half does not fit those before it. So
        // more than half of the last block but one is in use, or was asked for, and all blocks are less than 4 times as large.
        #expect(engine.memory.device >= measured)
        #expect(engine.memory.device <= 4 << 20 + 4 * measured)
        #expect(engine.peakMemory.device >= engine.memory.device)
        withExtendedLifetime(engine) {}
    }

    @Test("are what the engine's buffers then take", arguments: TinyModel.all, devices)
    func tiny(model: TinyModel, lacking: [DisabledFeature]) throws {
        for form in [VulkanEngine.Form.automatic, .fused, .unfused] { try compare(model.weights(), lacking: lacking, form: form) }
    }

    @Test("with the embedding at the host are what is then taken", arguments: [TinyModel.small, .tiled], devices)
    func hostEmbedding(model: TinyModel, lacking: [DisabledFeature]) throws {
        let weights = model.weights()
        try compare(weights, lacking: lacking, form: .automatic, placement: .host)
        let device = try #require(TestDevice.open(disabling: lacking))
        let engine = try VulkanEngine(weights, on: device, placement: .host)
        #expect(engine.memory.host >= weights.embedding.bytes.count)
        let estimate = MemoryEstimate(
            weights.configuration, embeddingElement: .float16, on: device.description, placement: .host)
        #expect(estimate.hostEmbedding == weights.embedding.bytes.count && estimate.embedding < estimate.hostEmbedding)
    }

    @Test("at 1.6 bits a weight are what is then taken", arguments: [TinyModel.small, .tiled], devices)
    func base3(model: TinyModel, lacking: [DisabledFeature]) throws {
        for form in [VulkanEngine.Form.automatic, .fused, .unfused] {
            try compare(model.weights(), lacking: lacking, form: form, packing: .base3)
        }
    }

    @Test("at 1.6 bits a weight are four fifths, and chosen where only that fits", .enabled(if: TestDevice.isPresent))
    func base3Published() throws {
        let device = try #require(TestDevice.shared).description
        let shape = try #require(MatMulFreeConfiguration.preset(named: "13b"))
        func estimate(_ packing: WeightPacking, on device: DeviceDescription) -> MemoryEstimate {
            MemoryEstimate(shape, embeddingElement: .float16, on: device, packing: packing)
        }
        let (two, less) = (estimate(.twoBits, on: device), estimate(.base3, on: device))
        #expect(less.weights > two.weights * 4 / 5 && less.weights < two.weights * 805 / 1000)
        #expect(estimate(.automatic, on: device).packing == .twoBits)
        #expect(less.packing == .base3)
    }

    @Test("of 13 billion weights stay below what is promised, embedding included", .enabled(if: TestDevice.isPresent))
    func promised() throws {
        var device = try #require(TestDevice.shared).description
        device.kind = .discrete
        let shape = try #require(MatMulFreeConfiguration.preset(named: "13b"))
        for (packing, most) in [(WeightPacking.twoBits, 3.4), (.base3, 2.8)] {
            let estimate = MemoryEstimate(
                shape, embeddingElement: .float16, on: device, placement: .device, packing: packing)
            #expect(Double(estimate.total) <= most * 0x1p30, "\(estimate)")
        }
    }

    @Test("of several sequences are what they then take", arguments: devices)
    func batch(lacking: [DisabledFeature]) throws {
        // More and fewer than a software driver takes at a time.
        for sequences in [3, 100] {
            try compare(TinyModel.wide.weights(), lacking: lacking, form: .automatic, sequences: sequences)
        }
        let device = try #require(TestDevice.shared).description
        let shape = try #require(MatMulFreeConfiguration.preset(named: "1.3b"))
        let (one, many) = (
            MemoryEstimate(shape, embeddingElement: .float16, on: device),
            MemoryEstimate(shape, embeddingElement: .float16, on: device, sequences: 256)
        )
        #expect(many.state == 256 * one.state && many.weights == one.weights && many.workspace > one.workspace)
    }

    @Test("states that no binding can see are refused", .enabled(if: TestDevice.isPresent)) func tooMany() throws {
        let device = try #require(TestDevice.shared)
        let weights = TinyModel.small.weights()
        let most = device.description.maxStorageRange / MatMulFreePlan.stateRowBytes(weights.configuration)
        guard most < 1 << 20 else { return }
        #expect(throws: VulkanError.self) { _ = try VulkanEngine(weights, on: device, sequences: most + 1) }
    }

    @Test("are what the built-in model then takes", .enabled(if: TestDevice.isPresent)) func builtIn() throws {
        try compare(EmbeddedWeights.load(), lacking: [], form: .automatic)
    }

    @Test("do not depend on the length of a text", .enabled(if: TestDevice.isPresent)) func length() throws {
        let device = try #require(TestDevice.open())
        let engine = try VulkanEngine(TinyModel.small.weights(), on: device)
        let before = device.bufferBytes
        _ = try engine.forward(TinyModel.small.tokens(100), logits: .last)
        #expect(device.bufferBytes == before)
        var short = MatMulFreeConfiguration.presets["matmulfree-13b"]!
        let estimate = MemoryEstimate(short, embeddingElement: .float16, on: device.description)
        short.trainedLength = 1
        #expect(MemoryEstimate(short, embeddingElement: .float16, on: device.description) == estimate)
    }

    @Test("hold every packed weight of the published shapes and little more", .enabled(if: TestDevice.isPresent))
    func presets() throws {
        let device = try #require(TestDevice.shared).description
        for (name, shape) in MatMulFreeConfiguration.presets {
            let estimate = MemoryEstimate(shape, embeddingElement: .float16, on: device)
            #expect(
                estimate.weights > shape.ternaryWeights / 4 && estimate.weights < shape.ternaryWeights / 4 * 102 / 100, "\(name)")
            #expect(estimate.embedding == shape.vocabularySize * shape.hiddenSize * 2)
            #expect(estimate.state == 4 * shape.stateSize * shape.layerCount)
        }
    }

    @Test("without padding take less, for buffers share memory") func shared() {
        func sizes(_ model: TinyModel) -> Workspace.Sizes {
            Workspace.Sizes(model.weights().configuration, capacity: 4096, logitRows: 1, sequences: 1)
        }
        var padded = TinyModel.tiled
        padded.intermediate -= 1
        #expect(sizes(padded).mixers == nil)
        #expect(sizes(.tiled).mixers?.byteCount == 112 * 4 * 4096)
        #expect(sizes(.tiled).deviceBytes == sizes(padded).deviceBytes - 5 * 32 * 4 * 4096)
    }

    @Test("a model is checked before its weights are made") func early() {
        struct Refused: Error {}
        #expect(throws: Refused.self) { _ = try Model.load(.random("13b"), check: { _, _ in throw Refused() }) }
        #expect(throws: Refused.self) {
            _ = try Model.load(.embedded) { _ in
            } check: { shape, element in
                #expect(shape.configuration.layerCount == 8 && element.byteCount == 2)
                throw Refused()
            }
        }
    }

    @Test("loading tells its progress: every layer read, made and uploaded") func progress() throws {
        func check(_ shares: [Double], _ what: String) {
            #expect(shares.count > 8 && shares.last == 1 && shares == shares.sorted(), "\(what): \(shares)")
        }
        var shares: [Double] = []
        let weights = try EmbeddedWeights.load { shares.append($0) }
        check(shares, "reading")
        shares = []
        var shape = weights.configuration
        shape.hiddenSize = 16
        (shape.stateSize, shape.intermediateSize, shape.vocabularySize) = (16, 16, 16)
        _ = MatMulFreeWeights.random(configuration: shape, seed: 1) { shares.append($0) }
        check(shares, "making")
        guard let device = TestDevice.open() else { return }
        shares = []
        _ = try VulkanEngine(weights, on: device) { shares.append($0) }
        check(shares, "uploading")
    }
}
