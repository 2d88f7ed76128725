#!/usr/bin/env bash
# The two-way check of encryption at rest against k8s.io/apiserver: COUNT values
# (1,000) of each provider and key size each way, as many damaged ones, ten
# times as many configurations, odd key names and odd files. Needs Rust and Go.
# `check.sh record` writes the tables of testdata/encryption-configuration.
set -euo pipefail
cd "$(dirname "$0")"
count=${1:-1000}
recorded=../../testdata/encryption-configuration

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/go" .
"$work/go" names 4000 >"$work/names.tsv"
"$work/go" files 1000 >"$work/files.tsv"
if [[ $count == record ]]; then
    cp "$work"/{names,files}.tsv "$recorded"
    exit
fi
# What the tests hold the library to is what the API server does.
cmp "$work/names.tsv" "$recorded/names.tsv"
cmp "$work/files.tsv" "$recorded/files.tsv"
cargo build --quiet --release
rust=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release/transformers

# Each to the end before the other begins: a refusal on one side is not to be
# taken for the other's end of input.
"$rust" seal "$count" >"$work/rust.jsonl"
"$work/go" open <"$work/rust.jsonl"
"$work/go" seal "$count" >"$work/go.jsonl"
"$rust" open <"$work/go.jsonl"
"$work/go" damage "$count" >"$work/damage.jsonl"
"$rust" damage <"$work/damage.jsonl"
"$work/go" configure $((10 * count)) >"$work/configure.jsonl"
"$rust" configure <"$work/configure.jsonl"
for kind in names files; do
    "$work/go" "$kind" $((10 * count)) >"$work/$kind.tsv"
    "$rust" "$kind" <"$work/$kind.tsv"
done
