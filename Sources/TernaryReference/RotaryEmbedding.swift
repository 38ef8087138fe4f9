import TernaryCore

/// Turns a head by its position: element i pairs with element i + d/2.
///
/// - Parameters:
///   - head: `(d)`.
///   - cosines, sines: of the position, `(d / 2)`.
public func rotated(_ head: [Float], cosines: [Float], sines: [Float]) -> [Float] {
    let half = head.count / 2
    let first = (0..<half).map { i in
        Exact.settle(Exact.settle(head[i] * cosines[i]) - Exact.settle(head[i + half] * sines[i]))
    }
    let second = (0..<half).map { i in
        Exact.settle(Exact.settle(head[i + half] * cosines[i]) + Exact.settle(head[i] * sines[i]))
    }
    return first + second
}
