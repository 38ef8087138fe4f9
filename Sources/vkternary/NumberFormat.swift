/// A number of bytes in the unit that fits it.
func bytes(_ count: Int) -> String {
    switch count {
    case (1 << 30)...: "\((Double(count) / Double(1 << 30)).fixed(2)) GiB"
    case (1 << 20)...: "\((Double(count) / Double(1 << 20)).fixed(1)) MiB"
    case (1 << 10)...: "\((Double(count) / Double(1 << 10)).fixed(1)) KiB"
    default: "\(count) B"
    }
}

extension Double {
    /// With so many digits after the point, as people read it.
    func fixed(_ digits: Int) -> String {
        guard isFinite, abs(self) < 1e15 else { return "\(self)" }
        var power = 1.0
        for _ in 0..<digits { power *= 10 }
        let scaled = Int64((abs(self) * power).rounded())
        let whole = scaled / Int64(power)
        let sign = self < 0 && scaled != 0 ? "-" : ""
        if digits == 0 { return "\(sign)\(whole)" }
        let rest = String(scaled % Int64(power))
        return "\(sign)\(whole)." + String(repeating: "0", count: digits - rest.count) + rest
    }
}

extension Int {
    /// With a comma before every three digits.
    var grouped: String {
        var text = ""
        for (index, digit) in String(magnitude).reversed().enumerated() {
            if index > 0 && index % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return (self < 0 ? "-" : "") + String(text.reversed())
    }
}
