# SPDX-License-Identifier: MIT
# For scripts to source: what they have started and is still there, in whatever session or group.

# Inherited by every process that the script starts, and by no other.
export C10KIT_TEST_OF=$folder

# PATTERN: command lines of these processes that match, one to a line.
still_running() {
  local environment line
  for environment in $(grep -lsz "^C10KIT_TEST_OF=$folder\$" /proc/[0-9]*/environ); do
    line=$(tr '\0' ' ' 2>/dev/null <"${environment%environ}cmdline") || continue
    grep -E -- "$1" <<<"$line" || true
  done
}
