"""blockjobd and qemu-storage-daemon beside one another, each with its own copies of the same images."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time

from daemon import Connection, Daemon, Fault, exchange
from graph_wanted import wanted_difference_of_jobs, wanted_difference_of_nodes

ANSWER_SECONDS = 20
AGREE_SECONDS = 5
"""So long the two may take to come to the same state."""
UNCHANGED_SECONDS = 0.06
"""A job that goes on for ever is left alone when nothing of it has changed for so long."""
RESTING = {"concluded", "ready", "pending", "paused", "standby"}


class Images:
    """The images that every daemon gets copies of."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="blockjobd-graphs-")
        for number, (name, size) in enumerate([("r0", 1 << 20), ("r1", 1 << 20), ("r2", 1 << 20), ("r3", 2 << 20)]):
            with open(os.path.join(self.directory, name), "wb") as file:
                file.truncate(size)
                file.write(bytes([number + 1]) * (size if number == 0 else 200_000))
        for name, backing in [("q0", None), ("q1", "q0"), ("q2", "q1"), ("q3", None)]:
            below = ["-b", backing, "-F", "qcow2"] if backing else []
            self.run("qemu-img", "create", "-q", "-f", "qcow2", *below, name, "1M")
            self.run("qemu-io", "-f", "qcow2", "-c", f"write -q -P {10 + int(name[1])} {65536 * int(name[1])} 128k", name)

    def run(self, *command):
        subprocess.run(command, cwd=self.directory, check=True, stdout=subprocess.DEVNULL)

    def clean(self):
        shutil.rmtree(self.directory, ignore_errors=True)


class Listener(Connection):
    """A connection that keeps why block jobs have failed: jobs that dismiss themselves say so in an event only."""

    def __init__(self, path, oob=False):
        self.failures = {}
        super().__init__(path, oob)

    def check(self, line):
        message = json.loads(line)
        if message.get("event") == "BLOCK_JOB_COMPLETED" and "error" in message["data"]:
            self.failures[message["data"]["device"]] = message["data"]["error"]
        return super().check(line)


class Peer(Daemon):
    """One of the two."""

    def __init__(self, binary, images, is_reference):
        self.templates = images.directory
        self.is_reference = is_reference
        self.staying = {}
        super().__init__(binary)
        self.client = None

    def make_files(self):
        for name in os.listdir(self.templates):
            shutil.copy(os.path.join(self.templates, name), self.directory)

    def wait_for_socket(self):
        """The reference must not be met before all of its threads rest: it may hang then, or greet twice."""
        deadline = time.monotonic() + 20
        calm = 0
        while time.monotonic() < deadline and calm < 2:
            if self.process.poll() is not None:
                raise Fault(f"the daemon has not started: {self.text()}")
            time.sleep(0.0005)
            calm = calm + 1 if os.path.exists(self.pidfile) and (not self.is_reference or self.threads_rest()) else 0

    def threads_rest(self):
        tasks = f"/proc/{self.process.pid}/task"
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/stat") as file:
                if file.read().rpartition(")")[2].split()[0] != "S":
                    return False
        return True

    def ask(self, name, **arguments):
        return self.play({"execute": name, "arguments": arguments})

    def play(self, request):
        if self.client is None:
            self.client = Listener(self.socket)
        self.client.send(request)
        return exchange([self.client], lambda: not self.client.waiting, ANSWER_SECONDS)[0][1]

    def jobs_at_rest(self):
        """What query-jobs says once no job moves on by itself."""
        deadline = time.monotonic() + AGREE_SECONDS
        since, before = time.monotonic(), None
        while True:
            jobs = self.ask("query-jobs")["return"]
            moving = [job for job in jobs if job["status"] not in RESTING and self.staying.get(job["id"]) != job["status"]]
            if not moving:
                break
            if moving != before:
                since, before = time.monotonic(), moving
            elif time.monotonic() - since > UNCHANGED_SECONDS:
                break
            if time.monotonic() > deadline:
                break
            time.sleep(0.0005)
        self.staying = {job["id"]: job["status"] for job in jobs if job["status"] not in RESTING}
        self.errors_of_jobs = {**self.client.failures, **{job["id"]: job["error"] for job in jobs if "error" in job}}
        return [(job["id"], job["type"], job["status"], "error" in job) for job in jobs]

    def state(self):
        """What both must agree on; the nodes by name, so that those with generated names are left out."""
        jobs = self.jobs_at_rest()
        reply = self.ask("query-named-block-nodes", flat=True)
        if "return" not in reply:
            raise Fault(f"query-named-block-nodes fails: {json.dumps(reply)}")
        nodes = {node["node-name"]: (node["drv"], node["ro"]) for node in reply["return"] if not node["node-name"].startswith("#")}
        return {"jobs": jobs, "nodes": nodes}


def start(binary, images, is_reference=False):
    """Starts a daemon; the reference gets another chance when it hangs in its start."""
    for attempt in range(3):
        peer = Peer(binary, images, is_reference)
        try:
            peer.ask("object-add", **{"qom-type": "throttle-group", "id": "g0"})
            return peer
        except (Fault, OSError):
            peer.clean()
            if not is_reference or attempt == 2:
                raise


