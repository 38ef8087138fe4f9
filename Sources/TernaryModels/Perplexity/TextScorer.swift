import TernaryCore

/// Scores a text's tokens with an engine's logits.
public struct TextScorer {
    /// Bytes of logits that are held at a time.
    private static let logitsLimit = 256 << 20
    /// Tokens of a pass at most: after each there is a value to show, and Ctrl-C is looked at.
    private static let passLength = 512

    /// The text and how it is cut.
    public let windows: TextWindows
    private let engine: any Engine
    private let rowsAtOnce: Int

    /// A text in an engine's hands, whose first sequence it takes.
    public init(_ windows: TextWindows, engine: any Engine) {
        self.windows = windows
        self.engine = engine
        let rowBytes = engine.modelConfiguration.vocabularySize * MemoryLayout<Float>.stride
        rowsAtOnce = max(1, min(Self.passLength, Self.logitsLimit / rowBytes))
    }

    /// Scores the text, or as much of it as there is time for.
    ///
    /// - Parameters:
    ///   - isCancelled: asked between passes; once it is true, the result so far is given.
    ///   - progress: is given the share of the work that is done, and the result so far.
    /// - Throws: `VulkanError` where a device fails, and what `progress` throws.
    public func score(
        isCancelled: () -> Bool = { false }, progress: (_ share: Double, CrossEntropy) throws -> Void = { _, _ in }
    ) throws -> CrossEntropy {
        var result = CrossEntropy()
        let total = Double(windows.inputCount)
        var done = 0
        for index in 0..<windows.count {
            let window = windows.window(index)
            try engine.reset(sequence: 0)
            var position = 0
            while position < window.input.count {
                if isCancelled() { return result }
                let isContext = position < window.contextCount
                let end = min(position + rowsAtOnce, isContext ? window.contextCount : window.input.count)
                let logits = try engine.forward(Array(window.input[position..<end]), logits: isContext ? .none : .all)
                if !isContext {
                    let first = window.targets.startIndex - window.contextCount
                    for nats in Self.nats(logits, of: window.targets[first + position..<first + end]) { result.add(nats) }
                }
                done += end - position
                position = end
                try progress(Double(done) / total, result)
            }
        }
        return result
    }

    /// The negative log-likelihood of each target under its row of logits. A row is one thread's: threads change no bit.
    private static func nats(_ logits: [Float], of targets: ArraySlice<Int>) -> [Double] {
        let width = logits.count / targets.count
        return [Double](unsafeUninitializedCapacity: targets.count) { buffer, initialized in
            logits.withUnsafeBufferPointer { logits in
                // Logits are only read; every call writes places of its own.
                nonisolated(unsafe) let (logits, buffer) = (logits, buffer)
                // An exponential costs about as much as 16 weights that are unpacked.
                Parallel.forRows(targets.count, weightsEach: 16 * width) { rows in
                    for row in rows {
                        let values = UnsafeBufferPointer(rebasing: logits[row * width..<(row + 1) * width])
                        buffer[row] = negativeLogLikelihood(values, of: targets[targets.startIndex + row])
                    }
                }
            }
            initialized = targets.count
        }
    }
}
