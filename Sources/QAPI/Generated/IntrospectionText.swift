// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

/// The reply of query-qmp-schema.
let introspectionText: StaticString = #"""
    [\#
    {"name": "block-dirty-bitmap-add", "meta-type": "command", "arg-type": "0", "ret-type": "1"}, \#
    {"name": "block-dirty-bitmap-remove", "meta-type": "command", "arg-type": "2", "ret-type": "1"}, \#
    {"name": "block-dirty-bitmap-clear", "meta-type": "command", "arg-type": "2", "ret-type": "1"}, \#
    {"name": "block-dirty-bitmap-enable", "meta-type": "command", "arg-type": "2", "ret-type": "1"}, \#
    {"name": "block-dirty-bitmap-disable", "meta-type": "command", "arg-type": "2", "ret-type": "1"}, \#
    {"name": "block-dirty-bitmap-merge", "meta-type": "command", "arg-type": "3", "ret-type": "1"}, \#
    {"name": "x-debug-block-dirty-bitmap-sha256", "meta-type": "command", "features": ["unstable"], "arg-type": "2", "ret-type": "4"}, \#
    {"name": "query-block", "meta-type": "command", "arg-type": "1", "ret-type": "[5]"}, \#
    {"name": "block_resize", "meta-type": "command", "arg-type": "6", "ret-type": "1"}, \#
    {"name": "query-named-block-nodes", "meta-type": "command", "arg-type": "7", "ret-type": "[8]"}, \#
    {"name": "query-blockstats", "meta-type": "command", "arg-type": "9", "ret-type": "[10]"}, \#
    {"name": "block-set-write-threshold", "meta-type": "command", "arg-type": "11", "ret-type": "1"}, \#
    {"name": "BLOCK_WRITE_THRESHOLD", "meta-type": "event", "arg-type": "12"}, \#
    {"name": "x-debug-query-block-graph", "meta-type": "command", "features": ["unstable"], "arg-type": "1", "ret-type": "13"}, \#
    {"name": "x-blockdev-change", "meta-type": "command", "features": ["unstable"], "arg-type": "14", "ret-type": "1"}, \#
    {"name": "blockdev-snapshot", "meta-type": "command", "arg-type": "15", "ret-type": "1"}, \#
    {"name": "blockdev-reopen", "meta-type": "command", "arg-type": "16", "ret-type": "1"}, \#
    {"name": "blockdev-backup", "meta-type": "command", "arg-type": "17", "ret-type": "1"}, \#
    {"name": "blockdev-mirror", "meta-type": "command", "arg-type": "18", "ret-type": "1"}, \#
    {"name": "query-block-jobs", "meta-type": "command", "arg-type": "1", "ret-type": "[19]"}, \#
    {"name": "block-job-set-speed", "meta-type": "command", "arg-type": "20", "ret-type": "1", "allow-oob": true}, \#
    {"name": "block-job-cancel", "meta-type": "command", "arg-type": "21", "ret-type": "1", "allow-oob": true}, \#
    {"name": "block-job-pause", "meta-type": "command", "features": ["deprecated"], "arg-type": "22", "ret-type": "1", "allow-oob": true}, \#
    {"name": "block-job-resume", "meta-type": "command", "features": ["deprecated"], "arg-type": "23", "ret-type": "1", "allow-oob": true}, \#
    {"name": "block-job-complete", "meta-type": "command", "features": ["deprecated"], "arg-type": "24", "ret-type": "1", "allow-oob": true}, \#
    {"name": "block-job-dismiss", "meta-type": "command", "features": ["deprecated"], "arg-type": "25", "ret-type": "1", "allow-oob": true}, \#
    {"name": "block-job-finalize", "meta-type": "command", "features": ["deprecated"], "arg-type": "26", "ret-type": "1"}, \#
    {"name": "block-job-change", "meta-type": "command", "arg-type": "27", "ret-type": "1", "allow-oob": true}, \#
    {"name": "QUORUM_FAILURE", "meta-type": "event", "arg-type": "28"}, \#
    {"name": "QUORUM_REPORT_BAD", "meta-type": "event", "arg-type": "29"}, \#
    {"name": "blockdev-add", "meta-type": "command", "arg-type": "30", "ret-type": "1"}, \#
    {"name": "blockdev-del", "meta-type": "command", "arg-type": "31", "ret-type": "1"}, \#
    {"name": "blockdev-create", "meta-type": "command", "arg-type": "32", "ret-type": "1"}, \#
    {"name": "BLOCK_JOB_COMPLETED", "meta-type": "event", "arg-type": "33"}, \#
    {"name": "BLOCK_JOB_CANCELLED", "meta-type": "event", "arg-type": "34"}, \#
    {"name": "BLOCK_JOB_ERROR", "meta-type": "event", "arg-type": "35"}, \#
    {"name": "BLOCK_JOB_READY", "meta-type": "event", "arg-type": "36"}, \#
    {"name": "BLOCK_JOB_PENDING", "meta-type": "event", "arg-type": "37"}, \#
    {"name": "JOB_STATUS_CHANGE", "meta-type": "event", "arg-type": "38"}, \#
    {"name": "job-pause", "meta-type": "command", "arg-type": "39", "ret-type": "1", "allow-oob": true}, \#
    {"name": "job-resume", "meta-type": "command", "arg-type": "40", "ret-type": "1", "allow-oob": true}, \#
    {"name": "job-cancel", "meta-type": "command", "arg-type": "41", "ret-type": "1", "allow-oob": true}, \#
    {"name": "job-complete", "meta-type": "command", "arg-type": "42", "ret-type": "1", "allow-oob": true}, \#
    {"name": "job-dismiss", "meta-type": "command", "arg-type": "43", "ret-type": "1", "allow-oob": true}, \#
    {"name": "job-finalize", "meta-type": "command", "arg-type": "44", "ret-type": "1"}, \#
    {"name": "query-jobs", "meta-type": "command", "arg-type": "1", "ret-type": "[45]", "allow-oob": true}, \#
    {"name": "qmp_capabilities", "meta-type": "command", "arg-type": "46", "ret-type": "1"}, \#
    {"name": "query-version", "meta-type": "command", "arg-type": "1", "ret-type": "47", "allow-oob": true}, \#
    {"name": "query-commands", "meta-type": "command", "arg-type": "1", "ret-type": "[48]"}, \#
    {"name": "quit", "meta-type": "command", "arg-type": "1", "ret-type": "1"}, \#
    {"name": "query-qmp-schema", "meta-type": "command", "arg-type": "1", "ret-type": "[49]"}, \#
    {"name": "transaction", "meta-type": "command", "arg-type": "50", "ret-type": "1"}, \#
    {"name": "object-add", "meta-type": "command", "arg-type": "51", "ret-type": "1"}, \#
    {"name": "object-del", "meta-type": "command", "arg-type": "52", "ret-type": "1"}, \#
    {"name": "qom-get", "meta-type": "command", "arg-type": "53", "ret-type": "any"}, \#
    {"name": "qom-set", "meta-type": "command", "arg-type": "54", "ret-type": "1"}, \#
    {"name": "0", "meta-type": "object", "members": [{"name": "node", "type": "str"}, {"name": "name", "type": "str"}, {"name": "granularity", "type": "int", "default": null}, {"name": "persistent", "type": "bool", "default": null}, {"name": "disabled", "type": "bool", "default": null}]}, \#
    {"name": "1", "meta-type": "object", "members": []}, \#
    {"name": "2", "meta-type": "object", "members": [{"name": "node", "type": "str"}, {"name": "name", "type": "str"}]}, \#
    {"name": "3", "meta-type": "object", "members": [{"name": "node", "type": "str"}, {"name": "target", "type": "str"}, {"name": "bitmaps", "type": "[55]"}]}, \#
    {"name": "4", "meta-type": "object", "members": [{"name": "sha256", "type": "str"}]}, \#
    {"name": "[5]", "meta-type": "array", "element-type": "5"}, \#
    {"name": "5", "meta-type": "object", "members": [{"name": "device", "type": "str"}, {"name": "type", "type": "str"}, {"name": "removable", "type": "bool"}, {"name": "locked", "type": "bool"}, {"name": "inserted", "type": "8", "default": null}]}, \#
    {"name": "6", "meta-type": "object", "members": [{"name": "device", "type": "str", "default": null}, {"name": "node-name", "type": "str", "default": null}, {"name": "size", "type": "int"}]}, \#
    {"name": "7", "meta-type": "object", "members": [{"name": "flat", "type": "bool", "default": null}]}, \#
    {"name": "[8]", "meta-type": "array", "element-type": "8"}, \#
    {"name": "8", "meta-type": "object", "members": [{"name": "file", "type": "str"}, {"name": "node-name", "type": "str"}, {"name": "ro", "type": "bool"}, {"name": "drv", "type": "str"}, {"name": "backing_file", "type": "str", "default": null}, {"name": "backing_file_depth", "type": "int"}, {"name": "children", "type": "[56]"}, {"name": "active", "type": "bool"}, {"name": "encrypted", "type": "bool"}, {"name": "detect_zeroes", "type": "57"}, {"name": "bps", "type": "int"}, {"name": "bps_rd", "type": "int"}, {"name": "bps_wr", "type": "int"}, {"name": "iops", "type": "int"}, {"name": "iops_rd", "type": "int"}, {"name": "iops_wr", "type": "int"}, {"name": "image", "type": "58"}, {"name": "cache", "type": "59"}, {"name": "write_threshold", "type": "int"}, {"name": "dirty-bitmaps", "type": "[60]", "default": null}]}, \#
    {"name": "9", "meta-type": "object", "members": [{"name": "query-nodes", "type": "bool", "default": null}]}, \#
    {"name": "[10]", "meta-type": "array", "element-type": "10"}, \#
    {"name": "10", "meta-type": "object", "members": [{"name": "device", "type": "str", "default": null}, {"name": "node-name", "type": "str", "default": null}, {"name": "stats", "type": "61"}, {"name": "driver-specific", "type": "62", "default": null}, {"name": "parent", "type": "10", "default": null}, {"name": "backing", "type": "10", "default": null}]}, \#
    {"name": "11", "meta-type": "object", "members": [{"name": "node-name", "type": "str"}, {"name": "write-threshold", "type": "int"}]}, \#
    {"name": "12", "meta-type": "object", "members": [{"name": "node-name", "type": "str"}, {"name": "amount-exceeded", "type": "int"}, {"name": "write-threshold", "type": "int"}]}, \#
    {"name": "13", "meta-type": "object", "members": [{"name": "nodes", "type": "[63]"}, {"name": "edges", "type": "[64]"}]}, \#
    {"name": "14", "meta-type": "object", "members": [{"name": "parent", "type": "str"}, {"name": "child", "type": "str", "default": null}, {"name": "node", "type": "str", "default": null}]}, \#
    {"name": "15", "meta-type": "object", "members": [{"name": "node", "type": "str"}, {"name": "overlay", "type": "str"}]}, \#
    {"name": "16", "meta-type": "object", "members": [{"name": "options", "type": "[30]"}]}, \#
    {"name": "17", "meta-type": "object", "members": [{"name": "job-id", "type": "str", "default": null}, {"name": "device", "type": "str"}, {"name": "sync", "type": "65"}, {"name": "speed", "type": "int", "default": null}, {"name": "bitmap", "type": "str", "default": null}, {"name": "bitmap-mode", "type": "66", "default": null}, {"name": "compress", "type": "bool", "default": null}, {"name": "on-source-error", "type": "67", "default": null}, {"name": "on-target-error", "type": "67", "default": null}, {"name": "on-cbw-error", "type": "68", "default": null}, {"name": "auto-finalize", "type": "bool", "default": null}, {"name": "auto-dismiss", "type": "bool", "default": null}, {"name": "filter-node-name", "type": "str", "default": null}, {"name": "x-perf", "type": "69", "default": null, "features": ["unstable"]}, {"name": "target", "type": "str"}]}, \#
    {"name": "18", "meta-type": "object", "members": [{"name": "job-id", "type": "str", "default": null}, {"name": "device", "type": "str"}, {"name": "target", "type": "str"}, {"name": "replaces", "type": "str", "default": null}, {"name": "sync", "type": "65"}, {"name": "speed", "type": "int", "default": null}, {"name": "granularity", "type": "int", "default": null}, {"name": "buf-size", "type": "int", "default": null}, {"name": "on-source-error", "type": "67", "default": null}, {"name": "on-target-error", "type": "67", "default": null}, {"name": "filter-node-name", "type": "str", "default": null}, {"name": "copy-mode", "type": "70", "default": null}, {"name": "auto-finalize", "type": "bool", "default": null}, {"name": "auto-dismiss", "type": "bool", "default": null}, {"name": "target-is-zero", "type": "bool", "default": null}]}, \#
    {"name": "[19]", "meta-type": "array", "element-type": "19"}, \#
    {"name": "19", "meta-type": "object", "members": [{"name": "type", "type": "71"}, {"name": "device", "type": "str"}, {"name": "len", "type": "int"}, {"name": "offset", "type": "int"}, {"name": "busy", "type": "bool"}, {"name": "paused", "type": "bool"}, {"name": "speed", "type": "int"}, {"name": "io-status", "type": "72"}, {"name": "ready", "type": "bool"}, {"name": "status", "type": "73"}, {"name": "auto-finalize", "type": "bool"}, {"name": "auto-dismiss", "type": "bool"}, {"name": "error", "type": "str", "default": null}], "tag": "type", "variants": [{"case": "mirror", "type": "74"}, {"case": "commit", "type": "1"}, {"case": "stream", "type": "1"}, {"case": "backup", "type": "1"}, {"case": "create", "type": "1"}, {"case": "amend", "type": "1"}, {"case": "snapshot-load", "type": "1"}, {"case": "snapshot-save", "type": "1"}, {"case": "snapshot-delete", "type": "1"}]}, \#
    {"name": "20", "meta-type": "object", "members": [{"name": "device", "type": "str"}, {"name": "speed", "type": "int"}]}, \#
    {"name": "21", "meta-type": "object", "members": [{"name": "device", "type": "str"}, {"name": "force", "type": "bool", "default": null}]}, \#
    {"name": "22", "meta-type": "object", "members": [{"name": "device", "type": "str"}]}, \#
    {"name": "23", "meta-type": "object", "members": [{"name": "device", "type": "str"}]}, \#
    {"name": "24", "meta-type": "object", "members": [{"name": "device", "type": "str"}]}, \#
    {"name": "25", "meta-type": "object", "members": [{"name": "id", "type": "str"}]}, \#
    {"name": "26", "meta-type": "object", "members": [{"name": "id", "type": "str"}]}, \#
    {"name": "27", "meta-type": "object", "members": [{"name": "id", "type": "str"}, {"name": "type", "type": "71"}], "tag": "type", "variants": [{"case": "mirror", "type": "75"}, {"case": "commit", "type": "1"}, {"case": "stream", "type": "1"}, {"case": "backup", "type": "1"}, {"case": "create", "type": "1"}, {"case": "amend", "type": "1"}, {"case": "snapshot-load", "type": "1"}, {"case": "snapshot-save", "type": "1"}, {"case": "snapshot-delete", "type": "1"}]}, \#
    {"name": "28", "meta-type": "object", "members": [{"name": "reference", "type": "str"}, {"name": "sector-num", "type": "int"}, {"name": "sectors-count", "type": "int"}]}, \#
    {"name": "29", "meta-type": "object", "members": [{"name": "type", "type": "76"}, {"name": "error", "type": "str", "default": null}, {"name": "node-name", "type": "str"}, {"name": "sector-num", "type": "int"}, {"name": "sectors-count", "type": "int"}]}, \#
    {"name": "30", "meta-type": "object", "members": [{"name": "driver", "type": "77"}, {"name": "node-name", "type": "str", "default": null}, {"name": "discard", "type": "78", "default": null}, {"name": "cache", "type": "79", "default": null}, {"name": "read-only", "type": "bool", "default": null}, {"name": "auto-read-only", "type": "bool", "default": null}, {"name": "force-share", "type": "bool", "default": null}, {"name": "detect-zeroes", "type": "57", "default": null}], "tag": "driver", "variants": [{"case": "blkdebug", "type": "80"}, {"case": "blkverify", "type": "81"}, {"case": "compress", "type": "82"}, {"case": "copy-before-write", "type": "83"}, {"case": "copy-on-read", "type": "84"}, {"case": "file", "type": "85"}, {"case": "host_device", "type": "85"}, {"case": "null-aio", "type": "86"}, {"case": "null-co", "type": "86"}, {"case": "preallocate", "type": "87"}, {"case": "qcow2", "type": "88"}, {"case": "quorum", "type": "89"}, {"case": "raw", "type": "90"}, {"case": "snapshot-access", "type": "82"}, {"case": "throttle", "type": "91"}]}, \#
    {"name": "31", "meta-type": "object", "members": [{"name": "node-name", "type": "str"}]}, \#
    {"name": "32", "meta-type": "object", "members": [{"name": "job-id", "type": "str"}, {"name": "options", "type": "92"}]}, \#
    {"name": "33", "meta-type": "object", "members": [{"name": "type", "type": "71"}, {"name": "device", "type": "str"}, {"name": "len", "type": "int"}, {"name": "offset", "type": "int"}, {"name": "speed", "type": "int"}, {"name": "error", "type": "str", "default": null}]}, \#
    {"name": "34", "meta-type": "object", "members": [{"name": "type", "type": "71"}, {"name": "device", "type": "str"}, {"name": "len", "type": "int"}, {"name": "offset", "type": "int"}, {"name": "speed", "type": "int"}]}, \#
    {"name": "35", "meta-type": "object", "members": [{"name": "device", "type": "str"}, {"name": "operation", "type": "93"}, {"name": "action", "type": "94"}]}, \#
    {"name": "36", "meta-type": "object", "members": [{"name": "type", "type": "71"}, {"name": "device", "type": "str"}, {"name": "len", "type": "int"}, {"name": "offset", "type": "int"}, {"name": "speed", "type": "int"}]}, \#
    {"name": "37", "meta-type": "object", "members": [{"name": "type", "type": "71"}, {"name": "id", "type": "str"}]}, \#
    {"name": "38", "meta-type": "object", "members": [{"name": "id", "type": "str"}, {"name": "status", "type": "73"}]}, \#
    {"name": "39", "meta-type": "object", "members": [{"name": "id", "type": "str"}]}, \#
    {"name": "40", "meta-type": "object", "members": [{"name": "id", "type": "str"}]}, \#
    {"name": "41", "meta-type": "object", "members": [{"name": "id", "type": "str"}]}, \#
    {"name": "42", "meta-type": "object", "members": [{"name": "id", "type": "str"}]}, \#
    {"name": "43", "meta-type": "object", "members": [{"name": "id", "type": "str"}]}, \#
    {"name": "44", "meta-type": "object", "members": [{"name": "id", "type": "str"}]}, \#
    {"name": "[45]", "meta-type": "array", "element-type": "45"}, \#
    {"name": "45", "meta-type": "object", "members": [{"name": "id", "type": "str"}, {"name": "type", "type": "71"}, {"name": "status", "type": "73"}, {"name": "current-progress", "type": "int"}, {"name": "total-progress", "type": "int"}, {"name": "error", "type": "str", "default": null}, {"name": "x-pending-request", "type": "95", "default": null}]}, \#
    {"name": "46", "meta-type": "object", "members": [{"name": "enable", "type": "[96]", "default": null}]}, \#
    {"name": "47", "meta-type": "object", "members": [{"name": "qemu", "type": "97"}, {"name": "package", "type": "str"}]}, \#
    {"name": "[48]", "meta-type": "array", "element-type": "48"}, \#
    {"name": "48", "meta-type": "object", "members": [{"name": "name", "type": "str"}]}, \#
    {"name": "[49]", "meta-type": "array", "element-type": "49"}, \#
    {"name": "49", "meta-type": "object", "members": [{"name": "name", "type": "str"}, {"name": "meta-type", "type": "98"}, {"name": "features", "type": "[str]", "default": null}], "tag": "meta-type", "variants": [{"case": "builtin", "type": "99"}, {"case": "enum", "type": "100"}, {"case": "array", "type": "101"}, {"case": "object", "type": "102"}, {"case": "alternate", "type": "103"}, {"case": "command", "type": "104"}, {"case": "event", "type": "105"}]}, \#
    {"name": "50", "meta-type": "object", "members": [{"name": "actions", "type": "[106]"}, {"name": "properties", "type": "107", "default": null}]}, \#
    {"name": "51", "meta-type": "object", "members": [{"name": "qom-type", "type": "108"}, {"name": "id", "type": "str"}], "tag": "qom-type", "variants": [{"case": "throttle-group", "type": "109"}]}, \#
    {"name": "52", "meta-type": "object", "members": [{"name": "id", "type": "str"}]}, \#
    {"name": "53", "meta-type": "object", "members": [{"name": "path", "type": "str"}, {"name": "property", "type": "str"}]}, \#
    {"name": "any", "meta-type": "builtin", "json-type": "value"}, \#
    {"name": "54", "meta-type": "object", "members": [{"name": "path", "type": "str"}, {"name": "property", "type": "str"}, {"name": "value", "type": "any"}]}, \#
    {"name": "str", "meta-type": "builtin", "json-type": "string"}, \#
    {"name": "int", "meta-type": "builtin", "json-type": "int"}, \#
    {"name": "bool", "meta-type": "builtin", "json-type": "boolean"}, \#
    {"name": "[55]", "meta-type": "array", "element-type": "55"}, \#
    {"name": "55", "meta-type": "alternate", "members": [{"type": "str"}, {"type": "2"}]}, \#
    {"name": "[56]", "meta-type": "array", "element-type": "56"}, \#
    {"name": "56", "meta-type": "object", "members": [{"name": "child", "type": "str"}, {"name": "node-name", "type": "str"}]}, \#
    {"name": "57", "meta-type": "enum", "members": [{"name": "off"}, {"name": "on"}, {"name": "unmap"}], "values": ["off", "on", "unmap"]}, \#
    {"name": "58", "meta-type": "object", "members": [{"name": "filename", "type": "str"}, {"name": "format", "type": "str"}, {"name": "dirty-flag", "type": "bool", "default": null}, {"name": "actual-size", "type": "int", "default": null}, {"name": "virtual-size", "type": "int"}, {"name": "backing-image", "type": "58", "default": null}]}, \#
    {"name": "59", "meta-type": "object", "members": [{"name": "writeback", "type": "bool"}, {"name": "direct", "type": "bool"}, {"name": "no-flush", "type": "bool"}]}, \#
    {"name": "[60]", "meta-type": "array", "element-type": "60"}, \#
    {"name": "60", "meta-type": "object", "members": [{"name": "name", "type": "str", "default": null}, {"name": "count", "type": "int"}, {"name": "granularity", "type": "int"}, {"name": "recording", "type": "bool"}, {"name": "busy", "type": "bool"}, {"name": "persistent", "type": "bool"}, {"name": "inconsistent", "type": "bool", "default": null}]}, \#
    {"name": "61", "meta-type": "object", "members": [{"name": "rd_bytes", "type": "int"}, {"name": "wr_bytes", "type": "int"}, {"name": "zone_append_bytes", "type": "int"}, {"name": "unmap_bytes", "type": "int"}, {"name": "rd_operations", "type": "int"}, {"name": "wr_operations", "type": "int"}, {"name": "zone_append_operations", "type": "int"}, {"name": "flush_operations", "type": "int"}, {"name": "unmap_operations", "type": "int"}, {"name": "rd_total_time_ns", "type": "int"}, {"name": "wr_total_time_ns", "type": "int"}, {"name": "zone_append_total_time_ns", "type": "int"}, {"name": "flush_total_time_ns", "type": "int"}, {"name": "unmap_total_time_ns", "type": "int"}, {"name": "wr_highest_offset", "type": "int"}, {"name": "rd_merged", "type": "int"}, {"name": "wr_merged", "type": "int"}, {"name": "zone_append_merged", "type": "int"}, {"name": "unmap_merged", "type": "int"}, {"name": "idle_time_ns", "type": "int", "default": null}, {"name": "failed_rd_operations", "type": "int"}, {"name": "failed_wr_operations", "type": "int"}, {"name": "failed_zone_append_operations", "type": "int"}, {"name": "failed_flush_operations", "type": "int"}, {"name": "failed_unmap_operations", "type": "int"}, {"name": "invalid_rd_operations", "type": "int"}, {"name": "invalid_wr_operations", "type": "int"}, {"name": "invalid_zone_append_operations", "type": "int"}, {"name": "invalid_flush_operations", "type": "int"}, {"name": "invalid_unmap_operations", "type": "int"}, {"name": "account_invalid", "type": "bool"}, {"name": "account_failed", "type": "bool"}, {"name": "timed_stats", "type": "[110]"}]}, \#
    {"name": "62", "meta-type": "object", "members": [{"name": "driver", "type": "77"}], "tag": "driver", "variants": [{"case": "file", "type": "111"}, {"case": "host_device", "type": "111"}, {"case": "blkdebug", "type": "1"}, {"case": "blkverify", "type": "1"}, {"case": "compress", "type": "1"}, {"case": "copy-before-write", "type": "1"}, {"case": "copy-on-read", "type": "1"}, {"case": "snapshot-access", "type": "1"}, {"case": "null-aio", "type": "1"}, {"case": "null-co", "type": "1"}, {"case": "preallocate", "type": "1"}, {"case": "qcow2", "type": "1"}, {"case": "quorum", "type": "1"}, {"case": "raw", "type": "1"}, {"case": "throttle", "type": "1"}]}, \#
    {"name": "[63]", "meta-type": "array", "element-type": "63"}, \#
    {"name": "63", "meta-type": "object", "members": [{"name": "id", "type": "int"}, {"name": "type", "type": "112"}, {"name": "name", "type": "str"}]}, \#
    {"name": "[64]", "meta-type": "array", "element-type": "64"}, \#
    {"name": "64", "meta-type": "object", "members": [{"name": "parent", "type": "int"}, {"name": "child", "type": "int"}, {"name": "name", "type": "str"}, {"name": "perm", "type": "[113]"}, {"name": "shared-perm", "type": "[113]"}]}, \#
    {"name": "[30]", "meta-type": "array", "element-type": "30"}, \#
    {"name": "65", "meta-type": "enum", "members": [{"name": "top"}, {"name": "full"}, {"name": "none"}, {"name": "incremental"}, {"name": "bitmap"}], "values": ["top", "full", "none", "incremental", "bitmap"]}, \#
    {"name": "66", "meta-type": "enum", "members": [{"name": "on-success"}, {"name": "never"}, {"name": "always"}], "values": ["on-success", "never", "always"]}, \#
    {"name": "67", "meta-type": "enum", "members": [{"name": "report"}, {"name": "ignore"}, {"name": "enospc"}, {"name": "stop"}, {"name": "auto"}], "values": ["report", "ignore", "enospc", "stop", "auto"]}, \#
    {"name": "68", "meta-type": "enum", "members": [{"name": "break-guest-write"}, {"name": "break-snapshot"}], "values": ["break-guest-write", "break-snapshot"]}, \#
    {"name": "69", "meta-type": "object", "members": [{"name": "use-copy-range", "type": "bool", "default": null}, {"name": "max-workers", "type": "int", "default": null}, {"name": "max-chunk", "type": "int", "default": null}]}, \#
    {"name": "70", "meta-type": "enum", "members": [{"name": "background"}, {"name": "write-blocking"}], "values": ["background", "write-blocking"]}, \#
    {"name": "71", "meta-type": "enum", "members": [{"name": "commit"}, {"name": "stream"}, {"name": "mirror"}, {"name": "backup"}, {"name": "create"}, {"name": "amend"}, {"name": "snapshot-load"}, {"name": "snapshot-save"}, {"name": "snapshot-delete"}], "values": ["commit", "stream", "mirror", "backup", "create", "amend", "snapshot-load", "snapshot-save", "snapshot-delete"]}, \#
    {"name": "72", "meta-type": "enum", "members": [{"name": "ok"}, {"name": "failed"}, {"name": "nospace"}], "values": ["ok", "failed", "nospace"]}, \#
    {"name": "73", "meta-type": "enum", "members": [{"name": "undefined"}, {"name": "created"}, {"name": "running"}, {"name": "paused"}, {"name": "ready"}, {"name": "standby"}, {"name": "waiting"}, {"name": "pending"}, {"name": "aborting"}, {"name": "concluded"}, {"name": "null"}], "values": ["undefined", "created", "running", "paused", "ready", "standby", "waiting", "pending", "aborting", "concluded", "null"]}, \#
    {"name": "74", "meta-type": "object", "members": [{"name": "actively-synced", "type": "bool"}]}, \#
    {"name": "75", "meta-type": "object", "members": [{"name": "copy-mode", "type": "70"}]}, \#
    {"name": "76", "meta-type": "enum", "members": [{"name": "read"}, {"name": "write"}, {"name": "flush"}], "values": ["read", "write", "flush"]}, \#
    {"name": "77", "meta-type": "enum", "members": [{"name": "blkdebug"}, {"name": "blkverify"}, {"name": "compress"}, {"name": "copy-before-write"}, {"name": "copy-on-read"}, {"name": "file"}, {"name": "snapshot-access"}, {"name": "host_device"}, {"name": "null-aio"}, {"name": "null-co"}, {"name": "preallocate"}, {"name": "qcow2"}, {"name": "quorum"}, {"name": "raw"}, {"name": "throttle"}], "values": ["blkdebug", "blkverify", "compress", "copy-before-write", "copy-on-read", "file", "snapshot-access", "host_device", "null-aio", "null-co", "preallocate", "qcow2", "quorum", "raw", "throttle"]}, \#
    {"name": "78", "meta-type": "enum", "members": [{"name": "ignore"}, {"name": "unmap"}], "values": ["ignore", "unmap"]}, \#
    {"name": "79", "meta-type": "object", "members": [{"name": "direct", "type": "bool", "default": null}, {"name": "no-flush", "type": "bool", "default": null}]}, \#
    {"name": "80", "meta-type": "object", "members": [{"name": "image", "type": "114"}, {"name": "config", "type": "str", "default": null}, {"name": "align", "type": "int", "default": null}, {"name": "max-transfer", "type": "int", "default": null}, {"name": "opt-write-zero", "type": "int", "default": null}, {"name": "max-write-zero", "type": "int", "default": null}, {"name": "opt-discard", "type": "int", "default": null}, {"name": "max-discard", "type": "int", "default": null}, {"name": "inject-error", "type": "[115]", "default": null}, {"name": "set-state", "type": "[116]", "default": null}, {"name": "take-child-perms", "type": "[113]", "default": null}, {"name": "unshare-child-perms", "type": "[113]", "default": null}]}, \#
    {"name": "81", "meta-type": "object", "members": [{"name": "test", "type": "114"}, {"name": "raw", "type": "114"}]}, \#
    {"name": "82", "meta-type": "object", "members": [{"name": "file", "type": "114"}]}, \#
    {"name": "83", "meta-type": "object", "members": [{"name": "file", "type": "114"}, {"name": "target", "type": "114"}, {"name": "bitmap", "type": "2", "default": null}, {"name": "on-cbw-error", "type": "68", "default": null}, {"name": "cbw-timeout", "type": "int", "default": null}, {"name": "min-cluster-size", "type": "int", "default": null}]}, \#
    {"name": "84", "meta-type": "object", "members": [{"name": "file", "type": "114"}, {"name": "bottom", "type": "str", "default": null}]}, \#
    {"name": "85", "meta-type": "object", "members": [{"name": "filename", "type": "str"}, {"name": "locking", "type": "117", "default": null}, {"name": "aio", "type": "118", "default": null}]}, \#
    {"name": "86", "meta-type": "object", "members": [{"name": "size", "type": "int", "default": null}, {"name": "latency-ns", "type": "int", "default": null}, {"name": "read-zeroes", "type": "bool", "default": null}]}, \#
    {"name": "87", "meta-type": "object", "members": [{"name": "file", "type": "114"}, {"name": "prealloc-align", "type": "int", "default": null}, {"name": "prealloc-size", "type": "int", "default": null}]}, \#
    {"name": "88", "meta-type": "object", "members": [{"name": "file", "type": "114"}, {"name": "backing", "type": "119", "default": null}, {"name": "lazy-refcounts", "type": "bool", "default": null}, {"name": "pass-discard-request", "type": "bool", "default": null}, {"name": "pass-discard-snapshot", "type": "bool", "default": null}, {"name": "pass-discard-other", "type": "bool", "default": null}, {"name": "discard-no-unref", "type": "bool", "default": null}, {"name": "overlap-check", "type": "120", "default": null}, {"name": "cache-size", "type": "int", "default": null}, {"name": "l2-cache-size", "type": "int", "default": null}, {"name": "l2-cache-entry-size", "type": "int", "default": null}, {"name": "refcount-cache-size", "type": "int", "default": null}, {"name": "cache-clean-interval", "type": "int", "default": null}, {"name": "data-file", "type": "114", "default": null}]}, \#
    {"name": "89", "meta-type": "object", "members": [{"name": "blkverify", "type": "bool", "default": null}, {"name": "children", "type": "[114]"}, {"name": "vote-threshold", "type": "int"}, {"name": "rewrite-corrupted", "type": "bool", "default": null}, {"name": "read-pattern", "type": "121", "default": null}]}, \#
    {"name": "90", "meta-type": "object", "members": [{"name": "file", "type": "114"}, {"name": "offset", "type": "int", "default": null}, {"name": "size", "type": "int", "default": null}]}, \#
    {"name": "91", "meta-type": "object", "members": [{"name": "throttle-group", "type": "str"}, {"name": "file", "type": "114"}]}, \#
    {"name": "92", "meta-type": "object", "members": [{"name": "driver", "type": "77"}], "tag": "driver", "variants": [{"case": "file", "type": "122"}, {"case": "qcow2", "type": "123"}, {"case": "blkdebug", "type": "1"}, {"case": "blkverify", "type": "1"}, {"case": "compress", "type": "1"}, {"case": "copy-before-write", "type": "1"}, {"case": "copy-on-read", "type": "1"}, {"case": "snapshot-access", "type": "1"}, {"case": "host_device", "type": "1"}, {"case": "null-aio", "type": "1"}, {"case": "null-co", "type": "1"}, {"case": "preallocate", "type": "1"}, {"case": "quorum", "type": "1"}, {"case": "raw", "type": "1"}, {"case": "throttle", "type": "1"}]}, \#
    {"name": "93", "meta-type": "enum", "members": [{"name": "read"}, {"name": "write"}], "values": ["read", "write"]}, \#
    {"name": "94", "meta-type": "enum", "members": [{"name": "ignore"}, {"name": "report"}, {"name": "stop"}], "values": ["ignore", "report", "stop"]}, \#
    {"name": "95", "meta-type": "enum", "members": [{"name": "cancel"}, {"name": "pause"}, {"name": "complete"}], "values": ["cancel", "pause", "complete"]}, \#
    {"name": "[96]", "meta-type": "array", "element-type": "96"}, \#
    {"name": "96", "meta-type": "enum", "members": [{"name": "oob"}], "values": ["oob"]}, \#
    {"name": "97", "meta-type": "object", "members": [{"name": "major", "type": "int"}, {"name": "minor", "type": "int"}, {"name": "micro", "type": "int"}]}, \#
    {"name": "98", "meta-type": "enum", "members": [{"name": "builtin"}, {"name": "enum"}, {"name": "array"}, {"name": "object"}, {"name": "alternate"}, {"name": "command"}, {"name": "event"}], "values": ["builtin", "enum", "array", "object", "alternate", "command", "event"]}, \#
    {"name": "[str]", "meta-type": "array", "element-type": "str"}, \#
    {"name": "99", "meta-type": "object", "members": [{"name": "json-type", "type": "124"}]}, \#
    {"name": "100", "meta-type": "object", "members": [{"name": "members", "type": "[125]"}, {"name": "values", "type": "[str]", "features": ["deprecated"]}]}, \#
    {"name": "101", "meta-type": "object", "members": [{"name": "element-type", "type": "str"}]}, \#
    {"name": "102", "meta-type": "object", "members": [{"name": "members", "type": "[126]"}, {"name": "tag", "type": "str", "default": null}, {"name": "variants", "type": "[127]", "default": null}]}, \#
    {"name": "103", "meta-type": "object", "members": [{"name": "members", "type": "[128]"}]}, \#
    {"name": "104", "meta-type": "object", "members": [{"name": "arg-type", "type": "str"}, {"name": "ret-type", "type": "str"}, {"name": "allow-oob", "type": "bool", "default": null}]}, \#
    {"name": "105", "meta-type": "object", "members": [{"name": "arg-type", "type": "str"}]}, \#
    {"name": "[106]", "meta-type": "array", "element-type": "106"}, \#
    {"name": "106", "meta-type": "object", "members": [{"name": "type", "type": "129"}], "tag": "type", "variants": [{"case": "abort", "type": "130"}, {"case": "blockdev-backup", "type": "131"}, {"case": "blockdev-snapshot", "type": "132"}]}, \#
    {"name": "107", "meta-type": "object", "members": [{"name": "completion-mode", "type": "133", "default": null}]}, \#
    {"name": "108", "meta-type": "enum", "members": [{"name": "throttle-group"}], "values": ["throttle-group"]}, \#
    {"name": "109", "meta-type": "object", "members": [{"name": "limits", "type": "134", "default": null}, {"name": "x-iops-total", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-iops-total-max", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-iops-total-max-length", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-iops-read", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-iops-read-max", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-iops-read-max-length", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-iops-write", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-iops-write-max", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-iops-write-max-length", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-bps-total", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-bps-total-max", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-bps-total-max-length", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-bps-read", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-bps-read-max", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-bps-read-max-length", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-bps-write", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-bps-write-max", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-bps-write-max-length", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-iops-size", "type": "int", "default": null, "features": ["unstable"]}]}, \#
    {"name": "[110]", "meta-type": "array", "element-type": "110"}, \#
    {"name": "110", "meta-type": "object", "members": [{"name": "interval_length", "type": "int"}, {"name": "min_rd_latency_ns", "type": "int"}, {"name": "max_rd_latency_ns", "type": "int"}, {"name": "avg_rd_latency_ns", "type": "int"}, {"name": "min_wr_latency_ns", "type": "int"}, {"name": "max_wr_latency_ns", "type": "int"}, {"name": "avg_wr_latency_ns", "type": "int"}, {"name": "min_zone_append_latency_ns", "type": "int"}, {"name": "max_zone_append_latency_ns", "type": "int"}, {"name": "avg_zone_append_latency_ns", "type": "int"}, {"name": "min_flush_latency_ns", "type": "int"}, {"name": "max_flush_latency_ns", "type": "int"}, {"name": "avg_flush_latency_ns", "type": "int"}, {"name": "avg_rd_queue_depth", "type": "number"}, {"name": "avg_wr_queue_depth", "type": "number"}, {"name": "avg_zone_append_queue_depth", "type": "number"}]}, \#
    {"name": "111", "meta-type": "object", "members": [{"name": "discard-nb-ok", "type": "int"}, {"name": "discard-nb-failed", "type": "int"}, {"name": "discard-bytes-ok", "type": "int"}]}, \#
    {"name": "112", "meta-type": "enum", "members": [{"name": "block-backend"}, {"name": "block-job"}, {"name": "block-driver"}], "values": ["block-backend", "block-job", "block-driver"]}, \#
    {"name": "[113]", "meta-type": "array", "element-type": "113"}, \#
    {"name": "113", "meta-type": "enum", "members": [{"name": "consistent-read"}, {"name": "write"}, {"name": "write-unchanged"}, {"name": "resize"}], "values": ["consistent-read", "write", "write-unchanged", "resize"]}, \#
    {"name": "114", "meta-type": "alternate", "members": [{"type": "30"}, {"type": "str"}]}, \#
    {"name": "[115]", "meta-type": "array", "element-type": "115"}, \#
    {"name": "115", "meta-type": "object", "members": [{"name": "event", "type": "135"}, {"name": "state", "type": "int", "default": null}, {"name": "iotype", "type": "136", "default": null}, {"name": "errno", "type": "int", "default": null}, {"name": "sector", "type": "int", "default": null}, {"name": "once", "type": "bool", "default": null}, {"name": "immediately", "type": "bool", "default": null}]}, \#
    {"name": "[116]", "meta-type": "array", "element-type": "116"}, \#
    {"name": "116", "meta-type": "object", "members": [{"name": "event", "type": "135"}, {"name": "state", "type": "int", "default": null}, {"name": "new_state", "type": "int"}]}, \#
    {"name": "117", "meta-type": "enum", "members": [{"name": "auto"}, {"name": "on"}, {"name": "off"}], "values": ["auto", "on", "off"]}, \#
    {"name": "118", "meta-type": "enum", "members": [{"name": "threads"}, {"name": "native"}, {"name": "io_uring"}], "values": ["threads", "native", "io_uring"]}, \#
    {"name": "119", "meta-type": "alternate", "members": [{"type": "30"}, {"type": "str"}, {"type": "null"}]}, \#
    {"name": "120", "meta-type": "alternate", "members": [{"type": "137"}, {"type": "138"}]}, \#
    {"name": "[114]", "meta-type": "array", "element-type": "114"}, \#
    {"name": "121", "meta-type": "enum", "members": [{"name": "quorum"}, {"name": "fifo"}], "values": ["quorum", "fifo"]}, \#
    {"name": "122", "meta-type": "object", "members": [{"name": "filename", "type": "str"}, {"name": "size", "type": "int"}, {"name": "preallocation", "type": "139", "default": null}, {"name": "nocow", "type": "bool", "default": null}, {"name": "extent-size-hint", "type": "int", "default": null}]}, \#
    {"name": "123", "meta-type": "object", "members": [{"name": "file", "type": "114"}, {"name": "data-file", "type": "114", "default": null}, {"name": "data-file-raw", "type": "bool", "default": null}, {"name": "extended-l2", "type": "bool", "default": null}, {"name": "size", "type": "int"}, {"name": "version", "type": "140", "default": null}, {"name": "backing-file", "type": "str", "default": null}, {"name": "backing-fmt", "type": "77", "default": null}, {"name": "cluster-size", "type": "int", "default": null}, {"name": "preallocation", "type": "139", "default": null}, {"name": "lazy-refcounts", "type": "bool", "default": null}, {"name": "refcount-bits", "type": "int", "default": null}, {"name": "compression-type", "type": "141", "default": null}]}, \#
    {"name": "124", "meta-type": "enum", "members": [{"name": "string"}, {"name": "number"}, {"name": "int"}, {"name": "boolean"}, {"name": "null"}, {"name": "object"}, {"name": "array"}, {"name": "value"}], "values": ["string", "number", "int", "boolean", "null", "object", "array", "value"]}, \#
    {"name": "[125]", "meta-type": "array", "element-type": "125"}, \#
    {"name": "125", "meta-type": "object", "members": [{"name": "name", "type": "str"}, {"name": "features", "type": "[str]", "default": null}]}, \#
    {"name": "[126]", "meta-type": "array", "element-type": "126"}, \#
    {"name": "126", "meta-type": "object", "members": [{"name": "name", "type": "str"}, {"name": "type", "type": "str"}, {"name": "default", "type": "any", "default": null}, {"name": "features", "type": "[str]", "default": null}]}, \#
    {"name": "[127]", "meta-type": "array", "element-type": "127"}, \#
    {"name": "127", "meta-type": "object", "members": [{"name": "case", "type": "str"}, {"name": "type", "type": "str"}]}, \#
    {"name": "[128]", "meta-type": "array", "element-type": "128"}, \#
    {"name": "128", "meta-type": "object", "members": [{"name": "type", "type": "str"}]}, \#
    {"name": "129", "meta-type": "enum", "members": [{"name": "abort"}, {"name": "blockdev-backup"}, {"name": "blockdev-snapshot"}], "values": ["abort", "blockdev-backup", "blockdev-snapshot"]}, \#
    {"name": "130", "meta-type": "object", "members": [{"name": "data", "type": "142"}]}, \#
    {"name": "131", "meta-type": "object", "members": [{"name": "data", "type": "17"}]}, \#
    {"name": "132", "meta-type": "object", "members": [{"name": "data", "type": "15"}]}, \#
    {"name": "133", "meta-type": "enum", "members": [{"name": "individual"}, {"name": "grouped"}], "values": ["individual", "grouped"]}, \#
    {"name": "134", "meta-type": "object", "members": [{"name": "iops-total", "type": "int", "default": null}, {"name": "iops-total-max", "type": "int", "default": null}, {"name": "iops-total-max-length", "type": "int", "default": null}, {"name": "iops-read", "type": "int", "default": null}, {"name": "iops-read-max", "type": "int", "default": null}, {"name": "iops-read-max-length", "type": "int", "default": null}, {"name": "iops-write", "type": "int", "default": null}, {"name": "iops-write-max", "type": "int", "default": null}, {"name": "iops-write-max-length", "type": "int", "default": null}, {"name": "bps-total", "type": "int", "default": null}, {"name": "bps-total-max", "type": "int", "default": null}, {"name": "bps-total-max-length", "type": "int", "default": null}, {"name": "bps-read", "type": "int", "default": null}, {"name": "bps-read-max", "type": "int", "default": null}, {"name": "bps-read-max-length", "type": "int", "default": null}, {"name": "bps-write", "type": "int", "default": null}, {"name": "bps-write-max", "type": "int", "default": null}, {"name": "bps-write-max-length", "type": "int", "default": null}, {"name": "iops-size", "type": "int", "default": null}]}, \#
    {"name": "number", "meta-type": "builtin", "json-type": "number"}, \#
    {"name": "135", "meta-type": "enum", "members": [{"name": "l1_update"}, {"name": "l1_grow_alloc_table"}, {"name": "l1_grow_write_table"}, {"name": "l1_grow_activate_table"}, {"name": "l2_load"}, {"name": "l2_update"}, {"name": "l2_update_compressed"}, {"name": "l2_alloc_cow_read"}, {"name": "l2_alloc_write"}, {"name": "read_aio"}, {"name": "read_backing_aio"}, {"name": "read_compressed"}, {"name": "write_aio"}, {"name": "write_compressed"}, {"name": "vmstate_load"}, {"name": "vmstate_save"}, {"name": "cow_read"}, {"name": "cow_write"}, {"name": "reftable_load"}, {"name": "reftable_grow"}, {"name": "reftable_update"}, {"name": "refblock_load"}, {"name": "refblock_update"}, {"name": "refblock_update_part"}, {"name": "refblock_alloc"}, {"name": "refblock_alloc_hookup"}, {"name": "refblock_alloc_write"}, {"name": "refblock_alloc_write_blocks"}, {"name": "refblock_alloc_write_table"}, {"name": "refblock_alloc_switch_table"}, {"name": "cluster_alloc"}, {"name": "cluster_alloc_bytes"}, {"name": "cluster_free"}, {"name": "flush_to_os"}, {"name": "flush_to_disk"}, {"name": "pwritev_rmw_head"}, {"name": "pwritev_rmw_after_head"}, {"name": "pwritev_rmw_tail"}, {"name": "pwritev_rmw_after_tail"}, {"name": "pwritev"}, {"name": "pwritev_zero"}, {"name": "pwritev_done"}, {"name": "empty_image_prepare"}, {"name": "l1_shrink_write_table"}, {"name": "l1_shrink_free_l2_clusters"}, {"name": "cor_write"}, {"name": "cluster_alloc_space"}, {"name": "none"}], "values": ["l1_update", "l1_grow_alloc_table", "l1_grow_write_table", "l1_grow_activate_table", "l2_load", "l2_update", "l2_update_compressed", "l2_alloc_cow_read", "l2_alloc_write", "read_aio", "read_backing_aio", "read_compressed", "write_aio", "write_compressed", "vmstate_load", "vmstate_save", "cow_read", "cow_write", "reftable_load", "reftable_grow", "reftable_update", "refblock_load", "refblock_update", "refblock_update_part", "refblock_alloc", "refblock_alloc_hookup", "refblock_alloc_write", "refblock_alloc_write_blocks", "refblock_alloc_write_table", "refblock_alloc_switch_table", "cluster_alloc", "cluster_alloc_bytes", "cluster_free", "flush_to_os", "flush_to_disk", "pwritev_rmw_head", "pwritev_rmw_after_head", "pwritev_rmw_tail", "pwritev_rmw_after_tail", "pwritev", "pwritev_zero", "pwritev_done", "empty_image_prepare", "l1_shrink_write_table", "l1_shrink_free_l2_clusters", "cor_write", "cluster_alloc_space", "none"]}, \#
    {"name": "136", "meta-type": "enum", "members": [{"name": "read"}, {"name": "write"}, {"name": "write-zeroes"}, {"name": "discard"}, {"name": "flush"}, {"name": "block-status"}], "values": ["read", "write", "write-zeroes", "discard", "flush", "block-status"]}, \#
    {"name": "null", "meta-type": "builtin", "json-type": "null"}, \#
    {"name": "137", "meta-type": "object", "members": [{"name": "template", "type": "138", "default": null}, {"name": "main-header", "type": "bool", "default": null}, {"name": "active-l1", "type": "bool", "default": null}, {"name": "active-l2", "type": "bool", "default": null}, {"name": "refcount-table", "type": "bool", "default": null}, {"name": "refcount-block", "type": "bool", "default": null}, {"name": "snapshot-table", "type": "bool", "default": null}, {"name": "inactive-l1", "type": "bool", "default": null}, {"name": "inactive-l2", "type": "bool", "default": null}, {"name": "bitmap-directory", "type": "bool", "default": null}]}, \#
    {"name": "138", "meta-type": "enum", "members": [{"name": "none"}, {"name": "constant"}, {"name": "cached"}, {"name": "all"}], "values": ["none", "constant", "cached", "all"]}, \#
    {"name": "139", "meta-type": "enum", "members": [{"name": "off"}, {"name": "metadata"}, {"name": "falloc"}, {"name": "full"}], "values": ["off", "metadata", "falloc", "full"]}, \#
    {"name": "140", "meta-type": "enum", "members": [{"name": "v2"}, {"name": "v3"}], "values": ["v2", "v3"]}, \#
    {"name": "141", "meta-type": "enum", "members": [{"name": "zlib"}, {"name": "zstd"}], "values": ["zlib", "zstd"]}, \#
    {"name": "142", "meta-type": "object", "members": []}\#
    ]
    """#
