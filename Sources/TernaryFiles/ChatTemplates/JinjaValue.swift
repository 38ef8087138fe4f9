/// A value in a template, as Python's are.
enum JinjaValue {
    /// What no name stands for: prints as nothing and is false, and has no members.
    case undefined(String)
    case none
    case bool(Bool)
    case int(Int)
    case double(Double)
    /// UTF-8.
    case string([UInt8])
    case list([JinjaValue])
    case object(JinjaObject)
    case namespace(JinjaNamespace)
    /// A function of the environment, by its name.
    case function(String)
    case macro(JinjaMacro)
    /// A function of a value: `message.content.strip`.
    indirect case method(JinjaValue, String)

    /// A text.
    static func text(_ text: String) -> JinjaValue { .string(Array(text.utf8)) }

    /// Whether a condition takes it for true.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .double(let value): value != 0
        case .string(let text): !text.isEmpty
        case .list(let elements): !elements.isEmpty
        case .object(let object): !object.members.isEmpty
        case .namespace, .function, .macro, .method: true
        }
    }

    /// What it is, for messages.
    var kind: String {
        switch self {
        case .undefined(let name): "'\(name.forMessage)', which is undefined"
        case .none: "none"
        case .bool: "a truth value"
        case .int, .double: "a number"
        case .string: "a string"
        case .list: "a list"
        case .object: "a mapping"
        case .namespace: "a namespace"
        case .function, .macro, .method: "a function"
        }
    }

    /// As a number for arithmetic; truth values count as 0 and 1.
    var number: Double? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    /// As a whole number.
    var integer: Int? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .int(let value): value
        default: nil
        }
    }

    /// `==`
    static func isEqual(_ left: JinjaValue, _ right: JinjaValue) -> Bool {
        switch (left, right) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.string(let a), .string(let b)): return a == b
        case (.list(let a), .list(let b)): return a.count == b.count && zip(a, b).allSatisfy(isEqual)
        case (.object(let a), .object(let b)):
            return a.members.count == b.members.count
                && a.members.allSatisfy { member in b[member.key].map { isEqual(member.value, $0) } ?? false }
        case (.namespace(let a), .namespace(let b)): return a === b
        default:
            if let a = left.integer, let b = right.integer { return a == b }
            guard let a = left.number, let b = right.number else { return false }
            return a == b
        }
    }
}

/// A mapping from strings, in order.
struct JinjaObject {
    private(set) var members: [(key: [UInt8], value: JinjaValue)] = []
    private var places: [[UInt8]: Int] = [:]

    init(_ members: [(key: [UInt8], value: JinjaValue)] = []) {
        for member in members { self[member.key] = member.value }
    }

    subscript(key: [UInt8]) -> JinjaValue? {
        get { places[key].map { members[$0].value } }
        set {
            guard let newValue else { return }
            if let place = places[key] {
                members[place].value = newValue
            } else {
                places[key] = members.count
                members.append((key, newValue))
            }
        }
    }
}

/// What `namespace()` makes: the one thing that a loop's body can change for what is outside it.
final class JinjaNamespace {
    var object: JinjaObject

    init(_ object: JinjaObject) { self.object = object }
}

/// A template that cannot be used, or that refuses a conversation.
struct JinjaError: Error, Equatable {
    /// Counted from 1.
    let line: Int
    let reason: String
}
