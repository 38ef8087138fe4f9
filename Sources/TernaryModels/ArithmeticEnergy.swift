import TernaryCore

/// The additions and multiplications of a pass of tokens, as the model's shape describes them, and the joules that they would take at
/// 7 nm: what ternary weights save of a model's arithmetic, whatever device it runs on. Memory and everything else that a device does
/// are not in it; measured joules are.
///
/// Counted are
/// - ternary products: an addition for each weight of a ternary matrix and token, of int8 activations or of floats, as the model has it
/// - scaling: a multiplication for each value that is quantised and for each result of a ternary product
/// - the rest, in floats: a dense head (a multiplication and an addition for each weight and row of logits), attention (as much for each
///   query value and key for scores, and again for values; the scale, the sum of weights and its reciprocal), rotations, norms (a
///   square, its addition, and products with the root's inverse and the weight for each value), gates, recurrence, residual additions
///
/// Exponentials, roots, divisions, comparisons and roundings, for which the figures have no price, are left out; so are biases, sub-norms
/// and norms of heads, of which the shape does not tell. Every projection counts as ternary.
public struct ArithmeticEnergy: Sendable, Equatable {
    /// Joules of an int8 addition at 7 nm (Horowitz's table as arXiv 2402.17764 takes it).
    public static let int8Addition = 0.007e-12
    /// Joules of an fp16 addition.
    public static let float16Addition = 0.16e-12
    /// Joules of an fp16 multiplication.
    public static let float16Multiplication = 0.34e-12
    /// How many times the joules of a ternary product an fp16 one takes: the 71.4 of arXiv 2402.17764.
    public static let ternaryRatio = (float16Addition + float16Multiplication) / int8Addition

    /// Tokens of the pass.
    public let tokens: Int
    /// Additions of ternary products.
    public let ternaryAdditions: Int
    /// Whether these are of int8 activations; of floats otherwise.
    public let addsIntegers: Bool
    /// Multiplications that quantise activations and scale ternary products: a model with fp16 weights has none.
    public private(set) var scalings = 0
    /// Multiplications of the rest.
    public private(set) var floatMultiplications = 0
    /// Additions of the rest.
    public private(set) var floatAdditions = 0

    /// Counts a pass of one sequence.
    ///
    /// - Parameters:
    ///   - tokens: of the pass.
    ///   - position: tokens of the text before it; only attention takes the longer the more there are.
    ///   - logitRows: tokens of which logits are computed.
    public init(_ configuration: ModelConfiguration, tokens: Int = 1, position: Int = 0, logitRows: Int = 1) {
        self.tokens = tokens
        switch configuration {
        case .matMulFree(let shape):
            addsIntegers = true
            ternaryAdditions =
                tokens * shape.layerCount * shape.ternaryWeightsPerLayer + logitRows * shape.vocabularySize * shape.hiddenSize
            count(shape, logitRows: logitRows)
        case .transformer(let shape):
            addsIntegers = shape.quantizesActivations
            ternaryAdditions = tokens * shape.layerCount * shape.projectionWeightsPerLayer
            count(shape, position: position, logitRows: logitRows)
        }
    }

    /// Joules of the pass.
    public var joules: Double {
        Double(ternaryAdditions) * (addsIntegers ? Self.int8Addition : Self.float16Addition)
            + Double(scalings) * Self.float16Multiplication + restJoules
    }

    /// Joules of the same shape with fp16 weights, where an addition of a ternary product is a multiplication and an addition.
    public var float16Joules: Double {
        Double(ternaryAdditions) * (Self.float16Addition + Self.float16Multiplication) + restJoules
    }

    private var restJoules: Double {
        Double(floatMultiplications) * Self.float16Multiplication + Double(floatAdditions) * Self.float16Addition
    }

    private mutating func add(_ times: Int, multiplications: Int, additions: Int) {
        floatMultiplications += times * multiplications
        floatAdditions += times * additions
    }

    /// So many values that are normalised.
    private mutating func countNorms(_ values: Int) { add(values, multiplications: 3, additions: 1) }

    private mutating func count(_ shape: MatMulFreeConfiguration, logitRows: Int) {
        let (hidden, state, intermediate) = (shape.hiddenSize, shape.stateSize, shape.intermediateSize)
        let blocks = tokens * shape.layerCount
        // Quantised for i, f, g, for o, for gate and up, for down; results of i, f, g, of o, of gate and up, of down.
        scalings = blocks * ((4 * hidden + state + intermediate) + (3 * state + 2 * hidden + 2 * intermediate))
        scalings += logitRows * (hidden + shape.vocabularySize)
        // The block's norms before the mixers, and the BitLinears' own: i, f, g, gate and up; before and in o; in down; the head's.
        countNorms(blocks * (6 * hidden + 2 * state + intermediate) + logitRows * 2 * hidden)
        // SiLU(i) (1 - f); f h + i; SiLU(g) h; the lower bound of f.
        let bound = shape.usesLowerBounds ? 1 : 0
        add(blocks * state, multiplications: 5 + bound, additions: 2 + bound)
        add(blocks * intermediate, multiplications: 2, additions: 0)
        add(blocks * 2 * hidden, multiplications: 0, additions: 1)
    }

    private mutating func count(_ shape: TransformerConfiguration, position: Int, logitRows: Int) {
        let (hidden, intermediate) = (shape.hiddenSize, shape.intermediateSize)
        let blocks = tokens * shape.layerCount
        let results = shape.projectionShapes.reduce(0) { $0 + $1.rows }
        scalings = blocks * results
        // For q, k, v, for o, for gate and up, for down.
        if shape.quantizesActivations { scalings += blocks * (2 * hidden + shape.queryWidth + intermediate) }
        countNorms(blocks * 2 * hidden + logitRows * hidden)
        add(blocks * (shape.queryWidth + shape.keyValueWidth), multiplications: 2, additions: 1)
        // Every token reads its own key and those before it.
        let keys = shape.layerCount * (tokens * position + tokens * (tokens + 1) / 2)
        add(keys * shape.queryWidth, multiplications: 2, additions: 2)
        add(keys * shape.headCount, multiplications: 1, additions: 1)
        add(blocks * shape.queryWidth, multiplications: 1, additions: 0)
        // The activation is one product, by a sigmoid or by itself; the other is with up.
        add(blocks * intermediate, multiplications: 2, additions: 0)
        add(blocks * 2 * hidden, multiplications: 0, additions: 1)
        add(logitRows * shape.vocabularySize * hidden, multiplications: 1, additions: 1)
    }
}