def answer(reply):
    """A reply as success or refusal: None, or the error's class and text."""
    error = reply.get("error")
    return (error["class"], error["desc"]) if error else None


def anonymous(text):
    """A refusal without names and numbers, so that the same one is known again."""
    text = re.sub(r"/[^ '\"]*blockjobd-wire-[^/ '\"]*/?", "", text)
    text = re.sub(r"#block\d+", "#block", text)
    text = re.sub(r"\b\d{3,}\b", "N", text)
    return re.sub(r"\b([njbgqrs])\d\b", r"\1", text)


class Difference(Exception):
    """The two don't agree. `kind` tells what of; two differences of one kind are the same for the minimiser."""

    def __init__(self, kind, details):
        super().__init__(kind)
        self.kind = kind
        self.details = details


class Pair:
    """Plays one list of commands with both."""

    def __init__(self, binaries, images, patience=AGREE_SECONDS):
        self.patience = patience
        self.reference = start(binaries[1], images, is_reference=True)
        try:
            self.daemon = start(binaries[0], images)
        except BaseException:
            self.reference.clean()
            raise
        self.states = None

    def ask_reference(self, request):
        """What QEMU answers; a daemon that dies or hangs there ends the list, which is not blockjobd's fault."""
        try:
            return answer(self.reference.play(request))
        except (Fault, OSError) as fault:
            raise ReferenceFailed(str(fault)) from None

    def ask_daemon(self, request):
        try:
            return answer(self.daemon.play(request))
        except (Fault, OSError) as fault:
            died = self.died()
            raise Difference(f"{subject(request)}: {'the daemon dies' if died else 'no answer'}", f"{fault}\n{died}") from None

    def died(self):
        try:
            self.daemon.process.wait(0.5)
            return self.daemon.text()
        except subprocess.TimeoutExpired:
            return ""

    def compare_states(self, history):
        """Waits until both say the same of jobs and nodes after the last command."""
        request = history[-1]
        deadline = time.monotonic() + self.patience
        while True:
            try:
                wanted = self.reference.state()
            except (Fault, OSError) as fault:
                raise ReferenceFailed(str(fault)) from None
            try:
                found = self.daemon.state()
            except (Fault, OSError) as fault:
                died = self.died()
                raise Difference(f"after {subject(request)}: {'the daemon dies' if died else 'no answer'}", f"{fault}\n{died}") from None
            self.states = wanted
            if wanted == found:
                return wanted
            if time.monotonic() > deadline:
                meant = wanted_difference_of_jobs(history, wanted["jobs"], found["jobs"], self.reference.errors_of_jobs,
                                                  self.daemon.errors_of_jobs)
                if wanted["jobs"] == found["jobs"]:
                    meant = wanted_difference_of_nodes(request, wanted["nodes"], found["nodes"])
                if meant:
                    raise Meant(meant.name)
                details = [f"{name} {json.dumps(state)} {peer.errors_of_jobs}"
                           for name, state, peer in (("QEMU", wanted, self.reference), ("blockjobd", found, self.daemon))]
                raise Difference(f"after {subject(request)}: " + describe(wanted, found), "\n".join(details))
            time.sleep(0.02)

    def clean(self):
        self.reference.clean()
        self.daemon.clean()


class Meant(Exception):
    """A wanted difference of this name: the two are no longer alike, and the list ends."""


class ReferenceFailed(Exception):
    """QEMU has died or hangs: the list ends."""


def subject(request):
    """The command, with the driver where that decides."""
    arguments = request.get("arguments", {})
    if request["execute"] == "transaction":
        return "transaction " + "+".join(sorted({action["type"] for action in arguments["actions"]}))
    if request["execute"] == "blockdev-reopen":
        return "blockdev-reopen " + "+".join(sorted(options["driver"] for options in arguments["options"]))
    return " ".join([request["execute"], arguments.get("driver", arguments.get("sync", ""))]).strip()


def describe(wanted, found):
    """Where two states differ, without names."""
    parts = []
    if wanted["jobs"] != found["jobs"]:
        def show(state):
            return [f"{kind} {status}{' with error' if error else ''}" for _, kind, status, error in state["jobs"]]
        pairs = (show(wanted), show(found))
        left = [entry for entry in pairs[0] if pairs[0].count(entry) > pairs[1].count(entry)]
        right = [entry for entry in pairs[1] if pairs[1].count(entry) > pairs[0].count(entry)]
        parts.append(f"jobs {left} against {right}" if left or right else "order or names of jobs")
    nodes, others = wanted["nodes"], found["nodes"]
    for name in sorted(set(nodes) | set(others)):
        if nodes.get(name) != others.get(name):
            if name in nodes and name in others:
                pairs = zip(("driver", "read-only"), nodes[name], others[name])
                parts.append("node " + ", ".join(f"{what} {one} against {other}" for what, one, other in pairs if one != other))
            else:
                parts.append("a node only in " + ("QEMU" if name in nodes else "blockjobd") + ", " + (nodes.get(name) or others.get(name))[0])
    return "; ".join(dict.fromkeys(parts))
