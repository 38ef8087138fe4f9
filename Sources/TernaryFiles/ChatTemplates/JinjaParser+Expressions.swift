extension JinjaParser {
    /// An expression that does not stand inside another.
    mutating func wholeExpression(allowsConditional: Bool = true) throws -> JinjaExpression {
        operators = 0
        return try allowsConditional ? expression() : disjunction()
    }

    private mutating func count() throws {
        operators += 1
        guard operators <= Self.mostOperators else { throw fail("an expression of more than \(Self.mostOperators) operations") }
    }

    /// `a if b else c`
    private mutating func expression() throws -> JinjaExpression {
        try enter()
        defer { depth -= 1 }
        var value = try disjunction()
        while take("if", isName: true) {
            try count()
            let condition = try disjunction()
            value = .conditional(value, condition: condition, otherwise: take("else", isName: true) ? try expression() : nil)
        }
        return value
    }

    private mutating func disjunction() throws -> JinjaExpression {
        var left = try conjunction()
        while take("or", isName: true) {
            try count()
            left = .either(left, try conjunction())
        }
        return left
    }

    private mutating func conjunction() throws -> JinjaExpression {
        var left = try negation()
        while take("and", isName: true) {
            try count()
            left = .both(left, try negation())
        }
        return left
    }

    private mutating func negation() throws -> JinjaExpression {
        if take("not", isName: true) {
            try count()
            return .not(try negation())
        }
        return try comparison()
    }

    private mutating func comparison() throws -> JinjaExpression {
        let left = try sum()
        var rest: [(operation: String, right: JinjaExpression)] = []
        while true {
            if take("in", isName: true) {
                rest.append(("in", try sum()))
            } else if peek() == .name("not"), peek(1) == .name("in") {
                place += 2
                rest.append(("not in", try sum()))
            } else if case .sign(let sign)? = peek(), ["==", "!=", "<", "<=", ">", ">="].contains(sign) {
                place += 1
                rest.append((sign, try sum()))
            } else {
                return rest.isEmpty ? left : .compare(left, rest)
            }
            try count()
        }
    }

    private mutating func sum() throws -> JinjaExpression {
        try chain(["+", "-"]) { try $0.chain(["~"]) { try $0.chain(["*", "/", "//", "%"]) { try $0.power() } } }
    }

    private mutating func chain(
        _ signs: [String], _ operand: (inout JinjaParser) throws -> JinjaExpression
    ) throws -> JinjaExpression {
        var left = try operand(&self)
        while case .sign(let sign)? = peek(), signs.contains(sign) {
            place += 1
            try count()
            left = .binary(sign, left, try operand(&self))
        }
        return left
    }

    /// A sign binds tighter than a filter, and looser than a member.
    private mutating func power(allowsFilters: Bool = true) throws -> JinjaExpression {
        var value: JinjaExpression
        if take("-") {
            try count()
            value = .negative(try power(allowsFilters: false))
        } else if take("+") {
            try count()
            value = try power(allowsFilters: false)
        } else {
            value = try primary()
        }
        value = try postfix(value)
        return allowsFilters ? try filtered(value) : value
    }

    private mutating func primary() throws -> JinjaExpression {
        switch next() {
        case .int(let value): return .literal(.int(value))
        case .double(let value): return .literal(.double(value))
        case .string(var text):
            while case .string(let more)? = peek() {
                place += 1
                text += more
            }
            return .literal(.string(text))
        case .name(let name):
            switch name {
            case "true", "True": return .literal(.bool(true))
            case "false", "False": return .literal(.bool(false))
            case "none", "None": return .literal(.none)
            default: return .name(name)
            }
        case .sign("("):
            var elements: [JinjaExpression] = []
            var isTuple = false
            while !take(")") {
                elements.append(try expression())
                if take(",") { isTuple = true } else if peek() != .sign(")") { throw fail("expected ')'") }
            }
            return elements.count == 1 && !isTuple ? elements[0] : .list(elements)
        case .sign("["): return .list(try elements(until: "]"))
        case .sign("{"):
            var members: [(key: JinjaExpression, value: JinjaExpression)] = []
            while !take("}") {
                let key = try expression()
                guard take(":") else { throw fail("expected ':'") }
                members.append((key, try expression()))
                guard take(",") || peek() == .sign("}") else { throw fail("expected ',' or '}'") }
            }
            return .object(members)
        default: throw fail("expected a value")
        }
    }

    private mutating func elements(until end: String) throws -> [JinjaExpression] {
        var elements: [JinjaExpression] = []
        while !take(end) {
            elements.append(try expression())
            guard take(",") || peek() == .sign(end) else { throw fail("expected ',' or '\(end)'") }
        }
        return elements
    }

    /// Members, items, slices and calls.
    private mutating func postfix(_ value: JinjaExpression) throws -> JinjaExpression {
        var value = value
        while true {
            if take(".") {
                if case .int(let index)? = peek() {
                    place += 1
                    value = .item(value, .literal(.int(index)))
                } else {
                    value = .attribute(value, try name())
                }
            } else if take("[") {
                value = try subscripted(value)
            } else if take("(") {
                value = .call(value, try arguments())
            } else {
                return value
            }
            try count()
        }
    }

    private mutating func subscripted(_ value: JinjaExpression) throws -> JinjaExpression {
        var bounds: [JinjaExpression?] = [nil]
        while !take("]") {
            if take(":") {
                bounds.append(nil)
                guard bounds.count <= 3 else { throw fail("a slice of more than three parts") }
            } else {
                guard bounds[bounds.count - 1] == nil else { throw fail("expected ':' or ']'") }
                bounds[bounds.count - 1] = try expression()
            }
        }
        if bounds.count == 1 {
            guard let index = bounds[0] else { throw fail("expected an index") }
            return .item(value, index)
        }
        return .slice(value, from: bounds[0], to: bounds[1], step: bounds.count > 2 ? bounds[2] : nil)
    }

    private mutating func arguments() throws -> JinjaArguments {
        var arguments = JinjaArguments()
        while !take(")") {
            if case .name(let name)? = peek(), peek(1) == .sign("=") {
                place += 2
                arguments.named.append((name, try expression()))
            } else {
                arguments.positional.append(try expression())
            }
            guard take(",") || peek() == .sign(")") else { throw fail("expected ',' or ')'") }
        }
        return arguments
    }

    /// Filters and tests.
    private mutating func filtered(_ value: JinjaExpression) throws -> JinjaExpression {
        var value = value
        while true {
            if take("|") {
                let filter = try name()
                value = .filter(value, filter, take("(") ? try arguments() : JinjaArguments())
            } else if take("is", isName: true) {
                let isNegated = take("not", isName: true)
                value = try test(value)
                if isNegated { value = .not(value) }
            } else {
                return value
            }
            try count()
        }
    }

    private mutating func test(_ value: JinjaExpression) throws -> JinjaExpression {
        let test = try name()
        if take("(") { return .test(value, test, try arguments().positional) }
        switch peek() {
        case .name(let word) where ["else", "or", "and", "if", "is", "not", "in"].contains(word): break
        case .name, .string, .int, .double, .sign("["), .sign("{"):
            return .test(value, test, [try postfix(try primary())])
        default: break
        }
        return .test(value, test, [])
    }
}
