import CTernary
import Foundation
import Testing

@testable import TernaryCPU

@Suite("Ceilings of the CPU") struct CeilingTests {
    @Test("every loop reads every word, whatever the streams", arguments: CPUVariant.supported)
    func reads(_ variant: CPUVariant) throws {
        let ceilings = try CPUWorkers(variant: variant, threads: 1).kernels.ceilings.pointee
        var words = (0..<16 * 100).map { UInt32(truncatingIfNeeded: $0 &* 2_654_435_761) }
        for streams in [1, 2, 4, 8] {
            for ahead in [0, 4096] {
                let count = 64 * streams * (100 / streams)
                let expected = words[..<(count / 4)].reduce(0, &+)
                #expect(ceilings.read(words, count, streams, ahead) == expected)
            }
        }
        words[0] &+= 1
        #expect(ceilings.read(words, 64, 1, 0) == words[..<16].reduce(0, &+))
    }

    @Test("every loop copies every byte", arguments: CPUVariant.supported)
    func copies(_ variant: CPUVariant) throws {
        let ceilings = try CPUWorkers(variant: variant, threads: 1).kernels.ceilings.pointee
        let (from, to) = (Scratch<UInt32>(16 * 33, zero: 0), Scratch<UInt32>(16 * 33, zero: 0))
        for index in 0..<from.count { from.base[index] = UInt32(truncatingIfNeeded: index &* 2_654_435_761) }
        for past in [false, true] {
            to.base.update(repeating: 7, count: to.count)
            ceilings.copy(from.base, to.base, 64 * 32, past)
            for index in 0..<to.count { #expect(to.base[index] == (index < 16 * 32 ? from.base[index] : 7)) }
        }
    }

    @Test("a loop of products computes as many as it says", arguments: CPUVariant.supported)
    func multiplies(_ variant: CPUVariant) throws {
        let ceilings = try CPUWorkers(variant: variant, threads: 1).kernels.ceilings.pointee
        for steps in [0, 1, 1000, 8191] { #expect(Int(ceilings.multiply(steps)) == steps * Int(ceilings.products_each)) }
    }

    @Test("memory is read by one thread and by several, in pieces of any size") func bandwidth() throws {
        for threads in [1, 3] {
            for byteCount in [100, 10_000, 3 << 20] {
                let workers = try CPUWorkers(threads: threads)
                let measurement = try #require(ReadMeasurement(workers, byteCount: byteCount))
                let (pattern, rate) = measurement.best()
                #expect(rate > 0 && ReadPattern.candidates.contains(pattern))
            }
        }
    }

    private func inFolder(_ files: [String: String], _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files {
            let file = folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        try body(folder.path)
    }

    @Test("caches are those of data, by level; the last may be the second or the third") func caches() throws {
        let two = [
            "cpu0/cache/index0/level": "1\n", "cpu0/cache/index0/type": "Data\n", "cpu0/cache/index0/size": "48K\n",
            "cpu0/cache/index1/level": "1\n",
            "cpu0/cache/index1/type": "Instruction\n", "cpu0/cache/index1/size": "64K\n", "cpu0/cache/index2/level": "2\n",
            "cpu0/cache/index2/type": "Unified\n",
            "cpu0/cache/index2/size": "2M\n",
        ]
        try inFolder(two) {
            let caches = CPUCaches(directory: $0)
            #expect(caches.level1 == 48 << 10 && caches.level2 == 2 << 20 && caches.last == 2 << 20)
        }
        let three = [
            "cpu0/cache/index3/level": "3\n", "cpu0/cache/index3/type": "Unified\n", "cpu0/cache/index3/size": "32768K\n",
        ]
        try inFolder(two.merging(three) { $1 }) {
            #expect(CPUCaches(directory: $0).last == 32 << 20 && CPUCaches(directory: $0).lastCount == 1)
        }
        // Eight cores share one, of 96.
        let many = ["online": "0-95\n", "cpu0/cache/index3/shared_cpu_list": "0-7\n"]
        try inFolder(two.merging(three) { $1 }.merging(many) { $1 }) {
            let caches = CPUCaches(directory: $0)
            #expect(caches.lastCount == 12 && caches.farByteCount <= max(8 << 20, 4 * 12 * 32 << 20))
        }
    }

    @Test("where nothing sensible is told, sizes are the usual ones") func noCaches() throws {
        let usual = CPUCaches(directory: "/no/such/folder")
        #expect(usual.level1 < usual.level2 && usual.level2 < usual.last)
        for size in ["", "K", "-4K", "99999999999999999999K", "0", "4294967296G"] {
            try inFolder(["cpu0/cache/index2/level": "2", "cpu0/cache/index2/type": "Unified", "cpu0/cache/index2/size": size]) {
                #expect(CPUCaches(directory: $0) == usual)
            }
        }
    }

    @Test("a processor is described by what Linux says of it") func processor() throws {
        let files = [
            "proc/cpuinfo": "processor\t: 0\nmodel name\t: A Processor \u{1B}[2J 9000\ncpu MHz\t\t: 2596.118\n",
            "sys/devices/system/cpu/online": "0-126,2000\n", "sys/devices/system/node/has_memory": "0-1\n",
        ]
        try inFolder(files) {
            let processor = ProcessorDescription(root: $0)
            #expect(processor.name == "A Processor [2J 9000" && processor.megahertz == 2596.118)
            #expect(processor.total == 128 && processor.memoryNodes == 2 && processor.usable == CPUFeatures.processorCount)
        }
        try inFolder(files.merging(["sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "5000000\n"]) { $1 }) {
            #expect(ProcessorDescription(root: $0).megahertz == 5000)
        }
        let unknown = ProcessorDescription(root: "/no/such/folder")
        #expect(unknown.name.hasSuffix("processor") && unknown.megahertz == nil && unknown.memoryNodes == 1)
        #expect(unknown.total == unknown.usable)
    }

    @Test("lists of numbers are counted, and what is none is refused") func lists() {
        #expect(SystemFile.count(ofList: "0") == 1 && SystemFile.count(ofList: "0-3,8,10-11") == 7)
        for wrong in ["", "3-0", "a", "0-", "-1", "1,,2", "0-99999999999"] { #expect(SystemFile.count(ofList: wrong) == nil) }
    }
}
