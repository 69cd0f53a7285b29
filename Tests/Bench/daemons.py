"""Daemons under measurement: started, asked, read in /proc, ended."""

import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Demo"))

from qmp import QMP  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")


class Daemon:
    """A running daemon with `monitors` sockets; the last one is this script's own."""

    def __init__(self, program, directory, monitors=1, processors=None, options=()):
        self.sockets = [os.path.join(directory, f"{os.path.basename(program)}-{index}.sock") for index in range(monitors)]
        pidfile = os.path.join(directory, f"{os.path.basename(program)}.pid")
        arguments = ["taskset", "-c", processors] if processors else []
        arguments.append(program)
        for index, path in enumerate(self.sockets):
            arguments += ["--chardev", f"socket,path={path},server=on,wait=off,id=c{index}", "--monitor", f"chardev=c{index}"]
        arguments += ["--pidfile", pidfile, *options]
        self.process = subprocess.Popen(arguments, cwd=directory)
        while not os.path.exists(pidfile):
            if self.process.poll() is not None:
                raise RuntimeError(f"{program} has ended with {self.process.returncode}")
            time.sleep(0.001)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def qmp(self):
        return QMP(self.sockets[-1])

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self, field):
        """VmRSS or VmHWM in MiB."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) / 1024
        raise RuntimeError(f"no {field}")


class Client:
    """The compiled client."""

    def __init__(self, program):
        self.program = program

    def start(self, *arguments, processors=None):
        prefix = ["taskset", "-c", processors] if processors else []
        return subprocess.Popen([*prefix, self.program, *map(str, arguments)], stdout=subprocess.PIPE, text=True)

    @staticmethod
    def finish(process):
        output, _ = process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"the client has failed: {process.args}")
        return json.loads(output)

    def run(self, *arguments, processors=None):
        return self.finish(self.start(*arguments, processors=processors))


class Echo:
    """A bare server in C, for what the machine and the kernel cost alone."""

    def __init__(self, client, directory, processors=None):
        self.path = os.path.join(directory, "echo.sock")
        self.process = client.start("echo", self.path, processors=processors)
        while not os.path.exists(self.path):
            time.sleep(0.001)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        os.unlink(self.path)


def wait_for_status(qmp, job, statuses):
    """Sleeps in the kernel until the job reports one of the statuses; returns it."""
    while True:
        event = qmp.next_event(600)
        if event is None:
            raise RuntimeError(f"{job} does not come to {statuses}")
        if event["event"] == "JOB_STATUS_CHANGE" and event["data"]["id"] == job and event["data"]["status"] in statuses:
            return event["data"]["status"]


def conclude(qmp, job):
    """Waits for the end of a job that must succeed, and dismisses it."""
    wait_for_status(qmp, job, {"concluded"})
    for info in qmp.execute("query-jobs"):
        if info["id"] == job and "error" in info:
            raise RuntimeError(f"{job}: {info['error']}")
    qmp.execute("job-dismiss", id=job)
