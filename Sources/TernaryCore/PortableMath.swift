/// Double-precision functions built of basic operations, so that results do not depend on a platform's libm.
public enum PortableMath {
    /// e^x within 2 ulp; 0 below -708, infinity above 709.
    public static func exp(_ x: Double) -> Double {
        if x < -708 { return 0 }
        if x > 709 { return .infinity }
        let n = (x * 1.442_695_040_888_963_4).rounded(.toNearestOrEven)
        let r = (x - n * 0.693_147_180_369_123_816_490) - n * 1.908_214_929_270_587_700_02e-10
        // Taylor's series to r^13: |r| <= 0.347, so the rest is below 2^-58.
        var term = 1.0
        var sum = 1.0
        for k in 1...13 {
            term = term * r / Double(k)
            sum += term
        }
        return sum * Double(sign: .plus, exponent: Int(n), significand: 1)
    }

    /// The natural logarithm of a positive, finite, normal number, within 2 ulp or 2^-52, whichever is larger.
    public static func log(_ x: Double) -> Double {
        precondition(x.isNormal && x > 0, "the logarithm of \(x)")
        // x = m * 2^n with m in [sqrt(1/2), sqrt(2)).
        var (m, n) = (x.significand, Double(x.exponent))
        if m >= 1.414_213_562_373_095_1 { (m, n) = (m / 2, n + 1) }
        // log(m) = 2 * artanh(s), a series in s^2 <= 0.0295: what follows s^23 is below 2^-64.
        let s = (m - 1) / (m + 1)
        let square = s * s
        var sum = 0.0
        for k in stride(from: 23, through: 3, by: -2) { sum = (sum + 1 / Double(k)) * square }
        // The first part of log(2) has 33 bits, so that its product with n is exact.
        return n * 0.693_147_180_369_123_816_490 + (n * 1.908_214_929_270_587_700_02e-10 + 2 * (s + s * sum))
    }
}
