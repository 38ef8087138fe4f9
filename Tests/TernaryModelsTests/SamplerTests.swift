import Testing

@testable import TernaryModels

@Suite("sampler")
struct SamplerTests {
    private func options(_ change: (inout SamplingOptions) -> Void) -> SamplingOptions {
        var options = SamplingOptions()
        options.topP = 1
        options.minP = 0
        options.topK = 0
        change(&options)
        return options
    }

    /// How often each token is drawn.
    private func counts(_ options: SamplingOptions, _ logits: [Float], draws: Int = 20_000) -> [Int] {
        var sampler = Sampler(options)
        var counts = [Int](repeating: 0, count: logits.count)
        for _ in 0..<draws { counts[sampler.sample(logits)] += 1 }
        return counts
    }

    @Test("temperature 0 takes the likeliest token, the lowest id among equals")
    func greedy() {
        var sampler = Sampler(options { $0.temperature = 0 })
        #expect(sampler.sample([1, 3, 3, 2]) == 1)
    }

    @Test("draws in proportion to e^(logit / temperature)")
    func proportions() {
        let counts = counts(options { $0.temperature = 2 }, [0, 2, 4])
        // e^0 : e^1 : e^2 of 20,000 draws is 1801 : 4895 : 13305; five standard deviations are below 350.
        #expect(abs(counts[0] - 1801) < 350 && abs(counts[1] - 4895) < 350 && abs(counts[2] - 13305) < 350)
    }

    @Test("top-k keeps the k likeliest")
    func topK() {
        let counts = counts(
            options {
                $0.topK = 2; $0.temperature = 1
            }, [1, 1.1, 0.9, 1.05])
        #expect(counts[0] == 0 && counts[2] == 0 && counts[1] > 0 && counts[3] > 0)
    }

    @Test("top-p keeps the likeliest that together reach p, and always one")
    func topP() {
        #expect(
            counts(
                options {
                    $0.topP = 0.6; $0.temperature = 1
                }, [2, 1, 0])[1...] == [0, 0])
        #expect(
            counts(
                options {
                    $0.topP = 0.7; $0.temperature = 1
                }, [2, 1, 0])[2] == 0)
        #expect(
            counts(
                options {
                    $0.topP = 1e-6; $0.temperature = 1
                }, [2, 1, 0])[0] == 20_000)
    }

    @Test("min-p drops what is far below the likeliest")
    func minP() {
        #expect(
            counts(
                options {
                    $0.minP = 0.5; $0.temperature = 1
                }, [2, 1.5, 1])[2] == 0)
    }

    @Test("a repeat penalty makes a repeated token less likely, whatever its sign")
    func penalty() {
        for logits: [Float] in [[2, 1.9], [-1, -1.1]] {
            var sampler = Sampler(
                options {
                    $0.temperature = 0; $0.repeatPenalty = 1.5
                })
            #expect(sampler.sample(logits) == 0)
            #expect(sampler.sample(logits) == 1)
        }
    }

    @Test("the same seed draws the same tokens, another seed others")
    func seeds() {
        let logits: [Float] = (0..<100).map { Float($0 % 7) }
        func draw(_ seed: UInt64) -> [Int] {
            var sampler = Sampler(
                options {
                    $0.seed = seed; $0.temperature = 1
                })
            return (0..<50).map { _ in sampler.sample(logits) }
        }
        #expect(draw(1) == draw(1))
        #expect(draw(1) != draw(2))
    }
}

@Suite("stop strings")
struct StopMatcherTests {
    /// Feeds a text in pieces and gives back what is shown.
    private func shown(_ pieces: [String], stops: [String]) -> (text: String, stopped: Bool) {
        var matcher = StopMatcher(stops)
        var text = ""
        for piece in pieces {
            let (part, stopped) = matcher.append(piece)
            text += part
            if stopped { return (text, true) }
        }
        return (text + matcher.finish(), false)
    }

    @Test("ends before a stop string, also where it comes in pieces")
    func ends() {
        #expect(shown(["one ", "END two"], stops: ["END"]) == ("one ", true))
        #expect(shown(["one E", "N", "D two"], stops: ["END"]) == ("one ", true))
        #expect(shown(["EEND"], stops: ["END"]) == ("E", true))
    }

    @Test("shows what only looked like one")
    func looksLike() {
        #expect(shown(["one E", "Nx"], stops: ["END"]) == ("one ENx", false))
        #expect(shown(["one EN"], stops: ["END"]) == ("one EN", false))
        #expect(shown(["a"], stops: []) == ("a", false))
    }
}

@Suite("device choice")
struct DeviceChoiceTests {
    @Test(
        "reads keywords, indices and names",
        arguments: [
            ("auto", DeviceChoice.auto), ("CPU", .cpu), ("cpu-reference", .cpuReference), ("vulkan", .vulkan),
            ("vulkan:3", .vulkanIndex(3)), ("H200", .named("H200")), ("vulkan:x", .named("vulkan:x")),
        ])
    func reads(text: String, choice: DeviceChoice) { #expect(DeviceChoice(text) == choice) }
}
