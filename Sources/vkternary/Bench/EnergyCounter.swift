import Glibc
import VulkanCompute

/// The energy that an NVIDIA GPU has used, by the counter of its driver's management library (NVML).
///
/// The library is opened when somebody asks: machines without it lack nothing else.
final class EnergyCounter {
    private typealias Start = @convention(c) () -> Int32
    private typealias FindDevice = @convention(c) (UnsafePointer<CChar>, UnsafeMutablePointer<OpaquePointer?>) -> Int32
    private typealias ReadEnergy = @convention(c) (OpaquePointer?, UnsafeMutablePointer<UInt64>) -> Int32

    private static let library = "libnvidia-ml.so.1"

    private let device: OpaquePointer?
    private let readEnergy: ReadEnergy

    /// - Throws: `UsageError` where the device has no such counter.
    init(_ description: DeviceDescription) throws {
        let name = description.name
        func refuse(_ reason: String) -> UsageError {
            UsageError("--energy: \(name): \(reason); only NVIDIA GPUs are measured, by \(Self.library); leave the option out")
        }
        // Never closed: what it started lives as long as the program.
        guard let library = dlopen(Self.library, RTLD_NOW | RTLD_LOCAL) else {
            throw refuse(dlerror().map { String(cString: $0) } ?? "no \(Self.library)")
        }
        func function<Function>(_ symbol: String, as type: Function.Type) throws -> Function {
            guard let address = dlsym(library, symbol) else { throw refuse("\(Self.library) has no \(symbol)") }
            return unsafeBitCast(address, to: type)
        }
        func check(_ result: Int32, _ call: String) throws {
            if result != 0 { throw refuse("\(call) failed with \(result)") }
        }
        try check(try function("nvmlInit_v2", as: Start.self)(), "nvmlInit_v2")
        let findDevice = try function("nvmlDeviceGetHandleByUUID", as: FindDevice.self)
        var device: OpaquePointer?
        try check(findDevice(Self.name(ofUUID: description.deviceUUID), &device), "nvmlDeviceGetHandleByUUID")
        self.device = device
        readEnergy = try function("nvmlDeviceGetTotalEnergyConsumption", as: ReadEnergy.self)
        _ = try joules()
    }

    /// Joules since the driver was loaded; in steps of some ten milliseconds.
    func joules() throws -> Double {
        var millijoules: UInt64 = 0
        let result = readEnergy(device, &millijoules)
        guard result == 0 else { throw UsageError("--energy: the device has no energy counter (NVML's error \(result))") }
        return Double(millijoules) * 1e-3
    }

    /// Watts that the device takes while nothing runs.
    func idleWatts() throws -> Double {
        // What was done before must not count.
        try Self.wait()
        let clock = ContinuousClock()
        let (start, before) = (clock.now, try joules())
        try Self.wait()
        return (try joules() - before) / ((clock.now - start) / .seconds(1))
    }

    /// As NVML writes it: "GPU-" and 32 digits in groups of 8, 4, 4, 4 and 12.
    static func name(ofUUID bytes: [UInt8]) -> String {
        var name = "GPU"
        for (index, byte) in bytes.enumerated() {
            if [0, 4, 6, 8, 10].contains(index) { name += "-" }
            name += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return name
    }

    /// Two seconds: long beside a step of the counter.
    private static func wait() throws {
        for _ in 0..<20 {
            usleep(100_000)
            try Interrupt.check()
        }
    }
}
