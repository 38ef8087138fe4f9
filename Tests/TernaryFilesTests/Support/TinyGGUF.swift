@testable import TernaryCore
@testable import TernaryFiles

/// Small transformers with matrices of every kind, drawn at random.
struct TinyGGUF {
    /// How a matrix is stored.
    enum Kind: String, CaseIterable {
        /// One scale that binary16 holds, and one that it does not.
        case oneScale, oneFullScale
        /// A scale a row; a scale every 256, 128 or 64 columns, the last two with weights of +2.
        case rowScales, groups256, groups128, groups64
        case float32, float16, bfloat16, q8_0, q4_0, q6_K
    }

    var random = SplitMix64(seed: 3)

    /// Random bytes, of which matrices take their codes from some place on: fast in a debug build.
    private static let bytes: [UInt8] = {
        var random = SplitMix64(seed: 4)
        return (0..<1 << 15).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
    }()

    /// Codes by what stands for each byte.
    mutating func codes(_ count: Int, _ table: [Int8]) -> [Int8] {
        precondition(count <= Self.bytes.count / 2)
        let start = Int(random.next() % UInt64(Self.bytes.count / 2))
        return Self.bytes.withUnsafeBufferPointer { bytes in
            [Int8](unsafeUninitializedCapacity: count) { codes, initialized in
                for index in 0..<count { codes[index] = table[Int(bytes[start + index])] }
                initialized = count
            }
        }
    }

    private static func table(_ count: Int, less zero: Int) -> [Int8] {
        (0..<256).map { Int8(truncatingIfNeeded: $0 % count - zero) }
    }
    private static let trits = table(3, less: 1)
    private static let twoBits = table(4, less: 1)
    private static let fourBits = table(16, less: 8)
    private static let sixBits = table(64, less: 32)
    private static let eightBits = table(256, less: 128)

    mutating func uniform() -> Float { Float(Int(random.next() % 129) - 64) / 64 }
    mutating func vector(_ count: Int) -> [Float] { (0..<count).map { _ in uniform() } }

    /// Positive scales that binary16 holds.
    mutating func scales(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.next() % 100 + 1) / 256 } }

    mutating func matrix(_ kind: Kind, rows: Int, columns: Int) -> LinearMatrix {
        let group =
            switch kind {
            case .rowScales: columns
            case .groups256: 256
            case .groups128: 128
            case .groups64: 64
            default: 0
            }
        switch kind {
        case .oneScale, .oneFullScale, .rowScales, .groups256:
            let trits = codes(rows * columns, Self.trits)
            let matrix = TernaryMatrix(
                rows: rows, columns: columns, scale: kind == .oneScale ? 0.375 : kind == .oneFullScale ? 0.3 : 1, trits: trits)
            guard group > 0 else { return .ternary(matrix, nil) }
            return .ternary(
                matrix,
                GroupScales(rows: rows, columns: columns, groupColumns: group, values: scales(rows * columns / group)))
        case .groups128, .groups64:
            let codes = codes(rows * columns, Self.twoBits)
            return .ternary(
                TernaryMatrix(rows: rows, columns: columns, scale: 1, trits: codes),
                GroupScales(rows: rows, columns: columns, groupColumns: group, values: scales(rows * columns / group)))
        case .float32, .float16, .bfloat16:
            let (name, element): (String, DenseMatrix.Element) =
                kind == .float32 ? ("F32", .float32) : kind == .float16 ? ("F16", .float16) : ("BF16", .bfloat16)
            return .dense(
                DenseMatrix(
                    rows: rows, columns: columns, element: element,
                    bytes: TinyTensor("", [], vector(rows * columns), type: name).bytes))
        case .q8_0, .q4_0:
            let codes = codes(rows * columns, kind == .q8_0 ? Self.eightBits : Self.fourBits)
            return .dense(
                DenseMatrix(
                    rows: rows, columns: columns, groupColumns: 32, codes: codes, scales: scales(rows * columns / 32)))
        case .q6_K:
            let codes = codes(rows * columns, Self.sixBits)
            let whole = scales(rows * columns / 256)
            let scales = (0..<rows * columns / 16).map { whole[$0 / 16] * Float(Int8(truncatingIfNeeded: random.next())) }
            return .dense(DenseMatrix(rows: rows, columns: columns, groupColumns: 16, codes: codes, scales: scales))
        }
    }

    /// A model of two blocks.
    static func weights(
        _ kind: Kind, embedding: Kind = .float16, head: Kind? = nil, activation: TransformerConfiguration.Activation = .silu,
        subNorms: Bool = false, headNorms: Bool = false, biases: Bool = false, rotation: RotaryEmbedding = .init(theta: 10_000),
        quantizesActivations: Bool = true
    ) -> TransformerWeights {
        var tiny = TinyGGUF()
        let configuration = TransformerConfiguration(
            vocabularySize: 21, hiddenSize: 256, intermediateSize: 256, layerCount: 2, headCount: 4, keyValueHeadCount: 1,
            headSize: 64, normEpsilon: 1e-5, rotation: rotation, activation: activation,
            quantizesActivations: quantizesActivations, tiesEmbeddings: head == nil, beginToken: 1, endTokens: [2, 5, 7, 9],
            contextLength: 640)
        func norm(_ count: Int, _ isThere: Bool = true) -> [Float]? { isThere ? tiny.vector(count) : nil }
        let layers = (0..<2).map { _ in
            let projections = configuration.projectionShapes.map { rows, columns in
                Projection(
                    tiny.matrix(kind, rows: rows, columns: columns), bias: biases ? tiny.vector(rows) : nil)
            }
            return TransformerLayer(
                attentionNorm: norm(256)!, query: projections[0], key: projections[1], value: projections[2],
                queryNorm: norm(64, headNorms), keyNorm: norm(64, headNorms), attentionSubNorm: norm(256, subNorms),
                output: projections[3], feedForwardNorm: norm(256)!, gate: projections[4], up: projections[5],
                feedForwardSubNorm: norm(256, subNorms), down: projections[6])
        }
        return TransformerWeights(
            configuration: configuration, embedding: tiny.matrix(embedding, rows: 21, columns: 256), layers: layers,
            finalNorm: norm(256)!, head: head.map { Projection(tiny.matrix($0, rows: 21, columns: 256)) })
    }

    /// A file of these weights.
    static func file(
        _ weights: TransformerWeights, type: TernaryBlockType = .tq2_0, quantizesHead: Bool = false
    ) throws -> [UInt8] {
        let scratch = try Scratch()
        try weights.write(
            toGGUF: scratch.path + "/m.gguf", name: "tiny", tokenizer: nil, type: type, quantizesHead: quantizesHead)
        return try scratch.read("m.gguf")
    }

    static func open(_ file: InputFile) throws -> GGUFTransformer {
        try GGUFTransformer(GGUFFile(file, architectures: TransformerGGUF.architectures))
    }

    /// What a file in memory holds.
    static func open(_ bytes: [UInt8], _ body: (GGUFTransformer) throws -> Void) throws {
        try bytes.withUnsafeBytes { try body(open(InputFile($0, name: "m.gguf"))) }
    }

    static func read(_ bytes: [UInt8]) throws -> TransformerWeights {
        var weights: TransformerWeights?
        try open(bytes) { weights = try TransformerWeights($0) }
        return weights!
    }
}
