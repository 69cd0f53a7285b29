"""Measurements of I/O on qcow2 images: the block layers alone, without clients.

On our side `qcow2-io` opens an image through the graph as the daemon does; on the other `qemu-img bench` does through the same block layer that
qemu-storage-daemon is made of. Both make the same requests, at the same places, with one buffer.
"""

import json
import os
import re
import subprocess
import time

from images import CLUSTER, GIB, KIB, MIB, TABLE, create, make_chain, overlay, remove

# Blocks of 4 KiB and of 1 MiB in an order that leaves none out: these numbers are odd, an image has a power of two of them.
SCATTER = {4 * KIB: 4 * KIB * 40503, MIB: MIB * 157}


class Work:
    """Requests that both sides make."""

    def __init__(self, count, size=4 * KIB, step=None, depth=16, write=False, offset=0, direct=False, cache=None):
        self.count, self.size, self.step, self.depth = count, size, step or size, depth
        self.write, self.offset, self.direct, self.cache = write, offset, direct, cache

    def ours(self, program, image):
        words = [f"count={self.count}", f"size={self.size}", f"step={self.step}", f"offset={self.offset}", f"depth={self.depth}"]
        words += ["mode=write"] if self.write else []
        words += ["cache=none"] if self.direct else []
        words += [f"l2-cache-size={self.cache}"] if self.cache else []
        return [program, *words, image]

    def theirs(self, image):
        words = ["-c", self.count, "-s", self.size, "-S", self.step, "-o", self.offset, "-d", self.depth]
        words += ["-w"] if self.write else []
        # Without O_DIRECT the reference's threads are faster than its ring.
        words += ["-t", "none", "-n"] if self.direct else ["-t", "writeback"]
        if self.cache:
            words += ["--image-opts", f"driver=qcow2,l2-cache-size={self.cache},file.driver=file,file.filename={image}"]
        else:
            words += ["-f", "qcow2", image]
        return ["qemu-img", "bench", *map(str, words)]


