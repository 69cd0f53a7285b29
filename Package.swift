// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is built in this one dialect: explicit imports, caller-isolated async functions, no warning left standing.
let dialect: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

func library(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: dialect)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: dialect)
}

let log: Target.Dependency = .product(name: "Logging", package: "swift-log")

let package = Package(
    name: "blockjobd",
    products: [.executable(name: "blockjobd", targets: ["blockjobd"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2")
    ],
    targets: [
        // C libraries, each behind one module.
        .systemLibrary(name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CEpoll"),
        .target(name: "CLinux", linkerSettings: [.linkedLibrary("uring")]),
        .target(name: "CProcess"),

        // Control plane.
        library("JSON", ["CJansson"]),
        library("QMP", ["JSON"]),
        library("QAPI", ["JSON", "QMP"], exclude: ["Schema"]),
        library("UnixSocket", ["CEpoll"]),
        library("Jobs", ["Ordering", "Waiting"]),
        library("Ordering", []),
        library("Waiting", []),
        library("Monitor", ["JSON", "QAPI", "QMP", "BlockJobs", "Jobs", "BlockGraph", "Storage"]),

        // Data plane.
        library("IOLoop", ["Waiting", "CLinux"]),
        library("Storage", ["IOLoop", "Waiting"]),
        library("ImageFormats", ["Storage", "Waiting", "CZlib", "CZstd"]),
        library("BlockGraph", ["ImageFormats", "Storage", "IOLoop", "Ordering", "Waiting"]),
        library("BlockJobs", ["Jobs", "BlockGraph", "Storage", "IOLoop", "Waiting"]),

        // Programs.
        .executableTarget(
            name: "blockjobd",
            dependencies: [
                "UnixSocket", "JSON", "QMP", "QAPI", "Monitor", "BlockJobs", "Jobs", "BlockGraph", "ImageFormats", "Storage",
                "IOLoop", "Waiting", "CProcess", log,
            ], swiftSettings: dialect),
        .executableTarget(name: "qapi-generate", dependencies: [], swiftSettings: dialect),

        // Tests.
        .target(
            name: "TestSupport", dependencies: ["JSON", "Jobs", "Storage", "IOLoop"], path: "Tests/TestSupport",
            swiftSettings: dialect),
        tests("JSONTests", ["JSON"]),
        tests("QMPTests", ["QMP", "JSON"]),
        tests("UnixSocketTests", ["UnixSocket"]),
        tests("QAPITests", ["QAPI", "JSON", "qapi-generate", "TestSupport"], exclude: ["Fixture/fixture.json"]),
        tests("OrderingTests", ["Ordering", "TestSupport"]),
        tests("WaitingTests", ["Waiting", "IOLoop", "TestSupport"]),
        tests("JobsTests", ["Jobs", "TestSupport"]),
        tests(
            "MonitorTests", ["Monitor", "QAPI", "QMP", "Jobs", "BlockJobs", "BlockGraph", "Storage", "JSON", "IOLoop", "TestSupport"]),
        tests("IOLoopTests", ["IOLoop", "TestSupport"]),
        tests("StorageTests", ["Storage", "IOLoop", "TestSupport"]),
        tests("ImageFormatsTests", ["ImageFormats", "Storage", "IOLoop", "TestSupport"]),
        tests("BlockGraphTests", ["BlockGraph", "ImageFormats", "Storage", "IOLoop", "TestSupport"]),
        tests("BlockJobsTests", ["BlockJobs", "Jobs", "BlockGraph", "ImageFormats", "Storage", "IOLoop", "TestSupport"]),
        tests("DaemonTests", ["blockjobd", "TestSupport", "JSON", "UnixSocket", log]),
        tests("DifferentialTests", ["blockjobd", "TestSupport"], exclude: ["Scripts"]),
        tests("ClientTests", ["blockjobd", "TestSupport"], exclude: ["Python"]),
        tests("ProjectTests", ["TestSupport"]),
    ]
)
