import TernaryCore

/// A MatMul-free model in a GGUF file.
struct GGUFModel: WeightSource {
    let file: GGUFFile
    let configuration: MatMulFreeConfiguration

    /// Checks the metadata and that every tensor is there, with its shape, and no other; reads no weights.
    init(_ file: GGUFFile) throws {
        self.file = file
        let path = file.path
        configuration = try MatMulFreeGGUF.configuration(file)
        guard configuration.layerCount <= file.tensors.count else {
            throw FileError(
                path, at: MatMulFreeGGUF.key("block_count"),
                "is \(configuration.layerCount) and there are only \(file.tensors.count) tensors")
        }
        let ternary: [GGUFTensorType] = file.isPacked ? [.int32] : [.tq1, .tq2]
        let expected = MatMulFreeGGUF.tensors(configuration, ternary: ternary[0], embedding: .float32)
        for wanted in expected {
            let found = try file.tensor(wanted.name, dimensions: wanted.dimensions)
            let types: [GGUFTensorType] =
                wanted.type == ternary[0]
                ? ternary : wanted.name == MatMulFreeGGUF.embedding ? [.float32, .float16, .bfloat16] : [.float32]
            guard types.contains(found.type) else {
                throw FileError(
                    path, at: wanted.name, "is \(found.type.name), expected \(types.map(\.name).joined(separator: " or "))")
            }
        }
        let known = Set(expected.map(\.name))
        for name in file.tensors.keys where !known.contains(name) {
            throw FileError(path, at: name.forMessage, "is not a tensor of this architecture")
        }
    }

    var byteCount: Int { file.tensors.values.reduce(0) { $0 + $1.byteCount } }

    func byteCount(layer: Int) -> Int {
        MatMulFreeGGUF.tensors(layer: layer, configuration, ternary: .tq2)
            .reduce(0) { $0 + (file.tensors[$1.name]?.byteCount ?? 0) }
    }

    func readEmbedding() throws -> EmbeddingTable {
        let (rows, columns) = (configuration.vocabularySize, configuration.hiddenSize)
        let tensor = try file.tensor(MatMulFreeGGUF.embedding, dimensions: [columns, rows])
        do {
            return try EmbeddingTable(
                narrowing: try file.numbers(tensor, alignment: 4), tensor.type.element ?? .float32, rows: rows, columns: columns)
        } catch let error as NonFiniteElement { throw notFinite(tensor.name, error) }
    }

    func readFinalNorm() throws -> [Float] { try vector(MatMulFreeGGUF.finalNorm, configuration.hiddenSize) }

    func readHead() throws -> BitLinearWeights { try bitLinear(MatMulFreeGGUF.head(configuration)) }

    func readLayer(_ index: Int) throws -> MatMulFreeLayer {
        let (h, d) = (configuration.hiddenSize, configuration.stateSize)
        func own(_ name: String, _ width: Int) throws -> [Float] { try vector(MatMulFreeGGUF.vector(index, name), width) }
        func linear(_ role: BitLinearRole) throws -> BitLinearWeights {
            try bitLinear(MatMulFreeGGUF.matrix(role, index, configuration))
        }
        let halves = MatMulFreeGGUF.gateAndUp(index, configuration)
        let (mlpGate, mlpUp) = (try matrix(halves[0]), try matrix(halves[1]))
        guard mlpGate.scale == mlpUp.scale else {
            throw FileError(
                file.path, at: halves[1].name + ".scale", "differs from that of \(halves[0].name); they are one matrix")
        }
        var lowerBound: [Float]?
        if configuration.usesLowerBounds && index > 0 {
            let bound = try own("attn_f.lower_bound", d)
            guard bound.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
                throw FileError(file.path, at: MatMulFreeGGUF.vector(index, "attn_f.lower_bound"), "has values outside 0...1")
            }
            lowerBound = bound
        }
        return MatMulFreeLayer(
            attentionNorm: try own("attn_norm.weight", h), input: try linear(.input), forget: try linear(.forget),
            gate: try linear(.gate), gateNorm: try own("attn_g_norm.weight", d), output: try linear(.output),
            mlpNorm: try own("ffn_norm.weight", h), gateUpNorm: try own("ffn_gate_up.norm", h), mlpGate: mlpGate, mlpUp: mlpUp,
            down: try linear(.down), lowerBound: lowerBound)
    }

    private func notFinite(_ name: String, _ error: NonFiniteElement) -> FileError {
        FileError(file.path, at: name, "element \(error.index) is not a finite number")
    }

    private func vector(_ name: String, _ width: Int) throws -> [Float] {
        let bytes = try file.bytes(try file.tensor(name, dimensions: [width]))
        return try bytes.withUnsafeBytes { raw in
            if let index = FloatElement.float32.firstNonFinite(raw) { throw notFinite(name, NonFiniteElement(index: index)) }
            return FloatElement.float32.widen(raw).map(Exact.settle)
        }
    }

    private func matrix(_ matrix: MatMulFreeGGUF.Matrix) throws -> TernaryMatrix {
        let scale = try vector(matrix.name + ".scale", 1)[0]
        guard scale > 0 else { throw FileError(file.path, at: matrix.name + ".scale", "is not a positive number") }
        let name = matrix.name + ".weight"
        let tensor = try file.tensor(name, dimensions: matrix.dimensions(file.isPacked ? .int32 : .tq2))
        if tensor.type == .int32 {
            return try file.words(tensor, rows: matrix.rows, columns: matrix.columns, scale: scale, allowsTwos: false)
        }
        guard
            let trits = try TernaryMatrix(
                tensor.type, rows: matrix.rows, columns: matrix.columns, scale: scale,
                read: { try file.file.read(into: $0, at: tensor.offset + $1 * (tensor.byteCount / matrix.rows)) })
        else {
            throw FileError(file.path, at: name, "has a block whose scale is not 1, a code of no trit, or padding that is not 0")
        }
        return trits
    }

    private func bitLinear(_ matrix: MatMulFreeGGUF.Matrix) throws -> BitLinearWeights {
        BitLinearWeights(norm: try vector(matrix.name + ".norm", matrix.columns), matrix: try self.matrix(matrix))
    }
}
