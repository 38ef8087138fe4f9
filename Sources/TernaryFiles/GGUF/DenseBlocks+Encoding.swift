import TernaryCore

extension DenseMatrix {
    /// The type of GGUF that holds the matrix without loss; nil where none does.
    var storedType: GGUFTensorType? {
        switch element {
        case .float32: return .float32
        case .float16: return .float16
        case .bfloat16: return .bfloat16
        case .scaledInt8:
            if groupColumns == 16 {
                guard columns.isMultiple(of: GGUFTensorType.q6_K.blockLength), codes.allSatisfy({ (-32...31).contains($0) })
                else {
                    return nil
                }
                return (0..<scales.count / 16).allSatisfy { Self.factored(scales[$0 * 16..<$0 * 16 + 16]) != nil } ? .q6_K : nil
            }
            guard scales.allSatisfy({ HalfFloat.exactBits($0) != nil }) else { return nil }
            return codes.allSatisfy { (-8...7).contains($0) } ? .q4_0 : .q8_0
        }
    }

    /// The signed bytes of a matrix that has scales.
    private var codes: some Collection<Int8> { bytes.lazy.map { Int8(bitPattern: $0) } }

    /// Rows as `storedType` holds them.
    ///
    /// - Parameter place: the row of the matrix that stands at one of the file.
    func stored(_ type: GGUFTensorType, rows range: Range<Int>, place: (Int) -> Int = { $0 }) -> [UInt8] {
        var stored: [UInt8] = []
        for index in range {
            let row = place(index)
            guard element == .scaledInt8 else {
                let width = columns * element.byteCount
                stored += bytes[row * width..<(row + 1) * width]
                continue
            }
            for block in 0..<columns / type.blockLength {
                appendBlock(&stored, type, code: row * columns + block * type.blockLength)
            }
        }
        return stored
    }

    /// Appends the block whose first weight is number `first`.
    private func appendBlock(_ stored: inout [UInt8], _ type: GGUFTensorType, code first: Int) {
        func code(_ index: Int) -> Int { Int(Int8(bitPattern: bytes[first + index])) }
        switch type {
        case .q8_0:
            stored.append(integer: HalfFloat.exactBits(scales[first / 32])!)
            stored += bytes[first..<first + 32]
        case .q4_0:
            stored.append(integer: HalfFloat.exactBits(scales[first / 32])!)
            for j in 0..<16 { stored.append(UInt8(code(j) + 8) | UInt8(code(j + 16) + 8) << 4) }
        default:
            let start = stored.count
            stored += [UInt8](repeating: 0, count: type.blockByteCount)
            for index in 0..<256 {
                let (half, quarter, m) = (index / 128, index % 128 / 32, index % 32)
                let value = UInt8(code(index) + 32)
                stored[start + 64 * half + 32 * (quarter & 1) + m] |= (value & 15) << (4 * UInt8(quarter >> 1))
                stored[start + 128 + 32 * half + m] |= (value >> 4) << (2 * UInt8(quarter))
            }
            let (scale, factors) = Self.factored(scales[first / 16..<first / 16 + 16])!
            for group in 0..<16 { stored[start + 192 + group] = UInt8(bitPattern: factors[group]) }
            (stored[start + 208], stored[start + 209]) = (UInt8(scale & 0xFF), UInt8(scale >> 8))
        }
    }

    /// Sixteen scales as a binary16 scale of their own times signed bytes; nil where there are none such.
    private static func factored(_ scales: ArraySlice<Float>) -> (scale: UInt16, factors: [Int8])? {
        guard let largest = scales.max(by: { abs($0) < abs($1) }), largest != 0 else {
            return (0, [Int8](repeating: 0, count: 16))
        }
        // ggml's quantiser makes the largest -128, so that the first try is the last.
        for factor in [-128] + (1...127).reversed().flatMap({ [$0, -$0] }) {
            let scale = largest / Float(factor)
            guard scale * Float(factor) == largest, let bits = HalfFloat.exactBits(scale) else { continue }
            let factors = scales.map { ($0 / scale).rounded() }
            if zip(scales, factors).allSatisfy({ (-128...127).contains($1) && $1 * scale == $0 }) {
                return (bits, factors.map { Int8($0) })
            }
        }
        return nil
    }

    /// The matrix rounded to Q8_0 as ggml does it: a step of a 127th of the largest magnitude in 32 columns; codes are the nearest, away
    /// from zero between two, counted in steps before those are rounded to binary16. nil where columns are no multiple of 32 or a step
    /// is too large for binary16.
    func quantizedToQ8() -> DenseMatrix? {
        guard element != .scaledInt8, columns.isMultiple(of: 32) else { return nil }
        var codes: [Int8] = []
        var scales: [Float] = []
        codes.reserveCapacity(rows * columns)
        for row in 0..<rows {
            let values = self.row(row)
            for start in stride(from: 0, to: columns, by: 32) {
                let group = values[start..<start + 32]
                let step = group.reduce(0) { max($0, abs($1)) } / 127
                guard let scale = Self.half(step) else { return nil }
                let inverse = step > 0 ? 1 / step : 0
                scales.append(scale)
                codes += group.map { Int8(($0 * inverse).rounded(.toNearestOrAwayFromZero)) }
            }
        }
        return DenseMatrix(rows: rows, columns: columns, groupColumns: 32, codes: codes, scales: scales)
    }

    /// The binary16 value nearest to a magnitude, the even one between two; nil beyond its range.
    private static func half(_ x: Float) -> Float? {
        guard x < 65520 else { return nil }
        // Below 2^-14 steps are of 2^-24.
        if x < 0x1p-14 { return (x * 0x1p24).rounded(.toNearestOrEven) * 0x1p-24 }
        return Float(bitPattern: (x.bitPattern + 0xFFF + (x.bitPattern >> 13 & 1)) & ~0x1FFF)
    }
}