class Qcow2:
    """The rows of I/O on qcow2 images."""

    def __init__(self, bench):
        self.table, self.options = bench.table, bench.options
        self.program = bench.options.io
        self.quick = bench.options.quick
        self.size = (256 if self.quick else 1024) * MIB
        self.directory = bench.options.tmpfs

    # Rows

    def files(self):
        """Images without a backing file."""
        self.allocated(self.directory, "")
        self.new()
        self.allocated(self.options.disk, ", O_DIRECT", direct=True)

    def patterns(self, counts):
        for size, name in ((4 * KIB, "4 KiB"), (MIB, "1 MiB")):
            for step, order in ((size, "in sequence"), (SCATTER[size], "scattered")):
                yield f"{name} {order}", size, step, counts[size]

    def allocated(self, directory, place, direct=False):
        image = create(os.path.join(directory, "allocated.qcow2"), self.size, preallocation="full")
        counts = {4 * KIB: 8_000, MIB: 200} if direct else {4 * KIB: 60_000, MIB: 1_500}
        for write in (False, True):
            verb = "write" if write else "read"
            if not direct:
                work = Work(self.scaled(30_000), step=SCATTER[4 * KIB], depth=1, write=write)
                self.row(f"qcow2, allocated: {verb} 4 KiB scattered, one at a time", image, work)
            for name, size, step, count in self.patterns(counts):
                if direct and size != 4 * KIB:
                    continue
                work = Work(self.scaled(count), size, step, depth=16 if size < MIB else 4, write=write, direct=direct)
                self.row(f"qcow2, allocated{place}: {verb} {name}", image, work)
        remove([image])

    def new(self):
        image, size = os.path.join(self.directory, "new.qcow2"), GIB
        for name, bytes_, step, count in self.patterns({4 * KIB: size // CLUSTER, MIB: size // MIB}):
            work = Work(count, bytes_, step, depth=16 if bytes_ < MIB else 4, write=True)
            self.row(f"qcow2, new: write {name}", image, work, lambda: create(image, size))
        remove([image])

    def chains(self):
        """Images over others which have what is read."""
        paths = make_chain(self.directory, "chain", self.size, 64, "full")
        top = os.path.join(self.directory, "top.qcow2")
        for depth in (3, 64):
            for size, name in ((4 * KIB, "4 KiB"), (MIB, "1 MiB")):
                for step, order in ((size, "in sequence"), (SCATTER[size], "scattered")):
                    work = Work(self.scaled(20_000 if size < MIB else 600), size, step, depth=16 if size < MIB else 4)
                    self.row(f"qcow2, chain of {depth}: read {name} {order}", paths[depth - 1], work)
            work = Work(self.scaled(20_000), step=SCATTER[4 * KIB], depth=1)
            self.row(f"qcow2, chain of {depth}: read 4 KiB scattered, one at a time", paths[depth - 1], work)
            work = Work(self.size // CLUSTER // 4, step=SCATTER[4 * KIB], write=True)
            self.row(
                f"qcow2, chain of {depth}: write 4 KiB scattered, new", top, work,
                lambda depth=depth: overlay(top, paths[depth - 2], self.size))
        remove([*paths, top])

    def cold(self):
        """The first request to each 32 MiB of an image, whose tables must be read for it, and what they take of memory."""
        slices = 32 * MIB
        image = create(os.path.join(self.directory, "large.qcow2"), 256 * GIB, preallocation="metadata")
        count = 256 * GIB // slices
        self.row("qcow2, cold metadata: read 4 KiB, one at a time", image, Work(count, step=slices, depth=1), cpu=False)
        self.row("qcow2, cold metadata: read 4 KiB", image, Work(count, step=slices), cpu=False)
        for cache in (None, MIB):
            work = Work(count, step=slices, cache=cache)
            ours, theirs = self.measured(image, work)
            title = f"l2-cache-size {cache // MIB} MiB" if cache else "default caches"
            self.table.add(f"qcow2, memory after reading all of 32 MiB of L2 tables, {title}", "MiB", *(
                [run["memory"] / MIB for run in runs] for runs in (ours, theirs)))
        remove([image])
        length = 16 * GIB
        paths = make_chain(self.directory, "cold", length, 64, "metadata")
        work = Work(length // slices, step=slices, offset=slices // 2, depth=1)
        self.row("qcow2, cold metadata, chain of 64: read 4 KiB, one at a time", paths[-1], work, cpu=False)
        remove(paths)

    # How

    def scaled(self, count):
        return count if self.quick else 4 * count

    def row(self, what, image, work, prepare=None, cpu=True):
        """Two rows: how fast, and for how much."""
        ours, theirs = self.measured(image, work, prepare)
        gib = work.size / GIB
        rate = (lambda run: work.count / run["seconds"]) if work.size < MIB else (lambda run: work.count * gib / run["seconds"])
        self.table.add(f"{what}: rate", "1/s" if work.size < MIB else "GiB/s", [rate(run) for run in ours], [rate(run) for run in theirs])
        if cpu:
            cost = lambda run: run["cpu"] / work.count * 1e6  # noqa: E731
            self.table.add(f"{what}: CPU", "us a request", [cost(run) for run in ours], [cost(run) for run in theirs])

    def measured(self, image, work, prepare=None):
        runs = [[], []]
        for _ in range(self.options.runs):
            for index in (0, 1):
                if prepare:
                    prepare()
                command = work.theirs(image) if index else work.ours(self.program, image)
                output, usage, memory = accounted(command)
                found = re.search(r"completed in ([0-9.]+) seconds", output)
                seconds = float(found[1]) if index else json.loads(output)["seconds"]
                runs[index].append({"seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime, "memory": memory})
        return runs


def accounted(command):
    """Runs a program: its output, what it used as its parent learns it, and the most memory that it was seen to take."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    memory = 0
    while True:
        memory = max(memory, peak(process.pid))
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        time.sleep(0.002)
    output = process.stdout.read()
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command} has failed")
    return output, usage, memory


def peak(pid):
    """Bytes of memory that a process has taken at most; what wait4 tells includes its parent's before the program began."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * KIB
    except OSError:
        pass
    return 0
