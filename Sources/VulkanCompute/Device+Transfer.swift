extension Device {
    /// Writes bytes into a buffer and returns when they are there. Nothing that runs may use those bytes.
    ///
    /// - Parameters:
    ///   - bytes: any number of them.
    ///   - buffer: of this device.
    ///   - offset: where they go, in bytes; they must fit.
    public func upload(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer, offset: Int = 0) throws(VulkanError) {
        checkRange(buffer, offset, bytes.count)
        if bytes.isEmpty { return }
        if let contents = buffer.contents {
            UnsafeMutableRawBufferPointer(rebasing: contents[offset..<offset + bytes.count]).copyMemory(from: bytes)
        } else {
            try staging.upload(bytes, to: buffer, offset: offset)
        }
    }

    /// Writes the elements of an array into a buffer; see ``upload(_:to:offset:)-(UnsafeRawBufferPointer,_,_)``.
    public func upload(_ elements: [some BitwiseCopyable], to buffer: Buffer, offset: Int = 0) throws(VulkanError) {
        try elements.withUnsafeBufferPointer { (elements) throws(VulkanError) in
            try upload(UnsafeRawBufferPointer(elements), to: buffer, offset: offset)
        }
    }

    /// Reads bytes out of a buffer. What wrote them must have completed.
    ///
    /// - Parameters:
    ///   - buffer: of this device.
    ///   - offset: where they begin, in bytes; as many as `bytes` holds must be there.
    ///   - bytes: where they go.
    public func download(from buffer: Buffer, offset: Int = 0, into bytes: UnsafeMutableRawBufferPointer) throws(VulkanError) {
        checkRange(buffer, offset, bytes.count)
        if bytes.isEmpty { return }
        // Uncached memory reads at a few hundred MB/s, so the device copies all but a little of it into cached memory first.
        if let contents = buffer.contents, buffer.isHostCached || bytes.count <= 4096 {
            bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: contents[offset..<offset + bytes.count]))
        } else {
            try staging.download(from: buffer, offset: offset, into: bytes)
        }
    }

    /// Reads elements out of a buffer; see ``download(from:offset:into:)``.
    ///
    /// - Parameters:
    ///   - type: of the elements.
    ///   - count: how many.
    ///   - buffer: of this device.
    ///   - offset: where the first begins, in bytes.
    public func download<Element: BitwiseCopyable>(
        _ type: Element.Type, count: Int, from buffer: Buffer, offset: Int = 0
    ) throws(VulkanError) -> [Element] {
        precondition(
            count >= 0 && count <= buffer.byteCount / MemoryLayout<Element>.stride, "\(count) elements in \(buffer.label)")
        let storage = UnsafeMutableBufferPointer<Element>.allocate(capacity: count)
        defer { storage.deallocate() }
        try download(from: buffer, offset: offset, into: UnsafeMutableRawBufferPointer(storage))
        return Array(storage)
    }

    private func checkRange(_ buffer: Buffer, _ offset: Int, _ count: Int) {
        precondition(
            offset >= 0 && offset <= buffer.byteCount && count <= buffer.byteCount - offset,
            "bytes \(offset)..+\(count) do not lie in buffer \(buffer.label) of \(buffer.byteCount)")
    }
}
