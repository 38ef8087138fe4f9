import TernaryReference
import Testing

@testable import TernaryKernels

@Suite("argmax", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver; lavapipe will do"))
struct ArgmaxTests {
    // One value; less than a lane each; whole rounds of all lanes; a loop of many loads that ends inside one.
    @Test("gives the reference's places", arguments: [1, 5, 256, 512, 4099, 12_345])
    func random(columns: Int) throws {
        let rows = (0..<7).map { Fixture.normal(columns, seed: UInt64(60 + $0)) }
        try check(rows)
    }

    @Test("of equal values the first wins, wherever they are", arguments: [2, 300, 5000])
    func ties(columns: Int) throws {
        var rows = [[Float](repeating: -3, count: columns), [Float](repeating: -.infinity, count: columns)]
        for (first, second) in [
            (0, columns - 1), (columns / 2, columns / 2 + 1), (columns - 2, columns - 1), (columns / 3, columns / 2),
        ] {
            var row = Fixture.normal(columns, seed: 70, scale: 0.1)
            if first < columns { row[first] = 9 }
            if second < columns { row[second] = 9 }
            rows.append(row)
        }
        // A zero of either sign is the same value.
        rows.append((0..<columns).map { $0 == 0 ? -1 : $0.isMultiple(of: 2) ? 0 : -0.0 })
        rows.append((0..<columns).map { Float($0) })
        rows.append((0..<columns).map { -Float($0) })
        try check(rows)
    }

    private func check(_ rows: [[Float]]) throws {
        let columns = rows[0].count
        let expected = rows.map { UInt32(argmax($0)) }
        for traits in TestDevice.traits {
            let results = try TestDevice.run(
                Argmax(rows: rows.count, columns: columns, firstDrawn: 3),
                [.floats(rows.flatMap { $0 }), .room(rows.count), .room(rows.count + 4)], traits: traits)
            #expect(results[1] == expected)
            #expect(results[2] == [0, 0, 0] + expected + [0])
        }
    }
}
