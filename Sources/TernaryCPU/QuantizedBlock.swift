import CTernary
import TernaryCore

/// The quantised rows of a block of tokens in the layout that the kernels multiply: panels of up to 16 tokens.
struct QuantizedBlock {
    /// Tokens in a panel.
    static let panelTokens = CT_PANEL_TOKENS

    private let codes: Scratch<Int8>
    private let rows: Scratch<ct_row>
    private let panelBytes: Int

    init(tokens: Int, widest: Int) {
        let panels = (tokens + Self.panelTokens - 1) / Self.panelTokens
        panelBytes = Self.panelTokens * TernaryMatrix.padded(widest, to: 64)
        codes = Scratch(panels * panelBytes, zero: 0)
        rows = Scratch(panels * Self.panelTokens, zero: ct_row())
    }

    /// Bytes of codes and steps.
    var byteCount: Int { codes.count + rows.count * MemoryLayout<ct_row>.stride }

    /// What threads take of a block; good as long as it lives.
    var pointers: Pointers { Pointers(codes: codes.base, panelBytes: panelBytes, steps: rows.base) }

    /// Where a block's rows are, without references that threads would have to count.
    struct Pointers {
        fileprivate let codes: UnsafeMutablePointer<Int8>
        fileprivate let panelBytes: Int
        /// Step and sum of each token's codes.
        let steps: UnsafeMutablePointer<ct_row>

        /// The codes of the panel that a token is in.
        func panel(of token: Int) -> UnsafeMutablePointer<Int8> { codes + token / panelTokens * panelBytes }

        /// What turns a token's integer sums for a matrix of such a scale into floats.
        ///
        /// - Parameter sums: of a panel's tokens, `CT_CHUNK_ROWS` each.
        func product(_ sums: UnsafePointer<Int32>, token: Int, scale: Float) -> ct_product {
            let row = steps[token]
            let first = token % panelTokens * CT_CHUNK_ROWS
            return ct_product(sums: sums + first, offset: row.sum, scale: Exact.settle(row.step * scale))
        }
    }
}
