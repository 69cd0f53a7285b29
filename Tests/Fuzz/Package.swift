// swift-tools-version: 6.2
import PackageDescription

let dialect: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableExperimentalFeature("Lifetimes"),
    .unsafeFlags(["-sanitize=address"]),
]

// The modules under test are linked in from the package's sources, so that they alone are instrumented: the comparisons of whole disks in the
// target itself would take most of the time.
let instrumented: [SwiftSetting] =
    dialect + [
        .unsafeFlags([
            "-sanitize-coverage=edge,trace-cmp", "-Xllvm", "-sanitizer-coverage-inline-8bit-counters=1", "-Xllvm",
            "-sanitizer-coverage-pc-table=1",
        ])
    ]

let package = Package(
    name: "fuzz",
    targets: [
        .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd"),
        .target(name: "CLinux", linkerSettings: [.linkedLibrary("uring")]),
        .target(name: "CFuzzer"),
        .target(name: "IOLoop", dependencies: ["CLinux"], swiftSettings: instrumented),
        .target(name: "Storage", dependencies: ["IOLoop"], swiftSettings: instrumented),
        .target(name: "ImageFormats", dependencies: ["Storage", "CZlib", "CZstd"], swiftSettings: instrumented),
        .executableTarget(
            name: "fuzz", dependencies: ["CFuzzer", "ImageFormats", "Storage"], swiftSettings: dialect,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-sanitize=address", "-use-ld=lld"])]),
    ]
)
