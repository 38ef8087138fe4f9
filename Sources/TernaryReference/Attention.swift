import TernaryCore

/// Causal attention of one query token over all tokens so far: softmax(q . k * scale) v, for every query head.
///
/// Keys are taken in chunks of 64 by their place in the text, and chunks are joined in order (`AttentionSum`). So it matters neither how
/// many tokens are computed at a time nor how chunks are shared out.
///
/// - Parameters:
///   - query: `(H * d)`, turned.
///   - keys, values: as the cache gives them, `(tokens, G * d)`; the query's own token is the last.
/// - Returns: `(H * d)`.
/// - Note: attention of arXiv 1706.03762 with grouped queries (arXiv 2305.13245) and the online softmax of arXiv 1805.02867.
public func attention(query: [Float], keys: [[Float]], values: [[Float]], _ configuration: TransformerConfiguration) -> [Float] {
    let size = configuration.headSize
    let group = configuration.headCount / configuration.keyValueHeadCount
    return (0..<configuration.headCount).flatMap { head -> [Float] in
        let own = query[head * size..<(head + 1) * size].map(Exact.factor)
        let first = head / group * size
        var sum = AttentionSum(size: size)
        for start in stride(from: 0, to: keys.count, by: AttentionChunk.length) {
            let places = start..<min(start + AttentionChunk.length, keys.count)
            sum.join(
                AttentionChunk(
                    query: own, keys: places.map { Array(keys[$0][first..<first + size]) },
                    values: places.map { Array(values[$0][first..<first + size]) }, scale: configuration.scoreScale))
        }
        return sum.result
    }
}

/// What a chunk of keys adds to a query head's result: weights are e^(score - largest score of the chunk).
public struct AttentionChunk: Sendable {
    /// Keys of a chunk, but for the last.
    public static let length = 64
    /// Largest score.
    public let largest: Float
    /// Sum of weights, in a halving tree 32, 16, ... 1 over 64 places.
    public let sum: Float
    /// Sum of weighted values in order of their places, `(d)`.
    public let values: [Float]

    /// One chunk of `(tokens, d)` keys and values.
    public init(query: [Float], keys: [[Float]], values: [[Float]], scale: Float) {
        let scores = keys.map { Exact.settle(dot(query, $0) * scale) }
        let largest = scores.reduce(-Exact.largest) { max($0, $1) }
        let weights = scores.map { Exact.softmaxWeight($0 - largest) }
        var tree = weights + Array(repeating: 0, count: Self.length - weights.count)
        var step = Self.length / 2
        while step > 0 {
            for lane in 0..<step { tree[lane] += tree[lane + step] }
            step /= 2
        }
        self.largest = largest
        sum = tree[0]
        self.values = query.indices.map { j in
            var total: Float = 0
            for (weight, value) in zip(weights, values) { total += weight * value[j] }
            return Exact.settle(total)
        }
    }
}

/// A query head's chunks joined so far; each is scaled to the largest score of all, which may rise.
public struct AttentionSum: Sendable {
    private var largest = -Exact.largest
    private var sum: Float = 0
    private var values: [Float]

    /// Nothing yet.
    public init(size: Int) { values = Array(repeating: 0, count: size) }

    /// Adds the next chunk.
    public mutating func join(_ chunk: AttentionChunk) {
        let highest = max(largest, chunk.largest)
        let (own, other) = (Exact.softmaxWeight(largest - highest), Exact.softmaxWeight(chunk.largest - highest))
        largest = highest
        sum = Exact.settle(own * sum) + Exact.settle(other * chunk.sum)
        values = zip(values, chunk.values).map { Exact.settle(Exact.settle(own * $0) + Exact.settle(other * $1)) }
    }

    /// Weighted values over the sum of weights, `(d)`.
    public var result: [Float] {
        let inverse = Exact.reciprocal(sum)
        return values.map { Exact.settle($0 * inverse) }
    }
}

/// A dot product in four partial sums: term j belongs to sum j mod 4; each in order, then (s0 + s1) + (s2 + s3).
func dot(_ a: [Float], _ b: [Float]) -> Float {
    var sums: [Float] = [0, 0, 0, 0]
    for j in a.indices { sums[j & 3] += a[j] * b[j] }
    return (sums[0] + sums[1]) + (sums[2] + sums[3])
}
