import TernaryCore
import TernaryKernels
import VulkanCompute

/// Tensors gathered for one buffer, each where any device can bind it.
struct TensorArena {
    /// Where a tensor will lie.
    typealias Place = Range<Int>

    private enum Content {
        case floats([Float])
        case words([PackedStorage<UInt32>])
        /// Rows of bytes, each padded with zeros.
        case rows(PackedStorage<UInt8>, rowBytes: Int, paddedBytes: Int)
    }

    /// Vulkan allows no device to ask for more than this between storage buffer offsets.
    private static let alignment = 256

    private var contents: [(content: Content, place: Place)] = []
    private(set) var byteCount = 0

    private mutating func add(_ content: Content, _ bytes: Int) -> Place {
        let place = byteCount..<byteCount + bytes
        contents.append((content, place))
        byteCount = (place.upperBound + Self.alignment - 1) / Self.alignment * Self.alignment
        return place
    }

    /// Floats one behind the other, as they are.
    mutating func add(floats: [Float]) -> Place { add(.floats(floats), 4 * floats.count) }

    /// One row, padded with zeros to whole tiles.
    mutating func add(row: [Float]) -> Place {
        add(floats: row + Array(repeating: 0, count: paddedWidth(row.count) - row.count))
    }

    /// Packed ternary matrices, one behind the other.
    mutating func add(words: [PackedStorage<UInt32>]) -> Place { add(.words(words), 4 * words.reduce(0) { $0 + $1.count }) }

    /// Rows of bytes, each padded to whole tiles.
    mutating func add(rows bytes: PackedStorage<UInt8>, rowBytes: Int, paddedBytes: Int) -> Place {
        add(.rows(bytes, rowBytes: rowBytes, paddedBytes: paddedBytes), bytes.count / rowBytes * paddedBytes)
    }

    /// Makes the buffer.
    func upload(to device: Device, label: String) throws -> Buffer {
        let buffer = try device.makeBuffer(byteCount: max(4, byteCount), memory: .device, label: label)
        for (content, place) in contents {
            var offset = place.lowerBound
            switch content {
            case .floats(let values): try device.upload(values, to: buffer, offset: offset)
            case .words(let matrices):
                for words in matrices {
                    try words.withUnsafeBytes { try device.upload($0, to: buffer, offset: offset) }
                    offset += 4 * words.count
                }
            case .rows(let bytes, let rowBytes, let paddedBytes):
                if rowBytes == paddedBytes {
                    try bytes.withUnsafeBytes { try device.upload($0, to: buffer, offset: offset) }
                } else {
                    var padded = [UInt8](repeating: 0, count: place.count)
                    for row in 0..<bytes.count / rowBytes {
                        padded.replaceSubrange(
                            row * paddedBytes..<row * paddedBytes + rowBytes,
                            with: bytes.part(row * rowBytes..<(row + 1) * rowBytes))
                    }
                    try device.upload(padded, to: buffer, offset: offset)
                }
            }
        }
        return buffer
    }
}

extension Buffer {
    /// A tensor of the arena that this buffer was made of.
    func tensor(_ place: TensorArena.Place) -> BufferSlice {
        BufferSlice(self, offset: place.lowerBound, byteCount: place.count)
    }
}
