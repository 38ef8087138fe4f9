import Foundation
import Testing

@Suite("vkternary bench", .timeLimit(.minutes(5))) struct BenchTests {
    private func object(_ text: String) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test("measures prompts and text, and its numbers fit each other") func model() throws {
        let outcome = try Program.run(
            "bench", "model", "--json", "--prompt-tokens", "4,8", "--generate-tokens", "3", "--repetitions", "2")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = try object(outcome.output)
        #expect((report["device"] as? String)?.hasPrefix("CPU") == true && report["driver"] is NSNull)
        #expect((report["version"] as? String)?.isEmpty == false && report["benchmark"] as? String == "model")
        let results = try #require(report["results"] as? [[String: Any]])
        #expect(results.map { $0["test"] as? String } == ["pp4", "pp8", "tg3"])
        for result in results {
            let rate = try #require(result["tokens_per_second"] as? Double)
            let lowest = try #require(result["tokens_per_second_lowest"] as? Double)
            let highest = try #require(result["tokens_per_second_highest"] as? Double)
            #expect(0 < lowest && lowest <= rate && rate <= highest)
        }
        let text = results[2]
        let rate = try #require(text["tokens_per_second"] as? Double)
        let share = try #require(text["read_bandwidth_percent"] as? Double)
        let bandwidth = try #require(report["read_gb_per_second"] as? Double) * 1e9
        let bytes = try #require(report["ternary_bytes"] as? Double)
        #expect(abs(share - rate * bytes / bandwidth * 100) < 1e-6 * share)
        #expect(results[0]["read_bandwidth_percent"] is NSNull, "a prompt reads the weights once for all its tokens")
    }

    @Test("batches are counted whole and for each sequence") func batch() throws {
        let outcome = try Program.run(
            "bench", "model", "--json", "--prompt-tokens", "2", "--generate-tokens", "3,9", "--batch", "1,3", "--repetitions", "3"
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = try object(outcome.output)
        let results = try #require(report["results"] as? [[String: Any]])
        #expect(results.map { $0["test"] as? String } == ["pp2", "tg3", "tg3 b=3", "tg9", "tg9 b=3"])
        #expect(results.map { $0["batch"] as? Int } == [1, 1, 3, 1, 3])
        let bytes = try #require(report["ternary_bytes"] as? Double)
        let bandwidth = try #require(report["read_gb_per_second"] as? Double) * 1e9
        for result in results {
            let batch = try #require(result["batch"] as? Double)
            let rate = try #require(result["tokens_per_second"] as? Double)
            let each = try #require(result["tokens_per_second_each"] as? Double)
            let milliseconds = try #require(result["milliseconds_per_token"] as? Double)
            #expect(abs(each * batch - rate) < 1e-9 * rate && abs(milliseconds * rate - 1000) < 1)
            if let share = result["read_bandwidth_percent"] as? Double {
                #expect(abs(share - each * bytes / bandwidth * 100) < 1e-6 * share, "a batch reads the weights once a step")
            }
        }
    }

    @Test("writes files as their names end, beside the table") func save() throws {
        try Program.inFolder { folder in
            let outcome = try Program.run(
                "bench", "model", "--prompt-tokens", "none", "--generate-tokens", "2", "--repetitions", "1", "--save",
                "\(folder)/a.json", "--save", "\(folder)/a.csv", "--save", "\(folder)/a.md")
            #expect(outcome.status == 0 && outcome.output.contains("tg2"), "\(outcome.errors)")
            let report = try object(String(contentsOfFile: "\(folder)/a.json", encoding: .utf8))
            #expect((report["results"] as? [Any])?.count == 1)
            let csv = try String(contentsOfFile: "\(folder)/a.csv", encoding: .utf8)
            #expect(
                csv.hasPrefix("version,benchmark,device,driver,commit,command,date,") && csv.split(separator: "\n").count == 2)
            #expect(try String(contentsOfFile: "\(folder)/a.md", encoding: .utf8).contains("| tg2 |"))
        }
    }

    @Test("the reference is measured as a model, not as a device", arguments: ["kernels", "device"])
    func reference(_ command: String) throws {
        let outcome = try Program.run("bench", command, "--device", "cpu-reference")
        #expect(outcome.exited && outcome.status == 64 && outcome.output.isEmpty)
        #expect(outcome.errors.split(separator: "\n").count == 1 && outcome.errors.contains("bench model"))
    }

    @Test("the CPU is measured in each respect, by all threads and by one", arguments: [1, 2]) func processor(_ threads: Int)
        throws
    {
        let outcome = try Program.run(
            "bench", "device", "--device", "cpu", "--threads", "\(threads)", "--repetitions", "2", "--json",
            environment: ["VKTERNARY_CPU": "portable"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = try object(outcome.output)
        #expect(report["threads"] as? Int == threads && report["instruction_set"] as? String == "portable code")
        #expect((report["processor"] as? String)?.isEmpty == false && report["driver"] is NSNull)
        let results = try #require(report["results"] as? [[String: Any]])
        let names = results.compactMap { $0["measurement"] as? String }
        for name in [
            "read", "read, second cache, 1 thread", "copy", "int8, registers alone", "int8 product", "int8 product of a token",
            "phase",
        ] { #expect(names.contains(name), "\(name) is missing") }
        #expect(names.contains("read, 1 thread") == (threads > 1) && Set(names).count == names.count)
        for result in results {
            // A processor may have two levels of caches.
            let mayMiss = result["measurement"] as? String == "read, last cache, 1 thread"
            #expect((result["median"] as? Double).map { $0 > 0 } ?? mayMiss)
            #expect((result["ceiling_of"] as? String)?.isEmpty == false)
        }
    }

    @Test("without a forced one every set of instructions is measured, and the ceilings are drawn") func instructionSets() throws
    {
        try Program.inFolder { folder in
            let outcome = try Program.run("bench", "device", "--device", "cpu", "--repetitions", "1", "--plot", folder)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let isBest = outcome.output.contains("instruction set  portable code")
            #expect(isBest || outcome.output.contains("int8 product, 1 thread, portable code"))
            #expect(try String(contentsOfFile: "\(folder)/ceilings.svg", encoding: .utf8).contains("<svg "))
        }
    }

    @Test("every op of the CPU is compared and timed; what comes from memory is held against its ceiling") func processorKernels()
        throws
    {
        let outcome = try Program.run(
            "bench", "kernels", "--device", "cpu", "--shapes", "64x33,100x37", "--tokens", "1,3,17", "--repetitions", "1",
            "--threads",
            "2", "--json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = try object(outcome.output)
        #expect(report["threads"] as? Int == 2 && (report["device"] as? String)?.hasPrefix("CPU (2 threads, ") == true)
        let results = try #require(report["results"] as? [[String: Any]])
        let names = results.compactMap { $0["op"] as? String }
        let fromMemory: Set = [
            "ternary_matmul", "bitlinear_split", "dense_matmul", "dense_matmul_f32", "dense_matmul_bf16", "dense_matmul_q8_0",
            "ternary_matmul_floats", "attention_step", "recall_keys",
        ]
        let fromCaches: Set = [
            "norm_quantize", "glu", "mlgru_step", "residual", "norm_rows", "argmax", "attention_chunk", "rotate", "keep_keys",
        ]
        #expect(Set(names) == fromMemory.union(fromCaches))
        #expect(names.filter { $0 == "ternary_matmul" }.count == 6)
        #expect(names.filter { $0 == "dense_matmul_q8_0" }.count == 3, "100 columns are no whole groups of 32")
        for result in results {
            #expect((result["microseconds"] as? Double ?? 0) > 0 && (result["gb_per_second"] as? Double ?? 0) > 0)
            let isHeld = fromMemory.contains(result["op"] as? String ?? "")
            #expect((result["ceiling_percent"] as? Double != nil) == isHeld && (result["bound"] as? String != nil) == isHeld)
        }
        // 925 bytes of weights and 324 of codes, steps and sums are read, 444 of results written; 2 x 3 x 3700 operations.
        let product = try #require(
            results.first { $0["op"] as? String == "ternary_matmul" && $0["tokens"] as? Int == 3 && $0["columns"] as? Int == 100 }
        )
        let (read, copy, dot) = (
            try #require(report["read_gb_per_second"] as? Double), try #require(report["copy_gb_per_second"] as? Double),
            try #require(report["int8_dot_tops"] as? Double)
        )
        let floor = max((888 / copy + 805 / read) * 1e-3, 22_200 / dot * 1e-6)
        let time = try #require(product["microseconds"] as? Double)
        let share = try #require(product["ceiling_percent"] as? Double)
        #expect(abs(share - floor / time * 100) < 1e-9 * share)
    }

    @Test("a transformer's keys and values are counted with what a step reads") func keysAndValues() throws {
        let outcome = try Program.run(
            "bench", "model", "Tests/Fixtures/transformers/bitnet-packed", "--prompt-tokens", "none", "--generate-tokens", "5",
            "--batch", "2", "--repetitions", "1", "--json", "--cache", "q8_0")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = try object(outcome.output)
        let result = try #require((report["results"] as? [[String: Any]])?.first)
        let rate = try #require(result["tokens_per_second"] as? Double)
        let share = try #require(result["read_bandwidth_percent"] as? Double)
        let bandwidth = try #require(report["read_gb_per_second"] as? Double) * 1e9
        let weights = try #require(report["ternary_bytes"] as? Double)
        let kept = try #require(report["key_value_bytes_each"] as? Double)
        // Two sequences of 2, 3, 4, 5 and 6 tokens.
        let bytes = weights + 2 * 4 * kept
        #expect(kept > 0 && abs(share - rate / 2 * bytes / bandwidth * 100) < 1e-6 * share)
    }

    /// Mesa's software driver, where it is installed.
    private static let hasSoftwareDriver =
        (try? Program.run("devices").output.lowercased().contains("llvmpipe")) ?? false

    @Test(
        "every op is compared, timed and held against its ceiling", .enabled(if: hasSoftwareDriver, "llvmpipe is not installed"))
    func kernels() throws {
        let outcome = try Program.run(
            "bench", "kernels", "--device", "llvmpipe", "--shapes", "64x32,100x37,64x8", "--tokens", "1,3", "--repetitions", "2",
            "--json", environment: ["VKTERNARY_COMMIT": "0123abc-dirty"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = try object(outcome.output)
        #expect((report["driver"] as? String)?.contains("llvmpipe") == true && report["commit"] as? String == "0123abc-dirty")
        #expect((report["command"] as? String)?.hasPrefix("vkternary bench kernels --device llvmpipe --shapes 64x32,") == true)
        let results = try #require(report["results"] as? [[String: Any]])
        let names = results.compactMap { $0["op"] as? String }
        #expect(names.count == results.count)
        let ops = Set(names)
        for op in [
            "embedding", "rmsnorm", "quantize", "norm_quantize", "norm_quantize_3", "ternary_matmul", "bitlinear_fused",
            "bitlinear_unfused", "bitlinear_split", "glu", "glu_fused", "mlgru", "mlgru_fused", "mlgru_gates", "output_gate",
            "residual", "gate_quantize", "glu_quantize", "residual_quantize", "mlgru_step", "mlgru_step_quantize",
            "mlgru_fused_batch", "argmax", "ternary_unpack", "dense_matmul", "dense_embedding", "norm_rows", "attention_prompt",
        ] { #expect(ops.contains(op), "\(op) is missing") }
        #expect(names.filter { $0 == "bitlinear_fused" }.count == 6)
        #expect(names.filter { $0 == "rmsnorm" }.count == 4, "64 columns come twice and are measured once")
        #expect(names.filter { $0 == "ternary_unpack" }.count == 3, "it has no tokens")
        let read = try #require(report["read_gb_per_second"] as? Double)
        for result in results {
            let time = try #require(result["microseconds"] as? Double)
            #expect(time > 0 && (result["ceiling_percent"] as? Double ?? 0) > 0 && (result["gb_per_second"] as? Double ?? 0) > 0)
        }
        func row(_ op: String) throws -> [String: Any] {
            try #require(
                results.first { $0["op"] as? String == op && $0["tokens"] as? Int == 3 && $0["columns"] as? Int == 100 })
        }
        let (fused, unfused) = (try row("bitlinear_fused"), try row("bitlinear_unfused"))
        let ratio =
            try #require(unfused["microseconds"] as? Double) / #require(fused["microseconds"] as? Double)
        #expect(abs((fused["unfused_by_fused"] as? Double ?? 0) - ratio) < 1e-9 * ratio && unfused["unfused_by_fused"] is NSNull)
        // 925 bytes of weights and 324 of codes, steps and sums are read, 444 of results written; 2 x 3 x 3700 operations.
        let product = try row("ternary_matmul")
        let copy = try #require(report["copy_gb_per_second"] as? Double)
        let dot = try #require(report["int8_dot_tops"] as? Double)
        let memory = (888 / copy + 805 / read) * 1e-3
        let floor = max(memory, 22_200 / dot * 1e-6)
        let time = try #require(product["microseconds"] as? Double)
        let share = try #require(product["ceiling_percent"] as? Double)
        #expect(abs(share - floor / time * 100) < 1e-9 * share)
        #expect(product["bound"] as? String == (memory == floor ? "memory" : "int8 dot"))
    }

    @Test("only the ops that were asked for are measured", .enabled(if: hasSoftwareDriver, "llvmpipe is not installed"))
    func chosenOps() throws {
        try Program.inFolder { folder in
            let outcome = try Program.run(
                "bench", "kernels", "--device", "llvmpipe", "--shapes", "16x16", "--tokens", "2", "--repetitions", "1", "--csv",
                "--ops", "residual,bitlinear_unfused,bitlinear_fused", "--plot", "\(folder)/plots")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let lines = outcome.output.split(separator: "\n")
            #expect(lines.count == 4 && lines[0].contains(",ceiling_percent,") && lines[3].contains(",residual,2,16,,"))
            for name in ["roofline", "fused-unfused"] {
                #expect(try String(contentsOfFile: "\(folder)/plots/\(name).svg", encoding: .utf8).contains("<svg "))
            }
            let files = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/plots")
            let pictures = files.filter { $0.hasSuffix(".png") }
            #expect(files.count == 2 + pictures.count, "nothing but pictures is left: \(files)")
            #expect(pictures.count == 2 || outcome.errors.contains("rsvg-convert"))
        }
    }

    @Test("a device is measured in each respect", .enabled(if: hasSoftwareDriver, "llvmpipe is not installed")) func device()
        throws
    {
        let outcome = try Program.run("bench", "device", "--device", "llvmpipe", "--repetitions", "1", "--json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let results = try #require(object(outcome.output)["results"] as? [[String: Any]])
        #expect(results.count == 9)
        for result in results {
            #expect((result["ceiling_of"] as? String)?.isEmpty == false)
            // A driver may be without matrix units.
            let mayMiss = ["int8 product", "int8, matrix units alone"].contains(result["measurement"] as? String ?? "")
            #expect((result["median"] as? Double).map { $0 > 0 } ?? mayMiss)
        }
    }

    @Test("draws SVG without the program that makes PNG, and says in a line what that needs") func svgOnly() throws {
        try Program.inFolder { folder in
            let outcome = try Program.run(
                "bench", "model", "--prompt-tokens", "2", "--generate-tokens", "none", "--repetitions", "1", "--plot", folder,
                environment: ["PATH": "/no/such/folder"])
            #expect(outcome.status == 0 && outcome.errorLines.count == 1 && outcome.errors.contains("librsvg2-bin"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["tokens-per-second.svg"])
        }
    }

    @Test("a converter that fails is an error; the table and the SVG are there all the same") func brokenConverter() throws {
        try Program.inFolder { folder in
            let script = "\(folder)/rsvg-convert"
            try "#!/bin/sh\nexit 3\n".write(toFile: script, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
            let outcome = try Program.run(
                "bench", "model", "--prompt-tokens", "2", "--generate-tokens", "none", "--repetitions", "1", "--plot",
                "\(folder)/plots", environment: ["PATH": folder])
            #expect(outcome.status == 2 && outcome.output.contains("pp2") && outcome.errorLines.count == 1)
            #expect(outcome.errors.contains("tokens-per-second.png") && outcome.errors.contains("exit code 3"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/plots") == ["tokens-per-second.svg"])
        }
    }

    @Test(
        "says before the work that pictures cannot be written",
        arguments: ["/no/such/folder/plots", "/proc/version", "/proc/1/plots"])
    func unwritablePlots(_ folder: String) throws {
        let outcome = try Program.run("bench", "model", "--random", "13b", "--plot", folder)
        #expect(outcome.status == 2 && outcome.errorLines.count == 1 && outcome.errors.contains(folder))
    }

    @Test("a commit that is none is refused before the work") func badCommit() throws {
        let outcome = try Program.run("bench", "model", "--random", "13b", environment: ["VKTERNARY_COMMIT": "yesterday"])
        #expect(outcome.status == 64 && outcome.errorLines.count == 1 && outcome.errors.contains("VKTERNARY_COMMIT"))
    }

    @Test(
        "refuses what means nothing, with exit code 64",
        arguments: [
            ["model", "--prompt-tokens", "0"], ["model", "--prompt-tokens", "8,"], ["model", "--generate-tokens", "x"],
            ["model", "--repetitions", "0"], ["model", "--batch", "0"], ["model", "--batch", "4097"],
            ["model", "--batch", "none"], ["model", "--prompt-tokens", "none", "--generate-tokens", "none"],
            ["model", "--json", "--csv"], ["model", "--fused", "--unfused"], ["model", "--energy"], ["model", "--format", "xml"],
            ["model", "--save", "a.doc"],
            ["kernels", "--shapes", "3by4"], ["kernels", "--shapes", "0x4"], ["kernels", "--shapes", "131073x1"],
            ["kernels", "--shapes", "9223372036854775807x2"], ["kernels", "--shapes", "131072x131072"],
            ["kernels", "--tokens", "-1"], ["kernels", "--ops", "matmul"], ["kernels", "--ops", ""],
            ["kernels", "--ops", "glu,"],
            ["device", "--plot", ""], ["kernels", "--plot"],
            ["kernels", "--tokens", "1048576", "--shapes", "2048x2048"], ["device", "--repetitions", "99999999999999999999"],
        ])
    func badArguments(_ arguments: [String]) throws {
        let outcome = try Program.finish(Program.start(["bench"] + arguments))
        #expect(outcome.exited && outcome.status == 64 && outcome.output.isEmpty && !outcome.errors.isEmpty)
    }

    @Test("says before the work that results cannot be written") func unwritable() throws {
        let outcome = try Program.run("bench", "model", "--random", "13b", "--save", "/no/such/folder/a.md")
        #expect(outcome.status == 2 && outcome.errorLines.count == 1 && outcome.errors.contains("/no/such/folder/a.md"))
    }
}
