"""Differences between blockjobd and QEMU that are meant to be, each as narrow as what it stands for."""

import json
import re
from dataclasses import dataclass
from typing import Callable


@dataclass(frozen=True)
class Wanted:
    """`holds(history, wanted, found)` looks at the commands, the last of which the two answered so: None for success, or an error's class and text."""
    name: str
    reason: str
    holds: Callable


UNDER_OVERLAY = re.compile(r"Node '.*' is busy: node is used as backing hd of '.*'")
HEADER_NAME = re.compile(r"Could not open backing file: (The only allowed filename for this driver is 'null-co://'"
                         r"|Can't specify 'file' and 'filename' options at the same time"
                         r"|Cannot reference an existing block device with additional options or a new filename)")
UNSHARED = re.compile(r"Permission conflict on node '.*': permissions '.*' are both required by .* and unshared by node '(.*)' \(uses node .* as 'file' child\)\.")


READS_TARGET = re.compile(r"Permission conflict on node '.*': permissions 'consistent read' are both required by node '.*' and unshared by "
                          r"an unnamed block device \(uses node '.*' as 'root' child\)\.")


def text(answer):
    return answer[1] if answer else ""


def filters(history):
    """The names that clients gave to filters of jobs."""
    for request in history:
        arguments = request["arguments"]
        for data in [arguments, *(action["data"] for action in arguments.get("actions", []))]:
            if "filter-node-name" in data:
                yield data["filter-node-name"]


def unshared_by_filter(history, answer):
    match = UNSHARED.fullmatch(text(answer))
    return match is not None and (match[1].startswith("#block") or match[1] in filters(history))


def has_resized(history):
    return any(request["execute"] in ("block_resize", "blockdev-create") for request in history)


def has_job(history):
    return '"blockdev-backup"' in json.dumps(history) or '"blockdev-mirror"' in json.dumps(history)


def starts_backup(history):
    return any(kind == "blockdev-backup" for kind in [history[-1]["execute"], *(action["type"] for action in history[-1]["arguments"].get("actions", []))])


