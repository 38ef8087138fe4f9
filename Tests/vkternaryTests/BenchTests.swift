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
            #expect(csv.hasPrefix("version,benchmark,device,driver,") && csv.split(separator: "\n").count == 2)
            #expect(try String(contentsOfFile: "\(folder)/a.md", encoding: .utf8).contains("| tg2 |"))
        }
    }

    @Test(
        "kernels and devices are Vulkan's: without one, one line says where to go", arguments: ["kernels", "device"])
    func withoutVulkan(_ command: String) throws {
        for environment in [[:], ["VKTERNARY_DEVICE": "auto", "VKTERNARY_LOADER": "/no/loader.so"]] {
            let outcome = try Program.run("bench", command, environment: environment)
            #expect(outcome.exited && outcome.status == 64 && outcome.output.isEmpty)
            #expect(outcome.errors.split(separator: "\n").count == 1 && outcome.errors.contains("bench model"))
        }
    }

    /// Mesa's software driver, where it is installed.
    private static let hasSoftwareDriver =
        (try? Program.run("devices").output.lowercased().contains("llvmpipe")) ?? false

    @Test("kernels of any shape are compared and timed", .enabled(if: hasSoftwareDriver, "llvmpipe is not installed"))
    func kernels() throws {
        let outcome = try Program.run(
            "bench", "kernels", "--device", "llvmpipe", "--shapes", "64x32,100x37", "--tokens", "1,3", "--repetitions", "2",
            "--json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = try object(outcome.output)
        #expect((report["driver"] as? String)?.contains("llvmpipe") == true)
        let results = try #require(report["results"] as? [[String: Any]])
        #expect(results.map { $0["rows"] as? Int } == [32, 32, 37, 37] && results.map { $0["tokens"] as? Int } == [1, 3, 1, 3])
        for result in results {
            let fused = try #require(result["fused_microseconds"] as? Double)
            let unfused = try #require(result["unfused_microseconds"] as? Double)
            #expect(fused > 0 && abs((result["unfused_by_fused"] as? Double ?? 0) - unfused / fused) < 1e-9 * unfused / fused)
        }
    }

    @Test("a device is measured in each respect", .enabled(if: hasSoftwareDriver, "llvmpipe is not installed")) func device()
        throws
    {
        let outcome = try Program.run("bench", "device", "--device", "llvmpipe", "--repetitions", "1", "--json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let results = try #require(object(outcome.output)["results"] as? [[String: Any]])
        #expect(results.count == 5 && results.allSatisfy { ($0["median"] as? Double ?? 0) > 0 })
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
            ["kernels", "--tokens", "-1"],
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
