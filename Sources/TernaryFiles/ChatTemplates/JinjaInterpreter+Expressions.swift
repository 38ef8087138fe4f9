extension JinjaInterpreter {
    /// The value of an expression.
    func evaluate(_ expression: JinjaExpression) throws -> JinjaValue {
        try descend()
        defer { ascend() }
        switch expression {
        case .literal(let value): return value
        case .name(let name): return value(of: name)
        case .list(let elements): return .list(try nested(elements.map(evaluate)))
        case .object(let members):
            let pairs = try members.map { key, value in
                guard case .string(let key) = try evaluate(key) else { throw fail("a key that is no string") }
                return (key: key, value: try evaluate(value))
            }
            _ = try nested(pairs.map(\.value))
            return .object(JinjaObject(pairs))
        case .attribute(let base, let name): return try attribute(evaluate(base), name)
        case .item(let base, let index): return try item(evaluate(base), evaluate(index))
        case .slice(let base, let from, let to, let step):
            func bound(_ expression: JinjaExpression?) throws -> Int? {
                guard let expression else { return nil }
                let value = try evaluate(expression)
                if case .none = value { return nil }
                guard let bound = value.integer else { throw fail("a slice's bound is \(value.kind)") }
                return bound
            }
            return try slice(evaluate(base), from: bound(from), to: bound(to), step: bound(step))
        case .call(let callee, let arguments):
            return try call(
                evaluate(callee), arguments.positional.map(evaluate),
                named: arguments.named.map { ($0.name, try evaluate($0.value)) })
        case .filter(let value, let name, let arguments):
            return try filter(
                evaluate(value), name, arguments.positional.map(evaluate),
                named: arguments.named.map { ($0.name, try evaluate($0.value)) })
        case .test(let value, let name, let arguments): return .bool(try test(evaluate(value), name, arguments.map(evaluate)))
        case .not(let value): return .bool(!(try evaluate(value).isTrue))
        case .negative(let value):
            switch try evaluate(value) {
            case .int(let number): return .int(try whole(0.subtractingReportingOverflow(number)))
            case .double(let number): return .double(-number)
            case let other: throw fail("\(other.kind) has no negative")
            }
        case .both(let left, let right):
            let value = try evaluate(left)
            return value.isTrue ? try evaluate(right) : value
        case .either(let left, let right):
            let value = try evaluate(left)
            return value.isTrue ? value : try evaluate(right)
        case .binary(let sign, let left, let right): return try binary(sign, evaluate(left), evaluate(right))
        case .compare(let left, let rest):
            var left = try evaluate(left)
            for (operation, expression) in rest {
                let right = try evaluate(expression)
                guard try compare(operation, left, right) else { return .bool(false) }
                left = right
            }
            return .bool(true)
        case .conditional(let value, let condition, let otherwise):
            if try evaluate(condition).isTrue { return try evaluate(value) }
            return try otherwise.map { try evaluate($0) } ?? .undefined("an if without else")
        }
    }

    // MARK: Members

    private func attribute(_ base: JinjaValue, _ name: String) throws -> JinjaValue {
        let key = Array(name.utf8)
        switch base {
        case .undefined: throw fail("'\(name.forMessage)' of \(base.kind)")
        case .object(let object):
            if ["items", "keys", "values", "get"].contains(name) { return .method(base, name) }
            return object[key] ?? .undefined(name)
        case .namespace(let namespace): return namespace.object[key] ?? .undefined(name)
        case .string: return Self.stringMethods.contains(name) ? .method(base, name) : .undefined(name)
        default: return .undefined(name)
        }
    }

    private func item(_ base: JinjaValue, _ index: JinjaValue) throws -> JinjaValue {
        switch (base, index) {
        case (.undefined, _): throw fail("an element of \(base.kind)")
        case (.object(let object), .string(let key)): return object[key] ?? .undefined(String(decoding: key, as: UTF8.self))
        case (.namespace(let namespace), .string(let key)):
            return namespace.object[key] ?? .undefined(String(decoding: key, as: UTF8.self))
        case (.list, _), (.string, _):
            guard let index = index.integer else { return .undefined("an element of \(base.kind)") }
            let elements = try self.elements(of: base)
            let place = index < 0 ? index + elements.count : index
            return elements.indices.contains(place) ? elements[place] : .undefined("element \(index)")
        default: return .undefined("an element of \(base.kind)")
        }
    }

    private func slice(_ base: JinjaValue, from: Int?, to: Int?, step: Int?) throws -> JinjaValue {
        let step = step ?? 1
        guard step != 0, step.magnitude < 1 << 32 else { throw fail("a slice whose step is \(step)") }
        let elements = try self.elements(of: base)
        let count = elements.count
        func place(_ bound: Int?, absent: Int) -> Int {
            guard let bound else { return absent }
            let counted = bound < 0 ? max(bound, -count - 1) + count : min(bound, count)
            return step > 0 ? min(max(counted, 0), count) : min(max(counted, -1), count - 1)
        }
        let first = place(from, absent: step > 0 ? 0 : count - 1)
        let end = place(to, absent: step > 0 ? count : -1)
        try charge(count)
        let taken = stride(from: first, to: end, by: step).map { elements[$0] }
        guard case .string = base else { return .list(taken) }
        return .string(try taken.flatMap { try text(of: $0) })
    }

    // MARK: Operators

    func whole(_ result: (partialValue: Int, overflow: Bool)) throws -> Int {
        if result.overflow { throw fail("a number out of range") }
        return result.partialValue
    }

    private func binary(_ sign: String, _ left: JinjaValue, _ right: JinjaValue) throws -> JinjaValue {
        switch (sign, left, right) {
        case ("~", _, _):
            let (a, b) = (try text(of: left), try text(of: right))
            try check(length: a.count + b.count)
            return .string(a + b)
        case ("+", .string(let a), .string(let b)):
            try check(length: a.count + b.count)
            return .string(a + b)
        case ("+", .list(let a), .list(let b)):
            try charge(a.count + b.count)
            return .list(a + b)
        case ("*", .string(let a), _) where right.integer != nil:
            let count = max(0, right.integer ?? 0)
            try check(length: try whole(a.count.multipliedReportingOverflow(by: count)))
            var text: [UInt8] = []
            text.reserveCapacity(a.count * count)
            if !a.isEmpty { for _ in 0..<count { text += a } }
            return .string(text)
        default: break
        }
        if let a = left.integer, let b = right.integer, sign != "/" {
            switch sign {
            case "+": return .int(try whole(a.addingReportingOverflow(b)))
            case "-": return .int(try whole(a.subtractingReportingOverflow(b)))
            case "*": return .int(try whole(a.multipliedReportingOverflow(by: b)))
            default:
                guard b != 0 else { throw fail("a division by zero") }
                // Python rounds down, and the remainder has the divisor's sign.
                let (quotient, remainder) = (
                    try whole(a.dividedReportingOverflow(by: b)), try whole(a.remainderReportingOverflow(dividingBy: b))
                )
                let isBelow = remainder != 0 && (remainder < 0) != (b < 0)
                return .int(sign == "//" ? quotient - (isBelow ? 1 : 0) : remainder + (isBelow ? b : 0))
            }
        }
        guard let a = left.number, let b = right.number else {
            throw fail("'\(sign)' between \(left.kind) and \(right.kind)")
        }
        switch sign {
        case "+": return .double(a + b)
        case "-": return .double(a - b)
        case "*": return .double(a * b)
        default:
            guard b != 0 else { throw fail("a division by zero") }
            let floor = (a / b).rounded(.down)
            return .double(sign == "/" ? a / b : sign == "//" ? floor : a - floor * b)
        }
    }

    func compare(_ operation: String, _ left: JinjaValue, _ right: JinjaValue) throws -> Bool {
        switch operation {
        case "==": return JinjaValue.isEqual(left, right)
        case "!=": return !JinjaValue.isEqual(left, right)
        case "in": return try isMember(left, of: right)
        case "not in": return try !isMember(left, of: right)
        default:
            let isLess: Bool
            let isEqual = JinjaValue.isEqual(left, right)
            if case (.string(let a), .string(let b)) = (left, right) {
                isLess = a.lexicographicallyPrecedes(b)
            } else if let a = left.number, let b = right.number {
                isLess = a < b
            } else {
                throw fail("'\(operation)' between \(left.kind) and \(right.kind)")
            }
            switch operation {
            case "<": return isLess
            case "<=": return isLess || isEqual
            case ">": return !isLess && !isEqual
            default: return !isLess
            }
        }
    }

    private func isMember(_ value: JinjaValue, of container: JinjaValue) throws -> Bool {
        switch (value, container) {
        case (.string(let part), .string(let text)):
            try charge(text.count / 256)
            return Self.find(part, in: text[...]) != nil
        case (.string(let key), .object(let object)): return object[key] != nil
        case (_, .list(let elements)):
            try charge(elements.count)
            return elements.contains { JinjaValue.isEqual($0, value) }
        case (_, .object), (_, .undefined): return false
        default: throw fail("'in' for \(container.kind)")
        }
    }

    /// Where a string first occurs.
    static func find(_ part: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
        guard let first = part.first else { return text.startIndex }
        var place = text.startIndex
        while let found = text[place...].firstIndex(of: first), text.endIndex - found >= part.count {
            if text[found...].starts(with: part) { return found }
            place = found + 1
        }
        return nil
    }

    // MARK: Calls

    private func call(
        _ callee: JinjaValue, _ arguments: [JinjaValue], named: [(name: String, value: JinjaValue)]
    ) throws -> JinjaValue {
        switch callee {
        case .macro(let macro): return try call(macro, arguments, named: named)
        case .method(let value, let name): return try method(value, name, arguments)
        case .function("raise_exception"):
            throw fail("the template says: \(String(decoding: try text(of: arguments.first ?? .none), as: UTF8.self).forMessage)")
        case .function("strftime_now"):
            guard case .string(let format)? = arguments.first, format.count <= 64, !format.contains(0) else {
                throw fail("a date's format is missing or longer than 64 bytes")
            }
            return .text(date(String(decoding: format, as: UTF8.self)))
        case .function("namespace"), .function("dict"):
            _ = try nested(named.map(\.value) + arguments)
            var object = JinjaObject(named.map { (Array($0.name.utf8), $0.value) })
            if case .object(let given)? = arguments.first {
                object = given
                for (name, value) in named { object[Array(name.utf8)] = value }
            }
            return callee.isFunction("dict") ? .object(object) : .namespace(JinjaNamespace(object))
        case .function("range"):
            let bounds = arguments.compactMap(\.integer)
            guard bounds.count == arguments.count, (1...3).contains(bounds.count) else {
                throw fail("range takes 1 to 3 numbers")
            }
            let step = bounds.count > 2 ? bounds[2] : 1
            let (first, end) = bounds.count > 1 ? (bounds[0], bounds[1]) : (0, bounds[0])
            let span = end.subtractingReportingOverflow(first)
            guard step != 0, !span.overflow, span.partialValue.magnitude / step.magnitude <= 100_000 else {
                throw fail("a range of more than 100000 numbers")
            }
            let numbers = stride(from: first, to: end, by: step).map { JinjaValue.int($0) }
            try charge(numbers.count)
            return .list(numbers)
        default: throw fail("a call of \(callee.kind)")
        }
    }
}

extension JinjaValue {
    fileprivate func isFunction(_ name: String) -> Bool {
        guard case .function(name) = self else { return false }
        return true
    }
}
