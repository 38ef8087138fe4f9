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
    public let bytes: [UInt8]
    /// `(rows, columns / groupColumns)`; empty for floats.
    public let scales: [Float]

    /// A matrix of finite floats. Magnitudes outside `Exact.factor`'s range are brought into it.
    public init(rows: Int, columns: Int, element: Element, bytes: consuming [UInt8]) {
        precondition(
            element != .scaledInt8 && bytes.count == rows * columns * element.byteCount, "bytes that do not fill the matrix")
        self.rows = rows
        self.columns = columns
        self.element = element
        groupColumns = 0
        scales = []
        Self.makeFactors(&bytes, element, rows: rows, columns: columns)
        self.bytes = bytes
    }

    /// A matrix of floats that are already as `Exact.factor` makes them: for tables that take long to look through.
    package init(rows: Int, columns: Int, element: Element, factors bytes: [UInt8]) {
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
        precondition(groupColumns == 16 || groupColumns == 32, "groups of \(groupColumns) columns")
        precondition(columns.isMultiple(of: groupColumns) && codes.count == rows * columns, "codes that do not fill the matrix")
        precondition(scales.count * groupColumns == codes.count, "a scale for every group")
        self.rows = rows
        self.columns = columns
        element = .scaledInt8
        self.groupColumns = groupColumns
        bytes = codes.withUnsafeBytes { Array($0) }
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

    /// Does to every element what `Exact.factor` does: most have to stay as they are, and a head has hundreds of millions of them.
    private static func makeFactors(_ bytes: inout [UInt8], _ element: Element, rows: Int, columns: Int) {
        let (smallest, largest) = (Exact.smallestFactor.bitPattern, Exact.largest.bitPattern)
        bytes.withUnsafeMutableBytes { raw in
            switch element {
            case .float32: makeFactors(raw.bindMemory(to: UInt32.self), smallest, largest, rows, columns)
            case .bfloat16:
                // Both bounds are powers of two, which the high halves hold.
                makeFactors(raw.bindMemory(to: UInt16.self), UInt16(smallest >> 16), UInt16(largest >> 16), rows, columns)
            // A half's magnitude is 0 or between 2^-24 and 2^16; bytes have scales, which are brought into range elsewhere.
            case .float16, .scaledInt8: break
            }
        }
    }

    private static func makeFactors<Bits: FixedWidthInteger & UnsignedInteger>(
        _ values: UnsafeMutableBufferPointer<Bits>, _ smallest: Bits, _ largest: Bits, _ rows: Int, _ columns: Int
    ) {
        // The ranges of rows are disjoint.
        nonisolated(unsafe) let values = values.baseAddress
        guard let values else { return }
        let magnitudes = Bits.max >> 1
        Parallel.forRows(rows, weightsEach: columns) { range in
            for index in range.lowerBound * columns..<range.upperBound * columns {
                let bits = values[index]
                let magnitude = bits & magnitudes
                values[index] = magnitude < smallest ? 0 : min(magnitude, largest) | bits & ~magnitudes
            }
        }
    }
}
