import TernaryCore

/// What a model gave the tokens of a text: the mean of their negative log-likelihoods in nats, and how sure that mean is.
public struct CrossEntropy: Sendable, Equatable {
    /// Tokens scored.
    public private(set) var count = 0
    private var sum = 0.0
    private var sumOfSquares = 0.0

    /// Of no tokens.
    public init() {}

    /// Takes in one token's negative log-likelihood.
    public mutating func add(_ nats: Double) {
        count += 1
        sum += nats
        sumOfSquares += nats * nats
    }

    /// All nats together.
    public var nats: Double { sum }

    /// Nats a token; 0 of no tokens.
    public var mean: Double { count > 0 ? sum / Double(count) : 0 }

    /// Standard error of the mean: the deviation of the scored tokens over the root of their number. nil of fewer than two tokens.
    ///
    /// It takes tokens for independent, as llama.cpp does; those of one text are not quite.
    public var standardError: Double? {
        guard count > 1 else { return nil }
        let variance = max(0, sumOfSquares / Double(count) - mean * mean)
        return (variance / Double(count - 1)).squareRoot()
    }

    /// e^mean: among how many equally likely tokens the model chose, as it were.
    public var perplexity: Double { PortableMath.exp(mean) }

    /// The standard error carried over to the perplexity, to first order.
    public var perplexityError: Double? { standardError.map { perplexity * $0 } }

    /// Bits for each of the bytes that the scored tokens stand for; unlike nats a token, it compares models of different tokenizers.
    public func bitsPerByte(_ bytes: Int) -> Double { sum / (Double(max(1, bytes)) * PortableMath.log(2)) }
}

/// -log(softmax(logits)[target]) in binary64, terms added in order of the token ids: equal logits give equal nats everywhere.
public func negativeLogLikelihood(_ logits: UnsafeBufferPointer<Float>, of target: Int) -> Double {
    var largest = logits[0]
    for logit in logits where logit > largest { largest = logit }
    var sum = 0.0
    for logit in logits { sum += PortableMath.exp(Double(logit) - Double(largest)) }
    return PortableMath.log(sum) - (Double(logits[target]) - Double(largest))
}
