import TernaryCore

/// Matrices of transformers, each read when it is asked for; only its stored bytes are held meanwhile.
extension SafetensorsDirectory {
    /// Whether a tensor is of bytes, four ternary values in each.
    func isPacked(_ name: String) -> Bool { ["U8", "I8"].contains(tensors[name]?.tensor.type) }

    /// A tensor of one positive number; nil where it is absent.
    func scale(_ name: String) throws -> Float? {
        guard let entry = tensors[name] else { return nil }
        let scale = try vector(name, shape: entry.tensor.shape.isEmpty ? [] : [1])[0]
        // Vectors come settled: one that is too large is held at the bound.
        guard scale > 1 / Exact.largest, scale < Exact.largest else {
            throw FileError(entry.file.path, at: name, "is not a scale between 2^-50 and 2^50")
        }
        return scale
    }

    /// Ternary values of packed bytes.
    func packedTernary(_ name: String, rows: Int, columns: Int, scale: Float) throws -> TernaryMatrix {
        let entry = tensors[name]!
        return try withBytes(of: entry) { bytes in
            switch RowPlanes.unpack(bytes, rows: rows, columns: columns, scale: scale) {
            case .success(let matrix): return matrix
            case .failure(let error):
                throw FileError(
                    entry.file.path, at: name, "row \(error.row), column \(error.column) has the code 3, which stands for nothing"
                )
            }
        }
    }

    /// The ternary matrix that an online layer makes of a master: gamma = 1 / (1 / max(mean |W|, 1e-5)).
    ///
    /// - Parameter keepsBFloat16: whether gamma of BF16 weights is rounded to BF16, as a model in that type holds gamma * T.
    func master(_ name: String, rows: Int, columns: Int, keepsBFloat16: Bool) throws -> TernaryMatrix {
        let (entry, element) = try entry(name, shape: [rows, columns])
        var matrix = try withBytes(of: entry) { bytes in
            do throws(Ternarizer.Failure) {
                return try Ternarizer.ternarize(bytes, element, rows: rows, columns: columns, keepsTernary: false)[0]
            } catch .notFinite(let index) {
                throw FileError(entry.file.path, at: name, "element \(index) is not a finite number")
            } catch .scaleTooLarge(let scale) {
                throw FileError(entry.file.path, at: name, "the mean magnitude of its weights is \(scale), above 2^50")
            }
        }
        matrix.scale = 1 / (1 / matrix.scale)
        if element == .bfloat16, keepsBFloat16 { matrix.scale = BFloat16.round(matrix.scale) }
        return matrix
    }

    /// A matrix of floats as it is stored.
    func dense(_ name: String, rows: Int, columns: Int) throws -> DenseMatrix {
        let (entry, element) = try entry(name, shape: [rows, columns])
        return try dense(bytes(of: entry, element), element, entry, rows: rows, columns: columns)
    }

    /// The ternary matrix that floats hold exactly, under one scale or under scales of rows or groups of columns; else the floats.
    func ternaryOrDense(_ name: String, rows: Int, columns: Int) throws -> LinearMatrix {
        let (entry, element) = try entry(name, shape: [rows, columns])
        let bytes = try bytes(of: entry, element)
        if let matrix = bytes.withUnsafeBytes({ GroupedTernary.matrix($0, element, rows: rows, columns: columns) }) {
            return matrix
        }
        return .dense(try dense(bytes, element, entry, rows: rows, columns: columns))
    }

    private func dense(
        _ bytes: consuming PackedStorage<UInt8>, _ element: FloatElement, _ entry: Entry, rows: Int, columns: Int
    ) throws -> DenseMatrix {
        do { return try DenseMatrix(finite: bytes, element, rows: rows, columns: columns) } catch let error as NonFiniteElement {
            throw FileError(entry.file.path, at: entry.tensor.name, "element \(error.index) is not a finite number")
        }
    }

    /// A tensor's bytes: where they lie in a mapped file whose elements are aligned, else a copy.
    func bytes(of entry: Entry, _ element: FloatElement) throws -> PackedStorage<UInt8> {
        try entry.file.numbers(at: entry.tensor.offset, count: entry.tensor.byteCount, alignment: element.byteCount)
    }

    private func withBytes<Result>(of entry: Entry, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: entry.tensor.byteCount, alignment: 64)
        defer { bytes.deallocate() }
        try entry.file.read(into: bytes, at: entry.tensor.offset)
        return try body(UnsafeRawBufferPointer(bytes))
    }
}
