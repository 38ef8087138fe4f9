import Testing

@testable import TernaryCPU

@Suite("choice of cpu kernels")
struct CPUVariantTests {
    @Test("the best kernels are taken unless others are named")
    func choice() throws {
        #expect(CPUVariant.supported.last == .portable)
        #expect(try CPUVariant.chosen(forced: nil) == CPUVariant.supported.first)
        #expect(try CPUVariant.chosen(forced: "") == CPUVariant.supported.first)
        #expect(try CPUVariant.chosen(forced: "portable") == .portable)
    }

    @Test("a name that is not known is an error that lists the choices")
    func unknown() {
        let error = #expect(throws: CPUError.self) { try CPUVariant.chosen(forced: "sse9") }
        #expect(error?.description.contains("\"sse9\" is not known; choose one of ") == true)
        #expect(error?.description.hasSuffix("portable") == true)
    }

    @Test("kernels that the machine lacks are an error")
    func unsupported() {
        for variant in CPUVariant.allCases where !variant.isSupported {
            let error = #expect(throws: CPUError.self) { try CPUVariant.chosen(forced: variant.rawValue) }
            #expect(error?.description.contains("lacks") == true)
        }
    }

    @Test("the description names processors and instructions")
    func description() {
        #expect(CPUFeatures.processorCount >= 1)
        #expect(CPUFeatures.description(of: .avx512VNNI).hasSuffix(", AVX-512 VNNI") || !CPUVariant.avx512VNNI.isSupported)
        #expect(CPUFeatures.description(of: .portable).contains("core"))
        var processor = ProcessorDescription(root: "/no/such/folder")
        (processor.name, processor.usable, processor.total) = ("A Processor", 2, 8)
        #expect(CPUFeatures.description(of: .portable, processor) == "A Processor, 2 of 8 cores, portable code")
        (processor.usable, processor.memoryNodes) = (8, 2)
        #expect(CPUFeatures.description(of: .portable, processor) == "A Processor, 8 cores, 2 memory nodes, portable code")
        (processor.usable, processor.total, processor.memoryNodes) = (1, 1, 1)
        #expect(CPUFeatures.description(of: .portable, processor) == "A Processor, 1 core, portable code")
    }
}
