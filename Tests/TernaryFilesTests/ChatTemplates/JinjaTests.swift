import Testing

@testable import TernaryFiles

/// What jinja2 makes of a template: a line of a file made by Tests/Fixtures/chat/make.py.
struct JinjaCase: CustomTestStringConvertible, Sendable {
    let name: String
    let template: [UInt8]
    let messages: [ChatMessage]
    let addsPrompt: Bool
    /// nil where the template refuses.
    let expected: [UInt8]?

    var testDescription: String { "\(name), \(messages.count) messages, \(addsPrompt ? "with" : "without") prompt" }

    static let all: [JinjaCase] = {
        let path = "\(ReferenceCases.package)/Tests/Fixtures/chat/cases.json"
        guard let file = try? InputFile.contents(of: path, limit: 1 << 24), let list = try? JSON(parsing: file).array else {
            fatalError("no test cases in \(path)")
        }
        return list.map { value in
            JinjaCase(
                name: value["name"]?.string ?? "", template: value["template"]?.stringBytes ?? [],
                messages: (value["messages"]?.array ?? []).map {
                    ChatMessage(role: $0["role"]?.string ?? "", content: $0["content"]?.string ?? "")
                }, addsPrompt: value["add_generation_prompt"]?.bool ?? false, expected: value["expected"]?.stringBytes)
        }
    }()
}

@Suite("Jinja, the part of it that chat templates use")
struct JinjaTests {
    private func render(_ template: String, _ names: [String: JinjaValue] = [:]) throws -> String {
        let interpreter = JinjaInterpreter(names: names) { "<\($0)>" }
        return String(decoding: try interpreter.render(JinjaParser.parse(Array(template.utf8))), as: UTF8.self)
    }

    private func refusal(_ template: String) -> JinjaError? {
        do {
            _ = try render(template)
            return nil
        } catch { return error as? JinjaError }
    }

    @Test("gives what jinja2 gives", arguments: JinjaCase.all)
    func reference(_ reference: JinjaCase) throws {
        let messages = reference.messages.map {
            JinjaValue.object(JinjaObject([(Array("role".utf8), .text($0.role)), (Array("content".utf8), .text($0.content))]))
        }
        let names: [String: JinjaValue] = [
            "messages": .list(messages), "tools": .none, "documents": .none, "add_generation_prompt": .bool(reference.addsPrompt),
            "bos_token": .text("<s>"), "eos_token": .text("</s>"),
        ]
        let found = Result {
            try JinjaInterpreter(names: names) { $0 }.render(JinjaParser.parse(reference.template))
        }
        switch (found, reference.expected) {
        case (.success(let text), let expected?):
            #expect(String(decoding: text, as: UTF8.self) == String(decoding: expected, as: UTF8.self))
        case (.failure, nil): break
        case (.failure(let error), _): Issue.record("refused: \(error)")
        case (.success(let text), nil): Issue.record("not refused: \(String(decoding: text, as: UTF8.self))")
        }
    }

    @Test("today's date is the caller's to give")
    func date() throws { #expect(try render("{{ strftime_now('%d %b %Y') }}") == "<%d %b %Y>") }

    @Test(
        "what is malformed or not supported is refused with its line",
        arguments: [
            ("a\n{{ x", 2, "a tag without its }}"), ("{% if x %}", 1, "a tag without its endif"),
            ("{# x", 1, "a comment without an end"),
            ("\n\n{% endfor %}", 3, "'endfor' is not supported"), ("{% include 'x' %}", 1, "'include' is not supported"),
            ("{{ 'a }}", 1, "a string without an end"), ("{{ 1 ! 2 }}", 1, "a character that means nothing"),
            ("{{ x | nope }}", 1, "the filter 'nope' is not supported"),
            ("{{ x is nope }}", 1, "the test 'nope' is not supported"),
            ("{{ x.y }}", 1, "'y' of 'x', which is undefined"), ("{{ x() }}", 1, "a call of 'x', which is undefined"),
            ("{{ 1 + 'a' }}", 1, "'+' between a number and a string"), ("{{ 1 // 0 }}", 1, "a division by zero"),
            ("{{ 9223372036854775807 + 1 }}", 1, "a number out of range"),
            ("{{ 99999999999999999999 }}", 1, "a number out of range"),
            ("{{ raise_exception('no\nway') }}", 1, "the template says: no\u{FFFD}way"),
            ("{{ '\\ud800' }}", 1, "an escape that is no"),
            ("{% for x in 3 %}{% endfor %}", 1, "a number has no elements"), ("{{ 1 2 }}", 1, "the tag goes on"),
            ("{% %}", 1, "a tag without a name"),
            ("{% set x.y = 1 %}", 1, "only a namespace's members"), ("{{ [1][::0] }}", 1, "a slice whose step is 0"),
        ])
    func malformed(template: String, line: Int, reason: String) {
        let found = refusal(template)
        #expect(found?.line == line && found?.reason.contains(reason) == true, "\(found.map { "\($0)" } ?? "accepted")")
    }

    @Test(
        "no template hangs, or takes more memory than it may, or overflows the stack",
        arguments: [
            "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
            "{% set ns = namespace(x='xxxxxxxx') %}{% for a in range(64) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
            "{% set ns = namespace(x=[1]) %}{% for a in range(64) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
            "{% set ns = namespace(x=1) %}{% for a in range(100) %}{% set ns.x = [ns.x] %}{% endfor %}",
            "{% set ns = namespace(x=1) %}{% for a in range(100) %}{% set ns.x = {'a': ns.x} %}{% endfor %}",
            "{% set ns = namespace(x=1) %}{% set ns.x = ns %}", "{{ 'a' * 999999999999 }}", "{{ range(999999999) }}",
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{{ (",
            "{{ " + String(repeating: "(", count: 10_000) + "1" + String(repeating: ")", count: 10_000) + " }}",
            "{{ " + String(repeating: "not ", count: 10_000) + "1 }}", "{{ 1" + String(repeating: "+1", count: 10_000) + " }}",
            "{{ a" + String(repeating: "|trim", count: 10_000) + " }}", "{{ a" + String(repeating: "[0]", count: 10_000) + " }}",
            String(repeating: "{% if 1 %}", count: 10_000), "{{ " + String(repeating: "[", count: 10_000) + " }}",
            "{{ " + String(repeating: "-", count: 10_000) + "1 }}",
            "{{ 1 if " + String(repeating: "1 if ", count: 10_000) + "1 }}",
            "{% set ns = namespace(x='a') %}{% for a in range(30) %}{% set ns.x = ns.x | replace('a', 'aaaaaaaaaa') %}{% endfor %}",
            "{% set x = ('a' * 60000000) %}{% for a in range(1000) %}{{ x }}{% endfor %}",
        ])
    func isBounded(template: String) {
        #expect(refusal(template) != nil)
    }
}
