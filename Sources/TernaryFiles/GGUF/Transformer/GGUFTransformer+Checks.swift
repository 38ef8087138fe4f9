import TernaryCore

extension GGUFTransformer {
    /// Checks that all tensors that a model needs are there, with their shapes, and none that nothing here would read.
    static func checkTensors(_ file: GGUFFile, _ configuration: TransformerConfiguration) throws {
        var known: Set<String> = [TransformerGGUF.embedding, TransformerGGUF.finalNorm, TransformerGGUF.frequencyDivisors]
        _ = try file.tensor(TransformerGGUF.finalNorm, dimensions: [configuration.hiddenSize])
        func check(_ name: String, rows: Int, columns: Int, parts: [String: Int]) throws {
            let weight = try file.matrix(name + ".weight", rows: rows, columns: columns)
            if weight.type.isPacked {
                try file.checkPackedScales(weight, rows: rows, columns: columns)
                known.formUnion(["\(name).scale", "\(name).scales"])
            }
            for (part, count) in parts where file.tensors["\(name).\(part)"] != nil {
                _ = try file.tensor("\(name).\(part)", dimensions: [count])
            }
            known.formUnion((parts.keys + ["weight"]).map { "\(name).\($0)" })
        }
        func check(_ name: String, rows: Int, columns: Int) throws {
            try check(name, rows: rows, columns: columns, parts: ["bias": rows, "scale": 1])
        }
        try check(
            TransformerGGUF.embeddingBase, rows: configuration.vocabularySize, columns: configuration.hiddenSize, parts: [:])
        if !configuration.tiesEmbeddings {
            try check(TransformerGGUF.head, rows: configuration.vocabularySize, columns: configuration.hiddenSize)
        }
        for layer in 0..<configuration.layerCount {
            for role in TransformerGGUF.Role.allCases {
                let shape = role.shape(configuration)
                try check(TransformerGGUF.name(layer, role), rows: shape.rows, columns: shape.columns)
            }
            for norm in TransformerGGUF.Norm.allCases {
                let name = TransformerGGUF.name(layer, norm)
                known.insert(name)
                guard norm.isRequired || file.tensors[name] != nil else { continue }
                _ = try file.tensor(name, dimensions: [norm.width(configuration)])
            }
        }
        // The smallest name, so that the message does not depend on the order of a dictionary.
        if let unknown = file.tensors.keys.filter({ !known.contains($0) }).min() {
            throw FileError(file.path, at: unknown.forMessage, "is not a tensor of architecture \"\(file.architecture)\"")
        }
    }

    /// Whether ternary products take int8 activations: what the file says under our own key, else what its scales do. Models with one
    /// scale a matrix, or one a row, were trained with int8 activations, those with scales of groups of columns with floats.
    static func quantizesActivations(_ file: GGUFFile, _ configuration: TransformerConfiguration) throws -> Bool {
        let keys = GGUFKeys(file: file)
        if let mode = try keys.text(TransformerGGUF.activations) {
            guard mode == "int8" || mode == "float" else {
                throw keys.fail(TransformerGGUF.activations, "\"\(mode.forMessage)\" is neither \"int8\" nor \"float\"")
            }
            return mode == "int8"
        }
        let layers = Set([0, configuration.layerCount - 1])
        for layer in layers.sorted() {
            for role in TransformerGGUF.Role.allCases {
                let shape = role.shape(configuration)
                let tensor = try file.matrix(
                    TransformerGGUF.name(layer, role) + ".weight", rows: shape.rows, columns: shape.columns)
                if tensor.type == .int32, let scales = file.tensors[PackedLayout.scales(of: tensor.name)],
                    scales.dimensions[0] > 1
                {
                    return false
                }
                if tensor.type.isTernary, try TernaryTensor(tensor, file).hasScalesWithinRows() { return false }
            }
        }
        return true
    }

    /// What is wrong with a tokenizer's metadata in files as they were published.
    static func tokenizerNotices(_ file: GGUFFile, _ configuration: TransformerConfiguration) -> [String] {
        var notices: [String] = []
        if file.metadata["tokenizer.ggml.model"] == .text("gpt2") && file.metadata["tokenizer.ggml.pre"] == nil {
            let guess = configuration.vocabularySize == llama3Vocabulary ? "LLaMA 3's" : "GPT-2's"
            notices.append("tokenizer.ggml.pre is missing; text is split as \(guess) tokenizer does")
        }
        if hasKnownBadChatTemplate(file) {
            notices.append(
                "tokenizer.chat_template is not that of this model (\"Human: ... BITNETAssistant: ...\"); its own is used")
        }
        return notices
    }

    /// Tokens of LLaMA 3's vocabulary, BitNet b1.58 2B-4T's.
    static let llama3Vocabulary = 128_256

    /// Whether the chat template is the one that the published BitNet b1.58 2B-4T file carries and that the model was not trained with.
    static func hasKnownBadChatTemplate(_ file: GGUFFile) -> Bool {
        guard case .string(let template)? = file.metadata["tokenizer.chat_template"] else { return false }
        return String(decoding: template, as: UTF8.self).contains("BITNETAssistant")
    }
}
