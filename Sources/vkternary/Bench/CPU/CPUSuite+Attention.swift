import CTernary
import TernaryCPU
import TernaryCore
import TernaryKernels
import TernaryReference

/// Attention over f16 keys and values, and what stands around it. The shape's columns are the width of all query heads.
extension CPUSuite {
    /// Keys and values of a text as `KeyValueCache` keeps a block's: pages of 256 tokens, keys before values.
    private struct Cache {
        static let pageTokens = 256

        let configuration: TransformerConfiguration
        let tokens: Int
        private var heads: Int { configuration.keyValueHeadCount }
        private var halfBytes: Int { Self.pageTokens * configuration.keyValueWidth * 2 }

        var byteCount: Int { (tokens + Self.pageTokens - 1) / Self.pageTokens * 2 * halfBytes }

        /// The page of a token in a copy of the cache.
        func page(_ base: UnsafeMutableRawPointer, _ token: Int, values: Bool) -> ct_page {
            let start = base + (token / Self.pageTokens * 2 + (values ? 1 : 0)) * halfBytes
            return ct_page(
                values: start.assumingMemoryBound(to: UInt8.self), scales: start.assumingMemoryBound(to: UInt16.self),
                heads: heads, tokens: Self.pageTokens, size: configuration.headSize, element: KeyValueElement.float16.rawValue)
        }
    }

    /// A thread's room for a chunk as it is multiplied.
    private struct Room {
        let keys, values: Pad<Float>

        init(_ shape: TransformerConfiguration) {
            keys = Pad(CT_ATTENTION_CHUNK * TernaryMatrix.padded(shape.headSize, to: 4))
            values = Pad(CT_ATTENTION_CHUNK * TernaryMatrix.padded(shape.headSize, to: 16))
        }
    }

    /// What chunks add, or their sums, for groups of query heads.
    private struct Shares {
        let values: Pad<Float>
        let group, size: Int

        init(_ count: Int, _ shape: TransformerConfiguration) {
            (group, size) = (shape.headCount / shape.keyValueHeadCount, shape.headSize)
            values = Pad(count * group * (size + 2))
        }

        subscript(_ index: Int) -> ct_attended {
            let start = values.base + index * group * (size + 2)
            return ct_attended(largest: start, sums: start + group, values: start + 2 * group)
        }

        func clear(_ index: Int) {
            let share = self[index]
            share.largest.update(repeating: -Exact.largest, count: group)
            share.sums.update(repeating: 0, count: group)
            share.values.update(repeating: 0, count: group * size)
        }
    }

    private func texts(_ shape: TransformerConfiguration) -> (keys: [[Float]], values: [[Float]]) {
        (KernelValues.texts(shape.keyValueWidth, seed: 8), KernelValues.texts(shape.keyValueWidth, seed: 9))
    }

    private func queries(_ shape: TransformerConfiguration) -> [[Float]] {
        KernelValues.activations(shape.queryWidth, seed: 3).map { $0.map(Exact.factor) }
    }

    /// Rows of queries, `(tokens, heads, size padded to 4)`.
    private func padded(_ queries: [[Float]], _ shape: TransformerConfiguration, tokens: Int) -> Pad<Float> {
        let (size, padded) = (shape.headSize, TernaryMatrix.padded(shape.headSize, to: 4))
        let zeros = [Float](repeating: 0, count: padded - size)
        let rows = queries.map { row -> [Float] in
            var spaced: [Float] = []
            for head in 0..<shape.headCount { spaced += row[head * size..<(head + 1) * size] + zeros }
            return spaced
        }
        return Self.repeated(rows, tokens: tokens)
    }

    private func filled(_ cache: Cache) -> RotatedBytes? {
        let (keys, values) = texts(cache.configuration)
        return RotatedBytes(byteCount: cache.byteCount, workers) { base in
            for token in 0..<cache.tokens {
                let within = token % Cache.pageTokens
                floatKernels.keep(cache.page(base, token, values: false), within, keys[token % keys.count])
                floatKernels.keep(cache.page(base, token, values: true), within, values[token % values.count])
            }
        }
    }

