/// The place of the largest value, the first among equals: the token that greedy sampling takes.
///
/// - Parameter values: not empty, none of them a NaN.
public func argmax(_ values: [Float]) -> Int {
    precondition(!values.isEmpty, "no value is the largest of none")
    return values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }
}
