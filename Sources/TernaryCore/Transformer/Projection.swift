/// Scales of a ternary matrix that has more than one: one for each row and each group of columns.
public struct GroupScales: Sendable, Equatable {
    /// Columns that share a scale; a whole row's where there is one a row.
    public let columns: Int
    /// Groups of a row.
    public let groupsPerRow: Int
    /// `(rows, groups)`, row-major; settled as `Exact.factor` does.
    public let values: [Float]

    /// Scales of a matrix of so many rows and columns.
    public init(rows: Int, columns: Int, groupColumns: Int, values: [Float]) {
        groupsPerRow = (columns + groupColumns - 1) / groupColumns
        precondition(groupColumns > 0 && values.count == rows * groupsPerRow, "\(values.count) scales for \(rows) x \(columns)")
        self.columns = groupColumns
        self.values = values.map(Exact.factor)
    }

    /// Whether there is one scale a row.
    public var isPerRow: Bool { groupsPerRow == 1 }
}

/// A matrix that a hidden state is multiplied by.
public enum LinearMatrix: Sendable, Equatable {
    /// Ternary weights, under the matrix's own scale, or under scales of rows or of groups of columns, which then replace it.
    ///
    /// A group-scaled format has four levels: a code of 3 is the value +2.
    case ternary(TernaryMatrix, GroupScales?)
    /// Weights of more than two bits: embeddings, heads, and what a checkpoint left dense.
    case dense(DenseMatrix)

    /// Output features.
    public var rows: Int {
        switch self {
        case .ternary(let matrix, _): matrix.rows
        case .dense(let matrix): matrix.rows
        }
    }

    /// Input features.
    public var columns: Int {
        switch self {
        case .ternary(let matrix, _): matrix.columns
        case .dense(let matrix): matrix.columns
        }
    }

    /// Bytes of weights and scales.
    public var byteCount: Int {
        switch self {
        case .ternary(let matrix, let scales): matrix.byteCount + 4 * (scales?.values.count ?? 0)
        case .dense(let matrix): matrix.byteCount
        }
    }

    /// Bytes of weights that lie in a mapped file.
    public var mappedByteCount: Int {
        switch self {
        case .ternary(let matrix, _): matrix.words.mappedByteCount
        case .dense(let matrix): matrix.bytes.mappedByteCount
        }
    }

    /// One row's values, `(columns)`.
    public func row(_ row: Int) -> [Float] {
        switch self {
        case .dense(let matrix): return matrix.row(row)
        case .ternary(let matrix, let scales):
            return (0..<matrix.columns).map { column in
                let scale = scales.map { $0.values[row * $0.groupsPerRow + column / $0.columns] } ?? matrix.scale
                return Float(matrix[row, column]) * scale
            }
        }
    }
}

/// A linear layer: its matrix, a bias where the family has one, and an RMSNorm of its own input where the checkpoint has one.
public struct Projection: Sendable, Equatable {
    /// The weights.
    public var matrix: LinearMatrix
    /// Added to the product, `(rows)`.
    public var bias: [Float]?
    /// Weight of the projection's own norm, `(columns)`, and what is added to the mean square.
    public var norm: (weight: [Float], epsilon: Float)?

    /// A layer of its parts.
    public init(_ matrix: LinearMatrix, bias: [Float]? = nil, norm: (weight: [Float], epsilon: Float)? = nil) {
        precondition(bias == nil || bias!.count == matrix.rows, "a bias of \(bias!.count) values for \(matrix.rows) rows")
        precondition(norm == nil || norm!.weight.count == matrix.columns, "a norm that does not fit \(matrix.columns) columns")
        self.matrix = matrix
        self.bias = bias
        self.norm = norm
    }

    /// Whether all parts are the same.
    public static func == (a: Projection, b: Projection) -> Bool {
        a.matrix == b.matrix && a.bias == b.bias && a.norm?.weight == b.norm?.weight && a.norm?.epsilon == b.norm?.epsilon
    }
}
