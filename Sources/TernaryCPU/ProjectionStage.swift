import TernaryCore

/// What a projection multiplies: a row behind its norms, as int8 codes or as floats.
enum ProjectionInput {
    /// Quantised after at most two norms in one pass; nil for none.
    case codes(InputNorm?)
    /// Normed one after the other.
    case floats(NormChain)

    static func == (a: ProjectionInput, b: ProjectionInput) -> Bool {
        switch (a, b) {
        case (.codes(let a), .codes(let b)): a == b
        case (.floats(let a), .floats(let b)): a.elementsEqual(b) { $0.weight == $1.weight && $0.epsilon == $1.epsilon }
        default: false
        }
    }
}

/// Projections of the same row, which is prepared once for all that take it behind the same norms.
struct ProjectionStage {
    /// The layers.
    let projections: [Projection]
    /// The distinct inputs, at most as many as projections.
    let inputs: [ProjectionInput]
    /// Which of the inputs each projection takes.
    let inputOf: [Int]
    /// Projections, of the same number of rows in each part, whose products are wanted together; two at most.
    let parts: [[Int]]
    /// The tasks in which the parts' rows are multiplied.
    let chunks: RowChunks
    /// Values in the row.
    let width: Int

    init(_ projections: [(Projection, NormChain)], parts: [[Int]] = [[0]], quantizesActivations: Bool, threads: Int) {
        self.parts = parts
        chunks = RowChunks(rowCounts: parts.map { projections[$0[0]].0.matrix.rows }, threads: threads)
        self.projections = projections.map(\.0)
        width = projections[0].0.matrix.columns
        var inputs: [ProjectionInput] = []
        var inputOf: [Int] = []
        for (projection, norms) in projections {
            let input: ProjectionInput
            if quantizesActivations, projection.matrix.takesCodes {
                input = .codes(InputNorm(chain: norms))
            } else {
                input = .floats(norms)
            }
            let known = inputs.firstIndex { $0 == input }
            inputOf.append(known ?? inputs.count)
            if known == nil { inputs.append(input) }
        }
        self.inputs = inputs
        self.inputOf = inputOf
    }
}

extension LinearMatrix {
    /// Whether a product with int8 activations is defined: ternary weights with one scale a matrix or a row.
    fileprivate var takesCodes: Bool {
        if case .ternary(_, let scales) = self { return scales?.isPerRow ?? true }
        return false
    }
}

/// The four stages of a block.
struct LayerStages {
    let attention, output, gateUp, down: ProjectionStage

    init(_ layer: TransformerLayer, _ shape: TransformerConfiguration, threads: Int) {
        let norms = TransformerNorms(layer, epsilon: shape.normEpsilon)
        func stage(_ projections: [(Projection, NormChain)], parts: [[Int]] = [[0]]) -> ProjectionStage {
            ProjectionStage(projections, parts: parts, quantizesActivations: shape.quantizesActivations, threads: threads)
        }
        attention = stage(
            [(layer.query, norms.query), (layer.key, norms.key), (layer.value, norms.value)], parts: [[0], [1], [2]])
        output = stage([(layer.output, norms.output)])
        gateUp = stage([(layer.gate, norms.gate), (layer.up, norms.up)], parts: [[0, 1]])
        down = stage([(layer.down, norms.down)])
    }

    var all: [ProjectionStage] { [attention, output, gateUp, down] }
}
