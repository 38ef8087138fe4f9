import TernaryCore
import Testing

@testable import TernaryReference

@Suite("bitlinear reference")
struct BitLinearTests {
    @Test("a hand-worked row: codes, step and sums")
    func handWorked() {
        // Root mean square of (3, -4, 0, 0) is 2.5: normalised 1.2, -1.6, 0, 0; step 1.6 / 127.
        let row = bitLinearNorm([3, -4, 0, 0], norm: InputNorm(inner: [1, 1, 1, 1]))
        let quantized = quantize(row)
        #expect(quantized.codes == [95, -127, 0, 0])
        #expect(abs(quantized.step - 1.6 / 127) < 1e-8)
        let matrix = TernaryMatrix(rows: 2, columns: 4, scale: 0.5, trits: [1, -1, 0, 1, 0, 1, 1, 0])
        #expect(integerProduct(quantized.codes, matrix) == [222, -127])
        let out = ternaryMatmul(quantized, matrix)
        #expect(abs(out[0] - 222 * 1.6 / 127 * 0.5) < 1e-6)
    }

    @Test("two norms in a row are one pass of the same mathematics")
    func doubleNorm() {
        let x: [Float] = (0..<100).map { Float(($0 * 37) % 19) - 9 }
        let outer: [Float] = (0..<100).map { 0.5 + Float($0 % 7) * 0.1 }
        let inner: [Float] = (0..<100).map { 1.5 - Float($0 % 5) * 0.2 }
        let row = bitLinearNorm(x, norm: InputNorm(outer: outer, outerEpsilon: 1e-6, inner: inner))
        let normed = rmsNorm(rmsNorm(x, weight: outer, epsilon: 1e-6), weight: inner, epsilon: 1e-6)
        for (value, expected) in zip(row.weighted, normed) {
            #expect(abs(value * row.rootInverse - expected) <= 1e-6 * max(1, abs(expected)))
        }
    }

    @Test("a row of zeros gives zeros, an outlier only itself")
    func edges() {
        let norm = InputNorm(inner: Array(repeating: 1, count: 300))
        #expect(quantize(bitLinearNorm(Array(repeating: 0, count: 300), norm: norm)).codes.allSatisfy { $0 == 0 })
        var row = [Float](repeating: 1e-3, count: 300)
        row[7] = 1e30
        let codes = quantize(bitLinearNorm(row, norm: norm)).codes
        #expect(codes[7] == 127 && codes.filter { $0 != 0 }.count == 1)
    }

    @Test("halves round away from zero", arguments: [(0.5, 1), (-0.5, -1), (1.5, 2), (2.5, 3), (0.49999997, 0), (126.5, 127)])
    func halves(value: Float, code: Int8) { #expect(Exact.roundToInt8(value) == code) }
}
