/// Runs a template: the statements.
///
/// A template is a program out of a file, so everything it may use is bounded: steps, text, calls inside calls.
final class JinjaInterpreter {
    /// What the template sees beside its own names.
    private let functions: Set<String> = ["raise_exception", "strftime_now", "namespace", "range", "dict"]
    /// Writes the date by a format of C's `strftime`.
    let date: (String) -> String
    /// Names by scope, the innermost last.
    private var scopes: [[String: JinjaValue]]
    private var output: [UInt8] = []
    /// The line that runs.
    var line = 1
    private var steps = 0
    private var depth = 0

    /// Most that a template may do: published ones take some hundred steps a message.
    static let mostSteps = 1_000_000
    /// Most bytes that it may write, or put into one string.
    static let longestText = 16 << 20
    /// How deep expressions, bodies and macros may call each other.
    private static let deepest = 400

    /// - Parameters:
    ///   - names: the template's variables.
    ///   - date: today, by a format.
    init(names: [String: JinjaValue], date: @escaping (String) -> String) {
        scopes = [names]
        self.date = date
    }

    /// The text that a template makes.
    func render(_ statements: [JinjaStatement]) throws -> [UInt8] {
        output = []
        _ = try run(statements)
        return output
    }

    func fail(_ reason: String) -> JinjaError { JinjaError(line: line, reason: reason) }

    /// Counts what is done; a step is a node of the tree or 256 bytes of a string.
    func charge(_ count: Int = 1) throws {
        steps += count
        guard steps <= Self.mostSteps else { throw fail("the template does not come to an end") }
    }

    /// Goes one level down the tree.
    func descend() throws {
        depth += 1
        guard depth <= Self.deepest else { throw fail("calls nested deeper than \(Self.deepest)") }
        try charge()
    }

    /// Comes back up.
    func ascend() { depth -= 1 }

    /// Checks what is to become part of a list or a mapping: whoever walks values must not have to go deep.
    func nested(_ values: [JinjaValue]) throws -> [JinjaValue] {
        func height(_ value: JinjaValue) throws -> Int {
            try charge()
            switch value {
            case .list(let elements): return try 1 + (elements.map(height).max() ?? 0)
            case .object(let object): return try 1 + (object.members.map { try height($0.value) }.max() ?? 0)
            case .method(let value, _): return try 1 + height(value)
            case .namespace: throw fail("a namespace inside another value")
            default: return 0
            }
        }
        for value in values {
            guard try height(value) < 32 else { throw fail("a value nested deeper than 32") }
        }
        return values
    }

    /// Checks a string before it is made.
    func check(length: Int) throws {
        guard length <= Self.longestText else { throw fail("a text of more than \(Self.longestText) bytes") }
        try charge(length / 256)
    }

    // MARK: Names

    /// What a name stands for.
    func value(of name: String) -> JinjaValue {
        for scope in scopes.reversed() {
            if let value = scope[name] { return value }
        }
        return functions.contains(name) ? .function(name) : .undefined(name)
    }

    private func assign(_ target: JinjaTarget, _ value: JinjaValue) throws {
        switch target {
        case .name(let name): scopes[scopes.count - 1][name] = value
        case .member(let name, let member):
            guard case .namespace(let namespace) = self.value(of: name) else {
                throw fail("only a namespace's members can be set, and '\(name.forMessage)' is none")
            }
            if case .namespace = value { throw fail("a namespace inside another value") }
            namespace.object[Array(member.utf8)] = value
        case .names(let names):
            guard case .list(let values) = value, values.count == names.count else {
                throw fail("\(names.count) names for another number of values")
            }
            for (name, value) in zip(names, values) { scopes[scopes.count - 1][name] = value }
        }
    }

    // MARK: Statements

    /// How a body ended.
    private enum End {
        case normal, leave, proceed
    }

