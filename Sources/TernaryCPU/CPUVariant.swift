import CTernary
import Glibc

/// A set of CPU kernels, named for the instructions it needs. All give the same bits.
public enum CPUVariant: String, Sendable, CaseIterable {
    case portable
    case neonDotprod = "neon-dotprod"
    case neonI8MM = "neon-i8mm"
    case avx2
    case avxVNNI = "avx-vnni"
    case avx512VNNI = "avx512-vnni"

    /// The kernels; nil where they are not made for this architecture.
    var kernels: UnsafePointer<ct_kernels>? {
        var index = 0
        while let table = ct_kernels_at(index) {
            if String(cString: table.pointee.name) == rawValue { return table }
            index += 1
        }
        return nil
    }

    /// Whether this machine has the instructions.
    public var isSupported: Bool { kernels?.pointee.supported() ?? false }

    /// What people call the instructions, like "AVX-512 VNNI".
    public var title: String { kernels.map { String(cString: $0.pointee.title) } ?? rawValue }

    /// The variants that this machine can run, best first.
    public static var supported: [CPUVariant] { allCases.reversed().filter(\.isSupported) }

    /// The variant that `VKTERNARY_CPU` forces, else the best one.
    ///
    /// - Throws: `CPUError.variant` where the variable's value is unknown or this machine lacks the instructions.
    public static func chosen() throws(CPUError) -> CPUVariant {
        try chosen(forced: getenv("VKTERNARY_CPU").map { String(cString: $0) })
    }

    static func chosen(forced: String?) throws(CPUError) -> CPUVariant {
        guard let forced, !forced.isEmpty else { return supported.first ?? .portable }
        guard let variant = CPUVariant(rawValue: forced), variant.isSupported else { throw .variant(forced) }
        return variant
    }
}

/// Why the CPU backend cannot be used as asked.
public enum CPUError: Error, Equatable, CustomStringConvertible {
    /// The value of `VKTERNARY_CPU` is not a variant that this machine can run.
    case variant(String)

    /// One line for the user.
    public var description: String {
        switch self {
        case .variant(let value):
            let choices = CPUVariant.supported.map(\.rawValue).joined(separator: ", ")
            let reason = CPUVariant(rawValue: value) == nil ? "is not known" : "needs instructions that this machine lacks"
            return "VKTERNARY_CPU: \"\(value)\" \(reason); choose one of \(choices)"
        }
    }
}

/// What the CPU offers.
public enum CPUFeatures {
    /// Processors this process may use: its affinity mask, or its control group's quota where that is less.
    public static var processorCount: Int { Int(ct_usable_processors()) }

    /// What `--device cpu` would use now, for a list of devices; the reason where `VKTERNARY_CPU` names what cannot run.
    public static var summary: String {
        do { return description(of: try CPUVariant.chosen()) } catch { return "cannot be used: \(error)" }
    }

    /// A line for a list of devices, like "AMD EPYC, 2 cores, AVX-512 VNNI", or "..., 2 of 8 cores, 2 memory nodes, AVX2".
    public static func description(of variant: CPUVariant) -> String { description(of: variant, .current) }

    static func description(of variant: CPUVariant, _ processor: ProcessorDescription) -> String {
        let (usable, total) = (processor.usable, processor.total)
        let cores = (usable == total ? "\(usable)" : "\(usable) of \(total)") + (total == 1 ? " core" : " cores")
        let nodes = processor.memoryNodes == 1 ? "" : ", \(processor.memoryNodes) memory nodes"
        return "\(processor.name), \(cores)\(nodes), \(variant.title)"
    }

    /// What an engine of so many threads is called: "CPU (2 threads, AVX-512 VNNI)".
    public static func deviceName(threads: Int, _ variant: CPUVariant) -> String {
        "CPU (\(threads) \(threads == 1 ? "thread" : "threads"), \(variant.title))"
    }
}
