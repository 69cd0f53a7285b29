// swift-tools-version: 6.2
import PackageDescription

// The modules of the data plane are linked in from the package's sources and built in its dialect, so that what is measured is what the daemon runs.
let dialect: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "io",
    targets: [
        .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd"),
        .target(name: "CLinux", linkerSettings: [.linkedLibrary("uring")]),
        .target(name: "IOLoop", dependencies: ["CLinux"], swiftSettings: dialect),
        .target(name: "Storage", dependencies: ["IOLoop"], swiftSettings: dialect),
        .target(name: "ImageFormats", dependencies: ["Storage", "CZlib", "CZstd"], swiftSettings: dialect),
        .target(name: "BlockGraph", dependencies: ["ImageFormats", "Storage", "IOLoop"], swiftSettings: dialect),
        .executableTarget(name: "qcow2-io", dependencies: ["BlockGraph", "Storage", "IOLoop"], swiftSettings: dialect),
    ]
)
