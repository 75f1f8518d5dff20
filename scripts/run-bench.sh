#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The benchmark in one command, from a bare machine: installs what is missing, builds, measures
# every model and leaves a record, a summary and charts in results/run-DATE-TIME.
# Options go to `c10kit run` (scripts/run-bench.sh --help lists them).
set -euo pipefail
cd "$(dirname "$0")/.."

build="build-bench"
run=results/run-$(date +%Y%m%d-%H%M%S)
own_output=false help=false

for option in "$@"; do
  case $option in
  -o | --output | --output=* | -o*) own_output=true ;;
  --help | '-?' | --usage | -n | --dry-run) help=true ;;
  esac
done

# What is missing and cannot be installed has been named; without wrk, gnuplot or hyperfine the
# harness still does the rest, without a compiler nothing.
scripts/setup.sh bench || echo "run-bench.sh: going on with what is there" >&2

compile() {
  [ -e "$build/build.ninja" ] || meson setup "$build"
  ninja -C "$build" bench/c10kit bench/c10kit-launch bench/c10kit-textbook bench/load/c10kit-load \
    models misfits
}

log=$(mktemp)
if ! compile >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "run-bench.sh: the build failed; its whole output is in $log" >&2
  exit 1
fi
rm -f "$log"

if $help || $own_output; then
  exec "$build/bench/c10kit" run "$@"
fi
status=0
"$build/bench/c10kit" run --output "$run" "$@" || status=$?
if [ -d "$run/charts" ]; then
  ln -sfn "$(basename "$run")" results/latest
  echo "done in $SECONDS s; results/latest/charts/throughput-keep-alive.png is the first to look at"
fi
exit $status
