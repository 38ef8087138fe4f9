import Dispatch

/// Makes parts of something in order, each on another thread while the one before is in use.
///
/// It begins with the first at once, so that it can be made before there is anything to use it for. At most two parts are held: one in
/// use and one that waits or is being made.
final class ReadAhead<Part: Sendable> {
    private let count: Int
    private let make: @Sendable (Int) throws -> Part
    private var next: (index: Int, part: Promise<Part>)?

    /// - Parameter make: makes the part of a number below `count`.
    init(count: Int, make: @escaping @Sendable (Int) throws -> Part) {
        self.count = count
        self.make = make
        start(0)
    }

    private func start(_ index: Int) {
        next = index < count ? (index, Promise { [make] in try make(index) }) : nil
    }

    /// The next part, when it is made; nil after the last.
    func take() throws -> Part? {
        guard let next else { return nil }
        let part = try next.part.wait()
        start(next.index + 1)
        return part
    }
}

/// A value that another thread makes.
///
/// `@unchecked Sendable`: the value is written once, before the signal that its one reader waits for.
private final class Promise<Value: Sendable>: @unchecked Sendable {
    private let isMade = DispatchSemaphore(value: 0)
    private var result: Result<Value, any Error>?

    init(_ make: @escaping @Sendable () throws -> Value) {
        DispatchQueue.global(qos: .userInitiated).async {
            self.result = Result { try make() }
            self.isMade.signal()
        }
    }

    /// To be called once.
    func wait() throws -> Value {
        isMade.wait()
        return try result!.get()
    }
}
