import TestSupport

/// Random commands of a few clients about the same few nodes, images and jobs: most are refused, and which ones depends on what the others
/// have done by then.
struct CommandStorm {
    /// Images that are there from the start; the last two read from others.
    static let images = (0..<8).map { "f\($0)" }
    /// Files for raw targets.
    static let files = ["t0", "t1", "t2"]
    private static let nodes = ["q0", "q1", "q2", "q3", "q4", "r0", "r1", "x0"]
    private static let jobs = ["j0", "j1", "j2"]

    private var random: SeededGenerator
    private var newImages = 0
    private let client: Int

    /// The commands of one client.
    init(seed: UInt64, client: Int) {
        random = SeededGenerator(seed: seed &* 100 &+ UInt64(client))
        self.client = client
    }

    /// The next command, as a line.
    mutating func next() -> String {
        let (name, arguments) = command()
        return "{\"execute\": \"\(name)\", \"arguments\": \(arguments)}\n"
    }

    private mutating func pick(_ choices: [String]) -> String { choices[Int.random(in: 0..<choices.count, using: &random)] }
    private mutating func node() -> String { "\"" + pick(Self.nodes) + "\"" }
    private mutating func image() -> String { "\"" + pick(Self.images) + "\"" }
    private mutating func job() -> String { "\"" + pick(Self.jobs) + "\"" }
    private mutating func flag() -> Bool { Bool.random(using: &random) }

    private mutating func command() -> (String, String) {
        switch Int.random(in: 0..<16, using: &random) {
        case 0...3: ("blockdev-add", added())
        case 4: ("blockdev-del", "{\"node-name\": \(node())}")
        case 5: ("blockdev-snapshot", snapshot())
        case 6: ("blockdev-snapshot-sync", newSnapshot())
        case 7, 8: ("blockdev-reopen", "{\"options\": [\(added())\(flag() ? ", " + added() : "")]}")
        case 9: changeOfImage()
        case 10: changeOfBitmap()
        case 11: ("blockdev-backup", copy(", \"auto-finalize\": \(flag()), \"auto-dismiss\": \(flag())"))
        case 12: ("blockdev-mirror", copy(", \"speed\": \(flag() ? 0 : 1 << 20)"))
        case 13: (pick(["job-cancel", "job-complete", "job-dismiss", "job-finalize", "job-pause", "job-resume"]), "{\"id\": \(job())}")
        case 14: ("transaction", transaction())
        default: (pick(["query-named-block-nodes", "query-jobs", "query-block-jobs", "x-debug-query-block-graph"]), "{}")
        }
    }

    /// What is put in, or what a node is to become.
    private mutating func added() -> String {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: "{\"driver\": \"file\", \"node-name\": \"\(pick(["r0", "r1"]))\", \"filename\": \"\(pick(Self.files))\"}"
        case 1: "{\"driver\": \"\(pick(["copy-on-read", "raw", "compress"]))\", \"node-name\": \"x0\", \"file\": \(node())}"
        default: qcow2()
        }
    }

    private mutating func qcow2() -> String {
        let backing = flag() ? "" : ", \"backing\": \(flag() ? node() : "null")"
        return "{\"driver\": \"qcow2\", \"node-name\": \(node()), \"read-only\": \(flag())\(backing), "
            + "\"file\": {\"driver\": \"file\", \"filename\": \(image())}}"
    }

    private mutating func snapshot() -> String { "{\"node\": \(node()), \"overlay\": \(node())}" }

    private mutating func newSnapshot() -> String {
        newImages += 1
        return "{\"node-name\": \(node()), \"snapshot-file\": \"n\(client)-\(newImages)\", \"snapshot-node-name\": \(node())}"
    }

    private mutating func changeOfImage() -> (String, String) {
        guard flag() else {
            return ("block_resize", "{\"node-name\": \(node()), \"size\": \(Int.random(in: 1..<24, using: &random) << 20)}")
        }
        return ("change-backing-file", "{\"device\": \(node()), \"image-node-name\": \(node()), \"backing-file\": \(image())}")
    }

    private mutating func changeOfBitmap() -> (String, String) {
        let name = flag() ? "a" : "b"
        return switch Int.random(in: 0..<4, using: &random) {
        case 0, 1: ("block-dirty-bitmap-add", "{\"node\": \(node()), \"name\": \"\(name)\", \"persistent\": \(flag())}")
        case 2: ("block-dirty-bitmap-remove", "{\"node\": \(node()), \"name\": \"\(name)\"}")
        default: ("block-dirty-bitmap-merge", "{\"node\": \(node()), \"target\": \"a\", \"bitmaps\": [\"b\"]}")
        }
    }

    private mutating func copy(_ more: String) -> String {
        "{\"job-id\": \(job()), \"device\": \(node()), \"target\": \(node()), \"sync\": \"\(pick(["full", "top", "none"]))\"\(more)}"
    }

    private mutating func transaction() -> String {
        var actions: [String] = []
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let (type, data) =
                switch Int.random(in: 0..<5, using: &random) {
                case 0, 1: ("blockdev-snapshot", snapshot())
                case 2: ("blockdev-snapshot-sync", newSnapshot())
                case 3: ("blockdev-backup", copy(""))
                default: ("abort", "{}")
                }
            actions.append("{\"type\": \"\(type)\", \"data\": \(data)}")
        }
        return "{\"actions\": [\(actions.joined(separator: ", "))]}"
    }
}
