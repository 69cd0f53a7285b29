"""Measurements of the graph over QMP: opening images and chains, their memory, and the queries of nodes."""

import json
import os
import socket
import statistics
import time

from daemons import Daemon
from images import GIB, KIB, MIB, create, make_chain, remove


class Nodes:
    """The rows about opening and listing nodes."""

    def __init__(self, bench):
        self.bench, self.table = bench, bench.table
        self.directory = bench.options.tmpfs

    def opening(self):
        """The same images opened again and again under new names, read-only so that their locks allow it."""
        for size, name in ((GIB, "1 GiB"), (1 << 40, "1 TiB")):
            image = create(os.path.join(self.directory, "open.qcow2"), size, preallocation="metadata")
            self.opened(f"qcow2 image of {name}", image, 100, 1)
            remove([image])
        chain = make_chain(self.directory, "open", GIB, 64, "metadata")
        for depth, count in ((3, 60), (64, 6)):
            self.opened(f"qcow2 chain of {depth}", chain[depth - 1], count, depth)
        remove(chain)

    def opened(self, what, image, count, depth):
        memory = [[], []]

        def measure(program):
            with Daemon(program, self.directory) as daemon:
                qmp = daemon.qmp()
                add(qmp, "first", image)
                before, times = daemon.memory("VmRSS"), []
                for number in range(count):
                    start = time.monotonic()
                    add(qmp, f"node{number}", image)
                    times.append(time.monotonic() - start)
                taken = (daemon.memory("VmRSS") - before) * MIB / KIB
                memory[self.bench.programs.index(program)].append(taken / count / depth)
                return statistics.median(times) * 1e3

        ours, theirs = self.bench.interleaved(measure)
        self.table.add(f"opening a {what}", "ms", ours, theirs)
        self.table.add(f"opening a {what}: memory", "KiB an image", *memory)

    def queries(self):
        chain = make_chain(self.directory, "query", GIB, 64, "metadata")
        for depth in (1, 16, 64):
            for flat in (True, False):
                self.queried(chain[depth - 1], depth, flat)
        remove(chain)

    def queried(self, image, depth, flat):
        sizes = [[], []]

        def measure(program):
            with Daemon(program, self.directory) as daemon:
                # The reference serves one connection a socket.
                qmp = daemon.qmp()
                add(qmp, "top", image)
                qmp.close()
                times = []
                with Raw(daemon.sockets[-1]) as raw:
                    for _ in range(10):
                        start = time.monotonic()
                        size = raw.ask({"execute": "query-named-block-nodes", "arguments": {"flat": flat}})
                        times.append(time.monotonic() - start)
                sizes[self.bench.programs.index(program)].append(size / KIB)
                return statistics.median(times) * 1e3

        ours, theirs = self.bench.interleaved(measure)
        what = f"query-named-block-nodes{' flat' if flat else ''}, chain of {depth}"
        rate = statistics.median(sizes[0]) * KIB / 1e6 / (statistics.median(ours) / 1e3)
        self.table.add(what, "ms", ours, theirs, beside=f"ours {rate:,.0f} MB/s")
        self.table.add(f"{what}: reply", "KiB", *sizes)


class Raw:
    """A QMP connection that looks at nothing but the ends of lines."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)
        self.line()
        self.ask({"execute": "qmp_capabilities"})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, request):
        """Sends a request; returns the bytes of its reply."""
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        return self.line()

    def line(self):
        count = 0
        while True:
            part = self.socket.recv(MIB)
            if not part:
                raise RuntimeError("the daemon has closed the connection")
            count += len(part)
            if part.endswith(b"\n"):
                return count


def add(qmp, name, image):
    qmp.execute("blockdev-add", driver="qcow2", node_name=name, read_only=True, file={"driver": "file", "filename": image})
