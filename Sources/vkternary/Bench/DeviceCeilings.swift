import TernaryKernels

/// What a device was measured to do at best, in bytes and operations per second.
struct DeviceCeilings {
    /// What a kernel's time is bounded by.
    enum Bound: String {
        case memory
        case int8Dot = "int8 dot"
        case int8Units = "int8 units"
    }

    /// Bytes that only are read.
    let read: Double
    /// Bytes read and written in equal parts, both counted.
    let copy: Double
    /// int8 operations without matrix units.
    let int8Dot: Double
    /// int8 operations of a plain product on matrix units; nil where there are none.
    let int8Units: Double?

    /// Seconds below which a kernel cannot come, and why: memory moves what is read along with what is written, integer units work
    /// at the same time. Float operations, whose rate is not measured, are not counted: only a dense product of many tokens and
    /// a long prompt's attention have so many that they are what takes the time.
    func floor(_ cost: KernelCost, usesMatrixUnits: Bool) -> (seconds: Double, bound: Bound) {
        let pairs = Double(2 * min(cost.read, cost.written))
        let rest = Double(abs(cost.read - cost.written))
        let memory = pairs / copy + rest / (cost.read >= cost.written ? read : copy)
        let units = usesMatrixUnits ? int8Units : nil
        let integers = Double(cost.int8Operations) / (units ?? int8Dot)
        return memory >= integers ? (memory, .memory) : (integers, units == nil ? .int8Dot : .int8Units)
    }
}
