import TernaryCore
import TernaryKernels
import Testing

@testable import TernaryModels
@testable import VulkanCompute

/// Whether the kernel runs here, be it with one work group.
private let isPossible: Bool = {
    guard let device = TestDevice.shared else { return false }
    let missing = ResidentDecoder.neededFeatures.subtracting(device.description.features)
    if !missing.isEmpty { print("skipping resident decoding: the device lacks \(missing.names)") }
    return missing.isEmpty
}()

/// A decode step as one dispatch. On a software driver, which compiles it for half a minute, it has one work group and waits for nobody.
@Suite("resident decoding", .enabled(if: isPossible, "needs a Vulkan device with buffer addresses and 64-bit atomics"))
struct ResidentDecoderTests {
    private static let model = TinyModel.small
    private static let weights = model.weights()

    /// Two sequences always, so that all tests share a pipeline.
    private func engine() throws -> VulkanEngine {
        let device = try #require(TestDevice.shared)
        let engine = try VulkanEngine(Self.weights, on: device, sequences: 2)
        engine.isDecodeSettled = true
        engine.resident = try ResidentDecoder(
            engine.configuration, weights: engine.weights, workspace: engine.workspace, sequences: 2, device: device,
            traits: DeviceTraits(device.description))
        return engine
    }

    @Test("steps, prompts between them and resets give the reference's logits and state")
    func equal() throws {
        let tokens = Self.model.tokens(24)
        let expected = try Outcome(ReferenceEngine(Self.weights), tokens)
        let engine = try engine()
        #expect(try Outcome(engine, tokens, ends: Array(1..<tokens.count)) == expected, "step by step")
        #expect(try Outcome(engine, tokens, ends: [1, 2, 9, 10, 11, 12, 20]) == expected, "steps and prompts")
        #expect(engine.resident != nil)
    }

    @Test("the tokens that the device chooses are those that the host chooses, also past what one dispatch takes")
    func chooses() throws {
        let reference = ReferenceEngine(Self.weights)
        let engine = try engine()
        let prompt = Self.model.tokens(3)
        _ = try reference.forward(prompt, logits: .none)
        _ = try engine.forward(prompt, logits: .none)
        let count = ResidentDecoder.mostTokens + 5
        let expected = try reference.greedySteps(count, from: [7], of: [0])
        #expect(try engine.greedySteps(count, from: [7], of: [0]) == expected)
        #expect(try engine.readState().map(\.bits) == reference.readState().map(\.bits))
        #expect(engine.resident != nil)
    }

    @Test("the other sequence's state stays as it is")
    func apart() throws {
        let engine = try engine()
        _ = try engine.forward(Self.model.tokens(4), sequence: 1, logits: .none)
        let other = try engine.readState(sequence: 1)
        for token in Self.model.tokens(3) { _ = try engine.forward([token], logits: .last) }
        #expect(try engine.readState(sequence: 1).map(\.bits) == other.map(\.bits))
        #expect(
            try engine.readState(sequence: 0).map(\.bits) == Outcome(ReferenceEngine(Self.weights), Self.model.tokens(3)).state)
    }

    @Test("the first decode step measures both forms and leaves the state as it was, whichever is taken")
    func settles() throws {
        let tokens = Self.model.tokens(6)
        let expected = try Outcome(ReferenceEngine(Self.weights), tokens)
        let engine = try engine()
        engine.isDecodeSettled = false
        #expect(try Outcome(engine, tokens, ends: [2, 3, 4, 5]) == expected)
        #expect(engine.isDecodeSettled)
    }

    @Test("what a device lacks is named, and a software driver is not asked to wait")
    func lacking() throws {
        var device = try #require(TestDevice.shared).description
        device.kind = .discrete
        let configuration = Self.weights.configuration
        #expect(ResidentDecoder.whyNot(configuration, element: .float16, on: device) == nil)
        #expect(
            ResidentDecoder.whyNot(configuration, element: .float16, on: device.disabling(.bufferDeviceAddress))
                == "the device lacks buffer-device-address")
        device.kind = .software
        #expect(!VulkanEngine.Form.automatic.decodesResident(configuration, element: .float16, on: device))
    }
}
