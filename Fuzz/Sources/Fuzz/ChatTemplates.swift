import TernaryFiles

extension FuzzTarget {
    /// Chat templates; one that is well-formed must come to an end.
    static let chatTemplate = FuzzTarget(
        name: "chat-template",
        seeds: {
            ChatTemplate.Family.allCases.map { Array($0.source.utf8) } + [
                Array(
                    "{%- macro m(a, b=1) -%}{{ a[1:] | trim ~ b }}{%- endmacro %}{{ m('xy') }}{# c #}{% raw %}{{{% endraw %}".utf8
                ),
                Array(
                    "{% set ns = namespace(x=[]) %}{% for a, b in {'k': 1}.items() if b %}{% set ns.x = ns.x + [a] %}{% endfor %}"
                        .utf8),
                Array(
                    "{{ messages | selectattr('role', 'eq', 'user') | map(attribute='content') | join(', ') | tojson(indent=2) }}"
                        .utf8),
            ]
        },
        words: [
            "{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", "for ", " in ", "endfor", "if ", "elif ", "else", "endif", "set ",
            "endset",
            "macro ", "endmacro", "namespace(", "range(", "loop.last", "loop.previtem", "is defined", "is string", "not ",
            " and ", " or ",
            "|trim", "|length", "|tojson", "|join", "|default", "|map", "|indent", ".split(", ".strip(", ".replace(", "[1:]",
            "[::-1]", "messages",
            "message", ".content", "['role']", "break", "continue", "raw", "endraw", "~", "//", "**",
        ],
        body: { source in
            guard let template = try? ChatTemplate(source, tokenizer: tokenizer, path: "fuzz") else { return }
            for count in [1, 3] { _ = try? template.prompt(Array(conversation.prefix(count))) }
        })

    private static let conversation = [
        ChatMessage(role: "system", content: "Be brief.\n"), ChatMessage(role: "user", content: " é\u{1F642} "),
        ChatMessage(role: "assistant", content: "<think>a</think>\n\nb"),
    ]

    private static let tokenizer: Tokenizer = {
        do { return try Tokenizer.load(file: "\(fixtureFolder)/byte-llama3.json") } catch { fatalError("\(error)") }
    }()
}
