import TernaryCore
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

    @Test("joined dispatches do the arithmetic of their parts, and leave out what these store for each other") func joined() {
        let (tokens, width) = (3, 64)
        let norm = RowNorm(outerEpsilon: 1e-6)
        let quantised = NormQuantize(tokens: tokens, columns: width, norms: 1, plane: tokens, norm: norm).cost
        let row = 4 * tokens * width
        let gate = GateQuantize(tokens: tokens, channels: width, outerEpsilon: 1e-6).cost
        #expect(gate.operations == OutputGate(count: tokens * width).cost.operations + quantised.operations)
        #expect(gate.read == quantised.read + row && gate.written == quantised.written + row)
        let sum = ResidualQuantize(tokens: tokens, columns: width, norms: 1, plane: tokens, norm: norm).cost
        #expect(sum.operations == tokens * width + quantised.operations)
        #expect(sum.read == quantised.read + row && sum.written == quantised.written + row)
        // One norm's weights fewer.
        let glu = GLUQuantize(tokens: tokens, columns: width).cost
        #expect(glu.read == 2 * row + 4 * width && glu.written == quantised.written)
        let step = MLGRUStep(rows: tokens, channels: width, stateStride: width, hasLowerBound: true).cost
        #expect(step.read == 4 * row + 4 * width + 12 && step.written == 2 * row)
        let codes = MLGRUStepQuantize(rows: tokens, channels: width, stateStride: width, outerEpsilon: 1e-6, hasLowerBound: true)
            .cost
        #expect(codes.operations == step.operations + quantised.operations)
        #expect(codes.read == step.read + 8 * width && codes.written == row + quantised.written)
        let fused = MLGRUFused(
            tokens: 1, channels: 32, columns: 64, scales: (1, 1, 1), epsilon: 1e-6, isSequence: false, hasLowerBound: true)
        let batch = MLGRUFusedBatch(fused, rows: 5, sequenceStride: 32).cost
        #expect(batch.operations == 5 * fused.cost.operations && batch.written == 5 * fused.cost.written)
        // Weights of both kinds and the bound are read once.
        let shared = 3 * 32 * 64 / 4 + 4 * (4 * 64 + 32)
        #expect(batch.read - 20 - shared == 5 * (fused.cost.read - shared))
        #expect(TernaryUnpack(matrices: 2, tiles: 11).cost == KernelCost(read: 2 * 3 * 64, written: 2 * 11 * 16))
        #expect(Argmax(rows: 2, columns: 10).cost == KernelCost(read: 80, written: 16, floatOperations: 20))
    }

    @Test("dense products read their weights once, as they are stored") func dense() throws {
        let codes = DenseMatrix(
            rows: 8, columns: 64, groupColumns: 32, codes: Array(repeating: 1, count: 512), scales: Array(repeating: 1, count: 16)
        )
        let layout = try #require(DenseLayout(.dense(codes)))
        let product = DenseMatmul(tokens: 3, rows: 0..<8, layout: layout, yStride: 16, hasBias: true).cost
        #expect(product.read == 512 + 64 + 3 * 64 * 4 + 32 && product.written == 3 * 8 * 4)
        #expect(product.floatOperations == 3 * 8 * (2 * 64 + 1) && product.int8Operations == 0)
        let lookup = DenseEmbedding(tokens: 3, rows: 0..<8, layout: layout).cost
        #expect(lookup == KernelCost(read: 3 * (4 + 64 + 8), written: 3 * 256, floatOperations: 192))
        #expect(NormRows(rows: 2..<5, columns: 10, epsilon: 1).cost == KernelCost(read: 160, written: 120, floatOperations: 120))
    }

    @Test("a prompt's queries take the keys up to their own") func attention() {
        func cost(_ tokens: Int, _ cache: KeyValueElement) -> KernelCost {
            AttentionPrompt(
                tokens: tokens, shape: AttentionShape(heads: 4, keyValueHeads: 2, headSize: 32, scale: 1, cache: cache),
                mostPages: 9
            ).cost
        }
        // 3 + 2 + 1 keys of 4 heads.
        #expect(cost(3, .float16).floatOperations == 24 * (4 * 32 + 5) + 3 * 128)
        #expect(cost(3, .float16).read == 3 * 128 * 4 + 3 * 2 * 64 * 2 + 8 + 4 && cost(3, .float16).written == 3 * 128 * 4)
        #expect(cost(3, .float32).read - cost(3, .float16).read == 3 * 2 * 64 * 2)
        #expect(cost(3, .q8).read == 3 * 128 * 4 + 3 * 2 * 64 + 3 * 2 * 2 * 4 + 12)
    }
}
