import TestSupport

/// A difference between blockjobd and the reference that is meant to be. A script that shows it says `differs <name>`.
struct WantedDifference: Sendable {
    /// The name that scripts use.
    let name: String
    /// What differs, and why it is meant to.
    let reason: String
    /// Where the wish is written down.
    let source: String
    /// Whether any script may show it, without saying so: members that blockjobd alone has.
    var isEverywhere = false
    /// Takes exactly this difference out of the two transcripts, and nothing else.
    let reconcile: Rule

    /// A change of both transcripts.
    typealias Rule = @Sendable (_ reference: inout Transcript, _ blockjobd: inout Transcript) -> Void

    /// The rule for differences that are in the replies alone.
    static func replies(where isWanted: @escaping @Sendable (_ reference: WireValue, _ blockjobd: WireValue) -> Bool) -> Rule {
        { reference, blockjobd in _ = pairReplies(&reference, &blockjobd, where: isWanted) }
    }

    /// Makes the n-th replies of both equal where `isWanted` holds for them.
    /// - Returns: the place of the first such reply in blockjobd's transcript, or nil.
    @discardableResult
    static func pairReplies(
        _ reference: inout Transcript, _ blockjobd: inout Transcript,
        where isWanted: (_ reference: WireValue, _ blockjobd: WireValue) -> Bool
    ) -> Int? {
        var first: Int?
        let left = reference.entries.indices.filter { reference.entries[$0].kind == .reply }
        let right = blockjobd.entries.indices.filter { blockjobd.entries[$0].kind == .reply }
        for (one, other) in zip(left, right) where isWanted(reference.entries[one].value, blockjobd.entries[other].value) {
            reference.entries[one].value = .object([("reply", .string("differs as wanted"))])
            blockjobd.entries[other].value = reference.entries[one].value
            first = first ?? other
        }
        return first
    }

