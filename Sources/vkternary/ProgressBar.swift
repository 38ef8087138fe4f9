/// A bar on standard error where a person sees it, nothing elsewhere.
struct ProgressBar {
    private let label: String
    private let isShown: Bool
    private var lastShown = (percent: -1, note: "")

    init(_ label: String, isShown: Bool = true) {
        self.label = label
        self.isShown = isShown && Terminal.showsNotes
    }

    /// Shows a share of the work, 0 to 1, and what has come of it so far.
    mutating func update(_ share: Double, note: String = "") {
        let percent = Int(min(max(share, 0), 1) * 100)
        guard isShown, (percent, note) != lastShown else { return }
        lastShown = (percent, note)
        let filled = percent * 30 / 100
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
        Terminal.show("\r\(label) [\(bar)] \(percent)%\(note.isEmpty ? "" : "  \(note)\u{1B}[K")")
    }

    /// Takes the bar away.
    func finish() {
        if isShown && lastShown.percent >= 0 { Terminal.show("\r\u{1B}[K") }
    }
}
