/// Sizes of the caches that a processor's core has or shares, as Linux tells them.
public struct CPUCaches: Sendable, Equatable {
    /// Bytes of data.
    public var level1, level2: Int
    /// The largest cache that there is, be it the third level or the second.
    public var last: Int
    /// How many of those the machine has.
    public var lastCount: Int

    /// Those of this machine's first processor; usual ones where it does not tell.
    public static let current = CPUCaches(directory: "/sys/devices/system/cpu")

    /// - Parameter directory: of processors: with a file `online`, and of the first one's caches a folder `cpu0/cache/index0` and so on.
    init(directory: String) {
        (level1, level2, last, lastCount) = (32 << 10, 512 << 10, 16 << 20, 1)
        var sizes: [Int: Int] = [:]
        let processors = SystemFile.line("\(directory)/online").flatMap(SystemFile.count) ?? 1
        for index in 0..<16 {
            let folder = "\(directory)/cpu0/cache/index\(index)"
            guard let level = SystemFile.line("\(folder)/level").flatMap({ Int($0) }), 1...4 ~= level,
                SystemFile.line("\(folder)/type") != "Instruction",
                let size = SystemFile.line("\(folder)/size").flatMap(Self.byteCount)
            else { continue }
            sizes[level] = max(sizes[level] ?? 0, size)
            if level > 1, size == sizes.filter({ $0.key > 1 }).values.max() {
                let sharing = SystemFile.line("\(folder)/shared_cpu_list").flatMap(SystemFile.count) ?? processors
                lastCount = max(1, processors / sharing)
            }
        }
        if let size = sizes[1] { level1 = size }
        if let size = sizes[2] { level2 = size }
        if let size = sizes.filter({ $0.key > 1 }).values.max() { last = size }
    }

    /// "32768K" in bytes; nil where it is no size of a cache.
    static func byteCount(_ text: String) -> Int? {
        let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        let unit = text.last.flatMap { units[$0] }
        guard let count = Int(unit == nil ? text[...] : text.dropLast()), 1...1 << 20 ~= count else { return nil }
        return count * (unit ?? 1)
    }

    /// Bytes of which hardly any are in a cache after all have been used: four times the last caches of all cores, 256 MiB at least, and no more
    /// than an eighth of the memory that is free.
    package var farByteCount: Int {
        let wanted = max(256 << 20, min(4 * last * lastCount, 4 << 30))
        return max(8 << 20, min(wanted, PlainMemory.available / 8))
    }
}