    /// Every wanted difference. What is not in this list is a defect of blockjobd.
    static let all: [WantedDifference] = [
        WantedDifference(
            name: "image-nowhere",
            reason:
                "An image in a node that forgets: the reference writes a header and then finds none; blockjobd makes room first, and names what cannot grow.",
            source: "the header is written last, so that what a crash leaves never looks like an image",
            reconcile: replies { reference, blockjobd in
                reference["return"]?.array?.first?["error"] == .string("Image is not in qcow2 format")
                    && blockjobd["return"]?.array?.first?["error"]?.string?.hasPrefix("Could not resize image") == true
            }),
        WantedDifference(
            name: "corrupt-image-stays-read-only",
            reason:
                "The reference lets a reopening make an image writable that is marked as corrupt; blockjobd refuses that, as it refuses to open it so.",
            source: "issue 3: a corrupt image is refused, never made worse",
            reconcile: replies { reference, blockjobd in
                reference["return"] != nil
                    && blockjobd.at("error.desc")?.string == "qcow2: Image is corrupt; cannot be opened read/write"
            }),
        WantedDifference(
            name: "kept-child-follows",
            reason:
                "A child that was opened with a node and is only named, or not mentioned, when that is reopened: the reference keeps what it inherited "
                + "before where the new options say nothing, so that the image cannot become writable again, or asks for options that nobody gave. In "
                + "blockjobd it goes on as the node's child, by the same defaults.",
            source: "blockdev-reopen: options that are not given get their defaults",
            reconcile: replies { reference, blockjobd in
                let refusals = ["Block node is read-only", "Option 'driver' cannot be reset to its default value"]
                return blockjobd["return"] != nil && reference.at("error.desc")?.string.map(refusals.contains) == true
            }),
        WantedDifference(
            name: "one-error-a-message",
            reason:
                "After a bad message the reference answers what is left of it with more errors; blockjobd sends one error and resynchronises.",
            source: "QMP-BEHAVIOUR section 2, last row",
            reconcile: { reference, _ in reference.keepFirstOfEachRunOfErrors() }),
        WantedDifference(
            name: "number-beyond-double",
            reason:
                "The reference reads a number beyond the range of a double as `inf` and echoes that, which is not JSON; blockjobd refuses it.",
            source: "QMP-BEHAVIOUR, head",
            reconcile: replies { reference, blockjobd in
                reference["id"] == .number("inf") && blockjobd["error"] != nil && blockjobd["id"] == nil
            }),
        WantedDifference(
            name: "commands-out-of-band",
            reason:
                "blockjobd carries out query-version, query-jobs and the job verbs out of band; the reference allows that for no command.",
            source: "issue 2, part 3",
            reconcile: replies { reference, blockjobd in
                reference.at("error.desc")?.string?.hasSuffix("does not support OOB") == true && blockjobd["return"] != nil
            }),
        WantedDifference(
            name: "newer-commands",
            reason:
                "Commands follow QEMU 10.1's schema: block-job-change does not exist in the reference, nor does its storage daemon have query-block.",
            source: "QMP-BEHAVIOUR, head: which version rules",
            reconcile: replies { reference, blockjobd in
                reference.at("error.class")?.string == "CommandNotFound" && blockjobd.at("error.class")?.string != "CommandNotFound"
            }),
        WantedDifference(
            name: "newer-argument",
            reason: "Arguments follow QEMU 10.1's schema: what the reference calls unexpected is accepted, such as target-is-zero.",
            source: "QMP-BEHAVIOUR, head: which version rules",
            reconcile: { reference, blockjobd in
                let accepted = WantedDifference.pairReplies(&reference, &blockjobd) { reference, blockjobd in
                    reference.at("error.desc")?.string?.hasSuffix("is unexpected") == true && blockjobd["return"] != nil
                }
                if let accepted { blockjobd.dropEvents(ofCommandAnsweredAt: accepted) }
            }),
        WantedDifference(
            name: "inner-nodes-mirrored",
            reason: "A node that another node stands on can be mirrored and replaced by its copy; the reference wants a root node.",
            source: "issue 2, part 8: pivot is proven on a file node under a raw node",
            reconcile: { reference, blockjobd in
                let accepted = WantedDifference.pairReplies(&reference, &blockjobd) { reference, blockjobd in
                    let refusal = reference.at("error.desc")?.string ?? ""
                    return refusal == "Need a root block node" || refusal.hasPrefix("Cannot replace 'src' by a node mirrored from 'disk'")
                }
                if let accepted { blockjobd.dropEvents(ofCommandAnsweredAt: accepted) }
            }),
        WantedDifference(
            name: "late-writer-saved",
            reason: "A writer that comes to a backup's source is taken, and what it overwrites is saved first; the reference refuses it.",
            source: "issue 8, A8",
            reconcile: { reference, blockjobd in
                let accepted = WantedDifference.pairReplies(&reference, &blockjobd) { reference, blockjobd in
                    reference.at("error.desc")?.string?.hasPrefix("Permission conflict on node 'src'") == true && blockjobd["return"] != nil
                }
                guard let accepted else { return }
                reference.entries.removeAll { $0.kind == .event && $0.value.at("data.id")?.string == "m" }
                blockjobd.dropEvents(ofCommandAnsweredAt: accepted)
                blockjobd.entries.removeAll { $0.kind == .event && $0.value.at("data.id")?.string == "m" }
            }),
        WantedDifference(
            name: "tiny-files-keep-their-size",
            reason:
                "The reference writes the first sector of a file that it creates, so that a file of 1 byte has 512; blockjobd makes what was asked.",
            source: "found by the differential test",
            reconcile: { reference, blockjobd in
                reference.dropNotes()
                blockjobd.dropNotes()
            }),
        WantedDifference(
            name: "progress-in-bytes",
            reason: "The reference counts a backup's last cluster as a whole; blockjobd's progress ends at the size of the source.",
            source: "DESIGN, first paragraph: honest progress",
            reconcile: { reference, blockjobd in
                reference.dropMembers(["len", "offset", "current-progress", "total-progress"])
                blockjobd.dropMembers(["len", "offset", "current-progress", "total-progress"])
            }),
        WantedDifference(
            name: "internal-bitmaps-hidden",
            reason: "The reference lists the unnamed dirty bitmaps that a backup uses inside; blockjobd shows those that a user made.",
            source: "found by the differential test",
            reconcile: { reference, _ in reference.dropMembers(["dirty-bitmaps"]) }),
        WantedDifference(
            name: "bitmaps-writable-after-refusal",
            reason:
                "When one of several nodes refuses to be reopened, the reference leaves bitmaps of the others read-only, which the next write trips over.",
            source: "issue 3: several nodes in one step, all or none",
            reconcile: replies { reference, blockjobd in
                reference.at("error.desc")?.string?.hasSuffix("is readonly and cannot be modified") == true && blockjobd["return"] != nil
            }),
        WantedDifference(
            name: "others-undisturbed",
            reason:
                "Most commands of the reference drain the whole graph, and other jobs show it as `paused running`; blockjobd drains what it touches.",
            source: "QMP-BEHAVIOUR section 7, first row",
            reconcile: { reference, blockjobd in
                reference.dropDrains()
                blockjobd.dropDrains()
            }),
        WantedDifference(
            name: "backing-format-kept",
            reason:
                "change-backing-file writes the backing node's format; the reference writes the image's own, and a raw base becomes qcow2.",
            source: "a wrong byte on an image is the worst that we can do",
            reconcile: { reference, blockjobd in
                reference.dropMembers(["backing-filename-format"])
                blockjobd.dropMembers(["backing-filename-format"])
            }),
        WantedDifference(
            name: "kept-snapshot-shown",
            reason:
                "The reference forgets an internal snapshot that it could not delete, though the image still has it; blockjobd shows it.",
            source: "found by the differential test",
            reconcile: { _, blockjobd in blockjobd.dropMembers(["snapshots"]) }),
        WantedDifference(
            name: "no-table-for-nothing",
            reason:
                "A disk that becomes shorter where nothing is mapped: QEMU first gives the range a table, which stays; blockjobd makes none.",
            source: "issue 8, F: the image's end is one cluster lower, and no use of that cluster is known",
            reconcile: { reference, blockjobd in
                reference.dropImageEnds()
                blockjobd.dropImageEnds()
            }),
        WantedDifference(
            name: "newer-members",
            reason:
                "What queries tell follows QEMU 10.1's schema: `children` and `active` of a node, `actively-synced` of a mirror, appends to zones.",
            source: "QMP-BEHAVIOUR, head: which version rules", isEverywhere: true,
            reconcile: { _, blockjobd in
                blockjobd.dropMembers([
                    "children", "active", "actively-synced", "zone_append_bytes", "zone_append_operations", "zone_append_merged",
                    "zone_append_total_time_ns", "failed_zone_append_operations", "invalid_zone_append_operations",
                ])
            }),
        WantedDifference(
            name: "pending-request-shown",
            reason: "While an accepted cancel, pause or complete has not taken effect, JobInfo says so in `x-pending-request`.",
            source: "QMP-BEHAVIOUR section 4, last paragraph", isEverywhere: true,
            reconcile: { _, blockjobd in blockjobd.dropMembers(["x-pending-request"]) }),
    ]

