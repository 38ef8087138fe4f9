import TernaryCore

/// How a matrix that is multiplied by floats lies on the device.
///
/// Floats and bytes are row-major, each row padded with zeros to ``rowBytes``; ternary weights lie as `TernaryMatrix.words`. Scales, where there are any,
/// are `(rows, scalesPerRow)` f32.
public struct DenseLayout: Sendable, Equatable {
    /// How a weight is stored.
    public enum Element: UInt32, Sendable, CaseIterable {
        case float32 = 0, float16 = 1, bfloat16 = 2, scaledInt8 = 3, ternary = 4
    }

    /// How a weight is stored.
    public var element: Element
    /// Input features.
    public var columns: Int
    /// Scales of a row; 0 where the whole matrix has one, or none.
    public var scalesPerRow: Int
    /// Columns that share a scale: a multiple of 16.
    public var scaleColumns: Int
    /// Of a whole ternary matrix that has no others.
    public var scale: Float

    /// The layout of a matrix; nil where groups of columns that share a scale are cut by a load of 16 columns.
    public init?(_ matrix: LinearMatrix) {
        columns = matrix.columns
        (scalesPerRow, scaleColumns, scale) = (0, 0, 1)
        switch matrix {
        case .dense(let matrix):
            switch matrix.element {
            case .float32: element = .float32
            case .float16: element = .float16
            case .bfloat16: element = .bfloat16
            case .scaledInt8:
                element = .scaledInt8
                scaleColumns = matrix.groupColumns
                scalesPerRow = columns / matrix.groupColumns
            }
        case .ternary(let matrix, let scales):
            element = .ternary
            scale = matrix.scale
            if let scales {
                guard scales.isPerRow || scales.columns.isMultiple(of: 16) else { return nil }
                scaleColumns = scales.isPerRow ? matrix.paddedColumns : scales.columns
                scalesPerRow = scales.groupsPerRow
            }
        }
    }

    /// Bytes of a row's weights, a multiple of 4; of ternary weights, whose rows lie in fours, a fourth of four rows.
    public var rowBytes: Int {
        switch element {
        case .float32: 4 * paddedWidth(columns)
        case .float16, .bfloat16: 2 * paddedWidth(columns)
        case .scaledInt8: paddedWidth(columns)
        case .ternary: paddedWidth(columns) / 4
        }
    }
    /// Bytes of so many rows' weights.
    public func byteCount(rows: Int) -> Int { TernaryMatrix.padded(rows, to: rowMultiple) * rowBytes }
    /// What the first row of a part of the matrix is a multiple of.
    public var rowMultiple: Int { element == .ternary ? 4 : 1 }

    /// Fours of columns that a load of 16 bytes brings.
    var unitQuads: Int {
        switch element {
        case .float32: 1
        case .float16, .bfloat16: 2
        case .scaledInt8, .ternary: 4
        }
    }
}
