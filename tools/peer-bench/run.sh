#!/usr/bin/env bash
# Compares the library's speed with that of Go's packages and other crates on the
# same values, and prints a table: see README.md. Needs Rust, Go, Linux, and the
# shared material: $K8S_ETCD_SHARED, else ../shared beside the project.
#
#   run.sh [json|typed|crypto|database|build|linear]...    all of it, if none is named
#
#   ROUNDS (5)     how often each thing is measured, in turns; the least counts
#   SECONDS_EACH (1)  how long each time
#   DATABASE_MB (1000)
#   AUGER          the program auger; without it a time of reference stands for it
set -euo pipefail
cd "$(dirname "$0")"
. ./prepare.sh

rounds=${ROUNDS:-5}
each=${SECONDS_EACH:-1}
parts=${*:-json typed crypto database build linear}
results=$out/results.tsv
: >"$results"
# Go's collector works on the same core.
export GOMAXPROCS=1

# note SIDE: what a stage prints, as its result.
note() { sed "s/^/$1\t/" | tee -a "$results" >&2; }

# corpus SCENARIO [CONFIG [KMS]]: the values of a shared snapshot that both sides print alike.
corpus() {
    local scenario=$1
    shift
    gunzip -c "$shared/snapshots/$scenario/snapshot.db.gz" >"$out/$scenario.db"
    "$theirs" corpus "$out/$scenario.db" "$out/$scenario.corpus" "$@"
    "$ours" select "$out/$scenario.corpus" "$out/$scenario" "$@"
}

# both STAGE [CORPUS...], mine STAGE [CORPUS...]: one turn.
mine() { "$ours" "$1" "$each" "${@:2}" | note ours; }
both() {
    mine "$@"
    "$theirs" "$1" "$each" "${@:2}" | note go
}

json() {
    corpus plain
    for _ in $(seq "$rounds"); do both json "$out/plain.all"; done
}

typed() {
    corpus plain
    for _ in $(seq "$rounds"); do
        both typed "$out/plain.typed"
        both typed-bare "$out/plain.bare"
        mine typed-skipping "$out/plain.typed"
        mine printed-and-parsed "$out/plain.typed"
        mine printed-and-parsed-bare "$out/plain.bare"
        mine prost "$out/plain.typed"
        mine prost-bare "$out/plain.bare"
    done
}

crypto() {
    local provider files
    for provider in aesgcm aescbc secretbox kmsv2; do
        mapfile -t files < <(configuration "$provider")
        corpus "$provider" "${files[@]}"
    done
    for _ in $(seq "$rounds"); do
        for provider in aesgcm aescbc secretbox; do both "$provider-4k"; done
        for provider in aesgcm aescbc secretbox kmsv2; do
            mapfile -t files < <(configuration "$provider")
            both "sealed-$provider" "$out/$provider.all" "${files[@]}"
        done
    done
}

# configuration SCENARIO: its files, a line each.
configuration() {
    echo "$shared/snapshots/$1/encryption-config.yaml"
    if [ -f "$shared/snapshots/$1/kms.json" ]; then echo "$shared/snapshots/$1/kms.json"; fi
}

# clock SIDE NAME COMMAND...: the time that passed, in nanoseconds.
clock() {
    local seconds
    seconds=$("$theirs" process time "${@:3}")
    awk -v name="$2" -v s="$seconds" 'BEGIN { printf "%s\t%.0f\n", name, s * 1e9 }' | note "$1"
}

# What auger took on another machine, 30.6 s for 803 MB: nothing is run for it. Go's
# typed decode is the bridge: 16.8 µs there for each of the 22 pods of the plain
# snapshot, and this machine is as much faster or slower as it is at these.
reference() {
    local bridge
    for _ in $(seq "$rounds"); do "$theirs" typed "$each" "$out/plain.pods" | note bridge; done
    bridge=$(awk -F'\t' '$1 == "bridge" { print $3 }' "$results" | sort -n | head -n 1)
    awk -v size="$1" -v bridge="$bridge" 'BEGIN {
        printf "database\t%.0f\n", 30.6e9 * size / 803e6 * (bridge / 22 / 16800)
        printf "database-by-size\t%.0f\n", 30.6e9 * size / 803e6
    }' | note reference
}

database_part() {
    local file
    build_decode
    corpus plain
    file=$(database "${DATABASE_MB:-1000}")
    # Into the page cache, for all alike.
    cat "$file" >/dev/null
    sed -n "s/.*: \([0-9]*\) keys$/keys\t\1/p" "$out/${DATABASE_MB:-1000}.keys" | note ours
    for _ in $(seq "$rounds"); do
        clock ours database "$decode" --jobs 1 "$file"
        clock ours database-2 "$decode" --jobs 2 "$file"
        clock go database "$theirs" database "$file"
        if [ -n "${AUGER:-}" ]; then clock auger database "$AUGER" extract -f "$file" --fields=key,value; fi
    done
    if [ -z "${AUGER:-}" ]; then
        echo "auger was NOT run (\$AUGER names no program): 30.6 s for 803 MB, measured elsewhere, stand for it" >&2
        reference "$(stat -c %s "$file")"
    fi
    # The most of three: more is what is not to be exceeded.
    local jobs name
    for jobs in 1 2; do
        name=memory
        if [ "$jobs" = 2 ]; then name=memory-2; fi
        for _ in 1 2 3; do "$theirs" process memory "$decode" --jobs "$jobs" "$file"; done |
            sort -n | tail -n 1 | sed "s/^/$name\t/" | note ours
    done
}

build() {
    local cold=$out/cold seconds flags
    cargo fetch --quiet --manifest-path "$root/Cargo.toml"
    for flags in "" --release; do
        rm -rf "$cold"
        # shellcheck disable=SC2086 # no flag is no word
        seconds=$(cd "$root" && CARGO_TARGET_DIR=$cold "$theirs" process time cargo build --quiet --offline --jobs 2 --lib $flags)
        printf 'build%s\t%s\n' "${flags/--/-}" "$seconds" | note ours
    done
    rm -rf "$cold"
    "$theirs" sections "$out/release/with-table" "$out/release/without-table" | sed 's/\t.*//; s/^/table\t/' | note ours
}

build_peers
echo "# $(date -u +%F), $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg); $(rustc --version); $(go version)" >&2
for part in $parts; do
    case $part in
        json | typed | crypto | build) "$part" ;;
        database) database_part ;;
        linear) ./linear.sh >&2 ;;
        *) echo "no such part: $part" >&2 && exit 2 ;;
    esac
done
"$theirs" report "$results"
