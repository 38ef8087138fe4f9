extension PipelineDescription {
    /// The special tokens that a post-processor puts around a text; nil where it puts none.
    static func template(
        _ value: JSON, path: String, place: String = "post_processor"
    ) throws -> (before: [Int], after: [Int])? {
        if value.isNull { return nil }
        let fields = try JSONFields(value, path: path, place: place)
        let type = try fields.string("type")
        switch type {
        case "TemplateProcessing": return try template(fields, path: path, place: place)
        case "ByteLevel":
            // It moves offsets, which nobody asks for here.
            try fields.allow("type", "add_prefix_space", "trim_offsets", "use_regex")
            return nil
        case "Sequence":
            try fields.allow("type", "processors")
            var found: (before: [Int], after: [Int])?
            for (index, step) in try (fields.array("processors") ?? []).enumerated() {
                let stepPlace = "\(place).processors[\(index)]"
                guard let template = try template(step, path: path, place: stepPlace) else { continue }
                guard found == nil else { throw FileError(path, at: stepPlace, "a second template is not supported") }
                found = template
            }
            return found
        default:
            throw fields.error(
                "type", "\"\(type.forMessage)\" is not supported; TemplateProcessing, ByteLevel, Sequence and null are")
        }
    }

    private static func template(
        _ fields: JSONFields, path: String, place: String
    ) throws -> (before: [Int], after: [Int]) {
        // "pair" tells how two texts are joined, which is never asked for here.
        try fields.allow("type", "single", "pair", "special_tokens")
        let tokens = try fields.object("special_tokens")
        var (before, after): ([Int], [Int]) = ([], [])
        var texts = 0
        for (index, value) in try (fields.array("single") ?? []).enumerated() {
            let place = "\(place).single[\(index)]"
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
