/// SentencePiece's unigram model: the segmentation whose scores add up to the most (`unigram::Model::EncodeOptimized`).
struct UnigramModel: Sendable {
    private let search: PrefixSearch
    private let scores: [Float]
    private let types: [Int32]
    private let unknown: Int
    private let unknownScore: Float
    private let highest: Float

    init(_ vocabulary: TokenizerVocabulary, unknown: Int) {
        let usable: [TokenizerVocabulary.TokenType] = [.normal, .userDefined, .unused]
        search = PrefixSearch(
            vocabulary.tokens.indices.filter { usable.contains(vocabulary.type(of: $0)) }.map { (vocabulary.tokens[$0], $0) })
        (scores, types, self.unknown) = (vocabulary.scores, vocabulary.types, unknown)
        let normal = vocabulary.tokens.indices.filter { vocabulary.type(of: $0) == .normal }.map { vocabulary.scores[$0] }
        // The library starts from the extremes of float, so that its maximum is never below the smallest positive one.
        unknownScore = normal.reduce(Float.greatestFiniteMagnitude, min) - 10
        highest = normal.reduce(Float.leastNormalMagnitude, max)
    }

    /// The best path that ends at a position.
    private struct Step {
        var score: Float = 0
        var start: Int32 = -1
        var token: Int32 = -1
    }

    /// The best segmentation of well-formed text, in linear time for tokens of bounded length.
    func segment(_ text: UnsafeBufferPointer<UInt8>) -> [SentencePieceEngine.Segment] {
        var steps = [Step](repeating: Step(), count: text.count + 1)
        var start = 0
        func offer(_ score: Double, _ token: Int, _ end: Int) {
            if steps[end].start < 0 || score > Double(steps[end].score) {
                steps[end] = Step(score: Float(score), start: Int32(start), token: Int32(token))
            }
        }
        while start < text.count {
            let before = steps[start].score
            let character = UTF8Text.characterLength(lead: text[start])
            var coversCharacter = false
            var cursor = search.start
            var end = start
            while end < text.count, search.advance(&cursor, by: text[end]) {
                end += 1
                guard let token = search.match(cursor), types[token] != TokenizerVocabulary.TokenType.unused.rawValue else {
                    continue
                }
                let isUserDefined = types[token] == TokenizerVocabulary.TokenType.userDefined.rawValue
                let score = isUserDefined ? Double(Float(end - start) * highest) - 0.1 : Double(scores[token])
                offer(score + Double(before), token, end)
                if end - start == character { coversCharacter = true }
            }
            if !coversCharacter { offer(Double(unknownScore + before), unknown, start + character) }
            start += character
        }
        var segments: [SentencePieceEngine.Segment] = []
        var end = text.count
        while end > 0 {
            let step = steps[end]
            segments.append(.init(range: Int(step.start)..<end, token: Int(step.token)))
            end = Int(step.start)
        }
        return segments.reversed()
    }
}
