import Glibc

/// What was found to be the faster of two ways on a device, kept on disk beside its pipelines: a line `key<tab>choice` each.
///
/// The name holds the driver's identity, so that another driver is measured anew. A file that cannot be read is as good as none.
struct ChoiceFile {
    private static let largest = 1 << 16
    let path: String

    init(directory: String, device: DeviceDescription) {
        path = PipelineCacheFile(directory: directory, device: device).path + ".choices"
    }

    func read() -> [String: String] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [:] }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: Self.largest)
        let count = Glibc.read(file, &bytes, bytes.count)
        guard count > 0, count < bytes.count else { return [:] }
        var choices: [String: String] = [:]
        for line in String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            if fields.count == 2 { choices[String(fields[0])] = String(fields[1]) }
        }
        return choices
    }

    /// Adds a line to what is there: under another name first, so that no reader sees half of it.
    func add(_ key: String, _ choice: String) {
        var choices = read()
        choices[key] = choice
        let text = choices.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)\n" }.joined()
        guard text.utf8.count < Self.largest else { return }
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max))"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        let bytes = Array(text.utf8)
        let written = write(file, bytes, bytes.count)
        guard close(file) == 0, written == bytes.count, rename(temporary, path) == 0 else {
            unlink(temporary)
            return
        }
    }
}

extension Device {
    /// What an earlier run remembered under a key; nil where nothing is known, or nothing is kept on disk.
    public func choice(_ key: String) -> String? { choices?.read()[key] }

    /// Keeps a choice for later runs; neither text has tabs or line ends.
    public func remember(_ key: String, as choice: String) { choices?.add(key, choice) }

    /// Tells a person of something that went another way than asked for.
    public func warn(_ message: String) { logical.logger.warning("\(message)") }
}
