import Glibc

/// The environment variables this module reads, all in one place.
///
/// | variable | meaning |
/// | --- | --- |
/// | `VKTERNARY_LOADER` | another Vulkan loader, or a driver opened directly, instead of `libvulkan.so.1` |
/// | `VKTERNARY_VALIDATION` | `1`: validation layers on, their errors are thrown |
/// | `VKTERNARY_DISABLE` | comma-separated ``DisabledFeature`` names: work as if the device lacked them |
/// | `VKTERNARY_MEMORY_LIMIT` | bytes, or with `K`, `M` or `G` behind it: work as if devices had no more memory of their own |
/// | `XDG_CACHE_HOME`, `HOME` | where pipelines are cached |
public enum Environment {
    /// The library to open.
    public static var loader: String { value("VKTERNARY_LOADER") ?? "libvulkan.so.1" }

    /// Whether validation is asked for.
    public static var validation: Bool { value("VKTERNARY_VALIDATION").map { $0 != "0" } ?? false }

    /// The features to hide.
    ///
    /// - Throws: ``VulkanError/setting(_:)`` where a name is none of ``DisabledFeature``.
    public static func disabledFeatures() throws(VulkanError) -> [DisabledFeature] {
        try DisabledFeature.list(value("VKTERNARY_DISABLE") ?? "")
    }

    /// The memory that devices shall seem to have at most; nil where nothing is said.
    ///
    /// - Throws: ``VulkanError/setting(_:)`` where that is no amount.
    public static func memoryLimit() throws(VulkanError) -> Int? {
        guard let text = value("VKTERNARY_MEMORY_LIMIT") else { return nil }
        guard let bytes = byteCount(text), bytes > 0 else {
            throw .setting("VKTERNARY_MEMORY_LIMIT is no amount of memory: '\(text)'; write bytes, or such as 64M or 2G")
        }
        return bytes
    }

    /// A number, with `K`, `M` or `G` for the powers of 1024.
    static func byteCount(_ text: String) -> Int? {
        let shift = ["K": 10, "M": 20, "G": 30][text.suffix(1).uppercased()]
        guard let number = Int(shift == nil ? text[...] : text.dropLast()) else { return nil }
        let (bytes, overflows) = number.multipliedReportingOverflow(by: 1 << (shift ?? 0))
        return overflows ? nil : bytes
    }

    /// Where pipelines are cached: `vkternary` in the user's cache directory; nil where there is no such directory.
    public static var pipelineCacheDirectory: String? {
        if let cache = value("XDG_CACHE_HOME"), cache.hasPrefix("/") { return cache + "/vkternary" }
        if let home = value("HOME"), home.hasPrefix("/") { return home + "/.cache/vkternary" }
        return nil
    }

    private static func value(_ name: String) -> String? {
        guard let text = getenv(name), text.pointee != 0 else { return nil }
        return String(cString: text)
    }
}

/// A feature that can be hidden, so that the path without it can be tested on a machine that has it.
public enum DisabledFeature: String, CaseIterable, Sendable {
    /// Dot products of packed 8-bit integers.
    case integerDot = "integer-dot"
    /// Arithmetic on and storage of 8-bit integers.
    case int8
    /// Arithmetic and atomics on 64-bit integers.
    case int64
    /// Half-precision arithmetic.
    case float16
    /// Addresses of buffers in shaders.
    case bufferDeviceAddress = "buffer-device-address"
    /// Required subgroup sizes and full subgroups.
    case subgroupSizeControl = "subgroup-size-control"
    /// Arithmetic, shuffles, ballots and clusters in subgroups.
    case subgroupOperations = "subgroup-operations"
    /// Cooperative matrices.
    case cooperativeMatrix = "cooperative-matrix"
    /// Device memory that the host maps; without it everything is staged.
    case hostVisible = "host-visible"
    /// Timestamps.
    case timestamps

    static func list(_ names: String) throws(VulkanError) -> [DisabledFeature] {
        var features: [DisabledFeature] = []
        for name in names.split(separator: ",") {
            guard let feature = DisabledFeature(rawValue: String(name)) else {
                let known = allCases.map(\.rawValue).joined(separator: ", ")
                throw .setting("VKTERNARY_DISABLE names no feature '\(name)'; known are \(known)")
            }
            features.append(feature)
        }
        return features
    }

    var features: DeviceFeatures {
        switch self {
        case .integerDot: [.integerDotProduct, .integerDotAcceleratedSigned, .integerDotAcceleratedMixed]
        case .int8: [.int8, .int8Storage]
        case .int64: [.int64, .int64Atomics]
        case .float16: .float16
        case .bufferDeviceAddress: .bufferDeviceAddress
        case .subgroupSizeControl: .subgroupSizeControl
        case .subgroupOperations: [.subgroupArithmetic, .subgroupShuffle, .subgroupBallot, .subgroupClustered]
        case .cooperativeMatrix: .cooperativeMatrix
        case .hostVisible: .hostVisibleDeviceMemory
        case .timestamps: .timestamps
        }
    }
}
