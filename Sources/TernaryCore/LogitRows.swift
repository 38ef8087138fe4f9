/// Of which of the tokens given to a forward pass logits are wanted.
public enum LogitRows: Sendable {
    case none, last, all
}
