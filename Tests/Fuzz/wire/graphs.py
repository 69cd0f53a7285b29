#!/usr/bin/env python3
"""Plays random lists of commands with blockjobd and with qemu-storage-daemon: each refused or accepted by both, and the same nodes and jobs after it.

    graphs.py --daemon PATH [--seed N] [--sequences N]     random lists; a difference is made as short as it goes, and kept
    graphs.py --daemon PATH --replay FILE                  a list again
    graphs.py --daemon PATH --minimise FILE                the shortest list found with the same difference
"""

import argparse
import collections
import copy
import json
import os
import random
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from graph_generator import GraphGenerator
from graph_pair import AGREE_SECONDS, Difference, Images, Meant, Pair, ReferenceFailed, anonymous, subject
from graph_wanted import wanted_difference


HASTY_SECONDS = 0.4
"""The patience of the minimiser, which meets the difference again and again."""


class Tally:
    """What the lists of a run came to."""

    def __init__(self):
        self.commands = 0
        self.accepted = 0
        self.wanted = collections.Counter()
        self.texts = collections.defaultdict(list)
        self.reference_failures = collections.Counter()


def step(pair, history, tally, texts):
    """The last command with both; returns whether both accepted it."""
    request = history[-1]
    wanted = pair.ask_reference(request)
    found = pair.ask_daemon(request)
    tally.commands += 1
    if (wanted is None) != (found is None):
        meant = wanted_difference(history, wanted, found)
        if meant:
            raise Meant(meant.name)
        outcome = ["success" if answer is None else anonymous(answer[1]) for answer in (wanted, found)]
        raise Difference(f"{subject(request)}: {outcome[0]} | {outcome[1]}", f"QEMU: {wanted}\nblockjobd: {found}")
    if wanted and texts and (wanted[0], anonymous(wanted[1])) != (found[0], anonymous(found[1])):
        tally.texts[f"{subject(request)}: {anonymous(wanted[1])} | {anonymous(found[1])}"].append(request)
    tally.accepted += wanted is None
    return wanted is None


def play_random(options, images, seed):
    """One random list; returns it, its difference or None, and what was counted."""
    rng = random.Random(seed)
    generator = GraphGenerator(rng)
    requests, tally, difference = [], Tally(), None
    pair = Pair((options.daemon, options.reference), images)
    request = {"execute": "start"}
    try:
        for _ in range(options.commands):
            request = generator.command()
            requests.append(copy.deepcopy(request))
            if step(pair, requests, tally, options.texts) and request["execute"] in ("blockdev-add", "blockdev-reopen"):
                for part in request["arguments"].get("options", [request["arguments"]]):
                    generator.remember(part)
            state = pair.compare_states(requests)
            generator.nodes = sorted(state["nodes"])
            generator.jobs = {job[0]: job[2] for job in state["jobs"]}
    except Difference as found:
        difference = found
    except ReferenceFailed:
        tally.reference_failures[subject(request)] += 1
    except Meant as meant:
        tally.wanted[str(meant)] += 1
    finally:
        pair.clean()
    return requests, difference, tally


def replay(options, images, requests, patience=AGREE_SECONDS):
    """Plays a list; returns its difference or None."""
    pair = Pair((options.daemon, options.reference), images, patience)
    try:
        for index, request in enumerate(requests):
            step(pair, requests[:index + 1], Tally(), False)
            pair.compare_states(requests[:index + 1])
    except Difference as difference:
        return difference
    except (Meant, ReferenceFailed):
        return None
    finally:
        pair.clean()
    return None


def minimise(options, images, requests, kind):
    """Leaves out commands, then members, while the difference stays the same."""
    def stays(shorter):
        found = replay(options, images, shorter, HASTY_SECONDS)
        return found is not None and found.kind == kind
    size = len(requests) // 2
    while size:
        start = 0
        while start < len(requests):
            shorter = requests[:start] + requests[start + size:]
            if shorter and stays(shorter):
                requests = shorter
            else:
                start += size
        size //= 2
    for index in range(len(requests)):
        for path in list(members(requests[index]["arguments"])):
            shorter = copy.deepcopy(requests)
            if remove(shorter[index]["arguments"], path) and stays(shorter):
                requests = shorter
    return requests


