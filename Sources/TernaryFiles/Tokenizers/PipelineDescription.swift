/// What a `tokenizer.json` says beside its vocabulary and merges, as far as it is supported; the rest is refused by name.
struct PipelineDescription: Sendable {
    var normalizers: [NormalizerStep] = []
    var preTokenizers: [PreTokenizerStep] = []
    var decoder = PipelineDecoder()
    var addedTokens: [AddedToken] = []
    /// The template's tokens around the text; nil where ``TokenizerVocabulary``'s flags say it all.
    var template: (before: [Int], after: [Int])?
    var unknownToken: [UInt8]?
    var fusesUnknown = false
    var hasByteFallback = false
    var ignoresMerges = false
    /// How many tokens are the model's own; those behind them were added.
    var modelTokenCount: Int?

    /// A token that is found in the text before anything else.
    struct AddedToken: Sendable {
        var id: Int
        var content: [UInt8]
        var isSingleWord = false
        var stripsLeft = false
        var stripsRight = false
        var isNormalized = false
        var isSpecial = false
    }

    /// Spaces become a symbol, one may be put in front, and words start at each.
    struct Metaspace: Sendable {
        enum Scheme: String { case always, never, first }
        var replacement: [UInt8]
        var scheme: Scheme
        var splits: Bool
    }

    /// Added tokens longer than this are refused: each is tried at every place of a text.
    private static let longestAddedToken = 1024

    init(_ document: JSON, path: String) throws {
        let root = try JSONFields(document, path: path, place: "")
        try root.allow(
            // The library that loads models sets truncation and padding anew, so what a file says of them means nothing.
            "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder",
            "model")
        if let version = root["version"], version.string != "1.0" { throw root.error("version", "only \"1.0\" is supported") }
        normalizers = try NormalizerStep.parse(root["normalizer"] ?? .null, path: path, place: "normalizer")
        try NormalizerStep.checkGrowth(normalizers, path: path)
        preTokenizers = try PreTokenizerStep.parse(root["pre_tokenizer"] ?? .null, path: path, place: "pre_tokenizer")
        let byteLevels = preTokenizers.count { if case .byteLevel = $0 { true } else { false } }
        // Each would make the text longer once more.
        guard byteLevels <= 1 else { throw FileError(path, at: "pre_tokenizer", "more than one ByteLevel step") }
        guard preTokenizers.count <= 16 else {
            throw FileError(path, at: "pre_tokenizer", "\(preTokenizers.count) steps; at most 16")
        }
        decoder = try PipelineDecoder(root["decoder"] ?? .null, path: path)
        template = try Self.template(root["post_processor"] ?? .null, path: path)
        for (index, token) in try (root.array("added_tokens") ?? []).enumerated() {
            addedTokens.append(try Self.addedToken(token, path: path, place: "added_tokens[\(index)]"))
        }
        try readModel(try root.object("model"))
    }

    private mutating func readModel(_ model: JSONFields) throws {
        guard try model.string("type") == "BPE" else { throw model.error("type", "only \"BPE\" is supported") }
        try model.allow(
            "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback",
            "ignore_merges", "vocab", "merges", "vocab_size")
        if let dropout = model["dropout"], !dropout.isNull, dropout.double != 0 {
            throw model.error("dropout", "encoding at random is not supported")
        }
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let affix = model[key], !affix.isNull, affix.stringBytes != [] { throw model.error(key, "not supported") }
        }
        if let token = model["unk_token"], !token.isNull { unknownToken = try model.bytes("unk_token") }
        fusesUnknown = try model.flag("fuse_unk") ?? false
        hasByteFallback = try model.flag("byte_fallback") ?? false
        ignoresMerges = try model.flag("ignore_merges") ?? false
        if model["vocab_size"] != nil { modelTokenCount = try model.count("vocab_size") }
    }

    private static func addedToken(_ value: JSON, path: String, place: String) throws -> AddedToken {
        let fields = try JSONFields(value, path: path, place: place)
        try fields.allow("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special")
        let content = try fields.bytes("content")
        guard (1...longestAddedToken).contains(content.count) else {
            throw fields.error("content", "\(content.count) bytes; 1 to \(longestAddedToken) are supported")
        }
        let isSpecial = try fields.flag("special") ?? false
        return AddedToken(
            id: try fields.count("id"), content: content, isSingleWord: try fields.flag("single_word") ?? false,
            stripsLeft: try fields.flag("lstrip") ?? false, stripsRight: try fields.flag("rstrip") ?? false,
            isNormalized: try fields.flag("normalized") ?? !isSpecial, isSpecial: isSpecial)
    }

    /// A Metaspace step's settings, for the pre-tokenizer and the decoder alike.
    static func metaspace(_ fields: JSONFields) throws -> Metaspace {
        try fields.allow("type", "replacement", "add_prefix_space", "prepend_scheme", "split", "str_rep")
        var scheme = Metaspace.Scheme.always
        if fields["prepend_scheme"] != nil {
            guard let known = Metaspace.Scheme(rawValue: try fields.string("prepend_scheme")) else {
                throw fields.error("prepend_scheme", "not always, never or first")
            }
            scheme = known
        }
        if fields["add_prefix_space"]?.isNull == false, try fields.flag("add_prefix_space") == false {
            guard scheme == .never || fields["prepend_scheme"] == nil else {
                throw fields.error("add_prefix_space", "it contradicts prepend_scheme")
            }
            scheme = .never
        }
        return Metaspace(
            replacement: try fields.character("replacement"), scheme: scheme, splits: try fields.flag("split") ?? true)
    }
}
