/// What the sums of a ternary matrix's rows are multiplied by, and what is added to the products.
///
/// Scales and biases of rows lie in a buffer: those of a GLU's matrix of all gate rows and then all up rows, without the padding between
/// the halves. `Shaders/shared/row_terms.glsl` declares it.
public enum RowTerms: Sendable, Equatable {
    /// One scale for the whole matrix. Nothing is read of the buffer of terms: another one may be bound in its place.
    case matrix(scale: Float)
    /// A scale for each row; `(rows)` f32.
    case scales
    /// A scale for each row, then a bias for each; `(2, rows)` f32.
    case scalesAndBiases

    /// Specialization constant.
    var constant: UInt32 {
        switch self {
        case .matrix: 0
        case .scales: 1
        case .scalesAndBiases: 2
        }
    }

    /// For the push constants.
    var matrixScale: Float {
        if case .matrix(let scale) = self { return scale }
        return 1
    }

    /// Bytes of the buffer of terms.
    ///
    /// - Parameter rows: of the matrix.
    public func byteCount(rows: Int) -> Int { Int(constant) * rows * 4 }
}
