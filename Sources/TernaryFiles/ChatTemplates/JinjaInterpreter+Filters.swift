extension JinjaInterpreter {
    /// Applies a filter: `value | name(arguments)`.
    func filter(
        _ value: JinjaValue, _ name: String, _ arguments: [JinjaValue], named: [(name: String, value: JinjaValue)]
    ) throws -> JinjaValue {
        func argument(_ index: Int, _ name: String) -> JinjaValue? {
            arguments.count > index ? arguments[index] : named.first { $0.name == name }?.value
        }
        switch name {
        case "trim":
            let set: [UInt8]? = if case .string(let set)? = argument(0, "chars") { set } else { nil }
            return .string(Self.strip(try charged(value), left: true, right: true, set))
        case "upper": return .text(String(decoding: try charged(value), as: UTF8.self).uppercased())
        case "lower": return .text(String(decoding: try charged(value), as: UTF8.self).lowercased())
        case "capitalize":
            let text = String(decoding: try charged(value), as: UTF8.self)
            return .text(text.prefix(1).uppercased() + text.dropFirst().lowercased())
        case "title":
            var starts = true
            var result = ""
            for scalar in String(decoding: try charged(value), as: UTF8.self).unicodeScalars {
                result += starts ? scalar.properties.titlecaseMapping : scalar.properties.lowercaseMapping
                starts = !scalar.properties.isAlphabetic && scalar.properties.numericType == nil && scalar != "'"
            }
            return .text(result)
        case "string": return .string(try charged(value))
        case "safe", "forceescape": return value
        case "length", "count":
            if case .undefined = value { return .int(0) }
            return .int(try elements(of: value).count)
        case "list": return .list(try elements(of: value))
        case "first": return try elements(of: value).first ?? .undefined("the first of nothing")
        case "last": return try elements(of: value).last ?? .undefined("the last of nothing")
        case "reverse":
            let reversed = Array(try elements(of: value).reversed())
            guard case .string = value else { return .list(reversed) }
            return .string(try reversed.flatMap { try text(of: $0) })
        case "default", "d":
            let replaces: Bool
            if case .undefined = value {
                replaces = true
            } else {
                replaces = argument(1, "boolean")?.isTrue == true && !value.isTrue
            }
            return replaces ? argument(0, "default_value") ?? .text("") : value
        case "join":
            let separator = try argument(0, "d").map { try text(of: $0) } ?? []
            var parts = try elements(of: value)
            if case .string(let name)? = argument(1, "attribute") { parts = parts.map { Self.member($0, name) } }
            let texts = try parts.map { try text(of: $0) }
            try check(length: texts.reduce(0) { $0 + $1.count + separator.count })
            return .string(Array(texts.joined(separator: separator)))
        case "replace":
            let most = argument(2, "count")?.integer
            return .string(
                try replacing(
                    charged(value), text(of: argument(0, "old") ?? .text("")), text(of: argument(1, "new") ?? .text("")),
                    most: most))
        case "tojson":
            let indent = argument(0, "indent")?.integer
            guard (0...16).contains(indent ?? 0) else { throw fail("an indent of \(indent ?? 0)") }
            return .string(try json(value, indent: indent))
        case "items":
            if case .undefined = value { return .list([]) }
            return try method(value, "items", [])
        case "int":
            if case .string(let text) = value {
                return .int(Int(String(decoding: text, as: UTF8.self)) ?? argument(0, "default")?.integer ?? 0)
            }
            return .int(value.number.flatMap { Int(exactly: $0.rounded(.towardZero)) } ?? 0)
        case "float":
            if case .string(let text) = value { return .double(Double(String(decoding: text, as: UTF8.self)) ?? 0) }
            return .double(value.number ?? 0)
        case "abs":
            if case .int(let number) = value {
                return number < 0 ? .int(try whole(0.subtractingReportingOverflow(number))) : value
            }
            return .double((value.number ?? 0).magnitude)
        case "indent":
            let width = argument(0, "width")?.integer ?? 4
            guard (0...64).contains(width) else { throw fail("an indent of \(width)") }
            let spaces = [UInt8](repeating: 0x20, count: width)
            let lines = try charged(value).split(separator: 0x0A, omittingEmptySubsequences: false)
            let isFirst = argument(1, "first")?.isTrue == true
            let indented = lines.enumerated().map { index, line in
                (index == 0 ? isFirst : !line.isEmpty || argument(2, "blank")?.isTrue == true) ? spaces + line : Array(line)
            }
            try check(length: indented.reduce(0) { $0 + $1.count + 1 })
            return .string(Array(indented.joined(separator: [0x0A])))
        case "unique":
            var kept: [JinjaValue] = []
            for element in try elements(of: value) {
                try charge(kept.count)
                if !kept.contains(where: { JinjaValue.isEqual($0, element) }) { kept.append(element) }
            }
            return .list(kept)
        case "map":
            if case .string(let name)? = named.first(where: { $0.name == "attribute" })?.value {
                return .list(try elements(of: value).map { Self.member($0, name) })
            }
            guard case .string(let inner)? = arguments.first else { throw fail("map takes a filter's name") }
            let filterName = String(decoding: inner, as: UTF8.self)
            return .list(try elements(of: value).map { try filter($0, filterName, Array(arguments.dropFirst()), named: named) })
        case "select", "reject", "selectattr", "rejectattr":
            return .list(try elements(of: value).filter { try selects($0, name, arguments) == name.hasPrefix("select") })
        default: throw fail("the filter '\(name.forMessage)' is not supported")
        }
    }

    /// The text of a value, and what it costs to go through it.
    private func charged(_ value: JinjaValue) throws -> [UInt8] {
        let text = try text(of: value)
        try charge(text.count / 256)
        return text
    }

    private static func member(_ value: JinjaValue, _ name: [UInt8]) -> JinjaValue {
        guard case .object(let object) = value else { return .undefined(String(decoding: name, as: UTF8.self)) }
        return object[name] ?? .undefined(String(decoding: name, as: UTF8.self))
    }

    private func selects(_ element: JinjaValue, _ filter: String, _ arguments: [JinjaValue]) throws -> Bool {
        var (element, arguments) = (element, arguments)
        if filter.hasSuffix("attr") {
            guard case .string(let name)? = arguments.first else { throw fail("\(filter) takes an attribute's name") }
            element = Self.member(element, name)
            arguments.removeFirst()
        }
        guard let first = arguments.first else { return element.isTrue }
        guard case .string(let name) = first else { throw fail("\(filter) takes a test's name") }
        return try test(element, String(decoding: name, as: UTF8.self), Array(arguments.dropFirst()))
    }

    /// Applies a test: `value is name(arguments)`.
    func test(_ value: JinjaValue, _ name: String, _ arguments: [JinjaValue]) throws -> Bool {
        func argument() throws -> JinjaValue {
            guard let first = arguments.first else { throw fail("the test '\(name.forMessage)' takes an argument") }
            return first
        }
        switch (name, value) {
        case ("undefined", .undefined), ("none", .none), ("string", .string), ("boolean", .bool), ("true", .bool(true)),
            ("false", .bool(false)), ("integer", .int), ("float", .double), ("number", .int), ("number", .double),
            ("number", .bool),
            ("mapping", .object), ("sequence", .list), ("sequence", .string), ("sequence", .object), ("iterable", .list),
            ("iterable", .string), ("iterable", .object), ("iterable", .undefined), ("sequence", .undefined),
            ("callable", .function), ("callable", .macro), ("callable", .method):
            return true
        case ("defined", _): if case .undefined = value { return false } else { return true }
        case ("equalto", _), ("eq", _), ("==", _): return JinjaValue.isEqual(value, try argument())
        case ("ne", _), ("!=", _): return !JinjaValue.isEqual(value, try argument())
        case ("in", _): return try compare("in", value, argument())
        case ("gt", _), ("greaterthan", _): return try compare(">", value, argument())
        case ("ge", _): return try compare(">=", value, argument())
        case ("lt", _), ("lessthan", _): return try compare("<", value, argument())
        case ("le", _): return try compare("<=", value, argument())
        case ("even", .int(let number)): return number.isMultiple(of: 2)
        case ("odd", .int(let number)): return !number.isMultiple(of: 2)
        case ("divisibleby", .int(let number)): return number.isMultiple(of: try argument().integer ?? 0)
        case ("undefined", _), ("none", _), ("string", _), ("boolean", _), ("true", _), ("false", _), ("integer", _),
            ("float", _),
            ("number", _), ("mapping", _), ("sequence", _), ("iterable", _), ("callable", _), ("even", _), ("odd", _):
            return false
        default: throw fail("the test '\(name.forMessage)' is not supported")
        }
    }
}
