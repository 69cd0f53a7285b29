"""The measurements behind `make bench`: blockjobd and qemu-storage-daemon side by side, runs interleaved, medians, and the ratio.

The table goes to standard output as Markdown; with --update also into Docs/Performance.md, between its markers.
"""

import argparse
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from copies import MIB, Place, copy_with, copy_with_tool, make_source, make_target, node, same_content
from daemons import Client, Daemon, Echo, wait_for_status
from nodes import Nodes
from qcow2 import Qcow2

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def note(text):
    """Progress, apart from the table."""
    print(text, file=sys.stderr, flush=True)


class Table:
    """Rows of one measurement each; a value is a list of one figure a run."""

    def __init__(self, names):
        self.lines = [f"| what | unit | {names[0]} | {names[1]} | ratio | beside |", "|---|---|---|---|---|---|"]

    @staticmethod
    def figure(values):
        if not values:
            return "-"
        value = statistics.median(values)
        return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"

    def add(self, what, unit, ours, theirs, beside=""):
        ratio = f"{statistics.median(ours) / statistics.median(theirs):.2f}" if ours and theirs and statistics.median(theirs) else "-"
        self.lines.append(f"| {what} | {unit} | {self.figure(ours)} | {self.figure(theirs)} | {ratio} | {beside} |")
        note(self.lines[-1])


