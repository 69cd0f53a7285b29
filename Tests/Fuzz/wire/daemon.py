"""A daemon under attack, in a directory of its own, and connections to it that never block the attacker."""

import json
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

FILE_LIMIT = 64 << 20
"""No file of the daemon grows beyond this: hostile sizes must not fill the machine that tests them."""

ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_ARENA_MAX": "2"}
"""Has glibc give back what was freed: otherwise memory that it keeps for later looks like growth."""


class Fault(Exception):
    """What the daemon must not do."""


class Connection:
    """One client: sends without waiting, and collects what comes back."""

    def __init__(self, path, oob=False):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(path)
        self.input = b""
        self.output = b""
        self.waiting = {}
        self.order = []
        self.next_id = 0
        self.read_until(1)
        enable = {"enable": ["oob"]} if oob else {}
        self.socket.sendall(json.dumps({"execute": "qmp_capabilities", "arguments": enable}).encode() + b"\n")
        self.read_until(2)
        self.input = b""
        self.socket.setblocking(False)

    def read_until(self, lines):
        while self.input.count(b"\n") < lines:
            data = self.socket.recv(65536)
            if not data:
                raise Fault("the daemon has closed a connection during its negotiation")
            self.input += data

    def send(self, request):
        """Puts a request into the output under a new id."""
        request = dict(request, id=self.next_id)
        self.waiting[self.next_id] = (time.monotonic(), request)
        if "execute" in request:
            self.order.append(self.next_id)
        self.next_id += 1
        self.output += json.dumps(request).encode() + b"\n"

    def write(self):
        try:
            self.output = self.output[self.socket.send(self.output):]
        except BlockingIOError:
            pass

    def read(self):
        """The replies that have come, each checked against what was asked."""
        try:
            data = self.socket.recv(1 << 20)
        except BlockingIOError:
            return []
        if not data:
            raise Fault("the daemon has closed a connection")
        self.input += data
        *lines, self.input = self.input.split(b"\n")
        return [reply for reply in map(self.check, lines) if reply]

    def check(self, line):
        message = json.loads(line)
        if "event" in message:
            if set(message) - {"event", "data", "timestamp"}:
                raise Fault(f"an event with other members: {line!r}")
            return None
        if set(message) not in ({"return", "id"}, {"error", "id"}):
            raise Fault(f"a stray reply: {line[:300]!r}")
        if message["id"] not in self.waiting:
            raise Fault(f"a reply to nothing: {line[:300]!r}")
        begun, request = self.waiting.pop(message["id"])
        if "execute" in request:
            if self.order.pop(0) != message["id"]:
                raise Fault(f"a reply before its turn: {line[:300]!r}")
        return request, message, time.monotonic() - begun

    def close(self):
        self.socket.close()


class Daemon:
    """A daemon with images and files of known names as its working directory."""

    images = ["f0.qcow2", "f1.qcow2", "f2.qcow2", "f3.qcow2"]
    files = ["t0", "t1", "t2", "fifo"]

    def __init__(self, binary, arguments=(), with_files=True):
        self.directory = tempfile.mkdtemp(prefix="blockjobd-wire-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        self.socket = os.path.join(self.directory, "qmp.sock")
        self.pidfile = os.path.join(self.directory, "pid")
        if with_files:
            self.make_files()
        self.errors = open(os.path.join(self.directory, "stderr"), "wb")
        self.process = subprocess.Popen(
            [os.path.abspath(binary), "--chardev", f"socket,id=c,path={self.socket},server=on,wait=off", "--monitor", "chardev=c",
             "--pidfile", self.pidfile, *arguments],
            cwd=self.directory, env=dict(os.environ, **ALLOCATOR), stdin=subprocess.PIPE, stdout=self.errors, stderr=self.errors,
            restore_signals=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT, FILE_LIMIT)))
        self.wait_for_socket()

    def make_files(self):
        for name in self.files[:-1]:
            with open(os.path.join(self.directory, name), "wb") as file:
                file.truncate(4 << 20)
        os.mkfifo(os.path.join(self.directory, "fifo"))
        for number, name in enumerate(self.images):
            backing = ["-b", self.images[number - 1], "-F", "qcow2"] if number else []
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *backing, name, "4M"], cwd=self.directory, check=True)

    def wait_for_socket(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Fault(f"the daemon has not started: {self.text()}")
            try:
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(self.socket)
                return
            except OSError:
                time.sleep(0.002)
        raise Fault("no socket after 20 s")

    def connect(self, oob=False):
        return Connection(self.socket, oob)

    def resident(self):
        """Kilobytes of memory that the daemon has for itself."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))

    def has_died(self):
        return self.process.poll() is not None

    def text(self):
        with open(os.path.join(self.directory, "stderr"), errors="replace") as file:
            return file.read()[-6000:]

    def end(self, limit):
        """Waits for the end that somebody asked for and checks what it leaves; returns the seconds."""
        begun = time.monotonic()
        try:
            code = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            raise Fault(f"the daemon has not ended after {limit} s") from None
        took = time.monotonic() - begun
        if code != 0:
            raise Fault(f"the daemon has ended with {code}: {self.text()}")
        left = [name for name in (self.socket, self.pidfile) if os.path.exists(name)]
        if left:
            raise Fault(f"the end has left {left}")
        return took

    def clean(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        self.errors.close()
        shutil.rmtree(self.directory, ignore_errors=True)


def exchange(connections, until, seconds):
    """Moves bytes until `until()` holds; returns the replies, or raises when nothing more comes in time."""
    replies = []
    deadline = time.monotonic() + seconds
    while not until():
        left = deadline - time.monotonic()
        if left <= 0:
            late = [request for connection in connections for _, request in connection.waiting.values()]
            raise Fault(f"no answer after {seconds} s to {json.dumps(late)[:3000]}")
        writers = [c.socket for c in connections if c.output]
        ready, free, _ = select.select([c.socket for c in connections], writers, [], min(left, 1))
        for connection in connections:
            if connection.socket in free:
                connection.write()
            if connection.socket in ready:
                replies += connection.read()
    return replies
