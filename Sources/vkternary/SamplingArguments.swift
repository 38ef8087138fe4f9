import ArgumentParser
import TernaryModels

/// Options that say how the next token is drawn; every command that writes text has them.
struct SamplingArguments: ParsableArguments {
    @Option(parsing: .unconditional, help: "0 takes the likeliest token always; higher is more surprising.")
    var temperature: Float = 0.7

    @Option(parsing: .unconditional, help: "Draw from the k likeliest tokens; 0 from all.")
    var topK = 40

    @Option(parsing: .unconditional, help: "Draw from the likeliest tokens that together have this probability.")
    var topP: Float = 1

    @Option(parsing: .unconditional, help: "Drop tokens less probable than this share of the likeliest one.")
    var minP: Float = 0

    @Option(parsing: .unconditional, help: "Make tokens of the last 64 less likely; 1 is off.")
    var repeatPenalty: Float = 1

    @Option(
        parsing: .unconditional,
        help: "Seed of the draw: the same seed gives the same text on every device. Random where none is given.")
    var seed: UInt64?

    @Option(parsing: .unconditionalSingleValue, help: "End the text at this string. May be given more than once.")
    var stop: [String] = []

    mutating func validate() throws {
        if !(temperature >= 0 && temperature.isFinite) { throw ValidationError("--temperature takes 0 or more.") }
        if topK < 0 { throw ValidationError("--top-k takes 0 or more.") }
        if !(topP > 0 && topP <= 1) { throw ValidationError("--top-p takes more than 0, at most 1.") }
        if !(minP >= 0 && minP <= 1) { throw ValidationError("--min-p takes 0 to 1.") }
        if !(repeatPenalty > 0 && repeatPenalty.isFinite) { throw ValidationError("--repeat-penalty takes more than 0.") }
        if stop.contains("") { throw ValidationError("--stop takes at least one character.") }
    }

    /// The options, with a seed drawn where none is given.
    var sampling: SamplingOptions {
        var sampling = SamplingOptions()
        sampling.temperature = temperature
        sampling.topK = topK
        sampling.topP = topP
        sampling.minP = minP
        sampling.repeatPenalty = repeatPenalty
        sampling.seed = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
        return sampling
    }
}
