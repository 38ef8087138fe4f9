import TernaryCore

/// Turns a latent weight matrix into trits and one scale (absmean; BitNet b1.58, arXiv 2402.17764).
///
/// The rule, in FP32 from the stored values: gamma = max(mean |W|, 1e-5) over the whole tensor, and
/// T = clamp(roundHalfEven(W * (1/gamma)), -1, 1). The mean's sum is kept in Double: each row in four lanes (element j in
/// lane j mod 4, lanes added in order), rows added in order; so it does not depend on the number of threads.
///
/// A tensor that is ternary already, every value in {-c, 0, c}, keeps its trits and has gamma = c: a second pass of the rule
/// would shrink its scale by the share of its non-zeros. (Three values of which two differ in magnitude, as (-a, s, a), are
/// latent weights like any other.) A matrix of zeros has gamma = 1e-5.
enum Ternarizer {
    /// gamma is at least this.
    static let smallestScale: Float = 1e-5

    /// Why a tensor cannot be ternarised.
    enum Failure: Error, Equatable {
        /// An infinity or a NaN at this element, counted in row-major order.
        case notFinite(index: Int)
        /// The scale is above `Exact.largest`.
        case scaleTooLarge(Float)
    }

    /// Ternarises a matrix and cuts it into `parts` of equally many rows, all under the one scale.
    ///
    /// - Parameter bytes: `(rows, columns)` little-endian elements, row-major, aligned to their size.
    /// - Parameter keepsTernary: false for BitNet's online layers, which follow the rule for every tensor.
    static func ternarize(
        _ bytes: UnsafeRawBufferPointer, _ element: FloatElement, rows: Int, columns: Int, parts: Int = 1,
        keepsTernary: Bool = true
    ) throws(Failure) -> [TernaryMatrix] {
        precondition(bytes.count == rows * columns * element.byteCount && rows.isMultiple(of: parts))
        return switch element {
        case .float32: try ternarize(bytes, as: Binary32.self, rows, columns, parts, keepsTernary)
        case .float16: try ternarize(bytes, as: Binary16.self, rows, columns, parts, keepsTernary)
        case .bfloat16: try ternarize(bytes, as: BFloat16.self, rows, columns, parts, keepsTernary)
        }
    }

    private static func ternarize<Element: StoredFloat>(
        _ bytes: UnsafeRawBufferPointer, as: Element.Type, _ rows: Int, _ columns: Int, _ parts: Int,
        _ keepsTernary: Bool
    ) throws(Failure) -> [TernaryMatrix] {
        let values = bytes.bindMemory(to: Element.Bits.self)
        let (scale, threshold) = try scaleAndThreshold(values, as: Element.self, rows, columns, keepsTernary)
        var matrices: [TernaryMatrix] = []
        let partRows = rows / parts
        for part in 0..<parts {
            let first = values.baseAddress! + part * partRows * columns
            matrices.append(
                TernaryMatrix(
                    rows: partRows, columns: columns, scale: scale,
                    fillingRows: { words in
                        Parallel.forRows(partRows, weightsEach: columns) { range in
                            pack(first, as: Element.self, threshold: threshold, rows: range, columns: columns, into: words)
                        }
                    }))
        }
        return matrices
    }

