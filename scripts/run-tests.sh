#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Everything that must pass, from a bare machine: installs what is missing, builds, and runs
#   release  gcc, optimised: every test            asan  clang, address and undefined behaviour
#   fuzz     each libFuzzer target for 30 s        tsan  clang, data races in what has threads
#   check    format, shellcheck, warnings, clang-tidy
# --quick: release and the fast half of check. The last line is "N passed, N failed, N skipped".
set -euo pipefail
cd "$(dirname "$0")/.."

# Tests mostly wait, for timeouts and for the peer, so four times as many as there are CPUs. Those
# that must have the machine to themselves say so, and come last.
processes=$((4 * $(nproc)))
slower=4 # how much longer than its own timeout a test may take under a sanitizer
threaded=(thread prethread thread-pool polling-list epoll-workers leader-follower
  epoll-reuseport io-uring)
launcher=()
passed=0 failed=0 skipped=0

# The last test run's results: "PASSED FAILED SKIPPED", then what a person needs to know of them.
# A fuzz target never skips: libFuzzer's exit status after a crash, 77, is Meson's for a skip.
results() { # BUILD-DIR
  python3 - "$1/meson-logs/testlog.json" <<'END'
import json, sys
try:
    tests = [json.loads(line) for line in open(sys.argv[1])]
except FileNotFoundError:
    tests = []
good = [t for t in tests if t["result"] in ("OK", "EXPECTEDFAIL")]
skipped = [t for t in tests if t["result"] == "SKIP" and not t["name"].startswith("c10kit:fuzz ")]
bad = [t for t in tests if t not in good and t not in skipped]
print(len(good), len(bad), len(skipped))
for t in skipped:
    print("  skipped:", t["name"])
for t in bad:
    print("  %s: %s" % (t["result"].lower(), t["name"]))
for t in bad[:8]:
    print("  the end of %s:" % t["name"])
    text = (t.get("stdout") or "") + (t.get("stderr") or "")
    lines = [line for line in text.splitlines() if not line.startswith("ok ")]
    print("".join("    %s\n" % line[:200] for line in lines[-20:]), end="")
END
}

# Configured once and kept: a second run compiles only what changed.
configure() { # BUILD-DIR COMPILER SETUP-OPTION...
  local dir=$1 compiler=$2
  shift 2
  if [ -e "$dir/build.ninja" ]; then
    if [ $# -gt 0 ]; then meson configure "$dir" "$@"; fi
  else
    rm -rf "$dir/meson-private" # of a set-up that was interrupted
    CC=$compiler meson setup "$dir" "$@"
  fi
}

count() { # PASSED FAILED SKIPPED
  passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

# A sanitizer's report is a failure even where no test saw it, as in a connection's own process.
# Prints what was found, each kind once, and fails where there was anything.
no_reports() { # BUILD-DIR
  local found
  found=$(find "$1/reports" -type f -size +0)
  if [ -z "$found" ]; then return; fi
  echo "  fail: the sanitizer found this (reports: $1/reports)"
  xargs grep -hE 'SUMMARY: |runtime error: |: ERROR: ' <<<"$found" | sed -E 's/^==[0-9]+==/    /' |
    sort | uniq -c | sort -rn | head -n 20
  return 1
}

run_meson_test() { # BUILD-DIR TEST-OPTION...
  local dir=$1 options
  shift
  options="log_path=$PWD/$dir/reports/report:allow_addr2line=1"
  ASAN_OPTIONS=$options UBSAN_OPTIONS=$options:print_stacktrace=1 \
    TSAN_OPTIONS=$options:halt_on_error=1 \
    "${launcher[@]}" meson test -C "$dir" --num-processes "$processes" "$@"
}

summarise() { # STAGE BUILD-DIR SECONDS EXIT-STATUS
  local found good bad left_out
  found=$(results "$2")
  read -r good bad left_out <<<"$found"
  tail -n +2 <<<"$found"
  if [ "$bad" -eq 0 ] && { [ "$good" -eq 0 ] || [ "$4" -ne 0 ]; }; then
    echo "  fail: it did not build, or no test ran; $2/run-tests.log says:"
    grep -m 20 -E 'error:|ERROR:|undefined reference' "$2/run-tests.log" ||
      tail -n 5 "$2/run-tests.log"
    bad=1
  fi
  if ! no_reports "$2"; then bad=$((bad + 1)); fi
  count "$good" "$bad" "$left_out"
  echo "$1: $good passed, $bad failed, $left_out skipped ($3 s); log: $2/meson-logs/testlog.txt"
}

stage() { # NAME BUILD-DIR COMPILER [SETUP-OPTION...] -- [TEST-OPTION...]
  local name=$1 dir=$2 compiler=$3 setup=() start=$SECONDS status=0
  shift 3
  while [ "$1" != -- ]; do setup+=("$1") && shift; done
  shift
  rm -rf "$dir/reports" "$dir/meson-logs/testlog.json"
  mkdir -p "$dir/reports"
  echo "$name: building and testing; progress: $dir/run-tests.log"
  # meson test builds first what the chosen tests need
  { configure "$dir" "$compiler" "${setup[@]}" && run_meson_test "$dir" "$@"; } \
    >"$dir/run-tests.log" 2>&1 || status=$?
  summarise "$name" "$dir" $((SECONDS - start)) "$status"
}

check() { # CHECK-OPTION...
  if scripts/check "$@"; then count 1 0 0; else count 0 1 0; fi
}

# clang's runtimes up to 17 give up where the kernel randomises more of the address space than
# they know, and may do so only now and then: so not at all, where that is allowed.
calm_addresses() {
  if setarch -R true 2>/dev/null; then launcher=(setarch -R); fi
}

sanitizers() {
  local clang=(-Db_lundef=false -Db_lto=false) suites=() model
  for model in "${threaded[@]}" load companions; do suites+=(--suite "$model"); done
  calm_addresses
  stage asan build-asan clang "${clang[@]}" -Db_sanitize=address,undefined -- \
    --suite unit --suite contract --suite load --suite companions -t "$slower"
  stage tsan build-tsan clang "${clang[@]}" -Db_sanitize=thread -- "${suites[@]}" -t "$slower"
  stage fuzz build-fuzz clang "${clang[@]}" -Db_sanitize=address,undefined -Dfuzz=true -- \
    --suite fuzz
}

main() {
  case ${1-} in
  '' | --quick) ;;
  *) echo "usage: run-tests.sh [--quick]" >&2 && exit 64 ;;
  esac
  scripts/setup.sh test
  # with warnings as errors: this is also the check's gcc-release
  stage release build-check/gcc-release gcc -Dwerror=true -Db_colorout=never --
  if [ "${1-}" = --quick ]; then
    check --fast
  else
    sanitizers
    check
  fi
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
}

main "$@"
