import Testing

@testable import TernaryCore
@testable import TernaryFiles

/// Blocks of random bytes and what Python's gguf package 0.19.0 makes of them; of I2_S and Q2_0, which it does not know, what their
/// descriptions in words say.
@Suite("GGUF blocks")
struct GGUFBlockTests {
    /// A block's hexadecimal digits, and the CRC-32 of its values as binary32.
    struct Vector: Sendable {
        let type: GGUFTensorType
        let hex: String
        let checksum: UInt32
    }

    static let vectors = [
        Vector(
            type: .q8_0, hex: "00367aa96ae4eb0eb3479ecafa42f5b50d7671321ee59205291f9fdad03f33a9c985", checksum: 0x3CCC_3234),
        Vector(type: .q4_0, hex: "00367d80d73dc642bf682303235828f85612", checksum: 0x7847_332D),
        Vector(
            type: .q6_K,
            hex: """
                4849d0084ce1551935199ba9eb647dfca60d08eec76eaeb1867435ec363fdd72075bf98c98a0e2a31c9e8d67f8c13e45812d89b3bf9c474dac93288e\
                b58bc612f5536c367c3f760da91ba89da4b0b6ce4c4605e14ac734d00712edebd0d1450116a9cec4cc817e54033fc4a56f65ce16b42b5138595ecb77\
                5ea8ca447de5209ef8fdfee7607c118d0d463feffde05122feea4471324bd3b3f4efa0262090eb9cb243b9683030a977b47bfa873686104c03fea2b3\
                90dc1bebeac9fd22d64d5c15791fd242b6340f25333917664a03ea600036
                """, checksum: 0x1710_7FB3),
        Vector(
            type: .tq1,
            hex: """
                3044495bc7d044ba62b30a0f43ab9a205a649f490ebe892ddc7f6d7d87fdd74b3d0dec878f5774e99d2c62bcf1a592c4e70433100036
                """, checksum: 0x9530_FD23),
        Vector(
            type: .tq2,
            hex: """
                24189841a2861852518210501802194441519998502265942655611525aa9698001188a60646858a9491145a18240628991128048900451819149161\
                5a5858a20036
                """, checksum: 0x9530_FD23),
        Vector(
            type: .i2s,
            hex: """
                86a8a00190a66455610a0481552a9299562a0158510205a2492056944a1a95119a99993effffffffffffffffffffffffffffffffffffffffffffffff\
                ffffffff
                """, checksum: 0xC7CE_9ABB),
        Vector(type: .q2x64, hex: "0036f4b45a945baae8ae1f2e03208d6fb821", checksum: 0xCFC3_C6B9),
        Vector(
            type: .q2x128, hex: "003653c61ecf7c661dd4e87d4844f160fc4a668b9019b3711c97ed20a5b20d97ef9d", checksum: 0xBA6A_419B),
    ]

    static func bytes(_ hex: String) -> [UInt8] {
        var digits = hex[...]
        var bytes: [UInt8] = []
        while let byte = UInt8(digits.prefix(2), radix: 16) {
            bytes.append(byte)
            digits = digits.dropFirst(2)
        }
        return bytes
    }

    /// A file of one matrix.
    static func file(_ type: GGUFTensorType, columns: Int, rows: Int, _ data: [UInt8]) throws -> [UInt8] {
        let scratch = try Scratch()
        let output = try OutputFile(scratch.path + "/m")
        let writer = try GGUFWriter(
            output, metadata: [("general.architecture", .text("llama"))],
            tensors: [.init(name: "w", type: type, dimensions: [columns, rows])])
        try writer.write(data)
        try writer.endTensor()
        try output.finish()
        return try scratch.read("m")
    }

