"""The tour behind `make run`: copies a real disk image twice over QMP, once with a backup and once with a mirror, and proves both copies.

Everything happens in a temporary directory that is gone at the end.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import json

from qmp import QMP, QMPError

MIB = 1 << 20


progress_is_shown = False


def progress(text):
    """Shows a line that the next one replaces, where a terminal can do that."""
    global progress_is_shown
    if sys.stdout.isatty():
        print(f"\r{text}\033[K", end="", flush=True)
        progress_is_shown = True
    else:
        print(text, flush=True)


def say(text=""):
    global progress_is_shown
    print(("\n" if progress_is_shown else "") + text, flush=True)
    progress_is_shown = False


def show(direction, message):
    """Prints a message of the dialogue in one line, cut where it gets long."""
    if message.get("return") and direction == "<-" and isinstance(message["return"], list):
        return  # the answers to polling are shown as the progress line
    if message.get("execute") == "query-jobs":
        return
    message = {key: value for key, value in message.items() if key != "timestamp"}
    text = json.dumps(message)
    say(f"  {direction} {text if len(text) <= 150 else text[:147] + '...'}")


def human(count):
    return f"{count / MIB:.0f} MiB"


class Tour:
    def __init__(self, daemon, directory, size):
        self.directory = directory
        self.daemon = daemon
        self.size = size
        self.socket = self.path("qmp.sock")
        self.process = None

    def path(self, name):
        return os.path.join(self.directory, name)

    def make_image(self):
        """An ext4 image with files of this machine in it, as many as fit."""
        tree = self.path("tree")
        os.mkdir(tree)
        budget = self.size * 6 // 10
        for top in ("/usr/share", "/usr/lib", "/usr/bin", "/etc"):
            for folder, _, names in os.walk(top):
                for name in names:
                    source = os.path.join(folder, name)
                    try:
                        if os.path.islink(source) or not os.path.isfile(source):
                            continue
                        length = os.path.getsize(source)
                        if length > 32 * MIB or length > budget:
                            continue
                        target = tree + source
                        os.makedirs(os.path.dirname(target), exist_ok=True)
                        shutil.copyfile(source, target)
                    except OSError:
                        continue
                    # A file occupies whole blocks and an inode.
                    budget -= (length + 4095) // 4096 * 4096 + 512
                if budget < MIB:
                    break
            if budget < MIB:
                break
        with open(self.path("disk.img"), "wb") as image:
            image.truncate(self.size)
        mke2fs = shutil.which("mke2fs") or "/usr/sbin/mke2fs"
        subprocess.run([mke2fs, "-q", "-t", "ext4", "-d", tree, "-N", "65536", self.path("disk.img")], check=True)
        files = sum(len(names) for _, _, names in os.walk(tree))
        shutil.rmtree(tree)
        used = os.stat(self.path("disk.img")).st_blocks * 512
        say(f"Made disk.img: ext4, {human(self.size)}, {files} files of this machine, {human(used)} on disk.")

    def start(self):
        arguments = [self.daemon, "--chardev", f"socket,id=monitor,path={self.socket},server=on,wait=off", "--monitor", "monitor"]
        arguments += ["--pidfile", self.path("pid")]
        self.process = subprocess.Popen(arguments)
        deadline = time.monotonic() + 20
        while not os.path.exists(self.path("pid")):
            if self.process.poll() is not None:
                sys.exit(f"{self.daemon} has ended with {self.process.returncode}")
            if time.monotonic() > deadline:
                sys.exit(f"{self.daemon} is not ready after 20 seconds")
            time.sleep(0.01)
        say(f"Started {os.path.basename(self.daemon)} (process {self.process.pid}) on {self.socket}.")

    def follow(self, qmp, job, until):
        """Prints a progress line until the job reports the status; then its events have been shown above it."""
        while True:
            event = qmp.next_event(0.05)
            if event and event["event"] == "JOB_STATUS_CHANGE" and event["data"]["id"] == job and event["data"]["status"] in until:
                return event["data"]["status"]
            if event:
                continue
            for info in qmp.execute("query-jobs"):
                if info["id"] == job and info["total-progress"]:
                    share = 100 * info["current-progress"] // info["total-progress"]
                    bar = ("#" * (share * 40 // 100)).ljust(40)
                    progress(f"     {job} [{bar}] {share:3d} %  {info['status']}")

    def conclude(self, qmp, job):
        """Waits for the end of a job, fails if it failed, and dismisses it."""
        self.follow(qmp, job, {"concluded"})
        for info in qmp.execute("query-jobs"):
            if info["id"] == job and "error" in info:
                raise QMPError(f"job {job}: {info['error']}")
        qmp.execute("job-dismiss", id=job)

    def create_target(self, qmp, name):
        say(f"\nCreate {name}.img, as large as the source, with a create job, and add it as node '{name}'.")
        qmp.execute(
            "blockdev-create", job_id=f"create-{name}",
            options={"driver": "file", "filename": self.path(f"{name}.img"), "size": self.size})
        self.conclude(qmp, f"create-{name}")
        self.add(qmp, name, f"{name}.img")

    def add(self, qmp, node, file):
        qmp.execute(
            "blockdev-add", driver="raw", node_name=node, discard="unmap", file={"driver": "file", "filename": self.path(file), "discard": "unmap"})

    def prove(self, name):
        subprocess.run(["cmp", self.path("disk.img"), self.path(f"{name}.img")], check=True)
        e2fsck = shutil.which("e2fsck") or "/usr/sbin/e2fsck"
        checked = subprocess.run([e2fsck, "-fn", self.path(f"{name}.img")], capture_output=True, text=True, check=False)
        if checked.returncode != 0:
            raise QMPError(f"e2fsck finds fault with {name}.img:\n{checked.stdout}{checked.stderr}")
        say(f"{name}.img: cmp finds no difference, e2fsck -fn no fault; {human(os.stat(self.path(f'{name}.img')).st_blocks * 512)} on disk.")

    def run(self):
        self.make_image()
        self.start()
        say("\nConnect and negotiate; every line from here on is QMP (-> sent, <- received).")
        qmp = QMP(self.socket, show)
        say("\nAdd the image as node 'source'.")
        self.add(qmp, "source", "disk.img")

        self.create_target(qmp, "backup")
        say("\nBack it up.")
        backup_started = time.monotonic()
        qmp.execute("blockdev-backup", job_id="nightly", device="source", target="backup", sync="full", auto_dismiss=False)
        self.conclude(qmp, "nightly")
        backup = time.monotonic() - backup_started
        qmp.execute("blockdev-del", node_name="backup")
        self.prove("backup")

        self.create_target(qmp, "mirror")
        say("\nMirror it: the copy runs until the job is ready, and keeps up with writers until it is completed.")
        mirror_started = time.monotonic()
        qmp.execute("blockdev-mirror", job_id="move", device="source", target="mirror", sync="full", auto_dismiss=False)
        status = self.follow(qmp, "move", {"ready", "concluded"})
        mirror = time.monotonic() - mirror_started
        if status == "ready":
            qmp.execute("job-complete", id="move")
        self.conclude(qmp, "move")
        say("\nQuit.")
        qmp.execute("quit")
        if self.process.wait(timeout=30) != 0:
            raise QMPError(f"the daemon has ended with {self.process.returncode}")
        self.prove("mirror")
        return backup, mirror

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--daemon", default="blockjobd")
    parser.add_argument("--size", type=int, default=384, help="of the image, in MiB")
    options = parser.parse_args()
    # An interrupted tour cleans up, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="blockjobd-tour-") as directory:
        tour = Tour(options.daemon, directory, options.size * MIB)
        try:
            backup, mirror = tour.run()
        except (QMPError, subprocess.CalledProcessError, OSError) as error:
            sys.exit(f"The tour has failed: {error}")
        finally:
            tour.stop()
    rate = options.size / max(backup, 1e-9), options.size / max(mirror, 1e-9)
    say(f"""
Done: a {options.size} MiB disk was backed up in {backup:.2f} s ({rate[0]:.0f} MiB/s) and mirrored in {mirror:.2f} s ({rate[1]:.0f} MiB/s), and both
copies are proven equal. The daemon has quit; the images are removed.

To talk to a daemon yourself:
  {os.path.relpath(options.daemon)} --chardev socket,id=m,path=/tmp/qmp.sock,server=on,wait=off --monitor m &
  socat - UNIX-CONNECT:/tmp/qmp.sock       # then type {{"execute": "qmp_capabilities"}} and {{"execute": "query-jobs"}}
  .build/venv/bin/qmp-shell /tmp/qmp.sock  # after `make setup`; Tab completes commands, `query-jobs` lists the jobs""")


if __name__ == "__main__":
    main()
