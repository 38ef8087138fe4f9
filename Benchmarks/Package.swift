// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that users never build what only benchmarks need.
let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "vkternary", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    ],
    targets: [
        .executableTarget(
            name: "kernel-benchmarks",
            dependencies: [
                .product(name: "TernaryCore", package: "vkternary"),
                .product(name: "TernaryReference", package: "vkternary"),
                .product(name: "TernaryKernels", package: "vkternary"),
                .product(name: "VulkanCompute", package: "vkternary"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
