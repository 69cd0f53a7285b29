#!/usr/bin/env python3
"""Ends daemons right behind commands, in every way, and judges each end: in time, with code 0, nothing left behind.

    ends.py --daemon PATH [--ends N] [--seed N] [--limit SECONDS] [--parallel N]
"""

import argparse
import json
import random
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from daemon import Connection, Daemon, Fault

DISKS = [f"d{number}" for number in range(4)]


def commands(rng):
    """Commands about quiet disks; a job is met in any state by the end."""
    for number in range(rng.randrange(1, 31)):
        source, target = rng.sample(DISKS, 2)
        choices = [
            ("blockdev-create", {"job-id": f"c{number}", "options": {"driver": "qcow2", "file": "f", "size": 1 << 20}}),
            ("blockdev-add", {"driver": "null-co", "node-name": f"n{number}", "size": 1 << 20}),
            ("blockdev-add", {"driver": "raw", "node-name": f"r{number}", "file": source}),
            ("blockdev-del", {"node-name": f"n{number - 1}"}),
            ("blockdev-mirror", {"job-id": f"m{number}", "device": source, "target": target, "sync": "full"}),
            ("blockdev-backup", {"job-id": f"b{number}", "device": source, "target": target, "sync": rng.choice(["full", "none"]),
                                 "speed": rng.choice([0, 65536])}),
            ("block-dirty-bitmap-add", {"node": source, "name": f"x{number}"}),
            ("job-pause", {"id": f"m{number - 1}"}),
            ("query-named-block-nodes", {"flat": True}),
            ("blockdev-reopen", {"options": [{"driver": "null-co", "node-name": source, "size": 1 << 20, "read-only": rng.random() < 0.3}]}),
        ]
        yield rng.choice(choices)


def one(binary, seed, limit):
    """One end; returns its way, its seconds, and what was wrong."""
    rng = random.Random(seed)
    daemon = Daemon(binary, with_files=False)
    way = rng.choice(["quit", "SIGTERM", "SIGINT", "idle"])
    try:
        client = Connection(daemon.socket)
        client.socket.setblocking(True)
        open(f"{daemon.directory}/f", "wb").close()
        requests = [("blockdev-add", {"driver": "file", "node-name": "f", "filename": "f"})]
        requests += [("blockdev-add", {"driver": "null-co", "node-name": disk, "size": 1 << 20}) for disk in DISKS]
        requests += [] if way == "idle" else list(commands(rng))
        requests += [("quit", {})] if way in ("quit", "idle") else []
        client.socket.sendall(b"".join(
            json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n" for name, arguments in requests))
        if way.startswith("SIG"):
            # The end meets the commands at any point of theirs.
            time.sleep(rng.random() * 0.004)
            daemon.process.send_signal(getattr(signal, way))
        begun = time.monotonic()
        client.close() if rng.random() < 0.2 and way.startswith("SIG") else None
        daemon.end(20)
        took = time.monotonic() - begun
        return way, took, f"took {took:.2f} s" if took > limit else None
    except (Fault, OSError) as fault:
        return way, 20.0, str(fault)
    finally:
        daemon.clean()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--daemon", required=True)
    parser.add_argument("--ends", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=1.0, help="seconds that an end may take")
    parser.add_argument("--parallel", type=int, default=2)
    options = parser.parse_args()
    times, faults = {}, 0
    seeds = range(options.seed * 1_000_000, options.seed * 1_000_000 + options.ends)
    with ThreadPoolExecutor(options.parallel) as pool:
        for seed, (way, took, fault) in zip(seeds, pool.map(lambda seed: one(options.daemon, seed, options.limit), seeds)):
            times.setdefault(way, []).append(took)
            if fault:
                faults += 1
                print(f"seed {seed}, {way}: {fault}", flush=True)
    for way, taken in sorted(times.items()):
        taken.sort()
        print(f"{way}: {len(taken)} ends, median {taken[len(taken) // 2] * 1000:.1f} ms, 99 of 100 within "
              f"{taken[len(taken) * 99 // 100] * 1000:.1f} ms, longest {taken[-1] * 1000:.1f} ms")
    print(f"{faults} faults in {options.ends} ends")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
