/// One turn of a conversation.
public struct ChatMessage: Sendable, Equatable {
    /// "system", "user" or "assistant"; templates may know others.
    public var role: String
    /// What was said.
    public var content: String

    /// A turn.
    public init(role: String, content: String) {
        self.role = role
        self.content = content
    }
}

extension [ChatMessage] {
    /// Bytes of the longest conversation that is read.
    private static var longestFile: Int { 64 << 20 }

    /// Reads a conversation: a JSON list of `{"role": ..., "content": ...}`, perhaps a system message first, then questions and answers
    /// in turn.
    ///
    /// - Throws: `FileError` naming the message that does not fit.
    public init(chatFile path: String) throws {
        let document: JSON
        do { document = try JSON(parsing: InputFile.contents(of: path, limit: Self.longestFile)) } catch let error
            as JSON.SyntaxError
        {
            throw FileError(path, "\(error)")
        }
        guard let list = document.array else { throw FileError(path, "is not a conversation: no JSON list of messages") }
        self = []
        for (index, value) in list.enumerated() {
            let fields = try JSONFields(value, path: path, place: "message \(index)")
            let message = ChatMessage(role: try fields.string("role"), content: try fields.string("content"))
            let turns = count - (first?.role == "system" ? 1 : 0)
            let expected = turns.isMultiple(of: 2) ? "user" : "assistant"
            guard message.role == expected || (index == 0 && message.role == "system") else {
                throw fields.error("role", "\"\(message.role.forMessage)\" where \"\(expected)\" has its turn")
            }
            append(message)
        }
        guard last?.role != "user" else { throw FileError(path, "the last question has no answer") }
    }

    /// Writes the conversation as ``init(chatFile:)`` reads it. The file appears under its name when it is complete.
    ///
    /// - Throws: `FileError` where it cannot be written.
    public func write(chatFile path: String) throws {
        func member(_ key: String, _ text: String) -> JSON.Member {
            JSON.Member(key: [UInt8](key.utf8), value: .string([UInt8](text.utf8)))
        }
        var text = [UInt8]("[".utf8)
        for (index, message) in enumerated() {
            text += [UInt8]((index == 0 ? "\n" : ",\n").utf8)
            text += JSON.object([member("role", message.role), member("content", message.content)]).serialized()
        }
        text += [UInt8]("\n]\n".utf8)
        let file = try OutputFile(path)
        try file.write(text)
        try file.finish()
    }
}