    /// The difference with this name, or nil.
    static func named(_ name: String) -> WantedDifference? { all.first { $0.name == name } }
}

extension Transcript {
    /// Drops every error reply without an id that directly follows another one, since both answer the same bad message.
    mutating func keepFirstOfEachRunOfErrors() {
        var kept: [Entry] = []
        var inRun = false
        for entry in entries {
            let isError = entry.kind == .reply && entry.value["error"] != nil && entry.value["id"] == nil
            if !(isError && inRun) { kept.append(entry) }
            inRun = isError
        }
        entries = kept
    }

    /// Drops `paused running` (or `standby ready`) of one job at once, where nothing of that job comes between: a drain that another command caused.
    mutating func dropDrains() {
        func status(_ index: Int) -> String? {
            entries[index].value["event"]?.string == "JOB_STATUS_CHANGE" ? entries[index].value.at("data.status")?.string : nil
        }
        var dropped: Set<Int> = []
        for first in entries.indices where status(first) == "paused" || status(first) == "standby" {
            guard let second = entries.indices.first(where: { $0 > first && entries[$0].job == entries[first].job }) else { continue }
            let hasCommandBetween = entries[first..<second].contains { $0.kind == .step }
            if !hasCommandBetween, status(second) == (status(first) == "paused" ? "running" : "ready") {
                dropped.formUnion([first, second])
            }
        }
        entries = entries.indices.filter { !dropped.contains($0) }.map { entries[$0] }
    }

    /// Drops the events that a command which only one daemon accepted has caused: all that come after it was sent.
    mutating func dropEvents(ofCommandAnsweredAt reply: Int) {
        let sent = entries[..<reply].lastIndex { $0.kind == .step } ?? 0
        entries = Array(entries[..<sent]) + entries[sent...].filter { $0.kind != .event }
    }

    /// Drops what the player observed itself.
    mutating func dropNotes() {
        entries.removeAll { $0.kind == .note }
    }

    /// Drops the ends of images from what a check has printed.
    mutating func dropImageEnds() {
        for index in entries.indices where entries[index].kind == .note {
            let lines = entries[index].text.split(separator: "\n", omittingEmptySubsequences: false)
            entries[index].text = lines.filter { !$0.hasPrefix("Image end offset: ") }.joined(separator: "\n")
        }
    }

    /// Drops members with these names, wherever they are in a message.
    mutating func dropMembers(_ names: Set<String>) {
        for index in entries.indices { entries[index].value = entries[index].value.dropping(names) }
    }
}

extension WireValue {
    /// The value without members of these names.
    func dropping(_ names: Set<String>) -> WireValue {
        switch self {
        case .array(let elements): .array(elements.map { $0.dropping(names) })
        case .object(let members): .object(members.filter { !names.contains($0.name) }.map { ($0.name, $0.value.dropping(names)) })
        default: self
        }
    }
}
