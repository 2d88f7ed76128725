#!/usr/bin/env bash
# The check that Kubernetes and the library read stored values alike: COUNT
# values (1,000,000) from SEED (1). Fails on a difference that
# testdata/differential/exceptions.tsv does not list. Needs Rust and Go.
#
#   check.sh [COUNT [SEED]]
#   check.sh record            writes testdata/differential/ again
#   check.sh release RELEASE   puts what reflection sees of the newest release in
#                              the place of what schema-gen's input says of it,
#                              and fails if that changes the input
set -euo pipefail
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/go" .
if [ "${1:-}" = release ]; then
    input=../schema-gen/input/schema.json
    "$work/go" release "$2" >"$work/release.json"
    cp "$input" "$work/schema.json"
    trap 'cp "$work/schema.json" "$input"; rm -rf "$work"' EXIT
    cargo run --quiet --package schema-gen -- remove kubernetes "$2"
    cargo run --quiet --package schema-gen -- add "$work/release.json" >"$work/changes"
    cmp "$work/schema.json" "$input"
    echo "  $2 by reflection is what the input says: $(grep -c . "$work/changes") changes on the release before"
    exit
fi
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
