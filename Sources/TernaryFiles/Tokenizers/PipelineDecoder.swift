/// The decoder of a `tokenizer.json`, in the one order that makes sense token by token:
/// replacements, bytes to characters, fusing, stripping the start.
///
/// One difference from the Hugging Face library: where a run of byte tokens is not well-formed, it turns all of the run into U+FFFD,
/// which a stream cannot know in time; here, as in SentencePiece, only the bytes that belong to no character.
struct PipelineDecoder: Sendable {
    private var replacements: [(pattern: [UInt8], content: [UInt8])] = []
    private var metaspace: PipelineDescription.Metaspace?
    private(set) var hasByteFallback = false
    /// Tokens spell bytes by the characters of ``ByteAlphabet``.
    private(set) var isByteLevel = false
    private var isFused = false
    private(set) var leadingStrip: (character: [UInt8], count: Int)?

    init() {}

    init(_ value: JSON, path: String) throws {
        guard !value.isNull else { throw FileError(path, at: "decoder", "null is not supported") }
        let fields = try JSONFields(value, path: path, place: "decoder")
        guard try fields.string("type") == "Sequence" else {
            try add(fields, path: path)
            return
        }
        try fields.allow("type", "decoders")
        for (index, step) in try (fields.array("decoders") ?? []).enumerated() {
            try add(try JSONFields(step, path: path, place: "decoder.decoders[\(index)]"), path: path)
        }
    }

    private mutating func add(_ fields: JSONFields, path: String) throws {
        let type = try fields.string("type")
        guard !isByteLevel || type == "Fuse" else {
            throw fields.error("type", "\(type.forMessage) after ByteLevel is not supported")
        }
        guard leadingStrip == nil else { throw fields.error("type", "\(type) after Strip is not supported") }
        switch type {
        case "Replace", "Metaspace":
            guard !hasByteFallback, !isFused, metaspace == nil else {
                throw fields.error("type", "\(type) at this place is not supported; only before ByteFallback and Fuse")
            }
            if type == "Metaspace" {
                metaspace = try PipelineDescription.metaspace(fields)
            } else {
                try fields.allow("type", "pattern", "content")
                replacements.append((try NormalizerStep.stringPattern(fields), try fields.bytes("content")))
                let steps = replacements.map { NormalizerStep.replace($0.pattern, with: $0.content) }
                try NormalizerStep.checkGrowth(steps, path: path)
            }
        case "ByteFallback":
            try fields.allow("type")
            guard !hasByteFallback, !isFused else { throw fields.error("type", "ByteFallback at this place is not supported") }
            hasByteFallback = true
        case "ByteLevel":
            try fields.allow("type", "add_prefix_space", "trim_offsets", "use_regex")
            guard !isByteLevel, !hasByteFallback, !isFused, metaspace == nil, replacements.isEmpty else {
                throw fields.error("type", "ByteLevel beside other steps is not supported")
            }
            isByteLevel = true
        case "Fuse":
            try fields.allow("type")
            isFused = true
        case "Strip":
            try fields.allow("type", "content", "start", "stop")
            guard isFused else { throw fields.error("type", "Strip is supported after Fuse only") }
            guard try fields.count("stop") == 0 else { throw fields.error("stop", "only 0 is supported") }
            leadingStrip = (try fields.character("content"), try fields.count("start"))
        default:
            throw fields.error(
                "type", "\"\(type)\" is not supported; Sequence, ByteLevel, Replace, ByteFallback, Fuse, Strip and Metaspace are")
        }
    }

    /// What a token reads as, bytes apart.
    func surface(of token: [UInt8], isFirst: Bool) -> [UInt8] {
        var text = token
        for step in replacements { text = UTF8Text.replacing(step.pattern, with: step.content, in: text) }
        if let metaspace {
            let dropsSpace = isFirst && metaspace.scheme != .never
            text = UTF8Text.replacing(metaspace.replacement, with: dropsSpace ? [] : [UInt8(ascii: " ")], in: text)
        }
        return text
    }
}