    private func recall(_ cache: Cache, _ base: UnsafeMutableRawPointer, head: Int, _ tokens: Range<Int>, _ room: Room) {
        let first = tokens.lowerBound
        floatKernels.recall_chunk(
            cache.page(base, first, values: false), cache.page(base, first, values: true), head, first % Cache.pageTokens,
            tokens.count, room.keys.base, room.values.base)
    }

    private static func chunk(_ index: Int, of tokens: Int) -> Range<Int> {
        index * CT_ATTENTION_CHUNK..<min((index + 1) * CT_ATTENTION_CHUNK, tokens)
    }

    /// Bytes of the keys and values of tokens.
    private static func keptBytes(_ shape: TransformerConfiguration, _ tokens: Int) -> Int { 4 * tokens * shape.keyValueWidth }

    /// One token that attends to all of a text: chunks are shared out and joined in order.
    func attentionStep(tokens: Int) -> CPUCase? {
        guard let shape = KernelValues.attention(width: shape.columns) else { return nil }
        let cache = Cache(configuration: shape, tokens: tokens)
        guard let copies = filled(cache) else { return nil }
        let (keyHeads, group, size, kernels) = (
            shape.keyValueHeadCount, shape.headCount / shape.keyValueHeadCount, shape.headSize, floatKernels
        )
        let queries = queries(shape)
        let query = padded(queries, shape, tokens: 1)
        let each = group * TernaryMatrix.padded(size, to: 4)
        let chunks = (tokens + CT_ATTENTION_CHUNK - 1) / CT_ATTENTION_CHUNK
        let (shares, sums) = (Shares(chunks * keyHeads, shape), Shares(keyHeads, shape))
        let rooms = (0..<workers.threads).map { _ in Room(shape) }
        let out = Pad<Float>(shape.queryWidth)
        let kept = Self.keptBytes(shape, tokens)
        return CPUCase(
            op: .attentionStep, tokens: tokens, columns: shape.queryWidth, rows: nil,
            cost: KernelCost(
                read: kept + 4 * shape.queryWidth, written: 4 * shape.queryWidth,
                floatOperations: shape.headCount * (tokens * (4 * size + 5) + size)),
            isFromMemory: true, sets: copies.count,
            run: { [self] set in
                workers.run(chunks * keyHeads) { index, thread in
                    let (chunk, head) = (Self.chunk(index % chunks, of: tokens), index / chunks)
                    recall(cache, copies[set], head: head, chunk, rooms[thread])
                    kernels.attend(
                        query.base + head * each, group, size, rooms[thread].keys.base, rooms[thread].values.base, chunk.count,
                        shape.scoreScale, shares[index])
                }
                workers.run(keyHeads) { head, _ in
                    sums.clear(head)
                    for chunk in 0..<chunks { kernels.join(sums[head], shares[head * chunks + chunk], group, size) }
                    kernels.finish(sums[head], group, size, out.base + head * group * size)
                }
            },
            firstWrongRow: { [self] in
                let (keys, values) = texts(shape)
                let expected = TernaryReference.attention(
                    query: queries[0], keys: (0..<tokens).map { keys[$0 % keys.count] },
                    values: (0..<tokens).map { values[$0 % values.count] }, shape)
                return Self.firstWrongRow(out, width: expected.count, tokens: 1, [expected])
            })
    }

    /// So many tokens over one chunk of keys, which is in the caches as it is multiplied.
    func attentionChunk(tokens: Int) -> CPUCase? {
        guard let shape = KernelValues.attention(width: shape.columns) else { return nil }
        let (keyHeads, group, size, kernels) = (
            shape.keyValueHeadCount, shape.headCount / shape.keyValueHeadCount, shape.headSize, floatKernels
        )
        let length = CT_ATTENTION_CHUNK
        let rooms = recalledChunk(shape)
        let queries = queries(shape)
        let query = padded(queries, shape, tokens: tokens)
        let each = TernaryMatrix.padded(size, to: 4)
        let shares = Shares(keyHeads * tokens, shape)
        return CPUCase(
            op: .attentionChunk, tokens: tokens, columns: shape.queryWidth, rows: nil,
            cost: KernelCost(
                read: 4 * tokens * shape.queryWidth + 8 * length * shape.keyValueWidth,
                written: 4 * tokens * (shape.queryWidth + 2 * shape.headCount),
                floatOperations: tokens * shape.headCount * length * (4 * size + 5)),
            run: { [workers] _ in
                workers.run(keyHeads) { head, _ in
                    for token in 0..<tokens {
                        kernels.attend(
                            query.base + (token * shape.headCount + head * group) * each, group, size, rooms[head].keys.base,
                            rooms[head].values.base, length, shape.scoreScale, shares[head * tokens + token])
                    }
                }
            },
            firstWrongRow: { [self] in
                let expected = queries.map { chunks($0, shape) }
                return (0..<tokens).first { token in
                    (0..<keyHeads).contains { head in
                        !Self.agrees(shares[head * tokens + token], Array(expected[token % expected.count][head]), size)
                    }
                }
            })
    }

