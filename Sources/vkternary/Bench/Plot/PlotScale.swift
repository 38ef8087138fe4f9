import Glibc

/// How values become places along an axis, and where the axis is marked.
struct PlotScale: Equatable {
    /// A marked value.
    struct Tick: Equatable {
        let value: Double
        let label: String
    }

    let isLogarithmic: Bool
    let lowest, highest: Double
    let ticks: [Tick]

    /// From 0 to a round number not below `highest`, with at most `count` steps of 1, 2 or 5 times a power of ten.
    static func linear(to highest: Double, steps count: Int = 5) -> PlotScale {
        let top = highest.isFinite && highest > 0 ? highest : 1
        let power = pow(10, floor(log10(top / Double(count))))
        let step = [1.0, 2, 5, 10].map { $0 * power }.first { top / $0 <= Double(count) * (1 + 1e-12) } ?? 10 * power
        let steps = Int((top / step - 1e-9).rounded(.up))
        return PlotScale(
            isLogarithmic: false, lowest: 0, highest: Double(steps) * step,
            ticks: (0...steps).map { Tick(value: Double($0) * step, label: label(Double($0) * step)) })
    }

    /// From a round number below all values to one above: powers of ten, or 1, 2 and 5 times them where there are few.
    static func logarithmic(_ values: [Double]) -> PlotScale {
        let usable = values.filter { $0.isFinite && $0 > 0 }
        let (smallest, largest) = (usable.min() ?? 1, usable.max() ?? 10)
        let first = Int(floor(log10(smallest) + 1e-9))
        let last = max(first + 1, Int(ceil(log10(largest) - 1e-9)))
        let factors = last - first <= 3 ? [1.0, 2, 5] : [1.0]
        var marks: [Double] = []
        for power in stride(from: first, through: last, by: max(1, (last - first + 9) / 10)) {
            for factor in factors { marks.append(factor * pow(10, Double(power))) }
        }
        // The marks around the values, and two at least.
        let from = min(marks.count - 2, (marks.firstIndex { $0 > smallest * (1 + 1e-9) } ?? 1) - 1)
        let to = max(from + 1, marks.firstIndex { $0 >= largest * (1 - 1e-9) } ?? marks.count - 1)
        marks = Array(marks[from...to])
        return PlotScale(
            isLogarithmic: true, lowest: marks[0], highest: max(marks[marks.count - 1], largest),
            ticks: marks.map { Tick(value: $0, label: label($0)) })
    }

    /// Logarithmic, marked at the values themselves, with a little room at both ends.
    static func marked(at values: [Int]) -> PlotScale {
        let known = Set(values.filter { $0 > 0 }).sorted()
        let (first, last) = (Double(known.first ?? 1), Double(known.last ?? 1))
        return PlotScale(
            isLogarithmic: true, lowest: first / 1.5, highest: last * 1.5,
            ticks: known.map { Tick(value: Double($0), label: "\($0)") })
    }

    /// Where a value is, from 0 at the lowest to 1 at the highest; values beyond are held at the ends.
    func place(_ value: Double) -> Double {
        let share =
            isLogarithmic
            ? (value > 0 ? log(value / lowest) / log(highest / lowest) : 0) : (value - lowest) / (highest - lowest)
        return share.isFinite ? min(1, max(0, share)) : 0
    }

    /// Three digits of a measured value, as people read it.
    static func rounded(_ value: Double) -> String {
        guard value > 0, value.isFinite else { return "0" }
        let unit = pow(10, floor(log10(value)) - 2)
        return label((value / unit).rounded() * unit)
    }

    /// As few digits as say it.
    static func label(_ value: Double) -> String {
        if value == 0 { return "0" }
        if value >= 1e6 {
            let millions = value / 1e6
            return (millions < 1e6 ? short(millions) : "\(millions)") + " M"
        }
        if value < 1e-4 { return "1e\(Int(log10(value).rounded()))" }
        return short(value)
    }

    private static func short(_ value: Double) -> String {
        for digits in 0...6 {
            let text = value.fixed(digits)
            if let read = Double(text), abs(read - value) <= abs(value) * 1e-6 {
                return digits == 0 ? Int(value.rounded()).grouped : text
            }
        }
        return value.fixed(6)
    }
}
