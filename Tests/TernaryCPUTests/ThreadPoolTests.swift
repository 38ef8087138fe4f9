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
