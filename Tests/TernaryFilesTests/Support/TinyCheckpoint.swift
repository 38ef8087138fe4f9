@testable import TernaryCore
@testable import TernaryFiles

/// Tensors of a safetensors file to be written by a test.
struct TinyTensor {
    var name: String
    var type = "F32"
    var shape: [Int]
    var bytes: [UInt8]

    init(_ name: String, _ shape: [Int], _ values: [Float], type: String = "F32") {
        (self.name, self.shape, self.type) = (name, shape, type)
        bytes = []
        for value in values {
            switch type {
            case "F16": bytes.append(integer: HalfFloat.exactBits(value) ?? 0)
            case "BF16": bytes.append(integer: UInt16(value.bitPattern >> 16))
            default: bytes.append(integer: value.bitPattern)
            }
        }
    }

    /// A whole safetensors file.
    static func file(_ tensors: [TinyTensor]) -> [UInt8] {
        var data: [UInt8] = []
        let entries = tensors.map { tensor in
            let begin = data.count
            data += tensor.bytes
            return
                #""\#(tensor.name)":{"dtype":"\#(tensor.type)","shape":\#(tensor.shape),"data_offsets":[\#(begin),\#(data.count)]}"#
        }
        return file(header: "{" + entries.joined(separator: ",") + "}", data: data)
    }

    /// A file with this header, right or wrong.
    static func file(header: String, data: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(integer: UInt64(header.utf8.count))
        return bytes + Array(header.utf8) + data
    }
}

/// A small MatMul-free checkpoint whose parts a test may change before it is written.
struct TinyCheckpoint {
    var config: [String: String]
    var tensors: [TinyTensor]

    /// - Parameter value: turns a random number in -1...1 into a weight of the embedding.
    init(
        hidden: Int = 20, intermediate: Int = 28, layers: Int = 2, vocabulary: Int = 10, type: String = "F32", tied: Bool = false,
        seed: UInt64 = 1, embedding value: (Float) -> Float = { $0 }
    ) {
        config = [
            "model_type": "\"hgrn_bit\"", "hidden_size": "\(hidden)", "intermediate_size": "\(intermediate)",
            "num_hidden_layers": "\(layers)", "vocab_size": "\(vocabulary)", "tie_word_embeddings": "\(tied)",
        ]
        let configuration = MatMulFreeConfiguration(
            vocabularySize: vocabulary, hiddenSize: hidden, intermediateSize: intermediate, layerCount: layers,
            tiesEmbeddings: tied)
        var random = SplitMix64(seed: seed)
        tensors = configuration.huggingFaceTensors().map { name, shape in
            let values = (0..<shape.reduce(1, *)).map { _ in
                // Multiples of 1/64 in -1...1: exact in every type.
                let uniform = Float(Int(random.next() % 129) - 64) / 64
                return name == "model.embeddings.weight" ? value(uniform) : uniform
            }
            return TinyTensor(name, shape, values, type: type)
        }
    }

    subscript(name: String) -> TinyTensor {
        get { tensors.first { $0.name == name }! }
        set { tensors[tensors.firstIndex { $0.name == name }!] = newValue }
    }

    func write(to scratch: Scratch) throws {
        try scratch.write("config.json", "{" + config.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}")
        try scratch.write("model.safetensors", TinyTensor.file(tensors))
    }
}

/// The message of the error that `body` throws; nil where it throws none.
func message(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch { return "\(error)" }
}
