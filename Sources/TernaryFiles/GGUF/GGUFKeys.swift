/// Reads a file's metadata by key, with what each value must be.
struct GGUFKeys {
    let file: GGUFFile

    /// An error about a key.
    func fail(_ key: String, _ reason: String) -> FileError { FileError(file.path, at: key, reason) }

    /// A key of the architecture's own.
    func own(_ name: String) -> String { "\(file.architecture).\(name)" }

    /// A whole number in a range; nil where the key is absent.
    func int(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let value = file.metadata[key] else { return nil }
        // Some writers give one number a layer.
        if case .integers(let all) = value, let first = all.first, range.contains(Int(first)) {
            guard all.allSatisfy({ $0 == first }) else { throw fail(key, "differs from layer to layer, which is not supported") }
            return Int(first)
        }
        guard let number = value.int, range.contains(number) else {
            throw fail(key, "must be a whole number in \(range.lowerBound)...\(range.upperBound)")
        }
        return number
    }

    /// A whole number in a range.
    func requiredInt(_ key: String, in range: ClosedRange<Int>) throws -> Int {
        guard let number = try int(key, in: range) else { throw fail(key, "is missing") }
        return number
    }

    /// A number in a range; nil where the key is absent.
    func float(_ key: String, in range: ClosedRange<Float>) throws -> Float? {
        let found: Float? =
            switch file.metadata[key] {
            case nil: nil
            case .float32(let value)?: value
            case .float64(let value)?: Float(value)
            default: Float.nan
            }
        guard let found else { return nil }
        guard range.contains(found) else { throw fail(key, "must be a number in \(range.lowerBound)...\(range.upperBound)") }
        return found
    }

    /// A number in a range.
    func requiredFloat(_ key: String, in range: ClosedRange<Float>) throws -> Float {
        guard let number = try float(key, in: range) else { throw fail(key, "is missing") }
        return number
    }

    /// A text; nil where the key is absent.
    func text(_ key: String) throws -> String? {
        guard let value = file.metadata[key] else { return nil }
        guard case .string(let bytes) = value else { throw fail(key, "must be a string") }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A truth value; nil where the key is absent.
    func bool(_ key: String) throws -> Bool? {
        guard let value = file.metadata[key] else { return nil }
        guard case .bool(let flag) = value else { throw fail(key, "must be a truth value") }
        return flag
    }
}
