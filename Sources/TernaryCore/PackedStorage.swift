import Glibc

/// Numbers of a tensor, one behind the other: in memory of their own, or where they lie in a file that is mapped.
///
/// A value like an array: who changes a copy changes no other, and what is mapped is copied before it is changed. Memory of its own is not
/// zeroed first, and begins at a cache line, or at a huge page where it is as large as one.
public struct PackedStorage<Element: FixedWidthInteger & BitwiseCopyable & Sendable>: Sendable, RandomAccessCollection {
    // Kept alive by `owned` or `lender`; written only through `withUnsafeMutableBufferPointer`, which makes sure that nobody shares it.
    private nonisolated(unsafe) var elements: UnsafeBufferPointer<Element>
    private var owned: OwnedMemory?
    private var lender: (any AnyObject & Sendable)?

    /// Memory for `count` numbers, all of which `fill` writes.
    public init(count: Int, filling fill: (UnsafeMutableBufferPointer<Element>) throws -> Void) rethrows {
        let owned = OwnedMemory(byteCount: count * MemoryLayout<Element>.stride)
        let memory = UnsafeMutableBufferPointer(
            start: owned.start.bindMemory(to: Element.self, capacity: Swift.max(count, 1)), count: count)
        try fill(memory)
        (elements, self.owned) = (UnsafeBufferPointer(memory), owned)
    }

    /// A copy of numbers that lie elsewhere.
    public init(_ elements: some Collection<Element>) {
        self.init(count: elements.count) { _ = $0.initialize(fromContentsOf: elements) }
    }

    /// Numbers where they are.
    ///
    /// - Parameters:
    ///   - elements: aligned to their size; never written as long as `lender` lives.
    ///   - lender: keeps the memory; a mapped file.
    public init(_ elements: UnsafeBufferPointer<Element>, lentBy lender: some AnyObject & Sendable) {
        precondition(
            Int(bitPattern: elements.baseAddress).isMultiple(of: MemoryLayout<Element>.alignment), "numbers at an odd address")
        self.elements = elements
        self.lender = lender
    }

    /// The first number's place.
    public var startIndex: Int { 0 }
    /// How many there are.
    public var endIndex: Int { elements.count }
    /// Whether they lie in a file that is mapped, whose memory other processes share.
    public var isMapped: Bool { lender != nil }
    /// Bytes of all numbers.
    public var byteCount: Int { elements.count * MemoryLayout<Element>.stride }
    /// The same where they are mapped; 0 where they are not.
    public var mappedByteCount: Int { isMapped ? byteCount : 0 }

    /// Where the numbers are, for as long as a value that shares them lives.
    @inline(__always)
    public var baseAddress: UnsafePointer<Element> { elements.baseAddress! }

    /// One number.
    public subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < elements.count, "number \(index) of \(elements.count)")
            return elements[index]
        }
        set { withUnsafeMutableBufferPointer { $0[index] = newValue } }
    }

    /// A range of the numbers where they are.
    public func part(_ range: Range<Int>) -> PackedStorage {
        var part = self
        part.elements = UnsafeBufferPointer(rebasing: elements[range])
        return part
    }

    /// Gives the numbers to `body`.
    public func withUnsafeBufferPointer<Result>(_ body: (UnsafeBufferPointer<Element>) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(self) { try body(elements) }
    }

    /// Gives the numbers' bytes to `body`.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(self) { try body(UnsafeRawBufferPointer(elements)) }
    }

    /// What algorithms on collections read.
    public func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<Element>) throws -> Result
    ) rethrows -> Result? { try withUnsafeBufferPointer(body) }

    /// Gives the numbers to `body`, which may change them; copies them first where somebody shares them.
    public mutating func withUnsafeMutableBufferPointer<Result>(
        _ body: (UnsafeMutableBufferPointer<Element>) throws -> Result
    ) rethrows -> Result {
        if !isKnownUniquelyReferenced(&owned) { self = PackedStorage(self) }
        return try body(UnsafeMutableBufferPointer(mutating: elements))
    }

    /// Gives the numbers' bytes to `body`, which may change them; copies them first where somebody shares them.
    public mutating func withUnsafeMutableBytes<Result>(
        _ body: (UnsafeMutableRawBufferPointer) throws -> Result
    ) rethrows -> Result { try withUnsafeMutableBufferPointer { try body(UnsafeMutableRawBufferPointer($0)) } }
}

extension PackedStorage: Equatable {
    /// Whether the numbers are the same, wherever they lie.
    public static func == (a: PackedStorage, b: PackedStorage) -> Bool {
        a.count == b.count && (a.baseAddress == b.baseAddress || memcmp(a.baseAddress, b.baseAddress, a.byteCount) == 0)
    }
}
