import Foundation
import Testing

@Suite("vkternary's devices and descriptions") struct DeviceTests {
    @Test("a device that is not there gives a line that lists what there is, and exit code 64") func unknownDevice() throws {
        let named = try Program.run("run", "--device", "no such device")
        #expect(named.status == 64 && named.errorLines.count == 1 && named.errors.contains("cpu-reference"))
        let variable = try Program.run("run", environment: ["VKTERNARY_DEVICE": "no such device"])
        #expect(variable.status == 64 && variable.errorLines.count == 1)
    }

    @Test("without Vulkan, auto is the CPU and says so once") func withoutVulkan() throws {
        let environment = ["VKTERNARY_DEVICE": "auto", "VKTERNARY_LOADER": "/no/loader.so"]
        let run = try Program.run("run", "--tokens", "2", environment: environment)
        #expect(run.status == 0 && run.errors.split(separator: "\n").count == 1 && run.errors.contains("no GPU"))
        #expect(try Program.run("run", "--tokens", "2", "--quiet", environment: environment).errors.isEmpty)
        for arguments in [
            ["chat"], ["perplexity", "-"],
            ["bench", "model", "--prompt-tokens", "2", "--generate-tokens", "none", "--repetitions", "1"],
            ["bench", "device", "--repetitions", "1"],
            ["bench", "kernels", "--shapes", "16x16", "--tokens", "1", "--ops", "glu", "--repetitions", "1"],
        ] {
            let other = try Program.finish(Program.start(arguments, input: "Once upon a time", environment: environment))
            #expect(
                other.status == 0 && other.errors.components(separatedBy: "no GPU").count == 2, "\(arguments): \(other.errors)")
        }
        let chat = try Program.run("chat", "--quiet", input: "Hello", environment: environment)
        #expect(chat.status == 0 && chat.errors.isEmpty, "\(chat.errors)")
        let devices = try Program.run("devices", environment: environment)
        #expect(devices.status == 0 && devices.output.contains("* cpu ") && devices.output.contains("unavailable"))
    }

    @Test("the CPU is listed with its instructions, its name and its cores") func processor() throws {
        let outcome = try Program.run("devices", "--json", environment: ["VKTERNARY_CPU": "portable"])
        let report = try #require(JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        let cpu = try #require(report["cpu"] as? [String: Any])
        #expect(cpu["instruction_set"] as? String == "portable" && cpu["usable"] as? Bool == true && cpu["reason"] is NSNull)
        #expect((cpu["instruction_sets"] as? [String])?.last == "portable" && (cpu["processor"] as? String)?.isEmpty == false)
        let (usable, total) = (try #require(cpu["cores_usable"] as? Int), try #require(cpu["cores_total"] as? Int))
        #expect(1...total ~= usable && (cpu["memory_nodes"] as? Int ?? 0) >= 1)
        let line = try Program.run("devices", environment: ["VKTERNARY_CPU": "portable"]).output.split(separator: "\n")[0]
        #expect(line.contains(cpu["processor"] as? String ?? "-") && line.contains("portable code"))
        let wrong = try Program.run("devices", "--json", environment: ["VKTERNARY_CPU": "nonsense"])
        #expect(wrong.status == 0 && wrong.output.contains("\"usable\": false, \"reason\": \"VKTERNARY_CPU"))
    }

    @Test(
        "help names the types of keys and values as they are given",
        arguments: ["run", "chat", "perplexity", "inspect", "bench model"])
    func cacheHelp(_ command: String) throws {
        let outcome = try Program.finish(Program.start(command.split(separator: " ").map(String.init) + ["--help"]))
        let help = outcome.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(help.contains("(values: f32, f16, q8_0"), "\(outcome.output)")
    }

    @Test("settings that mean nothing are refused", arguments: ["VKTERNARY_CPU", "VKTERNARY_DISABLE"])
    func badSetting(_ name: String) throws {
        let outcome = try Program.run(
            "run", "--tokens", "1", environment: [name: "nonsense", "VKTERNARY_DEVICE": name == "VKTERNARY_CPU" ? "cpu" : "auto"])
        // Where there is no Vulkan, nobody asks for its features.
        #expect(outcome.status == 64 || (name == "VKTERNARY_DISABLE" && outcome.status == 0), "\(outcome.errors)")
    }

    @Test("verify holds the CPU to the reference") func verify() throws {
        let outcome = try Program.run("verify", "--device", "cpu", "--tokens", "4")
        #expect(outcome.status == 0 && outcome.output.contains("agree bit for bit"))
        #expect(outcome.output.contains("batch of 8"))
        #expect(outcome.output.contains(" threads, ") && outcome.output.contains("(1 thread, "))
        #expect(outcome.output.contains("portable code), prefill"), "every set of instructions is held to it")
        let forced = try Program.run(
            "verify", "--device", "cpu", "--tokens", "2", "--threads", "3", environment: ["VKTERNARY_CPU": "portable"])
        #expect(
            forced.status == 0 && forced.output.contains("All 4 runs") && forced.output.contains("(3 threads, portable code)"))
        let batch = try Program.run("verify", "--device", "cpu", "--tokens", "3", "--batch", "2", "--json")
        #expect(batch.status == 0 && batch.output.contains("batch of 2"), "\(batch.errors)")
        for command in ["verify", "inspect"] { #expect(try Program.run(command, "--batch", "0").status == 64) }
    }

    @Test("inspect credits the stories that the built-in model has read") func credit() throws {
        let text = try Program.run("inspect")
        #expect(text.output.contains("African Storybook (africanstorybook.org), CC BY."))
        let json = try Program.run("inspect", "--json", "--tensors")
        let object = try #require(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(object["parameters"] as? Int == 31_507_456 && (object["tensors"] as? [Any])?.isEmpty == false)
    }

    @Test("inspect counts a token's arithmetic, at the end of a transformer's text") func arithmetic() throws {
        func arithmetic(_ arguments: String...) throws -> [String: Any] {
            let outcome = try Program.finish(Program.start(["inspect", "--json"] + arguments))
            let object = try #require(JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
            return try #require(object["arithmetic"] as? [String: Any])
        }
        let short = try arithmetic("--random", "bitnet-2b-4t", "--context", "1")
        // 2 x 2560 x 2560 of q and o, 2 x 640 x 2560 of k and v, 3 x 6912 x 2560, in 30 blocks.
        #expect(short["ternary_additions"] as? Int == 2_084_044_800 && short["adds_integers"] as? Bool == true)
        let long = try arithmetic("--random", "bitnet-2b-4t")
        #expect(short["context_tokens"] as? Int == 1 && long["context_tokens"] as? Int == 4096)
        let more = try #require(long["float_additions"] as? Int) - #require(short["float_additions"] as? Int)
        #expect(more == 30 * 4095 * (2 * 2560 + 20))
        let (joules, float16) = (
            try #require(long["microjoules"] as? Double), try #require(long["float16_microjoules"] as? Double)
        )
        #expect(0 < joules && joules < float16)
        #expect(try arithmetic("--random", "370m")["context_tokens"] is NSNull)
        #expect(try Program.run("inspect").output.contains("\narithmetic     "))
    }

    @Test("every command explains itself", arguments: ["run", "devices", "inspect", "verify", "logits", "convert", "bench"])
    func help(_ command: String) throws {
        let outcome = try Program.run("help", command)
        #expect(outcome.status == 0 && outcome.output.contains("USAGE: vkternary \(command)"))
        #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 80 || $0.hasPrefix("USAGE: ") })
    }

    @Test("completions are made for each shell", arguments: ["bash", "zsh", "fish"]) func completions(_ shell: String) throws {
        let outcome = try Program.run("--generate-completion-script", shell)
        #expect(outcome.status == 0 && outcome.output.contains("cpu-reference"))
    }
}
