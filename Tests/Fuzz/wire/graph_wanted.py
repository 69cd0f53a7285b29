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


READS_TARGET = re.compile(r"Permission conflict on node '.*': permissions 'consistent read' are both required by node '.*' \(uses node .*\) and unshared by "
                          r"an unnamed block device \(uses node '.*' as 'root' child\)\.")


NOT_REPLACEABLE = re.compile(r"Cannot replace '.*' by a node mirrored from '.*', because")


WINDOW = re.compile(r"^(Offset|The sum of offset) \(.*containing file \(")
FILE_OF_IMAGE = re.compile(r'"driver": "qcow2", "file": {"driver": "file", "filename": "[^"]*", "node-name": "([^"]*)"')
CHILD_OPTION = re.compile(r"Cannot change the option '(image|test|raw|target|children\.\d+)'")
ODD_CHILD = "Could not refresh total sector count: Input/output error"
NO_NODE = re.compile(r"Node '.*' not found")


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
    """Whether a node may have got another length below those that stand on it."""
    return any(request["execute"] in ("block_resize", "blockdev-create", "blockdev-reopen") for request in history)


def has_job(history):
    return '"blockdev-backup"' in json.dumps(history) or '"blockdev-mirror"' in json.dumps(history)


def takes_snapshot_in_transaction(history):
    return any(request["execute"] == "transaction" and any("snapshot" in action["type"] for action in request["arguments"]["actions"])
               for request in history)


def has_image_in_image(history):
    """Whether a node that is an image's file may be an image itself: it is named, or gets an overlay."""
    listed = json.dumps(history)
    return re.search(r'"driver": "qcow2", "file": "', listed) is not None or any(
        f'"{name}"' in listed for name in FILE_OF_IMAGE.findall(listed)) and '"blockdev-snapshot' in listed


def starts_backup(history):
    return any(kind == "blockdev-backup" for kind in [history[-1]["execute"], *(action["type"] for action in history[-1]["arguments"].get("actions", []))])


WANTED = [
    Wanted(
        "inner-nodes-mirrored",
        "A node that another node stands on can be mirrored and replaced by its copy; QEMU wants a root node.",
        lambda history, wanted, found: history[-1]["execute"] == "blockdev-mirror" and found is None
        and (text(wanted) == "Need a root block node" or '"raw"' in json.dumps(history) and NOT_REPLACEABLE.match(text(wanted)) is not None)),
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
        "same-child-below-the-filter",
        "A child that a reopening names is the same one when a job's filter has come between; to QEMU it is another.",
        lambda history, wanted, found: history[-1]["execute"] == "blockdev-reopen" and found is None and has_job(history)
        and CHILD_OPTION.fullmatch(text(wanted)) is not None),
    Wanted(
        "discard-back-to-default",
        "What is not given in a reopening gets its default; QEMU keeps `discard`.",
        lambda history, wanted, found: history[-1]["execute"] == "blockdev-reopen" and wanted is None
        and text(found).endswith("setting detect-zeroes to unmap is not allowed without setting discard operation to unmap")),
    Wanted(
        "lengths-follow",
        "A node is as long as what it stands on, also when that grows through another node or is exchanged; in QEMU it stays as it was.",
        lambda history, wanted, found: has_resized(history) and (
            "different sizes" in text(wanted) + text(found)
            or history[-1]["execute"] == "blockdev-add" and wanted is None and (WINDOW.search(text(found)) is not None or text(found) == ODD_CHILD))),
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
        "quorum-of-one-length",
        "A quorum takes no child of another length; QEMU does by x-blockdev-change, as it does not when the quorum is made.",
        lambda history, wanted, found: history[-1]["execute"] == "x-blockdev-change" and wanted is None
        and text(found) == ODD_CHILD),
    Wanted(
        "snapshot-taken-back",
        "A transaction that is taken back leaves nothing; in QEMU the node under its snapshot stays blocked, and keeps what was the overlay's users.",
        lambda history, wanted, found: found is None and takes_snapshot_in_transaction(history) and (
            history[-1]["execute"] == "blockdev-del" and UNDER_OVERLAY.fullmatch(text(wanted)) is not None
            or history[-1]["execute"] == "blockdev-reopen" and text(wanted).endswith("would create a cycle")
            or history[-1]["execute"] == "block_resize" and "unshared by an unnamed block device" in text(wanted))),
    Wanted(
        "damage-is-told",
        "An image that was reopened on a file of other bytes is found to be damaged by what changes its length; QEMU goes on.",
        lambda history, wanted, found: history[-1]["execute"] == "block_resize" and wanted is None and text(found).startswith("Refblock offset")
        and any(request["execute"] == "blockdev-reopen" for request in history)),
    Wanted(
        "window-in-the-new-file",
        "Whether a raw node's window fits is asked of the file that it gets; QEMU asks the one that it had.",
        lambda history, wanted, found: history[-1]["execute"] == "blockdev-reopen" and wanted is None
        and WINDOW.search(text(found)) is not None),
    Wanted(
        "bitmaps-writable-after-refusal",
        "A reopening that is refused leaves bitmaps as they were; QEMU leaves them read-only.",
        lambda history, wanted, found: text(wanted).endswith("is readonly and cannot be modified") and found is None
        and any(request["execute"] == "blockdev-reopen" for request in history[:-1])),
    Wanted(
        "bitmap-above-or-below",
        "A copy-before-write node takes a bitmap of a node that it stands on; QEMU takes any node's.",
        lambda history, wanted, found: history[-1]["execute"] == "blockdev-add" and history[-1]["arguments"]["driver"] == "copy-before-write"
        and wanted is None and NO_NODE.fullmatch(text(found)) is not None),
    Wanted(
        "format-name-too-long",
        "A backing format that a header has no room for is refused; QEMU writes a part of the name.",
        lambda history, wanted, found: wanted is None and text(found).startswith("ERROR: ext_backing_format: len=")),
    Wanted(
        "blkverify-keeps-its-length",
        "The two nodes that blkverify compares keep their length; QEMU resizes one of them.",
        lambda history, wanted, found: history[-1]["execute"] == "block_resize" and '"blkverify"' in json.dumps(history) and wanted is None
        and text(found) == "Image format driver does not support resize"),
]