    /// gamma, and the smallest magnitude that becomes 1.
    private static func scaleAndThreshold<Element: StoredFloat>(
        _ values: UnsafeBufferPointer<Element.Bits>, as: Element.Type, _ rows: Int, _ columns: Int, _ keepsTernary: Bool
    ) throws(Failure) -> (Float, Element.Bits) {
        let statistics = [RowStatistics<Element.Bits>](unsafeUninitializedCapacity: rows) { statistics, initialized in
            let first = statistics.baseAddress!
            Parallel.forRows(rows, weightsEach: columns) { range in
                for row in range {
                    (first + row).initialize(
                        to: RowStatistics(values.baseAddress! + row * columns, columns, as: Element.self))
                }
            }
            initialized = rows
        }
        var sum = 0.0
        var largest: Element.Bits = 0
        var smallestLessOne = Element.Bits.max
        for (row, one) in statistics.enumerated() {
            if one.largest >= Element.infinity {
                let found = (0..<columns).first { values[row * columns + $0] & Element.magnitude >= Element.infinity }
                throw .notFinite(index: row * columns + (found ?? 0))
            }
            sum += one.sum
            largest = max(largest, one.largest)
            smallestLessOne = min(smallestLessOne, one.smallestLessOne)
        }
        let common = Element.widen(largest)
        if keepsTernary, largest != 0, smallestLessOne &+ 1 == largest, Exact.settle(common) != 0 {
            guard common <= Exact.largest else { throw .scaleTooLarge(common) }
            return (common, largest)
        }
        let scale = max(Float(sum / Double(rows * columns)), smallestScale)
        guard scale <= Exact.largest else { throw .scaleTooLarge(scale) }
        return (scale, Element.firstMagnitude(atLeast: threshold(scale)))
    }

    /// The smallest Float that the rule rounds to 1: rounding and the product are monotonic, so that comparing magnitudes with
    /// it does the same as multiplying and rounding each of them.
    static func threshold(_ scale: Float) -> Float {
        let inverse = 1 / scale
        var magnitude = 0.5 * scale
        while magnitude * inverse > 0.5 { magnitude = magnitude.nextDown }
        while magnitude * inverse <= 0.5 { magnitude = magnitude.nextUp }
        return magnitude
    }

    private static func pack<Element: StoredFloat>(
        _ values: UnsafePointer<Element.Bits>, as: Element.Type, threshold: Element.Bits, rows: Range<Int>, columns: Int,
        into words: UnsafeMutablePointer<UInt32>
    ) {
        let padded = TernaryMatrix.padded(columns, to: 16)
        withUnsafeTemporaryAllocation(byteCount: padded, alignment: 16) { scratch in
            let codes = scratch.bindMemory(to: UInt8.self).baseAddress!
            for column in columns..<padded { codes[column] = 1 }
            for row in rows {
                let source = values + row * columns
                for column in 0..<columns {
                    let bits = source[column]
                    let code: UInt8 = bits > Element.magnitude ? 0 : 2
                    codes[column] = bits & Element.magnitude >= threshold ? code : 1
                }
                TernaryRow.pack(codes, groups: padded >> 4, into: words + TernaryRow.firstWord(row, padded >> 4))
            }
        }
    }
}

/// What the scale of a matrix needs to know of one row.
private struct RowStatistics<Bits: FixedWidthInteger & UnsignedInteger> {
    /// Sum of magnitudes; meaningless where one is not finite.
    let sum: Double
    /// Bits of the largest magnitude.
    let largest: Bits
    /// Bits of the smallest magnitude that is not zero, less one; all ones where there is none.
    let smallestLessOne: Bits

    init<Element: StoredFloat>(_ row: UnsafePointer<Bits>, _ count: Int, as: Element.Type) where Element.Bits == Bits {
        var largest: Bits = 0
        var smallest = Bits.max
        for j in 0..<count {
            let magnitude = row[j] & Element.magnitude
            largest = max(largest, magnitude)
            smallest = min(smallest, magnitude &- 1)
        }
        var a = 0.0
        var b = 0.0
        var c = 0.0
        var d = 0.0
        var j = 0
        while j + 4 <= count {
            a += Double(Element.widen(row[j] & Element.magnitude))
            b += Double(Element.widen(row[j + 1] & Element.magnitude))
            c += Double(Element.widen(row[j + 2] & Element.magnitude))
            d += Double(Element.widen(row[j + 3] & Element.magnitude))
            j += 4
        }
        if j < count { a += Double(Element.widen(row[j] & Element.magnitude)) }
        if j + 1 < count { b += Double(Element.widen(row[j + 1] & Element.magnitude)) }
        if j + 2 < count { c += Double(Element.widen(row[j + 2] & Element.magnitude)) }
        sum = ((a + b) + c) + d
        self.largest = largest
        smallestLessOne = smallest
    }
}
