import Testing

@testable import TernaryCore

@Suite("packed storage")
struct PackedStorageTests {
    /// Memory that is lent, and says when nobody holds it any more. Used by one thread only.
    final class Lender: @unchecked Sendable {
        let memory: UnsafeMutableBufferPointer<UInt32>
        let onEnd: () -> Void

        init(_ numbers: [UInt32], onEnd: @escaping () -> Void = {}) {
            memory = .allocate(capacity: numbers.count)
            _ = memory.initialize(fromContentsOf: numbers)
            self.onEnd = onEnd
        }

        deinit {
            memory.deallocate()
            onEnd()
        }
    }

    private static func lent(_ numbers: [UInt32]) -> PackedStorage<UInt32> {
        let lender = Lender(numbers)
        return PackedStorage(UnsafeBufferPointer(lender.memory), lentBy: lender)
    }

    @Test("is a value: who changes a copy changes no other")
    func copies() {
        let first = PackedStorage<UInt32>([1, 2, 3])
        var second = first
        second[1] = 9
        #expect(Array(first) == [1, 2, 3] && Array(second) == [1, 9, 3])
        second.withUnsafeMutableBufferPointer { $0[0] = 8 }
        #expect(Array(first) == [1, 2, 3] && Array(second) == [8, 9, 3] && first != second)
        // Alone, it is changed where it is.
        let place = second.baseAddress
        second[2] = 7
        #expect(second.baseAddress == place)
    }

    @Test("what is lent is copied before it is changed, and stays as it was")
    func lent() {
        let lender = Lender([4, 5, 6])
        let mapped = PackedStorage(UnsafeBufferPointer(lender.memory), lentBy: lender)
        var changed = mapped
        #expect(mapped.isMapped && mapped.mappedByteCount == 12 && mapped.baseAddress == UnsafePointer(lender.memory.baseAddress))
        changed[0] = 1
        #expect(!changed.isMapped && changed.mappedByteCount == 0 && Array(changed) == [1, 5, 6])
        #expect(Array(lender.memory) == [4, 5, 6] && Array(mapped) == [4, 5, 6])
    }

    @Test("keeps what is lent for as long as a part of it is held")
    func lifetime() {
        // One thread does all of this.
        nonisolated(unsafe) var hasEnded = false
        var part: PackedStorage<UInt32>?
        do {
            let lender = Lender([1, 2, 3, 4]) { hasEnded = true }
            part = PackedStorage(UnsafeBufferPointer(lender.memory), lentBy: lender).part(1..<3)
        }
        #expect(!hasEnded && part.map(Array.init) == [2, 3] && part?.isMapped == true)
        part = nil
        #expect(hasEnded)
    }

    @Test("parts are where the whole is, and are changed apart from it")
    func parts() {
        var whole = PackedStorage<UInt32>([1, 2, 3, 4])
        var part = whole.part(2..<4)
        #expect(part.baseAddress == whole.baseAddress + 2)
        part[0] = 9
        whole[3] = 8
        #expect(Array(part) == [9, 4] && Array(whole) == [1, 2, 3, 8])
        #expect(whole.part(0..<0).isEmpty)
    }

    @Test("is equal to the same numbers elsewhere")
    func equality() {
        #expect(Self.lent([1, 2]) == PackedStorage([1, 2]))
        #expect(Self.lent([1, 2]) != PackedStorage([1, 3]) && Self.lent([1, 2]) != PackedStorage([1]))
        #expect(PackedStorage<UInt32>([]) == PackedStorage<UInt32>([]))
    }

    @Test("begins at a cache line, or at a huge page where it is as large as one", arguments: [(1, 64), (1 << 21, 1 << 21)])
    func alignment(count: Int, alignment: Int) {
        let storage = PackedStorage<UInt8>(count: count) { $0.initialize(repeating: 3) }
        #expect(Int(bitPattern: storage.baseAddress).isMultiple(of: alignment) && storage[count - 1] == 3)
    }

    @Test(
        "floats are used where they are unless one has to be changed",
        arguments: [([0, 1, -0x1p-50, 0x1p50] as [Float], true), ([0, 1, 0x1p-51, 2], false), ([0, -0.0, 1, 2], false)])
    func factors(values: [Float], isInPlace: Bool) {
        let words = Self.lent(values.map(\.bitPattern))
        let bytes = words.withUnsafeBytes { raw in
            PackedStorage(raw.bindMemory(to: UInt8.self), lentBy: Lender([]))
        }
        let dense = DenseMatrix(rows: 2, columns: 2, element: .float32, bytes: bytes)
        #expect(dense.bytes.isMapped == isInPlace)
        #expect((dense.row(0) + dense.row(1)).map(\.bitPattern) == values.map { Exact.factor($0).bitPattern })
        #expect(Array(words) == values.map(\.bitPattern))
    }

    @Test("rows beyond a matrix are zeros when its own are filled")
    func fillingRows() {
        for (rows, columns) in [(1, 5), (4, 16), (6, 33)] {
            let zero = TernaryMatrix(rows: rows, columns: columns, scale: 1)
            let filled = TernaryMatrix(
                rows: rows, columns: columns, scale: 1,
                fillingRows: { words in
                    let groups = zero.paddedColumns / 16
                    for row in 0..<rows {
                        for group in 0..<groups { words[zero.wordIndex(row: row, columnGroup: group)] = TernaryMatrix.zeroWord }
                    }
                })
            #expect(filled == zero)
        }
    }
}
