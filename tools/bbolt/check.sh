#!/usr/bin/env bash
# Side by side with Go's bbolt. What the tests' writer writes, it opens and
# checks; what it writes, the library reads; all entries are compared. Needs Rust
# and Go, and for big-endian files qemu-s390x (Debian: qemu-user), in which the
# same program runs as on s390x. --little-only leaves those out.
set -euo pipefail
cd "$(dirname "$0")"
little_only=false
if [ "${1:-}" = --little-only ]; then little_only=true; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
CGO_ENABLED=0 go build -o "$work/bbolt" .
rust() { (cd ../.. && cargo test --quiet --test etcd -- --ignored --exact --nocapture "$@"); }

# check RUNNER… FOLDER: Go's dump of each file against that of the library.
check() {
    local folder=${*: -1}
    "${@:1:$#-1}" "$work/bbolt$suffix" check "$folder"
    local files=0
    for dump in "$folder"/*.go.dump; do
        cmp "$dump" "${dump%.go.dump}.dump"
        files=$((files + 1))
    done
    echo "$files dumps are the same"
}

echo "== files of the tests' writer"
K8S_ETCD_WRITE_FILES="$work/files" rust files::write_files
mkdir "$work/go"
suffix=
echo "== little-endian, $(go version)"
check env "$work/files/little"
"$work/bbolt" write "$work/go"

if $little_only; then
    echo "== BIG-ENDIAN FILES WERE NOT CHECKED (--little-only)"
elif ! command -v qemu-s390x >/dev/null; then
    echo "== BIG-ENDIAN FILES CANNOT BE CHECKED: no qemu-s390x; install it (Debian: qemu-user)" >&2
    echo "   or say --little-only" >&2
    exit 1
else
    echo "== big-endian, $(qemu-s390x --version | head -n 1)"
    suffix=.s390x
    GOOS=linux GOARCH=s390x CGO_ENABLED=0 go build -o "$work/bbolt$suffix" .
    check qemu-s390x "$work/files/big"
    qemu-s390x "$work/bbolt$suffix" write "$work/go"
fi

echo "== the committed database of superseded entries, made again"
mkdir "$work/superseded"
"$work/bbolt" superseded "$work/superseded"
gunzip -c ../../testdata/superseded/superseded.db.gz | cmp - "$work/superseded/superseded.db"
cmp ../../testdata/superseded/superseded.jsonl "$work/superseded/superseded.jsonl"

echo "== files of Go's bbolt"
K8S_ETCD_READ_FILES="$work/go" rust files::read_files
