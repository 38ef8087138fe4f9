import CTernary
import TernaryCore

/// How the next token is drawn from the logits.
///
/// The order: repeat penalty, temperature, top-k, top-p, min-p, the draw. All arithmetic is canonical or in Double on the host, so that
/// a seed gives the same text on every device.
public struct SamplingOptions: Sendable, Equatable {
    /// 0 takes the likeliest token always.
    public var temperature: Float = 0.8
    /// Candidates kept; 0 keeps all.
    public var topK: Int = 40
    /// Candidates kept until their probabilities reach this; 1 keeps all.
    public var topP: Float = 0.95
    /// Candidates dropped below this share of the likeliest one's probability.
    public var minP: Float = 0.05
    /// Divides positive and multiplies negative logits of recent tokens; 1 is off.
    public var repeatPenalty: Float = 1
    /// How many of the last tokens the penalty looks at.
    public var repeatWindow: Int = 64
    /// Starts the random sequence.
    public var seed: UInt64 = 0

    /// The defaults above.
    public init() {}
}

/// Draws tokens; the same options, seed and logits give the same tokens.
public struct Sampler: Sendable {
    /// How tokens are drawn.
    public let options: SamplingOptions
    private var random: SplitMix64
    private var recent: [Int] = []

    /// A sampler at the start of its random sequence.
    public init(_ options: SamplingOptions) {
        self.options = options
        random = SplitMix64(seed: options.seed)
    }

    /// Tells the sampler of a token it has not drawn itself: the prompt's count for the repeat penalty.
    public mutating func accept(_ token: Int) {
        guard options.repeatPenalty != 1 else { return }
        recent.append(token)
        if recent.count > options.repeatWindow { recent.removeFirst(recent.count - options.repeatWindow) }
    }

    /// The next token. Of equal logits the lowest token id comes first.
    public mutating func sample(_ logits: [Float]) -> Int {
        precondition(!logits.isEmpty)
        let token = options.repeatPenalty == 1 ? choose(logits) : choose(penalized(logits))
        accept(token)
        return token
    }

    private func penalized(_ logits: [Float]) -> [Float] {
        var logits = logits
        for token in Set(recent) {
            let penalized = logits[token] > 0 ? logits[token] / options.repeatPenalty : logits[token] * options.repeatPenalty
            // An extreme penalty must not make infinities, of which no differences can be taken.
            logits[token] = min(max(penalized, -.greatestFiniteMagnitude), .greatestFiniteMagnitude)
        }
        return logits
    }

    private mutating func choose(_ logits: [Float]) -> Int {
        if options.temperature == 0 { return Self.greedy(logits) }
        var candidates = candidates(logits)
        let best = Double(logits[candidates[0]])
        var weights = candidates.map { PortableMath.exp((Double(logits[$0]) - best) / Double(options.temperature)) }
        if options.topP < 1 {
            let total = weights.reduce(0, +)
            var sum = 0.0
            let kept =
                (weights.firstIndex {
                    sum += $0; return sum >= Double(options.topP) * total
                } ?? weights.count - 1) + 1
            weights.removeLast(weights.count - kept)
        }
        if options.minP > 0 {
            let kept = weights.firstIndex { $0 < Double(options.minP) * weights[0] } ?? weights.count
            weights.removeLast(weights.count - kept)
        }
        candidates.removeLast(candidates.count - weights.count)

        var point = random.unit() * weights.reduce(0, +)
        for (candidate, weight) in zip(candidates, weights) {
            point -= weight
            if point < 0 { return candidate }
        }
        return candidates[candidates.count - 1]
    }

    /// Tokens by falling logit, the lower id first among equals; top-k of them.
    private func candidates(_ logits: [Float]) -> [Int] {
        func comesFirst(_ a: Int, _ b: Int) -> Bool { logits[a] != logits[b] ? logits[a] > logits[b] : a < b }
        guard options.topK > 0, options.topK < logits.count else { return logits.indices.sorted(by: comesFirst) }
        // A sorted list of the k best so far: most logits fall below its last.
        var best: [Int] = []
        best.reserveCapacity(options.topK + 1)
        for token in logits.indices where best.count < options.topK || comesFirst(token, best[best.count - 1]) {
            var low = 0
            var high = best.count
            while low < high {
                let middle = (low + high) / 2
                if comesFirst(best[middle], token) { low = middle + 1 } else { high = middle }
            }
            best.insert(token, at: low)
            if best.count > options.topK { best.removeLast() }
        }
        return best
    }

    /// The likeliest token, the lowest id among equals.
    public static func greedy(_ logits: [Float]) -> Int {
        precondition(!logits.isEmpty)
        return logits.withUnsafeBufferPointer { ct_argmax($0.baseAddress!, $0.count) }
    }
}
