#!/bin/sh
# Fills the directory $1 with small images of every kind for the fuzzer to start from.
set -eu
cd "$1"
make_image() { # name, options, commands for qemu-io
    name=$1 options=$2
    shift 2
    qemu-img create -q -f qcow2 -o "$options" "$name" 96k
    for command in "$@"; do qemu-io -f qcow2 -c "$command" "$name" >/dev/null; done
}
make_image plain cluster_size=512 "write -P 1 0 9k" "write -z 4k 2k" "discard 8k 512"
make_image v2 cluster_size=512,compat=0.10 "write -P 1 1k 7k"
make_image zlib cluster_size=512 "write -c -P 1 0 512" "write -c -P 2 512 512" "write -P 3 1k 1k"
make_image zstd cluster_size=512,compression_type=zstd "write -c -P 1 0 512" "write -c -P 2 512 512"
make_image narrow cluster_size=512,refcount_bits=1 "write -P 1 0 3k"
make_image wide cluster_size=512,refcount_bits=64 "write -P 1 0 3k"
make_image lazy cluster_size=512,lazy_refcounts=on "write -P 1 0 3k"
make_image extended cluster_size=16k,extended_l2=on "write -P 1 512 3k" "write -z 8k 1k"
make_image data cluster_size=512,data_file=data.raw "write -P 1 0 3k"
make_image snapshots cluster_size=512 "write -P 1 0 3k"
qemu-img snapshot -c one snapshots
qemu-io -f qcow2 -c "write -P 2 1k 3k" snapshots >/dev/null
make_image bitmaps cluster_size=512
qemu-img bitmap --add -g 512 bitmaps one
rm -f data.raw
