import ArgumentParser
import TernaryCPU
import TernaryKernels
import TernaryModels
import VulkanCompute

struct Devices: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List what can run a model here, and why something cannot.",
        discussion:
            "The device that --device auto takes is marked with a star. --device takes the names in the first column, or part of a device's own."
    )

    @Flag(help: "Write JSON.")
    var json = false

    func run() throws { try Failure.reporting { try start() } }

    private func start() throws {
        let chosen = try? DeviceChoice.auto.resolve()
        var devices: [DeviceDescription] = []
        var problem: String?
        do { devices = try Vulkan.devices() } catch { problem = "\(error)" }

        if json {
            try Terminal.write(
                JSONText.object([
                    ("auto", .string(chosen?.name ?? "CPU")),
                    ("cpu", CPUFeatures.json),
                    ("vulkan", .array(devices.map(\.json))), ("vulkan_problem", problem.map { .string($0) } ?? .null),
                ]).description + "\n")
            return
        }
        let isCPU = if case .vulkan = chosen { false } else { true }
        try Terminal.write("\(isCPU ? "*" : " ") cpu            \(CPUFeatures.summary)\n")
        try Terminal.write("  cpu-reference  plain loops: slow, and right by definition\n")
        for device in devices {
            let isChosen = if case .vulkan(let best) = chosen { best.index == device.index } else { false }
            try Terminal.writeLines(["\(isChosen ? "*" : " ") vulkan:\(device.index)       \(device.name)\(device.summary)"])
        }
        if let problem {
            try Terminal.write("  vulkan         unavailable: \(problem)\n")
        } else if devices.isEmpty {
            try Terminal.write("  vulkan         the loader finds no driver; install the GPU vendor's, or mesa-vulkan-drivers\n")
        }
    }
}

extension CPUFeatures {
    fileprivate static var json: JSONText {
        let processor = ProcessorDescription.current
        let variant = Result { try CPUVariant.chosen() }
        let (chosen, problem): (CPUVariant?, String?) =
            switch variant {
            case .success(let variant): (variant, nil)
            case .failure(let error): (nil, "\(error)")
            }
        return .object([
            ("name", .string("cpu")), ("description", .string(summary)), ("processor", .string(processor.name)),
            ("megahertz", processor.megahertz.map { .double($0) } ?? .null),
            ("instruction_set", chosen.map { .string($0.rawValue) } ?? .null),
            ("instruction_sets", .array(CPUVariant.supported.map { .string($0.rawValue) })),
            ("cores_usable", .int(processor.usable)), ("cores_total", .int(processor.total)),
            ("memory_nodes", .int(processor.memoryNodes)), ("usable", .bool(chosen != nil)),
            ("reason", problem.map { .string($0) } ?? .null),
        ])
    }
}

extension DeviceDescription {
    fileprivate var summary: String {
        if let whyUnusable { return ": cannot be used: \(whyUnusable)" }
        let note = kind == .software ? "; a software driver: runs only when named" : ""
        return
            " (\(kind.rawValue), \(driverName) \(driverInfo), Vulkan \(apiVersionText), \(bytes(deviceLocalBytes)), subgroups of "
            + "\(subgroupSize)\(features.contains(.integerDotProduct) ? ", integer dot product" : ""))\(note)"
    }

    fileprivate var json: JSONText {
        .object([
            ("index", .int(index)), ("name", .string(name)), ("kind", .string(kind.rawValue)), ("driver", .string(driverName)),
            ("driver_info", .string(driverInfo)), ("vulkan", .string(apiVersionText)),
            ("device_local_bytes", .int(deviceLocalBytes)),
            ("subgroup_size", .int(subgroupSize)), ("shared_memory_bytes", .int(sharedMemoryBytes)),
            ("integer_dot_product", .bool(features.contains(.integerDotProduct))),
            ("cooperative_matrix", .bool(features.contains(.cooperativeMatrix))),
            ("usable", .bool(whyUnusable == nil)), ("reason", whyUnusable.map { .string($0) } ?? .null),
        ])
    }
}

extension DeviceDescription {
    fileprivate var apiVersionText: String { "\(apiVersion.major).\(apiVersion.minor).\(apiVersion.patch)" }
}
