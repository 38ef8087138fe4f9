/// The tensor types of ggml that are read and written here.
enum GGUFTensorType: UInt32, Sendable {
    case float32 = 0, float16 = 1, bfloat16 = 30, tq1 = 34, tq2 = 35

    /// Elements in a block.
    var blockLength: Int { self == .tq1 || self == .tq2 ? TernaryBlock.length : 1 }

    /// Bytes of a block.
    var blockByteCount: Int {
        switch self {
        case .float32: 4
        case .float16, .bfloat16: 2
        case .tq1: 54
        case .tq2: 66
        }
    }

    /// ggml's name.
    var name: String {
        switch self {
        case .float32: "F32"
        case .float16: "F16"
        case .bfloat16: "BF16"
        case .tq1: "TQ1_0"
        case .tq2: "TQ2_0"
        }
    }

    /// The same among the types of plain floats.
    var element: FloatElement? {
        switch self {
        case .float32: .float32
        case .float16: .float16
        case .bfloat16: .bfloat16
        case .tq1, .tq2: nil
        }
    }
}
