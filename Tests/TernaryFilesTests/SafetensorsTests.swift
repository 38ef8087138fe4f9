import Testing

@testable import TernaryFiles

@Suite("safetensors headers")
struct SafetensorsTests {
    static func problem(_ bytes: [UInt8]) throws -> String? {
        bytes.withUnsafeBytes { raw in message { _ = try SafetensorsHeader(InputFile(raw, name: "f")) } }
    }

    @Test("gives names, types, shapes and places")
    func reads() throws {
        let bytes = TinyTensor.file([TinyTensor("b", [2, 3], [1, 2, 3, 4, 5, 6]), TinyTensor("a", [], [7], type: "BF16")])
        let tensors = try bytes.withUnsafeBytes { try SafetensorsHeader(InputFile($0, name: "f")).tensors }
        #expect(tensors.map(\.name) == ["b", "a"])
        #expect(tensors.map(\.shape) == [[2, 3], []])
        #expect(tensors.map(\.type) == ["F32", "BF16"])
        #expect(tensors.map(\.byteCount) == [24, 2])
        #expect(tensors[1].offset == bytes.count - 2)
    }

    @Test(
        "refuses a header that does not fit, in one line that says why",
        arguments: [
            (#"[1]"#, 0, "does not begin"), (#"{"a":1}"#, 0, "object"), (#"{"a":{}}"#, 0, "dtype"), (#"{"#, 0, "JSON"),
            (#"{"a":{"dtype":"X9","shape":[1],"data_offsets":[0,4]}}"#, 4, "dtype"),
            (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "shape"),
            (#"{"a":{"dtype":"F32","shape":[0.5],"data_offsets":[0,4]}}"#, 4, "shape"),
            (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#, 4, "overflows"),
            (#"{"a":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,4]}}"#, 4, "whole numbers"),
            (#"{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}"#, 4, "at most 8"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4, "data_offsets"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "data_offsets"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4, "data_offsets"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}"#, 8, "takes 4 bytes"),
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4, "truncated"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "unused"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8, "belong to none"),
            (
                #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
                4, "overlaps"
            ),
            (
                #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
                8, "twice"
            ),
            (#"{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}"#, 4, "distinct"),
        ])
    func refuses(header: String, data: Int, reason: String) throws {
        let problem = try #require(try Self.problem(TinyTensor.file(header: header, data: Array(repeating: 0, count: data))))
        #expect(problem.contains(reason) && !problem.contains("\n"), "\(problem)")
    }

    @Test(
        "refuses absurd header lengths before it reads one", arguments: [0x7FFF_FFFF_FFFF_FFFF, .max, 100_000_001, 9] as [UInt64])
    func lengths(length: UInt64) throws {
        var bytes: [UInt8] = []
        bytes.append(integer: length)
        #expect(try Self.problem(bytes + Array("{}".utf8))?.contains("header's length") == true)
    }

    @Test("refuses every truncation")
    func truncations() throws {
        let bytes = TinyTensor.file([TinyTensor("w", [2, 2], [1, 2, 3, 4])])
        for count in 0..<bytes.count { #expect(try Self.problem(Array(bytes.prefix(count))) != nil, "\(count) bytes") }
    }
}
