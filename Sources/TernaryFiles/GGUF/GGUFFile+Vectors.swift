import TernaryCore

extension GGUFFile {
    /// The values of a tensor of plain floats with one dimension, settled.
    func vector(_ name: String, count: Int) throws -> [Float] {
        try floats(tensor(name, dimensions: [count]))
    }

    /// The values of a tensor of plain floats, settled.
    func floats(_ tensor: Tensor) throws -> [Float] {
        let name = tensor.name
        guard let element = tensor.type.element else {
            throw FileError(path, at: name, "is \(tensor.type.name), expected F32, F16 or BF16")
        }
        let bytes = try bytes(tensor)
        return try bytes.withUnsafeBytes { raw in
            if let index = element.firstNonFinite(raw) {
                throw FileError(path, at: name, "element \(index) is not a finite number")
            }
            return element.widen(raw).map(Exact.settle)
        }
    }

    /// The same, or nil where there is no such tensor.
    func optionalVector(_ name: String, count: Int) throws -> [Float]? {
        tensors[name] == nil ? nil : try vector(name, count: count)
    }
}
