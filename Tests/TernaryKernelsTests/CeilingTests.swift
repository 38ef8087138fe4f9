import TernaryCore
import Testing

@testable import TernaryKernels

@Suite("copy_bandwidth, int8_rate, int8_matmul", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver; lavapipe will do"))
struct CeilingTests {
    @Test("a copy copies all of it, and nothing behind it", arguments: [16, 4096, 1_000_000])
    func copy(byteCount: Int) throws {
        var random = SplitMix64(seed: 71)
        let words = (0..<byteCount / 4 + 4).map { _ in UInt32(truncatingIfNeeded: random.next()) }
        var few = TestDevice.traits[0]
        few.processors = 2
        for traits in [TestDevice.traits[0], few] {
            let results = try TestDevice.run(
                CopyBandwidth(byteCount: byteCount), [.words(words), .room(words.count)], traits: traits)
            #expect(results[1] == words.dropLast(4) + [0, 0, 0, 0])
        }
    }

    @Test("the int8 rate's sums are those of the host, with packed dot products and without")
    func rate() throws {
        let kernel = Int8Rate(steps: 9, groups: 2)
        #expect(kernel.operations == 2 * 256 * 8 * 9 * 8)
        for traits in TestDevice.traits.prefix(2) {
            let results = try TestDevice.run(kernel, [.room(kernel.resultBytes / 4)], traits: traits)
            #expect(results[0].map { Int32(bitPattern: $0) } == kernel.expected + kernel.expected)
        }
    }

    private static let hasUnits = TestDevice.traits.first?.int8Matrices ?? false

    private func bytes(_ words: [UInt32]) -> [Int32] {
        words.flatMap { word in (0..<4).map { Int32(Int8(truncatingIfNeeded: word >> (8 * $0))) } }
    }

    /// a . transposed b.
    private static func product(_ a: [Int32], _ b: [Int32], rows: Int, yColumns: Int, columns: Int) -> [Int32] {
        var product: [Int32] = []
        for row in 0..<rows {
            for column in 0..<yColumns {
                var sum: Int32 = 0
                for k in 0..<columns { sum += a[row * columns + k] * b[column * columns + k] }
                product.append(sum)
            }
        }
        return product
    }

    @Test("matrix units alone add up as often as they are told", .enabled(if: hasUnits, "this device has no int8 matrix units"))
    func units() throws {
        var random = SplitMix64(seed: 72)
        let (a, b) = (random.words(64 * 32 / 4), random.words(64 * 32 / 4))
        let kernel = Int8UnitsRate(steps: 5, groups: 2)
        let results = try TestDevice.run(
            kernel, [.words(a), .words(b), .room(kernel.resultBytes / 4)], traits: TestDevice.traits[0])
        let (left, right) = (bytes(a), bytes(b))
        let product = Self.product(left, right, rows: 64, yColumns: 64, columns: 32).map { $0 * 5 }
        #expect(results[2].map { Int32(bitPattern: $0) } == Array(repeating: product, count: 8).flatMap { $0 })
    }

    @Test("a plain product is one in every tile", .enabled(if: hasUnits, "this device has no int8 matrix units"))
    func product() throws {
        var random = SplitMix64(seed: 73)
        // Ten blocks of rows: a strip of eight and one of two.
        let (rows, yColumns, columns) = (1280, 512, 256)
        let (a, b) = (random.words(rows * columns / 4), random.words(yColumns * columns / 4))
        let (left, right) = (bytes(a), bytes(b))
        let expected = Self.product(left, right, rows: rows, yColumns: yColumns, columns: columns)
        for tile in Int8Matmul.Tile.candidates(for: TestDevice.traits[0]) {
            let results = try TestDevice.run(
                Int8Matmul(rows: rows, yColumns: yColumns, columns: columns, tile: tile),
                [.words(a), .words(b), .room(rows * yColumns)], traits: TestDevice.traits[0])
            #expect(results[2].map { Int32(bitPattern: $0) } == expected, "tile \(tile.name)")
        }
    }

    @Test("tiles are whole subgroups' and fit into shared memory", arguments: [16 << 10, 32 << 10, 48 << 10, 228 << 10])
    func tiles(sharedMemory: Int) {
        let traits = DeviceTraits(
            subgroupSize: 32, integerDot: true, sharedMemoryBytes: sharedMemory, processors: 8, residentWorkgroups: 8,
            hidesLatency: true,
            int8Matrices: true)
        let tiles = Int8Matmul.Tile.candidates(for: traits)
        #expect(!tiles.isEmpty)
        for tile in tiles {
            #expect(tile.rows.isMultiple(of: 64) && tile.columns.isMultiple(of: 64) && tile.slab.isMultiple(of: 32))
            #expect(tile.sharedBytes <= sharedMemory && tile.invocations <= 256)
            // Every invocation loads as much as every other.
            #expect((tile.rows * tile.slab / 16).isMultiple(of: tile.invocations))
            #expect((tile.columns * tile.slab / 16).isMultiple(of: tile.invocations))
        }
    }
}

extension SplitMix64 {
    fileprivate mutating func words(_ count: Int) -> [UInt32] { (0..<count).map { _ in UInt32(truncatingIfNeeded: next()) } }
}
