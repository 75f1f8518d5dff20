#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The notes of this machine in one command, from a bare one: installs what is missing, builds, tries
# every claim and renders docs/notes.md.in with what came out, to results/claims-DATE-TIME/notes.md.
# Options and claims go to `c10kit claims run`. All of it takes about a quarter of an hour, --quick under
# five minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

build="build-bench"
record=results/claims-$(date +%Y%m%d-%H%M%S)

scripts/setup.sh bench || echo "make-notes.sh: going on with what is there" >&2

log=$(mktemp)
compile() {
  [ -e "$build/build.ninja" ] || meson setup "$build"
  ninja -C "$build"
}
if ! compile >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "make-notes.sh: the build failed; its whole output is in $log" >&2
  exit 1
fi
rm -f "$log"

status=0
"$build/bench/c10kit" claims run --output "$record" "$@" || status=$?
"$build/bench/c10kit" claims notes --record "$record" --charts charts/ --output "$record/notes.md"
echo "done in $SECONDS s; $record/notes.md is the document"
exit $status
