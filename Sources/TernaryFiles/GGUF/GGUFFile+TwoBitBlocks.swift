extension GGUFFile {
    /// Finds the length of the blocks of Q2_0 tensors, which share a number: 128 elements in 34 bytes, as the type was published, or 64 in
    /// 18, as ggml has it. The bytes up to the next tensor, or to the end of the file, tell.
    ///
    /// Where padding hides the difference of a few small tensors, the file's other ones decide.
    ///
    /// - Parameters:
    ///   - tensors: in order of their offsets, which count from the data's beginning.
    ///   - room: bytes of the file from there on.
    static func settlingTwoBitBlocks(_ tensors: [Tensor], alignment: Int, room: Int, path: String) throws -> [Tensor] {
        let kinds: [GGUFTensorType] = [.q2x64, .q2x128]
        func sizes(_ tensor: Tensor) -> [(type: GGUFTensorType, byteCount: Int)] {
            kinds.compactMap { type in type.byteCount(dimensions: tensor.dimensions).map { (type, $0) } }
        }
        var fits: [Int: [GGUFTensorType]] = [:]
        for (index, tensor) in tensors.enumerated() where tensor.type == .q2x64 {
            let next = index + 1 < tensors.count ? tensors[index + 1].offset : room
            let extent = next - tensor.offset
            let fitting = sizes(tensor).filter { $0.byteCount <= extent && extent - $0.byteCount < alignment }
            guard !fitting.isEmpty else {
                let wanted = sizes(tensor).map { "\($0.byteCount) in blocks of \($0.type.blockLength)" }
                throw FileError(
                    path, at: tensor.name.forMessage,
                    "is Q2_0 and has \(extent) bytes to the next tensor or the end of the file; it takes "
                        + wanted.joined(separator: " or "))
            }
            fits[index] = fitting.map(\.type)
        }
        let certain = Set(fits.values.filter { $0.count == 1 }.map { $0[0] })
        var settled = tensors
        for (index, types) in fits {
            let tensor = tensors[index]
            guard let type = types.count == 1 ? types[0] : certain.count == 1 ? certain.first! : nil else {
                throw FileError(path, at: tensor.name.forMessage, "is Q2_0, too small to tell blocks of 64 from blocks of 128")
            }
            settled[index] = Tensor(
                name: tensor.name, type: type, dimensions: tensor.dimensions, offset: tensor.offset,
                byteCount: type.byteCount(dimensions: tensor.dimensions)!)
        }
        return settled
    }
}