class Bench:
    def __init__(self, options, directory):
        self.options = options
        self.programs = [options.daemon, options.reference]
        self.directory = directory
        self.size = options.size * MIB
        binary = os.path.join(directory, "client")
        here = os.path.dirname(os.path.abspath(__file__))
        compiler = shutil.which("cc") or shutil.which("clang") or sys.exit("a C compiler is needed: cc or clang")
        subprocess.run([compiler, "-O2", "-o", binary, os.path.join(here, "client.c")], check=True)
        self.client = Client(binary)
        names = [os.path.basename(options.daemon), os.path.basename(options.reference)]
        self.table = Table(names)

    def interleaved(self, measure, runs=None):
        """Calls measure(program) for both in turn; returns the two lists of what it returned."""
        results = [[], []]
        for _ in range(runs or self.options.runs):
            for index, program in enumerate(self.programs):
                results[index].append(measure(program))
        return results

    def row(self, what, unit, measure, beside="", runs=None):
        ours, theirs = self.interleaved(measure, runs)
        self.table.add(what, unit, ours, theirs, beside)

    # Control plane

    def start_up(self):
        def measure(program):
            path = os.path.join(self.directory, "start.sock")
            if os.path.exists(path):
                os.unlink(path)
            begin = time.monotonic()
            process = subprocess.Popen(
                [program, "--chardev", f"socket,path={path},server=on,wait=on,id=c", "--monitor", "c"], stderr=subprocess.DEVNULL)
            try:
                greeting = greeting_from(path)
                seconds = time.monotonic() - begin
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait()
            if b"QMP" not in greeting:
                raise RuntimeError("no greeting")
            return seconds * 1e3

        self.row("start-up to greeting", "ms", measure, runs=4 * self.options.runs)

    def idle_memory(self):
        def measure(program):
            with Daemon(program, self.directory) as daemon:
                daemon.qmp().execute("query-jobs")
                return daemon.memory("VmRSS")

        self.row("idle memory", "MiB", measure)

    def one_at_a_time(self):
        count = self.options.commands
        # The processors of the server and of the client. Unpinned, the kernel lets them share one, or not, as it likes: runs differ by half.
        places = (("on one processor", "0", "0"), ("on two processors", "1", "0"), ("unpinned", None, None))
        for where, server, client in places:
            rates, echoes, shares = [[], []], [], []
            for _ in range(2 * self.options.runs):
                for index, program in enumerate(self.programs):
                    with Daemon(program, self.directory, processors=server) as daemon:
                        self.client.run("sequential", daemon.sockets[0], count // 10 + 1, processors=client)
                        result = self.client.run("sequential", daemon.sockets[0], count, processors=client)
                    rates[index].append(result["rate"])
                    if index == 0:
                        shares.append(result["client_cpu"] / result["seconds"])
                with Echo(self.client, self.directory, server) as echo:
                    echoes.append(self.client.run("sequential", echo.path, count, processors=client)["rate"])
            echo = statistics.median(echoes)
            share = statistics.median(rates[0]) / echo
            self.table.add(
                f"query-jobs, one at a time, {where}", "1/s", *rates,
                beside=f"bare C echo {echo:,.0f}: {share:.2f} of it; client busy {statistics.median(shares):.0%}")

    def pipelined(self):
        shares = []

        def measure(program):
            with Daemon(program, self.directory) as daemon:
                count = self.options.commands * (20 if program == self.programs[0] != self.programs[1] else 1)
                result = self.client.run("pipelined", daemon.sockets[0], count)
                if program == self.programs[0]:
                    shares.append(result["client_cpu"] / result["seconds"])
                return result["rate"]

        ours, theirs = self.interleaved(measure)
        self.table.add("query-jobs, pipelined", "1/s", ours, theirs, beside=f"client busy {statistics.median(shares):.0%}")

    def long_argument(self):
        def measure(program):
            with Daemon(program, self.directory) as daemon:
                return self.client.run("argument", daemon.sockets[0], MIB)["milliseconds"]

        self.row("a command with an argument of 1 MiB", "ms", measure)

    def long_messages(self):
        """Latency of one client while another sends messages of nearly 64 MiB; the reference takes minutes for one."""

        def measure(program):
            with Daemon(program, self.directory, monitors=2) as daemon:
                flood = self.client.start("flood", daemon.sockets[0], self.options.flood, (64 << 20) - 200)
                time.sleep(0.2)
                result = self.client.run("paced", daemon.sockets[1], self.options.flood - 500, 1000)
                flood.terminate()
                flood.communicate()
                return result["p99"] / 1e3

        self.row("query-jobs while another client sends 64 MiB messages, p99", "ms", measure)

    def fan_out(self):
        """Every client gets every event. The reference serves one client a socket, so there each has its own."""
        for clients in self.options.clients:

            def measure(program):
                own = program == self.options.reference
                with Daemon(program, self.directory, monitors=clients + 1 if own else 1) as daemon:
                    qmp = daemon.qmp()
                    for name in ("source", "target"):
                        qmp.execute("blockdev-add", driver="null-co", node_name=name, size=MIB)
                    qmp.execute("blockdev-mirror", job_id="job", device="source", target="target", sync="full")
                    wait_for_status(qmp, "job", {"ready"})
                    paths = daemon.sockets[:-1] if own else daemon.sockets
                    # This script's own connection takes its events, too, so that it is never in the way.
                    drain = threading.Thread(target=drain_events, args=(qmp,), daemon=True)
                    drain.start()
                    return self.client.run("fanout", self.options.events, clients, "job", *paths)["rate"]

            self.row(f"events to {clients} clients", "1/s", measure)

    def churn(self):
        """Backups that copy next to nothing: what a job costs that comes and goes."""

        def measure(program):
            with Daemon(program, self.directory, monitors=2) as daemon:
                qmp = daemon.qmp()
                for name in ("source", "target"):
                    qmp.execute("blockdev-add", driver="null-co", node_name=name, size=65536)
                self.client.run("churn", daemon.sockets[0], self.options.churn // 10)
                return self.client.run("churn", daemon.sockets[0], self.options.churn)["rate"]

        self.row("backups of 64 KiB, created, run and dismissed", "1/s", measure)

    def latency_beside(self, job):
        """query-jobs every millisecond while a copy runs at full speed, images in memory."""
        place = Place("tmpfs", self.options.tmpfs, False)
        source, target = os.path.join(place.directory, "latency-source.img"), os.path.join(place.directory, "latency-target.img")
        make_source(source, self.size, False)
        largest = [[], []]

        def measure(program):
            make_target(target, self.size)
            with Daemon(program, place.directory, monitors=2) as daemon:
                qmp = daemon.qmp()
                qmp.execute("blockdev-add", **node("source", source, place))
                qmp.execute("blockdev-add", **node("target", target, place))
                paced = self.client.start("paced", daemon.sockets[0], 600000, 1000)
                qmp.execute(f"blockdev-{job}", job_id="job", device="source", target="target", sync="full", auto_dismiss=False)
                wait_for_status(qmp, "job", {"ready", "concluded"})
                paced.send_signal(signal.SIGTERM)
                result = Client.finish(paced)
                largest[self.programs.index(program)].append(result["max"] / 1e3)
                return result["p99"] / 1e3

        ours, theirs = self.interleaved(measure)
        self.table.add(f"query-jobs while a {job} runs at full speed, p99", "ms", ours, theirs)
        self.table.add("... longest", "ms", *largest)
        for path in (source, target):
            os.unlink(path)

    # Data plane

    def copies(self):
        disk = self.options.disk
        places = [Place("tmpfs", self.options.tmpfs, False), Place("ext4", disk, False), Place("O_DIRECT", disk, True)]
        places = [place for place in places if not self.options.places or place.name in self.options.places]
        gib = self.size / (1 << 30)
        for place in places:
            source, target = os.path.join(place.directory, "source.img"), os.path.join(place.directory, "target.img")
            for half_empty in [kind == "half-empty" for kind in self.options.kinds]:
                kind = "half empty" if half_empty else "random"
                data = gib / 2 if half_empty else gib
                make_source(source, self.size, half_empty)
                for job in self.options.jobs:
                    runs, tool = [[], []], []
                    for _ in range(self.options.runs):
                        for index, program in enumerate(self.programs):
                            runs[index].append(copy_with(program, job, source, target, place, self.size))
                            if not same_content(source, target):
                                sys.exit(f"{program}: {job} on {place.name}: the copy differs from its source")
                        tool.append(copy_with_tool(source, target, place, self.size))
                    name = "dd" if place.direct else "cp"
                    title = f"{job}, {place.name}, {kind}"
                    pick = lambda key, scale, list_: [scale(run[key]) for run in list_]  # noqa: E731
                    for label, unit, key, scale in (
                        ("rate", "GiB/s", "seconds", lambda value: gib / value),
                        ("CPU", "s/GiB of data", "cpu", lambda value: value / data),
                        ("target on disk", "MiB", "blocks", lambda value: value),
                        ("peak memory", "MiB", "memory", lambda value: value),
                    ):
                        beside = "" if key == "memory" else f"{name} {Table.figure(pick(key, scale, tool))}"
                        self.table.add(f"{title}: {label}", unit, pick(key, scale, runs[0]), pick(key, scale, runs[1]), beside)
            for path in (source, target):
                os.unlink(path)

    def run(self):
        nodes, qcow2 = Nodes(self), Qcow2(self)
        parts = [
            ("start", self.start_up), ("memory", self.idle_memory), ("sequential", self.one_at_a_time), ("pipelined", self.pipelined),
            ("argument", self.long_argument), ("flood", self.long_messages), ("fanout", self.fan_out),
            ("churn", self.churn),
            ("latency", lambda: [self.latency_beside(job) for job in self.options.jobs]), ("copies", self.copies),
            ("qcow2", qcow2.files), ("chains", qcow2.chains), ("cold", qcow2.cold), ("open", nodes.opening), ("nodes", nodes.queries),
        ]
        for name, part in parts:
            if not self.options.only or name in self.options.only:
                note(f"-- {name}")
                part()


def greeting_from(path):
    """Connects as soon as that is possible, and returns the first line."""
    import socket

    while True:
        client = socket.socket(socket.AF_UNIX)
        try:
            client.connect(path)
        except OSError:
            client.close()
            time.sleep(0.0002)
            continue
        with client:
            client.settimeout(20)
            return client.recv(4096)


def drain_events(qmp):
    try:
        while qmp.receive():
            pass
    except Exception:  # noqa: BLE001  # the daemon has ended, and with it the measurement
        pass


def update(document, text):
    """Puts the table between the markers of a document."""
    with open(document, encoding="utf-8") as file:
        content = file.read()
    if BEGIN not in content or END not in content:
        sys.exit(f"{document} has no markers {BEGIN} and {END}")
    before, rest = content.split(BEGIN, 1)
    old, rest = rest.split(END, 1)
    with open(document, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n{merged(old, text)}\n{END}{rest}")


def merged(old, new):
    """The new table, with the old one's rows where it has none: a whole run takes long, and its parts may be measured one by one."""

    def rows(text):
        found, group = {}, ""
        for line in text.splitlines():
            if line.startswith("| ") and not line.startswith("| what"):
                name = line.split("|")[1].strip()
                # A row that continues the one above it has no name of its own.
                group = group if name.startswith("...") else name
                found[(group, name)] = line
        return found

    def said(text):
        return [line for line in text.splitlines() if line and not line.startswith("|")]

    titles = [line for line in new.splitlines() if line.startswith(("| what", "|---"))]
    # Each run says how it was made; what the last one measured anew is its own.
    earlier = [line for line in said(old) if line not in said(new)] if len(rows(new)) < len(rows(old)) else []
    head = [*said(new), *(line if line.startswith("Before") else f"Before that, for other rows: {line}" for line in earlier)]
    return "\n".join(["\n\n".join(head), "", *titles, *(rows(old) | rows(new)).values()])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--daemon", default="blockjobd")
    parser.add_argument("--reference", default=shutil.which("qemu-storage-daemon"))
    parser.add_argument("--io", default="qcow2-io", help="the program that makes requests to qcow2 images")
    parser.add_argument("--quick", action="store_true", help="smaller sizes and fewer runs, for a first look")
    parser.add_argument("--runs", type=int, help="of each measurement, interleaved (5; quick 3)")
    parser.add_argument("--size", type=int, help="of an image in MiB (1024; quick 256)")
    parser.add_argument("--tmpfs", default="/dev/shm", help="a directory in memory")
    parser.add_argument("--disk", default="/var/tmp", help="a directory on ext4")
    parser.add_argument("--only", nargs="*", help="start memory sequential pipelined argument flood fanout churn latency copies qcow2 chains cold open nodes")
    parser.add_argument("--places", nargs="*", help="of copies: tmpfs ext4 O_DIRECT")
    parser.add_argument("--kinds", nargs="*", default=["random", "half-empty"], help="of copies' sources: random half-empty")
    parser.add_argument("--jobs", nargs="*", default=["backup", "mirror"], help="of copies and latency: backup mirror")
    parser.add_argument("--rows", help="of qcow2, chains, cold: those whose names this expression finds")
    parser.add_argument("--update", action="store_true", help="write the rows into Docs/Performance.md, too, in place of those of the same name")
    options = parser.parse_args()
    if not options.reference:
        sys.exit("qemu-storage-daemon is not installed: apt install qemu-system-common")
    options.runs = options.runs or (3 if options.quick else 5)
    options.size = options.size or (256 if options.quick else 1024)
    options.commands = 3000 if options.quick else 20000
    options.flood = 3000 if options.quick else 10000
    options.clients = [10] if options.quick else [10, 100]
    options.events = 100 if options.quick else 500
    options.churn = 1000 if options.quick else 4000
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="blockjobd-bench-") as directory, \
            tempfile.TemporaryDirectory(prefix="blockjobd-bench-", dir=options.tmpfs) as options.tmpfs, \
            tempfile.TemporaryDirectory(prefix="blockjobd-bench-", dir=options.disk) as options.disk:
        bench = Bench(options, directory)
        bench.run()
    version = subprocess.run([options.reference, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    # As it was called, but for what the Makefile says and what does not measure.
    given, skip = [], False
    for word in sys.argv[1:]:
        if not skip and word not in ("--daemon", "--io", "--reference", "--update"):
            given.append(word)
        skip = word in ("--daemon", "--io", "--reference")
    arguments = " ".join(given)
    text = "\n".join(
        [f"`make bench ARGS={arguments!r}` on {os.cpu_count()} processors, Linux {'.'.join(platform.release().split('.')[:2])}, against {version}; medians of"
         f" {options.runs} interleaved runs, images of {options.size} MiB.", "", *bench.table.lines])
    print(text)
    if options.update:
        update(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Docs", "Performance.md"), text)


if __name__ == "__main__":
    main()
