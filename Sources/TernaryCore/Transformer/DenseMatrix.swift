/// A matrix of floats, or of bytes with a scale for every 16 or 32 of them; the type of embeddings and heads.
public struct DenseMatrix: Sendable, Equatable {
    /// How a weight is stored.
    public enum Element: UInt32, Sendable {
        case float32 = 0, float16 = 1, bfloat16 = 2
        /// A signed byte times the scale of its group of columns: Q8_0, Q4_0 (32 columns) and Q6_K (16) without loss.
        case scaledInt8 = 3

        /// Bytes a weight takes, its share of a scale not counted.
        public var byteCount: Int {
            switch self {
            case .float32: 4
            case .float16, .bfloat16: 2
            case .scaledInt8: 1
            }
        }
    }

    /// Output features, or tokens.
    public let rows: Int
    /// Input features.
    public let columns: Int
    /// How a weight is stored.
    public let element: Element
    /// Columns that share a scale; 0 for floats.
    public let groupColumns: Int
    /// Little-endian weights, row-major.
    public let bytes: PackedStorage<UInt8>
    /// `(rows, columns / groupColumns)`; empty for floats.
    public let scales: [Float]

    /// A matrix of a copy of finite floats. Magnitudes outside `Exact.factor`'s range are brought into it.
    public init(rows: Int, columns: Int, element: Element, bytes: [UInt8]) {
        self.init(rows: rows, columns: columns, element: element, bytes: PackedStorage(bytes))
    }

    /// A matrix of finite floats where they are, aligned to their size, or of a copy where a magnitude outside `Exact.factor`'s range has to be brought into it.
    public init(rows: Int, columns: Int, element: Element, bytes: consuming PackedStorage<UInt8>) {
        precondition(bytes.count == rows * columns * element.byteCount, "bytes that do not fill the matrix")
        if !Self.areFactors(bytes, element, rows: rows, columns: columns) {
            Self.makeFactors(&bytes, element, rows: rows, columns: columns)
        }
        self.init(rows: rows, columns: columns, element: element, factors: bytes)
    }

    /// A matrix of floats that are already as `Exact.factor` makes them.
    package init(rows: Int, columns: Int, element: Element, factors bytes: PackedStorage<UInt8>) {
        precondition(
            element != .scaledInt8 && bytes.count == rows * columns * element.byteCount, "bytes that do not fill the matrix")
        self.rows = rows
        self.columns = columns
        self.element = element
        groupColumns = 0
        scales = []
        self.bytes = bytes
    }

    /// A matrix of bytes with scales.
    public init(rows: Int, columns: Int, groupColumns: Int, codes: [Int8], scales: [Float]) {
        self.init(
            rows: rows, columns: columns, groupColumns: groupColumns,
            codes: codes.withUnsafeBytes { PackedStorage($0) }, scales: scales)
    }

    /// A matrix of bytes, which stand for signed ones, where they are, and scales.
    public init(rows: Int, columns: Int, groupColumns: Int, codes: PackedStorage<UInt8>, scales: [Float]) {
        precondition(groupColumns == 16 || groupColumns == 32, "groups of \(groupColumns) columns")
        precondition(columns.isMultiple(of: groupColumns) && codes.count == rows * columns, "codes that do not fill the matrix")
        precondition(scales.count * groupColumns == codes.count, "a scale for every group")
        self.rows = rows
        self.columns = columns
        element = .scaledInt8
        self.groupColumns = groupColumns
        bytes = codes
        self.scales = scales.map(Exact.factor)
    }

    /// Bytes of weights and scales.
    public var byteCount: Int { bytes.count + 4 * scales.count }

    /// One row's values, `(columns)`.
    public func row(_ row: Int) -> [Float] {
        precondition(row >= 0 && row < rows, "row \(row) of \(rows)")
        return bytes.withUnsafeBytes { raw in
            (0..<columns).map { column in
                let index = row * columns + column
                switch element {
                case .float32: return raw.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
                case .float16: return HalfFloat.float(raw.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
                case .bfloat16:
                    return Float(bitPattern: UInt32(raw.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)) << 16)
                case .scaledInt8: return Float(raw.load(fromByteOffset: index, as: Int8.self)) * scales[index / groupColumns]
                }
            }
        }
    }
}
