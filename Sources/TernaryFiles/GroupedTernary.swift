import TernaryCore

/// Finds that a matrix of floats is ternary values times scales, and packs it so.
///
/// Published that way: TriLM's unpacked weights (a scale for each block of rows, or of columns), and models with a scale for each
/// group of columns. Nothing is rounded: every product of a value and its scale is the float that was there.
enum GroupedTernary {
    /// Columns of the finest groups that are tried.
    private static let finest = 64

    /// The matrix under the fewest scales that are exact: one, one a row, or one for 256, 128 or 64 columns of a row.
    ///
    /// - Parameter bytes: `(rows, columns)` little-endian elements, row-major, aligned to their size.
    /// - Returns: nil where there are no such scales, as in nearly every matrix that was not made from them.
    static func matrix(
        _ bytes: UnsafeRawBufferPointer, _ element: FloatElement, rows: Int, columns: Int
    ) -> LinearMatrix? {
        precondition(bytes.count == rows * columns * element.byteCount)
        return switch element {
        case .float32: matrix(bytes, as: Binary32.self, rows, columns)
        case .float16: matrix(bytes, as: Binary16.self, rows, columns)
        case .bfloat16: matrix(bytes, as: BFloat16.self, rows, columns)
        }
    }

    private static func matrix<Element: StoredFloat>(
        _ bytes: UnsafeRawBufferPointer, as: Element.Type, _ rows: Int, _ columns: Int
    ) -> LinearMatrix? {
        let values = bytes.bindMemory(to: Element.Bits.self).baseAddress!
        // Most matrices that are not ternary show it in their first groups: they cost no more than this look.
        guard TernaryLevels(values, min(finest, columns), as: Element.self).step(as: Element.self) != nil else { return nil }
        let units = levels(values, as: Element.self, rows, columns)
        let unitsPerRow = (columns + finest - 1) / finest
        guard units.allSatisfy(\.areFew) else { return nil }
        var whole = TernaryLevels<Element.Bits>()
        for unit in units { whole.merge(unit) }
        if let step = whole.step(as: Element.self), !whole.hasDouble(of: step) {
            let scale = Exact.factor(Element.widen(step))
            return .ternary(pack(values, as: Element.self, rows, columns, scale, group: columns) { _ in step }, nil)
        }
        for group in [columns, 256, 128, 64] where group <= columns {
            guard let steps = steps(units, unitsPerRow, unitsPerGroup: (group + finest - 1) / finest, as: Element.self) else {
                continue
            }
            let matrix = pack(values, as: Element.self, rows, columns, 1, group: group) { steps[$0] }
            let scales = GroupScales(rows: rows, columns: columns, groupColumns: group, values: steps.map(Element.widen))
            return .ternary(matrix, scales)
        }
        return nil
    }

    /// The levels of every 64 columns of every row; of a row that cannot be ternary, its end is not looked at.
    private static func levels<Element: StoredFloat>(
        _ values: UnsafePointer<Element.Bits>, as: Element.Type, _ rows: Int, _ columns: Int
    ) -> [TernaryLevels<Element.Bits>] {
        let unitsPerRow = (columns + finest - 1) / finest
        return [TernaryLevels<Element.Bits>](unsafeUninitializedCapacity: rows * unitsPerRow) { units, initialized in
            let units = units.baseAddress!
            Parallel.forRows(rows, weightsEach: columns) { range in
                for row in range {
                    let (row, unit) = (values + row * columns, units + row * unitsPerRow)
                    var goesOn = true
                    for index in 0..<unitsPerRow {
                        let first = index * finest
                        let levels =
                            goesOn ? TernaryLevels(row + first, min(finest, columns - first), as: Element.self) : TernaryLevels()
                        goesOn = goesOn && levels.areFew
                        (unit + index).initialize(to: levels)
                    }
                }
            }
            initialized = rows * unitsPerRow
        }
    }

    /// The step of every group of every row; nil where a group has none.
    private static func steps<Element: StoredFloat>(
        _ units: [TernaryLevels<Element.Bits>], _ unitsPerRow: Int, unitsPerGroup: Int, as: Element.Type
    ) -> [Element.Bits]? {
        var steps: [Element.Bits] = []
        for row in stride(from: 0, to: units.count, by: unitsPerRow) {
            for first in stride(from: row, to: row + unitsPerRow, by: unitsPerGroup) {
                var levels = units[first]
                for unit in first + 1..<max(first + 1, min(first + unitsPerGroup, row + unitsPerRow)) {
                    levels.merge(units[unit])
                }
                guard let step = levels.step(as: Element.self) else { return nil }
                steps.append(step)
            }
        }
        return steps
    }

    /// Packs codes: 0 for a negative value, 1 for zero, 2 for the step of its group, 3 for twice that.
    private static func pack<Element: StoredFloat>(
        _ values: UnsafePointer<Element.Bits>, as: Element.Type, _ rows: Int, _ columns: Int, _ scale: Float, group: Int,
        step: (Int) -> Element.Bits
    ) -> TernaryMatrix {
        let padded = TernaryMatrix.padded(columns, to: 16)
        let groups = (columns + group - 1) / group
        return TernaryMatrix(
            rows: rows, columns: columns, scale: scale,
            fillingRows: { words in
                Parallel.forRows(rows, weightsEach: columns) { range in
                    withUnsafeTemporaryAllocation(byteCount: padded, alignment: 16) { scratch in
                        let codes = scratch.bindMemory(to: UInt8.self).baseAddress!
                        for column in columns..<padded { codes[column] = 1 }
                        for row in range {
                            let source = values + row * columns
                            for index in 0..<groups {
                                let step = step(row * groups + index)
                                for column in index * group..<min(columns, (index + 1) * group) {
                                    let bits = source[column]
                                    let above: UInt8 = bits == step ? 2 : 3
                                    codes[column] = bits & Element.magnitude == 0 ? 1 : bits > Element.magnitude ? 0 : above
                                }
                            }
                            TernaryRow.pack(codes, groups: padded >> 4, into: words + TernaryRow.firstWord(row, padded >> 4))
                        }
                    }
                }
            })
    }
}
