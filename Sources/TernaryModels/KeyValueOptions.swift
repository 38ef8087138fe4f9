import TernaryCore

/// How a transformer keeps the keys and values of its tokens.
public struct KeyValueOptions: Sendable, Equatable {
    /// How each is stored.
    public var element: KeyValueElement
    /// Tokens of a sequence at most; nil for what the model was made for, 4,096 at most.
    public var contextLimit: Int?

    /// Tokens that a text may have.
    public static let contexts = 1...1 << 24

    /// Tokens where nobody says how many.
    public static let usualContext = 4096

    /// Values as given; the defaults are those of `vkternary run`.
    public init(element: KeyValueElement = .float16, contextLimit: Int? = nil) {
        self.element = element
        self.contextLimit = contextLimit
    }

    /// Tokens that a sequence of this model holds at most.
    public func limit(_ configuration: TransformerConfiguration) -> Int {
        contextLimit ?? min(configuration.contextLength, Self.usualContext)
    }

    /// Bytes of one token's keys and values in all blocks.
    public func bytesEach(_ configuration: TransformerConfiguration) -> Int {
        let width = configuration.keyValueWidth
        let half =
            switch element {
            case .float32: 4 * width
            case .float16: 2 * width
            case .q8: width + 2 * ((width + KeyValueElement.groupSize - 1) / KeyValueElement.groupSize)
            }
        return 2 * configuration.layerCount * half
    }
}
