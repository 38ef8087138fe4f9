import TernaryCore
import Testing
import VulkanCompute

@testable import TernaryModels

private let residentDecodingIsPossible: Bool = {
    guard let device = TestDevice.shared else { return false }
    let configuration = TinyModel.small.weights().configuration
    return ResidentDecoder.whyNot(configuration, element: .float16, on: device.description) == nil
}()

/// A decode step as one dispatch. `vkternary verify --resident` tests the same on a machine that has a GPU and nothing else.
@Suite(
    "resident decoding",
    .enabled(
        if: residentDecodingIsPossible, "needs a GPU with buffer addresses, 64-bit atomics and the memory model"))
struct ResidentDecoderTests {
    private static let model = TinyModel.small
    private static let weights = model.weights()

    private func engine(sequences: Int = 1) throws -> VulkanEngine {
        let engine = try VulkanEngine(
            Self.weights, on: try #require(TestDevice.shared), form: .resident, sequences: sequences)
        #expect(engine.resident != nil)
        return engine
    }

    @Test("steps, prompts between them and resets give the reference's logits and state")
    func equal() throws {
        let tokens = Self.model.tokens(24)
        let expected = try Outcome(ReferenceEngine(Self.weights), tokens)
        let engine = try engine()
        #expect(try Outcome(engine, tokens, ends: Array(1..<tokens.count)) == expected, "step by step")
        #expect(try Outcome(engine, tokens, ends: [1, 2, 9, 10, 11, 12, 20]) == expected, "steps and prompts")
        #expect(engine.decodeForm == "one resident dispatch")
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
    }

    @Test("the other sequences' states stay as they are")
    func apart() throws {
        let engine = try engine(sequences: 2)
        _ = try engine.forward(Self.model.tokens(4), sequence: 1, logits: .none)
        let other = try engine.readState(sequence: 1)
        for token in Self.model.tokens(3) { _ = try engine.forward([token], logits: .last) }
        #expect(try engine.readState(sequence: 1).map(\.bits) == other.map(\.bits))
        #expect(
            try engine.readState(sequence: 0).map(\.bits) == Outcome(ReferenceEngine(Self.weights), Self.model.tokens(3)).state)
    }

    @Test("what the device lacks is named")
    func lacking() throws {
        let device = try #require(TestDevice.shared).description.disabling(.bufferDeviceAddress)
        let reason = ResidentDecoder.whyNot(Self.weights.configuration, element: .float16, on: device)
        #expect(reason == "the device lacks buffer-device-address")
        #expect(!VulkanEngine.Form.resident.decodesResident(Self.weights.configuration, element: .float16, on: device))
    }
}
