import JSON
import QAPI
import TestSupport
import Testing

/// query-qmp-schema is laid out as QEMU lays it out.
@Suite struct IntrospectionTests {
    private static func ours() throws -> SchemaTable { SchemaTable(try WireParser.parse(text(Introspection()))) }

    private static func theirs() throws -> SchemaTable {
        let daemon = try DaemonProcess(.reference)
        return SchemaTable(try daemon.client().execute("query-qmp-schema"))
    }

    @Test func `every type that is mentioned is there, once, and none besides`() throws {
        let table = try Self.ours()
        let names = table.entries.compactMap { $0["name"]?.string }
        #expect(names.count == table.entries.count && Set(names).count == names.count)
        var reached: Set<String> = []
        var queue = table.entries.filter { ["command", "event"].contains($0["meta-type"]?.string) }
        #expect(queue.count == table.entries.prefix(queue.count).filter { ["command", "event"].contains($0["meta-type"]?.string) }.count)
        while let entry = queue.popLast() {
            for name in SchemaTable.references(of: entry) where reached.insert(name).inserted {
                queue.append(try #require(table[name], "\(name)"))
            }
        }
        let types = table.entries.filter { !["command", "event"].contains($0["meta-type"]?.string) }.compactMap { $0["name"]?.string }
        #expect(Set(types) == reached)
    }

    @Test func `types are numbered without a gap, integers are int, arrays are named by their elements`() throws {
        let table = try Self.ours()
        let numbers = table.entries.compactMap { $0["name"]?.string }.compactMap { Int($0) }
        #expect(numbers.sorted() == Array(0..<numbers.count))
        let builtins = table.entries.filter { $0["meta-type"]?.string == "builtin" }.compactMap { $0["name"]?.string }
        #expect(Set(builtins) == ["str", "int", "bool", "number", "null", "any"])
        for array in table.entries where array["meta-type"]?.string == "array" {
            #expect(array["name"]?.string == "[\(array["element-type"]?.string ?? "")]")
        }
        #expect(table[table["query-jobs"]?["arg-type"]?.string]?["members"]?.array?.isEmpty == true)
        #expect(table["query-jobs"]?["arg-type"] == table["job-pause"]?["ret-type"])
    }

    @Test func `commands are those of the schema, and out of band goes what may`() throws {
        let commands = try Self.ours().entries.filter { $0["meta-type"]?.string == "command" }
        #expect(commands.compactMap { $0["name"]?.string } == QAPI.SchemaCommands.names.reversed())
        #expect(Set(QAPI.SchemaCommands.names) == Set(commandTypes.map { $0.name }))
        for command in commands {
            let type = try #require(commandTypes.first { $0.name == command["name"]?.string })
            #expect((command["allow-oob"]?.bool ?? false) == type.allowOOB, "\(type.name)")
        }
    }

    @Test func `a pretty monitor gets the same table`() throws {
        let pretty = String(decoding: Introspection().encoded(.pretty), as: UTF8.self)
        #expect(pretty.contains(#"        "name": "query-block","#))
        #expect(try WireParser.parse(pretty) == WireParser.parse(text(Introspection())))
    }

    @Test(arguments: [
        "blockdev-backup/arg-type/sync/^full", "blockdev-backup/arg-type/*filter-node-name", "blockdev-backup/arg-type/target",
        "blockdev-mirror/arg-type/copy-mode/^write-blocking", "blockdev-mirror/arg-type/*target-is-zero",
        "blockdev-mirror/arg-type/*replaces", "blockdev-mirror/arg-type/*auto-finalize",
        "blockdev-add/arg-type/driver/^host_device", "blockdev-add/arg-type/+file/filename", "blockdev-add/arg-type/+file/aio/^io_uring",
        "blockdev-add/arg-type/+raw/*offset",
        "blockdev-add/arg-type/+qcow2/*backing", "blockdev-add/arg-type/+qcow2/*data-file", "blockdev-add/arg-type/+qcow2/*cache-size",
        "blockdev-create/arg-type/options/+qcow2/*extended-l2", "blockdev-add/arg-type/+null-co/*read-zeroes",
        "blockdev-add/arg-type/detect-zeroes/^unmap",
        "blockdev-create/arg-type/options/+file/preallocation/^falloc", "transaction/arg-type/actions/+blockdev-backup/data/job-id",
        "transaction/arg-type/actions/type/^abort", "transaction/arg-type/properties/completion-mode/^grouped",
        "query-jobs/ret-type/status/^pending", "query-jobs/ret-type/*x-pending-request/^cancel", "query-named-block-nodes/arg-type/*flat",
        "query-named-block-nodes/ret-type/node-name", "query-block-jobs/ret-type/+mirror/actively-synced",
        "block-job-change/arg-type/+mirror/copy-mode", "JOB_STATUS_CHANGE/arg-type/status/^standby",
        "BLOCK_JOB_ERROR/arg-type/action/^stop", "block-job-pause/$deprecated", "blockdev-backup/arg-type/x-perf/$unstable",
        "query-qmp-schema/ret-type/+enum/values/$deprecated", "qmp_capabilities/arg-type/enable/^oob",
    ])
    func `what works is found`(path: String) throws {
        #expect(try Self.ours().has(path))
    }

    @Test(arguments: [
        "block-commit", "blockdev-add/arg-type/+qcow2/encrypt", "blockdev-add/arg-type/driver/^qcow",
        "blockdev-create/arg-type/options/+qcow2/encrypt",
        "transaction/arg-type/actions/type/^drive-backup", "nbd-server-start", "blockdev-mirror/arg-type/unmap",
        "job-pause/$deprecated",
        "blockdev-backup/arg-type/*target", "blockdev-mirror/arg-type/sync/^zzz", "MonitorOptions",
        "blockdev-backup/arg-type/bitmap", "blockdev-backup/arg-type/bitmap-mode", "blockdev-backup/arg-type/sync/^incremental",
        "blockdev-backup/arg-type/sync/^bitmap", "transaction/arg-type/actions/+blockdev-backup/data/bitmap",
    ])
    func `what does not work is not found`(path: String) throws {
        #expect(try !Self.ours().has(path))
    }

    /// What blockjobd's table has that QEMU 7.2's lacks: QEMU 10.1's additions, and our own (`x-`).
    private static let additions: [String: String] = [
        "block-job-change": "since 8.2", "blockdev-reopen/arg-type/options/+copy-before-write/min-cluster-size": "since 9.2",
        "block-job-pause/$deprecated": "since 10.1", "block-job-resume/$deprecated": "since 10.1",
        "block-job-complete/$deprecated": "since 10.1", "block-job-dismiss/$deprecated": "since 10.1",
        "block-job-finalize/$deprecated": "since 10.1",
        "blockdev-backup/arg-type/on-cbw-error": "since 10.1",
        "blockdev-mirror/arg-type/target-is-zero": "since 10.1",
        "blockdev-reopen/arg-type/options/+qcow2/discard-no-unref": "since 8.1",
        "query-block-jobs/ret-type/type: enum for builtin": "the type is an enumeration since 8.2",
        "query-block-jobs/ret-type/+mirror": "since 8.2",
        "query-block/ret-type/inserted/node-name: optional": "there always since 10.1",
        "query-block/ret-type/inserted/children": "since 10.1",
        "query-block/ret-type/inserted/active": "since 10.0",
        "query-block/ret-type/inserted/image/: order": "what is known of a node apart from its chain has a type of its own since 8.0",
        "query-blockstats/ret-type/stats/zone_append_bytes": "since 8.1",
        "query-blockstats/ret-type/stats/zone_append_operations": "since 8.1",
        "query-blockstats/ret-type/stats/zone_append_total_time_ns": "since 8.1",
        "query-blockstats/ret-type/stats/zone_append_merged": "since 8.1",
        "query-blockstats/ret-type/stats/failed_zone_append_operations": "since 8.1",
        "query-blockstats/ret-type/stats/invalid_zone_append_operations": "since 8.1",
        "query-blockstats/ret-type/stats/timed_stats/min_zone_append_latency_ns": "since 8.1",
        "query-blockstats/ret-type/stats/timed_stats/max_zone_append_latency_ns": "since 8.1",
        "query-blockstats/ret-type/stats/timed_stats/avg_zone_append_latency_ns": "since 8.1",
        "query-blockstats/ret-type/stats/timed_stats/avg_zone_append_queue_depth": "since 8.1",
        "query-jobs/ret-type/x-pending-request": "our own",
    ]

    @Test func `every command, event and type is QEMU's, but for the known additions`() throws {
        var comparison = SchemaComparison(ours: try Self.ours(), theirs: try Self.theirs())
        for entry in comparison.ours.entries where ["command", "event"].contains(entry["meta-type"]?.string) {
            comparison.compareTop(entry)
        }
        #expect(comparison.unlike.filter { Self.additions[$0] == nil } == [])
        #expect(Self.additions.keys.filter { !comparison.unlike.contains($0) } == [], "an addition that is none")
    }
}
