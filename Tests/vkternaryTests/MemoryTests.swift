import Foundation
import Testing

@Suite("vkternary and a device's memory", .timeLimit(.minutes(5))) struct MemoryTests {
    /// A software driver's name, which nothing runs on unless it is named; nil where there is none.
    private static let device: String? = {
        guard let outcome = try? Program.run("devices", "--json"),
            let object = try? JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        else { return nil }
        let usable = (object["vulkan"] as? [[String: Any]] ?? []).first { $0["usable"] as? Bool == true }
        if usable == nil { print("Not checked: a device's memory, for want of a usable Vulkan device.") }
        return usable.flatMap { $0["index"] as? Int }.map { "vulkan:\($0)" }
    }()

    private func json(_ outcome: Program.Outcome) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    }

    @Test(
        "inspect adds up what a model will take, without weights", .enabled(if: device != nil), arguments: ["13b", "370m", nil])
    func inspect(preset: String?) throws {
        let arguments = ["inspect", "--device", Self.device!] + (preset.map { ["--random", $0] } ?? [])
        let object = try json(
            Program.finish(Program.start(arguments + ["--json"], environment: ["VKTERNARY_MEMORY_LIMIT": "1G"])))
        let memory = try #require(object["device_memory"] as? [String: Any])
        let parts = try #require(memory["estimate"] as? [String: Int])
        let packed = try #require(object["packed_ternary_bytes"] as? Int)
        let total = try #require(parts["total_bytes"])
        #expect(try #require(parts["weight_bytes"]) > packed)
        #expect(
            ["weight_bytes", "embedding_bytes", "state_bytes", "workspace_bytes"].reduce(0) { $0 + (parts[$1] ?? 0) } == total)
        #expect(memory["fits"] as? Bool == (preset != "13b") && memory["device_bytes"] as? Int == 1 << 30)

        let batch = try json(Program.finish(Program.start(arguments + ["--json", "--batch", "64"])))
        let batchParts = try #require((batch["device_memory"] as? [String: Any])?["estimate"] as? [String: Int])
        #expect(batchParts["state_bytes"] == parts["state_bytes"].map { 64 * $0 })

        let text = try Program.finish(Program.start(arguments, environment: ["VKTERNARY_MEMORY_LIMIT": "1G"]))
        #expect(text.status == 0 && text.output.contains("on the device  "))
        #expect(text.output.contains("the model does NOT fit") == (preset == "13b"))
    }

    @Test("the embedding stays with the host where only the rest fits, or where it is told to", .enabled(if: device != nil))
    func hostEmbedding() throws {
        func inspect(_ limit: String, _ more: String...) throws -> (embedding: Int, host: Int, fits: Bool) {
            let object = try json(
                Program.finish(
                    Program.start(
                        ["inspect", "--random", "370m", "--json", "--device", Self.device!] + more,
                        environment: ["VKTERNARY_MEMORY_LIMIT": limit])))
            let memory = try #require(object["device_memory"] as? [String: Any])
            let parts = try #require(memory["estimate"] as? [String: Double])
            return (
                Int(try #require(parts["embedding_bytes"])), Int(try #require(parts["host_embedding_bytes"])),
                try #require(memory["fits"] as? Bool)
            )
        }
        let table = 32000 * 1024 * 2
        #expect(try inspect("1G") == (table, 0, true))
        for outcome in [try inspect("1G", "--embedding", "host"), try inspect("120M")] {
            #expect(outcome.host == table && outcome.embedding < table / 100 && outcome.fits)
        }
        #expect(try inspect("120M", "--embedding", "device", "--packing", "2") == (table, 0, false))
        #expect(try inspect("144M", "--embedding", "device") == (table, 0, true))
        let refused = try Program.run(
            "run", "--random", "370m", "--embedding", "device", "--packing", "2", "--device", Self.device!,
            environment: ["VKTERNARY_MEMORY_LIMIT": "120M"])
        #expect(
            refused.status == 1 && refused.errors.contains("use --embedding auto --packing auto, --device cpu"),
            "\(refused.errors)")
        #expect(try Program.run("run", "--embedding", "nowhere").status == 64)
    }

    @Test("without a device inspect says nothing of one, and the CPU needs none") func inspectWithout() throws {
        #expect(try json(Program.run("inspect", "--json"))["device_memory"] is NSNull)
        let cpu = try Program.run("inspect", "--device", "cpu")
        #expect(cpu.status == 0 && cpu.output.contains("host memory"))
        #expect(try Program.run("inspect", "--random", "7b").status == 64)
    }

    @Test("a model that does not fit is refused in one line before anything is read", .enabled(if: device != nil))
    func refusal() throws {
        let start = ContinuousClock().now
        let large = try Program.run(
            "run", "--random", "13b", "--device", Self.device!, environment: ["VKTERNARY_MEMORY_LIMIT": "300M"])
        // Making 13 billion weights takes a minute.
        #expect(ContinuousClock().now - start < .seconds(20))
        #expect(large.exited && large.status == 1 && large.output.isEmpty && large.errorLines.count == 1, "\(large.errors)")
        for part in ["needs 3.", "300.0 MiB", "--device cpu", "matmulfree-370m"] { #expect(large.errors.contains(part)) }

        for command in [
            ["run", "--tokens", "1"], ["verify", "--tokens", "1"], ["logits", "--tokens", "1", "--out", "never.npz"],
        ] {
            let outcome = try Program.finish(
                Program.start(command + ["--device", Self.device!], environment: ["VKTERNARY_MEMORY_LIMIT": "4M"]))
            #expect(outcome.exited && outcome.status == 1 && outcome.output.isEmpty, "\(command)")
            #expect(outcome.errorLines.count == 1 && outcome.errors.contains("fit: none"), "\(outcome.errors)")
        }
    }

    @Test("a limit just above the estimate is enough", .enabled(if: device != nil)) func enough() throws {
        let outcome = try Program.run(
            "run", "--tokens", "1", "--device", Self.device!, environment: ["VKTERNARY_MEMORY_LIMIT": "20M"])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test(
        "an amount that is none is refused", .enabled(if: device != nil),
        arguments: ["x", "0", "-1", "1T", "99999999999999999999", "9999999999G"])
    func badLimit(_ text: String) throws {
        let outcome = try Program.run(
            "run", "--tokens", "1", "--device", Self.device!, environment: ["VKTERNARY_MEMORY_LIMIT": text])
        #expect(outcome.exited && outcome.status == 64 && outcome.errorLines.count == 1)
    }

    @Test("run states buffers, the peak and the time to the first token", .enabled(if: device != nil)) func statistics() throws {
        let outcome = try Program.run("run", "--json", "--prompt", "The", "--tokens", "2", "--device", Self.device!)
        let statistics = try #require(try json(outcome)["statistics"] as? [String: Any])
        let buffers = try #require(statistics["device_buffers"] as? [String: Int])
        let taken = try #require(statistics["device_bytes"] as? Int)
        #expect(try #require(buffers["total_bytes"]) <= taken && taken <= statistics["peak_device_bytes"] as? Int ?? 0)
        let whole = try #require(statistics["start_to_first_token_seconds"] as? Double)
        let load = try #require(statistics["load_seconds"] as? Double)
        let first = try #require(statistics["first_token_seconds"] as? Double)
        // The kernel's ticks are 10 ms.
        #expect(whole >= load + first - 0.02 && whole < 300)
        let text = try Program.run("run", "--stats", "--prompt", "The", "--tokens", "2", "--device", Self.device!)
        #expect(text.errors.contains("buffers  weights ") && text.errors.contains("after the program was started"))
    }
}
