import TernaryCore

/// Why a matrix cannot be written without losing something of it.
struct Unwritable: Error { let reason: String }

extension TransformerGGUF {
    /// The type that holds a matrix without loss: of ternary ones `ternary` where its blocks of binary16 scales do.
    static func type(of matrix: LinearMatrix, ternary: TernaryBlockType) throws -> GGUFTensorType {
        switch matrix {
        case .dense(let dense):
            guard let type = dense.storedType else { throw Unwritable(reason: "no type of GGUF holds its scales exactly") }
            return type
        case .ternary(let trits, nil): return try type(of: trits, ternary)
        case .ternary(let trits, let scales?): return try type(of: trits, scales, ternary)
        }
    }

    /// The type of a matrix of one scale.
    private static func type(of trits: TernaryMatrix, _ ternary: TernaryBlockType) throws -> GGUFTensorType {
        guard !hasTwos(trits) else { throw Unwritable(reason: "weights of +2 need scales of groups") }
        // A scale of zero in a block says nothing of its trits.
        if ternary != .i2_s, trits.columns.isMultiple(of: TernaryBlock.length), trits.scale != 0,
            HalfFloat.exactBits(trits.scale) != nil
        {
            return ternary.tensorType
        }
        guard trits.columns.isMultiple(of: GGUFTensorType.i2s.blockLength) else {
            throw Unwritable(reason: "rows of \(trits.columns) are no multiple of 128, and no type of GGUF holds them")
        }
        return .i2s
    }

    /// The type of a matrix of many scales.
    private static func type(
        of trits: TernaryMatrix, _ scales: GroupScales, _ ternary: TernaryBlockType
    ) throws -> GGUFTensorType {
        guard scales.values.allSatisfy({ HalfFloat.exactBits($0) != nil }) else {
            throw Unwritable(reason: "its scales are no binary16 numbers, and GGUF has no other for rows and groups")
        }
        // I2_S has one scale only.
        let blocks: GGUFTensorType = ternary == .tq1_0 ? .tq1 : .tq2
        let types: [GGUFTensorType] = [blocks, .q2x128, .q2x64]
        let fitting = types.first { type in
            guard trits.columns.isMultiple(of: type.blockLength), scales.columns.isMultiple(of: type.blockLength) else {
                return false
            }
            return type != blocks || !hasTwos(trits) && !scales.values.contains(0)
        }
        guard let fitting else {
            throw Unwritable(
                reason:
                    "groups of \(scales.columns) in rows of \(trits.columns) are no multiple of 64, and no type of GGUF holds them"
            )
        }
        return fitting
    }

    /// Whether a matrix has codes of +2, which only Q2_0 has.
    private static func hasTwos(_ trits: TernaryMatrix) -> Bool {
        TernaryMatrix.fault(in: trits.words, rows: trits.rows, columns: trits.columns, allowsTwos: false) != nil
    }

    /// The data of some rows of a matrix, and of its last ones what is behind them.
    ///
    /// - Parameter place: the row of the matrix that stands at one of the file.
    static func data(
        of matrix: LinearMatrix, as type: GGUFTensorType, rows range: Range<Int>, place: (Int) -> Int
    ) -> [UInt8] {
        switch matrix {
        case .dense(let dense): return dense.stored(type, rows: range, place: place)
        case .ternary(let trits, let scales):
            var data = trits.blocks(type, rows: range, place: place) { row, block in
                guard type != .i2s else { return 0 }
                let scale =
                    scales.map { $0.values[row * $0.groupsPerRow + block * type.blockLength / $0.columns] } ?? trits.scale
                // The type was chosen for this to be exact.
                return HalfFloat.exactBits(scale)!
            }
            if type == .i2s && range.upperBound == trits.rows {
                data.append(integer: trits.scale.bitPattern)
                data += [UInt8](repeating: 0, count: type.tailByteCount - 4)
            }
            return data
        }
    }
}
