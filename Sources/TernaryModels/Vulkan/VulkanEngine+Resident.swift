import TernaryCore
import TernaryKernels
import VulkanCompute

/// Decode steps of the first sequence in one dispatch, where the device can and it is worth it.
extension VulkanEngine {
    /// Takes a token; nil where dispatches have to.
    func takeResident(_ token: Int, logits: LogitRows) throws -> [Float]? {
        try settleDecode(token)
        guard let resident else { return nil }
        guard try resident.take(token, wantsLogits: logits != .none, chooses: false) != nil else {
            try giveUpIncomplete()
            return nil
        }
        addDeviceSeconds(try resident.lastNanoseconds())
        return logits == .none ? [] : try read(workspace.logits, count: configuration.vocabularySize)
    }

    /// Takes a token and the likeliest ones after it, several a submission; nil where dispatches have to.
    func greedyResident(_ count: Int, from token: Int) throws -> [Int]? {
        try settleDecode(token)
        guard let resident else { return nil }
        var drawn: [Int] = []
        while drawn.count < count {
            let most = min(ResidentDecoder.mostTokens, count - drawn.count)
            guard let chosen = try resident.take(drawn.last ?? token, count: most, wantsLogits: false, chooses: true) else {
                try giveUpIncomplete()
                guard let last = drawn.last else { return nil }
                return try drawn + greedySteps(count - drawn.count, from: [last], of: [0]).map { $0[0] }
            }
            addDeviceSeconds(try resident.lastNanoseconds())
            drawn += chosen
        }
        return drawn
    }

    /// Measures, the first time that this device decodes a model of this shape, which form is faster; a later start knows.
    private func settleDecode(_ token: Int) throws {
        if isDecodeSettled { return }
        isDecodeSettled = true
        guard let resident else { return }
        let key =
            "decode \(configuration.hiddenSize) \(configuration.stateSize) \(configuration.intermediateSize) "
            + "\(configuration.layerCount) \(configuration.vocabularySize), build \(resident.build)"
        switch device.choice(key) {
        case "resident": return
        case "dispatches":
            self.resident = nil
            decodeForm = "dispatches"
            return
        default: break
        }
        var completes = true
        let one = try fastest {
            completes = try resident.take(token, wantsLogits: true, chooses: false, keepsState: false) != nil
        }
        guard completes else { return try giveUpIncomplete() }
        // A compiler that gets so large a kernel wrong must not be the reason for other bits.
        let found = try read(workspace.logits, count: configuration.vocabularySize)
        var several = 0.0
        var expected: [Float] = []
        try resident.undoing {
            expected = try dispatch([token], sequence: 0, logits: .last)
            several = try fastest { _ = try dispatch([token], sequence: 0, logits: .last) }
        }
        if zip(found, expected).contains(where: { $0.bitPattern != $1.bitPattern }) {
            return try giveUpResident(
                "differs", "decoding goes on with a dispatch for every phase: this driver's single one gives other values")
        }
        let comparison = "\(microseconds(one)) us a token, \(microseconds(several)) us as dispatches"
        if one <= several {
            decodeForm += " (measured: \(comparison))"
        } else {
            self.resident = nil
            decodeForm = "dispatches (measured: in one dispatch \(comparison))"
        }
        device.remember(key, as: one <= several ? "resident" : "dispatches")
    }

    private func giveUpIncomplete() throws {
        try giveUpResident(
            "did not complete",
            "decoding goes on with a dispatch for every phase: not all work groups of a single one ran at the same time")
    }

    private func giveUpResident(_ what: String, _ warning: String) throws {
        try resident?.bringStateBack()
        resident = nil
        decodeForm = "dispatches: a resident one \(what)"
        device.warn(warning)
    }

    private func addDeviceSeconds(_ nanoseconds: UInt64) {
        if deviceSeconds != nil { deviceSeconds! += Double(nanoseconds) * 1e-9 }
    }

    /// Seconds of the fastest of three runs after one that does not count.
    private func fastest(_ run: () throws -> Void) throws -> Double {
        let before = deviceSeconds
        defer { deviceSeconds = before }
        let clock = ContinuousClock()
        var best = Double.infinity
        for round in 0..<4 {
            let start = clock.now
            try run()
            if round > 0 { best = min(best, (clock.now - start) / .seconds(1)) }
        }
        return best
    }

    private func microseconds(_ seconds: Double) -> Int { Int((seconds * 1e6).rounded()) }
}

extension VulkanEngine.Form {
    /// Why this device cannot run a model in this form; nil where it can.
    public func whyNot(
        _ configuration: MatMulFreeConfiguration, element: EmbeddingTable.Element, on device: DeviceDescription
    ) -> String? {
        self == .resident ? ResidentDecoder.whyNot(configuration, element: element, on: device) : nil
    }

    /// Whether decode steps may be one dispatch.
    func decodesResident(
        _ configuration: MatMulFreeConfiguration, element: EmbeddingTable.Element, on device: DeviceDescription
    ) -> Bool {
        (self == .resident || self == .automatic)
            && ResidentDecoder.whyNot(configuration, element: element, on: device) == nil
    }
}
