/// What was found to be the faster of two ways on a device, kept on disk beside its pipelines: a line `key<tab>choice` each.
///
/// The name holds the driver's identity, so that another driver is measured anew. A file that cannot be read is as good as none.
struct ChoiceFile {
    private static let largest = 1 << 16
    private let file: CacheFile

    init(directory: String, device: DeviceDescription) {
        let pipelines = PipelineCacheFile(directory: directory, device: device).path
        file = CacheFile(directory: directory, path: pipelines + ".choices")
    }

    func read() -> [String: String] {
        var choices: [String: String] = [:]
        let text = String(decoding: file.read(atMost: Self.largest) ?? [], as: UTF8.self)
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            if fields.count == 2 { choices[String(fields[0])] = String(fields[1]) }
        }
        return choices
    }

    /// Adds a line to what is there, as long as that stays readable.
    func add(_ key: String, _ choice: String) {
        var choices = read()
        choices[key] = choice
        let bytes = Array(choices.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)\n" }.joined().utf8)
        if bytes.count <= Self.largest { _ = file.write(bytes) }
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
