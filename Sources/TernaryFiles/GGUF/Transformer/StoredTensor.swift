import TernaryCore

/// A tensor of a file to be written: its entry in the table, and its data.
struct StoredTensor {
    let tensor: GGUFWriter.Tensor
    /// Writes the data, in parts where there are many.
    let write: (GGUFWriter) throws -> Void
}

extension StoredTensor {
    /// The tensors that hold a vector or a matrix without loss.
    ///
    /// - Parameters:
    ///   - ternary: how ternary matrices are packed.
    ///   - place: the row of the matrix, or the element of the vector, that stands at one of the file.
    /// - Throws: `Unwritable`.
    static func tensors(
        _ name: String, _ content: TransformerTensors.Content, ternary: TernaryBlockType, place: @escaping (Int) -> Int
    ) throws -> [StoredTensor] {
        switch content {
        case .vector(let values): [floats(name, [values.count]) { values.indices.map { values[place($0)] } }]
        case .matrix(.ternary(let trits, let scales)) where ternary == .t2: try words(name, trits, scales)
        case .matrix(.dense(let dense)) where ternary == .t2 && dense.element == .scaledInt8: codes(name, dense)
        case .matrix(let matrix): [try blocks(name, matrix, ternary, place)]
        }
    }

    private static func floats(_ name: String, _ dimensions: [Int], _ values: @escaping () -> [Float]) -> StoredTensor {
        StoredTensor(tensor: .init(name: name, type: .float32, dimensions: dimensions)) { writer in
            try values().withUnsafeBytes { try writer.write($0) }
        }
    }

    private static func blocks(
        _ name: String, _ matrix: LinearMatrix, _ ternary: TernaryBlockType, _ place: @escaping (Int) -> Int
    ) throws -> StoredTensor {
        let type = try TransformerGGUF.type(of: matrix, ternary: ternary)
        return StoredTensor(tensor: .init(name: name, type: type, dimensions: [matrix.columns, matrix.rows])) { writer in
            let step = max(1, (4 << 20) / matrix.columns)
            for start in stride(from: 0, to: matrix.rows, by: step) {
                let rows = start..<min(start + step, matrix.rows)
                try writer.write(TransformerGGUF.data(of: matrix, as: type, rows: rows, place: place))
            }
        }
    }

    /// Words as they are, and one scale or many.
    private static func words(_ name: String, _ trits: TernaryMatrix, _ scales: GroupScales?) throws -> [StoredTensor] {
        let words = StoredTensor(
            tensor: .init(
                name: name, type: .int32, dimensions: PackedLayout.dimensions(rows: trits.rows, columns: trits.columns))
        ) { writer in try trits.words.withUnsafeBytes { try writer.write($0) } }
        guard let scales else { return [words, floats(PackedLayout.scale(of: name), [1]) { [trits.scale] }] }
        guard PackedLayout.groupColumns(scalesPerRow: scales.groupsPerRow, columns: trits.columns) == scales.columns else {
            throw Unwritable(
                reason: "groups of \(scales.columns) in rows of \(trits.columns) are neither a row nor a power of two")
        }
        return [words, floats(PackedLayout.scales(of: name), [scales.groupsPerRow, trits.rows]) { scales.values }]
    }

    /// Bytes as they are, and their scales.
    private static func codes(_ name: String, _ dense: DenseMatrix) -> [StoredTensor] {
        [
            StoredTensor(tensor: .init(name: name, type: .int8, dimensions: [dense.columns, dense.rows])) { writer in
                try dense.bytes.withUnsafeBytes { try writer.write($0) }
            },
            floats(PackedLayout.scales(of: name), [dense.columns / dense.groupColumns, dense.rows]) { dense.scales },
        ]
    }
}
