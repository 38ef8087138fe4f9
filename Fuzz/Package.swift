// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that users never build it. Build and run, from the repository's root:
//
//     swift build --package-path Fuzz -c release --sanitize address --sanitize fuzzer
//     Fuzz/.build/release/Fuzz --target json --seconds 600
let package = Package(
    name: "Fuzz",
    dependencies: [.package(name: "vkternary", path: "..")],
    targets: [
        .executableTarget(name: "Fuzz", dependencies: [.product(name: "TernaryFiles", package: "vkternary")])
    ],
    swiftLanguageModes: [.v6]
)
