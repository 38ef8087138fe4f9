/// A text cut into windows that overlap, so that every token is scored once, with as much text before it as costs allow.
///
/// A window is read from the model's start and holds `length` tokens: what comes first, and then tokens of the text. It predicts the token
/// after each of them; those that an earlier window has scored are its context only. Windows begin `stride` tokens apart, so each token
/// but the first `length` has `length - stride` tokens of context at least. What comes first is the begin token where there is
/// one, in every window, as a window is a text to the model; else the token before, and the text's first token, which nothing predicts, is
/// not scored.
public struct TextWindows: Sendable {
    /// The text's tokens, without those that a tokenizer puts around it.
    public let tokens: [Int]
    /// What every window begins with; nil where the text's own tokens do.
    public let begin: Int?
    /// Tokens that a window reads at most.
    public let length: Int
    /// Tokens between the beginnings of two windows.
    public let stride: Int
    /// Tokens of the text that are scored at most.
    public let limit: Int

    /// Windows over a text.
    ///
    /// - Parameters:
    ///   - length: nil where one window holds the text.
    ///   - stride: 1 to `length`; nil for half of that.
    ///   - limit: nil to score all of the text.
    public init(_ tokens: [Int], begin: Int?, length: Int? = nil, stride: Int? = nil, limit: Int? = nil) {
        self.tokens = tokens
        self.begin = begin
        self.length = length ?? max(1, tokens.count)
        self.stride = stride ?? max(1, self.length / 2)
        self.limit = limit ?? tokens.count
        precondition(
            self.length > 0 && self.stride > 0 && self.stride <= self.length && self.limit >= 0, "windows that leave gaps")
    }

    /// The scored tokens' places in the text.
    public var scored: Range<Int> {
        let first = min(begin == nil ? 1 : 0, tokens.count)
        return first..<first + min(limit, tokens.count - first)
    }

    /// One window.
    struct Window: Equatable {
        /// What the model reads.
        var input: [Int]
        /// The tokens that follow the last inputs: one for each input whose logits are wanted.
        var targets: ArraySlice<Int>
        /// Inputs that are context only.
        var contextCount: Int { input.count - targets.count }
    }

    /// How many windows there are.
    public var count: Int { scored.count <= length ? min(1, scored.count) : 1 + (scored.count - length + stride - 1) / stride }

    /// Tokens that all windows read together.
    var inputCount: Int { (0..<count).reduce(0) { $0 + predicted(by: $1).count } }

    /// The window of an index below `count`.
    func window(_ index: Int) -> Window {
        let all = predicted(by: index)
        let new = (index == 0 ? all.lowerBound : predicted(by: index - 1).upperBound)..<all.upperBound
        let lead = begin ?? tokens[all.lowerBound - 1]
        return Window(input: [lead] + tokens[all.dropLast()], targets: tokens[new])
    }

    /// The tokens that a window has logits for, those scored before among them.
    private func predicted(by index: Int) -> Range<Int> {
        let first = scored.lowerBound + index * stride
        return first..<min(first + length, scored.upperBound)
    }
}
