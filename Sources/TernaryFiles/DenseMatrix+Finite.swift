import TernaryCore

extension DenseMatrix {
    /// A matrix of stored floats, where they are if nothing has to be changed in them.
    ///
    /// - Throws: `NonFiniteElement`.
    init(finite bytes: consuming PackedStorage<UInt8>, _ element: FloatElement, rows: Int, columns: Int) throws {
        let type: Element =
            switch element {
            case .float32: .float32
            case .float16: .float16
            case .bfloat16: .bfloat16
            }
        // One look does for nearly every table: it has to go through all of it.
        if Self.areFactors(bytes, type, rows: rows, columns: columns) {
            self.init(rows: rows, columns: columns, element: type, factors: bytes)
            return
        }
        if let index = bytes.withUnsafeBytes({ element.firstNonFinite($0, rows: rows, columns: columns) }) {
            throw NonFiniteElement(index: index)
        }
        self.init(rows: rows, columns: columns, element: type, bytes: bytes)
    }
}
