import Glibc

enum PlotAngle {
    /// Of a line that rises so far over such a distance.
    static func degrees(rise: Double, run: Double) -> Double { atan2(rise, run) * 180 / .pi }
}
