import TernaryKernels
import VulkanCompute

/// Steps of several sequences: passes of a token each, whose recurrence steps a state for every row.
///
/// A pass is recorded once for each number of sequences; which ones they are is data. Greedy passes draw the next pass's tokens on
/// the device, so that several of them are one submission.
extension VulkanEngine {
    /// A submission of steps.
    struct BatchPass: Hashable {
        var rows: Int
        /// Steps that end in drawing tokens; nil for one step that leaves its logits.
        var drawnSteps: Int?
    }

    /// Recordings of batches kept; batches come in all sizes.
    private static let mostRecordings = 8

    /// As many sequences at a time as the workspace holds.
    public func step(_ tokens: [Int], of sequences: [Int]) throws -> [Float] {
        check(tokens, of: sequences)
        try resident?.bringStateBack()
        var logits: [Float] = []
        for rows in parts(of: tokens.count) {
            try write(tokens[rows], of: sequences[rows])
            try run(try recording(BatchPass(rows: rows.count)))
            logits += try read(batch.logits, count: rows.count * configuration.vocabularySize)
        }
        return logits
    }

    /// Several steps a submission, without logits ever leaving the device.
    public func greedySteps(_ count: Int, from tokens: [Int], of sequences: [Int]) throws -> [[Int]] {
        check(tokens, of: sequences)
        if sequences == [0], let taken = try greedyResident(count, from: tokens[0]) { return taken.map { [$0] } }
        try resident?.bringStateBack()
        var drawn = Array(repeating: [Int](), count: count)
        for rows in parts(of: tokens.count) {
            try write(tokens[rows], of: sequences[rows])
            // No more work a submission than a prompt's is: a slow device must not take one for a hang. Where the host keeps the
            // embedding, it puts the rows of what was drawn in place.
            let most = weights.hostEmbedding != nil ? 1 : max(1, min(BatchWorkspace.mostSteps, workspace.capacity / rows.count))
            for first in stride(from: 0, to: count, by: most) {
                if weights.hostEmbedding != nil, first > 0 {
                    try write(drawn[first - 1].suffix(rows.count), of: sequences[rows])
                }
                let steps = min(most, count - first)
                try run(try recording(BatchPass(rows: rows.count, drawnSteps: steps)))
                let words = try device.download(UInt32.self, count: steps * rows.count, from: batch.drawn)
                for step in 0..<steps {
                    drawn[first + step] += words[step * rows.count..<(step + 1) * rows.count].map { Int($0) }
                }
            }
        }
        return drawn
    }

    /// Clears the state of one sequence.
    public func reset(sequence: Int) throws {
        check([], sequence: sequence)
        try resident?.bringStateBack()
        let zeros = [Float](repeating: 0, count: configuration.stateSize)
        for layer in 0..<configuration.layerCount {
            let offset = MatMulFreePlan.stateOffset(configuration, layer: layer, sequence: sequence, of: sequenceCount)
            try device.upload(zeros, to: workspace.state, offset: offset)
        }
    }

    /// Ranges that one pass can take.
    private func parts(of count: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: batch.rows).map { $0..<min($0 + batch.rows, count) }
    }

    private func write(_ tokens: ArraySlice<Int>, of sequences: ArraySlice<Int>) throws {
        try device.upload(try tokenIds(tokens), to: batch.tokens)
        try device.upload(sequences.map { UInt32($0) }, to: batch.sequences)
    }

    /// One step that leaves logits. Many rows are worth kernels of their own, where the form does not say otherwise.
    private func batchPlan(rows: Int) -> Plan {
        guard rows >= Self.manyTokens, let unfused, unfused.usesEpilogues, BatchPlan.fits(device.description) else {
            return plan(.batch(batch), tokens: rows, logits: .all)
        }
        return BatchPlan(
            configuration: configuration, weights: weights, workspace: workspace, unfused: unfused, batch: batch, rows: rows
        ).make()
    }

    private func recording(_ pass: BatchPass) throws -> Recording {
        if let known = batchRecordings[pass] { return known }
        if batchRecordings.count >= Self.mostRecordings { batchRecordings = [:] }
        var steps: [Plan.Step] = []
        for step in 0..<(pass.drawnSteps ?? 1) {
            var plan = batchPlan(rows: pass.rows)
            if pass.drawnSteps != nil {
                plan.dispatch(
                    Argmax(rows: pass.rows, columns: configuration.vocabularySize, firstDrawn: step * pass.rows),
                    [BufferSlice(batch.logits), BufferSlice(batch.tokens), BufferSlice(batch.drawn)])
                plan.barrier()
            }
            steps += plan.steps
        }
        let recording = try record(steps, label: "a batch of \(pass.rows)", isTimed: deviceSeconds != nil)
        batchRecordings[pass] = recording
        device.savePipelineCache()
        return recording
    }
}
