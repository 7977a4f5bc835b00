#!/bin/sh
# Builds the Rust and Go programs that `npm run bench` compares with, as far as cargo and go are
# there: bench/peers/build.sh. They go into $LASTPUSH_BENCH_DIR/bin, by default below ~/.cache, and
# never into this tree. Crates come from the registry that cargo is set up for.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=${LASTPUSH_BENCH_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/lastpush-bench}
mkdir -p "$dir/bin"

if command -v cargo > /dev/null; then
  cargo build --release --locked --manifest-path "$here/rust/Cargo.toml" --target-dir "$dir/rust"
  cp "$dir/rust/release/access-hand" "$dir/rust/release/access-regex" "$dir/bin/"
else
  echo "no cargo: without the Rust programs" >&2
fi

if command -v go > /dev/null; then
  (cd "$here/go" && GOTOOLCHAIN=local go build -o "$dir/bin/access-go" .)
else
  echo "no go: without the Go program" >&2
fi
ls -l "$dir/bin"
