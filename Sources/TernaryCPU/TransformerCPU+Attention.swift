import CTernary
import TernaryCore

/// Causal attention over the kept keys and values.
///
/// Keys are taken in chunks of 64 and chunks are joined in order, as the reference does. A single token's chunks are shared out among
/// threads and joined afterwards; with more tokens a thread takes a few rows of one sequence and one key head through all chunks, so that
/// what is kept is read once for those rows and all query heads of the group.
extension TransformerCPU {
    func attend(_ layer: Int, _ places: [TokenPlace]) {
        if places.count == 1 { attendOne(layer, places[0]) } else { attendRuns(layer, places) }
    }

    private func attendOne(_ layer: Int, _ place: TokenPlace) {
        let shape = weights.configuration
        let (keyHeads, group, size) = (shape.keyValueHeadCount, shape.groupSize, shape.headSize)
        let chunks = place.position / CT_ATTENTION_CHUNK + 1
        let (shares, sums) = (rows.shares, rows.sumsOfOne)
        for keyHead in 0..<keyHeads { sums.attended(keyHead, group, size).clear(group, size) }
        for first in stride(from: 0, to: chunks, by: TransformerRows.sharedChunks) {
            let count = min(TransformerRows.sharedChunks, chunks - first)
            pool.run(count * keyHeads) { index, thread in
                // Chunks of a head follow one another in memory.
                let (chunk, keyHead) = (first + index % count, index / count)
                let tokens = chunk * CT_ATTENTION_CHUNK..<min((chunk + 1) * CT_ATTENTION_CHUNK, place.position + 1)
                recall(layer, place.sequence, keyHead, tokens, scratch[thread])
                chunkShare(0, keyHead, tokens.count, scratch[thread], into: shares.attended(index, group, size))
            }
            pool.run(keyHeads) { keyHead, _ in
                for chunk in 0..<count {
                    floatKernels.join(
                        sums.attended(keyHead, group, size), shares.attended(keyHead * count + chunk, group, size), group,
                        size)
                }
            }
        }
        for keyHead in 0..<keyHeads {
            floatKernels.finish(
                sums.attended(keyHead, group, size), group, size, rows.attended.base + keyHead * group * size)
        }
    }

    private func attendRuns(_ layer: Int, _ places: [TokenPlace]) {
        let shape = weights.configuration
        let (keyHeads, group, size) = (shape.keyValueHeadCount, shape.groupSize, shape.headSize)
        let runs = TokenPlace.runs(places, most: AttentionScratch.runTokens)
        pool.run(runs.count * keyHeads) { index, thread in
            let (run, keyHead, scratch) = (runs[index / keyHeads], index % keyHeads, scratch[thread])
            for token in run { scratch.sums.attended(token - run.lowerBound, group, size).clear(group, size) }
            let last = places[run.upperBound - 1]
            for first in stride(from: 0, through: last.position, by: CT_ATTENTION_CHUNK) {
                let end = min(first + CT_ATTENTION_CHUNK, last.position + 1)
                recall(layer, last.sequence, keyHead, first..<end, scratch)
                for token in run where places[token].position >= first {
                    let share = scratch.share.attended(0, group, size)
                    chunkShare(token, keyHead, min(end, places[token].position + 1) - first, scratch, into: share)
                    floatKernels.join(scratch.sums.attended(token - run.lowerBound, group, size), share, group, size)
                }
            }
            for token in run {
                floatKernels.finish(
                    scratch.sums.attended(token - run.lowerBound, group, size), group, size,
                    rows.attended.base + token * shape.queryWidth + keyHead * group * size)
            }
        }
    }

    /// Brings the keys and values of a chunk into the form in which they are multiplied.
    private func recall(_ layer: Int, _ sequence: Int, _ keyHead: Int, _ tokens: Range<Int>, _ scratch: AttentionScratch) {
        let within = tokens.lowerBound % KeyValueCache.pageTokens
        let keys = cache.page(sequence, layer: layer, position: tokens.lowerBound, values: false)
        let values = cache.page(sequence, layer: layer, position: tokens.lowerBound, values: true)
        floatKernels.recall_chunk(
            keys, values, keyHead, within, tokens.count, scratch.keys.base, scratch.values.base)
    }

    /// What the first `count` keys of a chunk add for the query heads of a token that share a key head.
    private func chunkShare(
        _ token: Int, _ keyHead: Int, _ count: Int, _ scratch: AttentionScratch, into share: ct_attended
    ) {
        let shape = weights.configuration
        let query = rows.turned.base + (token * shape.headCount + keyHead * shape.groupSize) * shape.paddedHeadSize
        floatKernels.attend(
            query, shape.groupSize, shape.headSize, scratch.keys.base, scratch.values.base, count, shape.scoreScale, share)
    }
}

extension TokenPlace {
    /// Neighbouring rows of one sequence, at most so many.
    static func runs(_ places: [TokenPlace], most: Int) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        for (index, place) in places.enumerated() {
            if let last = runs.last, last.count < most, index > 0,
                TokenPlace(sequence: place.sequence, position: place.position - 1) == places[index - 1]
            {
                runs[runs.count - 1] = last.lowerBound..<index + 1
            } else {
                runs.append(index..<index + 1)
            }
        }
        return runs
    }
}

/// A thread's room for attention.
final class AttentionScratch {
    /// Rows of a sequence that a thread takes at a time.
    static let runTokens = 32

    /// A chunk of keys and of values as they are multiplied.
    let keys, values: Scratch<Float>
    /// What a chunk adds, and the sums of a run's rows.
    let share, sums: Scratch<Float>

    init(_ shape: TransformerConfiguration) {
        let places = CT_ATTENTION_CHUNK
        keys = Scratch(places * shape.paddedHeadSize, zero: 0)
        values = Scratch(places * TernaryMatrix.padded(shape.headSize, to: 16), zero: 0)
        let attended = ct_attended.count(shape.groupSize, shape.headSize)
        share = Scratch(attended, zero: 0)
        sums = Scratch(Self.runTokens * attended, zero: 0)
    }

    /// Bytes of all rows.
    var byteCount: Int { 4 * (keys.count + values.count + share.count + sums.count) }
}

extension ct_attended {
    /// Floats that a group's share takes.
    static func count(_ heads: Int, _ size: Int) -> Int { heads * (size + 2) }

    /// Nothing yet.
    func clear(_ heads: Int, _ size: Int) {
        largest.update(repeating: -Exact.largest, count: heads)
        sums.update(repeating: 0, count: heads)
        values.update(repeating: 0, count: heads * size)
    }
}

extension Scratch<Float> {
    /// The share of a number in rows of shares.
    func attended(_ index: Int, _ heads: Int, _ size: Int) -> ct_attended {
        let start = base + index * ct_attended.count(heads, size)
        return ct_attended(largest: start, sums: start + heads, values: start + 2 * heads)
    }
}
