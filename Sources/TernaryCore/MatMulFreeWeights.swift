/// A BitLinear layer: the weight of its own RMSNorm and a ternary matrix with one scale.
public struct BitLinearWeights: Sendable, Equatable {
    /// `(columns)` of the matrix.
    public var norm: [Float]
    /// `(rows, columns)` of -1, 0 and +1 with one scale.
    public var matrix: TernaryMatrix

    /// A product and the norm before it, which must fit each other.
    public init(norm: [Float], matrix: TernaryMatrix) {
        precondition(norm.count == matrix.columns, "\(norm.count) norm weights for \(matrix.columns) columns")
        self.norm = norm
        self.matrix = matrix
    }
}

/// The embedding: one row of the hidden size for each token, looked up and never normalised or ternarised.
public struct EmbeddingTable: Sendable, Equatable {
    /// How an element is stored.
    public enum Element: UInt32, Sendable {
        case float32 = 0, float16 = 1, bfloat16 = 2
        /// Bytes an element takes.
        public var byteCount: Int { self == .float32 ? 4 : 2 }
    }

    /// Tokens.
    public let rows: Int
    /// The hidden size.
    public let columns: Int
    /// How one value is stored.
    public let element: Element
    /// Little-endian elements, row-major.
    public var bytes: PackedStorage<UInt8>

    /// A table of values that a copy is made of.
    public init(rows: Int, columns: Int, element: Element, bytes: [UInt8]) {
        self.init(rows: rows, columns: columns, element: element, bytes: PackedStorage(bytes))
    }

    /// A table of values where they are.
    public init(rows: Int, columns: Int, element: Element, bytes: PackedStorage<UInt8>) {
        precondition(bytes.count == rows * columns * element.byteCount)
        self.rows = rows
        self.columns = columns
        self.element = element
        self.bytes = bytes
    }

    /// The row of a token, widened to Float and settled.
    public func row(_ token: Int) -> [Float] {
        precondition(token >= 0 && token < rows)
        return bytes.withUnsafeBytes { raw in
            (0..<columns).map { column in
                let index = token * columns + column
                switch element {
                case .float32: return Exact.settle(raw.loadUnaligned(fromByteOffset: index * 4, as: Float.self))
                case .float16: return Exact.settle(HalfFloat.float(raw.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)))
                case .bfloat16:
                    return Exact.settle(
                        Float(bitPattern: UInt32(raw.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)) << 16))
                }
            }
        }
    }
}

/// One block: the MLGRU token mixer and the GLU channel mixer.
public struct MatMulFreeLayer: Sendable, Equatable {
    /// `attn_norm`, `(H)`.
    public var attentionNorm: [Float]
    /// `i_proj`, `f_proj`, `g_proj`: `(D, H)`.
    public var input, forget, gate: BitLinearWeights
    /// `g_norm`, `(D)`.
    public var gateNorm: [Float]
    /// `o_proj`: `(H, D)`.
    public var output: BitLinearWeights
    /// `mlp_norm`, `(H)`.
    public var mlpNorm: [Float]
    /// `gate_proj`'s norm, `(H)`, shared by both halves.
    public var gateUpNorm: [Float]
    /// The first and second half of `gate_proj`'s rows, `(I, H)` each, under one scale.
    public var mlpGate, mlpUp: TernaryMatrix
    /// `down_proj`: `(H, I)`.
    public var down: BitLinearWeights
    /// Lower bound of the forget gate, `(D)`; nil in the first layer and where the model has none.
    public var lowerBound: [Float]?

    /// One block of its parts.
    public init(
        attentionNorm: [Float], input: BitLinearWeights, forget: BitLinearWeights, gate: BitLinearWeights, gateNorm: [Float],
        output: BitLinearWeights, mlpNorm: [Float], gateUpNorm: [Float], mlpGate: TernaryMatrix, mlpUp: TernaryMatrix,
        down: BitLinearWeights, lowerBound: [Float]?
    ) {
        self.attentionNorm = attentionNorm
        self.input = input
        self.forget = forget
        self.gate = gate
        self.gateNorm = gateNorm
        self.output = output
        self.mlpNorm = mlpNorm
        self.gateUpNorm = gateUpNorm
        self.mlpGate = mlpGate
        self.mlpUp = mlpUp
        self.down = down
        self.lowerBound = lowerBound
    }
}

/// All tensors of a MatMul-free language model, ternary matrices packed; every float in it is settled (`Exact.settle`).
public struct MatMulFreeWeights: Sendable, Equatable {
    /// The model's shape.
    public var configuration: MatMulFreeConfiguration
    /// `(V, H)`.
    public var embedding: EmbeddingTable
    /// L blocks, the first first.
    public var layers: [MatMulFreeLayer]
    /// `model.norm`, `(H)`.
    public var finalNorm: [Float]
    /// `lm_head`: `(V, H)`.
    public var head: BitLinearWeights

    /// A whole model of its parts.
    public init(
        configuration: MatMulFreeConfiguration, embedding: EmbeddingTable, layers: [MatMulFreeLayer], finalNorm: [Float],
        head: BitLinearWeights
    ) {
        self.configuration = configuration
        self.embedding = embedding
        self.layers = layers
        self.finalNorm = finalNorm
        self.head = head
    }
}

extension MatMulFreeLayer {
    /// Bytes of packed ternary weights.
    public var ternaryByteCount: Int { matrices.reduce(0) { $0 + $1.byteCount } }

    /// Its ternary matrices.
    public var matrices: [TernaryMatrix] {
        [input.matrix, forget.matrix, gate.matrix, output.matrix, mlpGate, mlpUp, down.matrix]
    }

    /// Bytes of norm weights and the lower bound.
    public var normByteCount: Int {
        let mixer = attentionNorm.count + input.norm.count + forget.norm.count + gate.norm.count + gateNorm.count
        return 4 * (mixer + output.norm.count + mlpNorm.count + gateUpNorm.count + down.norm.count + (lowerBound?.count ?? 0))
    }
}

extension MatMulFreeWeights {
    /// Bytes of packed ternary weights that a token's pass reads: all blocks and the head.
    public var ternaryByteCount: Int { layers.reduce(head.matrix.byteCount) { $0 + $1.ternaryByteCount } }

    /// Bytes of norm weights and lower bounds.
    public var normByteCount: Int { layers.reduce(4 * (finalNorm.count + head.norm.count)) { $0 + $1.normByteCount } }

    /// Bytes of tensors that lie in a mapped file.
    public var mappedByteCount: Int {
        ([head.matrix] + layers.flatMap(\.matrices)).reduce(embedding.bytes.mappedByteCount) { $0 + $1.words.mappedByteCount }
    }

    /// Bytes of all tensors as held in memory.
    public var byteCount: Int { ternaryByteCount + normByteCount + embedding.bytes.count }
}
