import Testing

@testable import TernaryFiles

@Suite("lower bounds")
struct LowerBoundsTests {
    @Test("equal logits give bounds that rise in equal steps")
    func uniform() {
        let bounds = LowerBounds.bounds(Array(repeating: 3, count: 12), layers: 4, width: 3)
        #expect(bounds == [nil, [0.25, 0.25, 0.25], [0.5, 0.5, 0.5], [0.75, 0.75, 0.75]])
    }

    @Test("stay in 0...1 and rise, whatever the logits")
    func extremes() {
        let bounds = LowerBounds.bounds(
            [-0x1p50, 0, 0x1p50, 0, 0, 100, 0, 0x1p50, -0x1p50, 0x1p50, 1, -100], layers: 3, width: 4)
        #expect(bounds[0] == nil)
        for (low, high) in zip(bounds[1]!, bounds[2]!) { #expect(low >= 0 && low <= high && high <= 1) }
        #expect(LowerBounds.bounds([5, 6], layers: 1, width: 2) == [nil])
    }
}
