import Testing

@testable import TernaryKernels

@Suite("What ops have to move and to compute") struct KernelCostTests {
    @Test("element-wise ops move three rows, or two where they work in place") func elementwise() {
        #expect(Residual(count: 100).cost == KernelCost(read: 800, written: 400, floatOperations: 100))
        #expect(GLU(count: 100).cost.bytes == 1200 && OutputGate(count: 100).cost.bytes == 1200)
        let gates = MLGRUGates(tokens: 3, channels: 10, hasLowerBound: false).cost
        #expect(gates.read == 240 && gates.written == 240)
        #expect(MLGRUGates(tokens: 3, channels: 10, hasLowerBound: true).cost.read == 280)
        let recurrence = MLGRU(tokens: 3, channels: 10).cost
        #expect(recurrence.read == 280 && recurrence.written == 160 && recurrence.floatOperations == 60)
        let lookup = Embedding(tokens: 3, columns: 10, element: .float16, rows: 0..<7).cost
        #expect(lookup == KernelCost(read: 3 * 24, written: 120))
    }

    @Test("a ternary product reads two bits a weight once, and does two operations a weight and token") func product() {
        let one = TernaryMatmul(tokens: 1, rows: 64, columns: 128, yStride: 64, terms: .matrix(scale: 1)).cost
        #expect(one.read == 64 * 128 / 4 + 128 + 8 && one.written == 256)
        #expect(one.int8Operations == 2 * 64 * 128 && one.floatOperations == 64)
        let many = TernaryMatmul(tokens: 10, rows: 64, columns: 128, yStride: 64, terms: .matrix(scale: 1)).cost
        #expect(many.read == 64 * 128 / 4 + 1360 && many.int8Operations == 10 * one.int8Operations)
    }

    @Test("a fused layer does the arithmetic of its parts and leaves out what they store for each other") func fused() {
        let (tokens, rows, columns) = (3, 64, 128)
        let norm = RMSNorm(tokens: tokens, columns: columns, norm: RowNorm(outerEpsilon: 1e-6)).cost
        let quantize = Quantize(tokens: tokens, columns: columns).cost
        let product = TernaryMatmul(tokens: tokens, rows: rows, columns: columns, yStride: rows, terms: .matrix(scale: 1)).cost
        let fused = BitLinearFused(
            tokens: tokens, rows: rows, columns: columns, yStride: rows, terms: .matrix(scale: 1),
            norm: RowNorm(outerEpsilon: 1e-6),
            addsResidual: false
        ).cost
        #expect(fused.operations == norm.operations + quantize.operations + product.operations)
        #expect(fused.written == product.written)
        #expect(fused.read == norm.read + product.read - tokens * (columns + 8))
        let split = NormQuantize(tokens: tokens, columns: columns, norms: 1, plane: tokens, norm: RowNorm(outerEpsilon: 1e-6))
            .cost
        #expect(split.operations == norm.operations + quantize.operations && split.written == quantize.written)
        #expect(split.read == norm.read)
    }

    @Test("fused mixers read all of their matrices, and a step its state") func mixers() {
        let glu = GLUFused(tokens: 2, channels: 32, columns: 64, terms: .matrix(scale: 1), norm: RowNorm(outerEpsilon: 1e-6)).cost
        #expect(glu.int8Operations == 2 * 2 * 2 * 32 * 64 && glu.written == 2 * 32 * 4)
        #expect(glu.read == 2 * 32 * 64 / 4 + 4 * (2 * 64 + 2 * 64))
        func mixer(_ tokens: Int, isSequence: Bool) -> KernelCost {
            MLGRUFused(
                tokens: tokens, channels: 32, columns: 64, scales: (1, 1, 1), epsilon: 1e-6, isSequence: isSequence,
                hasLowerBound: true
            ).cost
        }
        let step = mixer(1, isSequence: false)
        let gates = mixer(1, isSequence: true)
        #expect(step.read - gates.read == 32 * 4 && step.written == 3 * 32 * 4 && gates.written == step.written)
        #expect(step.int8Operations == 3 * 2 * 32 * 64 && step.floatOperations - gates.floatOperations == 7 * 32)
    }
}
