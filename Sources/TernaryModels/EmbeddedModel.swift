import CStories

/// The model that is part of the program: found without a network, wherever the program is started from.
///
/// A MatMul-free LM of 31.5 M parameters trained on children's stories and fiction; `Sources/CStories` holds the file and
/// `docs/EMBEDDED-MODEL.md` says how it was made. Trained in part on stories of the African Storybook
/// (africanstorybook.org), CC BY.
public enum EmbeddedModel {
    /// What to call it.
    public static let name = "stories (built in)"
    /// Whom to thank for what it has read; whoever passes the model on passes this on too.
    public static let credit = "Trained in part on stories of the African Storybook (africanstorybook.org), CC BY."
    /// A GGUF file in memory; it lives as long as the program.
    public static var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: cstories_bytes(), count: cstories_byte_count())
    }
}
