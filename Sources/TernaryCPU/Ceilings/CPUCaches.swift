/// Sizes of the caches that a processor's core has or shares, as Linux tells them.
public struct CPUCaches: Sendable, Equatable {
    /// Bytes of data.
    public var level1, level2: Int
    /// The largest cache that there is, be it the third level or the second.
    public var last: Int

    /// Those of this machine's first processor; usual ones where it does not tell.
    public static let current = CPUCaches(directory: "/sys/devices/system/cpu/cpu0/cache")

    /// - Parameter directory: with a folder `index0` and so on for each cache.
    init(directory: String) {
        (level1, level2, last) = (32 << 10, 512 << 10, 16 << 20)
        var sizes: [Int: Int] = [:]
        for index in 0..<16 {
            let folder = "\(directory)/index\(index)"
            guard let level = SystemFile.line("\(folder)/level").flatMap({ Int($0) }), 1...4 ~= level,
                SystemFile.line("\(folder)/type") != "Instruction",
                let size = SystemFile.line("\(folder)/size").flatMap(Self.byteCount)
            else { continue }
            sizes[level] = max(sizes[level] ?? 0, size)
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

    /// Bytes of which hardly any are in a cache after all have been used: eight times the largest, 256 MiB at least, and no more than an eighth
    /// of the memory that is free.
    package var farByteCount: Int { max(8 << 20, min(max(256 << 20, min(8 * last, 4 << 30)), PlainMemory.available / 8)) }
}
