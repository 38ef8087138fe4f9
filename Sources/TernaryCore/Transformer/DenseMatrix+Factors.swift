extension DenseMatrix {
    /// Whether `Exact.factor` changes none of these elements, and all are finite: of nearly every table.
    ///
    /// - Parameter bytes: aligned to an element's size.
    package static func areFactors(_ bytes: PackedStorage<UInt8>, _ element: Element, rows: Int, columns: Int) -> Bool {
        bytes.withUnsafeBytes { bytes in
            switch element {
            case .float32: areFactors(bytes, Exact.smallestFactor.bitPattern, Exact.largest.bitPattern, rows, columns)
            case .bfloat16: areFactors(bytes, bfloat16(Exact.smallestFactor), bfloat16(Exact.largest), rows, columns)
            // All that are finite: magnitudes are 0 or between 2^-24 and 2^16.
            case .float16: areFactors(bytes, UInt16(0), UInt16(0x7BFF), rows, columns)
            case .scaledInt8: true
            }
        }
    }

    private static func areFactors<Bits: FixedWidthInteger & UnsignedInteger & Sendable>(
        _ bytes: UnsafeRawBufferPointer, _ smallest: Bits, _ largest: Bits, _ rows: Int, _ columns: Int
    ) -> Bool {
        let magnitudes = Bits.max >> 1
        return Parallel.map(rows: rows, weightsEach: columns) { range -> Bool in
            let part = bytes[range.lowerBound * columns * Bits.bitWidth / 8..<range.upperBound * columns * Bits.bitWidth / 8]
            // Extremes are found in a loop without a way out, which takes many elements at a time: the largest magnitude; the smallest one
            // but zeros, less 1; and 0 where there is a -0.
            var (most, least, negativeZero) = (Bits.min, Bits.max, Bits.max)
            for bits in UnsafeRawBufferPointer(rebasing: part).assumingMemoryBound(to: Bits.self) {
                most = max(most, bits & magnitudes)
                least = min(least, (bits &- 1) & magnitudes)
                negativeZero = min(negativeZero, bits ^ ~magnitudes)
            }
            return most <= largest && (smallest == 0 || least >= smallest - 1 && negativeZero != 0)
        }.allSatisfy { $0 }
    }

    /// Does to every element what `Exact.factor` does.
    static func makeFactors(_ bytes: inout PackedStorage<UInt8>, _ element: Element, rows: Int, columns: Int) {
        bytes.withUnsafeMutableBytes { raw in
            switch element {
            case .float32: makeFactors(raw, Exact.smallestFactor.bitPattern, Exact.largest.bitPattern, rows, columns)
            case .bfloat16: makeFactors(raw, bfloat16(Exact.smallestFactor), bfloat16(Exact.largest), rows, columns)
            // Halves have no others; bytes have scales, which are brought into range elsewhere.
            case .float16, .scaledInt8: break
            }
        }
    }

    /// The high half of a power of two, which has all of it.
    private static func bfloat16(_ power: Float) -> UInt16 { UInt16(power.bitPattern >> 16) }

    private static func makeFactors<Bits: FixedWidthInteger & UnsignedInteger>(
        _ raw: UnsafeMutableRawBufferPointer, _ smallest: Bits, _ largest: Bits, _ rows: Int, _ columns: Int
    ) {
        // The ranges of rows are disjoint.
        nonisolated(unsafe) let values = raw.bindMemory(to: Bits.self)
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
