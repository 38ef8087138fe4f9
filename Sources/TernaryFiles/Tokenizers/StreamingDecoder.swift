/// Decodes a text token by token.
///
/// What it returns is whole characters, and together exactly what ``Tokenizer/decode(_:skipSpecialTokens:)`` gives.
public struct StreamingDecoder: Sendable {
    private let tokenizer: Tokenizer
    private let skipsSpecialTokens: Bool
    private var state = DecodingState()
    /// Byte tokens that do not make up a character yet.
    private var pending: [UInt8] = []
    /// How many more leading characters may be dropped.
    private var strips: Int

    /// A decoder at the start of a text.
    public init(_ tokenizer: Tokenizer, skipSpecialTokens: Bool = true) {
        self.tokenizer = tokenizer
        skipsSpecialTokens = skipSpecialTokens
        strips = tokenizer.engine.leadingStrip?.count ?? 0
    }

    /// A decoder of what follows a prompt: its text continues the prompt's.
    public init(_ tokenizer: Tokenizer, after prompt: [Int], skipSpecialTokens: Bool = true) {
        self.init(tokenizer, skipSpecialTokens: skipSpecialTokens)
        var text: [UInt8] = []
        for token in prompt {
            text.removeAll(keepingCapacity: true)
            append(token, to: &text)
        }
    }

    /// The characters that this token completes; empty where it completes none.
    public mutating func append(_ token: Int) -> String {
        var text: [UInt8] = []
        append(token, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// What is left at the end: U+FFFD for an unfinished character.
    public mutating func finish() -> String {
        var text: [UInt8] = []
        finish(into: &text)
        return String(decoding: text, as: UTF8.self)
    }

    mutating func append(_ token: Int, to text: inout [UInt8]) {
        let engine = tokenizer.engine
        guard token >= 0, token < tokenizer.count else { return }
        if skipsSpecialTokens, engine.isSpecial(token) {
            if engine.leftOutTokensEndCharacters { flush(into: &text, isEnd: true) }
            return
        }
        if let bytes = engine.bytes(of: token) {
            pending += bytes
            flush(into: &text, isEnd: false)
        } else {
            flush(into: &text, isEnd: true)  // first: the surface may depend on whether there is text already
            emit(engine.surface(of: token, after: &state)[...], into: &text)
        }
        state.isFirst = false
    }

    mutating func finish(into text: inout [UInt8]) { flush(into: &text, isEnd: true) }

    /// Emits the characters that the pending bytes hold, keeping a possible beginning of another unless this is the end.
    private mutating func flush(into text: inout [UInt8], isEnd: Bool) {
        var position = 0
        defer { pending.removeFirst(position) }
        while position < pending.count {
            let length = pending.withUnsafeBufferPointer { UTF8Text.characterLength($0, at: position) }
            if length > 0 {
                emit(pending[position..<position + length], into: &text)
                position += length
                continue
            }
            let beginning = Self.beginningLength(pending[position...])
            if !isEnd, position + beginning == pending.count { return }
            emit(UTF8Text.replacement[...], into: &text)
            position += tokenizer.engine.joinsUnfinishedBytes ? max(beginning, 1) : 1
        }
    }

    /// How many of the first bytes begin a character, to which others may yet come; 0 where none does.
    private static func beginningLength(_ bytes: ArraySlice<UInt8>) -> Int {
        var length = 0
        while length < min(bytes.count, 3), mayContinue(Array(bytes.prefix(length + 1))) { length += 1 }
        return length
    }

    /// Whether some further bytes would make these a character.
    private static func mayContinue(_ bytes: [UInt8]) -> Bool {
        // Continuations that suit every lead byte that has a restricted second byte.
        for second: UInt8 in [0x80, 0x90, 0xA0] {
            let whole = bytes + [bytes.count == 1 ? second : 0x80, 0x80, 0x80].prefix(max(4 - bytes.count, 0))
            if whole.withUnsafeBufferPointer({ UTF8Text.characterLength($0, at: 0) }) > bytes.count { return true }
        }
        return false
    }

    private mutating func emit(_ characters: ArraySlice<UInt8>, into text: inout [UInt8]) {
        var characters = characters
        if strips > 0, let character = tokenizer.engine.leadingStrip?.character {
            while strips > 0, characters.starts(with: character) {
                characters = characters.dropFirst(character.count)
                strips -= 1
            }
            if !characters.isEmpty { strips = 0 }
        }
        if !characters.isEmpty { state.isEmpty = false }
        text += characters
    }
}
