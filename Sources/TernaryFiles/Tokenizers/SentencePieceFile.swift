extension TokenizerVocabulary {
    /// Reads a SentencePiece model (`tokenizer.model`; sentencepiece_model.proto).
    ///
    /// - Throws: ``FileError`` naming the piece or field that cannot be used.
    public init(sentencePiece file: [UInt8], path: String) throws {
        self = try file.withUnsafeBytes { try SentencePieceFile(path: path).read($0) }
    }
}

/// The fields of sentencepiece_model.proto that change how text is encoded or decoded.
private struct SentencePieceFile {
    let path: String
    var vocabulary = TokenizerVocabulary()
    var byteFallback = false
    var beginPiece = Array("<s>".utf8)
    var endPiece = Array("</s>".utf8)

    init(path: String) {
        self.path = path
        vocabulary.algorithm = .unigram
        vocabulary.removesExtraWhitespaces = true
    }

    consuming func read(_ file: UnsafeRawBufferPointer) throws -> TokenizerVocabulary {
        var reader = ProtobufReader(file, path: path)
        while let (field, value) = try reader.next() {
            guard case .bytes(let message) = value, (1...5).contains(field) else { continue }
            var inner = ProtobufReader(message, path: path, base: reader.valueOffset)
            switch field {
            case 1: try piece(&inner)
            case 2: try trainer(&inner)
            case 3: try normalizer(&inner)
            case 5: try denormalizer(&inner)
            default: break  // 4: the trainer's self-test
            }
        }
        try finish()
        return vocabulary
    }

    private mutating func piece(_ reader: inout ProtobufReader) throws {
        var text: [UInt8] = []
        var score: Float = 0
        var type = TokenizerVocabulary.TokenType.normal.rawValue
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .bytes(let bytes)): text = Array(bytes)
            case (2, .fixed32(let bits)): score = Float(bitPattern: bits)
            case (3, .varint(let number)): type = Int32(clamping: number)
            case (1...3, _): throw FileError(path, at: "token \(vocabulary.tokens.count)", "field \(field) has the wrong type")
            default: break
            }
        }
        vocabulary.tokens.append(text)
        vocabulary.scores.append(score)
        vocabulary.types.append(type)
    }

    private mutating func trainer(_ reader: inout ProtobufReader) throws {
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (3, .varint(1)): vocabulary.algorithm = .unigram
            case (3, .varint(2)): vocabulary.algorithm = .bytePair
            case (3, .varint(let type)):
                let names: [UInt64: String] = [3: "WORD", 4: "CHAR"]
                throw FileError(
                    path, at: "trainer_spec.model_type", "\(names[type] ?? "\(type)") is not supported; UNIGRAM and BPE are")
            case (24, .varint(let flag)): vocabulary.treatsWhitespaceAsSuffix = flag != 0
            case (35, .varint(let flag)): byteFallback = flag != 0
            case (44, .bytes(let text)): vocabulary.unknownSurface = Array(text)
            case (46, .bytes(let text)): beginPiece = Array(text)
            case (47, .bytes(let text)): endPiece = Array(text)
            case (3, _), (24, _), (35, _), (44, _), (46...47, _):
                throw FileError(path, at: "trainer_spec", "field \(field) has the wrong type")
            case (53, .bytes(let text)) where !text.isEmpty:
                throw FileError(path, at: "trainer_spec.pretokenization_delimiter", "not supported")
            default: break  // how the model was trained
            }
        }
    }

    private mutating func normalizer(_ reader: inout ProtobufReader) throws {
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (2, .bytes(let map)): vocabulary.precompiledCharsmap = Array(map)
            case (3, .varint(let flag)): vocabulary.addsSpacePrefix = flag != 0
            case (4, .varint(let flag)): vocabulary.removesExtraWhitespaces = flag != 0
            case (5, .varint(let flag)): vocabulary.escapesWhitespaces = flag != 0
            case (2...5, _): throw FileError(path, at: "normalizer_spec", "field \(field) has the wrong type")
            default: break  // its name, and the rules that the map was compiled from
            }
        }
    }

    private func denormalizer(_ reader: inout ProtobufReader) throws {
        while let (field, value) = try reader.next() {
            if field == 2, case .bytes(let map) = value, !map.isEmpty {
                throw FileError(path, at: "denormalizer_spec.precompiled_charsmap", "not supported")
            }
        }
    }

    /// Finds the special tokens, and checks the byte pieces against the flag that announces them.
    private mutating func finish() throws {
        func find(_ type: TokenizerVocabulary.TokenType, _ piece: [UInt8]?) -> Int? {
            vocabulary.tokens.indices.first {
                vocabulary.types[$0] == type.rawValue && (piece == nil || vocabulary.tokens[$0] == piece)
            }
        }
        vocabulary.unknownToken = find(.unknown, nil)
        vocabulary.beginToken = find(.control, beginPiece)
        vocabulary.endToken = find(.control, endPiece)
        vocabulary.addsBeginToken = vocabulary.beginToken != nil
        let byte = find(.byte, nil)
        if let byte, !byteFallback { throw FileError(path, at: "token \(byte)", "a byte piece, but byte_fallback is off") }
        if byte == nil, byteFallback {
            throw FileError(path, at: "trainer_spec.byte_fallback", "on, but there are no byte pieces")
        }
    }
}
