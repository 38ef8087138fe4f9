import CTernary
import Glibc

/// The processor that this program runs on, as Linux tells of it.
public struct ProcessorDescription: Sendable, Equatable {
    /// The model's name; what the architecture is called where there is none.
    public var name: String
    /// Megahertz, the most that it runs at or else what it ran at when asked; nil where nobody says.
    public var megahertz: Double?
    /// Processors this process may use: its affinity mask, or its control group's quota where that is less.
    public var usable: Int
    /// Processors that are running.
    public var total: Int
    /// Parts of the memory that are nearer to some processors than to others.
    public var memoryNodes: Int

    /// This machine's.
    public static var current: ProcessorDescription { ProcessorDescription(root: "") }

    /// - Parameter root: where `/proc` and `/sys` are found.
    init(root: String) {
        let processors = "\(root)/sys/devices/system/cpu"
        let lines = (SystemFile.text("\(root)/proc/cpuinfo") ?? "").split(whereSeparator: \.isNewline)
        func value(_ key: String) -> String? {
            for line in lines {
                let parts = line.split(separator: ":", maxSplits: 1)
                if parts.count == 2, SystemFile.trimmed(parts[0]) == key { return SystemFile.trimmed(parts[1]) }
            }
            return nil
        }
        let model = value("model name") ?? value("Model") ?? SystemFile.line("\(root)/sys/firmware/devicetree/base/model")
        name = model.map(Self.printable).flatMap { $0.isEmpty ? nil : $0 } ?? Self.architecture
        let most = SystemFile.line("\(processors)/cpu0/cpufreq/cpuinfo_max_freq").flatMap { Double($0) }.map { $0 / 1000 }
        megahertz = (most ?? value("cpu MHz").flatMap { Double($0) }).flatMap { 1...100_000 ~= $0 ? $0 : nil }
        usable = CPUFeatures.processorCount
        total = max(usable, SystemFile.line("\(processors)/online").flatMap(SystemFile.count) ?? 1)
        memoryNodes = max(1, SystemFile.line("\(root)/sys/devices/system/node/has_memory").flatMap(SystemFile.count) ?? 1)
    }

    private static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
    }

    private static var architecture: String {
        #if arch(x86_64)
            "x86-64 processor"
        #elseif arch(arm64)
            "AArch64 processor"
        #else
            "processor"
        #endif
    }
}
