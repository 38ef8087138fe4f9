import Glibc
import Testing

@testable import TernaryCore

@Suite("portable functions of doubles")
struct PortableMathTests {
    @Test("the logarithm is within 2 ulp of the platform's, or 2^-52 where that is more")
    func logarithm() {
        var random = SplitMix64(seed: 4)
        var values = [1, 2, 0.5, 2.0.squareRoot(), 1.nextUp, 1.nextDown, .leastNormalMagnitude, .greatestFiniteMagnitude]
        for exponent in -1022...1023 { values.append(Double(sign: .plus, exponent: exponent, significand: 1 + random.unit())) }
        for value in values {
            let (own, other) = (PortableMath.log(value), log(value))
            #expect(abs(own - other) <= max(2 * other.ulp, 0x1p-52), "log(\(value)) = \(own), not \(other)")
        }
        #expect(PortableMath.log(1) == 0)
    }

    @Test("the logarithm undoes the exponential")
    func inverse() {
        for x in stride(from: -40.0, through: 40, by: 0.37) {
            #expect(abs(PortableMath.log(PortableMath.exp(x)) - x) <= 4 * max(x.ulp, 0x1p-52), "\(x)")
        }
    }
}
