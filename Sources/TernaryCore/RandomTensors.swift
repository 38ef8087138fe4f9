/// A stream of random tensors: what `RandomWeights` and `RandomTransformerWeights` are made of.
struct RandomTensors {
    var generator: SplitMix64
    /// Whether scales are numbers of binary16, which most files have.
    var hasHalfScales = false

    /// Uniform in [0, 1), a multiple of 2^-24.
    mutating func uniform() -> Float { Float(generator.next() >> 40) * 0x1p-24 }

    mutating func norm(_ count: Int) -> [Float] { (0..<count).map { _ in 0.8 + 0.4 * uniform() } }

    mutating func lowerBound(_ count: Int, depth: Float) -> [Float] {
        (0..<count).map { _ in min(max(depth + 0.1 * (uniform() - 0.5), 0), 1) }
    }

    mutating func bitLinear(rows: Int, columns: Int, gain: Float = 1) -> BitLinearWeights {
        BitLinearWeights(norm: norm(columns), matrix: matrix(rows: rows, columns: columns, gain: gain)[0])
    }

    /// Rows of unit-variance input make outputs of variance gain^2: scale = gain / sqrt(2/3 * columns).
    mutating func matrix(rows: Int, columns: Int, gain: Float, parts: Int = 1) -> [TernaryMatrix] {
        var scale = gain / (Float(columns) * (2 / 3)).squareRoot()
        // Cut to the ten bits of a half's fraction; far above 2^-14, from where on a half has all of them.
        if hasHalfScales { scale = Float(bitPattern: scale.bitPattern & ~0x1FFF) }
        return (0..<parts).map { _ in
            let matrix = TernaryMatrix(rows: rows / parts, columns: columns, scale: scale) { words in
                fill(words, rows: rows / parts, columns: columns)
            }
            generator = generator.advanced(by: matrix.words.count)
            return matrix
        }
    }

    /// Draws 16 codes of {0, 1, 2} at a time: a byte of four equally likely codes for each of the 81 combinations.
    private func fill(_ words: UnsafeMutableBufferPointer<UInt32>, rows: Int, columns: Int) {
        // Each part writes words of its own, and all have ended when this returns.
        nonisolated(unsafe) let words = words
        Parallel.forRows(words.count, weightsEach: 16) { part in
            var generator = generator.advanced(by: part.lowerBound)
            Self.fourCodes.withUnsafeBufferPointer { codes in
                for index in part {
                    let bits = generator.next()
                    var word: UInt32 = 0
                    // 81 combinations out of 4096 values of 12 bits: each within 2% of its share.
                    for byte in 0..<4 {
                        let draw = Int(bits >> UInt64(16 * byte) & 0xFFF)
                        word |= UInt32(codes[(draw * 81) >> 12]) << UInt32(8 * byte)
                    }
                    words[index] = word
                }
            }
        }
        guard rows & 3 != 0 || columns & 15 != 0 else { return }
        let groups = TernaryMatrix.padded(columns, to: 16) >> 4
        for index in 0..<words.count {
            let row = (index >> 2) / groups * 4 + (index & 3)
            let first = (index >> 2) % groups * 16
            for within in 0..<16 where row >= rows || first + within >= columns {
                let shift = TernaryMatrix.shift(within)
                words[index] = words[index] & ~(3 << shift) | 1 << shift
            }
        }
    }

    /// Every byte of four codes, none of them 3.
    private static let fourCodes: [UInt8] = (0..<256).map { UInt8($0) }.filter { $0 & $0 >> 1 & 0x55 == 0 }

    /// Random numbers that `count` 16-bit floats take.
    static func draws(sixteenBitFloats count: Int) -> Int { (count + 1) / 2 }

    /// Sums of four bytes, centred: deviation 0.577; in steps of 1/256 for binary16, of 1/128 for bfloat16, so that every value is exact.
    func sixteenBitFloats(_ count: Int, as element: DenseMatrix.Element) -> PackedStorage<UInt8> {
        let patterns = (0...1020).map { sum -> UInt16 in
            guard element == .bfloat16 else { return HalfFloat.exactBits(Float(sum - 510) * 0x1p-8) ?? 0 }
            return UInt16(truncatingIfNeeded: (Float(sum / 2 - 255) * 0x1p-7).bitPattern >> 16)
        }
        return PackedStorage(count: count * 2) { buffer in
            // Each part writes pairs of its own, and all have ended when this returns.
            nonisolated(unsafe) let target = UnsafeMutableRawBufferPointer(buffer)
            Parallel.forRows((count + 1) / 2, weightsEach: 2) { pairs in
                var generator = generator.advanced(by: pairs.lowerBound)
                patterns.withUnsafeBufferPointer { patterns in
                    for pair in pairs {
                        let bits = generator.next()
                        for half in 0..<2 where 2 * pair + half < count {
                            let four = bits >> UInt64(32 * half)
                            let sum = Int(four & 0xFF) + Int(four >> 8 & 0xFF) + Int(four >> 16 & 0xFF) + Int(four >> 24 & 0xFF)
                            target.storeBytes(of: patterns[sum], toByteOffset: (2 * pair + half) * 2, as: UInt16.self)
                        }
                    }
                }
            }
        }
    }
}