    static func matrix(_ type: GGUFTensorType, columns: Int, rows: Int, _ data: [UInt8]) throws -> LinearMatrix {
        try file(type, columns: columns, rows: rows, data).withUnsafeBytes { bytes in
            let file = try GGUFFile(InputFile(bytes, name: "m"), architectures: ["llama"])
            let tensor = try file.tensor("w", dimensions: [columns, rows])
            guard type.isTernary else {
                return .dense(try DenseMatrix(blocks: PackedStorage(try file.bytes(tensor)), type, rows: rows, columns: columns))
            }
            let (matrix, scales) = try TernaryTensor(tensor, file).read()
            return .ternary(matrix, scales)
        }
    }

    /// Blocks of 64 and 128 of Q2_0 can only be told apart where there are many.
    private static func repeats(_ type: GGUFTensorType) -> Int { type == .q2x64 || type == .q2x128 ? 40 : 1 }

    @Test("hold the values that they should", arguments: vectors)
    func decode(vector: Vector) throws {
        let type = vector.type
        let (block, rows) = (Self.bytes(vector.hex), Self.repeats(type))
        #expect(block.count == type.blockByteCount + type.tailByteCount)
        let matrix = try Self.matrix(
            type, columns: type.blockLength, rows: rows, (0..<rows).flatMap { _ in block })
        for row in 0..<rows {
            var values = matrix.row(row)
            // A zero times a negative scale.
            for index in values.indices where values[index] == 0 { values[index] = 0 }
            var checksum = CRC32()
            values.withUnsafeBytes { checksum.update($0) }
            #expect(checksum.value == vector.checksum)
        }
    }

    @Test("are written as they were read", arguments: vectors)
    func encode(vector: Vector) throws {
        let type = vector.type
        let (block, rows) = (Self.bytes(vector.hex), Self.repeats(type))
        let data = (0..<rows).flatMap { _ in block }
        let matrix = try Self.matrix(type, columns: type.blockLength, rows: rows, data)
        let written = TransformerGGUF.data(of: matrix, as: type, rows: 0..<rows, place: { $0 })
        #expect(try Self.matrix(type, columns: type.blockLength, rows: rows, written) == matrix)
        // What is behind I2_S's scale means nothing, and of a Q6_K block scale and factors only the products count.
        let meant = type == .q6_K ? 192 : data.count - max(0, type.tailByteCount - 4)
        #expect(written.prefix(meant) == data.prefix(meant))
    }

    @Test("round floats to Q8_0 as ggml does")
    func quantize() throws {
        let bits: [UInt32] = [
            3_193_389_100, 1_043_453_756, 3_220_385_434, 3_213_302_069, 1_067_796_241, 1_066_781_239, 1_042_812_344,
            1_057_486_692,
            1_065_205_934, 1_068_964_496, 3_181_505_338, 3_206_887_043, 1_067_064_481, 3_196_925_576, 3_210_618_494,
            1_058_519_735,
            3_190_813_318, 3_181_129_044, 3_182_338_430, 1_061_591_691, 1_041_348_706, 1_039_901_506, 3_216_210_243,
            3_216_279_200,
            3_213_946_201, 3_206_847_905, 1_066_664_085, 3_205_525_300, 3_202_042_130, 1_073_937_105, 1_053_532_483,
            3_199_531_487,
        ]
        let bytes = bits.flatMap { bits in withUnsafeBytes(of: bits) { Array($0) } }
        let floats = DenseMatrix(rows: 1, columns: 32, element: .float32, bytes: bytes)
        let quantized = try #require(floats.quantizedToQ8())
        #expect(
            quantized.stored(.q8_0, rows: 0..<1)
                == Self.bytes("2024f30b8abf50490a213e59fbd84befca25f5fbfb300908a9a8bad848dde57f19ea"))
        let zeros = DenseMatrix(rows: 1, columns: 32, element: .bfloat16, bytes: [UInt8](repeating: 0, count: 64))
        #expect(zeros.quantizedToQ8()?.row(0) == [Float](repeating: 0, count: 32))
        let large = DenseMatrix(rows: 1, columns: 32, element: .bfloat16, bytes: [UInt8](repeating: 0x4B, count: 64))
        #expect(large.quantizedToQ8() == nil)
    }
}
