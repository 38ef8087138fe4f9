/// A compute shader's SPIR-V with entry point `main`.
///
/// `@unchecked Sendable`: the bytes are constants of the program, never written and never freed.
public struct ShaderCode: @unchecked Sendable {
    /// What errors, debug names and the memory of made pipelines call it.
    public let name: String
    /// The SPIR-V words in the host's byte order; they start at a multiple of 4 bytes and live as long as the program.
    public let bytes: UnsafeRawBufferPointer

    /// - Parameters:
    ///   - name: unique among the shaders of a program.
    ///   - bytes: SPIR-V that lives as long as the program, 4-byte aligned.
    public init(name: String, bytes: UnsafeRawBufferPointer) {
        self.name = name
        self.bytes = bytes
    }
}

extension ShaderCode {
    /// FNV-1a of the code, which tells one build from another.
    public var checksum: UInt64 { fnv1a(bytes) }
}
