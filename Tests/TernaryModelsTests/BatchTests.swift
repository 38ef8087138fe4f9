import TernaryCore
import Testing
import VulkanCompute

@testable import TernaryModels

/// A sequence in a batch gets the bits that it gets alone.
@Suite("batches of sequences")
struct BatchTests {
    private static let model = TinyModel.small
    private static let weights = model.weights()
    /// More than a software driver's pass takes: the last counts are several passes.
    private static let counts = [1, 2, 5, 17]

    private static func token(_ sequence: Int, _ place: Int) -> Int {
        var random = SplitMix64(seed: UInt64(1000 * sequence + place))
        return Int(random.next() % UInt64(model.vocabulary))
    }

    /// No two neighbours of the same length; some sequences start with a step.
    private static func prompt(_ sequence: Int) -> [Int] { (0..<[3, 0, 7, 1][sequence % 4]).map { token(sequence, $0) } }

    /// Prompts one by one, then rounds of steps in which some sequences rest and the order changes; bits of all that comes out.
    private static func run(_ engine: any Engine, _ count: Int, together: Bool) throws -> [[[UInt32]]] {
        var seen = [[[UInt32]]](repeating: [], count: count)
        for sequence in 0..<count where !prompt(sequence).isEmpty {
            seen[sequence].append(try engine.forward(prompt(sequence), sequence: sequence, logits: .all).bits)
        }
        for round in 0..<5 {
            let active = (0..<count).filter { ($0 + round) % 3 != 0 }
            let order = round.isMultiple(of: 2) ? active : active.reversed()
            let tokens = order.map { token($0, 10 + round) }
            let width = model.vocabulary
            let logits: [Float] =
                together
                ? try engine.step(tokens, of: order)
                : try zip(tokens, order).flatMap { try engine.forward([$0], sequence: $1, logits: .last) }
            #expect(logits.count == order.count * width)
            for (row, sequence) in order.enumerated() {
                seen[sequence].append(logits[row * width..<(row + 1) * width].map(\.bitPattern))
            }
        }
        for sequence in 0..<count { seen[sequence] += try engine.readState(sequence: sequence).map(\.bits) }
        return seen
    }

    /// Every sequence on an engine of its own.
    private static func alone(_ count: Int) throws -> [[[UInt32]]] {
        let apart = Apart((0..<count).map { _ in ReferenceEngine(weights) })
        return try run(apart, count, together: false)
    }

    @Test("each sequence gets the logits and the state that it gets alone", arguments: EngineKind.available, counts)
    func equal(kind: EngineKind, count: Int) throws {
        let expected = try Self.alone(count)
        #expect(Set(expected.map { $0.last }).count == count, "sequences that are the same hide a mistake")
        let engine = try kind.engine(Self.weights, sequences: count)
        #expect(engine.sequenceCount == count)
        #expect(try Self.run(engine, count, together: true) == expected)
        // The same again, and one by one on the engine that holds them all.
        try engine.reset()
        #expect(try Self.run(engine, count, together: false) == expected)
    }