    /// The first chunk of a text as each key head's is multiplied.
    private func recalledChunk(_ shape: TransformerConfiguration) -> [Room] {
        let cache = Cache(configuration: shape, tokens: CT_ATTENTION_CHUNK)
        let bytes = Pad<UInt8>(cache.byteCount)
        let (keys, values) = texts(shape)
        for token in 0..<cache.tokens {
            floatKernels.keep(
                cache.page(UnsafeMutableRawPointer(bytes.base), token, values: false), token, keys[token % keys.count])
            floatKernels.keep(
                cache.page(UnsafeMutableRawPointer(bytes.base), token, values: true), token, values[token % values.count])
        }
        return (0..<shape.keyValueHeadCount).map { head in
            let room = Room(shape)
            recall(cache, UnsafeMutableRawPointer(bytes.base), head: head, 0..<cache.tokens, room)
            return room
        }
    }

    /// What the first `count` keys of a text add, by key head and query head of its group.
    private func chunks(_ query: [Float], _ shape: TransformerConfiguration, count: Int = CT_ATTENTION_CHUNK)
        -> [[AttentionChunk]]
    {
        let (keys, values) = texts(shape)
        let (size, group) = (shape.headSize, shape.headCount / shape.keyValueHeadCount)
        return (0..<shape.keyValueHeadCount).map { keyHead in
            let own = keyHead * size..<(keyHead + 1) * size
            return (0..<group).map { member in
                let head = keyHead * group + member
                return AttentionChunk(
                    query: Array(query[head * size..<(head + 1) * size]), keys: keys[..<count].map { Array($0[own]) },
                    values: values[..<count].map { Array($0[own]) }, scale: shape.scoreScale)
            }
        }
    }

    private static func agrees(_ share: ct_attended, _ expected: [AttentionChunk], _ size: Int) -> Bool {
        expected.enumerated().allSatisfy { index, chunk in
            share.largest[index].bitPattern == chunk.largest.bitPattern && share.sums[index].bitPattern == chunk.sum.bitPattern
                && chunk.values.indices.allSatisfy {
                    share.values[index * size + $0].bitPattern == chunk.values[$0].bitPattern
                }
        }
    }

    /// Turns the query heads of so many tokens.
    func rotate(tokens: Int) -> CPUCase? {
        guard let shape = KernelValues.attention(width: shape.columns) else { return nil }
        let (size, width, kernels) = (shape.headSize, shape.queryWidth, floatKernels)
        let before = queries(shape)
        let rows = Self.repeated(before, tokens: tokens)
        let frequencies = shape.rotation.frequencies(headSize: size)
        let turns = (0..<tokens).map {
            RotaryEmbedding.turn($0, frequencies: frequencies, factor: shape.rotation.attentionFactor)
        }
        let (cosines, sines) = (turns.map { Pad($0.cosines) }, turns.map { Pad($0.sines) })
        return CPUCase(
            op: .rotate, tokens: tokens, columns: width, rows: nil,
            cost: KernelCost(read: 4 * tokens * (width + size), written: 4 * tokens * width, floatOperations: 3 * tokens * width),
            run: { [workers] _ in
                workers.run(tokens) { token, _ in
                    for head in 0..<shape.headCount {
                        kernels.rotate(rows.base + token * width + head * size, cosines[token].base, sines[token].base, size)
                    }
                }
            },
            firstWrongRow: {
                (0..<tokens).first { token in
                    let row = before[token % before.count]
                    let expected = (0..<shape.headCount).flatMap { head in
                        TernaryReference.rotated(
                            Array(row[head * size..<(head + 1) * size]), cosines: turns[token].cosines, sines: turns[token].sines)
                    }
                    return !expected.indices.allSatisfy { rows.base[token * width + $0].bitPattern == expected[$0].bitPattern }
                }
            })
    }

