import TernaryCore

/// A ternary tensor of a GGUF file, to be unpacked into tiles by several threads.
struct TernaryTensor {
    let file: GGUFFile
    let tensor: GGUFFile.Tensor
    let rows, columns: Int

    /// Stands for the scale of a block of zeros, which may be any: a NaN, which no other scale is.
    private static let anyScale: UInt16 = 0xFFFF

    init(_ tensor: GGUFFile.Tensor, _ file: GGUFFile) {
        precondition(tensor.type.isTernary && tensor.dimensions.count == 2, "no ternary matrix")
        (self.file, self.tensor) = (file, tensor)
        (columns, rows) = (tensor.dimensions[0], tensor.dimensions[1])
    }

    private var blocksPerRow: Int { columns / tensor.type.blockLength }
    private var rowBytes: Int { blocksPerRow * tensor.type.blockByteCount }

    /// What is wrong with a block.
    private enum Fault: Error { case code, scale }

    /// Reads the matrix, and scales where one does not do.
    ///
    /// - Parameter place: the row of the matrix at which one of the file stands.
    func read(place: (Int) -> Int = { $0 }) throws -> (matrix: TernaryMatrix, scales: GroupScales?) {
        let hasBlockScales = tensor.type != .i2s
        var scales = [UInt16](repeating: 0, count: hasBlockScales ? rows * blocksPerRow : 0)
        var matrix = try scales.withUnsafeMutableBufferPointer {
            try unpack(scales: hasBlockScales ? $0.baseAddress : nil, place: place)
        }
        switch tensor.type {
        case .i2s:
            matrix.scale = try wholeScale()
            return (matrix, nil)
        case .tq1, .tq2:
            if let scale = Self.common(scales) {
                matrix.scale = scale
                return (matrix, nil)
            }
            let perRow = (0..<rows).map { Self.common(scales[$0 * blocksPerRow..<($0 + 1) * blocksPerRow]) }
            if perRow.allSatisfy({ $0 != nil }) {
                return (matrix, GroupScales(rows: rows, columns: columns, groupColumns: columns, values: perRow.map { $0! }))
            }
            return (matrix, groups(scales))
        default: return (matrix, groups(scales))
        }
    }

