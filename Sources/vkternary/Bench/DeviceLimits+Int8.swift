import TernaryCore
import TernaryKernels
import TernaryModels
import VulkanCompute

extension DeviceLimits {
    private var isSoftware: Bool { device.description.kind == .software }
    private var traits: DeviceTraits { DeviceTraits(device.description) }

    /// Tera-operations per second of products of four int8 with four.
    func int8Rate() throws -> Samples {
        let kernel = isSoftware ? Int8Rate(steps: 128, groups: 16) : Int8Rate(steps: 4096, groups: traits.processors * 16)
        let result = try device.makeBuffer(byteCount: kernel.resultBytes, memory: .device, label: "int8 rate")
        let samples = try seconds(of: try recording("int8 rate", kernel, [result]))
        let expected = kernel.expected
        let values = try device.download(Int32.self, count: kernel.resultBytes / 4, from: result)
        for first in stride(from: 0, to: values.count, by: expected.count)
        where !values[first..<first + expected.count].elementsEqual(expected) {
            throw mismatch("the int8 rate")
        }
        return samples.map { Double(kernel.operations) / $0 / 1e12 }
    }

    /// The same on matrix units that nothing has to be brought to; nil where there are none.
    func int8UnitsRate() throws -> Samples? {
        guard traits.int8Matrices else { return nil }
        let kernel = Int8UnitsRate(steps: 4096, groups: traits.processors * 4)
        let (rows, columns) = (Int8UnitsRate.rows, Int8UnitsRate.columns)
        let a = randomBytes(rows * columns, seed: 1)
        let b = randomBytes(rows * columns, seed: 2)
        let result = try device.makeBuffer(byteCount: kernel.resultBytes, memory: .device, label: "int8 units rate")
        let samples = try seconds(of: try recording("int8 units rate", kernel, [try buffer(a, "a"), try buffer(b, "b"), result]))
        let expected = (0..<rows * rows).map { at in
            (0..<columns).reduce(Int32(0)) { $0 + Int32(a[at / rows * columns + $1]) * Int32(b[at % rows * columns + $1]) }
                &* Int32(kernel.steps)
        }
        let values = try device.download(Int32.self, count: kernel.resultBytes / 4, from: result)
        for first in stride(from: 0, to: values.count, by: expected.count)
        where !values[first..<first + expected.count].elementsEqual(expected) {
            throw mismatch("the int8 rate of matrix units")
        }
        return samples.map { Double(kernel.operations) / $0 / 1e12 }
    }

    /// Tera-operations per second of a plain product of int8 matrices with the tile that is best for it, whose name is told; nil where
    /// there are no matrix units.
    func int8Matmul() throws -> (Samples, tile: String)? {
        guard traits.int8Matrices else { return nil }
        let side = matmulSide
        let a = randomBytes(side * side, seed: 3)
        let b = randomBytes(side * side, seed: 4)
        let bound = [try buffer(a, "a"), try buffer(b, "b")]
        let y = try device.makeBuffer(byteCount: side * side * 4, memory: .device, label: "y")
        var random = SplitMix64(seed: 5)
        let v = (0..<side).map { _ in Int32(truncatingIfNeeded: random.next()) }
        var best: (seconds: Samples, tile: String)?
        for tile in Int8Matmul.Tile.candidates(for: traits) {
            let kernel = Int8Matmul(rows: side, yColumns: side, columns: side, tile: tile)
            // What the tile before left there must not pass.
            try device.run(try device.record(label: "clear") { $0.fill(BufferSlice(y)) })
            let samples = try seconds(of: try recording("int8 product", kernel, bound + [y]))
            let values = try device.download(Int32.self, count: side * side, from: y)
            guard ProductCheck.holds(values, a, b, columns: side, v) else {
                throw mismatch("the int8 product in tiles of \(tile.name)")
            }
            if samples.median < best?.seconds.median ?? .infinity { best = (samples, tile.name) }
        }
        return best.map { best in
            (best.seconds.map { 2 * Double(side) * Double(side) * Double(side) / $0 / 1e12 }, best.tile)
        }
    }

    /// Rows and columns of the plain product's matrices: large, but no larger than one binding may be.
    var matmulSide: Int {
        let description = device.description
        return description.maxStorageRange >= 1 << 28 && description.deviceLocalBytes >= 2 << 30 ? 8192 : 4096
    }

    /// What kernels are measured against.
    func ceilings() throws -> DeviceCeilings {
        DeviceCeilings(
            read: try readBandwidth().median * 1e9, copy: try copyBandwidth(byKernel: true).median * 1e9,
            int8Dot: try int8Rate().median * 1e12, int8Units: try int8Matmul().map { $0.0.median * 1e12 })
    }

    private func recording<K: Kernel>(_ label: String, _ kernel: K, _ buffers: [Buffer]) throws -> Recording {
        try device.record(label: label) { recorder in
            try recorder.writeTimestamp(0)
            try recorder.dispatch(kernel, buffers.map { BufferSlice($0) }, on: device, traits: traits)
            recorder.barrier()
            try recorder.writeTimestamp(1)
        }
    }

    private func randomBytes(_ count: Int, seed: UInt64) -> [Int8] {
        var random = SplitMix64(seed: seed)
        return [Int8](unsafeUninitializedCapacity: count) { bytes, initialized in
            var at = 0
            while at < count {
                var bits = random.next()
                for _ in 0..<min(8, count - at) {
                    bytes[at] = Int8(truncatingIfNeeded: bits)
                    bits >>= 8
                    at += 1
                }
            }
            initialized = count
        }
    }

    private func buffer(_ bytes: [Int8], _ label: String) throws -> Buffer {
        let buffer = try device.makeBuffer(byteCount: bytes.count, memory: .device, label: label)
        try device.upload(bytes, to: buffer)
        return buffer
    }
}