    private func run(_ statements: [JinjaStatement]) throws -> End {
        try descend()
        defer { ascend() }
        for statement in statements {
            line = statement.line
            try charge()
            switch statement.kind {
            case .text(let text): try write(text)
            case .output(let expression): try write(text(of: evaluate(expression)))
            case .choice(let branches):
                for branch in branches where try branch.condition.map({ try evaluate($0).isTrue }) ?? true {
                    let end = try run(branch.body)
                    if end != .normal { return end }
                    break
                }
            case .loop(let target, let list, let condition, let body, let otherwise):
                let end = try loop(target, list, condition: condition, body: body, otherwise: otherwise)
                if end != .normal { return end }
            case .set(let target, let expression): try assign(target, evaluate(expression))
            case .setBlock(let target, let body):
                let text = try captured { _ = try run(body) }
                try assign(target, .string(text))
            case .macro(let macro): try assign(.name(macro.name), .macro(macro))
            case .group(let body):
                let end = try run(body)
                if end != .normal { return end }
            case .leave: return .leave
            case .proceed: return .proceed
            }
        }
        return .normal
    }

    private func write(_ text: [UInt8]) throws {
        guard output.count + text.count <= Self.longestText else { throw fail("a text of more than \(Self.longestText) bytes") }
        try charge(text.count / 256)
        output += text
    }

    /// What is written meanwhile.
    private func captured(_ body: () throws -> Void) throws -> [UInt8] {
        let before = output
        output = []
        try body()
        defer { output = before }
        return output
    }

    private func loop(
        _ target: JinjaTarget, _ list: JinjaExpression, condition: JinjaExpression?, body: [JinjaStatement],
        otherwise: [JinjaStatement]
    ) throws -> End {
        let line = self.line
        var values = try elements(of: evaluate(list))
        scopes.append([:])
        defer { scopes.removeLast() }
        if let condition {
            values = try values.filter {
                try assign(target, $0)
                return try evaluate(condition).isTrue
            }
        }
        for (index, value) in values.enumerated() {
            try charge()
            scopes[scopes.count - 1] = ["loop": Self.loopState(values, index)]
            self.line = line
            try assign(target, value)
            if try run(body) == .leave { break }
        }
        if values.isEmpty {
            scopes[scopes.count - 1] = [:]
            return try run(otherwise)
        }
        return .normal
    }

    private static func loopState(_ values: [JinjaValue], _ index: Int) -> JinjaValue {
        func neighbour(_ place: Int, _ name: String) -> JinjaValue {
            values.indices.contains(place) ? values[place] : .undefined("loop.\(name)")
        }
        let members: [(String, JinjaValue)] = [
            ("index", .int(index + 1)), ("index0", .int(index)), ("revindex", .int(values.count - index)),
            ("revindex0", .int(values.count - index - 1)), ("first", .bool(index == 0)),
            ("last", .bool(index == values.count - 1)), ("length", .int(values.count)),
            ("previtem", neighbour(index - 1, "previtem")), ("nextitem", neighbour(index + 1, "nextitem")),
        ]
        return .object(JinjaObject(members.map { (Array($0.utf8), $1) }))
    }

    /// What a loop goes through.
    func elements(of value: JinjaValue) throws -> [JinjaValue] {
        switch value {
        case .undefined: return []
        case .list(let elements): return elements
        case .object(let object): return object.members.map { .string($0.key) }
        case .string(let text):
            try charge(text.count)
            return String(decoding: text, as: UTF8.self).unicodeScalars.map { .text(String($0)) }
        default: throw fail("\(value.kind) has no elements")
        }
    }

    /// Calls a function that the template defines.
    func call(_ macro: JinjaMacro, _ arguments: [JinjaValue], named: [(name: String, value: JinjaValue)]) throws -> JinjaValue {
        guard arguments.count <= macro.parameters.count else { throw fail("too many arguments for \(macro.name.forMessage)") }
        var scope: [String: JinjaValue] = [:]
        for (index, parameter) in macro.parameters.enumerated() {
            if index < arguments.count {
                scope[parameter.name] = arguments[index]
            } else if let given = named.first(where: { $0.name == parameter.name }) {
                scope[parameter.name] = given.value
            } else {
                scope[parameter.name] = try parameter.absent.map { try evaluate($0) } ?? .undefined(parameter.name)
            }
        }
        let outer = scopes
        scopes = [scopes[0], scope]
        defer { scopes = outer }
        return .string(try captured { _ = try run(macro.body) })
    }
}
