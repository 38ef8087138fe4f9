/// For which of the tokens of a forward pass the logits are wanted.
public enum LogitRows: Sendable {
    /// For none: only the state matters.
    case none
    /// For the last token, as generation needs them.
    case last
    /// For every token, in order.
    case all

    /// Rows of logits for a pass over `count` tokens.
    public func rowCount(tokens count: Int) -> Int {
        switch self {
        case .none: 0
        case .last: min(1, count)
        case .all: count
        }
    }
}
