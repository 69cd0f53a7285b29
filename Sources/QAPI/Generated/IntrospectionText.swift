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
    {"name": "blockdev-snapshot-sync", "meta-type": "command", "arg-type": "16", "ret-type": "1"}, \#
    {"name": "change-backing-file", "meta-type": "command", "arg-type": "17", "ret-type": "1"}, \#
    {"name": "blockdev-snapshot-internal-sync", "meta-type": "command", "arg-type": "18", "ret-type": "1"}, \#
    {"name": "blockdev-snapshot-delete-internal-sync", "meta-type": "command", "arg-type": "19", "ret-type": "20"}, \#
    {"name": "BLOCK_IMAGE_CORRUPTED", "meta-type": "event", "arg-type": "21"}, \#
    {"name": "blockdev-reopen", "meta-type": "command", "arg-type": "22", "ret-type": "1"}, \#
    {"name": "blockdev-backup", "meta-type": "command", "arg-type": "23", "ret-type": "1"}, \#
    {"name": "blockdev-mirror", "meta-type": "command", "arg-type": "24", "ret-type": "1"}, \#
    {"name": "query-block-jobs", "meta-type": "command", "arg-type": "1", "ret-type": "[25]"}, \#
    {"name": "block-job-set-speed", "meta-type": "command", "arg-type": "26", "ret-type": "1", "allow-oob": true}, \#
    {"name": "block-job-cancel", "meta-type": "command", "arg-type": "27", "ret-type": "1", "allow-oob": true}, \#
    {"name": "block-job-pause", "meta-type": "command", "features": ["deprecated"], "arg-type": "28", "ret-type": "1", "allow-oob": true}, \#
    {"name": "block-job-resume", "meta-type": "command", "features": ["deprecated"], "arg-type": "29", "ret-type": "1", "allow-oob": true}, \#
    {"name": "block-job-complete", "meta-type": "command", "features": ["deprecated"], "arg-type": "30", "ret-type": "1", "allow-oob": true}, \#
    {"name": "block-job-dismiss", "meta-type": "command", "features": ["deprecated"], "arg-type": "31", "ret-type": "1", "allow-oob": true}, \#
    {"name": "block-job-finalize", "meta-type": "command", "features": ["deprecated"], "arg-type": "32", "ret-type": "1"}, \#
    {"name": "block-job-change", "meta-type": "command", "arg-type": "33", "ret-type": "1", "allow-oob": true}, \#
    {"name": "QUORUM_FAILURE", "meta-type": "event", "arg-type": "34"}, \#
    {"name": "QUORUM_REPORT_BAD", "meta-type": "event", "arg-type": "35"}, \#
    {"name": "blockdev-add", "meta-type": "command", "arg-type": "36", "ret-type": "1"}, \#
    {"name": "blockdev-del", "meta-type": "command", "arg-type": "37", "ret-type": "1"}, \#
    {"name": "blockdev-create", "meta-type": "command", "arg-type": "38", "ret-type": "1"}, \#
    {"name": "BLOCK_JOB_COMPLETED", "meta-type": "event", "arg-type": "39"}, \#
    {"name": "BLOCK_JOB_CANCELLED", "meta-type": "event", "arg-type": "40"}, \#
    {"name": "BLOCK_JOB_ERROR", "meta-type": "event", "arg-type": "41"}, \#
    {"name": "BLOCK_JOB_READY", "meta-type": "event", "arg-type": "42"}, \#
    {"name": "BLOCK_JOB_PENDING", "meta-type": "event", "arg-type": "43"}, \#
    {"name": "JOB_STATUS_CHANGE", "meta-type": "event", "arg-type": "44"}, \#
    {"name": "job-pause", "meta-type": "command", "arg-type": "45", "ret-type": "1", "allow-oob": true}, \#
    {"name": "job-resume", "meta-type": "command", "arg-type": "46", "ret-type": "1", "allow-oob": true}, \#
    {"name": "job-cancel", "meta-type": "command", "arg-type": "47", "ret-type": "1", "allow-oob": true}, \#
    {"name": "job-complete", "meta-type": "command", "arg-type": "48", "ret-type": "1", "allow-oob": true}, \#
    {"name": "job-dismiss", "meta-type": "command", "arg-type": "49", "ret-type": "1", "allow-oob": true}, \#
    {"name": "job-finalize", "meta-type": "command", "arg-type": "50", "ret-type": "1"}, \#
    {"name": "query-jobs", "meta-type": "command", "arg-type": "1", "ret-type": "[51]", "allow-oob": true}, \#
    {"name": "qmp_capabilities", "meta-type": "command", "arg-type": "52", "ret-type": "1"}, \#
    {"name": "query-version", "meta-type": "command", "arg-type": "1", "ret-type": "53", "allow-oob": true}, \#
    {"name": "query-commands", "meta-type": "command", "arg-type": "1", "ret-type": "[54]"}, \#
    {"name": "quit", "meta-type": "command", "arg-type": "1", "ret-type": "1"}, \#
    {"name": "query-qmp-schema", "meta-type": "command", "arg-type": "1", "ret-type": "[55]"}, \#
    {"name": "transaction", "meta-type": "command", "arg-type": "56", "ret-type": "1"}, \#
    {"name": "object-add", "meta-type": "command", "arg-type": "57", "ret-type": "1"}, \#
    {"name": "object-del", "meta-type": "command", "arg-type": "58", "ret-type": "1"}, \#
    {"name": "qom-get", "meta-type": "command", "arg-type": "59", "ret-type": "any"}, \#
    {"name": "qom-set", "meta-type": "command", "arg-type": "60", "ret-type": "1"}, \#
    {"name": "0", "meta-type": "object", "members": [{"name": "node", "type": "str"}, {"name": "name", "type": "str"}, {"name": "granularity", "type": "int", "default": null}, {"name": "persistent", "type": "bool", "default": null}, {"name": "disabled", "type": "bool", "default": null}]}, \#
    {"name": "1", "meta-type": "object", "members": []}, \#
    {"name": "2", "meta-type": "object", "members": [{"name": "node", "type": "str"}, {"name": "name", "type": "str"}]}, \#
    {"name": "3", "meta-type": "object", "members": [{"name": "node", "type": "str"}, {"name": "target", "type": "str"}, {"name": "bitmaps", "type": "[61]"}]}, \#
    {"name": "4", "meta-type": "object", "members": [{"name": "sha256", "type": "str"}]}, \#
    {"name": "[5]", "meta-type": "array", "element-type": "5"}, \#
    {"name": "5", "meta-type": "object", "members": [{"name": "device", "type": "str"}, {"name": "type", "type": "str"}, {"name": "removable", "type": "bool"}, {"name": "locked", "type": "bool"}, {"name": "inserted", "type": "8", "default": null}]}, \#
    {"name": "6", "meta-type": "object", "members": [{"name": "device", "type": "str", "default": null}, {"name": "node-name", "type": "str", "default": null}, {"name": "size", "type": "int"}]}, \#
    {"name": "7", "meta-type": "object", "members": [{"name": "flat", "type": "bool", "default": null}]}, \#
    {"name": "[8]", "meta-type": "array", "element-type": "8"}, \#
    {"name": "8", "meta-type": "object", "members": [{"name": "file", "type": "str"}, {"name": "node-name", "type": "str"}, {"name": "ro", "type": "bool"}, {"name": "drv", "type": "str"}, {"name": "backing_file", "type": "str", "default": null}, {"name": "backing_file_depth", "type": "int"}, {"name": "children", "type": "[62]"}, {"name": "active", "type": "bool"}, {"name": "encrypted", "type": "bool"}, {"name": "detect_zeroes", "type": "63"}, {"name": "bps", "type": "int"}, {"name": "bps_rd", "type": "int"}, {"name": "bps_wr", "type": "int"}, {"name": "iops", "type": "int"}, {"name": "iops_rd", "type": "int"}, {"name": "iops_wr", "type": "int"}, {"name": "image", "type": "64"}, {"name": "cache", "type": "65"}, {"name": "write_threshold", "type": "int"}, {"name": "dirty-bitmaps", "type": "[66]", "default": null}]}, \#
    {"name": "9", "meta-type": "object", "members": [{"name": "query-nodes", "type": "bool", "default": null}]}, \#
    {"name": "[10]", "meta-type": "array", "element-type": "10"}, \#
    {"name": "10", "meta-type": "object", "members": [{"name": "device", "type": "str", "default": null}, {"name": "node-name", "type": "str", "default": null}, {"name": "stats", "type": "67"}, {"name": "driver-specific", "type": "68", "default": null}, {"name": "parent", "type": "10", "default": null}, {"name": "backing", "type": "10", "default": null}]}, \#
    {"name": "11", "meta-type": "object", "members": [{"name": "node-name", "type": "str"}, {"name": "write-threshold", "type": "int"}]}, \#
    {"name": "12", "meta-type": "object", "members": [{"name": "node-name", "type": "str"}, {"name": "amount-exceeded", "type": "int"}, {"name": "write-threshold", "type": "int"}]}, \#
    {"name": "13", "meta-type": "object", "members": [{"name": "nodes", "type": "[69]"}, {"name": "edges", "type": "[70]"}]}, \#
    {"name": "14", "meta-type": "object", "members": [{"name": "parent", "type": "str"}, {"name": "child", "type": "str", "default": null}, {"name": "node", "type": "str", "default": null}]}, \#
    {"name": "15", "meta-type": "object", "members": [{"name": "node", "type": "str"}, {"name": "overlay", "type": "str"}]}, \#
    {"name": "16", "meta-type": "object", "members": [{"name": "device", "type": "str", "default": null}, {"name": "node-name", "type": "str", "default": null}, {"name": "snapshot-file", "type": "str"}, {"name": "snapshot-node-name", "type": "str", "default": null}, {"name": "format", "type": "str", "default": null}, {"name": "mode", "type": "71", "default": null}]}, \#
    {"name": "17", "meta-type": "object", "members": [{"name": "device", "type": "str"}, {"name": "image-node-name", "type": "str"}, {"name": "backing-file", "type": "str"}]}, \#
    {"name": "18", "meta-type": "object", "members": [{"name": "device", "type": "str"}, {"name": "name", "type": "str"}]}, \#
    {"name": "19", "meta-type": "object", "members": [{"name": "device", "type": "str"}, {"name": "id", "type": "str", "default": null}, {"name": "name", "type": "str", "default": null}]}, \#
    {"name": "20", "meta-type": "object", "members": [{"name": "id", "type": "str"}, {"name": "name", "type": "str"}, {"name": "vm-state-size", "type": "int"}, {"name": "date-sec", "type": "int"}, {"name": "date-nsec", "type": "int"}, {"name": "vm-clock-sec", "type": "int"}, {"name": "vm-clock-nsec", "type": "int"}, {"name": "icount", "type": "int", "default": null}]}, \#
    {"name": "21", "meta-type": "object", "members": [{"name": "device", "type": "str"}, {"name": "node-name", "type": "str", "default": null}, {"name": "msg", "type": "str"}, {"name": "offset", "type": "int", "default": null}, {"name": "size", "type": "int", "default": null}, {"name": "fatal", "type": "bool"}]}, \#
    {"name": "22", "meta-type": "object", "members": [{"name": "options", "type": "[36]"}]}, \#
    {"name": "23", "meta-type": "object", "members": [{"name": "job-id", "type": "str", "default": null}, {"name": "device", "type": "str"}, {"name": "sync", "type": "72"}, {"name": "speed", "type": "int", "default": null}, {"name": "compress", "type": "bool", "default": null}, {"name": "on-source-error", "type": "73", "default": null}, {"name": "on-target-error", "type": "73", "default": null}, {"name": "on-cbw-error", "type": "74", "default": null}, {"name": "auto-finalize", "type": "bool", "default": null}, {"name": "auto-dismiss", "type": "bool", "default": null}, {"name": "filter-node-name", "type": "str", "default": null}, {"name": "x-perf", "type": "75", "default": null, "features": ["unstable"]}, {"name": "target", "type": "str"}]}, \#
    {"name": "24", "meta-type": "object", "members": [{"name": "job-id", "type": "str", "default": null}, {"name": "device", "type": "str"}, {"name": "target", "type": "str"}, {"name": "replaces", "type": "str", "default": null}, {"name": "sync", "type": "72"}, {"name": "speed", "type": "int", "default": null}, {"name": "granularity", "type": "int", "default": null}, {"name": "buf-size", "type": "int", "default": null}, {"name": "on-source-error", "type": "73", "default": null}, {"name": "on-target-error", "type": "73", "default": null}, {"name": "filter-node-name", "type": "str", "default": null}, {"name": "copy-mode", "type": "76", "default": null}, {"name": "auto-finalize", "type": "bool", "default": null}, {"name": "auto-dismiss", "type": "bool", "default": null}, {"name": "target-is-zero", "type": "bool", "default": null}]}, \#
    {"name": "[25]", "meta-type": "array", "element-type": "25"}, \#
    {"name": "25", "meta-type": "object", "members": [{"name": "type", "type": "77"}, {"name": "device", "type": "str"}, {"name": "len", "type": "int"}, {"name": "offset", "type": "int"}, {"name": "busy", "type": "bool"}, {"name": "paused", "type": "bool"}, {"name": "speed", "type": "int"}, {"name": "io-status", "type": "78"}, {"name": "ready", "type": "bool"}, {"name": "status", "type": "79"}, {"name": "auto-finalize", "type": "bool"}, {"name": "auto-dismiss", "type": "bool"}, {"name": "error", "type": "str", "default": null}], "tag": "type", "variants": [{"case": "mirror", "type": "80"}, {"case": "commit", "type": "1"}, {"case": "stream", "type": "1"}, {"case": "backup", "type": "1"}, {"case": "create", "type": "1"}, {"case": "amend", "type": "1"}, {"case": "snapshot-load", "type": "1"}, {"case": "snapshot-save", "type": "1"}, {"case": "snapshot-delete", "type": "1"}]}, \#
    {"name": "26", "meta-type": "object", "members": [{"name": "device", "type": "str"}, {"name": "speed", "type": "int"}]}, \#
    {"name": "27", "meta-type": "object", "members": [{"name": "device", "type": "str"}, {"name": "force", "type": "bool", "default": null}]}, \#
    {"name": "28", "meta-type": "object", "members": [{"name": "device", "type": "str"}]}, \#
    {"name": "29", "meta-type": "object", "members": [{"name": "device", "type": "str"}]}, \#
    {"name": "30", "meta-type": "object", "members": [{"name": "device", "type": "str"}]}, \#
    {"name": "31", "meta-type": "object", "members": [{"name": "id", "type": "str"}]}, \#
    {"name": "32", "meta-type": "object", "members": [{"name": "id", "type": "str"}]}, \#
    {"name": "33", "meta-type": "object", "members": [{"name": "id", "type": "str"}, {"name": "type", "type": "77"}], "tag": "type", "variants": [{"case": "mirror", "type": "81"}, {"case": "commit", "type": "1"}, {"case": "stream", "type": "1"}, {"case": "backup", "type": "1"}, {"case": "create", "type": "1"}, {"case": "amend", "type": "1"}, {"case": "snapshot-load", "type": "1"}, {"case": "snapshot-save", "type": "1"}, {"case": "snapshot-delete", "type": "1"}]}, \#
    {"name": "34", "meta-type": "object", "members": [{"name": "reference", "type": "str"}, {"name": "sector-num", "type": "int"}, {"name": "sectors-count", "type": "int"}]}, \#
    {"name": "35", "meta-type": "object", "members": [{"name": "type", "type": "82"}, {"name": "error", "type": "str", "default": null}, {"name": "node-name", "type": "str"}, {"name": "sector-num", "type": "int"}, {"name": "sectors-count", "type": "int"}]}, \#
    {"name": "36", "meta-type": "object", "members": [{"name": "driver", "type": "83"}, {"name": "node-name", "type": "str", "default": null}, {"name": "discard", "type": "84", "default": null}, {"name": "cache", "type": "85", "default": null}, {"name": "read-only", "type": "bool", "default": null}, {"name": "auto-read-only", "type": "bool", "default": null}, {"name": "force-share", "type": "bool", "default": null}, {"name": "detect-zeroes", "type": "63", "default": null}], "tag": "driver", "variants": [{"case": "blkdebug", "type": "86"}, {"case": "blkverify", "type": "87"}, {"case": "compress", "type": "88"}, {"case": "copy-before-write", "type": "89"}, {"case": "copy-on-read", "type": "90"}, {"case": "file", "type": "91"}, {"case": "host_device", "type": "91"}, {"case": "null-aio", "type": "92"}, {"case": "null-co", "type": "92"}, {"case": "preallocate", "type": "93"}, {"case": "qcow2", "type": "94"}, {"case": "quorum", "type": "95"}, {"case": "raw", "type": "96"}, {"case": "snapshot-access", "type": "88"}, {"case": "throttle", "type": "97"}]}, \#
    {"name": "37", "meta-type": "object", "members": [{"name": "node-name", "type": "str"}]}, \#
    {"name": "38", "meta-type": "object", "members": [{"name": "job-id", "type": "str"}, {"name": "options", "type": "98"}]}, \#
    {"name": "39", "meta-type": "object", "members": [{"name": "type", "type": "77"}, {"name": "device", "type": "str"}, {"name": "len", "type": "int"}, {"name": "offset", "type": "int"}, {"name": "speed", "type": "int"}, {"name": "error", "type": "str", "default": null}]}, \#
    {"name": "40", "meta-type": "object", "members": [{"name": "type", "type": "77"}, {"name": "device", "type": "str"}, {"name": "len", "type": "int"}, {"name": "offset", "type": "int"}, {"name": "speed", "type": "int"}]}, \#
    {"name": "41", "meta-type": "object", "members": [{"name": "device", "type": "str"}, {"name": "operation", "type": "99"}, {"name": "action", "type": "100"}]}, \#
    {"name": "42", "meta-type": "object", "members": [{"name": "type", "type": "77"}, {"name": "device", "type": "str"}, {"name": "len", "type": "int"}, {"name": "offset", "type": "int"}, {"name": "speed", "type": "int"}]}, \#
    {"name": "43", "meta-type": "object", "members": [{"name": "type", "type": "77"}, {"name": "id", "type": "str"}]}, \#
    {"name": "44", "meta-type": "object", "members": [{"name": "id", "type": "str"}, {"name": "status", "type": "79"}]}, \#
    {"name": "45", "meta-type": "object", "members": [{"name": "id", "type": "str"}]}, \#
    {"name": "46", "meta-type": "object", "members": [{"name": "id", "type": "str"}]}, \#
    {"name": "47", "meta-type": "object", "members": [{"name": "id", "type": "str"}]}, \#
    {"name": "48", "meta-type": "object", "members": [{"name": "id", "type": "str"}]}, \#
    {"name": "49", "meta-type": "object", "members": [{"name": "id", "type": "str"}]}, \#
    {"name": "50", "meta-type": "object", "members": [{"name": "id", "type": "str"}]}, \#
    {"name": "[51]", "meta-type": "array", "element-type": "51"}, \#
    {"name": "51", "meta-type": "object", "members": [{"name": "id", "type": "str"}, {"name": "type", "type": "77"}, {"name": "status", "type": "79"}, {"name": "current-progress", "type": "int"}, {"name": "total-progress", "type": "int"}, {"name": "error", "type": "str", "default": null}, {"name": "x-pending-request", "type": "101", "default": null}]}, \#
    {"name": "52", "meta-type": "object", "members": [{"name": "enable", "type": "[102]", "default": null}]}, \#
    {"name": "53", "meta-type": "object", "members": [{"name": "qemu", "type": "103"}, {"name": "package", "type": "str"}]}, \#
    {"name": "[54]", "meta-type": "array", "element-type": "54"}, \#
    {"name": "54", "meta-type": "object", "members": [{"name": "name", "type": "str"}]}, \#
    {"name": "[55]", "meta-type": "array", "element-type": "55"}, \#
    {"name": "55", "meta-type": "object", "members": [{"name": "name", "type": "str"}, {"name": "meta-type", "type": "104"}, {"name": "features", "type": "[str]", "default": null}], "tag": "meta-type", "variants": [{"case": "builtin", "type": "105"}, {"case": "enum", "type": "106"}, {"case": "array", "type": "107"}, {"case": "object", "type": "108"}, {"case": "alternate", "type": "109"}, {"case": "command", "type": "110"}, {"case": "event", "type": "111"}]}, \#
    {"name": "56", "meta-type": "object", "members": [{"name": "actions", "type": "[112]"}, {"name": "properties", "type": "113", "default": null}]}, \#
    {"name": "57", "meta-type": "object", "members": [{"name": "qom-type", "type": "114"}, {"name": "id", "type": "str"}], "tag": "qom-type", "variants": [{"case": "throttle-group", "type": "115"}]}, \#
    {"name": "58", "meta-type": "object", "members": [{"name": "id", "type": "str"}]}, \#
    {"name": "59", "meta-type": "object", "members": [{"name": "path", "type": "str"}, {"name": "property", "type": "str"}]}, \#
    {"name": "any", "meta-type": "builtin", "json-type": "value"}, \#
    {"name": "60", "meta-type": "object", "members": [{"name": "path", "type": "str"}, {"name": "property", "type": "str"}, {"name": "value", "type": "any"}]}, \#
    {"name": "str", "meta-type": "builtin", "json-type": "string"}, \#
    {"name": "int", "meta-type": "builtin", "json-type": "int"}, \#
    {"name": "bool", "meta-type": "builtin", "json-type": "boolean"}, \#
    {"name": "[61]", "meta-type": "array", "element-type": "61"}, \#
    {"name": "61", "meta-type": "alternate", "members": [{"type": "str"}, {"type": "2"}]}, \#
    {"name": "[62]", "meta-type": "array", "element-type": "62"}, \#
    {"name": "62", "meta-type": "object", "members": [{"name": "child", "type": "str"}, {"name": "node-name", "type": "str"}]}, \#
    {"name": "63", "meta-type": "enum", "members": [{"name": "off"}, {"name": "on"}, {"name": "unmap"}], "values": ["off", "on", "unmap"]}, \#
    {"name": "64", "meta-type": "object", "members": [{"name": "filename", "type": "str"}, {"name": "format", "type": "str"}, {"name": "dirty-flag", "type": "bool", "default": null}, {"name": "actual-size", "type": "int", "default": null}, {"name": "virtual-size", "type": "int"}, {"name": "cluster-size", "type": "int", "default": null}, {"name": "backing-filename", "type": "str", "default": null}, {"name": "full-backing-filename", "type": "str", "default": null}, {"name": "backing-filename-format", "type": "str", "default": null}, {"name": "snapshots", "type": "[20]", "default": null}, {"name": "format-specific", "type": "116", "default": null}, {"name": "backing-image", "type": "64", "default": null}]}, \#
    {"name": "65", "meta-type": "object", "members": [{"name": "writeback", "type": "bool"}, {"name": "direct", "type": "bool"}, {"name": "no-flush", "type": "bool"}]}, \#
    {"name": "[66]", "meta-type": "array", "element-type": "66"}, \#
    {"name": "66", "meta-type": "object", "members": [{"name": "name", "type": "str", "default": null}, {"name": "count", "type": "int"}, {"name": "granularity", "type": "int"}, {"name": "recording", "type": "bool"}, {"name": "busy", "type": "bool"}, {"name": "persistent", "type": "bool"}, {"name": "inconsistent", "type": "bool", "default": null}]}, \#
    {"name": "67", "meta-type": "object", "members": [{"name": "rd_bytes", "type": "int"}, {"name": "wr_bytes", "type": "int"}, {"name": "zone_append_bytes", "type": "int"}, {"name": "unmap_bytes", "type": "int"}, {"name": "rd_operations", "type": "int"}, {"name": "wr_operations", "type": "int"}, {"name": "zone_append_operations", "type": "int"}, {"name": "flush_operations", "type": "int"}, {"name": "unmap_operations", "type": "int"}, {"name": "rd_total_time_ns", "type": "int"}, {"name": "wr_total_time_ns", "type": "int"}, {"name": "zone_append_total_time_ns", "type": "int"}, {"name": "flush_total_time_ns", "type": "int"}, {"name": "unmap_total_time_ns", "type": "int"}, {"name": "wr_highest_offset", "type": "int"}, {"name": "rd_merged", "type": "int"}, {"name": "wr_merged", "type": "int"}, {"name": "zone_append_merged", "type": "int"}, {"name": "unmap_merged", "type": "int"}, {"name": "idle_time_ns", "type": "int", "default": null}, {"name": "failed_rd_operations", "type": "int"}, {"name": "failed_wr_operations", "type": "int"}, {"name": "failed_zone_append_operations", "type": "int"}, {"name": "failed_flush_operations", "type": "int"}, {"name": "failed_unmap_operations", "type": "int"}, {"name": "invalid_rd_operations", "type": "int"}, {"name": "invalid_wr_operations", "type": "int"}, {"name": "invalid_zone_append_operations", "type": "int"}, {"name": "invalid_flush_operations", "type": "int"}, {"name": "invalid_unmap_operations", "type": "int"}, {"name": "account_invalid", "type": "bool"}, {"name": "account_failed", "type": "bool"}, {"name": "timed_stats", "type": "[117]"}]}, \#
    {"name": "68", "meta-type": "object", "members": [{"name": "driver", "type": "83"}], "tag": "driver", "variants": [{"case": "file", "type": "118"}, {"case": "host_device", "type": "118"}, {"case": "blkdebug", "type": "1"}, {"case": "blkverify", "type": "1"}, {"case": "compress", "type": "1"}, {"case": "copy-before-write", "type": "1"}, {"case": "copy-on-read", "type": "1"}, {"case": "snapshot-access", "type": "1"}, {"case": "null-aio", "type": "1"}, {"case": "null-co", "type": "1"}, {"case": "preallocate", "type": "1"}, {"case": "qcow2", "type": "1"}, {"case": "quorum", "type": "1"}, {"case": "raw", "type": "1"}, {"case": "throttle", "type": "1"}]}, \#
    {"name": "[69]", "meta-type": "array", "element-type": "69"}, \#
    {"name": "69", "meta-type": "object", "members": [{"name": "id", "type": "int"}, {"name": "type", "type": "119"}, {"name": "name", "type": "str"}]}, \#
    {"name": "[70]", "meta-type": "array", "element-type": "70"}, \#
    {"name": "70", "meta-type": "object", "members": [{"name": "parent", "type": "int"}, {"name": "child", "type": "int"}, {"name": "name", "type": "str"}, {"name": "perm", "type": "[120]"}, {"name": "shared-perm", "type": "[120]"}]}, \#
    {"name": "71", "meta-type": "enum", "members": [{"name": "existing"}, {"name": "absolute-paths"}], "values": ["existing", "absolute-paths"]}, \#
    {"name": "[36]", "meta-type": "array", "element-type": "36"}, \#
    {"name": "72", "meta-type": "enum", "members": [{"name": "top"}, {"name": "full"}, {"name": "none"}], "values": ["top", "full", "none"]}, \#
    {"name": "73", "meta-type": "enum", "members": [{"name": "report"}, {"name": "ignore"}, {"name": "enospc"}, {"name": "stop"}, {"name": "auto"}], "values": ["report", "ignore", "enospc", "stop", "auto"]}, \#
    {"name": "74", "meta-type": "enum", "members": [{"name": "break-guest-write"}, {"name": "break-snapshot"}], "values": ["break-guest-write", "break-snapshot"]}, \#
    {"name": "75", "meta-type": "object", "members": [{"name": "use-copy-range", "type": "bool", "default": null}, {"name": "max-workers", "type": "int", "default": null}, {"name": "max-chunk", "type": "int", "default": null}]}, \#
    {"name": "76", "meta-type": "enum", "members": [{"name": "background"}, {"name": "write-blocking"}], "values": ["background", "write-blocking"]}, \#
    {"name": "77", "meta-type": "enum", "members": [{"name": "commit"}, {"name": "stream"}, {"name": "mirror"}, {"name": "backup"}, {"name": "create"}, {"name": "amend"}, {"name": "snapshot-load"}, {"name": "snapshot-save"}, {"name": "snapshot-delete"}], "values": ["commit", "stream", "mirror", "backup", "create", "amend", "snapshot-load", "snapshot-save", "snapshot-delete"]}, \#
    {"name": "78", "meta-type": "enum", "members": [{"name": "ok"}, {"name": "failed"}, {"name": "nospace"}], "values": ["ok", "failed", "nospace"]}, \#
    {"name": "79", "meta-type": "enum", "members": [{"name": "undefined"}, {"name": "created"}, {"name": "running"}, {"name": "paused"}, {"name": "ready"}, {"name": "standby"}, {"name": "waiting"}, {"name": "pending"}, {"name": "aborting"}, {"name": "concluded"}, {"name": "null"}], "values": ["undefined", "created", "running", "paused", "ready", "standby", "waiting", "pending", "aborting", "concluded", "null"]}, \#
    {"name": "80", "meta-type": "object", "members": [{"name": "actively-synced", "type": "bool"}]}, \#
    {"name": "81", "meta-type": "object", "members": [{"name": "copy-mode", "type": "76"}]}, \#
    {"name": "82", "meta-type": "enum", "members": [{"name": "read"}, {"name": "write"}, {"name": "flush"}], "values": ["read", "write", "flush"]}, \#
    {"name": "83", "meta-type": "enum", "members": [{"name": "blkdebug"}, {"name": "blkverify"}, {"name": "compress"}, {"name": "copy-before-write"}, {"name": "copy-on-read"}, {"name": "file"}, {"name": "snapshot-access"}, {"name": "host_device"}, {"name": "null-aio"}, {"name": "null-co"}, {"name": "preallocate"}, {"name": "qcow2"}, {"name": "quorum"}, {"name": "raw"}, {"name": "throttle"}], "values": ["blkdebug", "blkverify", "compress", "copy-before-write", "copy-on-read", "file", "snapshot-access", "host_device", "null-aio", "null-co", "preallocate", "qcow2", "quorum", "raw", "throttle"]}, \#
    {"name": "84", "meta-type": "enum", "members": [{"name": "ignore"}, {"name": "unmap"}], "values": ["ignore", "unmap"]}, \#
    {"name": "85", "meta-type": "object", "members": [{"name": "direct", "type": "bool", "default": null}, {"name": "no-flush", "type": "bool", "default": null}]}, \#
    {"name": "86", "meta-type": "object", "members": [{"name": "image", "type": "121"}, {"name": "config", "type": "str", "default": null}, {"name": "align", "type": "int", "default": null}, {"name": "max-transfer", "type": "int", "default": null}, {"name": "opt-write-zero", "type": "int", "default": null}, {"name": "max-write-zero", "type": "int", "default": null}, {"name": "opt-discard", "type": "int", "default": null}, {"name": "max-discard", "type": "int", "default": null}, {"name": "inject-error", "type": "[122]", "default": null}, {"name": "set-state", "type": "[123]", "default": null}, {"name": "take-child-perms", "type": "[120]", "default": null}, {"name": "unshare-child-perms", "type": "[120]", "default": null}]}, \#
    {"name": "87", "meta-type": "object", "members": [{"name": "test", "type": "121"}, {"name": "raw", "type": "121"}]}, \#
    {"name": "88", "meta-type": "object", "members": [{"name": "file", "type": "121"}]}, \#
    {"name": "89", "meta-type": "object", "members": [{"name": "file", "type": "121"}, {"name": "target", "type": "121"}, {"name": "bitmap", "type": "2", "default": null}, {"name": "on-cbw-error", "type": "74", "default": null}, {"name": "cbw-timeout", "type": "int", "default": null}, {"name": "min-cluster-size", "type": "int", "default": null}]}, \#
    {"name": "90", "meta-type": "object", "members": [{"name": "file", "type": "121"}, {"name": "bottom", "type": "str", "default": null}]}, \#
    {"name": "91", "meta-type": "object", "members": [{"name": "filename", "type": "str"}, {"name": "locking", "type": "124", "default": null}, {"name": "aio", "type": "125", "default": null}]}, \#
    {"name": "92", "meta-type": "object", "members": [{"name": "size", "type": "int", "default": null}, {"name": "latency-ns", "type": "int", "default": null}, {"name": "read-zeroes", "type": "bool", "default": null}]}, \#
    {"name": "93", "meta-type": "object", "members": [{"name": "file", "type": "121"}, {"name": "prealloc-align", "type": "int", "default": null}, {"name": "prealloc-size", "type": "int", "default": null}]}, \#
    {"name": "94", "meta-type": "object", "members": [{"name": "file", "type": "121"}, {"name": "backing", "type": "126", "default": null}, {"name": "lazy-refcounts", "type": "bool", "default": null}, {"name": "pass-discard-request", "type": "bool", "default": null}, {"name": "pass-discard-snapshot", "type": "bool", "default": null}, {"name": "pass-discard-other", "type": "bool", "default": null}, {"name": "discard-no-unref", "type": "bool", "default": null}, {"name": "overlap-check", "type": "127", "default": null}, {"name": "cache-size", "type": "int", "default": null}, {"name": "l2-cache-size", "type": "int", "default": null}, {"name": "l2-cache-entry-size", "type": "int", "default": null}, {"name": "refcount-cache-size", "type": "int", "default": null}, {"name": "cache-clean-interval", "type": "int", "default": null}, {"name": "data-file", "type": "121", "default": null}]}, \#
    {"name": "95", "meta-type": "object", "members": [{"name": "blkverify", "type": "bool", "default": null}, {"name": "children", "type": "[121]"}, {"name": "vote-threshold", "type": "int"}, {"name": "rewrite-corrupted", "type": "bool", "default": null}, {"name": "read-pattern", "type": "128", "default": null}]}, \#
    {"name": "96", "meta-type": "object", "members": [{"name": "file", "type": "121"}, {"name": "offset", "type": "int", "default": null}, {"name": "size", "type": "int", "default": null}]}, \#
    {"name": "97", "meta-type": "object", "members": [{"name": "throttle-group", "type": "str"}, {"name": "file", "type": "121"}]}, \#
    {"name": "98", "meta-type": "object", "members": [{"name": "driver", "type": "129"}], "tag": "driver", "variants": [{"case": "file", "type": "130"}, {"case": "qcow2", "type": "131"}, {"case": "blkdebug", "type": "1"}, {"case": "blkverify", "type": "1"}, {"case": "bochs", "type": "1"}, {"case": "cloop", "type": "1"}, {"case": "compress", "type": "1"}, {"case": "copy-before-write", "type": "1"}, {"case": "copy-on-read", "type": "1"}, {"case": "dmg", "type": "1"}, {"case": "snapshot-access", "type": "1"}, {"case": "host_cdrom", "type": "1"}, {"case": "host_device", "type": "1"}, {"case": "nbd", "type": "1"}, {"case": "null-aio", "type": "1"}, {"case": "null-co", "type": "1"}, {"case": "nvme", "type": "1"}, {"case": "preallocate", "type": "1"}, {"case": "quorum", "type": "1"}, {"case": "raw", "type": "1"}, {"case": "replication", "type": "1"}, {"case": "throttle", "type": "1"}, {"case": "vvfat", "type": "1"}]}, \#
    {"name": "99", "meta-type": "enum", "members": [{"name": "read"}, {"name": "write"}], "values": ["read", "write"]}, \#
    {"name": "100", "meta-type": "enum", "members": [{"name": "ignore"}, {"name": "report"}, {"name": "stop"}], "values": ["ignore", "report", "stop"]}, \#
    {"name": "101", "meta-type": "enum", "members": [{"name": "cancel"}, {"name": "pause"}, {"name": "complete"}], "values": ["cancel", "pause", "complete"]}, \#
    {"name": "[102]", "meta-type": "array", "element-type": "102"}, \#
    {"name": "102", "meta-type": "enum", "members": [{"name": "oob"}], "values": ["oob"]}, \#
    {"name": "103", "meta-type": "object", "members": [{"name": "major", "type": "int"}, {"name": "minor", "type": "int"}, {"name": "micro", "type": "int"}]}, \#
    {"name": "104", "meta-type": "enum", "members": [{"name": "builtin"}, {"name": "enum"}, {"name": "array"}, {"name": "object"}, {"name": "alternate"}, {"name": "command"}, {"name": "event"}], "values": ["builtin", "enum", "array", "object", "alternate", "command", "event"]}, \#
    {"name": "[str]", "meta-type": "array", "element-type": "str"}, \#
    {"name": "105", "meta-type": "object", "members": [{"name": "json-type", "type": "132"}]}, \#
    {"name": "106", "meta-type": "object", "members": [{"name": "members", "type": "[133]"}, {"name": "values", "type": "[str]", "features": ["deprecated"]}]}, \#
    {"name": "107", "meta-type": "object", "members": [{"name": "element-type", "type": "str"}]}, \#
    {"name": "108", "meta-type": "object", "members": [{"name": "members", "type": "[134]"}, {"name": "tag", "type": "str", "default": null}, {"name": "variants", "type": "[135]", "default": null}]}, \#
    {"name": "109", "meta-type": "object", "members": [{"name": "members", "type": "[136]"}]}, \#
    {"name": "110", "meta-type": "object", "members": [{"name": "arg-type", "type": "str"}, {"name": "ret-type", "type": "str"}, {"name": "allow-oob", "type": "bool", "default": null}]}, \#
    {"name": "111", "meta-type": "object", "members": [{"name": "arg-type", "type": "str"}]}, \#
    {"name": "[112]", "meta-type": "array", "element-type": "112"}, \#
    {"name": "112", "meta-type": "object", "members": [{"name": "type", "type": "137"}], "tag": "type", "variants": [{"case": "abort", "type": "138"}, {"case": "blockdev-backup", "type": "139"}, {"case": "blockdev-snapshot", "type": "140"}, {"case": "blockdev-snapshot-internal-sync", "type": "141"}, {"case": "blockdev-snapshot-sync", "type": "142"}]}, \#
    {"name": "113", "meta-type": "object", "members": [{"name": "completion-mode", "type": "143", "default": null}]}, \#
    {"name": "114", "meta-type": "enum", "members": [{"name": "throttle-group"}], "values": ["throttle-group"]}, \#
    {"name": "115", "meta-type": "object", "members": [{"name": "limits", "type": "144", "default": null}, {"name": "x-iops-total", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-iops-total-max", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-iops-total-max-length", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-iops-read", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-iops-read-max", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-iops-read-max-length", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-iops-write", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-iops-write-max", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-iops-write-max-length", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-bps-total", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-bps-total-max", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-bps-total-max-length", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-bps-read", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-bps-read-max", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-bps-read-max-length", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-bps-write", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-bps-write-max", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-bps-write-max-length", "type": "int", "default": null, "features": ["unstable"]}, {"name": "x-iops-size", "type": "int", "default": null, "features": ["unstable"]}]}, \#
    {"name": "[20]", "meta-type": "array", "element-type": "20"}, \#
    {"name": "116", "meta-type": "object", "members": [{"name": "type", "type": "145"}], "tag": "type", "variants": [{"case": "qcow2", "type": "146"}]}, \#
    {"name": "[117]", "meta-type": "array", "element-type": "117"}, \#
    {"name": "117", "meta-type": "object", "members": [{"name": "interval_length", "type": "int"}, {"name": "min_rd_latency_ns", "type": "int"}, {"name": "max_rd_latency_ns", "type": "int"}, {"name": "avg_rd_latency_ns", "type": "int"}, {"name": "min_wr_latency_ns", "type": "int"}, {"name": "max_wr_latency_ns", "type": "int"}, {"name": "avg_wr_latency_ns", "type": "int"}, {"name": "min_zone_append_latency_ns", "type": "int"}, {"name": "max_zone_append_latency_ns", "type": "int"}, {"name": "avg_zone_append_latency_ns", "type": "int"}, {"name": "min_flush_latency_ns", "type": "int"}, {"name": "max_flush_latency_ns", "type": "int"}, {"name": "avg_flush_latency_ns", "type": "int"}, {"name": "avg_rd_queue_depth", "type": "number"}, {"name": "avg_wr_queue_depth", "type": "number"}, {"name": "avg_zone_append_queue_depth", "type": "number"}]}, \#
    {"name": "118", "meta-type": "object", "members": [{"name": "discard-nb-ok", "type": "int"}, {"name": "discard-nb-failed", "type": "int"}, {"name": "discard-bytes-ok", "type": "int"}]}, \#
    {"name": "119", "meta-type": "enum", "members": [{"name": "block-backend"}, {"name": "block-job"}, {"name": "block-driver"}], "values": ["block-backend", "block-job", "block-driver"]}, \#
    {"name": "[120]", "meta-type": "array", "element-type": "120"}, \#
    {"name": "120", "meta-type": "enum", "members": [{"name": "consistent-read"}, {"name": "write"}, {"name": "write-unchanged"}, {"name": "resize"}], "values": ["consistent-read", "write", "write-unchanged", "resize"]}, \#
    {"name": "121", "meta-type": "alternate", "members": [{"type": "36"}, {"type": "str"}]}, \#
    {"name": "[122]", "meta-type": "array", "element-type": "122"}, \#
    {"name": "122", "meta-type": "object", "members": [{"name": "event", "type": "147"}, {"name": "state", "type": "int", "default": null}, {"name": "iotype", "type": "148", "default": null}, {"name": "errno", "type": "int", "default": null}, {"name": "sector", "type": "int", "default": null}, {"name": "once", "type": "bool", "default": null}, {"name": "immediately", "type": "bool", "default": null}]}, \#
    {"name": "[123]", "meta-type": "array", "element-type": "123"}, \#
    {"name": "123", "meta-type": "object", "members": [{"name": "event", "type": "147"}, {"name": "state", "type": "int", "default": null}, {"name": "new_state", "type": "int"}]}, \#
    {"name": "124", "meta-type": "enum", "members": [{"name": "auto"}, {"name": "on"}, {"name": "off"}], "values": ["auto", "on", "off"]}, \#
    {"name": "125", "meta-type": "enum", "members": [{"name": "threads"}, {"name": "native"}, {"name": "io_uring"}], "values": ["threads", "native", "io_uring"]}, \#
    {"name": "126", "meta-type": "alternate", "members": [{"type": "36"}, {"type": "str"}, {"type": "null"}]}, \#
    {"name": "127", "meta-type": "alternate", "members": [{"type": "149"}, {"type": "150"}]}, \#
    {"name": "[121]", "meta-type": "array", "element-type": "121"}, \#
    {"name": "128", "meta-type": "enum", "members": [{"name": "quorum"}, {"name": "fifo"}], "values": ["quorum", "fifo"]}, \#
    {"name": "129", "meta-type": "enum", "members": [{"name": "blkdebug"}, {"name": "blkverify"}, {"name": "bochs"}, {"name": "cloop"}, {"name": "compress"}, {"name": "copy-before-write"}, {"name": "copy-on-read"}, {"name": "dmg"}, {"name": "file"}, {"name": "snapshot-access"}, {"name": "host_cdrom"}, {"name": "host_device"}, {"name": "nbd"}, {"name": "null-aio"}, {"name": "null-co"}, {"name": "nvme"}, {"name": "preallocate"}, {"name": "qcow2"}, {"name": "quorum"}, {"name": "raw"}, {"name": "replication"}, {"name": "throttle"}, {"name": "vvfat"}], "values": ["blkdebug", "blkverify", "bochs", "cloop", "compress", "copy-before-write", "copy-on-read", "dmg", "file", "snapshot-access", "host_cdrom", "host_device", "nbd", "null-aio", "null-co", "nvme", "preallocate", "qcow2", "quorum", "raw", "replication", "throttle", "vvfat"]}, \#
    {"name": "130", "meta-type": "object", "members": [{"name": "filename", "type": "str"}, {"name": "size", "type": "int"}, {"name": "preallocation", "type": "151", "default": null}, {"name": "nocow", "type": "bool", "default": null}, {"name": "extent-size-hint", "type": "int", "default": null}]}, \#
    {"name": "131", "meta-type": "object", "members": [{"name": "file", "type": "121"}, {"name": "data-file", "type": "121", "default": null}, {"name": "data-file-raw", "type": "bool", "default": null}, {"name": "extended-l2", "type": "bool", "default": null}, {"name": "size", "type": "int"}, {"name": "version", "type": "152", "default": null}, {"name": "backing-file", "type": "str", "default": null}, {"name": "backing-fmt", "type": "83", "default": null}, {"name": "cluster-size", "type": "int", "default": null}, {"name": "preallocation", "type": "151", "default": null}, {"name": "lazy-refcounts", "type": "bool", "default": null}, {"name": "refcount-bits", "type": "int", "default": null}, {"name": "compression-type", "type": "153", "default": null}]}, \#
    {"name": "132", "meta-type": "enum", "members": [{"name": "string"}, {"name": "number"}, {"name": "int"}, {"name": "boolean"}, {"name": "null"}, {"name": "object"}, {"name": "array"}, {"name": "value"}], "values": ["string", "number", "int", "boolean", "null", "object", "array", "value"]}, \#
    {"name": "[133]", "meta-type": "array", "element-type": "133"}, \#
    {"name": "133", "meta-type": "object", "members": [{"name": "name", "type": "str"}, {"name": "features", "type": "[str]", "default": null}]}, \#
    {"name": "[134]", "meta-type": "array", "element-type": "134"}, \#
    {"name": "134", "meta-type": "object", "members": [{"name": "name", "type": "str"}, {"name": "type", "type": "str"}, {"name": "default", "type": "any", "default": null}, {"name": "features", "type": "[str]", "default": null}]}, \#
    {"name": "[135]", "meta-type": "array", "element-type": "135"}, \#
    {"name": "135", "meta-type": "object", "members": [{"name": "case", "type": "str"}, {"name": "type", "type": "str"}]}, \#
    {"name": "[136]", "meta-type": "array", "element-type": "136"}, \#
    {"name": "136", "meta-type": "object", "members": [{"name": "type", "type": "str"}]}, \#
    {"name": "137", "meta-type": "enum", "members": [{"name": "abort"}, {"name": "blockdev-backup"}, {"name": "blockdev-snapshot"}, {"name": "blockdev-snapshot-internal-sync"}, {"name": "blockdev-snapshot-sync"}], "values": ["abort", "blockdev-backup", "blockdev-snapshot", "blockdev-snapshot-internal-sync", "blockdev-snapshot-sync"]}, \#
    {"name": "138", "meta-type": "object", "members": [{"name": "data", "type": "154"}]}, \#
    {"name": "139", "meta-type": "object", "members": [{"name": "data", "type": "23"}]}, \#
    {"name": "140", "meta-type": "object", "members": [{"name": "data", "type": "15"}]}, \#
    {"name": "141", "meta-type": "object", "members": [{"name": "data", "type": "18"}]}, \#
    {"name": "142", "meta-type": "object", "members": [{"name": "data", "type": "16"}]}, \#
    {"name": "143", "meta-type": "enum", "members": [{"name": "individual"}, {"name": "grouped"}], "values": ["individual", "grouped"]}, \#
    {"name": "144", "meta-type": "object", "members": [{"name": "iops-total", "type": "int", "default": null}, {"name": "iops-total-max", "type": "int", "default": null}, {"name": "iops-total-max-length", "type": "int", "default": null}, {"name": "iops-read", "type": "int", "default": null}, {"name": "iops-read-max", "type": "int", "default": null}, {"name": "iops-read-max-length", "type": "int", "default": null}, {"name": "iops-write", "type": "int", "default": null}, {"name": "iops-write-max", "type": "int", "default": null}, {"name": "iops-write-max-length", "type": "int", "default": null}, {"name": "bps-total", "type": "int", "default": null}, {"name": "bps-total-max", "type": "int", "default": null}, {"name": "bps-total-max-length", "type": "int", "default": null}, {"name": "bps-read", "type": "int", "default": null}, {"name": "bps-read-max", "type": "int", "default": null}, {"name": "bps-read-max-length", "type": "int", "default": null}, {"name": "bps-write", "type": "int", "default": null}, {"name": "bps-write-max", "type": "int", "default": null}, {"name": "bps-write-max-length", "type": "int", "default": null}, {"name": "iops-size", "type": "int", "default": null}]}, \#
    {"name": "145", "meta-type": "enum", "members": [{"name": "qcow2"}], "values": ["qcow2"]}, \#
    {"name": "146", "meta-type": "object", "members": [{"name": "data", "type": "155"}]}, \#
    {"name": "number", "meta-type": "builtin", "json-type": "number"}, \#
    {"name": "147", "meta-type": "enum", "members": [{"name": "l1_update"}, {"name": "l1_grow_alloc_table"}, {"name": "l1_grow_write_table"}, {"name": "l1_grow_activate_table"}, {"name": "l2_load"}, {"name": "l2_update"}, {"name": "l2_update_compressed"}, {"name": "l2_alloc_cow_read"}, {"name": "l2_alloc_write"}, {"name": "read_aio"}, {"name": "read_backing_aio"}, {"name": "read_compressed"}, {"name": "write_aio"}, {"name": "write_compressed"}, {"name": "vmstate_load"}, {"name": "vmstate_save"}, {"name": "cow_read"}, {"name": "cow_write"}, {"name": "reftable_load"}, {"name": "reftable_grow"}, {"name": "reftable_update"}, {"name": "refblock_load"}, {"name": "refblock_update"}, {"name": "refblock_update_part"}, {"name": "refblock_alloc"}, {"name": "refblock_alloc_hookup"}, {"name": "refblock_alloc_write"}, {"name": "refblock_alloc_write_blocks"}, {"name": "refblock_alloc_write_table"}, {"name": "refblock_alloc_switch_table"}, {"name": "cluster_alloc"}, {"name": "cluster_alloc_bytes"}, {"name": "cluster_free"}, {"name": "flush_to_os"}, {"name": "flush_to_disk"}, {"name": "pwritev_rmw_head"}, {"name": "pwritev_rmw_after_head"}, {"name": "pwritev_rmw_tail"}, {"name": "pwritev_rmw_after_tail"}, {"name": "pwritev"}, {"name": "pwritev_zero"}, {"name": "pwritev_done"}, {"name": "empty_image_prepare"}, {"name": "l1_shrink_write_table"}, {"name": "l1_shrink_free_l2_clusters"}, {"name": "cor_write"}, {"name": "cluster_alloc_space"}, {"name": "none"}], "values": ["l1_update", "l1_grow_alloc_table", "l1_grow_write_table", "l1_grow_activate_table", "l2_load", "l2_update", "l2_update_compressed", "l2_alloc_cow_read", "l2_alloc_write", "read_aio", "read_backing_aio", "read_compressed", "write_aio", "write_compressed", "vmstate_load", "vmstate_save", "cow_read", "cow_write", "reftable_load", "reftable_grow", "reftable_update", "refblock_load", "refblock_update", "refblock_update_part", "refblock_alloc", "refblock_alloc_hookup", "refblock_alloc_write", "refblock_alloc_write_blocks", "refblock_alloc_write_table", "refblock_alloc_switch_table", "cluster_alloc", "cluster_alloc_bytes", "cluster_free", "flush_to_os", "flush_to_disk", "pwritev_rmw_head", "pwritev_rmw_after_head", "pwritev_rmw_tail", "pwritev_rmw_after_tail", "pwritev", "pwritev_zero", "pwritev_done", "empty_image_prepare", "l1_shrink_write_table", "l1_shrink_free_l2_clusters", "cor_write", "cluster_alloc_space", "none"]}, \#
    {"name": "148", "meta-type": "enum", "members": [{"name": "read"}, {"name": "write"}, {"name": "write-zeroes"}, {"name": "discard"}, {"name": "flush"}, {"name": "block-status"}], "values": ["read", "write", "write-zeroes", "discard", "flush", "block-status"]}, \#
    {"name": "null", "meta-type": "builtin", "json-type": "null"}, \#
    {"name": "149", "meta-type": "object", "members": [{"name": "template", "type": "150", "default": null}, {"name": "main-header", "type": "bool", "default": null}, {"name": "active-l1", "type": "bool", "default": null}, {"name": "active-l2", "type": "bool", "default": null}, {"name": "refcount-table", "type": "bool", "default": null}, {"name": "refcount-block", "type": "bool", "default": null}, {"name": "snapshot-table", "type": "bool", "default": null}, {"name": "inactive-l1", "type": "bool", "default": null}, {"name": "inactive-l2", "type": "bool", "default": null}, {"name": "bitmap-directory", "type": "bool", "default": null}]}, \#
    {"name": "150", "meta-type": "enum", "members": [{"name": "none"}, {"name": "constant"}, {"name": "cached"}, {"name": "all"}], "values": ["none", "constant", "cached", "all"]}, \#
    {"name": "151", "meta-type": "enum", "members": [{"name": "off"}, {"name": "metadata"}, {"name": "falloc"}, {"name": "full"}], "values": ["off", "metadata", "falloc", "full"]}, \#
    {"name": "152", "meta-type": "enum", "members": [{"name": "v2"}, {"name": "v3"}], "values": ["v2", "v3"]}, \#
    {"name": "153", "meta-type": "enum", "members": [{"name": "zlib"}, {"name": "zstd"}], "values": ["zlib", "zstd"]}, \#
    {"name": "154", "meta-type": "object", "members": []}, \#
    {"name": "155", "meta-type": "object", "members": [{"name": "compat", "type": "str"}, {"name": "data-file", "type": "str", "default": null}, {"name": "data-file-raw", "type": "bool", "default": null}, {"name": "extended-l2", "type": "bool", "default": null}, {"name": "lazy-refcounts", "type": "bool", "default": null}, {"name": "corrupt", "type": "bool", "default": null}, {"name": "refcount-bits", "type": "int"}, {"name": "bitmaps", "type": "[156]", "default": null}, {"name": "compression-type", "type": "153"}]}, \#
    {"name": "[156]", "meta-type": "array", "element-type": "156"}, \#
    {"name": "156", "meta-type": "object", "members": [{"name": "name", "type": "str"}, {"name": "granularity", "type": "int"}, {"name": "flags", "type": "[157]"}]}, \#
    {"name": "[157]", "meta-type": "array", "element-type": "157"}, \#
    {"name": "157", "meta-type": "enum", "members": [{"name": "in-use"}, {"name": "auto"}], "values": ["in-use", "auto"]}\#
    ]
    """#
