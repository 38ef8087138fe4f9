extension ChatTemplate {
    /// Ways to write a conversation that several models share.
    public enum Family: String, CaseIterable, Sendable {
        /// `System: ...<|eot_id|>User: ...<|eot_id|>Assistant: `; BitNet b1.58 2B4T.
        case bitnet
        /// `<|start_header_id|>user<|end_header_id|>`
        case llama3
        /// `<|im_start|>user`; Qwen, Falcon-E.
        case chatML = "chatml"
        /// `<|user|>` and line breaks.
        case falcon3
        /// `<|user|>` and the end token.
        case zephyr
        /// `[INST] ... [/INST]`
        case llama2
        /// `User: ...` and `Assistant: ...` on lines of their own, for models that were never taught to talk.
        case plain

        /// The template: Jinja.
        public var source: String {
            switch self {
            case .bitnet:
                "{{ bos_token }}{% for message in messages %}{{ message.role | capitalize }}: {{ message.content | trim }}<|eot_id|>"
                    + "{% endfor %}{% if add_generation_prompt %}{{ 'Assistant: ' }}{% endif %}"
            case .llama3:
                "{{ bos_token }}{% for message in messages %}{{ '<|start_header_id|>' ~ message.role ~ '<|end_header_id|>\\n\\n' }}"
                    + "{{ message.content | trim }}<|eot_id|>{% endfor %}"
                    + "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"
            case .chatML:
                "{% for message in messages %}{{ '<|im_start|>' ~ message.role ~ '\\n' ~ message.content ~ '<|im_end|>\\n' }}"
                    + "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
            case .falcon3:
                "{% for message in messages %}{{ '<|' ~ message.role ~ '|>\\n' ~ message.content }}"
                    + "{% if message.role == 'assistant' %}{{ eos_token }}{% endif %}{{ '\\n' }}{% endfor %}"
                    + "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}"
            case .zephyr:
                "{% for message in messages %}{{ '<|' ~ message.role ~ '|>\\n' ~ message.content ~ eos_token ~ '\\n' }}{% endfor %}"
                    + "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}"
            case .llama2:
                "{% set ns = namespace(system='') %}{% for message in messages %}{% if message.role == 'system' %}"
                    + "{% set ns.system = '<<SYS>>\\n' ~ message.content ~ '\\n<</SYS>>\\n\\n' %}{% elif message.role == 'user' %}"
                    + "{{ bos_token ~ '[INST] ' ~ ns.system ~ message.content.strip() ~ ' [/INST]' }}{% set ns.system = '' %}"
                    + "{% else %}{{ ' ' ~ message.content.strip() ~ ' ' ~ eos_token }}{% endif %}{% endfor %}"
            case .plain:
                "{% for message in messages %}{% if message.role == 'system' %}{{ message.content ~ '\\n\\n' }}{% else %}"
                    + "{{ message.role | capitalize ~ ':' }}{% if not message.content.startswith(' ') %}{{ ' ' }}{% endif %}"
                    + "{{ message.content ~ '\\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
            }
        }
    }

    /// A family's template for a model.
    public init(_ family: Family, tokenizer: Tokenizer, notice: String? = nil) throws {
        try self.init(
            Array(family.source.utf8), tokenizer: tokenizer, path: "the built-in template", name: family.rawValue, notice: notice,
            stops: family == .plain ? ["\nUser:", "\nSystem:"] : [])
    }

    /// The template that a model is to be talked to with: its own unless that is known to be wrong, else the family that its special
    /// tokens belong to, else ``Family/plain``.
    ///
    /// - Parameters:
    ///   - architecture: GGUF's `general.architecture` or `model_type`, where known.
    ///   - path: the file to name in errors.
    /// - Throws: `FileError` where the model's own template is malformed or uses what is not supported.
    public static func choose(_ tokenizer: Tokenizer, architecture: String?, path: String) throws -> ChatTemplate {
        let source = tokenizer.vocabulary.chatTemplate
        let names = Set(
            zip(tokenizer.vocabulary.tokens, tokenizer.vocabulary.types).filter {
                $1 != TokenizerVocabulary.TokenType.normal.rawValue
            }
            .map { String(decoding: $0.0, as: UTF8.self) })
        let isBitNet = ["bitnet", "bitnet-25", "bitnet-b1.58"].contains(architecture)
        if !source.isEmpty {
            // What the first conversion of BitNet b1.58 2B4T published; the model answers it badly.
            if isBitNet, names.contains("<|eot_id|>"),
                JinjaInterpreter.find(Array("BITNETAssistant".utf8), in: source[...]) != nil
            {
                return try ChatTemplate(
                    .bitnet, tokenizer: tokenizer,
                    notice: "\(path): its chat template is not the one that the model was trained with, which is used instead")
            }
            return try ChatTemplate(source, tokenizer: tokenizer, path: path)
        }
        let family: Family =
            if isBitNet, names.contains("<|eot_id|>") {
                .bitnet
            } else if names.contains("<|start_header_id|>") {
                .llama3
            } else if names.contains("<|im_start|>") {
                .chatML
            } else if names.isSuperset(of: ["<|user|>", "<|assistant|>"]) {
                tokenizer.vocabulary.algorithm == .byteLevel ? .falcon3 : .zephyr
            } else {
                .plain
            }
        let how =
            family == .plain
            ? "\"User: ...\" and \"Assistant: ...\" stand in for it" : "going by its tokens, \(family.rawValue) is used"
        return try ChatTemplate(family, tokenizer: tokenizer, notice: "\(path): has no chat template; \(how)")
    }
}
