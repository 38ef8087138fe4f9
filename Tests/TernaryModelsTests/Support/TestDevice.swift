import Glibc
import Logging
import VulkanCompute

/// The Vulkan device that models are tested on, opened once, so that pipelines are shared.
///
/// VKTERNARY_TEST_DEVICE takes part of a device's name; otherwise it is the first that can be used.
enum TestDevice {
    static let shared: Device? = open()

    static var isPresent: Bool { shared != nil }

    /// The same device without these features.
    static func open(disabling features: [DisabledFeature] = []) -> Device? {
        do {
            let wanted = getenv("VKTERNARY_TEST_DEVICE").map { String(cString: $0).lowercased() } ?? ""
            let devices = try Vulkan.devices()
            guard
                var device = devices.first(where: {
                    $0.whyUnusable == nil && (wanted.isEmpty || $0.name.lowercased().contains(wanted))
                })
            else {
                print("skipping models on Vulkan: no usable device among \(devices.map(\.name))")
                return nil
            }
            for feature in features { device = device.disabling(feature) }
            return try Device(device, logger: Logger(label: "test"))
        } catch {
            print("skipping models on Vulkan: \(error)")
            return nil
        }
    }
}
