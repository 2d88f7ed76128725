#!/usr/bin/env bash
# Counts the instructions of each stage of benches/instructions.rs under valgrind,
# and fails if one takes over 3 % more than baseline.tsv says. Time on the clock is
# not looked at: counts are the same on a busy machine, to the last one but for
# `walk`, whose hash table has random seeds (0.05 %). A processor without AES or AVX2
# gives others, as ciphers and libc choose their ways by it.
#
# Needs Rust and valgrind, which it installs by apt if it is missing and that is
# allowed (root); otherwise it fails. Counts of another compiler than the one that
# the baseline names cannot be compared: it says so and passes.
#
#   check.sh [--accept]    --accept writes baseline.tsv again
set -euo pipefail
cd "$(dirname "$0")"
baseline=$PWD/baseline.tsv
limit=3

if ! command -v valgrind >/dev/null; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "valgrind is missing: install it (Debian: valgrind)" >&2
        exit 1
    fi
    apt-get install --yes --no-install-recommends valgrind >&2
fi
valgrind=$(command -v valgrind)

compiler=$(rustc --version)
if [ "${1:-}" != --accept ]; then
    recorded=$(sed -n 's/^# compiler: //p' "$baseline")
    if [ "$compiler" != "$recorded" ]; then
        echo "NOTHING WAS COMPARED: the baseline is of $recorded, this is $compiler."
        echo "With the new compiler at main's commit, write it anew: tools/instruction-counts/check.sh --accept"
        exit 0
    fi
fi

cd ../..
# The counts are of the flags in Cargo.toml and no others.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS
program=$(cargo bench --no-run --bench instructions --features k8s-openapi/v1_37 --message-format json |
    sed -n 's/.*"name":"instructions".*"executable":"\([^"]*\)".*/\1/p')

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# count STAGE: the instructions within `measured`. The environment and the addresses
# are the same each time.
count() {
    if ! env -i setarch --addr-no-randomize "$valgrind" --quiet --tool=callgrind \
        --callgrind-out-file="$work/out" --collect-atstart=no --toggle-collect='*instructions::measured*' \
        "$program" "$1" >"$work/log" 2>&1; then
        cat "$work/log" >&2
        exit 1
    fi
    local instructions
    instructions=$(sed -n 's/^\(summary\|totals\): //p' "$work/out" | head -n 1)
    if [ "${instructions:-0}" = 0 ]; then
        echo "$1: valgrind did not see the function \`measured\`" >&2
        exit 1
    fi
    printf '%s\t%s\n' "$1" "$instructions"
}

for stage in $("$program"); do count "$stage"; done >"$work/counts"

if [ "${1:-}" = --accept ]; then
    {
        echo "# Instructions of each stage. Written by: tools/instruction-counts/check.sh --accept"
        echo "# compiler: $compiler"
        cat "$work/counts"
    } >"$baseline"
    exit
fi

awk -F'\t' -v limit="$limit" '
    /^#/ { next }
    NR == FNR { before[$1] = $2; next }
    {
        seen[$1] = 1
        if (!($1 in before)) {
            printf "%-14s %12d  new: --accept takes it in\n", $1, $2
            failed = 1
            next
        }
        change = ($2 - before[$1]) * 100 / before[$1]
        printf "%-14s %12d  %+.2f %%%s\n", $1, $2, change, (change > limit ? "  TOO MANY" : "")
        if (change > limit) failed = 1
    }
    END {
        for (stage in before)
            if (!(stage in seen)) { printf "%-14s is gone: --accept takes it out\n", stage; failed = 1 }
        exit failed
    }
' "$baseline" "$work/counts"
