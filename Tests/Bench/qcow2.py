"""Measurements of I/O on qcow2 images: the block layers alone, without clients.

On our side `qcow2-io` opens an image through the graph as the daemon does; on the other `qemu-img bench` does through the same block layer that
qemu-storage-daemon is made of. Both make the same requests, at the same places, with one buffer.
"""

import copy
import json
import os
import re
import subprocess
import time

from images import CLUSTER, GIB, KIB, MIB, create, make_chain, overlay, remove

# Blocks of 4 KiB and of 1 MiB in an order that leaves none out: these numbers are odd, an image has a power of two of them.
SCATTER = {4 * KIB: 4 * KIB * 40503, MIB: MIB * 157}
# What one slice of an L2 table maps, the part that is read at a time.
SLICE = 32 * MIB


class Work:
    """Requests that both sides make."""

    def __init__(self, count, size=4 * KIB, step=None, depth=16, write=False, offset=0, direct=False, cache=None, warm_up=0, times=1):
        self.count, self.size, self.step, self.depth = count, size, step or size, depth
        # How many times as many requests are ours, where so few would take no time.
        self.times = times
        self.write, self.offset, self.direct, self.cache, self.warm_up = write, offset, direct, cache, warm_up

    def ours(self, program, image):
        words = [f"count={self.count * self.times}", f"size={self.size}", f"step={self.step}", f"offset={self.offset}", f"depth={self.depth}"]
        words += [f"warm-up={self.warm_up}"]
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

    def alone(self):
        """One request: what is around the requests."""
        other = copy.copy(self)
        other.count = other.times = 1
        return other