def members(value, path=()):
    """The ways to all members of a command that may be left out, the outer ones first."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in entries:
        if name not in ("driver", "node-name"):
            yield (*path, name)
        yield from members(part, (*path, name))


def remove(value, path):
    for name in path[:-1]:
        try:
            value = value[name]
        except (KeyError, IndexError, TypeError):
            return False
    try:
        del value[path[-1]]
        return True
    except (KeyError, IndexError, TypeError):
        return False


def load(path):
    with open(path) as file:
        return [json.loads(line) for line in file if line.strip()]


def save(path, requests):
    with open(path, "w") as file:
        file.writelines(json.dumps(request) + "\n" for request in requests)


def run(options, images):
    begun = time.monotonic()
    total = Tally()
    kinds = collections.defaultdict(list)
    lists = unsteady = 0
    seeds = iter(range(options.seed * 1_000_000, options.seed * 1_000_000 + options.sequences))
    with ThreadPoolExecutor(options.parallel) as pool:
        running = collections.deque()

        def more():
            if time.monotonic() - begun < options.seconds:
                seed = next(seeds, None)
                if seed is not None:
                    running.append((seed, pool.submit(play_random, options, images, seed)))
        for _ in range(options.parallel):
            more()
        while running:
            seed, future = running.popleft()
            requests, difference, tally = future.result()
            more()
            lists += 1
            total.commands += tally.commands
            total.accepted += tally.accepted
            total.wanted += tally.wanted
            total.reference_failures += tally.reference_failures
            for kind, seen in tally.texts.items():
                total.texts[kind] += seen
            if difference is None:
                continue
            kinds[difference.kind].append(seed)
            if len(kinds[difference.kind]) > options.examples:
                continue
            again = replay(options, images, requests)
            if again is None or again.kind != difference.kind:
                # What depends on how the machine is loaded is no difference of the two.
                unsteady += 1
                kinds[difference.kind].pop()
                print(f"seed {seed}: not again: {difference.kind}\n{difference.details}", flush=True)
                save(os.path.join(options.keep, f"graphs-{seed}.txt"), requests)
                continue
            shortest = minimise(options, images, requests, difference.kind)
            path = os.path.join(options.keep, f"graphs-{seed}.txt")
            save(path, shortest)
            last = replay(options, images, shortest) or difference
            print(f"seed {seed}: {difference.kind}\n{last.details}\n" + "\n".join("    " + json.dumps(request) for request in shortest), flush=True)
    if options.texts:
        for kind, seen in sorted(total.texts.items(), key=lambda pair: -len(pair[1])):
            print(f"text, {len(seen)} times: {kind}\n    {json.dumps(seen[0])}")
    for kind, seen in sorted(kinds.items(), key=lambda pair: -len(pair[1])):
        if seen:
            print(f"{len(seen)} times: {kind} (seeds {seen[:4]})")
    for name, count in total.wanted.items():
        print(f"wanted, {count} times: {name}")
    for name, count in total.reference_failures.items():
        print(f"QEMU died or hung, {count} times: {name}")
    differences = sum(map(len, kinds.values()))
    print(f"{lists} lists from seed {options.seed * 1_000_000}, {total.commands} commands, {total.accepted} of them accepted by both, {differences} differences, "
          f"{unsteady} that did not come again, {time.monotonic() - begun:.0f} s")
    return 1 if differences else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--daemon", required=True)
    parser.add_argument("--reference", default=os.environ.get("QEMU_STORAGE_DAEMON", "qemu-storage-daemon"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sequences", type=int, default=100)
    parser.add_argument("--commands", type=int, default=40, help="of one list")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--parallel", type=int, default=2)
    parser.add_argument("--examples", type=int, default=1, help="lists to make shorter for each kind of difference")
    parser.add_argument("--texts", action="store_true", help="compares the texts of refusals, too, and lists those that differ")
    parser.add_argument("--keep", default=".", help="the directory for lists with a difference")
    parser.add_argument("--replay")
    parser.add_argument("--minimise")
    options = parser.parse_args()
    options.reference = shutil.which(options.reference) or parser.error("no qemu-storage-daemon")
    images = Images()
    try:
        if not (options.replay or options.minimise):
            return run(options, images)
        requests = load(options.replay or options.minimise)
        difference = replay(options, images, requests)
        print(f"{difference.kind}\n{difference.details}" if difference else "both agree, or differ as they are meant to")
        if difference and options.minimise:
            shortest = minimise(options, images, requests, difference.kind)
            save(options.minimise + ".min", shortest)
            print("\n".join(map(json.dumps, shortest)))
        return 1 if difference else 0
    finally:
        images.clean()


if __name__ == "__main__":
    sys.exit(main())
