#!/usr/bin/env bash
# The check that Kubernetes and the library read stored values alike: COUNT
# values (1,000,000) from SEED (1). Fails on a difference that
# testdata/differential/exceptions.tsv does not list. Needs Rust and Go.
#
#   check.sh [COUNT [SEED]]
#   check.sh record            writes testdata/differential/ again
set -euo pipefail
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/go" .
cargo build --quiet --release
rust=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release/differential

if [ "${1:-}" = record ]; then
    recorded=../../testdata/differential
    "$work/go" named >"$work/cases.jsonl"
    mv "$work/cases.jsonl" "$recorded/cases.jsonl"
    "$work/go" cases 5 60000 | "$rust" record "$recorded"
    exit
fi
"$work/go" cases "${2:-1}" "${1:-1000000}" | "$rust" compare
