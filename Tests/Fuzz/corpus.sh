#!/bin/sh
# Fills the directory $1 with small images of every kind for the fuzzer to start from, each followed by a program: what is done with it.
set -eu
cd "$1"

# Programs have two bytes for each of eight steps, here in octal: the kind of the step (0...17, the order of Step.Kind) and 20 times its extent,
# then its place.
writes='\100\001\041\020\062\040\363\003\015\000\004\060\016\000\003\007'
resizes='\060\001\246\004\100\220\247\100\016\000\106\020\047\002\017\000'
snapshots='\100\001\010\000\041\010\005\007\050\001\012\000\016\000\011\001'
bitmaps='\013\011\013\007\016\000\040\005\014\000\033\002\016\000\017\001'
mends='\017\000\100\001\012\000\011\000\043\000\017\001\106\003\010\001'

with_program() { # image, name of the program, program
    cp "$1" "$1-$2"
    # shellcheck disable=SC2059
    printf "$3" >>"$1-$2"
}
with_programs() { # image
    with_program "$1" writes "$writes"
    with_program "$1" resizes "$resizes"
    with_program "$1" snapshots "$snapshots"
    with_program "$1" bitmaps "$bitmaps"
    with_program "$1" mends "$mends"
    rm "$1"
}
fill() { # name, commands for qemu-io
    name=$1
    shift
    for command in "$@"; do qemu-io -f qcow2 -c "$command" "$name" >/dev/null; done
}
make_image() { # name, options, commands for qemu-io
    name=$1 options=$2
    shift 2
    qemu-img create -q -f qcow2 -o "$options" "$name" 96k
    fill "$name" "$@"
}
make_image plain cluster_size=512 "write -P 1 0 9k" "write -z 4k 2k" "discard 8k 512"
make_image v2 cluster_size=512,compat=0.10 "write -P 1 1k 7k"
make_image zlib cluster_size=512 "write -c -P 1 0 512" "write -c -P 2 512 512" "write -P 3 1k 1k"
make_image zstd cluster_size=512,compression_type=zstd "write -c -P 1 0 512" "write -c -P 2 512 512"
make_image larger cluster_size=4k "write -c -P 1 0 8k" "write -P 2 20k 9k" "write -z 40k 4k"
make_image narrow cluster_size=512,refcount_bits=1 "write -P 1 0 3k"
make_image wide cluster_size=512,refcount_bits=64 "write -P 1 0 3k"
make_image lazy cluster_size=512,lazy_refcounts=on "write -P 1 0 3k"
make_image extended cluster_size=16k,extended_l2=on "write -P 1 512 3k" "write -z 8k 1k"
make_image data cluster_size=512,data_file=data.raw "write -P 1 0 3k"
make_image rawdata cluster_size=512,data_file=data.raw,data_file_raw=on "write -P 1 0 3k"
make_image snapshots cluster_size=512 "write -P 1 0 3k" "write -c -P 9 8k 512"
qemu-img snapshot -c one snapshots
fill snapshots "write -P 2 1k 3k"
qemu-img snapshot -c two snapshots
fill snapshots "write -P 3 0 1k"
make_image v2snapshots cluster_size=512,compat=0.10 "write -P 1 0 3k"
qemu-img snapshot -c one v2snapshots
fill v2snapshots "write -P 2 1k 3k"
make_image bitmaps cluster_size=512
qemu-img bitmap --add -g 512 bitmaps one
qemu-img bitmap --add -g 64k bitmaps two
fill bitmaps "write -P 2 1k 3k"
make_image everything cluster_size=512 "write -P 1 0 3k" "write -c -P 9 8k 512" "write -z 12k 2k"
qemu-img bitmap --add -g 512 everything one
qemu-img snapshot -c one everything
fill everything "write -P 2 1k 3k"
# A leak: a cluster behind everything else has a refcount, whose block is the third cluster.
cp plain leaking
cluster=$(($(stat -c %s leaking) / 512))
truncate -s $(((cluster + 1) * 512)) leaking
printf '\001' | dd of=leaking bs=1 seek=$((1024 + 2 * cluster + 1)) conv=notrunc 2>/dev/null
rm -f data.raw
for image in *; do with_programs "$image"; done
