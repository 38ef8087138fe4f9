import CVulkan
import Logging

/// An open device and its one queue; everything made on it holds it, so it goes last.
///
/// `@unchecked Sendable`: the handle never changes, Vulkan's device functions are free-threaded as long as each object is used
/// by one thread at a time (the owners of the objects see to that), and the queue has a lock.
final class LogicalDevice: @unchecked Sendable {
    let description: DeviceDescription
    let instance: Instance
    let handle: OpaquePointer
    let logger: Logger
    private let queue = Lock<Void>(())

    init(_ description: DeviceDescription, logger: Logger, validation: Bool) throws(VulkanError) {
        if let reason = description.unusable { throw .noDevice("\(description.name): \(reason)") }
        let instance =
            try validation
            ? Instance(loader: description.loader, validation: true) : Instance.shared(loader: description.loader)
        // Another instance may list the devices otherwise, for example after an environment variable has changed.
        let twin = try instance.devices().first { $0.index == description.index && $0.deviceUUID == description.deviceUUID }
        guard twin != nil else { throw .noDevice("\(description.name) is not there any more") }
        var created: OpaquePointer?
        var call: UnsafePointer<CChar>?
        let result = cvk_device_create(instance.handle, UInt32(description.index), description.features.rawValue, &created, &call)
        try VulkanError.check(result, call.map { String(cString: $0) } ?? "vkCreateDevice", description.name)
        guard let created else { throw .failed(call: "vkCreateDevice", result: result, detail: description.name) }
        self.description = description
        self.instance = instance
        self.logger = logger
        handle = created
        logger.debug(
            "opened a Vulkan device",
            metadata: [
                "device.name": "\(description.name)", "device.driver": "\(description.driverName) \(description.driverInfo)",
                "device.features": "\(description.features.names.joined(separator: " "))", "validation": "\(validation)",
            ])
    }

    deinit {
        cvk_device_destroy(handle)
        for message in instance.isValidating ? instance.takeMessages() : [] {
            logger.debug("validation while closing a device", metadata: ["message": "\(message)"])
        }
    }

    /// Starts a command buffer; `fence` tells when it has completed.
    func submit(_ commands: cvk_commands, fence: cvk_fence, label: String) throws(VulkanError) {
        let result = queue.withLock { _ in cvk_queue_submit(handle, commands, fence) }
        try VulkanError.check(result, "vkQueueSubmit", label)
    }

    /// Throws what the validation layers have said since the last check.
    func checkValidation() throws(VulkanError) {
        guard instance.isValidating else { return }
        let messages = instance.takeMessages()
        if !messages.isEmpty { throw .validation(messages) }
    }
}
