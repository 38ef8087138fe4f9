import CTernary
import TernaryCore

/// A projection and its prepared input as threads take them.
///
/// Pointers only: counting references to what all threads use would have them write to the same few cache lines.
struct LinearPointers {
    /// The weights, and how they are multiplied.
    enum Weights {
        /// Ternary weights by int8 codes.
        case codes(ct_ternary)
        /// Ternary weights by floats.
        case ternary(ct_ternary)
        case dense(ct_dense)
    }

    /// The rows of a block of tokens.
    enum Input {
        case codes(QuantizedBlock.Pointers)
        /// Spread, `(tokens, pitch)`.
        case floats(UnsafePointer<Float>, pitch: Int)
    }

    let weights: Weights
    let bias: UnsafePointer<Float>?
    let input: Input
}

extension ProjectionStage {
    /// Calls `body` with the pointers of all projections, which are good until it returns.
    func withPointers(_ rows: TransformerRows, _ body: ([LinearPointers]) -> Void) {
        withPointers(after: [], rows, body)
    }

    private func withPointers(after earlier: [LinearPointers], _ rows: TransformerRows, _ body: ([LinearPointers]) -> Void) {
        guard earlier.count < projections.count else { return body(earlier) }
        let (projection, number) = (projections[earlier.count], inputOf[earlier.count])
        let (takesCodes, input) =
            switch inputs[number] {
            case .codes: (true, LinearPointers.Input.codes(rows.codes[number].pointers))
            case .floats:
                (
                    false,
                    .floats(
                        UnsafePointer(rows.floats[number].base), pitch: TernaryMatrix.padded(width, to: CT_SPREAD_COLUMNS))
                )
            }
        projection.withPointers(takesCodes: takesCodes) { weights, bias in
            withPointers(after: earlier + [LinearPointers(weights: weights, bias: bias, input: input)], rows, body)
        }
    }
}

extension Projection {
    fileprivate func withPointers(takesCodes: Bool, _ body: (LinearPointers.Weights, _ bias: UnsafePointer<Float>?) -> Void) {
        MatMulFreeCPU.withRow(bias) { bias in
            switch matrix {
            case .ternary(let matrix, let scales):
                matrix.words.withUnsafeBufferPointer { words in
                    MatMulFreeCPU.withRow(scales?.values) { values in
                        let ternary = ct_ternary(
                            words: words.baseAddress!, scales: values, rows: matrix.rows, columns: matrix.columns,
                            group_columns: scales?.columns ?? 0, scale: matrix.scale)
                        body(takesCodes ? .codes(ternary) : .ternary(ternary), bias)
                    }
                }
            case .dense(let matrix):
                matrix.bytes.withUnsafeBufferPointer { bytes in
                    MatMulFreeCPU.withRow(matrix.scales) { scales in
                        let dense = ct_dense(
                            weights: bytes.baseAddress!, scales: scales, columns: matrix.columns,
                            group_columns: matrix.groupColumns, element: matrix.element.rawValue)
                        body(.dense(dense), bias)
                    }
                }
            }
        }
    }
}
