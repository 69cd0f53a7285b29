"""Random commands made from the reply of query-qmp-schema."""

NODES = [f"n{i}" for i in range(8)]
JOBS = [f"j{i}" for i in range(4)]
BITMAPS = ["b0", "b1"]
OBJECTS = ["g0", "g1"]
FILES = ["t0", "t1", "t2", "f0.qcow2", "f1.qcow2", "f2.qcow2", "f3.qcow2", "new0", "new1", "fifo", "missing/file"]
STRINGS = ["", "a", "n0", "#block123", "x" * 40, "x" * 5000, "\u00e9\u4e16\U0001f600", "a\u0000b", "json:{}", 'json:{"driver":"null-co"}', "0", "-1"]
NODE_MEMBERS = {"node-name", "device", "node", "target", "file", "backing", "data-file", "image-node-name", "overlay", "parent", "child", "replaces",
                "snapshot-node-name", "filter-node-name", "bottom", "test", "raw", "image", "reference"}
FILE_MEMBERS = {"filename", "snapshot-file", "backing-file"}
NUMBERS = [0, 1, -1, 2, 511, 512, 513, 4096, 65536, 1 << 20, 4 << 20, (4 << 20) + 512, 1 << 30, 1 << 31, (1 << 31) - 1, 1 << 32, 1 << 50,
           1 << 53, 1 << 62, (1 << 63) - 1, (1 << 63) - 512, 1 << 63, (1 << 64) - 1, 1 << 64, -(1 << 63), 1.5, 1e300]
LIKELY_NUMBERS = [0, 1, 512, 4096, 65536, 1 << 20, 4 << 20]
LEFT_OUT = {"quit", "qmp_capabilities"}
RARE = {"query-qmp-schema", "query-commands", "query-version"}
FREQUENT = ["blockdev-add"] * 12 + ["blockdev-backup", "blockdev-mirror", "blockdev-create", "blockdev-reopen", "transaction"] * 4