    @Test(
        "the automatic form does too, on either side of where it changes, with and without what a device may lack",
        .enabled(if: TestDevice.isPresent, "needs a Vulkan driver; lavapipe will do"), arguments: [2, 5, 17, 40, 70],
        [[], [.integerDot, .hostVisible, .subgroupOperations]] as [[DisabledFeature]])
    func automatic(count: Int, lacking: [DisabledFeature]) throws {
        let engine = try VulkanEngine(Self.weights, on: try #require(TestDevice.open(disabling: lacking)), sequences: count)
        #expect(try Self.run(engine, count, together: true) == Self.alone(count))
        #expect(try greedy(engine, count) == greedy(ReferenceEngine(Self.weights, sequences: count), count))
    }

    @Test("every shape of model, in batches of few and of many", arguments: TinyModel.all)
    func shapes(model: TinyModel) throws {
        let weights = model.weights(seed: 5)
        let reference = ReferenceEngine(weights, sequences: 9)
        var engines = try EngineKind.compared.map { ($0.rawValue, try $0.engine(weights, sequences: 9)) }
        if let device = TestDevice.shared { engines.append(("automatic", try VulkanEngine(weights, on: device, sequences: 9))) }
        let tokens = model.tokens(18)
        for engine in [reference] + engines.map(\.1) { _ = try engine.forward(tokens, sequence: 1, logits: .none) }
        for order in [[2, 0, 1], [8, 1, 7, 2, 6, 3, 5, 4, 0], [1, 2], [1, 2, 3, 5, 6, 7]] {
            let next = order.map { tokens[$0 + order.count] }
            let expected = try reference.step(next, of: order).bits
            for (name, engine) in engines { #expect(try engine.step(next, of: order).bits == expected, "\(name), \(order)") }
        }
        for sequence in 0..<9 {
            let expected = try reference.readState(sequence: sequence).map(\.bits)
            for (name, engine) in engines {
                #expect(try engine.readState(sequence: sequence).map(\.bits) == expected, "\(name), sequence \(sequence)")
            }
        }
    }

    /// More steps than a submission holds, of some of the sequences, after prompts; tokens and what is left of the states.
    private func greedy(_ engine: any Engine, _ count: Int) throws -> [[Int]] {
        try engine.reset()
        for sequence in 0..<count where !Self.prompt(sequence).isEmpty {
            _ = try engine.forward(Self.prompt(sequence), sequence: sequence, logits: .none)
        }
        let active = Array((0..<count).reversed().prefix(max(1, count - 1)))
        let drawn = try engine.greedySteps(11, from: active.map { Self.token($0, 99) }, of: active)
        #expect(drawn.count == 11 && drawn.allSatisfy { $0.count == active.count })
        let more = try engine.greedySteps(1, from: drawn[10], of: active)
        let states = try (0..<count).flatMap { try engine.readState(sequence: $0) }
        return drawn + more + states.map { $0.map { Int($0.bitPattern) } }
    }

    @Test("greedy steps draw what the logits of single steps say", arguments: EngineKind.compared, counts)
    func greedySteps(kind: EngineKind, count: Int) throws {
        let expected = try greedy(ReferenceEngine(Self.weights, sequences: count), count)
        #expect(Set(expected.prefix(12).joined()).count > 2, "always the same token hides a mistake")
        #expect(try greedy(kind.engine(Self.weights, sequences: count), count) == expected)
    }

    @Test("a reset of one sequence leaves the others alone", arguments: EngineKind.available)
    func reset(kind: EngineKind) throws {
        let engine = try kind.engine(Self.weights, sequences: 5)
        let tokens = (0..<5).map { Self.token($0, 0) }
        let first = try engine.step(tokens, of: Array(0..<5)).bits
        _ = try engine.step(tokens, of: Array(0..<5))
        let before = try (0..<5).map { try engine.readState(sequence: $0).map(\.bits) }
        try engine.reset(sequence: 3)
        for sequence in 0..<5 {
            let state = try engine.readState(sequence: sequence)
            if sequence == 3 {
                #expect(state.joined().allSatisfy { $0.bitPattern == 0 })
            } else {
                #expect(state.map(\.bits) == before[sequence])
            }
        }
        let width = Self.model.vocabulary
        #expect(try engine.step([tokens[3]], of: [3]).bits == Array(first[3 * width..<4 * width]))
        try engine.reset()
        #expect(try engine.step(tokens, of: Array(0..<5)).bits == first)
    }

    @Test("nothing is a step of no sequence", arguments: EngineKind.available)
    func empty(kind: EngineKind) throws {
        let engine = try kind.engine(Self.weights, sequences: 2)
        #expect(try engine.step([], of: []).isEmpty)
        #expect(try engine.greedySteps(3, from: [], of: []) == [[], [], []])
        #expect(try engine.greedySteps(0, from: [1], of: [0]).isEmpty)
        #expect(try engine.readState(sequence: 0).joined().allSatisfy { $0 == 0 })
    }

    @Test("a mistaken call stops: wrong counts, a sequence twice or unknown, a token outside the vocabulary")
    func refused() async {
        await #expect(processExitsWith: .failure) { _ = ReferenceEngine(TinyModel.small.weights(), sequences: 0) }
        await #expect(processExitsWith: .failure) { _ = try Self.cpu().step([1], of: [0, 1]) }
        await #expect(processExitsWith: .failure) { _ = try Self.cpu().step([1, 2], of: [1, 1]) }
        await #expect(processExitsWith: .failure) { _ = try Self.cpu().step([1, 2], of: [0, 3]) }
        await #expect(processExitsWith: .failure) { _ = try Self.cpu().step([1, 51], of: [0, 1]) }
        await #expect(processExitsWith: .failure) { _ = try Self.cpu().forward([1], sequence: -1, logits: .last) }
        await #expect(processExitsWith: .failure) { _ = try Self.cpu().readState(sequence: 3) }
        await #expect(processExitsWith: .success) { _ = try Self.cpu().step([1, 50], of: [0, 2]) }
    }

    private static func cpu() throws -> CPUEngine { try CPUEngine(TinyModel.small.weights(), threads: 1, sequences: 3) }
}

/// An engine of one sequence for each of several, as one.
private final class Apart: Engine {
    private let engines: [any Engine]

    init(_ engines: [any Engine]) { self.engines = engines }

    var deviceName: String { engines[0].deviceName }
    var modelConfiguration: ModelConfiguration { engines[0].modelConfiguration }
    var weightBytesPerToken: Int { engines[0].weightBytesPerToken }
    var sequenceCount: Int { engines.count }
    var memory: MemoryUse { engines[0].memory }
    var deviceSeconds: Double? { nil }

    func forward(_ tokens: [Int], sequence: Int, logits: LogitRows) throws -> [Float] {
        try engines[sequence].forward(tokens, logits: logits)
    }
    func forward(_ tokens: [Int], observe: (Observation) -> Void) throws { try engines[0].forward(tokens, observe: observe) }
    func step(_ tokens: [Int], of sequences: [Int]) throws -> [Float] {
        try zip(tokens, sequences).flatMap { try forward([$0], sequence: $1, logits: .last) }
    }
    func readState(sequence: Int) throws -> [[Float]] { try engines[sequence].readState() }
    func measureReadBandwidth() throws -> Double? { nil }
    func reset() throws { for engine in engines { try engine.reset() } }
    func reset(sequence: Int) throws { try engines[sequence].reset() }
}
