/// What a `tokenizer.json` says beside its vocabulary and merges, as far as it is supported; the rest is refused by name.
struct PipelineDescription: Sendable {
    var normalizers: [NormalizerStep] = []
    var metaspace: Metaspace?
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
            "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder",
            "model")
        if let version = root["version"], version.string != "1.0" { throw root.error("version", "only \"1.0\" is supported") }
        try root.requireNull("truncation", "padding")
        normalizers = try NormalizerStep.parse(root["normalizer"] ?? .null, path: path, place: "normalizer")
        try NormalizerStep.checkGrowth(normalizers, path: path)
        metaspace = try Self.metaspace(root["pre_tokenizer"] ?? .null, path: path)
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

    private static func metaspace(_ value: JSON, path: String) throws -> Metaspace? {
        if value.isNull { return nil }
        let fields = try JSONFields(value, path: path, place: "pre_tokenizer")
        let type = try fields.string("type")
        if type == "Sequence" {
            try fields.allow("type", "pretokenizers")
            let steps = try fields.array("pretokenizers") ?? []
            guard steps.count <= 1 else { throw fields.error("pretokenizers", "more than one is not supported") }
            return try steps.first.flatMap { try metaspace($0, path: path) }
        }
        guard type == "Metaspace" else { throw fields.error("type", "\"\(type)\" is not supported; Metaspace and null are") }
        return try metaspace(fields)
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

    private static func template(_ value: JSON, path: String) throws -> (before: [Int], after: [Int])? {
        if value.isNull { return nil }
        let fields = try JSONFields(value, path: path, place: "post_processor")
        let type = try fields.string("type")
        guard type == "TemplateProcessing" else {
            throw fields.error("type", "\"\(type)\" is not supported; TemplateProcessing and null are")
        }
        // "pair" tells how two texts are joined, which is never asked for here.
        try fields.allow("type", "single", "pair", "special_tokens")
        let tokens = try fields.object("special_tokens")
        var (before, after): ([Int], [Int]) = ([], [])
        var texts = 0
        for (index, value) in try (fields.array("single") ?? []).enumerated() {
            let place = "post_processor.single[\(index)]"
            let piece = try JSONFields(value, path: path, place: place)
            try piece.allow("SpecialToken", "Sequence")
            if piece["Sequence"] != nil {
                let sequence = try piece.object("Sequence")
                guard try sequence.string("id") == "A" else { throw sequence.error("id", "only \"A\" is supported") }
                texts += 1
                continue
            }
            let name = try piece.object("SpecialToken").string("id")
            let token = try tokens.object(name)
            try token.allow("id", "ids", "tokens")
            for id in try token.array("ids") ?? [] {
                guard let id = id.int, (0..<1 << 24).contains(id) else { throw token.error("ids", "not token ids") }
                if texts == 0 { before.append(id) } else { after.append(id) }
            }
        }
        guard texts == 1 else { throw fields.error("single", "the text appears \(texts) times, not once") }
        guard before.count + after.count <= 1024 else { throw fields.error("single", "more than 1024 special tokens") }
        return (before, after)
    }
}
