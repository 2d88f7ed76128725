#!/usr/bin/env bash
# Whether the cost grows with the size alone: databases of 10 MB, 100 MB and 1 GB to
# NDJSON, and one value of 1 kB, 100 kB and 1.5 MB (etcd takes no larger one) to
# JSON, on one core. Writes ../../docs/linear-cost.svg. Needs what run.sh needs.
set -euo pipefail
cd "$(dirname "$0")"
. ./prepare.sh

rounds=${ROUNDS:-5}
build_peers
build_decode

# least COMMAND...: of what it prints, the least of so many times.
least() {
    for _ in $(seq "$rounds"); do "$@"; done | sort -g | head -n 1
}

points=$out/linear.tsv
: >"$points"
for megabytes in 10 100 1000; do
    file=$(database "$megabytes")
    cat "$file" >/dev/null
    seconds=$(least "$theirs" process time "$decode" --jobs 1 "$file")
    printf 'database to NDJSON\t%s\t%s\n' "$(stat -c %s "$file")" "$seconds" | tee -a "$points"
done
value() { "$ours" value "${SECONDS_EACH:-1}" "$1" | cut -f 2; }
for kind in configmap pod; do
    name=ConfigMap
    if [ $kind = pod ]; then name=Pod; fi
    for size in 1000 100000 1500000; do
        "$out/big-database" value $kind $size "$out/value.bin"
        seconds=$(awk -v ns="$(least value "$out/value.bin")" 'BEGIN { print ns / 1e9 }')
        printf '%s to JSON\t%s\t%s\n' $name "$(stat -c %s "$out/value.bin")" "$seconds" | tee -a "$points"
    done
done
mkdir -p "$root/docs"
"$theirs" plot "$root/docs/linear-cost.svg" <"$points"
