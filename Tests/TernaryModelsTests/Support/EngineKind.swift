import TernaryCore
import Testing
import VulkanCompute

@testable import TernaryModels

/// Every way to run a model here.
enum EngineKind: String, Sendable, CaseIterable, CustomTestStringConvertible {
    case reference, cpu, fused, unfused
    /// On a Vulkan device in the form that it chooses, the embedding with the host.
    case hostEmbedding
    /// The same at 1.6 bits a weight.
    case base3

    /// Those that this machine can run.
    static let available: [EngineKind] = allCases.filter { !$0.isVulkan || TestDevice.isPresent }
    /// Those that are compared with the reference.
    static let compared: [EngineKind] = available.filter { $0 != .reference }

    var isVulkan: Bool { self != .reference && self != .cpu }
    var testDescription: String { rawValue }

    func engine(_ weights: MatMulFreeWeights, sequences: Int = 1) throws -> any Engine {
        switch self {
        case .reference: return ReferenceEngine(weights, sequences: sequences)
        case .cpu: return try CPUEngine(weights, threads: 2, sequences: sequences)
        case .fused, .unfused:
            let engine = try VulkanEngine(
                weights, on: try #require(TestDevice.shared), form: self == .fused ? .fused : .unfused, sequences: sequences)
            // Tiny rows fit the smallest shared memory: nothing may fall back unnoticed.
            #expect(engine.form == (self == .fused ? .fused : .unfused))
            return engine
        case .hostEmbedding, .base3:
            return try VulkanEngine(
                weights, on: try #require(TestDevice.shared), placement: .host, packing: self == .base3 ? .base3 : .twoBits,
                sequences: sequences)
        }
    }
}

extension [Float] {
    /// The bits of each value: zeros of either sign and everything else told apart.
    var bits: [UInt32] { map(\.bitPattern) }
}

/// What tokens leave behind, as bits.
struct Outcome: Equatable {
    var logits: [UInt32] = []
    var state: [[UInt32]]

    /// Feeds tokens to an engine from its start, in parts that end where `ends` says, and wants every token's logits.
    init(_ engine: any Engine, _ tokens: [Int], ends: [Int] = []) throws {
        try engine.reset()
        var first = 0
        for end in ends + [tokens.count] {
            logits += try engine.forward(Array(tokens[first..<end]), logits: .all).bits
            first = end
        }
        state = try engine.readState().map(\.bits)
    }
}
