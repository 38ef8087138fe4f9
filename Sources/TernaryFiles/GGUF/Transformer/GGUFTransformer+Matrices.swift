import TernaryCore

extension GGUFTransformer {
    /// A linear layer: its matrix, and its bias and the factor of its product where the file has them.
    ///
    /// - Parameters:
    ///   - name: before `.weight`.
    ///   - isPermuted: whether rows are in the order of rotations of neighbours, which is undone.
    func projection(_ name: String, rows: Int, columns: Int, isPermuted: Bool = false) throws -> Projection {
        let headSize = configuration.headSize
        let place: (Int) -> Int = isPermuted ? { TransformerGGUF.halves($0, headSize: headSize) } : { $0 }
        var matrix = try matrix(name + ".weight", rows: rows, columns: columns, place: place)
        // Of a matrix of words it is the scale itself, which was read with it.
        if !file.isPacked, let factor = try file.optionalVector(name + ".scale", count: 1) {
            guard case .ternary(var trits, var scales) = matrix else {
                throw FileError(file.path, at: name + ".scale", "belongs to a matrix that is not ternary, which is not supported")
            }
            trits.scale = Exact.settle(trits.scale * factor[0])
            scales = scales.map {
                GroupScales(rows: rows, columns: columns, groupColumns: $0.columns, values: $0.values.map { $0 * factor[0] })
            }
            matrix = .ternary(trits, scales)
        }
        guard let bias = try file.optionalVector(name + ".bias", count: rows) else { return Projection(matrix) }
        var placed = bias
        for row in 0..<rows { placed[place(row)] = bias[row] }
        return Projection(matrix, bias: placed)
    }

    /// A matrix of any type.
    ///
    /// - Parameter place: the row of the matrix at which one of the file stands.
    func matrix(_ name: String, rows: Int, columns: Int, place: (Int) -> Int = { $0 }) throws -> LinearMatrix {
        let tensor = try file.matrix(name, rows: rows, columns: columns)
        if tensor.type.isPacked { return try file.packedMatrix(tensor, rows: rows, columns: columns) }
        if tensor.type.isTernary {
            let (matrix, scales) = try TernaryTensor(tensor, file).read(place: place)
            return .ternary(matrix, scales)
        }
        if let element = tensor.type.element {
            let bytes = Self.placed(try file.numbers(tensor, alignment: element.byteCount), rows: rows, place)
            do { return .dense(try DenseMatrix(finite: bytes, element, rows: rows, columns: columns)) } catch let error
                as NonFiniteElement
            { throw FileError(file.path, at: name, "element \(error.index) is not a finite number") }
        }
        let bytes = Self.placed(try file.numbers(tensor, alignment: 1), rows: rows, place)
        do { return .dense(try DenseMatrix(blocks: bytes, tensor.type, rows: rows, columns: columns)) } catch let bad
            as DenseMatrix.BadBlock
        { throw FileError(file.path, at: name, "row \(bad.row) has a scale that is not a finite number") }
    }

    /// Rows of equal length, each at its place: where they are if that is theirs.
    private static func placed(
        _ bytes: PackedStorage<UInt8>, rows: Int, _ place: (Int) -> Int
    ) -> PackedStorage<UInt8> {
        guard (0..<rows).contains(where: { place($0) != $0 }) else { return bytes }
        let width = bytes.count / rows
        return PackedStorage(count: bytes.count) { placed in
            for row in 0..<rows {
                let target = UnsafeMutableBufferPointer(rebasing: placed[place(row) * width..<(place(row) + 1) * width])
                _ = target.initialize(fromContentsOf: bytes.part(row * width..<(row + 1) * width))
            }
        }
    }
}
