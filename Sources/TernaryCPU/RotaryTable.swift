import TernaryCore

/// Cosines and sines of positions, made as far as texts have come, for all sequences and blocks.
final class RotaryTable {
    private static let pagePositions = 256

    private let frequencies: [Float]
    private let factor: Float
    /// `(positions, 2, d / 2)` each.
    private var pages: [Scratch<Float>] = []

    init(_ shape: TransformerConfiguration) {
        frequencies = shape.rotation.frequencies(headSize: shape.headSize)
        factor = shape.rotation.attentionFactor
    }

    /// Bytes of the table.
    var byteCount: Int { pages.reduce(0) { $0 + 4 * $1.count } }

    /// Makes the first `positions` positions.
    func grow(to positions: Int) {
        let half = frequencies.count
        while pages.count * Self.pagePositions < positions {
            let page = Scratch<Float>(Self.pagePositions * 2 * half, zero: 0)
            for index in 0..<Self.pagePositions {
                let turn = RotaryEmbedding.turn(
                    pages.count * Self.pagePositions + index, frequencies: frequencies, factor: factor)
                (page.base + 2 * index * half).update(from: turn.cosines, count: half)
                (page.base + (2 * index + 1) * half).update(from: turn.sines, count: half)
            }
            pages.append(page)
        }
    }

    /// Cosines of a position, `(d / 2)`; sines follow them.
    func turn(_ position: Int) -> UnsafePointer<Float> {
        UnsafePointer(pages[position / Self.pagePositions].base + position % Self.pagePositions * 2 * frequencies.count)
    }
}
