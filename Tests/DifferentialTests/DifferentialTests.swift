import TestSupport
import Testing

/// The same dialogues with blockjobd and with the installed qemu-storage-daemon: replies and events must be alike, their order too.
///
/// `DIFFERENTIAL_SCRIPTS=<part of a name>` plays only some scripts and `DIFFERENTIAL_PRINT=1` prints the dialogues. Docs/Testing.md
/// describes how scripts are written and how wanted differences are listed.
@Suite struct DifferentialTests {
    static let scripts: [Script] = (try? ScriptReader.scripts(in: directory)) ?? []
    static let selected: [Script] = {
        guard let part = DaemonProgram.environment("DIFFERENTIAL_SCRIPTS") else { return scripts }
        return scripts.filter { $0.name.contains(part) }
    }()
    static let comparing = DaemonProgram.environment("DIFFERENTIAL_REFERENCE_ONLY") == nil

    private static var directory: String {
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/Scripts"
    }

    @Test func `every script can be read and there are at least 150`() throws {
        let scripts = try ScriptReader.scripts(in: Self.directory)
        #expect(scripts.count >= 150)
        #expect(Set(scripts.map(\.name)).count == scripts.count)
        #expect(scripts.allSatisfy { !$0.steps.isEmpty })
    }

    @Test func `every wanted difference is shown by a script, and every script names existing ones`() {
        let used = Set(Self.scripts.flatMap { $0.differences + $0.tolerated })
        #expect(used == Set(WantedDifference.all.filter { !$0.isEverywhere }.map(\.name)))
    }

    @Test(.enabled(if: !comparing), arguments: selected)
    func `reference answers as itself`(script: Script) async throws {
        let (transcript, second) = try await BlockingWork.shared.run {
            (try ScriptPlayer.play(script, on: .reference), try ScriptPlayer.play(script, on: .reference))
        }
        if let mismatch = Comparison.mismatch(reference: transcript, blockjobd: second, order: script.order) {
            Issue.record("\(script.name) is not deterministic: \(mismatch)")
        }
        if DaemonProgram.environment("DIFFERENTIAL_PRINT") != nil { print("== \(script.name)\n\(transcript.text)") }
    }

    @Test(.enabled(if: comparing), arguments: selected)
    func `blockjobd answers as the reference does`(script: Script) async throws {
        var (reference, blockjobd) = try await Self.played(script)
        if let mismatch = Self.mismatch(reference, blockjobd, script), Self.secondLooks.withLock({ Self.take(&$0) }) {
            print("played again, since it differed once: \(script.name): \(mismatch)")
            (reference, blockjobd) = try await Self.played(script)
        }
        if DaemonProgram.environment("DIFFERENTIAL_PRINT") != nil { print("== \(script.name)\n\(blockjobd.text)") }
        if let mismatch = Self.mismatch(reference, blockjobd, script) {
            Issue.record("\(script.name): \(mismatch)")
        }
        for name in script.differences {
            // A difference that is no longer there, or that another one hides, must leave the list.
            let (left, right) = Self.reconciled(reference, blockjobd, script.differences.filter { $0 != name } + script.tolerated)
            #expect(
                Comparison.mismatch(reference: left, blockjobd: right, order: script.order) != nil,
                "\(script.name) does not show the difference \(name) any more")
        }
    }

    /// How many dialogues of a run may be played a second time: one of 400, and so none when only some scripts are run. What is in flight when a
    /// command comes depends on the machine's load, in the reference as well; a difference that is one shows again.
    private static let secondLooks = Guarded(selected.count / 400)

    private static func take(_ left: inout Int) -> Bool {
        guard left > 0 else { return false }
        left -= 1
        return true
    }

    private static func played(_ script: Script) async throws -> (reference: Transcript, blockjobd: Transcript) {
        try await BlockingWork.shared.run {
            (try ScriptPlayer.play(script, on: .reference), try ScriptPlayer.play(script, on: .blockjobd))
        }
    }

    private static func mismatch(_ reference: Transcript, _ blockjobd: Transcript, _ script: Script) -> String? {
        let (left, right) = reconciled(reference, blockjobd, script.differences + script.tolerated)
        return Comparison.mismatch(reference: left, blockjobd: right, order: script.order)
    }

    private static func reconciled(_ reference: Transcript, _ blockjobd: Transcript, _ names: [String]) -> (Transcript, Transcript) {
        var (left, right) = (reference, blockjobd)
        for difference in WantedDifference.all where difference.isEverywhere { difference.reconcile(&left, &right) }
        for name in names { WantedDifference.named(name)?.reconcile(&left, &right) }
        return (left, right)
    }
}
