import CTernary
import Glibc
import TernaryCPU
import TernaryCore
import TernaryReference

extension CPULimits {
    /// Tera-operations per second of the instructions that multiply bytes, on what is in registers.
    func int8Rate(_ workers: CPUWorkers) throws -> Samples {
        let ceilings = workers.kernels.ceilings.pointee
        let (steps, calls) = (8000, 40)
        let tasks = 4 * workers.threads
        let each = steps * ceilings.products_each
        let wrong = Pad<UInt32>(tasks)
        let samples = try sampled {
            let seconds = Self.seconds {
                workers.run(tasks) { task, _ in
                    for _ in 0..<calls { wrong.base[task] |= ceilings.multiply(steps) ^ UInt32(each) }
                }
            }
            return 2 * Double(tasks * calls * each) / seconds / 1e12
        }
        if (0..<tasks).contains(where: { wrong.base[$0] != 0 }) { throw mismatch("the int8 rate") }
        return samples
    }

    /// Tera-operations per second of the kernel of ternary products on what is in the caches, at the width that is best for it.
    func int8Product(_ workers: CPUWorkers, tokens: Int) throws -> (Samples, how: String?) {
        var best: (samples: Samples, columns: Int)?
        for columns in [1024, 2048, 4096] {
            let samples = try int8Product(workers, tokens: tokens, columns: columns)
            if samples.median > best?.samples.median ?? 0 { best = (samples, columns) }
        }
        return (best!.samples, "\(best!.columns) columns, \(CT_CHUNK_ROWS) rows, \(tokens) \(tokens == 1 ? "token" : "tokens")")
    }

    private func int8Product(_ workers: CPUWorkers, tokens: Int, columns: Int) throws -> Samples {
        let rows = CT_CHUNK_ROWS
        let matrix = TernaryMatrix.random(rows: rows, columns: columns, seed: 3)
        let codes = CPUPanels.randomCodes(tokens: tokens, columns: columns)
        // Each thread has its own, as in a model.
        let panels = (0..<workers.threads).map { _ in CPUPanels(tokens: tokens, width: columns) }
        for panel in panels { panel.set(codes) }
        let sums = (0..<workers.threads).map { _ in Pad<Int32>(CPUPanels.sumsOfChunk) }
        let worked = Pad<Bool>(workers.threads)
        let tasks = 4 * workers.threads
        let work = 2 * rows * columns * tokens
        let calls = max(1, 400_000_000 / work / tasks)
        let multiply = workers.kernels.multiply
        let samples = try matrix.words.withUnsafeBufferPointer { words in
            try sampled {
                let seconds = Self.seconds {
                    workers.run(tasks) { _, thread in
                        let (panel, sums) = (panels[thread], sums[thread].base)
                        worked.base[thread] = true
                        for _ in 0..<calls {
                            multiply(words.baseAddress!, matrix.paddedColumns / 16, 0, rows / 4, panel.start(of: 0), tokens, sums)
                        }
                    }
                }
                return Double(tasks * calls * work) / seconds / 1e12
            }
        }
        for token in 0..<tokens {
            // The codes of weights are one more than these.
            let offset = codes[token].reduce(Int32(0)) { $0 + Int32($1) }
            let expected = integerProduct(codes[token], matrix).map { $0 + offset }
            for thread in 0..<workers.threads where worked.base[thread] {
                let found = UnsafeBufferPointer(start: sums[thread].base + token * CT_CHUNK_ROWS, count: rows)
                if !found.elementsEqual(expected) { throw mismatch("the int8 product") }
            }
        }
        return samples
    }

    /// Rates of products: of the instructions and of the kernel, by all threads and one, and by one thread with each set of instructions that
    /// the machine has besides, unless one is forced.
    func products(_ counts: [CPUWorkers], _ title: (String, CPUWorkers) -> String) -> [DeviceMeasurement] {
        let isForced = getenv("VKTERNARY_CPU").map { $0.pointee != 0 } ?? false
        let others = isForced ? [] : CPUVariant.supported.filter { $0 != workers.variant }
        return counts.map { workers in
            DeviceMeasurement(
                name: title("int8, registers alone", workers), unit: "TOPS",
                ceilingOf: "any ternary product; nothing is loaded or unpacked"
            ) {
                (try int8Rate(workers), workers.variant.title)
            }
        }
            + counts.map { workers in
                DeviceMeasurement(
                    name: title("int8 product", workers), unit: "TOPS", ceilingOf: "ternary products of prompts and batches"
                ) {
                    try int8Product(workers, tokens: CT_PANEL_TOKENS)
                }
            }
            + counts.map { workers in
                DeviceMeasurement(
                    name: title("int8 product of a token", workers), unit: "TOPS",
                    ceilingOf: "decoding with weights in the caches"
                ) {
                    try int8Product(workers, tokens: 1)
                }
            }
            + others.flatMap { variant in
                [
                    DeviceMeasurement(
                        name: "int8, registers alone, 1 thread, \(variant.title)", unit: "TOPS",
                        ceilingOf: "the same with VKTERNARY_CPU=\(variant.rawValue)"
                    ) {
                        (try int8Rate(try CPUWorkers(variant: variant, threads: 1)), variant.title)
                    },
                    DeviceMeasurement(
                        name: "int8 product, 1 thread, \(variant.title)", unit: "TOPS",
                        ceilingOf: "the same with VKTERNARY_CPU=\(variant.rawValue)"
                    ) {
                        try int8Product(try CPUWorkers(variant: variant, threads: 1), tokens: CT_PANEL_TOKENS)
                    },
                ]
            }
    }
}
