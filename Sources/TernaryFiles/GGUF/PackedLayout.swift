import TernaryCore

/// The layout of files whose tensors lie as they are used (`docs/GGUF.md`, "Files that are used where they lie").
///
/// Ternary matrices are I32 tensors of `TernaryMatrix.words`, signed bytes I8 tensors, scales F32 tensors beside them.
enum PackedLayout {
    /// The key that says so, and what it says.
    static let key = "vkternary.layout"
    static let name = "t2"
    /// A cache line, so that no load of a tile spans two.
    static let alignment = 64

    /// ggml's dimensions of a matrix's words: those of a row of tiles first.
    static func dimensions(rows: Int, columns: Int) -> [Int] {
        [TernaryMatrix.padded(columns, to: 16) / 4, TernaryMatrix.padded(rows, to: 4) / 4]
    }

    /// The tensor of a matrix's one scale, by its weights' name; and that of its scales, `(rows, groups)`.
    static func scale(of weight: String) -> String { base(weight) + ".scale" }
    static func scales(of weight: String) -> String { base(weight) + ".scales" }

    private static func base(_ weight: String) -> String {
        weight.hasSuffix(".weight") ? String(weight.dropLast(".weight".count)) : weight
    }

    /// Columns that share a scale, by the number of scales of a row: all of them, or the power of two from 16 on that gives this number.
    static func groupColumns(scalesPerRow count: Int, columns: Int) -> Int? {
        if count == 1 { return columns }
        var group = 16
        while group < columns {
            if (columns + group - 1) / group == count { return group }
            group *= 2
        }
        return nil
    }
}

extension GGUFFile {
    /// Whether tensors lie as they are used.
    var isPacked: Bool { metadata[PackedLayout.key] == .text(PackedLayout.name) }

    /// Refuses layouts of which nothing is known here.
    static func checkLayout(_ metadata: [String: GGUFValue], path: String) throws {
        guard let layout = metadata[PackedLayout.key], layout != .text(PackedLayout.name) else { return }
        throw FileError(path, at: PackedLayout.key, "is not \"\(PackedLayout.name)\", the only layout that is read")
    }

    /// The tensor of a matrix: of its shape, or of its words.
    func matrix(_ name: String, rows: Int, columns: Int) throws -> Tensor {
        let isWords = tensors[name]?.type == .int32
        return try tensor(name, dimensions: isWords ? PackedLayout.dimensions(rows: rows, columns: columns) : [columns, rows])
    }

    /// The ternary matrix whose words a tensor is, used where it lies in a mapped file.
    ///
    /// - Parameter allowsTwos: whether a code may be 3.
    func words(_ tensor: Tensor, rows: Int, columns: Int, scale: Float, allowsTwos: Bool) throws -> TernaryMatrix {
        let words = try file.numbers(UInt32.self, at: tensor.offset, count: tensor.byteCount / 4)
        switch TernaryMatrix.fault(in: words, rows: rows, columns: columns, allowsTwos: allowsTwos) {
        case nil: return TernaryMatrix(rows: rows, columns: columns, scale: scale, words: words)
        case .code(let row)?: throw FileError(path, at: tensor.name, "row \(row): a code is no trit's")
        case .padding?: throw FileError(path, at: tensor.name, "has padding that is not 0")
        }
    }

    /// A matrix of words, or of signed bytes, with its scales.
    func packedMatrix(_ tensor: Tensor, rows: Int, columns: Int) throws -> LinearMatrix {
        let groups = try packedScales(tensor, rows: rows, columns: columns)
        guard tensor.type == .int8 else {
            let scale = try groups == nil ? vector(PackedLayout.scale(of: tensor.name), count: 1)[0] : 1
            let matrix = try words(tensor, rows: rows, columns: columns, scale: scale, allowsTwos: groups != nil)
            return .ternary(
                matrix,
                groups.map { GroupScales(rows: rows, columns: columns, groupColumns: $0.columns, values: $0.values) })
        }
        // That there are scales, and of how many columns, was checked with the tables.
        let codes = try file.numbers(UInt8.self, at: tensor.offset, count: tensor.byteCount)
        return .dense(
            DenseMatrix(rows: rows, columns: columns, groupColumns: groups!.columns, codes: codes, scales: groups!.values))
    }

    /// Checks that a matrix of words or of bytes has the scales it needs, and no others.
    func checkPackedScales(_ tensor: Tensor, rows: Int, columns: Int) throws {
        let (one, many) = (PackedLayout.scale(of: tensor.name), PackedLayout.scales(of: tensor.name))
        if tensor.type == .int32, tensors[many] == nil {
            _ = try self.tensor(one, dimensions: [1])
            return
        }
        guard tensors[one] == nil else { throw FileError(path, at: one, "stands beside \(many); a matrix has one or the other") }
        guard let scales = tensors[many] else { throw FileError(path, at: many, "the tensor is missing") }
        guard scales.type == .float32, scales.dimensions.count == 2, scales.dimensions[1] == rows,
            let group = PackedLayout.groupColumns(scalesPerRow: scales.dimensions[0], columns: columns),
            tensor.type == .int32 || (group == 16 || group == 32) && columns.isMultiple(of: group)
        else {
            throw FileError(
                path, at: many, "is \(scales.type.name) of \(scales.dimensions), no scales of \(rows) rows of \(columns)")
        }
    }

    /// Scales of rows or groups, and the columns that share one; nil where there are none.
    private func packedScales(_ tensor: Tensor, rows: Int, columns: Int) throws -> (columns: Int, values: [Float])? {
        guard let scales = tensors[PackedLayout.scales(of: tensor.name)],
            let group = PackedLayout.groupColumns(scalesPerRow: scales.dimensions[0], columns: columns)
        else { return nil }
        return (group, try floats(scales))
    }
}
