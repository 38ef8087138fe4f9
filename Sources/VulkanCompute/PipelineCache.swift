import CVulkan

/// The driver's store of compiled pipelines, kept on disk between runs.
///
/// `@unchecked Sendable`: the handle never changes, and Vulkan locks a pipeline cache itself.
final class PipelineCache: @unchecked Sendable {
    let handle: cvk_pipeline_cache
    private let device: LogicalDevice
    private let file: PipelineCacheFile?
    /// What the file holds as far as we know, so that nothing is written twice.
    private let stored: Lock<[UInt8]>

    init(_ device: LogicalDevice, directory: String?) throws(VulkanError) {
        let file = directory.map { PipelineCacheFile(directory: $0, device: device.description) }
        let bytes = file?.read() ?? []
        var created = cvk_pipeline_cache(value: 0)
        var result = cvk_pipeline_cache_create(device.handle, bytes, bytes.count, &created)
        if result < 0, !bytes.isEmpty { result = cvk_pipeline_cache_create(device.handle, nil, 0, &created) }
        try VulkanError.check(result, "vkCreatePipelineCache")
        handle = created
        self.device = device
        self.file = file
        stored = Lock(bytes)
        device.logger.debug(
            "opened the pipeline cache", metadata: ["path": "\(file?.path ?? "none")", "bytes": "\(bytes.count)"])
    }

    deinit { cvk_pipeline_cache_destroy(device.handle, handle) }

    /// Writes the file if anything has been compiled since. What cannot be written is compiled again next time.
    func save() {
        guard let file else { return }
        stored.withLock { stored in
            var byteCount = 0
            guard cvk_pipeline_cache_data(device.handle, handle, nil, &byteCount) == 0, byteCount > 0 else { return }
            var bytes = [UInt8](repeating: 0, count: byteCount)
            guard cvk_pipeline_cache_data(device.handle, handle, &bytes, &byteCount) == 0, byteCount <= bytes.count else {
                return
            }
            bytes.removeLast(bytes.count - byteCount)
            if bytes == stored { return }
            let isWritten = file.write(bytes)
            device.logger.debug("saved the pipeline cache", metadata: ["path": "\(file.path)", "written": "\(isWritten)"])
            if isWritten { stored = bytes }
        }
    }
}
