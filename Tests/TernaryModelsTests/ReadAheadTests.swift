import Dispatch
import Testing

@testable import TernaryModels

@Suite("reading ahead")
struct ReadAheadTests {
    private struct Broken: Error {}

    @Test("parts come in order, and no more than one is made before it is asked for") func order() throws {
        // Touched within `lock` while parts are made, and read once when all are.
        nonisolated(unsafe) var made = 0
        let lock = DispatchQueue(label: "made")
        let ahead = ReadAhead(count: 20) { index in
            lock.sync { made += 1 }
            return index
        }
        for index in 0..<20 {
            #expect(try ahead.take() == index)
            #expect(lock.sync { made } <= index + 2)
        }
        #expect(try ahead.take() == nil)
        #expect(made == 20)
    }

    @Test("an error comes where its part would have come") func failure() throws {
        let ahead = ReadAhead(count: 3) { index in
            if index == 1 { throw Broken() }
            return index
        }
        #expect(try ahead.take() == 0)
        #expect(throws: Broken.self) { try ahead.take() }
    }

    @Test("of nothing there is nothing") func nothing() throws {
        #expect(try ReadAhead(count: 0) { $0 }.take() == nil)
    }
}