@dataclass(frozen=True)
class WantedOfJob:
    """`holds(history, error)` looks at the commands and at why a job has failed in QEMU that succeeded in blockjobd, or `either_way` the reverse."""
    name: str
    reason: str
    holds: Callable
    either_way: bool = False


WANTED_OF_JOBS = [
    WantedOfJob(
        "compressed-again",
        "A compressed write to a cluster that has data replaces it; in QEMU it fails.",
        lambda history, error: error.endswith("Input/output error") and '"compress"' in json.dumps(history)),
    WantedOfJob(
        "lengths-follow",
        "As above, for a mirror, which finds out in its job.",
        lambda history, error: error == "Source and target image have different sizes" and has_resized(history), either_way=True),
    WantedOfJob(
        "late-writer-saved",
        "As above, for an image that is made in a backup's source.",
        lambda history, error: unshared_by_filter(history, ("", error))),
    WantedOfJob(
        "image-in-image",
        "An image does not grow beyond its length for another image that is kept in it; in QEMU it does, and its header does not say so.",
        lambda history, error: has_image_in_image(history)
        and (error == "Input/output error" or error.endswith("The range lies beyond the end of the image")), either_way=True),
    WantedOfJob(
        "moment-that-is-none",
        "snapshot-access over what keeps no moment cannot be read; QEMU's blockdev-create does not read the parts of clusters that it overwrites.",
        lambda history, error: error == "Operation not supported" and '"snapshot-access"' in json.dumps(history)
        and '"blockdev-create"' in json.dumps(history), either_way=True),
    WantedOfJob(
        "image-nowhere",
        "An image in a node that forgets: QEMU writes a header, finds none and fails; blockjobd writes it and does not ask.",
        lambda history, error: error == "Image is not in qcow2 format" and '"null-co"' in json.dumps(history)),
]


def wanted_difference_of_jobs(history, wanted, found, errors, other_errors):
    """The entry that tells apart two lists of jobs, where QEMU has one that failed and blockjobd the same without an error, or the reverse."""
    shown, alive = {job for job, _, _, error in wanted if error}, {job for job, *_ in wanted}
    failed = [job for job, _, _, error in found if not error and job in errors and (job in shown or job not in alive)]
    failures = [(entry, errors[job]) for job in failed for entry in WANTED_OF_JOBS]
    reverse = [job for job, _, _, error in wanted if not error and job in other_errors]
    failures += [(entry, other_errors[job]) for job in reverse for entry in WANTED_OF_JOBS if entry.either_way]
    return next((entry for entry, error in failures if entry.holds(history, error)), None)


@dataclass(frozen=True)
class WantedOfNodes:
    """`holds(request, name, wanted, found)` looks at the last command and at a node that differs: its driver and read-only, or None."""
    name: str
    reason: str
    holds: Callable


WANTED_OF_NODES = [
    WantedOfNodes(
        "kept-child-follows",
        "A child that is reopened with its parent, and says nothing of it, is writable as that is; in QEMU it stays read-only if it once became so.",
        lambda request, name, wanted, found: request["execute"] == "blockdev-reopen" and None not in (wanted, found) and wanted[1] and not found[1]
        and any(options["node-name"] == name for options in request["arguments"]["options"])
        and not any(options.get("read-only") for options in request["arguments"]["options"])),
    WantedOfNodes(
        "snapshot-taken-back",
        "A transaction that is taken back takes no user from what was to be the overlay; in QEMU the overlay goes with them.",
        lambda request, name, wanted, found: wanted is None and takes_snapshot_in_transaction([request])),
]


def wanted_difference_of_nodes(request, wanted, found):
    """The entry that every node belongs to which differs."""
    differing = [name for name in {*wanted, *found} if wanted.get(name) != found.get(name)]
    return next((entry for entry in WANTED_OF_NODES
                 if differing and all(entry.holds(request, name, wanted.get(name), found.get(name)) for name in differing)), None)


def wanted_difference(history, wanted, found):
    return next((entry for entry in WANTED if entry.holds(history, wanted, found)), None)