    /// Whether some row's blocks differ in their scales, of a type that has blocks: no model with int8 activations has that.
    func hasScalesWithinRows() throws -> Bool {
        guard tensor.type == .tq1 || tensor.type == .tq2 else { return tensor.type != .i2s }
        let type = tensor.type
        let step = max(1, (1 << 20) / rowBytes)
        for start in stride(from: 0, to: rows, by: step) {
            let part = start..<min(start + step, rows)
            let bytes = try file.file.bytes(at: tensor.offset + start * rowBytes, count: part.count * rowBytes)
            let differs = bytes.withUnsafeBufferPointer { bytes in
                withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 16) { words in
                    part.indices.contains { row in
                        var first: UInt16?
                        for block in 0..<blocksPerRow {
                            let source = bytes.baseAddress! + (row - start) * rowBytes + block * type.blockByteCount
                            guard let scale = try? Self.unpackBlock(source, type, words.baseAddress!), scale != Self.anyScale
                            else { continue }
                            if let first, first != scale { return true }
                            first = scale
                        }
                        return false
                    }
                }
            }
            if differs { return true }
        }
        return false
    }

    /// The scale that all blocks share; 1 where every one of them is zeros; nil where they differ.
    private static func common(_ scales: some Collection<UInt16>) -> Float? {
        guard let first = scales.first(where: { $0 != anyScale }) else { return 1 }
        return scales.allSatisfy { $0 == first || $0 == anyScale } ? HalfFloat.float(first) : nil
    }

    private func groups(_ scales: [UInt16]) -> GroupScales {
        GroupScales(
            rows: rows, columns: columns, groupColumns: tensor.type.blockLength,
            values: scales.map { $0 == Self.anyScale ? 1 : HalfFloat.float($0) })
    }

    /// I2_S's scale, behind the codes.
    private func wholeScale() throws -> Float {
        let bytes = try file.file.bytes(at: tensor.offset + rows * rowBytes, count: 4)
        let scale = bytes.withUnsafeBytes { $0.loadUnaligned(as: Float.self) }
        guard scale.isFinite else {
            throw FileError(file.path, at: tensor.name.forMessage, "has a scale that is not a finite number")
        }
        return Exact.settle(scale)
    }

    private func unpack(scales: UnsafeMutablePointer<UInt16>?, place: (Int) -> Int) throws -> TernaryMatrix {
        let groups = columns / 16
        // Why rows could not be read: of a part, at its first row, which no other part writes.
        nonisolated(unsafe) let outcomes = UnsafeMutableBufferPointer<(any Error)?>.allocate(capacity: rows)
        outcomes.initialize(repeating: nil)
        defer {
            outcomes.deinitialize()
            outcomes.deallocate()
        }
        let matrix = TernaryMatrix(rows: rows, columns: columns, scale: 1) { words in
            // Rows beyond the last one in its tile.
            for row in rows..<TernaryMatrix.padded(rows, to: 4) {
                for group in 0..<groups { words[TernaryRow.firstWord(row, groups) + 4 * group] = TernaryMatrix.zeroWord }
            }
            let words = words.baseAddress!
            Parallel.forRows(rows, weightsEach: columns) { part in
                do { try unpack(part, into: words, scales: scales, place: place) } catch { outcomes[part.lowerBound] = error }
            }
        }
        if let error = outcomes.first(where: { $0 != nil }) { throw error! }
        return matrix
    }

    private func unpack(
        _ part: Range<Int>, into words: UnsafeMutablePointer<UInt32>, scales: UnsafeMutablePointer<UInt16>?, place: (Int) -> Int
    ) throws {
        let (type, groups) = (tensor.type, columns / 16)
        let (blockGroups, blocksPerRow) = (type.blockLength / 16, blocksPerRow)
        try withUnsafeTemporaryAllocation(byteCount: part.count * rowBytes, alignment: 16) { bytes in
            try file.file.read(into: bytes, at: tensor.offset + part.lowerBound * rowBytes)
            let bytes = UnsafePointer(bytes.bindMemory(to: UInt8.self).baseAddress!)
            try withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 16) { block in
                let block = block.baseAddress!
                for row in part {
                    let source = bytes + (row - part.lowerBound) * rowBytes
                    let target = place(row)
                    let firstWord = words + TernaryRow.firstWord(target, groups)
                    for index in 0..<blocksPerRow {
                        do {
                            let scale = try Self.unpackBlock(source + index * type.blockByteCount, type, block)
                            scales?[target * blocksPerRow + index] = scale
                        } catch let fault as Fault {
                            throw FileError(
                                file.path, at: tensor.name.forMessage,
                                "row \(row), block \(index): "
                                    + (fault == .code ? "a code is no trit's" : "the scale is not a finite number"))
                        }
                        let first = firstWord + 4 * blockGroups * index
                        for group in 0..<blockGroups { first[4 * group] = block[group] }
                    }
                }
            }
        }
    }

    /// Unpacks one block into up to 16 words.
    ///
    /// - Returns: its scale as stored; `anyScale` for zeros in TQ1_0 and TQ2_0, whose writers store no scale that means anything then; 0
    ///   for I2_S.
    private static func unpackBlock(
        _ bytes: UnsafePointer<UInt8>, _ type: GGUFTensorType, _ words: UnsafeMutablePointer<UInt32>
    ) throws -> UInt16 {
        func scale(at offset: Int) throws -> UInt16 {
            let bits = UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8
            guard bits & 0x7C00 != 0x7C00 else { throw Fault.scale }
            return bits
        }
        switch type {
        case .i2s:
            guard TernaryBlock.unpackHalf(bytes, words, highestFirst: true) else { throw Fault.code }
            return 0
        case .q2x64, .q2x128:
            let bits = try scale(at: 0)
            for group in 0..<type.blockLength / 16 {
                words[group] = transposed(UnsafeRawPointer(bytes).loadUnaligned(fromByteOffset: 2 + 4 * group, as: UInt32.self))
            }
            return bits
        default:
            guard type == .tq2 ? TernaryBlock.unpack2(bytes, words) : TernaryBlock.unpack1(bytes, words) else { throw Fault.code }
            let bits = try scale(at: type.blockByteCount - 2)
            // A scale of zero makes zeros of any codes.
            if bits & 0x7FFF == 0 { for group in 0..<16 { words[group] = TernaryMatrix.zeroWord } }
            return (0..<16).allSatisfy { words[$0] == TernaryMatrix.zeroWord } ? anyScale : bits
        }
    }

    /// A word whose codes of 16 columns are in order, as a tile's word: the 4 x 4 matrix of bytes and pairs of bits, transposed. Its own
    /// inverse.
    @inline(__always)
    static func transposed(_ word: UInt32) -> UInt32 {
        var word = word
        let pairs = (word ^ word >> 6) & 0x00CC_00CC
        word ^= pairs ^ pairs << 6
        let quads = (word ^ word >> 12) & 0x0000_F0F0
        return word ^ quads ^ quads << 12
    }
}
