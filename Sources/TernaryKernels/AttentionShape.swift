import TernaryCore

/// Heads, and how their keys and values are kept: what the kernels around attention agree on.
///
/// One layer's cache is `(pages, 2, G, 256, d)`, keys before values, d padded to a multiple of 4; of bytes, each page's are followed by its
/// f32 scales `(2, G, 256, d / 32)`. All layers use the same page numbers, each in a cache of its own.
public struct AttentionShape: Sendable, Equatable {
    /// Tokens of one sequence that a page holds.
    public static let pageTokens = 256

    /// Query heads.
    public var heads: Int
    /// Key and value heads, a divisor of `heads`.
    public var keyValueHeads: Int
    /// Values in a head: even, at most 256.
    public var headSize: Int
    /// What scores are multiplied by.
    public var scale: Float
    /// How keys and values are kept.
    public var cache: KeyValueElement

    /// A shape as the limits above say.
    public init(heads: Int, keyValueHeads: Int, headSize: Int, scale: Float, cache: KeyValueElement) {
        precondition(keyValueHeads > 0 && heads.isMultiple(of: keyValueHeads), "\(heads) heads over \(keyValueHeads)")
        precondition(headSize.isMultiple(of: 2) && (2...256).contains(headSize), "heads of \(headSize)")
        precondition(
            Self.canKeep(cache, headSize: headSize), "heads of \(headSize) are no multiple of \(KeyValueElement.groupSize)")
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headSize = headSize
        self.scale = scale
        self.cache = cache
    }

    /// The shape of a model's attention.
    public init(_ configuration: TransformerConfiguration, cache: KeyValueElement) {
        self.init(
            heads: configuration.headCount, keyValueHeads: configuration.keyValueHeadCount, headSize: configuration.headSize,
            scale: configuration.scoreScale, cache: cache)
    }

    /// Whether heads of this size can be kept so: bytes need whole groups.
    public static func canKeep(_ cache: KeyValueElement, headSize: Int) -> Bool {
        cache != .q8 || headSize.isMultiple(of: KeyValueElement.groupSize)
    }

    /// Values of a head on the device, the last of them zeros.
    public var paddedHeadSize: Int { TernaryMatrix.padded(headSize, to: 4) }
    /// Distance between rows of turned queries: `(H, paddedHeadSize)`.
    public var queryStride: Int { heads * paddedHeadSize }
    /// Distance between rows of `q, k, v`.
    public var qkvStride: Int { paddedWidth((heads + 2 * keyValueHeads) * headSize) }
    /// Distance between rows of what is attended, `(H, d)`; what lies behind a row is left alone and has to be zero.
    public var attendedStride: Int { paddedWidth(heads * headSize) }
    /// Bytes of a page of one layer.
    public var pageByteCount: Int {
        let values = 2 * keyValueHeads * Self.pageTokens * paddedHeadSize
        return switch cache {
        case .float32: 4 * values
        case .float16: 2 * values
        case .q8: values + 4 * values / KeyValueElement.groupSize
        }
    }
    /// Chunks of keys up to a position.
    public static func chunks(upTo position: Int) -> Int { position / 64 + 1 }

    /// Fours of a head.
    var quads: Int { paddedHeadSize / 4 }
    /// Invocations that take a head where it is normed and turned.
    var team: Int { [8, 16, 32, 64].first { $0 >= quads }! }
    /// Query heads of a key head.
    var group: Int { heads / keyValueHeads }
}
