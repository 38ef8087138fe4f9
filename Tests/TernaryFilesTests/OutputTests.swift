import Foundation
import Testing

@testable import TernaryFiles

@Suite("output files")
struct OutputTests {
    @Test("a file appears when it is finished, and not before")
    func appears() throws {
        let scratch = try Scratch()
        try scratch.write("f", "old")
        var output: OutputFile? = try OutputFile(scratch.path + "/f")
        try output!.write(Array("new".utf8))
        #expect(try scratch.read("f") == Array("old".utf8))
        try output!.finish()
        output = nil
        #expect(try scratch.read("f") == Array("new".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["f"])
    }

    @Test("an unfinished file leaves nothing behind")
    func unfinished() throws {
        let scratch = try Scratch()
        try scratch.write("f", "old")
        var output: OutputFile? = try OutputFile(scratch.path + "/f")
        try output!.write([UInt8](repeating: 1, count: 3 << 20))
        output = nil
        #expect(try scratch.read("f") == Array("old".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["f"])
    }

    @Test("a failing conversion leaves the destination alone")
    func failing() throws {
        let scratch = try Scratch()
        var checkpoint = TinyCheckpoint()
        checkpoint["model.layers.1.mlp.down_proj.weight"].bytes.replaceSubrange(0..<4, with: [0, 0, 0x80, 0x7F])
        try checkpoint.write(to: scratch)
        try scratch.write("m.gguf", "old")
        #expect(throws: FileError.self) { try convert(from: scratch.path, to: scratch.path + "/m.gguf") }
        #expect(try scratch.read("m.gguf") == Array("old".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).count == 3)
    }

    @Test("says why a path cannot be written")
    func unwritable() throws {
        let scratch = try Scratch()
        #expect(message { _ = try OutputFile(scratch.path) }?.contains("is a directory") == true)
        #expect(message { _ = try OutputFile(scratch.path + "/no/f") }?.contains("No such file") == true)
    }

    @Test("the checksum is that of zip")
    func checksum() {
        for (text, expected) in [
            ("", 0), ("123456789", 0xCBF4_3926), ("The quick brown fox jumps over the lazy dog", 0x414F_A339),
        ] as [(String, UInt32)] {
            var crc = CRC32()
            Array(text.utf8).withUnsafeBytes { crc.update($0) }
            #expect(crc.value == expected)
        }
    }

    @Test("NumPy loads what is written", .enabled("needs python3 with numpy") { Python.has("numpy") })
    func numpy() throws {
        let scratch = try Scratch()
        var archive = NPZWriter()
        try archive.add("logits", shape: [2, 3], float32: [1, -2.5, 3, 0x1p-100, .infinity, 0])
        try archive.add("tokens", shape: [4], int64: [1, -2, 1 << 40, 0])
        try archive.add("one", shape: [], int32: [-7])
        try archive.add("none", shape: [0, 5], float32: [])
        #expect(throws: FileError.self) { try archive.add("one", shape: [], int32: [1]) }
        try archive.write(to: scratch.path + "/a.npz")
        let script = """
            import sys, zipfile, numpy as np
            assert zipfile.ZipFile(sys.argv[1]).testzip() is None
            a = np.load(sys.argv[1]); assert a.files == ['logits', 'tokens', 'one', 'none'], a.files
            assert a['logits'].dtype == np.float32 and a['logits'].tolist() == [[1, -2.5, 3], [2.0**-100, np.inf, 0]]
            assert a['tokens'].dtype == np.int64 and a['tokens'].tolist() == [1, -2, 1 << 40, 0]
            assert a['one'].dtype == np.int32 and a['one'].shape == () and int(a['one']) == -7 and a['none'].shape == (0, 5)
            """
        let result = try Python.run(["-c", script, scratch.path + "/a.npz"])
        #expect(result.code == 0, "\(result.output)")
    }
}
