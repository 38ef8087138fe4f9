import TernaryReference
import Testing

@Suite("argmax reference")
struct ArgmaxTests {
    @Test(
        "is the first of the largest values",
        arguments: [([1], 0), ([1, 3, 2], 1), ([2, 3, 3], 1), ([-0.0, 0], 0), ([-.infinity, -5], 1), ([4, 4, 4], 0)]
            as [([Float], Int)])
    func place(values: [Float], expected: Int) { #expect(argmax(values) == expected) }
}
