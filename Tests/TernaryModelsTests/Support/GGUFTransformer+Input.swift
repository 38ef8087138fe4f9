@testable import TernaryFiles

extension GGUFTransformer {
    /// Opens a file that is known to hold a transformer.
    init(_ input: InputFile) throws { try self.init(GGUFFile(input, architectures: TransformerGGUF.architectures)) }
}
