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
}