class Generator:
    """Makes commands. Most are nearly right, so that they come far."""

    def __init__(self, schema, random):
        self.random = random
        self.types = {entity["name"]: entity for entity in schema}
        self.commands = [entity for entity in schema if entity["meta-type"] == "command" and entity["name"] not in LEFT_OUT]
        self.weighted = [e for e in self.commands if e["name"] not in RARE or random.random() < 0.1]
        by_name = {entity["name"]: entity for entity in self.commands}
        self.weighted += [by_name[name] for name in FREQUENT if name in by_name]

    def chance(self, probability):
        return self.random.random() < probability

    def recipe(self):
        """A command as people send it, about names that may or may not be right by now."""
        pick, node, job = self.random.choice, self.random.choice(NODES), self.random.choice(JOBS)
        other, bitmap = pick(NODES), pick(BITMAPS)
        image = {"driver": "qcow2", "file": {"driver": "file", "filename": pick(FILES[3:7])}}
        raw = {"driver": pick(["raw", "copy-on-read", "preallocate"]), "file": {"driver": "file", "filename": pick(FILES[:3])}}
        null = {"driver": "null-co", "size": pick([4 << 20, 4 << 20, 4 << 20, 1 << 40, 1 << 50, (1 << 63) - (1 << 30)]), "read-zeroes": True}
        above = {"driver": pick(["raw", "copy-on-read", "snapshot-access"]), "file": other}
        before = {"driver": "copy-before-write", "file": other, "target": pick(NODES)}
        return pick([
            lambda: ("blockdev-add", dict(pick([image, image, raw, null, above, before]), **{"node-name": node})),
            lambda: ("blockdev-add", dict(pick([image, raw, null, above]), **{"node-name": node})),
            lambda: ("blockdev-del", {"node-name": node}),
            lambda: ("blockdev-reopen", {"options": [dict(pick([image, raw, null, above]), **{"node-name": node, "read-only": self.chance(0.3)})]}),
            lambda: ("blockdev-mirror", {"job-id": job, "device": node, "target": other, "sync": pick(["full", "top", "none"]),
                                         "copy-mode": pick(["background", "write-blocking"]), "speed": pick([0, 0, 65536, 1 << 20]),
                                         "auto-dismiss": self.chance(0.8), "auto-finalize": self.chance(0.8)}),
            lambda: ("blockdev-backup", {"job-id": job, "device": node, "target": other, "sync": pick(["full", "top", "none"]),
                                         "speed": pick([0, 0, 65536, 1 << 20]), "auto-dismiss": self.chance(0.8)}),
            lambda: ("blockdev-create", {"job-id": job, "options": {"driver": "qcow2", "file": node, "size": pick([1 << 20, 4 << 20])}}),
            lambda: (pick(["job-cancel", "job-complete", "job-dismiss", "job-finalize", "job-pause", "job-resume"]), {"id": job}),
            lambda: (pick(["job-cancel", "job-dismiss", "job-complete", "job-resume"]), {"id": job}),
            lambda: ("block-job-set-speed", {"device": job, "speed": pick([0, 1, 65536, 1 << 30])}),
            lambda: ("block-dirty-bitmap-add", {"node": node, "name": bitmap, "persistent": self.chance(0.5),
                                                **({"granularity": 1 << self.random.randrange(8, 33)} if self.chance(0.3) else {})}),
            lambda: ("block-dirty-bitmap-merge", {"node": node, "target": bitmap, "bitmaps": [pick(BITMAPS)]}),
            lambda: ("block_resize", {"node-name": node, "size": pick([1 << 20, 4 << 20, 8 << 20])}),
            lambda: ("blockdev-snapshot", {"node": node, "overlay": other}),
            lambda: ("blockdev-snapshot-sync", {"node-name": node, "snapshot-file": pick(["new0", "new1"]), "snapshot-node-name": other}),
            lambda: ("blockdev-snapshot-internal-sync", {"device": node, "name": pick(["s0", "s1"])}),
            lambda: ("blockdev-snapshot-delete-internal-sync", {"device": node, "name": pick(["s0", "s1"])}),
            lambda: ("object-add", {"qom-type": "throttle-group", "id": pick(OBJECTS), "limits": {"iops-total": 100}}),
            lambda: ("blockdev-add", {"driver": "throttle", "node-name": node, "file": other, "throttle-group": pick(OBJECTS)}),
            lambda: ("transaction", {"actions": [
                {"type": "blockdev-backup", "data": {"job-id": job, "device": node, "target": other, "sync": "full"}},
                {"type": "blockdev-snapshot", "data": {"node": pick(NODES), "overlay": pick(NODES)}},
                *([{"type": "abort", "data": {}}] if self.chance(0.3) else [])]}),
        ])()

    def spoil(self, value):
        """Makes one number in what people send a hostile one, or adds one."""
        while True:
            inner = [part for part in (value.values() if isinstance(value, dict) else value) if isinstance(part, (dict, list)) and part]
            if not inner or (isinstance(value, dict) and self.chance(0.3)):
                break
            value = self.random.choice(inner)
        if not isinstance(value, dict):
            return
        numbers = [name for name, part in value.items() if type(part) is int]
        name = self.random.choice(numbers) if numbers else self.random.choice(["size", "offset", "granularity", "speed", "buf-size", "l2-cache-size"])
        value[name] = self.random.choice(NUMBERS)

    def command(self, oob=False):
        if self.chance(0.5):
            name, arguments = self.recipe()
            if self.chance(0.15):
                self.spoil(arguments)
            return {"execute": name, "arguments": arguments}
        command = self.random.choice(self.weighted)
        self.current = command["name"]
        self.hostility = self.random.choice([0, 0, 0.02, 0.1])
        arguments = self.object(self.types[command["arg-type"]], 0)
        key = "exec-oob" if oob and command.get("allow-oob") and self.chance(0.5) else "execute"
        return {key: command["name"], "arguments": arguments}

    def object(self, entity, depth):
        result = {}
        members = list(entity["members"])
        tag = entity.get("tag")
        if tag:
            cases = [variant for variant in entity["variants"]]
            member = next(m for m in members if m["name"] == tag)
            value = self.random.choice(cases)["case"] if not self.chance(self.hostility) else self.value(member["type"], tag, depth)
            result[tag] = value
            branch = next((variant["type"] for variant in cases if variant["case"] == value), None)
            if branch:
                members += self.types[branch]["members"]
                if self.types[branch].get("tag"):
                    result.update(self.object(self.types[branch], depth))
        for member in members:
            if member["name"] == tag:
                continue
            optional = "default" in member
            wanted = 0.97 if member["name"] in ("node-name", "job-id", "id") and depth == 0 else 0.2 / (1 + depth)
            if (optional and not self.chance(wanted)) or self.chance(self.hostility / 2):
                continue
            result[member["name"]] = self.value(member["type"], member["name"], depth + 1)
        if self.chance(self.hostility):
            result[self.random.choice(STRINGS)] = self.random.choice(NUMBERS)
        return result

    def value(self, type_name, name, depth):
        if self.chance(self.hostility):
            value = self.any(depth)
            is_hang = name == "latency-ns" and type(value) is int and 10**9 < value < 2**63
            return 0 if is_hang else value
        entity = self.types[type_name]
        kind = entity["meta-type"]
        if kind == "enum":
            return self.random.choice([member["name"] for member in entity["members"]] if "members" in entity else entity["values"])
        if kind == "array":
            return [self.value(entity["element-type"], name, depth + 1) for _ in range(self.random.choice([0, 1, 1, 1, 2, 3]))]
        if kind == "object":
            return self.object(entity, depth + 1) if depth < 8 else {}
        if kind == "alternate":
            choices = [member["type"] for member in entity["members"]]
            # References end the nesting, so they are the more likely the deeper it is.
            texts = [choice for choice in choices if self.types[choice].get("json-type") == "string"]
            if texts and self.chance(0.6 + 0.1 * depth):
                return self.value(texts[0], name, depth)
            return self.value(self.random.choice(choices), name, depth)
        return self.builtin(entity["json-type"], name, depth)

    def builtin(self, kind, name, depth):
        if kind == "string":
            return self.string(name)
        if kind in ("int", "number"):
            if name == "latency-ns":
                # Longer ones are disks that hang, which other tests make.
                return self.random.choice([0, 1000, 1_000_000])
            return self.random.choice(NUMBERS if self.chance(0.1) or self.chance(self.hostility * 3) else LIKELY_NUMBERS)
        if kind == "boolean":
            return self.chance(0.5)
        return None if kind == "null" else self.any(depth)

    def string(self, name):
        if self.chance(0.03):
            return self.random.choice(STRINGS)
        if name in FILE_MEMBERS:
            return self.random.choice(FILES)
        if name == "job-id" or (name in ("id", "device") and "job" in self.current):
            return self.random.choice(JOBS)
        if name == "id":
            return self.random.choice(OBJECTS)
        if name in NODE_MEMBERS:
            return self.random.choice(NODES)
        if name in ("name", "bitmap", "bitmaps"):
            return self.random.choice(BITMAPS)
        if name == "throttle-group":
            return self.random.choice(OBJECTS)
        if name == "path":
            return self.random.choice(["g0", "/objects/g0", "/objects/g1"])
        if name == "property":
            return self.random.choice(["limits", "x-iops-total", "x-bps-total", "type"])
        return self.random.choice(STRINGS + NODES)

    def any(self, depth):
        makers = [lambda: self.random.choice(NUMBERS), lambda: self.random.choice(STRINGS), lambda: self.chance(0.5), lambda: None]
        if depth < 6:
            makers += [lambda: [self.any(depth + 1) for _ in range(self.random.randrange(4))],
                       lambda: {self.random.choice(STRINGS): self.any(depth + 1) for _ in range(self.random.randrange(4))},
                       lambda: {"driver": "null-co", "size": self.random.choice(NUMBERS)}]
        return self.random.choice(makers)()
