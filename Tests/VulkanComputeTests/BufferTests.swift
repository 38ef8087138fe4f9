import Testing

@testable import VulkanCompute

@Suite("Buffers", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver"))
struct BufferTests {
    // Odd sizes end inside a word; the last is two and a half staging halves.
    @Test("keep their bytes, mapped or staged", arguments: [1, 3, 16, 4097, 20_971_521], [false, true])
    func roundTrip(byteCount: Int, staged: Bool) throws {
        let device = staged ? try TestDevice.open(disabling: [.hostVisible]) : try TestDevice.shared()
        for memory in [BufferMemory.device, .upload, .readback] where byteCount < 1 << 20 || memory == .device {
            let buffer = try device.makeBuffer(byteCount: byteCount, memory: memory, label: "round trip")
            if staged && memory == .device { #expect(buffer.contents == nil) }
            let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 7 + 1) }
            try device.upload(bytes, to: buffer)
            #expect(try device.download(UInt8.self, count: byteCount, from: buffer) == bytes)
        }
    }

    @Test("begin as zeros, also where the memory has been used before", arguments: [100, 100_001], [false, true])
    func beginAsZeros(byteCount: Int, staged: Bool) throws {
        let device = try TestDevice.open(disabling: staged ? [.hostVisible] : [])
        for _ in 0..<3 {
            let buffer = try device.makeBuffer(byteCount: byteCount, memory: .device, label: "zeros")
            #expect(try device.download(UInt8.self, count: byteCount, from: buffer).allSatisfy { $0 == 0 })
            try device.upload([UInt8](repeating: 0xff, count: byteCount), to: buffer)
        }
    }

    @Test("a part is written and read at its offset", arguments: [false, true])
    func parts(staged: Bool) throws {
        let device = try TestDevice.open(disabling: staged ? [.hostVisible] : [])
        let buffer = try device.buffer([1, 2, 3, 4], "parts")
        try device.upload([UInt32(9)], to: buffer, offset: 8)
        #expect(try device.words(buffer) == [1, 2, 9, 4])
        #expect(try device.download(UInt32.self, count: 2, from: buffer, offset: 4) == [2, 9])
        try device.upload([UInt32](), to: buffer, offset: 16)
        #expect(try device.download(UInt8.self, count: 0, from: buffer, offset: 16) == [])
    }

    @Test("one within another is a part of its memory, which lives as long as either")
    func within() throws {
        let device = try TestDevice.open()
        let before = device.bufferBytes
        func part() throws -> Buffer {
            let whole = try device.makeBuffer(byteCount: 3 * Buffer.sharedAlignment, memory: .device, label: "whole")
            let taken = device.bufferBytes
            let part = try device.makeBuffer(byteCount: 100, within: whole, offset: Buffer.sharedAlignment, label: "part")
            #expect(device.bufferBytes == taken)
            try device.upload([UInt8](1...100), to: part)
            #expect(try device.download(UInt8.self, count: 100, from: whole, offset: Buffer.sharedAlignment) == Array(1...100))
            #expect(throws: VulkanError.self) {
                try device.makeBuffer(byteCount: 100, within: whole, offset: 3 * Buffer.sharedAlignment, label: "beyond")
            }
            return part
        }
        do {
            let alone = try part()
            #expect(try device.download(UInt8.self, count: 100, from: alone) == Array(1...100))
            #expect(device.bufferBytes != before)
        }
        #expect(device.bufferBytes == before)
    }

    @Test("without bytes they are refused")
    func refusesEmpty() throws {
        let device = try TestDevice.shared()
        #expect(throws: VulkanError.emptyBuffer("none")) { try device.makeBuffer(byteCount: 0, memory: .device, label: "none") }
    }

    @Test("beyond the limits they are refused with the limit", arguments: [Int.max, 1 << 50])
    func refusesTooLarge(byteCount: Int) throws {
        let device = try TestDevice.shared()
        let limit = device.description.maxBufferBytes
        #expect(throws: VulkanError.tooLarge("buffer huge, bytes", requested: byteCount, limit: limit)) {
            try device.makeBuffer(byteCount: byteCount, memory: .device, label: "huge")
        }
    }

    @Test("count as long as they live, and the peak stays")
    func counted() throws {
        let device = try TestDevice.open()
        let before = device.bufferBytes.device
        for byteCount in [1000, 9 << 20] {
            do {
                let buffer = try device.makeBuffer(byteCount: byteCount, memory: .device, label: "counted")
                // A driver rounds up to a page at most.
                #expect((byteCount...byteCount + 65536).contains(device.bufferBytes.device - before))
                withExtendedLifetime(buffer) {}
            }
            #expect(device.bufferBytes.device == before)
        }
        #expect(device.peakBytes.device >= 9 << 20 && device.usedBytes.device < device.peakBytes.device)
    }

    @Test("beyond the memory there is they throw, and the device goes on working")
    func refusesBeyondMemory() throws {
        // A device as it is, except that its heap counts as small.
        let description = try #require(TestDevice.description).limited(to: 64 << 20)
        let device = try Device(description, logger: .init(label: "test"), pipelineCacheDirectory: nil)
        let kept = try device.buffer([1, 2, 3], "kept")
        #expect(throws: VulkanError.outOfDeviceMemory("buffer large", bytes: 65 << 20)) {
            try device.makeBuffer(byteCount: 65 << 20, memory: .device, label: "large")
        }
        #expect(try device.words(kept) == [1, 2, 3])
    }

    @Test("what is freed is given back or used again")
    func givesBack() throws {
        let device = try TestDevice.open()
        func make() throws {
            let large = try device.makeBuffer(byteCount: 40 << 20, memory: .device, label: "large")
            #expect(device.usedBytes.device >= 40 << 20)
            let small = try (0..<100).map { try device.makeBuffer(byteCount: 1000 + $0, memory: .device, label: "small \($0)") }
            withExtendedLifetime((large, small)) {}
        }
        try make()
        let after = device.usedBytes
        #expect(after.device < 40 << 20)
        for _ in 0..<20 { try make() }
        #expect(device.usedBytes == after)
    }

    @Test("small ones share memory without touching each other")
    func share() throws {
        let device = try TestDevice.open()
        let buffers = try (0..<200).map { number in
            let buffer = try device.makeBuffer(byteCount: 4 + 4 * number, memory: .device, label: "\(number)")
            try device.upload([UInt32](repeating: UInt32(number), count: number + 1), to: buffer)
            return buffer
        }
        for (number, buffer) in buffers.enumerated() {
            #expect(try device.words(buffer) == [UInt32](repeating: UInt32(number), count: number + 1))
        }
    }
}