    /// Rounds keys and values of so many tokens into the cache.
    func keepKeys(tokens: Int) -> CPUCase? {
        guard let shape = KernelValues.attention(width: shape.columns) else { return nil }
        let (width, size, kernels) = (shape.keyValueWidth, shape.headSize, floatKernels)
        let cache = Cache(configuration: shape, tokens: tokens)
        let bytes = Pad<UInt8>(cache.byteCount)
        let rows = [8, 9].map { KernelValues.activations(width, seed: $0) }
        let kept = rows.map { Self.repeated($0, tokens: tokens) }
        func page(_ token: Int, _ kind: Int) -> ct_page {
            cache.page(UnsafeMutableRawPointer(bytes.base), token, values: kind == 1)
        }
        return CPUCase(
            op: .keepKeys, tokens: tokens, columns: shape.queryWidth, rows: nil,
            cost: KernelCost(
                read: 8 * tokens * width, written: Self.keptBytes(shape, tokens), floatOperations: 2 * tokens * width),
            run: { [workers] _ in
                workers.run(tokens) { token, _ in
                    for kind in 0..<2 {
                        kernels.keep(page(token, kind), token % Cache.pageTokens, kept[kind].base + token * width)
                    }
                }
            },
            firstWrongRow: {
                let expected = rows.map { $0.map(KeyValueElement.float16.rounded) }
                let found = Pad<Float>(width)
                return (0..<tokens).first { token in
                    (0..<2).contains { kind in
                        for head in 0..<shape.keyValueHeadCount {
                            kernels.recall(page(token, kind), head, token % Cache.pageTokens, found.base + head * size)
                        }
                        let row = expected[kind][token % KernelValues.patterns]
                        return Self.firstWrongRow(found, width: width, tokens: 1, [row]) != nil
                    }
                }
            })
    }

    /// Brings keys and values of so many tokens into the form in which they are multiplied, chunk by chunk.
    func recallKeys(tokens: Int) -> CPUCase? {
        guard let shape = KernelValues.attention(width: shape.columns) else { return nil }
        let cache = Cache(configuration: shape, tokens: tokens)
        guard let copies = filled(cache) else { return nil }
        let keyHeads = shape.keyValueHeadCount
        let chunks = (tokens + CT_ATTENTION_CHUNK - 1) / CT_ATTENTION_CHUNK
        let rooms = (0..<workers.threads).map { _ in Room(shape) }
        return CPUCase(
            op: .recallKeys, tokens: tokens, columns: shape.queryWidth, rows: nil,
            // What is written stays in the caches.
            cost: KernelCost(read: Self.keptBytes(shape, tokens), written: 0), isFromMemory: true, sets: copies.count,
            run: { [self] set in
                workers.run(chunks * keyHeads) { index, thread in
                    recall(cache, copies[set], head: index / chunks, Self.chunk(index % chunks, of: tokens), rooms[thread])
                }
            },
            firstWrongRow: { [self] in
                // In the form in which they are, the first chunk's can be told by what is multiplied with them.
                let query = queries(shape)[0]
                let first = Self.chunk(0, of: tokens)
                let expected = self.chunks(query, shape, count: first.count)
                let (rows, shares) = (padded([query], shape, tokens: 1), Shares(1, shape))
                let each = shares.group * TernaryMatrix.padded(shape.headSize, to: 4)
                let isRight = (0..<keyHeads).allSatisfy { head in
                    recall(cache, copies[0], head: head, first, rooms[0])
                    floatKernels.attend(
                        rows.base + head * each, shares.group, shape.headSize, rooms[0].keys.base, rooms[0].values.base,
                        first.count, shape.scoreScale, shares[0])
                    return Self.agrees(shares[0], expected[head], shape.headSize)
                }
                return isRight ? nil : 0
            })
    }
}
