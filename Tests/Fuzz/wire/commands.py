#!/usr/bin/env python3
"""Attacks a daemon with random commands of several clients, and with the lists of commands that did harm.

    commands.py --daemon PATH [--seed N] [--commands N] [--clients N]    a run; says the seed, and keeps the list when something is wrong
    commands.py --daemon PATH --replay FILE                              the list again, one command after another
    commands.py --daemon PATH --minimise FILE                            the shortest list found that still does the harm
"""

import argparse
import json
import os
import random
import sys
import time

from daemon import Daemon, Fault, exchange
from generator import Generator

PER_DAEMON = 6000
PROBE_SECONDS = 5
COMMAND_SECONDS = 8
"""Disks are quiet here: nothing has to be waited for. A daemon that is deaf is seen by the probe."""
END_SECONDS = 5
GROWTH = 48 << 10


def ask(connection, command, **arguments):
    connection.send({"execute": command, "arguments": arguments})
    return exchange([connection], lambda: not connection.waiting, COMMAND_SECONDS)[0][1]


class Attack:
    """The commands of one daemon's life."""

    def __init__(self, options, seed):
        self.options = options
        self.random = random.Random(seed)
        self.daemon = Daemon(options.daemon)
        self.list = []
        self.succeeded = 0
        self.slowest = (0, None)
        self.slowest_probe = 0
        self.clients = []

    def run(self, commands):
        self.probe = self.daemon.connect()
        self.generator = Generator(ask(self.probe, "query-qmp-schema")["return"], self.random)
        self.clients = [self.connect() for _ in range(self.options.clients)]
        sizes = []
        for _ in range(3):
            self.round_of(commands // 3)
            if self.options.growth:
                self.remove_everything()
                sizes.append(self.daemon.resident())
        if sizes and sizes[-1] - sizes[0] > GROWTH:
            raise Fault(f"memory has grown after everything was removed: {sizes} KiB")
        return sizes, self.finish()

    def connect(self):
        oob = self.random.random() < 0.5
        client = self.daemon.connect(oob)
        client.oob = oob
        return client

    def round_of(self, commands):
        sent = 0
        while sent < commands:
            for number, client in enumerate(self.clients):
                for _ in range(self.random.choice([1, 1, 2, 5, 20])):
                    request = self.generator.command(client.oob)
                    self.list.append(request)
                    client.send(request)
                    sent += 1
                if self.random.random() < 0.005:
                    client.write()
                    client.close()
                    self.clients[number] = self.connect()
            self.look()

    def look(self):
        """Waits for the answers of all, and meanwhile asks something that must be answered at once."""
        begun = time.monotonic()
        while any(client.waiting for client in self.clients):
            self.probe.send({"execute": "query-jobs"})
            replies = exchange([*self.clients, self.probe], lambda: not self.probe.waiting, PROBE_SECONDS)
            for request, message, took in replies:
                if "arguments" not in request:
                    self.slowest_probe = max(self.slowest_probe, took)
                    continue
                self.succeeded += "return" in message
                if took > self.slowest[0]:
                    self.slowest = (took, request)
            if time.monotonic() - begun > COMMAND_SECONDS:
                late = [request for client in self.clients for _, request in client.waiting.values()]
                raise Fault(f"no answer after {COMMAND_SECONDS} s to {json.dumps(late)[:3000]}")
            if any(client.waiting for client in self.clients):
                time.sleep(0.0005)

    def remove_everything(self):
        deadline = time.monotonic() + COMMAND_SECONDS
        while time.monotonic() < deadline:
            jobs = ask(self.probe, "query-jobs")["return"]
            for job in jobs:
                for verb in ("job-resume", "job-cancel", "job-finalize", "job-dismiss"):
                    ask(self.probe, verb, id=job["id"])
            nodes = ask(self.probe, "query-named-block-nodes", flat=True)["return"]
            for node in nodes:
                ask(self.probe, "blockdev-del", **{"node-name": node["node-name"]})
            for group in ("g0", "g1"):
                ask(self.probe, "object-del", id=group)
            if not jobs and not nodes:
                return
        raise Fault(f"cannot be removed: {json.dumps(jobs)[:1500]} {[node['node-name'] for node in nodes]}")

    def finish(self):
        self.probe.send({"execute": "quit"})
        self.probe.write()
        return self.daemon.end(END_SECONDS)

    def state(self):
        """What a daemon that still answers says of its jobs and nodes."""
        if self.daemon.has_died():
            return ""
        try:
            client = self.daemon.connect()
            queries = [("query-jobs", {}), ("query-block-jobs", {}), ("x-debug-query-block-graph", {}), ("query-named-block-nodes", {"flat": True})]
            return "\n".join(json.dumps(ask(client, command, **arguments).get("return")) for command, arguments in queries)
        except (Fault, OSError) as fault:
            return f"no state: {fault}"

    def clean(self):
        for client in self.clients:
            client.close()
        self.daemon.clean()


def replay(binary, requests, patience=COMMAND_SECONDS):
    """Plays a list one by one; returns what went wrong, or nothing."""
    daemon = Daemon(binary)
    try:
        client = daemon.connect(oob=True)
        for request in requests:
            client.send(request)
            exchange([client], lambda: not client.waiting, patience)
        client.send({"execute": "quit"})
        client.write()
        daemon.end(END_SECONDS)
    except (Fault, OSError) as fault:
        return describe(daemon, fault)
    finally:
        daemon.clean()
    return None


def describe(daemon, fault):
    try:
        daemon.process.wait(2)
        return f"the daemon has died with {daemon.process.returncode}: {daemon.text()}" if daemon.process.returncode else str(fault)
    except Exception:
        return str(fault)


def minimise(binary, requests):
    """Leaves out what the harm does not need, in ever smaller parts."""
    if replay(binary, requests, PROBE_SECONDS) is None:
        return None
    size = len(requests) // 2
    while size:
        start = 0
        while start < len(requests):
            shorter = requests[:start] + requests[start + size:]
            if replay(binary, shorter, PROBE_SECONDS) is not None:
                requests = shorter
            else:
                start += size
        size //= 2
    return requests


def load(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


def save(path, requests):
    with open(path, "w") as file:
        file.writelines(json.dumps(request) + "\n" for request in requests)


def attack(options):
    done, failures, life = 0, 0, 0
    begun = time.monotonic()
    slowest_end = slowest_probe = 0
    slowest = (0, None)
    while done < options.commands and time.monotonic() - begun < options.seconds and failures < options.failures:
        seed = options.seed * 100_000 + life
        life += 1
        current = Attack(options, seed)
        try:
            sizes, end = current.run(min(PER_DAEMON, options.commands))
            slowest_end = max(slowest_end, end)
            if options.verbose:
                print(f"seed {seed}: {len(current.list)} commands, {current.succeeded} succeeded, {sizes} KiB, end {end:.2f} s", flush=True)
        except (Fault, OSError) as fault:
            failures += 1
            path = os.path.join(options.keep, f"commands-{seed}.txt")
            save(path, current.list)
            print(f"seed {seed}: {describe(current.daemon, fault)}\n{current.state()}\nthe list is in {path}", flush=True)
        finally:
            done += len(current.list)
            slowest_probe = max(slowest_probe, current.slowest_probe)
            slowest = max(slowest, current.slowest, key=lambda pair: pair[0])
            current.clean()
    print(f"{done} commands in {time.monotonic() - begun:.0f} s, {life} daemons, {failures} faults; slowest probe {slowest_probe:.2f} s, "
          f"end {slowest_end:.2f} s, command {slowest[0]:.2f} s ({json.dumps(slowest[1])[:300]})")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--daemon", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--commands", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--failures", type=int, default=1, help="goes on until so many faults")
    parser.add_argument("--keep", default=".", help="the directory for lists that did harm")
    parser.add_argument("--no-growth", dest="growth", action="store_false", help="does not look at memory")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--replay")
    parser.add_argument("--minimise")
    options = parser.parse_args()
    if options.replay:
        fault = replay(options.daemon, load(options.replay))
        print(fault or "nothing happened")
        return 1 if fault else 0
    if options.minimise:
        shortest = minimise(options.daemon, load(options.minimise))
        if shortest is None:
            print("the list does no harm when it is played one by one")
            return 1
        save(options.minimise + ".min", shortest)
        print("\n".join(map(json.dumps, shortest)))
        return 0
    return 1 if attack(options) else 0


if __name__ == "__main__":
    sys.exit(main())
