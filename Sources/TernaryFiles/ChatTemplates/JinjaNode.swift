/// An expression of a template.
indirect enum JinjaExpression {
    case literal(JinjaValue)
    case name(String)
    case list([JinjaExpression])
    case object([(key: JinjaExpression, value: JinjaExpression)])
    case attribute(JinjaExpression, String)
    case item(JinjaExpression, JinjaExpression)
    case slice(JinjaExpression, from: JinjaExpression?, to: JinjaExpression?, step: JinjaExpression?)
    case call(JinjaExpression, JinjaArguments)
    case filter(JinjaExpression, String, JinjaArguments)
    case test(JinjaExpression, String, [JinjaExpression])
    case not(JinjaExpression)
    case negative(JinjaExpression)
    case both(JinjaExpression, JinjaExpression)
    case either(JinjaExpression, JinjaExpression)
    case binary(String, JinjaExpression, JinjaExpression)
    /// `a < b <= c`
    case compare(JinjaExpression, [(operation: String, right: JinjaExpression)])
    /// `a if condition else b`
    case conditional(JinjaExpression, condition: JinjaExpression, otherwise: JinjaExpression?)
}

/// A call's arguments.
struct JinjaArguments {
    var positional: [JinjaExpression] = []
    var named: [(name: String, value: JinjaExpression)] = []
}

/// What a `set` or `for` gives a value to.
enum JinjaTarget {
    case name(String)
    /// A namespace's member.
    case member(String, String)
    case names([String])
}

/// One piece of a template.
struct JinjaStatement {
    /// Where it stands, counted from 1.
    let line: Int
    let kind: Kind

    enum Kind {
        case text([UInt8])
        case output(JinjaExpression)
        case choice([(condition: JinjaExpression?, body: [JinjaStatement])])
        case loop(JinjaTarget, JinjaExpression, condition: JinjaExpression?, body: [JinjaStatement], otherwise: [JinjaStatement])
        case set(JinjaTarget, JinjaExpression)
        case setBlock(JinjaTarget, [JinjaStatement])
        case macro(JinjaMacro)
        case group([JinjaStatement])
        case leave, proceed
    }
}

/// A function that a template defines.
final class JinjaMacro {
    let name: String
    let parameters: [(name: String, absent: JinjaExpression?)]
    let body: [JinjaStatement]

    init(name: String, parameters: [(name: String, absent: JinjaExpression?)], body: [JinjaStatement]) {
        self.name = name
        self.parameters = parameters
        self.body = body
    }
}
