import CTernary

/// How the rows of one or several parts, each a matrix or several of the same rows, are cut into the tasks of a phase.
package struct RowChunks: Sendable {
    /// Rows of each part.
    private let rowCounts: [Int]
    /// Tasks, those of the first part first.
    package let count: Int
    /// Rows of a task, but for the last of a part: a multiple of 16.
    package let step: Int
    /// The first task of each part.
    package let firsts: [Int]

    /// Chunks for so many threads: fewer rows at a time where there would not be enough to go round.
    package init(rowCounts: [Int], threads: Int) {
        self.rowCounts = rowCounts
        let share = rowCounts.reduce(0, +) / (4 * threads)
        let step = min(CT_CHUNK_ROWS, max(16, share & ~15))
        self.step = step
        var (firsts, count) = ([Int](), 0)
        for rowCount in rowCounts {
            firsts.append(count)
            count += (rowCount + step - 1) / step
        }
        (self.firsts, self.count) = (firsts, count)
    }

    /// The rows of a part that are in some of the tasks.
    package func rows(ofPart part: Int, in tasks: Range<Int>) -> Range<Int> {
        let (first, rowCount) = (firsts[part], rowCounts[part])
        func row(_ task: Int) -> Int { min(max(task - first, 0) * step, rowCount) }
        return row(tasks.lowerBound)..<row(tasks.upperBound)
    }
}
