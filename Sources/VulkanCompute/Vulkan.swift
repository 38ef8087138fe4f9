/// The entry to everything: what devices there are.
public enum Vulkan {
    /// Every device of this machine in the driver's order, also those that cannot run anything (see
    /// ``DeviceDescription/unusable``), without the features that `VKTERNARY_DISABLE` hides and
    /// with no more memory than `VKTERNARY_MEMORY_LIMIT` leaves.
    ///
    /// - Parameter loader: the Vulkan library, or a driver; see ``Environment``.
    /// - Throws: ``VulkanError/loaderMissing(_:)``, or ``VulkanError/noDevice(_:)`` where there is a loader and no driver,
    ///   ``VulkanError/setting(_:)`` where the environment names an unknown feature or an amount that is none.
    public static func devices(loader: String = Environment.loader) throws(VulkanError) -> [DeviceDescription] {
        let hidden = try Environment.disabledFeatures().reduce(into: DeviceFeatures()) { $0.formUnion($1.features) }
        let limit = try Environment.memoryLimit()
        return try Instance.shared(loader: loader).devices().map { device in
            var device = device
            device.features.subtract(hidden)
            return limit.map(device.limited) ?? device
        }
    }
}
