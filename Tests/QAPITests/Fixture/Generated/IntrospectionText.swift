// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

/// The reply of query-qmp-schema.
let introspectionText: StaticString = #"""
    [\#
    {"name": "try-widths", "meta-type": "command", "features": ["unstable"], "arg-type": "0", "ret-type": "0"}, \#
    {"name": "try-all", "meta-type": "command", "arg-type": "1", "ret-type": "[2]", "allow-oob": true}, \#
    {"name": "TRIED", "meta-type": "event", "arg-type": "3"}, \#
    {"name": "0", "meta-type": "object", "members": [{"name": "i8", "type": "int", "default": null}, {"name": "i16", "type": "int", "default": null}, {"name": "i32", "type": "int", "default": null}, {"name": "i64", "type": "int", "default": null}, {"name": "u8", "type": "int", "default": null}, {"name": "u16", "type": "int", "default": null}, {"name": "u32", "type": "int", "default": null}, {"name": "u64", "type": "int", "default": null}, {"name": "bytes", "type": "int", "default": null}, {"name": "real", "type": "number", "default": null}, {"name": "flag", "type": "bool", "default": null}, {"name": "nothing", "type": "null", "default": null}, {"name": "anything", "type": "any", "default": null}, {"name": "list", "type": "[int]", "default": null}]}, \#
    {"name": "1", "meta-type": "object", "members": [{"name": "chain", "type": "4", "default": null}, {"name": "tagged", "type": "2", "default": null}, {"name": "choice", "type": "5", "default": null}]}, \#
    {"name": "[2]", "meta-type": "array", "element-type": "2"}, \#
    {"name": "2", "meta-type": "object", "members": [{"name": "name", "type": "str"}, {"name": "word", "type": "6"}], "tag": "word", "variants": [{"case": "in", "type": "7"}, {"case": "default", "type": "3"}, {"case": "5-inch", "type": "3"}]}, \#
    {"name": "3", "meta-type": "object", "members": []}, \#
    {"name": "int", "meta-type": "builtin", "json-type": "int"}, \#
    {"name": "number", "meta-type": "builtin", "json-type": "number"}, \#
    {"name": "bool", "meta-type": "builtin", "json-type": "boolean"}, \#
    {"name": "null", "meta-type": "builtin", "json-type": "null"}, \#
    {"name": "any", "meta-type": "builtin", "json-type": "value"}, \#
    {"name": "[int]", "meta-type": "array", "element-type": "int"}, \#
    {"name": "4", "meta-type": "object", "members": [{"name": "name", "type": "str"}, {"name": "next", "type": "4", "default": null}]}, \#
    {"name": "5", "meta-type": "alternate", "members": [{"type": "int"}, {"type": "bool"}, {"type": "6"}, {"type": "4"}, {"type": "[5]"}]}, \#
    {"name": "str", "meta-type": "builtin", "json-type": "string"}, \#
    {"name": "6", "meta-type": "enum", "members": [{"name": "default"}, {"name": "in", "features": ["deprecated"]}, {"name": "5-inch"}], "values": ["default", "in", "5-inch"]}, \#
    {"name": "7", "meta-type": "object", "members": [{"name": "inner", "type": "2", "default": null}, {"name": "self", "type": "8", "default": null}]}, \#
    {"name": "[5]", "meta-type": "array", "element-type": "5"}, \#
    {"name": "8", "meta-type": "alternate", "members": [{"type": "str"}, {"type": "null"}]}\#
    ]
    """#
