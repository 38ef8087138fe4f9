/// The members of a JSON object, read with errors that name file and key.
struct JSONFields {
    private let object: JSON
    private let path: String
    private let place: String

    /// Where it is no object, an error names it.
    init(_ value: JSON?, path: String, place: String) throws {
        guard let value, value.object != nil else {
            throw FileError(path, at: place.isEmpty ? nil : place, value == nil ? "missing" : "not a JSON object")
        }
        (object, self.path, self.place) = (value, path, place)
    }

    /// A member's value.
    subscript(key: String) -> JSON? { object[key] }

    /// An error about a member.
    func error(_ key: String, _ reason: String) -> FileError {
        FileError(path, at: place.isEmpty ? key : "\(place).\(key)", reason)
    }

    /// Refuses members that are not listed: they might change the result.
    func allow(_ keys: String...) throws {
        for member in object.object ?? [] where !keys.contains(where: { Array($0.utf8) == member.key }) {
            throw error(String(decoding: member.key.prefix(64), as: UTF8.self), "this setting is not supported")
        }
    }

    func bytes(_ key: String) throws -> [UInt8] {
        guard let value = self[key]?.stringBytes else { throw error(key, self[key] == nil ? "missing" : "not a string") }
        return value
    }

    func string(_ key: String) throws -> String { String(decoding: try bytes(key), as: UTF8.self) }

    /// A string of one character.
    func character(_ key: String) throws -> [UInt8] {
        let text = try bytes(key)
        guard let first = text.first, UTF8Text.characterLength(lead: first) == text.count else {
            throw error(key, "not one character")
        }
        return text
    }

    /// A truth value, or nil where there is none.
    func flag(_ key: String) throws -> Bool? {
        guard let value = self[key] else { return nil }
        guard let flag = value.bool else { throw error(key, "not true or false") }
        return flag
    }

    /// A whole number that can count or number tokens.
    func count(_ key: String) throws -> Int {
        guard let value = self[key]?.int, (0...1 << 24).contains(value) else {
            throw error(key, "not a whole number up to \(1 << 24)")
        }
        return value
    }

    /// An array, or nil where there is none.
    func array(_ key: String) throws -> [JSON]? {
        guard let value = self[key], !value.isNull else { return nil }
        guard let array = value.array else { throw error(key, "not an array") }
        return array
    }

    func object(_ key: String) throws -> JSONFields {
        try JSONFields(self[key], path: path, place: place.isEmpty ? key : "\(place).\(key)")
    }
}
