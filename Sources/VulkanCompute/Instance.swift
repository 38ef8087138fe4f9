import CVulkan
import Glibc

/// An open Vulkan loader (or a driver opened directly) and its instance.
///
/// `@unchecked Sendable`: the handle never changes, the calls made with it are free-threaded in Vulkan, and the list of
/// validation messages has its own lock in C.
final class Instance: @unchecked Sendable {
    let handle: OpaquePointer
    let loader: String
    let isValidating: Bool

    private static let shared = Lock<[String: Instance]>([:])

    /// The instance that everything shares which does not validate; made once for each loader, kept for good.
    static func shared(loader: String) throws(VulkanError) -> Instance {
        try shared.withLock { (instances) throws(VulkanError) in
            if let instance = instances[loader] { return instance }
            let instance = try Instance(loader: loader, validation: false)
            instances[loader] = instance
            return instance
        }
    }

    /// A validating instance belongs to one device, so that the messages it collects are that device's.
    init(loader: String, validation: Bool) throws(VulkanError) {
        var created: OpaquePointer?
        var loaded = false
        var message = [CChar](repeating: 0, count: 512)
        let result = cvk_instance_create(loader, validation, &created, &loaded, &message, message.count)
        let reason = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let created else {
            if Int(result) == CVK_ERROR_OUT_OF_HOST_MEMORY { throw .outOfHostMemory("vkCreateInstance") }
            if !loaded { throw .loaderMissing(reason) }
            if Int(result) == CVK_ERROR_LAYER_NOT_PRESENT { throw .validationLayerMissing }
            if Int(result) == CVK_ERROR_INCOMPATIBLE_DRIVER {
                throw .noDevice(
                    "\(loader) found no driver of Vulkan 1.2; install one (Debian, Ubuntu: mesa-vulkan-drivers) or use the CPU")
            }
            throw .failed(call: "vkCreateInstance", result: result, detail: reason)
        }
        handle = created
        self.loader = loader
        isValidating = validation
    }

    deinit { cvk_instance_destroy(handle) }

    /// Every device, usable or not, without what the environment hides.
    func devices() throws(VulkanError) -> [DeviceDescription] {
        var count: UInt32 = 0
        let result = cvk_physical_device_count(handle, &count)
        if result < 0 { throw .noDevice("\(loader): vkEnumeratePhysicalDevices gave \(result)") }
        var devices: [DeviceDescription] = []
        for index in 0..<count {
            var capabilities = cvk_capabilities()
            try VulkanError.check(cvk_physical_device_capabilities(handle, index, &capabilities), "vkEnumeratePhysicalDevices")
            devices.append(DeviceDescription(index: Int(index), loader: loader, capabilities: capabilities))
        }
        return devices
    }

    /// What the validation layers have said since the last call, each message once.
    func takeMessages() -> [String] {
        var messages: [String] = []
        while let text = cvk_instance_take_message(handle) {
            messages.append(String(cString: text))
            free(text)
        }
        return messages
    }
}
