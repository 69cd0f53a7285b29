import TestSupport
import Testing

/// Images of many kinds as the reference makes them.
struct SampleImage: Sendable, CustomTestStringConvertible {
    let name: String
    let options: String
    let size: String
    /// What `qemu-io` does.
    let commands: [String]
    /// What `qemu-img` does then, `NAME` being the image.
    var steps: [[String]] = []
    /// What `qemu-io` does after that.
    var laterCommands: [String] = []

    var testDescription: String { name }

    func make(_ tools: QemuTools, as file: String) throws {
        try tools.create(file, size, options: options)
        try tools.io(file, commands)
        for step in steps { try tools.run("qemu-img", step.map { $0 == "NAME" ? file : $0 }) }
        if !laterCommands.isEmpty { try tools.io(file, laterCommands) }
    }

    static let all: [SampleImage] = [
        SampleImage(
            name: "usual", options: "", size: "8M", commands: ["write 0 200k", "write 1M 64k", "write -z 3M 128k", "discard 64k 64k"]),
        SampleImage(
            name: "small clusters", options: "cluster_size=512", size: "1M",
            commands: ["write 0 20k", "write 100k 7k", "write -z 300k 4k", "write 600k 512"]),
        SampleImage(
            name: "one bit", options: "cluster_size=1k,refcount_bits=1", size: "2M", commands: ["write 0 64k", "write 1M 10k"]),
        SampleImage(
            name: "64 bits and snapshots", options: "cluster_size=1k,refcount_bits=64", size: "1M", commands: ["write 0 30k"],
            steps: [["snapshot", "-c", "one", "NAME"], ["snapshot", "-c", "two", "NAME"]],
            laterCommands: ["write 10k 10k", "write 500k 9k"]),
        SampleImage(
            name: "version 2 and snapshots", options: "compat=0.10,cluster_size=4k", size: "4M", commands: ["write 0 64k", "write 1M 64k"],
            steps: [["snapshot", "-c", "one", "NAME"]], laterCommands: ["write 4k 10k"]),
        SampleImage(
            name: "subclusters", options: "extended_l2=on,cluster_size=16k", size: "4M",
            commands: ["write 0 3k", "write 40k 20k", "write -z 64k 1k", "write 100k 512", "write -z 2M 64k"]),
        SampleImage(
            name: "compressed", options: "cluster_size=4k", size: "1M",
            commands: ["write -c -P 1 0 4k", "write -c -P 2 4k 4k", "write -c -P 3 8k 4k", "write 16k 8k", "write -c -P 9 1020k 4k"]),
        SampleImage(
            name: "bitmaps", options: "cluster_size=1k", size: "2M", commands: ["write 0 10k"],
            steps: [["bitmap", "--add", "NAME", "a"], ["bitmap", "--add", "-g", "512", "NAME", "b"]], laterCommands: ["write 100k 300k"]),
        SampleImage(
            name: "preallocated", options: "preallocation=metadata,cluster_size=8k", size: "512k",
            commands: ["write 0 10k", "discard 64k 64k"]),
        SampleImage(name: "empty", options: "", size: "0", commands: []),
        SampleImage(
            name: "wide refcounts", options: "cluster_size=2k,refcount_bits=32", size: "1M", commands: ["write 0 100k", "write -z 4k 8k"]),
    ]
}
