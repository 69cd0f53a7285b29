"""qcow2 images for the measurements, made by qemu-img and filled by qemu-io."""

import os
import subprocess

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
CLUSTER = 64 * KIB
# What one L2 table maps.
TABLE = 512 * MIB


def create(path, size, backing=None, **options):
    """A new image, in place of what was there."""
    if os.path.exists(path):
        os.unlink(path)
    command = ["qemu-img", "create", "-q", "-f", "qcow2"]
    if options:
        command += ["-o", ",".join(f"{name}={value}" for name, value in options.items())]
    if backing:
        command += ["-b", backing, "-F", "qcow2"]
    subprocess.run([*command, path, str(size)], check=True)
    return path


def overlay(path, backing, size):
    """A new image over another; it has nothing of its own."""
    return create(path, size, backing=backing)


def make_chain(directory, name, size, depth, preallocation):
    """`depth` images over one another, the lowest with all clusters. Each other one has a cluster of its own in what each L2 table maps, so that every
    layer must be asked and none is left out for want of a table.

    Returns the paths, the lowest first.
    """
    paths = [create(os.path.join(directory, f"{name}-0.qcow2"), size, preallocation=preallocation)]
    for layer in range(1, depth):
        path = overlay(os.path.join(directory, f"{name}-{layer}.qcow2"), paths[-1], size)
        commands = []
        for table in range(0, size, TABLE):
            commands += ["-c", f"write -q {table + layer * CLUSTER} {CLUSTER}"]
        subprocess.run(["qemu-io", "-f", "qcow2", *commands, path], check=True)
        paths.append(path)
    return paths


def remove(paths):
    for path in paths:
        os.unlink(path)
