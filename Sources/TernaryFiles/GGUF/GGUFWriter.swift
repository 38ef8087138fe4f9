/// Writes a GGUF file (version 3, little-endian): first metadata and the table of tensors, then each tensor's data in order.
struct GGUFWriter {
    /// A tensor to come.
    struct Tensor {
        let name: String
        let type: GGUFTensorType
        /// ggml's order: the row's width first.
        let dimensions: [Int]

        /// Bytes of its data.
        var byteCount: Int {
            dimensions.dropFirst().reduce(dimensions[0] / type.blockLength * type.blockByteCount, *) + type.tailByteCount
        }
    }

    private let output: OutputFile
    private let alignment: Int

    /// Writes all that comes before the data.
    ///
    /// - Parameter alignment: of every tensor's data, as `general.alignment` says it.
    init(
        _ output: OutputFile, metadata: [(key: String, value: GGUFValue)], tensors: [Tensor],
        alignment: Int = GGUFFile.defaultAlignment
    ) throws {
        self.output = output
        self.alignment = alignment
        var bytes = GGUFFile.magic
        bytes.append(integer: GGUFFile.version)
        bytes.append(integer: UInt64(tensors.count))
        bytes.append(integer: UInt64(metadata.count))
        for (key, value) in metadata {
            bytes.append(string: Array(key.utf8))
            bytes.append(integer: value.type)
            bytes.append(value: value)
        }
        var offset = 0
        for tensor in tensors {
            bytes.append(string: Array(tensor.name.utf8))
            bytes.append(integer: UInt32(tensor.dimensions.count))
            for length in tensor.dimensions { bytes.append(integer: UInt64(length)) }
            bytes.append(integer: tensor.type.number)
            bytes.append(integer: UInt64(offset))
            offset += (tensor.byteCount + alignment - 1) & ~(alignment - 1)
        }
        try output.write(bytes)
        try output.pad(to: alignment)
    }

    /// Appends a part of the data of the tensor whose turn it is.
    func write(_ bytes: [UInt8]) throws { try output.write(bytes) }

    /// The same.
    func write(_ bytes: UnsafeRawBufferPointer) throws { try output.write(bytes) }

    /// Ends a tensor's data.
    func endTensor() throws { try output.pad(to: alignment) }
}

extension [UInt8] {
    /// Appends a little-endian integer.
    mutating func append<T: FixedWidthInteger>(integer: T) {
        Swift.withUnsafeBytes(of: integer.littleEndian) { append(contentsOf: $0) }
    }

    fileprivate mutating func append(string: [UInt8]) {
        append(integer: UInt64(string.count))
        append(contentsOf: string)
    }

    fileprivate mutating func append(value: GGUFValue) {
        switch value {
        case .uint8(let value): append(value)
        case .int8(let value): append(integer: value)
        case .uint16(let value): append(integer: value)
        case .int16(let value): append(integer: value)
        case .uint32(let value): append(integer: value)
        case .int32(let value): append(integer: value)
        case .uint64(let value): append(integer: value)
        case .int64(let value): append(integer: value)
        case .float32(let value): append(integer: value.bitPattern)
        case .float64(let value): append(integer: value.bitPattern)
        case .bool(let value): append(value ? 1 : 0)
        case .string(let text): append(string: text)
        case .strings(let texts): append(array: 8, texts) { $0.append(string: $1) }
        case .floats(let values): append(array: 6, values) { $0.append(integer: $1.bitPattern) }
        case .integers(let values): append(array: 5, values) { $0.append(integer: $1) }
        case .bytes(let values): append(array: 0, values) { $0.append($1) }
        case .bools(let values): append(array: 7, values) { $0.append($1 ? 1 : 0) }
        case .otherArray: preconditionFailure("an array whose elements were not read cannot be written")
        }
    }

    private mutating func append<T>(array type: UInt32, _ elements: [T], _ write: (inout [UInt8], T) -> Void) {
        append(integer: type)
        append(integer: UInt64(elements.count))
        for element in elements { write(&self, element) }
    }
}
