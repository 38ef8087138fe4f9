// swift-tools-version: 6.1
import PackageDescription

// Warnings are errors in our own build. A package that depends on this one may not inherit unsafe flags,
// so they are left out where SwiftPM has checked us out as somebody's dependency.
let isRoot = !Context.packageDirectory.contains("/checkouts/")
let strictSwift: [SwiftSetting] = isRoot ? [.unsafeFlags(["-warnings-as-errors"])] : []
let strictC: [CSetting] = isRoot ? [.unsafeFlags(["-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter"])] : []

/// A Swift target and the tests that carry its name.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strictSwift)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: [.target(name: name)] + dependencies, swiftSettings: strictSwift)
}

let package = Package(
    name: "vkternary",
    products: [
        .executable(name: "vkternary", targets: ["vkternary"]),
        .library(name: "TernaryModels", targets: ["TernaryModels"]),
        // For the package of our own in Fuzz.
        .library(name: "TernaryFiles", targets: ["TernaryFiles"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    ],
    targets: [
        // C: what Swift cannot call or cannot do fast.
        .target(name: "CVulkan", cSettings: strictC, linkerSettings: [.linkedLibrary("dl")]),
        .target(name: "CTernary", cSettings: strictC),
        .target(name: "CMapping", cSettings: strictC),
        .target(name: "CShaders", exclude: ["spv"], cSettings: strictC),
        .target(name: "CStories", exclude: ["stories.gguf"], cSettings: strictC),

        // Arrows point down this list's inverse: each module knows only those above it.
        module("TernaryCore"),
        module("TernaryReference", ["TernaryCore"]),
        module("TernaryCPU", ["TernaryCore", "CTernary"]),
        module("TernaryFiles", ["TernaryCore", "CMapping"]),
        module("VulkanCompute", ["CVulkan", .product(name: "Logging", package: "swift-log")]),
        module("TernaryKernels", ["TernaryCore", "VulkanCompute", "CShaders"]),
        module(
            "TernaryModels",
            [
                "TernaryCore", "TernaryReference", "TernaryCPU", "TernaryFiles", "TernaryKernels", "VulkanCompute", "CStories",
                "CTernary",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .executableTarget(
            name: "vkternary",
            dependencies: [
                "TernaryModels", "TernaryCPU", "TernaryCore", "TernaryFiles", "TernaryKernels", "TernaryReference",
                "VulkanCompute", "CTernary",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strictSwift),

        tests("TernaryCore", []),
        tests("TernaryReference", ["TernaryCore"]),
        tests("TernaryCPU", ["TernaryCore", "TernaryReference", "CTernary"]),
        tests("TernaryFiles", ["TernaryCore"]),
        tests(
            "TernaryKernels",
            ["TernaryCore", "TernaryReference", "VulkanCompute", .product(name: "Logging", package: "swift-log")]),
        // Drives the built program as a child process.
        tests("vkternary", []),
        tests("TernaryModels", ["TernaryCore", "TernaryFiles", .product(name: "Logging", package: "swift-log")]),
        .testTarget(
            name: "VulkanComputeTests",
            dependencies: ["VulkanCompute", .product(name: "Logging", package: "swift-log")],
            exclude: ["Shaders"],
            swiftSettings: strictSwift),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c2x
)
