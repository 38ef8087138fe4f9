/// Reads typed values out of a JSON object and says, in one line, what is wrong with one.
struct ConfigurationReader {
    let path: String
    private let json: JSON
    /// What stands before a key in messages: "rope_scaling." inside that object.
    private let prefix: String

    init(path: String, limit: Int = 1 << 20) throws {
        let text = try InputFile.contents(of: path, limit: limit)
        try self.init(text, path: path)
    }

    init(_ text: [UInt8], path: String) throws {
        do { json = try JSON(parsing: text) } catch { throw FileError(path, "\(error)") }
        self.path = path
        prefix = ""
        guard let members = json.object else { throw FileError(path, "is not a JSON object") }
        guard Set(members.map(\.key)).count == members.count else { throw FileError(path, "has a key twice") }
    }

    private init(_ json: JSON, path: String, prefix: String) {
        self.json = json
        self.path = path
        self.prefix = prefix
    }

    func fail(_ key: String, _ reason: String) -> FileError { FileError(path, at: prefix + key, reason) }

    /// Whether the key is there, though it be null.
    func has(_ key: String) -> Bool { json[key] != nil }

    /// A reader of the object behind a key.
    func object(_ key: String) throws -> ConfigurationReader? {
        guard let value = value(key) else { return nil }
        guard let members = value.object else { throw fail(key, "must be an object") }
        guard Set(members.map(\.key)).count == members.count else { throw fail(key, "has a key twice") }
        return ConfigurationReader(value, path: path, prefix: "\(prefix)\(key).")
    }

    /// A list of texts.
    func strings(_ key: String) throws -> [String]? {
        guard let value = value(key) else { return nil }
        guard let texts = value.array?.compactMap(\.string), texts.count == value.array?.count else {
            throw fail(key, "must be an array of strings")
        }
        return texts
    }

    /// The value of a key; nil where it is absent or null.
    func value(_ key: String) -> JSON? { json[key].flatMap { $0.isNull ? nil : $0 } }

    /// A whole number within a range.
    func int(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let value = value(key) else { return nil }
        guard let number = value.int else { throw fail(key, "must be a whole number") }
        guard range.contains(number) else {
            throw fail(key, "is \(number), outside \(range.lowerBound)...\(range.upperBound)")
        }
        return number
    }

    /// A number within a range.
    func number(_ key: String, in range: ClosedRange<Double>) throws -> Double? {
        guard let value = value(key) else { return nil }
        guard let number = value.double else { throw fail(key, "must be a number") }
        guard range.contains(number) else {
            throw fail(key, "is \(number), outside \(range.lowerBound)...\(range.upperBound)")
        }
        return number
    }

    /// A truth value.
    func bool(_ key: String) throws -> Bool? {
        guard let value = value(key) else { return nil }
        guard let truth = value.bool else { throw fail(key, "must be true or false") }
        return truth
    }

    /// A text.
    func string(_ key: String) throws -> String? {
        guard let value = value(key) else { return nil }
        guard let text = value.string else { throw fail(key, "must be a string") }
        return text
    }
}
