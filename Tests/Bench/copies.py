"""Measurements of backup and mirror against each other's daemons, cp and dd."""

import os
import resource
import subprocess
import time

from daemons import Daemon, conclude, wait_for_status

MIB = 1 << 20


class Place:
    """Where images lie during a measurement."""

    def __init__(self, name, directory, direct):
        self.name = name
        self.directory = directory
        self.direct = direct


def make_source(path, size, half_empty):
    """Random data; with `half_empty` every other MiB is a hole."""
    block = os.urandom(64 * MIB)
    with open(path, "wb") as file:
        file.truncate(size)
        for offset in range(0, size, MIB):
            if half_empty and offset // MIB % 2:
                continue
            start = offset % (64 * MIB)
            file.seek(offset)
            file.write(block[start : start + MIB])
        file.flush()
        os.fsync(file.fileno())


def make_target(path, size):
    """An empty image, new for each run, as blockdev-create makes it."""
    if os.path.exists(path):
        os.unlink(path)
    with open(path, "wb") as file:
        file.truncate(size)
    os.sync()


def node(name, path, place):
    options = {"driver": "raw", "node_name": name, "discard": "unmap"}
    options["file"] = {"driver": "file", "filename": path, "discard": "unmap", "cache": {"direct": place.direct}}
    return options


def copy_with(program, job, source, target, place, size):
    """One copy job: seconds, CPU seconds, target's MiB on disk, peak memory."""
    make_target(target, size)
    with Daemon(program, place.directory) as daemon:
        qmp = daemon.qmp()
        qmp.execute("blockdev-add", read_only=False, **node("source", source, place))
        qmp.execute("blockdev-add", **node("target", target, place))
        cpu, start = daemon.cpu_seconds(), time.monotonic()
        qmp.execute(f"blockdev-{job}", job_id="job", device="source", target="target", sync="full", auto_dismiss=False)
        wait_for_status(qmp, "job", {"ready", "concluded"})
        seconds = time.monotonic() - start
        if job == "mirror":
            qmp.execute("job-complete", id="job")
            conclude(qmp, "job")
        else:
            for info in qmp.execute("query-jobs"):
                if "error" in info:
                    raise RuntimeError(info["error"])
        result = {"seconds": seconds, "cpu": daemon.cpu_seconds() - cpu, "memory": daemon.memory("VmHWM")}
    result["blocks"] = os.stat(target).st_blocks * 512 / MIB
    return result


def copy_with_tool(source, target, place, size):
    """The same with `cp`, or with `dd` where O_DIRECT is wanted."""
    make_target(target, size)
    command = ["cp", "--sparse=auto", source, target]
    if place.direct:
        command = ["dd", f"if={source}", f"of={target}", "bs=1M", "iflag=direct", "oflag=direct", "conv=notrunc", "status=none"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=True)
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "cpu": cpu, "memory": 0.0, "blocks": os.stat(target).st_blocks * 512 / MIB}


def same_content(one, other):
    return subprocess.run(["cmp", "-s", one, other], check=False).returncode == 0
