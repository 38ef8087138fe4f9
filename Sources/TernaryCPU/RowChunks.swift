import CTernary

/// How the rows of one or several parts, each a matrix or several of the same rows, are cut into the tasks of a phase.
package struct RowChunks: Sendable {
    /// Rows of each part.
    private let rowCounts: [Int]
    /// Tasks, those of the first part first.
    package let count: Int
    /// Rows of a task, but for the last of a part: a multiple of 16.
    package let step: Int

    /// Chunks for so many threads: fewer rows at a time where there would not be enough to go round.
    package init(rowCounts: [Int], threads: Int) {
        self.rowCounts = rowCounts
        let share = rowCounts.reduce(0, +) / (4 * threads)
        let step = min(CT_CHUNK_ROWS, max(16, share & ~15))
        self.step = step
        count = rowCounts.reduce(0) { $0 + ($1 + step - 1) / step }
    }

    /// The first task of each part.
    package var firsts: [Int] {
        rowCounts.reduce(into: [0]) { $0.append($0[$0.count - 1] + ($1 + step - 1) / step) }.dropLast()
    }

    /// The rows of a part that are in some of the tasks.
    package func rows(ofPart part: Int, in tasks: Range<Int>) -> Range<Int> {
        let (first, rowCount) = (firsts[part], rowCounts[part])
        func row(_ task: Int) -> Int { min(max(task - first, 0) * step, rowCount) }
        return row(tasks.lowerBound)..<row(tasks.upperBound)
    }
}
