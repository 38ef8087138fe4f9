import CTernary
import TernaryCore

/// Keys and values of several sequences, in pages that are taken as texts grow and given back when they end.
///
/// A page holds 256 tokens of one sequence in all blocks. Memory of a page that no token has been written to yet is not touched.
final class KeyValueCache {
    /// Tokens in a page: a multiple of a chunk of attention.
    static let pageTokens = 256

    let element: KeyValueElement
    private let heads, size, layers: Int
    /// Pages in use, by sequence.
    private var pages: [[UnsafeMutableRawPointer]]
    /// Pages that no sequence uses.
    private var spare: [UnsafeMutableRawPointer] = []

    init(_ shape: TransformerConfiguration, layers: Int, element: KeyValueElement, sequences: Int) {
        self.element = element
        self.layers = layers
        heads = shape.keyValueHeadCount
        size = shape.headSize
        pages = Array(repeating: [], count: sequences)
    }

    deinit {
        for page in pages.joined() { page.deallocate() }
        for page in spare { page.deallocate() }
    }

    /// Bytes of all pages.
    var byteCount: Int { (pages.reduce(spare.count) { $0 + $1.count }) * pageBytes }

    /// Makes room for a sequence's first `tokens` tokens.
    func grow(_ sequence: Int, to tokens: Int) {
        while pages[sequence].count * Self.pageTokens < tokens {
            pages[sequence].append(spare.popLast() ?? .allocate(byteCount: pageBytes, alignment: 64))
        }
    }

    /// Forgets a sequence.
    func reset(_ sequence: Int) {
        spare += pages[sequence]
        pages[sequence] = []
    }

    /// The keys, or the values, of a block for the tokens around a position.
    func page(_ sequence: Int, layer: Int, position: Int, values: Bool) -> ct_page {
        let start = pages[sequence][position / Self.pageTokens] + (2 * layer + (values ? 1 : 0)) * halfBytes
        return ct_page(
            values: start.assumingMemoryBound(to: UInt8.self),
            scales: (start + valueBytes).assumingMemoryBound(to: UInt16.self), heads: heads, tokens: Self.pageTokens,
            size: size, element: element.rawValue)
    }

    private var valueBytes: Int {
        let each = element == .float32 ? 4 : element == .float16 ? 2 : 1
        return TernaryMatrix.padded(Self.pageTokens * heads * size * each, to: 64)
    }

    private var scaleBytes: Int {
        guard element == .q8 else { return 0 }
        return 2 * Self.pageTokens * ((heads * size + KeyValueElement.groupSize - 1) / KeyValueElement.groupSize)
    }

    /// Bytes of the keys, or the values, of one block.
    private var halfBytes: Int { valueBytes + TernaryMatrix.padded(scaleBytes, to: 64) }
    private var pageBytes: Int { 2 * layers * halfBytes }
}
