import CTernary
import Foundation
import Testing

@testable import TernaryCPU

@Suite("thread pool")
struct ThreadPoolTests {
    @Test("every task runs once, in every phase, whatever the number of threads", arguments: [1, 2, 3, 8])
    func everyTaskOnce(threads: Int) {
        let pool = ThreadPool(threads: threads)
        #expect(pool.threads == threads)
        let counts = Scratch<Int>(100, zero: 0)
        let wrong = Scratch<Int>(threads, zero: 0)
        for phase in 1...2000 {
            let count = phase % 100 + 1
            pool.run(count) { index, thread in
                counts.base[index] += 1
                if thread >= threads { wrong.base[0] += 1 }
            }
        }
        for index in 0..<100 {
            // Phases whose count is above the index.
            #expect(counts.base[index] == (1...2000).filter { $0 % 100 + 1 > index }.count)
        }
        #expect(wrong.base[0] == 0)
    }

    @Test("threads that sleep between phases wake for the next")
    func sleeping() async throws {
        let sum = Scratch<Int>(16, zero: 0)
        let pool = ThreadPool(threads: 3)
        for _ in 0..<20 {
            pool.run(16) { index, _ in sum.base[index] += index }
            // Longer than any spinning.
            try await Task.sleep(for: .milliseconds(2))
        }
        #expect((0..<16).map { sum.base[$0] } == (0..<16).map { $0 * 20 })
    }
}

@Suite("memory nodes")
struct PlacesTests {
    /// A folder as the system describes memory nodes in, removed when `body` returns.
    private func withNodes<Result>(_ lists: [Int: String], _ body: (String) -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "nodes-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for (number, list) in lists {
            let node = folder.appending(path: "node\(number)")
            try FileManager.default.createDirectory(at: node, withIntermediateDirectories: true)
            try Data((list + "\n").utf8).write(to: node.appending(path: "cpulist"))
        }
        return body(folder.path)
    }

    /// The node of each of several workers; nil where there are no nodes to speak of.
    private func nodes(of workers: Int, _ lists: [Int: String]) throws -> [Int]? {
        try withNodes(lists) { folder in
            guard let places = ct_places_create(folder, workers) else { return nil }
            defer { ct_places_destroy(places) }
            return (0..<workers).map { Int(ct_places_node(places, $0)) }
        }
    }

    /// The first two processors that this process may use.
    private static let processors: [Int] = {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let list = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }?.dropFirst(18) ?? ""
        let ranges = list.split(separator: ",").map { part in
            part.split(separator: "-").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
        }
        return Array(ranges.flatMap { Array($0[0]...$0[$0.count - 1]) }.prefix(2))
    }()

    @Test(
        "workers are shared out over the nodes by their processors", .enabled(if: processors.count == 2, "needs two processors"))
    func shares() throws {
        let (first, second) = (Self.processors[0], Self.processors[1])
        #expect(try nodes(of: 4, [0: "\(first)", 3: "\(second)-\(second)"]) == [0, 0, 3, 3])
        // A node of memory alone, and one of processors that are not ours.
        #expect(try nodes(of: 2, [0: "\(first)", 1: "", 2: "100000-100003", 5: "\(second)"]) == [0, 5])
    }

    @Test("one node, or a list that is none, is nothing to share out")
    func oneNode() throws {
        let first = Self.processors[0]
        #expect(try nodes(of: 2, [0: "0-\(first)"]) == nil)
        #expect(try nodes(of: 2, [0: "\(first)", 1: "all of them"]) == nil)
        #expect(try nodes(of: 2, [:]) == nil)
    }
}

@Suite("chunks of rows")
struct RowChunksTests {
    @Test("cover the rows of every part once", arguments: [[64], [1], [100, 20, 20], [6912], [15, 16, 17]], [1, 3, 16])
    func cover(rowCounts: [Int], threads: Int) {
        let chunks = RowChunks(rowCounts: rowCounts, threads: threads)
        #expect(chunks.step.isMultiple(of: 16))
        for (part, rowCount) in rowCounts.enumerated() {
            #expect(chunks.rows(ofPart: part, in: 0..<chunks.count) == 0..<rowCount)
            let each = (0..<chunks.count).map { chunks.rows(ofPart: part, in: $0..<$0 + 1) }
            #expect(each.flatMap { Array($0) } == Array(0..<rowCount))
            #expect(each.firstIndex { !$0.isEmpty } == chunks.firsts[part])
        }
    }
}
