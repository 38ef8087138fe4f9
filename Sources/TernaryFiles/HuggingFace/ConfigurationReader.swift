/// Reads typed values out of a JSON object and says, in one line, what is wrong with one.
struct ConfigurationReader {
    let path: String
    private let json: JSON

    init(path: String, limit: Int = 1 << 20) throws {
        let text = try InputFile.contents(of: path, limit: limit)
        try self.init(text, path: path)
    }

    init(_ text: [UInt8], path: String) throws {
        do { json = try JSON(parsing: text) } catch { throw FileError(path, "\(error)") }
        self.path = path
        guard let members = json.object else { throw FileError(path, "is not a JSON object") }
        guard Set(members.map(\.key)).count == members.count else { throw FileError(path, "has a key twice") }
    }

    func fail(_ key: String, _ reason: String) -> FileError { FileError(path, at: key, reason) }

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