@Suite("Free lists")
struct FreeListTests {
    @Test("hand out aligned parts that never overlap and end whole again")
    func randomUse() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<50 {
            var list = FreeList(byteCount: 4096)
            var taken: [Range<Int>] = []
            for _ in 0..<200 {
                if Bool.random(using: &generator), let index = taken.indices.randomElement() {
                    list.give(taken.remove(at: index))
                } else {
                    let alignment = [1, 16, 256].randomElement() ?? 1
                    let count = Int.random(in: 1...700)
                    guard let start = list.take(count, alignment: alignment) else { continue }
                    #expect(start.isMultiple(of: alignment))
                    #expect(!taken.contains { $0.overlaps(start..<start + count) })
                    taken.append(start..<start + count)
                }
                let free = list.ranges.map(\.count).reduce(0, +)
                #expect(free + taken.map(\.count).reduce(0, +) == 4096)
                #expect(zip(list.ranges, list.ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
            }
            for range in taken.shuffled() { list.give(range) }
            #expect(list.ranges == [0..<4096])
        }
    }

    @Test("say no where no gap is large enough")
    func full() {
        var list = FreeList(byteCount: 256)
        #expect(list.take(1, alignment: 1) == 0)
        #expect(list.take(256, alignment: 1) == nil)
        #expect(list.take(1, alignment: 256) == nil)
        #expect(list.take(255, alignment: 1) == 1)
        #expect(list.ranges.isEmpty)
    }
}
