import TernaryCore
import TernaryKernels
import TernaryModels
import Testing

@testable import vkternary

@Suite("What benchmarks say of themselves, and what they count") struct BenchFactsTests {
    @Test("a commit is told as git writes it, or not at all") func commit() throws {
        #expect(try BenchFacts.commit(nil) == nil && BenchFacts.commit("") == nil)
        #expect(try BenchFacts.commit("84852e4") == "84852e4" && BenchFacts.commit("84852e4-dirty") == "84852e4-dirty")
        for wrong in [
            "84852e", "84852g4", "main", "84852e4-dirty-dirty", "-dirty", String(repeating: "a", count: 65), "84852e4\n",
        ] {
            #expect(throws: UsageError.self) { try BenchFacts.commit(wrong) }
        }
    }

    @Test("a command can be pasted into a shell") func command() {
        #expect(
            BenchFacts.command(["/a/b/vkternary", "bench", "model", "it's mine.gguf", "--tokens", "1,4", "$HOME", ""])
                == #"vkternary bench model 'it'\''s mine.gguf' --tokens 1,4 '$HOME' ''"#)
    }

    @Test("dates are UTC") func date() {
        #expect(BenchFacts.date(0) == "1970-01-01T00:00:00Z" && BenchFacts.date(1_767_323_045) == "2026-01-02T03:04:05Z")
    }

    @Test("a floor is memory's or the integer units', whichever takes longer") func floor() {
        let ceilings = DeviceCeilings(read: 100, copy: 80, int8Dot: 10, int8Units: 1000)
        let reading = ceilings.floor(KernelCost(read: 1000, written: 0), usesMatrixUnits: false)
        #expect(reading.seconds == 10 && reading.bound == .memory)
        // 400 written along with 400 read, and 600 more read.
        #expect(ceilings.floor(KernelCost(read: 1000, written: 400), usesMatrixUnits: false).seconds == 800.0 / 80 + 600.0 / 100)
        #expect(ceilings.floor(KernelCost(read: 0, written: 800), usesMatrixUnits: false).seconds == 10)
        let product = KernelCost(read: 1000, written: 0, int8Operations: 20_000, floatOperations: 1 << 40)
        let dot = ceilings.floor(product, usesMatrixUnits: false)
        #expect(dot.seconds == 2000 && dot.bound == .int8Dot)
        let units = ceilings.floor(product, usesMatrixUnits: true)
        #expect(units.seconds == 20 && units.bound == .int8Units)
    }

    @Test("a test's arithmetic is that of its tokens, in every format of a table") func arithmetic() {
        let shape = ModelConfiguration.matMulFree(.init(vocabularySize: 10, hiddenSize: 4, intermediateSize: 6, layerCount: 3))
        let prompt = ModelTest(kind: .prompt, count: 8).arithmetic(shape)
        let text = ModelTest(kind: .text, count: 7, batch: 4).arithmetic(shape)
        // 3 blocks of 4 x 16 + 3 x 24; the head of 40, of a prompt's last token and of each that is written.
        #expect(prompt.tokens == 8 && prompt.ternaryAdditions == 8 * 3 * 136 + 40)
        #expect(text.tokens == 8 && text.ternaryAdditions == 8 * (3 * 136 + 40))
        var table = BenchTable(facts: ArithmeticEnergy.facts, columns: ArithmeticEnergy.columns)
        table.append(text.cells)
        #expect(table.text(.table).contains("fp16 / ternary product           71.4\n"))
        #expect(table.text(.json).contains("\"ternary_additions_per_token\": 448.0,"))
        #expect(table.text(.csv).contains(",448.0,") && table.text(.markdown).contains("| 448 |"))
    }

    @Test("a product is told from what is none, by one wrong element anywhere") func product() {
        let (rows, yColumns, columns) = (5, 4, 3)
        let a = (0..<rows * columns).map { Int8(truncatingIfNeeded: $0 * 37 - 100) }
        let b = (0..<yColumns * columns).map { Int8(truncatingIfNeeded: $0 * 91 + 5) }
        let v: [Int32] = [0x1234_5679, -77_777_777, 0x7FFF_FFFF, 99_991]
        let y = (0..<rows * yColumns).map { at in
            (0..<columns).reduce(Int32(0)) {
                $0 + Int32(a[at / yColumns * columns + $1]) * Int32(b[at % yColumns * columns + $1])
            }
        }
        #expect(ProductCheck.holds(y, a, b, columns: columns, v))
        for at in y.indices {
            var wrong = y
            wrong[at] += 1
            #expect(!ProductCheck.holds(wrong, a, b, columns: columns, v))
        }
    }

    @Test(
        "a token's keys and values are counted as they are kept",
        arguments: [(KeyValueElement.float32, 480), (.float16, 240), (.q8, 132)])
    func keysAndValues(_ element: KeyValueElement, _ bytes: Int) {
        let shape = TransformerConfiguration(
            vocabularySize: 10, hiddenSize: 40, intermediateSize: 6, layerCount: 3, headCount: 4, keyValueHeadCount: 2,
            headSize: 10,
            normEpsilon: 1e-5, rotation: RotaryEmbedding(theta: 10_000), activation: .silu)
        // 3 blocks of 20 keys and 20 values; as bytes those of a token share a scale.
        #expect(KeyValueOptions(element: element).bytesEach(shape) == bytes)
        // After one token that is not measured: 2, 3 and 4 of them.
        #expect(ModelTest(kind: .text, count: 3).averageContext == 3)
    }

    @Test("each matrix is measured once, by all the ops that have a use for it") func roles() throws {
        let shapes = try BenchArguments.shapes("1.3b,2048x2048")
        #expect(shapes.map { [$0.columns, $0.rows] } == [[2048, 2048], [2048, 11264], [5632, 2048], [2048, 32000]])
        #expect(shapes.map(\.roles) == [.all, .channels, .stream, .head])
        let transformer = try BenchArguments.shapes("bitnet-2b-4t")
        #expect(
            transformer.map { [$0.columns, $0.rows] } == [
                [2560, 3840], [2560, 2560], [2560, 13_824], [6912, 2560], [2560, 128_256],
            ])
        #expect(transformer.map(\.roles) == [.attention, .stream, .channels, .stream, .head])
    }

    @Test("what is the same for two matrices is measured once") func keys() {
        let (a, b) = (MatrixShape(columns: 64, rows: 32), MatrixShape(columns: 64, rows: 33))
        func isSame(_ op: KernelOp) -> Bool {
            KernelResult.Key(op, tokens: 1, of: a) == KernelResult.Key(op, tokens: 1, of: b)
        }
        #expect(
            KernelOp.allCases.filter(isSame) == [
                .rmsnorm, .quantize, .normQuantize, .normQuantize3, .glu, .gluQuantize, .normRows, .attentionPrompt,
                .attentionStep,
                .attentionChunk, .rotate, .keepKeys, .recallKeys,
            ])
        #expect(KernelResult.Key(.ternaryUnpack, tokens: 5, of: a) == KernelResult.Key(.ternaryUnpack, tokens: 1, of: a))
    }

    @Test("ops are named as shaders are; a wrong name is told with the right ones") func ops() throws {
        #expect(try BenchArguments.ops("residual,rmsnorm,residual") == [.rmsnorm, .residual])
        for wrong in ["", "rmsnorm,", "RMSNorm", "all"] {
            #expect(throws: UsageError.self) { try BenchArguments.ops(wrong) }
        }
    }
}