WANTED = [
    Wanted(
        "inner-nodes-mirrored",
        "A node that another node stands on can be mirrored and replaced by its copy; QEMU wants a root node.",
        lambda history, wanted, found: history[-1]["execute"] == "blockdev-mirror" and text(wanted) == "Need a root block node" and found is None),
    Wanted(
        "late-writer-saved",
        "A writer that comes to a backup's source is taken, and what it overwrites is saved first; QEMU refuses it.",
        lambda history, wanted, found: unshared_by_filter(history, wanted) and found is None),
    Wanted(
        "backing-as-defined",
        "A backing file is opened as the client defines it; QEMU gives it the name in the header as well, and trips over having two.",
        lambda history, wanted, found: HEADER_NAME.search(text(wanted)) is not None and found is None),
    Wanted(
        "target-under-overlay",
        "A backup onto a node that an overlay reads from is refused: it would change what the overlay shows. QEMU does it.",
        lambda history, wanted, found: starts_backup(history) and wanted is None and UNDER_OVERLAY.fullmatch(text(found)) is not None),
    Wanted(
        "target-over-source",
        "A backup onto a node through which it would overwrite its own source is refused; QEMU does it.",
        lambda history, wanted, found: starts_backup(history) and wanted is None and text(found).endswith("writing to it would change the source")),
    Wanted(
        "compress-looks-below",
        "Whether compression is possible is asked of the format below a filter; QEMU takes any filter, and the first write fails.",
        lambda history, wanted, found: history[-1]["execute"] == "blockdev-add" and wanted is None
        and text(found).startswith("Compression is not supported for underlying format: ")),
    Wanted(
        "moment-keeps-its-length",
        "A node keeps its length while a copy-before-write filter holds a moment of it; QEMU cuts off what was to be saved.",
        lambda history, wanted, found: history[-1]["execute"] == "block_resize" and wanted is None
        and text(found) == "The length cannot change while a backup keeps a point in time"),
    Wanted(
        "force-share-stays",
        "An option that is given in a reopening as it was given before, or was inherited, is no change; QEMU takes it for one.",
        lambda history, wanted, found: history[-1]["execute"] == "blockdev-reopen" and '"force-share"' in json.dumps(history)
        and text(wanted) in ("Cannot change the option 'force-share'", "Option 'force-share' cannot be reset to its default value") and found is None),
    Wanted(
        "kept-child-follows",
        "A child that was opened with a node goes on as its child by the same defaults when that is reopened; in QEMU it keeps what it inherited.",
        lambda history, wanted, found: history[-1]["execute"] == "blockdev-reopen" and found is None
        and text(wanted) in ("Block node is read-only", "Option 'driver' cannot be reset to its default value")),
    Wanted(
        "discard-back-to-default",
        "What is not given in a reopening gets its default; QEMU keeps `discard`.",
        lambda history, wanted, found: history[-1]["execute"] == "blockdev-reopen" and wanted is None
        and text(found).endswith("setting detect-zeroes to unmap is not allowed without setting discard operation to unmap")),
    Wanted(
        "lengths-follow",
        "A node is as long as what it stands on, also after that has grown through another node; in QEMU it stays as it was.",
        lambda history, wanted, found: "different sizes" in text(wanted) + text(found) and has_resized(history)),
    Wanted(
        "above-the-filter",
        "Who comes to a node with a job's filter comes to the filter. Where the job's target stands on the newcomer that is a circle; QEMU goes below.",
        lambda history, wanted, found: wanted is None and text(found).endswith("would create a cycle") and has_job(history)),
    Wanted(
        "source-under-target",
        "A mirror onto a node that its source reads from is refused; QEMU does it, and overwrites what it has yet to read.",
        lambda history, wanted, found: history[-1]["execute"] == "blockdev-mirror" and wanted is None
        and READS_TARGET.fullmatch(text(found)) is not None),
    Wanted(
        "format-name-too-long",
        "A backing format that a header has no room for is refused; QEMU writes a part of the name.",
        lambda history, wanted, found: wanted is None and text(found).startswith("ERROR: ext_backing_format: len=")),
    Wanted(
        "blkverify-keeps-its-length",
        "Of the two nodes that blkverify compares, QEMU resizes one.",
        lambda history, wanted, found: history[-1]["execute"] == "block_resize" and '"blkverify"' in json.dumps(history) and wanted is None
        and text(found) == "Image format driver does not support resize"),
]


@dataclass(frozen=True)
class WantedOfJob:
    """`holds(history, error)` looks at the commands and at why a job has failed in QEMU that succeeded in blockjobd."""
    name: str
    reason: str
    holds: Callable


WANTED_OF_JOBS = [
    WantedOfJob(
        "compressed-again",
        "A compressed write to a cluster that has data replaces it; in QEMU it fails.",
        lambda history, error: error.endswith("Input/output error") and '"compress"' in json.dumps(history)),
    WantedOfJob(
        "lengths-follow",
        "As above, for a mirror, which finds out in its job.",
        lambda history, error: error == "Source and target image have different sizes" and has_resized(history)),
    WantedOfJob(
        "image-nowhere",
        "An image in a node that forgets: QEMU writes a header, finds none and fails; blockjobd writes it and does not ask.",
        lambda history, error: error == "Image is not in qcow2 format" and '"null-co"' in json.dumps(history)),
]


def wanted_difference_of_jobs(history, wanted, found, errors):
    """The entry that tells apart two lists of jobs, where QEMU has one that failed and blockjobd the same without an error."""
    shown, alive = {job for job, _, _, error in wanted if error}, {job for job, *_ in wanted}
    failed = [job for job, _, _, error in found if not error and job in errors and (job in shown or job not in alive)]
    return next((entry for entry in WANTED_OF_JOBS if any(entry.holds(history, errors[job]) for job in failed)), None)


def wanted_difference(history, wanted, found):
    return next((entry for entry in WANTED if entry.holds(history, wanted, found)), None)
