/// Makes a template's pieces a tree: the statements.
struct JinjaParser {
    private var pieces: [JinjaPiece]
    private var index = 0
    /// The tag that is being read.
    var tokens: [JinjaToken] = []
    var place = 0
    var line = 1
    /// How deep the tree is here; a bound on the recursion of whoever walks it.
    var depth = 0
    /// Operators of the expression that is being read: each may add a level.
    var operators = 0

    /// Tags and brackets may nest this deep.
    static let deepest = 48
    /// Operators, members and filters that one expression may have.
    static let mostOperators = 300

    /// The statements of a template, well-formed UTF-8.
    static func parse(_ text: [UInt8]) throws -> [JinjaStatement] {
        var parser = JinjaParser(pieces: try JinjaLexer.pieces(text))
        let (statements, end) = try parser.body(until: [])
        precondition(end == nil)
        return statements
    }

    private init(pieces: [JinjaPiece]) { self.pieces = pieces }

    func fail(_ reason: String) -> JinjaError { JinjaError(line: line, reason: reason) }

    mutating func enter() throws {
        depth += 1
        guard depth <= Self.deepest else { throw fail("nested deeper than \(Self.deepest)") }
    }

    /// Statements up to a tag of one of these names, whose other tokens are then next.
    private mutating func body(until ends: [String]) throws -> (statements: [JinjaStatement], end: String?) {
        try enter()
        defer { depth -= 1 }
        var statements: [JinjaStatement] = []
        let opened = line
        while index < pieces.count {
            let piece = pieces[index]
            index += 1
            switch piece {
            case .text(let text, let line): statements.append(JinjaStatement(line: line, kind: .text(text)))
            case .output(let tokens, let line):
                start(tokens, line)
                let expression = try wholeExpression()
                try expectEnd()
                statements.append(JinjaStatement(line: line, kind: .output(expression)))
            case .block(let tokens, let line):
                start(tokens, line)
                guard case .name(let name)? = next() else { throw fail("a tag without a name") }
                if ends.contains(name) { return (statements, name) }
                let kind = try statement(name)
                statements.append(JinjaStatement(line: line, kind: kind))
            }
        }
        guard ends.isEmpty else { throw JinjaError(line: opened, reason: "a tag without its \(ends[ends.count - 1])") }
        return (statements, nil)
    }

    private mutating func start(_ tokens: [JinjaToken], _ line: Int) { (self.tokens, self.line, place) = (tokens, line, 0) }

    private mutating func statement(_ name: String) throws -> JinjaStatement.Kind {
        switch name {
        case "if": return try choice()
        case "for": return try loop()
        case "set": return try set()
        case "macro": return try macro()
        case "break", "continue":
            try expectEnd()
            return name == "break" ? .leave : .proceed
        case "generation":
            // Marks what the model wrote, for training.
            try expectEnd()
            let inner = try body(until: ["endgeneration"]).statements
            try expectEnd()
            return .group(inner)
        default: throw fail("'\(name.forMessage)' is not supported in templates")
        }
    }

    private mutating func choice() throws -> JinjaStatement.Kind {
        var branches: [(condition: JinjaExpression?, body: [JinjaStatement])] = []
        var condition: JinjaExpression? = try wholeExpression()
        while true {
            try expectEnd()
            let (inner, end) = try body(until: condition == nil ? ["endif"] : ["elif", "else", "endif"])
            branches.append((condition, inner))
            switch end {
            case "elif": condition = try wholeExpression()
            case "else": condition = nil
            default:
                try expectEnd()
                return .choice(branches)
            }
        }
    }

    private mutating func loop() throws -> JinjaStatement.Kind {
        let target = try self.target()
        guard take("in", isName: true) else { throw fail("a for without 'in'") }
        // Without "a if b else c", whose if would be the loop's own.
        let list = try wholeExpression(allowsConditional: false)
        let condition = take("if", isName: true) ? try wholeExpression() : nil
        try expectEnd()
        let (inner, end) = try body(until: ["else", "endfor"])
        var otherwise: [JinjaStatement] = []
        if end == "else" {
            try expectEnd()
            otherwise = try body(until: ["endfor"]).statements
        }
        try expectEnd()
        return .loop(target, list, condition: condition, body: inner, otherwise: otherwise)
    }

    private mutating func set() throws -> JinjaStatement.Kind {
        let target = try self.target()
        if take("=") {
            var value = try wholeExpression()
            if take(",") {
                var values = [value, try wholeExpression()]
                while take(",") { values.append(try wholeExpression()) }
                value = .list(values)
            }
            try expectEnd()
            return .set(target, value)
        }
        try expectEnd()
        let inner = try body(until: ["endset"]).statements
        try expectEnd()
        return .setBlock(target, inner)
    }

    private mutating func target() throws -> JinjaTarget {
        let isBracketed = take("(")
        var names = [try name()]
        if take(".") { return .member(names[0], try name()) }
        while take(",") { names.append(try name()) }
        if isBracketed, !take(")") { throw fail("expected ')'") }
        return names.count == 1 ? .name(names[0]) : .names(names)
    }

    private mutating func macro() throws -> JinjaStatement.Kind {
        let name = try self.name()
        guard take("(") else { throw fail("a macro without parameters") }
        var parameters: [(name: String, absent: JinjaExpression?)] = []
        while !take(")") {
            if !parameters.isEmpty, !take(",") { throw fail("expected ',' or ')'") }
            let parameter = try self.name()
            parameters.append((parameter, take("=") ? try wholeExpression() : nil))
        }
        try expectEnd()
        let inner = try body(until: ["endmacro"]).statements
        if place < tokens.count { _ = try self.name() }
        try expectEnd()
        return .macro(JinjaMacro(name: name, parameters: parameters, body: inner))
    }

    // MARK: Tokens

    func peek(_ ahead: Int = 0) -> JinjaToken? { place + ahead < tokens.count ? tokens[place + ahead] : nil }

    mutating func next() -> JinjaToken? {
        defer { place += 1 }
        return peek()
    }

    /// Takes a sign, or a word where that is what it is.
    mutating func take(_ text: String, isName: Bool = false) -> Bool {
        guard peek() == (isName ? .name(text) : .sign(text)) else { return false }
        place += 1
        return true
    }

    mutating func name() throws -> String {
        guard case .name(let name)? = next() else { throw fail("expected a name") }
        return name
    }

    private func expectEnd() throws {
        if place < tokens.count { throw fail("the tag goes on where it should end") }
    }
}
