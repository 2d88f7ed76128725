# Sourced by run.sh and linear.sh: where things are, and how they are built.

root=$(cd ../.. && pwd)
shared=$(realpath -m "${K8S_ETCD_SHARED:-$root/../shared}")
if [ ! -d "$shared/snapshots" ]; then
    echo "neither \$K8S_ETCD_SHARED nor ../shared is there: there is nothing to decode" >&2
    exit 1
fi
out=$root/target/peer-bench
mkdir -p "$out"
ours=$out/release/peer-bench
theirs=$out/peer-bench-go
decode=$root/target/release/examples/decode

build_peers() {
    go build -o "$theirs" .
    CARGO_TARGET_DIR=$out cargo build --quiet --release
}

build_decode() {
    cargo build --quiet --release --example decode --manifest-path "$root/Cargo.toml"
    (cd ../big-database && go build -o "$out/big-database" .)
}

# database MB: prints the path of a database of that size.
database() {
    local path=$out/$1.db
    if [ ! -f "$path" ]; then
        "$out/big-database" database "$1" "$shared/snapshots/plain/snapshot.db.gz" "$path.part" 2>"$out/$1.keys"
        mv "$path.part" "$path"
    fi
    echo "$path"
}