class Qcow2:
    """The rows of I/O on qcow2 images."""

    def __init__(self, bench):
        self.table, self.options = bench.table, bench.options
        self.size = (256 if bench.options.quick else 1024) * MIB
        self.directory = bench.options.tmpfs

    def files(self):
        """Images without a backing file."""
        self.allocated(self.directory, "tmpfs")
        self.new()
        self.allocated(self.options.disk, "ext4", sizes=[4 * KIB])
        self.allocated(self.options.disk, "O_DIRECT", sizes=[4 * KIB], direct=True)

    def allocated(self, directory, place, sizes=(4 * KIB, MIB), direct=False):
        image = create(os.path.join(directory, "allocated.qcow2"), self.size, preallocation="full")
        # What the image's making has left to be written is not to be in the way.
        os.sync()
        for write in (False, True):
            verb = "write" if write else "read"
            for size in sizes:
                for order, step, depth in self.patterns(size):
                    count = (8_000 if direct else 40_000) if size < MIB else 1_000
                    work = Work(self.scaled(count // 2 if depth == 1 else count), size, step, depth, write, direct=direct)
                    self.row(f"qcow2, {place}: {verb} {order}", image, work)
        remove([image])

    def new(self):
        """Each request allocates; those of 4 KiB in sequence, one of 16 does."""
        image, size = os.path.join(self.directory, "new.qcow2"), GIB
        for bytes_, count in ((4 * KIB, size // CLUSTER), (MIB, size // MIB)):
            for order, step, depth in self.patterns(bytes_):
                if depth > 1:
                    work = Work(count, bytes_, step, depth, write=True)
                    self.row(f"qcow2, tmpfs, new: write {order}", image, work, lambda: create(image, size))
        if os.path.exists(image):
            remove([image])

    def chains(self):
        """Images over others: the lowest has what is read."""
        paths = make_chain(self.directory, "chain", self.size, 64, "full")
        top = os.path.join(self.directory, "top.qcow2")
        for depth in (3, 64):
            for size in (4 * KIB, MIB):
                for order, step, queue in self.patterns(size):
                    count = (20_000 if queue > 1 else 10_000) if size < MIB else 600
                    # Ours may take longer to know its way than to do so much work; the reference forgets it with each request.
                    work = Work(self.scaled(count), size, step, queue, warm_up=self.size // size, times=10 if size < MIB else 1)
                    self.row(f"qcow2, chain of {depth}: read {order}", paths[depth - 1], work)
            work = Work(self.size // CLUSTER // 4, step=SCATTER[4 * KIB], write=True)
            self.row(
                f"qcow2, chain of {depth}: write 4 KiB scattered, new", top, work,
                lambda depth=depth: overlay(top, paths[depth - 2], self.size))
        remove([path for path in (*paths, top) if os.path.exists(path)])

    def cold(self):
        """The first request to each 32 MiB of an image, whose tables must be read for it, and what they take of memory."""
        image = create(os.path.join(self.directory, "large.qcow2"), 256 * GIB, preallocation="metadata")
        count = 256 * GIB // SLICE
        self.row("qcow2, cold metadata: read 4 KiB, one at a time", image, Work(count, step=SLICE, depth=1))
        self.row("qcow2, cold metadata: read 4 KiB", image, Work(count, step=SLICE))
        for cache in (None, MIB):
            title = f"l2-cache-size {cache // MIB} MiB" if cache else "default caches"
            runs = self.measured(image, Work(count, step=SLICE, cache=cache))
            self.table.add(
                f"qcow2, memory for 32 MiB of L2 tables, {title}", "MiB", *([run["memory"] / MIB for run in side] for side in runs))
        remove([image])
        length = 16 * GIB
        paths = make_chain(self.directory, "cold", length, 64, "metadata")
        work = Work(length // SLICE, step=SLICE, offset=SLICE // 2, depth=1)
        self.row("qcow2, cold metadata, chain of 64: read 4 KiB, one at a time", paths[-1], work)
        remove(paths)

    def patterns(self, size):
        """Names of orders, their steps, and requests in flight."""
        name = "4 KiB" if size < MIB else "1 MiB"
        depth = 16 if size < MIB else 4
        yield f"{name} in sequence", size, depth
        yield f"{name} scattered", SCATTER[size], depth
        if size < MIB:
            yield f"{name} scattered, one at a time", SCATTER[size], 1

    def scaled(self, count):
        return count if self.options.quick else 4 * count

    def row(self, what, image, work, prepare=None):
        """Two rows: how fast, and for how much."""
        if self.options.rows and not re.search(self.options.rows, what):
            return
        ours, theirs = self.measured(image, work, prepare)
        scale, unit = (1, "1/s") if work.size < MIB else (work.size / GIB, "GiB/s")
        self.table.add(f"{what}: rate", unit, *([scale / run["seconds"] for run in side] for side in (ours, theirs)))
        self.table.add(f"{what}: CPU", "us a request", *([run["cpu"] * 1e6 for run in side] for side in (ours, theirs)))

    def measured(self, image, work, prepare=None):
        """Runs of both in turn: seconds and CPU seconds of a request, and memory. Of what a process has used goes what it uses for one request
        only: its start, opening, a warm-up, closing."""
        runs = [[], []]
        for _ in range(self.options.runs):
            for index in (0, 1):
                found = []
                for part in (work.alone(), work):
                    if prepare:
                        prepare()
                    found.append(Account(part.theirs(image) if index else part.ours(self.options.io, image)))
                alone, whole = found
                text = re.search(r"completed in ([0-9.]+) seconds", whole.output)
                seconds = float(text[1]) if index else json.loads(whole.output)["seconds"]
                count = work.count if index else work.count * work.times
                runs[index].append({
                    "seconds": seconds / count,
                    "cpu": max(whole.cpu - alone.cpu, 0) / count,
                    "memory": whole.memory - alone.memory,
                })
        return runs


class Account:
    """A run of a program: its output, CPU seconds of all its threads, and the most memory that it was seen to take."""

    def __init__(self, command):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.memory = 0
        while True:
            # What wait4 tells of memory includes its parent's before the program began.
            self.memory = max(self.memory, peak(process.pid))
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            time.sleep(0.001)
        self.output = process.stdout.read()
        self.cpu = usage.ru_utime + usage.ru_stime
        process.stdout.close()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(f"{command} has failed")


def peak(pid):
    """Bytes of memory that a process has taken at most."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * KIB
    except OSError:
        pass
    return 0
