import TernaryCore

/// Columns and rows of a ternary matrix, and which ops work on rows of these widths.
struct MatrixShape: Hashable {
    /// What a matrix is to a model; a shape that a user names is everything.
    struct Roles: OptionSet, Hashable {
        let rawValue: Int
        /// From the residual stream to the recurrent state, three at a time.
        static let mixer = Roles(rawValue: 1)
        /// From the residual stream to the channel mixer's two inputs.
        static let channels = Roles(rawValue: 2)
        /// Into the residual stream.
        static let stream = Roles(rawValue: 4)
        /// From the residual stream to the vocabulary; turned round, it is the embedding's shape.
        static let head = Roles(rawValue: 8)
        /// From the residual stream to queries, keys and values.
        static let attention = Roles(rawValue: 16)
        static let all: Roles = [.mixer, .channels, .stream, .head, .attention]
    }

    let columns, rows: Int
    var roles = Roles.all

    /// Most weights: 512 MiB packed, far above any layer.
    private static let mostWeights = 1 << 31

    init(columns: Int, rows: Int, roles: Roles = .all) { (self.columns, self.rows, self.roles) = (columns, rows, roles) }

    /// "2048x11264": columns, then rows.
    init(_ text: String) throws {
        let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard sides.count == 2, let columns = sides[0], let rows = sides[1], columns > 0, rows > 0 else {
            throw UsageError(
                "'\(text)' is no shape; give COLUMNSxROWS, as 2048x11264, or a model, as 1.3b or bitnet-2b-4t, separated by commas"
            )
        }
        guard columns <= MatMulFreeConfiguration.widestRow, rows <= Self.mostWeights / columns else {
            throw UsageError(
                "'\(text)' is too large: at most \(MatMulFreeConfiguration.widestRow) columns and \(Self.mostWeights) weights")
        }
        self.init(columns: columns, rows: rows)
    }

    /// The matrices of a block, and the head, as the model multiplies them: the channel mixer's two inputs are one.
    static func layers(of shape: MatMulFreeConfiguration) -> [MatrixShape] {
        [
            MatrixShape(columns: shape.hiddenSize, rows: shape.stateSize, roles: .mixer),
            MatrixShape(columns: shape.hiddenSize, rows: 2 * shape.intermediateSize, roles: .channels),
            MatrixShape(columns: shape.intermediateSize, rows: shape.hiddenSize, roles: .stream),
            MatrixShape(columns: shape.hiddenSize, rows: shape.vocabularySize, roles: .head),
        ]
    }

    /// The same of a transformer, whose queries, keys and values are one product.
    static func layers(of shape: TransformerConfiguration) -> [MatrixShape] {
        [
            MatrixShape(columns: shape.hiddenSize, rows: shape.queryWidth + 2 * shape.keyValueWidth, roles: .attention),
            MatrixShape(columns: shape.queryWidth, rows: shape.hiddenSize, roles: .stream),
            MatrixShape(columns: shape.hiddenSize, rows: 2 * shape.intermediateSize, roles: .channels),
            MatrixShape(columns: shape.intermediateSize, rows: shape.hiddenSize, roles: .stream),
            MatrixShape(columns: shape.hiddenSize, rows: shape.vocabularySize, roles: .head),
        ]
    }

    /// Each size once, with the roles of all that have it, in the order given.
    static func merged(_ shapes: [MatrixShape]) -> [MatrixShape] {
        var merged: [MatrixShape] = []
        for shape in shapes {
            if let index = merged.firstIndex(where: { $0.columns == shape.columns && $0.rows == shape.rows }) {
                merged[index].roles.formUnion(shape.roles)
            } else {
                merged.append(shape)
            }
        }
        return merged
    }
}
