import CVulkan

/// Why something on the device could not be done; each description says what to do about it.
public enum VulkanError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The Vulkan library could not be opened; why.
    case loaderMissing(String)
    /// Vulkan is there, but no device that fits; why.
    case noDevice(String)
    /// Validation was asked for and the layer is not installed.
    case validationLayerMissing
    /// The device lacks something that was asked for.
    case missingFeature(String)
    /// A size exceeds what the device allows: what was asked for, bytes or count asked, the limit.
    case tooLarge(String, requested: Int, limit: Int)
    /// A buffer without bytes was asked for; its label.
    case emptyBuffer(String)
    /// No memory on the device: for what, and how many bytes.
    case outOfDeviceMemory(String, bytes: Int)
    /// No memory on the host: for what.
    case outOfHostMemory(String)
    /// The device hung, was reset or was removed during this call.
    case deviceLost(String)
    /// What the validation layers said.
    case validation([String])
    /// A recording was submitted again before it had completed; its label.
    case recordingBusy(String)
    /// An environment variable holds something unknown.
    case setting(String)
    /// Any other failure of a Vulkan call.
    case failed(call: String, result: Int32, detail: String)

    /// One line: what happened and what to do.
    public var description: String {
        switch self {
        case .loaderMissing(let reason):
            "Vulkan is not available (\(reason)); install a loader and a driver "
                + "(Debian, Ubuntu: libvulkan1 mesa-vulkan-drivers) or use the CPU"
        case .noDevice(let reason): "no Vulkan device: \(reason)"
        case .validationLayerMissing:
            "validation was asked for, but VK_LAYER_KHRONOS_validation is missing; "
                + "install it (Debian, Ubuntu: vulkan-validationlayers) or unset VKTERNARY_VALIDATION"
        case .missingFeature(let what): "the device cannot do this: \(what)"
        case .tooLarge(let what, let requested, let limit):
            "\(what): \(requested) exceeds the device's limit of \(limit); split it into smaller parts"
        case .emptyBuffer(let label): "buffer \(label) has no bytes; Vulkan knows no empty buffers, so leave it out"
        case .outOfDeviceMemory(let what, let bytes):
            "out of device memory: \(what) needs \(bytes) bytes; close other programs that use the device, "
                + "use a smaller model or run on the CPU"
        case .outOfHostMemory(let what):
            "out of host memory: \(what); close other programs or use a smaller model"
        case .deviceLost(let call):
            "the device was lost during \(call): it hung, was reset or was removed; start again, "
                + "and if it repeats, look into the kernel's log (dmesg) and update the driver"
        case .validation(let messages): "Vulkan validation: " + messages.joined(separator: "\n")
        case .recordingBusy(let label): "the recording \(label) was submitted again before it had completed; wait for it first"
        case .setting(let what): what
        case .failed(let call, let result, let detail):
            "\(call) failed with VkResult \(result)\(detail.isEmpty ? "" : " (\(detail))"); update the driver or use the CPU"
        }
    }

    /// Throws unless the call succeeded.
    ///
    /// - Parameters:
    ///   - result: a VkResult; what is not negative is success.
    ///   - call: the Vulkan function.
    ///   - purpose: for what it was called, such as a buffer's label.
    ///   - bytes: how much memory was asked for, where that is what the call is about.
    static func check(_ result: Int32, _ call: String, _ purpose: String = "", bytes: Int = 0) throws(VulkanError) {
        if result >= 0 { return }
        let what = purpose.isEmpty ? call : purpose
        switch Int(result) {
        case CVK_ERROR_OUT_OF_DEVICE_MEMORY, CVK_ERROR_TOO_MANY_OBJECTS: throw .outOfDeviceMemory(what, bytes: bytes)
        case CVK_ERROR_OUT_OF_HOST_MEMORY: throw .outOfHostMemory(what)
        case CVK_ERROR_DEVICE_LOST: throw .deviceLost(call)
        default: throw .failed(call: call, result: result, detail: purpose)
        }
    }
}
