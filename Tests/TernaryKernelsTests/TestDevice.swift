import Glibc
import Logging
import TernaryCore
import TernaryReference
import Testing
import VulkanCompute

@testable import TernaryKernels

/// The Vulkan device that kernel tests run on, opened once: pipeline compilation dominates on a software driver, and pipelines are shared.
///
/// VKTERNARY_TEST_DEVICE takes part of a device's name; otherwise it is the first that can be used.
enum TestDevice {
    static let shared: Device? = {
        do {
            let wanted = getenv("VKTERNARY_TEST_DEVICE").map { String(cString: $0).lowercased() } ?? ""
            let devices = try Vulkan.devices()
            guard
                let device = devices.first(where: {
                    $0.whyUnusable == nil && (wanted.isEmpty || $0.name.lowercased().contains(wanted))
                })
            else {
                print("Kernel tests are skipped: no usable Vulkan device among \(devices.map(\.name))")
                return nil
            }
            return try Device(device, logger: Logger(label: "test"))
        } catch {
            print("Kernel tests are skipped: \(error)")
            return nil
        }
    }()

    static var isPresent: Bool { shared != nil }

    /// The device's own traits, and the same without what not every device has.
    static var traits: [DeviceTraits] {
        guard let shared else { return [] }
        let own = DeviceTraits(shared.description)
        var plain = own
        plain.integerDot = false
        // Many work groups and few: both ways to share out rows.
        var many = own
        many.processors = 132
        many.hidesLatency = true
        return [own, plain, many]
    }

    /// What a test hands to a kernel or wants back.
    enum Content {
        case floats([Float])
        case words([UInt32])
        /// Zeros to write to.
        case room(Int)

        var byteCount: Int {
            switch self {
            case .floats(let values): values.count * 4
            case .words(let values): values.count * 4
            case .room(let count): count * 4
            }
        }
    }

    /// Runs one kernel and gives back every buffer's words.
    static func run<K: Kernel>(_ kernel: K, _ contents: [Content], traits: DeviceTraits) throws -> [[UInt32]] {
        let device = shared!
        var buffers: [Buffer] = []
        for (index, content) in contents.enumerated() {
            let buffer = try device.makeBuffer(byteCount: content.byteCount, memory: .device, label: "\(K.self) \(index)")
            switch content {
            case .floats(let values): try values.withUnsafeBytes { try device.upload($0, to: buffer) }
            case .words(let values): try values.withUnsafeBytes { try device.upload($0, to: buffer) }
            case .room: break
            }
            buffers.append(buffer)
        }
        let recording = try device.record(label: "\(K.self)") { recorder in
            try recorder.dispatch(kernel, buffers.map { BufferSlice($0) }, on: device, traits: traits)
            recorder.barrier()
        }
        try device.run(recording)
        return try buffers.map { buffer in
            var words = [UInt32](repeating: 0, count: buffer.byteCount / 4)
            try words.withUnsafeMutableBytes { try device.download(from: buffer, into: $0) }
            return words
        }
    }
}

extension [[Float]] {
    /// Rows one behind the other, each padded with zeros to whole tiles.
    var padded: TestDevice.Content {
        .floats(flatMap { $0 + Array<Float>(repeating: 0, count: paddedWidth($0.count) - $0.count) })
    }
}

extension [QuantizedRow] {
    /// Codes, steps and code sums as kernels read them.
    var contents: [TestDevice.Content] {
        let codes = flatMap { $0.codes + Array<Int8>(repeating: 0, count: paddedWidth($0.codes.count) - $0.codes.count) }
        let words = stride(from: 0, to: codes.count, by: 4).map { at in
            (0..<4).reduce(UInt32(0)) { $0 | UInt32(UInt8(bitPattern: codes[at + $1])) << (8 * $1) }
        }
        let sums = map { row in UInt32(bitPattern: row.codes.reduce(0) { $0 + Int32($1) }) }
        return [.words(words), .words(map(\.step.bitPattern)), .words(sums)]
    }
}

extension [UInt32] {
    /// The first `width` values of each of `rows` padded rows, as bit patterns.
    func rows(_ rows: Int, width: Int, stride: Int? = nil) -> [[UInt32]] {
        (0..<rows).map { row in Array(self[row * (stride ?? paddedWidth(width))..<row * (stride ?? paddedWidth(width)) + width]) }
    }
}

extension [Float] {
    var bits: [UInt32] { map(\.bitPattern) }
}
