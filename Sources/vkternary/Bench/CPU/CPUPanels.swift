import CTernary
import TernaryCore

/// Zeroed memory on a cache line's boundary, freed with its owner.
final class Pad<Element: BitwiseCopyable> {
    let base: UnsafeMutablePointer<Element>
    let count: Int

    init(_ count: Int) {
        self.count = count
        let byteCount = max(count, 1) * MemoryLayout<Element>.stride
        let raw = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
        raw.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        base = raw.assumingMemoryBound(to: Element.self)
    }

    convenience init(_ values: [Element]) {
        self.init(values.count)
        base.update(from: values, count: values.count)
    }

    deinit { UnsafeMutableRawPointer(base).deallocate() }

    /// Its first values.
    func values(_ count: Int) -> [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }
}

/// Quantised rows of several tokens as the CPU's products take them: panels of up to 16.
final class CPUPanels {
    let tokens: Int
    private let panelBytes: Int
    private let bytes: Pad<Int8>
    /// Step and sum of each token's codes.
    let rows: Pad<ct_row>

    /// Values that a product of a chunk of rows and a panel of tokens writes.
    static let sumsOfChunk = CT_CHUNK_ROWS * CT_PANEL_TOKENS

    init(tokens: Int, width: Int) {
        self.tokens = tokens
        panelBytes = CT_PANEL_TOKENS * TernaryMatrix.padded(width, to: 64)
        bytes = Pad((tokens + CT_PANEL_TOKENS - 1) / CT_PANEL_TOKENS * panelBytes)
        rows = Pad(tokens)
    }

    /// Where the panel of a token begins.
    func start(of token: Int) -> UnsafeMutablePointer<Int8> { bytes.base + token / CT_PANEL_TOKENS * panelBytes }

    /// Tokens in the panel of a token.
    func count(with token: Int) -> Int {
        let first = token / CT_PANEL_TOKENS * CT_PANEL_TOKENS
        return min(CT_PANEL_TOKENS, tokens - first)
    }

    /// Where the code of a token and column stands.
    private func place(_ token: Int, _ column: Int) -> UnsafeMutablePointer<Int8> {
        let start = start(of: token)
        if count(with: token) == 1 { return start + column }
        return start + (column / 4 * CT_PANEL_TOKENS + token % CT_PANEL_TOKENS) * 4 + column % 4
    }

    /// Writes codes, a row a token.
    func set(_ codes: [[Int8]]) {
        for token in 0..<tokens { for (column, code) in codes[token].enumerated() { place(token, column).pointee = code } }
    }

    /// A token's codes.
    func codes(_ token: Int, width: Int) -> [Int8] { (0..<width).map { place(token, $0).pointee } }

    static func randomCodes(tokens: Int, columns: Int) -> [[Int8]] {
        var random = SplitMix64(seed: 4)
        return (0..<tokens).map { _ in (0..<columns).map { _ in max(-127, Int8(truncatingIfNeeded: random.next())) } }
    }
}

extension TernaryMatrix {
    /// Random trits, which are packed as they come: padding is random too, and meets activations of zero.
    static func random(rows: Int, columns: Int, seed: UInt64) -> TernaryMatrix {
        var random = SplitMix64(seed: seed)
        return TernaryMatrix(rows: rows, columns: columns, scale: RotatedMatrix.scale) { words in
            for index in words.indices {
                // Two bits at random, 3 made 1: codes 0, 1 and 2.
                let bits = UInt32(truncatingIfNeeded: random.next())
                let threes = bits & (bits >> 1) & 0x5555_5555
                words[index] = bits & ~(threes << 1)
            }
        }
    }
}
