"""Random commands about few nodes, jobs and bitmaps, as people send them: names are shared, stacked and taken again."""

NODES = [f"n{number}" for number in range(6)]
JOBS = ["j0", "j1", "j2"]
BITMAPS = ["b0", "b1"]
RAW = {"r0": 1 << 20, "r1": 1 << 20, "r2": 1 << 20, "r3": 2 << 20}
QCOW2 = ["q0", "q1", "q2", "q3"]
"""q0 under q1 under q2, and q3 by itself."""
SIZES = [1 << 20, 1 << 20, 2 << 20, 512 << 10]
SYNC = ["full", "full", "full", "top", "none", "none"]
PERMISSIONS = ["consistent-read", "write", "write-unchanged", "resize"]
PROTOCOLS = {"file", "null-co"}


class GraphGenerator:
    """Makes commands for the state that `nodes` and `jobs` tell of: node names, and job ids with their statuses."""

    def __init__(self, random):
        self.random = random
        self.nodes = []
        self.jobs = {}
        self.options = {}

    def chance(self, probability):
        return self.random.random() < probability

    def node(self):
        return self.random.choice(self.nodes if self.nodes and self.chance(0.95) else NODES)

    def new_node(self):
        free = [name for name in NODES if name not in self.nodes]
        return self.random.choice(free if free and self.chance(0.9) else NODES)

    def job(self):
        return self.random.choice(list(self.jobs) if self.jobs and self.chance(0.9) else JOBS)

    def new_job(self):
        free = [name for name in JOBS if name not in self.jobs]
        return self.random.choice(free if free and self.chance(0.9) else JOBS)

    def bitmap(self):
        return self.random.choice(BITMAPS)

    def command(self):
        weights = [
            (self.add, 12 if len(self.nodes) < 3 else 5), (self.delete, 2), (self.reopen, 4), (self.snapshot, 3), (self.resize, 2), (self.backup, 4),
            (self.mirror, 5), (self.verb, 6 if self.jobs else 1), (self.bitmap_command, 3), (self.transaction, 3), (self.create, 1),
            (self.change_child, 0.5), (self.change_backing_file, 0.5), (self.snapshot_sync, 0.5), (self.group, 0.3),
        ]
        name, arguments = self.random.choices([maker for maker, _ in weights], [weight for _, weight in weights])[0]()
        return {"execute": name, "arguments": arguments}

    # Nodes

    def add(self):
        options = self.definition()
        options["node-name"] = self.new_node()
        return "blockdev-add", options

    def definition(self, depth=0):
        """Options of a node without its name."""
        drivers = [("file", 5), ("null-co", 2), ("raw", 4), ("qcow2", 6)]
        if depth == 0:
            drivers += [("throttle", 2), ("copy-on-read", 2), ("copy-before-write", 2), ("blkdebug", 2), ("blkverify", 1), ("quorum", 1),
                        ("preallocate", 1), ("compress", 1), ("snapshot-access", 1)]
        driver = self.random.choices([name for name, _ in drivers], [weight for _, weight in drivers])[0]
        options = {"driver": driver}
        getattr(self, "define_" + driver.replace("-", "_"))(options, depth)
        self.decorate(options)
        return options

    def decorate(self, options):
        if self.chance(0.15):
            options["read-only"] = self.chance(0.8)
        if self.chance(0.05):
            options["auto-read-only"] = self.chance(0.8)
            if options.get("read-only") and self.chance(0.2):
                options["force-share"] = True
        if self.chance(0.05):
            options["discard"] = self.random.choice(["ignore", "unmap"])
        if self.chance(0.05):
            options["detect-zeroes"] = self.random.choice(["off", "on", "unmap"])
        if self.chance(0.03):
            options["cache"] = {"no-flush": True}

    def child(self, depth, likely=0.75):
        if self.nodes and self.chance(likely):
            return self.node()
        options = self.definition(depth + 1)
        if self.chance(0.2):
            options["node-name"] = self.new_node()
        return options

    def define_file(self, options, depth):
        options["filename"] = self.random.choice([*RAW, *QCOW2] if self.chance(0.4) else list(RAW))
        if self.chance(0.1):
            options["locking"] = "off"

    def define_null_co(self, options, depth):
        options["size"] = self.random.choice(SIZES)
        options["read-zeroes"] = True

    def define_raw(self, options, depth):
        options["file"] = self.child(depth)
        if self.chance(0.3):
            options["offset"] = self.random.choice([0, 65536, 512 << 10])
        if self.chance(0.2):
            options["size"] = self.random.choice([512 << 10, 1 << 20])

    def define_qcow2(self, options, depth):
        image = self.random.choice(QCOW2)
        options["file"] = {"driver": "file", "filename": image} if self.chance(0.85) else self.child(depth)
        if isinstance(options["file"], dict) and self.chance(0.1):
            options["file"]["node-name"] = self.new_node()
        if self.chance(0.45):
            options["backing"] = None if self.chance(0.25) else self.child(depth)

    def define_throttle(self, options, depth):
        options.update({"throttle-group": self.random.choice(["g0", "g0", "g1"]), "file": self.child(depth, 0.9)})

    def define_copy_on_read(self, options, depth):
        options["file"] = self.child(depth, 0.9)

    def define_compress(self, options, depth):
        options["file"] = self.child(depth, 0.9)

    def define_preallocate(self, options, depth):
        options["file"] = self.child(depth, 0.9)

    def define_snapshot_access(self, options, depth):
        options["file"] = self.child(depth, 1)

    def define_copy_before_write(self, options, depth):
        options.update({"file": self.child(depth, 0.9), "target": self.child(depth, 0.9)})
        if self.chance(0.2):
            options["bitmap"] = {"node": self.node(), "name": self.bitmap()}

    def define_blkdebug(self, options, depth):
        options["image"] = self.child(depth, 0.9)
        for member in ("take-child-perms", "unshare-child-perms"):
            if self.chance(0.4):
                options[member] = self.random.sample(PERMISSIONS, self.random.choice([1, 1, 2]))

    def define_blkverify(self, options, depth):
        options.update({"test": self.child(depth, 0.9), "raw": self.child(depth, 0.9)})

    def define_quorum(self, options, depth):
        count = self.random.choice([2, 2, 3])
        options.update({"vote-threshold": self.random.choice([1, 2]), "children": [self.child(depth, 0.9) for _ in range(count)]})
        if self.chance(0.1):
            options["read-pattern"] = "fifo"

    def delete(self):
        return "blockdev-del", {"node-name": self.node()}

    def reopen(self):
        # Of a node that is named twice, QEMU merges both.
        options = {entry["node-name"]: entry for entry in (self.reopen_options() for _ in range(self.random.choice([1, 1, 1, 2])))}
        return "blockdev-reopen", {"options": list(options.values())}

    def reopen_options(self):
        """A node's own options, some of them changed."""
        name = self.node()
        options = dict(self.options.get(name) or self.definition())
        options["node-name"] = name
        for member in ("file", "backing", "image", "target", "test", "raw"):
            child = options.get(member)
            if isinstance(child, dict) and "node-name" in child and self.chance(0.8):
                options[member] = child["node-name"]
            elif member in options and self.chance(0.2):
                options[member] = self.node()
        for member in ("read-only", "auto-read-only"):
            if self.chance(0.25 if member == "read-only" else 0.05):
                options[member] = self.chance(0.5)
        if options["driver"] == "qcow2" and self.chance(0.4):
            options["backing"] = self.random.choice([None, self.node()])
        if options["driver"] == "blkdebug" and self.chance(0.3):
            options["take-child-perms"] = self.random.sample(PERMISSIONS, 1)
        return options

    def remember(self, options):
        """Keeps a definition that was accepted, and those within it, for reopening."""
        if not isinstance(options, dict):
            return
        if "node-name" in options:
            self.options[options["node-name"]] = {name: value for name, value in options.items() if name != "node-name"}
        for value in options.values():
            for part in value if isinstance(value, list) else [value]:
                self.remember(part)

    def snapshot(self):
        return "blockdev-snapshot", {"node": self.node(), "overlay": self.node()}

    def snapshot_sync(self):
        return "blockdev-snapshot-sync", {"node-name": self.node(), "snapshot-file": self.random.choice(["s0", "s1"]),
                                          "snapshot-node-name": self.new_node(), **({"mode": "existing"} if self.chance(0.1) else {})}

    def resize(self):
        return "block_resize", {"node-name": self.node(), "size": self.random.choice(SIZES)}

    def change_child(self):
        change = {"node": self.node()} if self.chance(0.6) else {"child": f"children.{self.random.randrange(3)}"}
        return "x-blockdev-change", {"parent": self.node(), **change}

    def change_backing_file(self):
        return "change-backing-file", {"device": self.node(), "image-node-name": self.node(), "backing-file": self.random.choice(["q0", "q1", ""])}

    def group(self):
        name = self.random.choice(["g0", "g1"])
        if self.chance(0.5):
            return "object-del", {"id": name}
        return "object-add", {"qom-type": "throttle-group", "id": name}

    # Jobs

    def job_options(self):
        options = {"job-id": self.new_job()}
        if self.chance(0.3):
            options["auto-finalize"] = self.chance(0.3)
        if self.chance(0.3):
            options["auto-dismiss"] = self.chance(0.3)
        return options

    def backup(self):
        options = {**self.job_options(), "device": self.node(), "target": self.node(), "sync": self.random.choice(SYNC)}
        if self.chance(0.03):
            options["compress"] = True
        if self.chance(0.2):
            options["filter-node-name"] = self.new_node()
        return "blockdev-backup", options

    def mirror(self):
        options = {**self.job_options(), "device": self.node(), "target": self.node(), "sync": self.random.choice(SYNC)}
        if self.chance(0.4):
            options["copy-mode"] = self.random.choice(["background", "write-blocking"])
        if self.chance(0.2):
            options["filter-node-name"] = self.new_node()
        if self.chance(0.15):
            options["replaces"] = self.node()
        return "blockdev-mirror", options

    def verb(self):
        name = self.random.choice(["job-cancel", "job-cancel", "job-complete", "job-complete", "job-dismiss", "job-finalize", "job-pause", "job-resume",
                                   "block-job-cancel", "block-job-set-speed"])
        job = self.job()
        if name == "block-job-set-speed":
            return name, {"device": job, "speed": 0}
        if name == "block-job-cancel":
            return name, {"device": job, **({"force": True} if self.chance(0.5) else {})}
        return name, {"id": job}

    def create(self):
        return "blockdev-create", {"job-id": self.new_job(), "options": {
            "driver": "qcow2", "file": self.node(), "size": self.random.choice(SIZES)}}

    # Bitmaps and transactions

    def bitmap_command(self):
        name = self.random.choice(["add", "add", "add", "remove", "clear", "enable", "disable", "merge"])
        arguments = {"node": self.node(), "name": self.bitmap()}
        if name == "add":
            if self.chance(0.3):
                arguments["persistent"] = self.chance(0.8)
            if self.chance(0.2):
                arguments["disabled"] = True
        if name == "merge":
            other = self.bitmap() if self.chance(0.5) else {"node": self.node(), "name": self.bitmap()}
            arguments = {"node": arguments["node"], "target": arguments["name"], "bitmaps": [other]}
        return "block-dirty-bitmap-" + name, arguments

    def transaction(self):
        actions = []
        for _ in range(self.random.choice([1, 2, 2, 3])):
            name, data = self.random.choice([self.backup, self.backup, self.snapshot, self.snapshot_sync])()
            actions.append({"type": name, "data": data})
        if self.chance(0.15):
            actions.insert(self.random.randrange(len(actions) + 1), {"type": "abort", "data": {}})
        options = {"actions": actions}
        if self.chance(0.25):
            options["properties"] = {"completion-mode": self.random.choice(["grouped", "individual"])}
        return "transaction", options
