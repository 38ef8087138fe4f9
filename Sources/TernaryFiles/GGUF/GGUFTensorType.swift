/// The tensor types of ggml, and of the forks that added ternary ones, that are read and written here.
enum GGUFTensorType: Sendable, CaseIterable {
    case float32, float16, bfloat16
    /// A binary16 scale and 32 signed bytes.
    case q8_0
    /// A binary16 scale and 32 codes of 4 bits, less 8.
    case q4_0
    /// A binary16 scale, 16 signed bytes that it is multiplied by, and for each of those 16 codes of 6 bits, less 32.
    case q6_K
    /// 256 trits and a binary16 scale (`TernaryBlock`).
    case tq1, tq2
    /// Trits of a whole tensor and one binary32 scale behind them, of BitNet's fork.
    case i2s
    /// A binary16 scale and 64 or 128 codes of 2 bits, less 1: one number in the file for both.
    case q2x64, q2x128
    /// Signed bytes, and words of tiles, in files that are used where they lie (`PackedLayout`).
    case int8, int32

    /// The number that the format gives the type.
    var number: UInt32 {
        switch self {
        case .float32: 0
        case .float16: 1
        case .q4_0: 2
        case .q8_0: 8
        case .q6_K: 14
        case .int8: 24
        case .int32: 26
        case .bfloat16: 30
        case .tq1: 34
        case .tq2: 35
        case .i2s: 36
        case .q2x64, .q2x128: 42
        }
    }

    /// The type of a number, Q2_0 with the smaller of its blocks; nil for a type that is not read.
    init?(number: UInt32) {
        guard let type = Self.allCases.first(where: { $0.number == number }) else { return nil }
        self = type
    }

    /// Elements in a block.
    var blockLength: Int {
        switch self {
        case .float32, .float16, .bfloat16, .int8, .int32: 1
        case .q8_0, .q4_0: 32
        case .q6_K, .tq1, .tq2: 256
        case .i2s, .q2x128: 128
        case .q2x64: 64
        }
    }

    /// Bytes of a block.
    var blockByteCount: Int {
        switch self {
        case .float32, .int32: 4
        case .float16, .bfloat16: 2
        case .int8: 1
        case .q8_0: 34
        case .q4_0, .q2x64: 18
        case .q6_K: 210
        case .tq1: 54
        case .tq2: 66
        case .i2s: 32
        case .q2x128: 34
        }
    }

    /// Bytes behind a tensor's blocks: I2_S's scale, padded to 32 bytes.
    var tailByteCount: Int { self == .i2s ? 32 : 0 }

    /// ggml's name.
    var name: String {
        switch self {
        case .float32: "F32"
        case .float16: "F16"
        case .bfloat16: "BF16"
        case .q8_0: "Q8_0"
        case .q4_0: "Q4_0"
        case .q6_K: "Q6_K"
        case .tq1: "TQ1_0"
        case .tq2: "TQ2_0"
        case .i2s: "I2_S"
        case .q2x64, .q2x128: "Q2_0"
        case .int8: "I8"
        case .int32: "I32"
        }
    }

    /// The same among the types of plain floats.
    var element: FloatElement? {
        switch self {
        case .float32: .float32
        case .float16: .float16
        case .bfloat16: .bfloat16
        default: nil
        }
    }

    /// Whether only files that are used where they lie have it.
    var isPacked: Bool { self == .int8 || self == .int32 }

    /// Whether weights are in blocks of ternary ones, or of 2 bits that hold a trit.
    var isTernary: Bool { [.tq1, .tq2, .i2s, .q2x64, .q2x128].contains(self) }

    /// Bytes of a tensor's data; nil where rows are no whole blocks or the number overflows.
    func byteCount(dimensions: [Int]) -> Int? {
        guard dimensions[0].isMultiple(of: blockLength) else { return nil }
        var count = dimensions[0] / blockLength
        for factor in dimensions.dropFirst() + [blockByteCount] {
            let (product, overflow) = count.multipliedReportingOverflow(by: factor)
            guard !overflow else { return nil }
            count = product
        }
        let (sum, overflow) = count.addingReportingOverflow(tailByteCount)
        return overflow ? nil : sum
    }

    /// Why a type is not read, by its number in the file.
    static func refusal(of number: UInt32) -> String {
        let read = "F32, F16, BF16, Q8_0, Q6_K, Q4_0, TQ1_0, TQ2_0, I2_S and Q2_0 are read"
        let tiles = "the file does not record the sizes of its tiles, so nothing but the program it was made for can read it"
        return switch number {
        case 38: "has tensor type 38, TL1 of BitNet's fork: \(tiles); convert the model to I2_S or TQ2_0"
        case 39: "has tensor type 39, TL2 in BitNet's fork and MXFP4 in ggml: neither is read; of TL2 \(tiles)"
        default: "has tensor type \(number)\(otherNames[number].map { " (\($0))" } ?? ""); \(read)"
        }
    }

    /// ggml's other types, and I8_S of BitNet's fork.
    private static let otherNames: [UInt32: String] = [
        3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 12: "Q4_K", 13: "Q5_K", 15: "Q8_K", 16: "IQ2_XXS",
        17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16",
        26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 37: "I8_S", 40: "NVFP4", 41: "Q1_0",
    ]
}
