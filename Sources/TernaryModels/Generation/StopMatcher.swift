/// Finds stop strings in a stream of text, and holds back what may yet become one.
struct StopMatcher {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []

    init(_ stops: [String]) { self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty } }

    /// Takes text and gives back what is safe to show; `stopped` where a stop string was complete. It is not shown itself.
    mutating func append(_ text: String) -> (shown: String, stopped: Bool) {
        guard !stops.isEmpty else { return (text, false) }
        held += Array(text.utf8)
        for start in held.indices {
            for stop in stops where held[start...].starts(with: stop) {
                defer { held = [] }
                return (String(decoding: held[..<start], as: UTF8.self), true)
            }
            if stops.contains(where: { $0.starts(with: held[start...]) }) {
                let shown = String(decoding: held[..<start], as: UTF8.self)
                held.removeFirst(start)
                return (shown, false)
            }
        }
        return (finish(), false)
    }

    /// What was held back, once no more text comes.
    mutating func finish() -> String {
        defer { held = [] }
        return String(decoding: held, as: UTF8.self)
    }
}
