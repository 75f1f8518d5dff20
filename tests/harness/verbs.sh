#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The verbs that measure nothing: doctor, compare, list; and that manual and completion know what
# --help tells. Usage: verbs.sh C10KIT MANUAL COMPLETION
set -euo pipefail
c10kit=$1 manual=$2 completion=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() { echo "not ok: $1"; exit 1; }

# Reads all of its input: a writer that grep -q leaves alone may end by SIGPIPE, and pipefail tells.
says() { local text; text=$(cat) && grep -q "$@" <<<"$text"; }

status_of() { # COMMAND...: its output goes to $folder/out and $folder/err
  local status=0
  "$@" >"$folder/out" 2>"$folder/err" || status=$?
  echo "$status"
}

verbs() { "$c10kit" --help | awk '/^  [a-z]/ { print $1 }'; }
options() { # VERB...: the long ones
  "$c10kit" "$@" --help | grep -oE -- '--[a-z][a-z-]*' | grep -vxE -- '--(help|usage|version)' | sort -u
}

all_options() { # VERB: with those of its parts
  if [ "$1" = claims ]; then options claims run && options claims notes; else options "$1"; fi
}

doctors_status_is_its_verdict() {
  local status
  status=$(status_of "$c10kit" doctor --json --spin 0.02)
  [ "$(grep -c '"check":' "$folder/out")" -ge 20 ] || fail "20 checks or more"
  [ "$(grep -c '"longest_ns": [1-9]' "$folder/out")" = "$(nproc)" ] || fail "hiccups of each CPU"
  if grep -q '"level": "bad"' "$folder/out"; then
    [ "$status" = 1 ] || fail "something is bad, status $status"
    grep -q '"fit": false' "$folder/out" || fail "something is bad: not fit"
  else
    [ "$status" = 0 ] || fail "nothing is bad, status $status"
    grep -q '"fit": true' "$folder/out" || fail "nothing is bad: fit"
  fi
}

doctor_finds() { # WHAT COMMAND...: it must be bad there
  local what=$1 status
  shift
  status=$(status_of "$@" doctor --spin 0.02)
  [ "$status" = 1 ] || fail "$what: status $status"
  grep -q "^bad   $what  " "$folder/out" || fail "$what: $(grep -- "$what" "$folder/out")"
  grep -q '^not fit' "$folder/out" || fail "$what: the last line says so"
}

on_one_cpu() {
  local first
  first=$(taskset -cp $$ | grep -oE '[0-9]+' | sed -n 2p)
  taskset -c "$first" "$@"
}
with_few_files() { (ulimit -n 512 && exec "$@"); }
without_tools() { PATH=$folder/nowhere "$@"; }

doctor_finds_what_is_wrong() {
  doctor_finds 'CPUs' on_one_cpu "$c10kit"
  doctor_finds 'open files' with_few_files "$c10kit"
  doctor_finds 'load generator' without_tools "$c10kit"
}

doctor_can_be_interrupted() {
  local status=0 pid said=$folder/said # its own: an older run said the same
  "$c10kit" doctor --spin 30 >"$folder/out" 2>"$said" &
  pid=$!
  until grep -qs hiccups "$said"; do
    kill -0 "$pid" || fail "doctor ended by itself: $(cat "$said")"
    read -rt 0.05 <> <(:) || true
  done
  kill -INT "$pid"
  wait "$pid" || status=$?
  [ "$status" = 130 ] || fail "status $status, not 130"
}

make_run() { # NAME REQUESTS KERNEL STARTED
  local run=$folder/$1 spread
  mkdir -p "$run"
  printf '{"started_unix_s":%s,"machine":{"kernel":"%s"},"binaries":{"ant":"%s"},' "$4" "$3" "$2" \
    >"$run/manifest.json"
  echo '"models":[{"name":"ant"}]}' >>"$run/manifest.json"
  for spread in 0 97 -53; do
    printf '{"model":"ant","workload":"churn","level":8,"connections":8,"valid":1,"duration_us":1000000,'
    printf '"requests":%s,"window_server_user_us":0,"window_server_system_us":400000}\n' \
      $(($2 + spread))
  done >"$run/trials.jsonl"
}

line_of() { grep -nm1 -- "$1" "$folder/out" | cut -d: -f1; }

compare_tells_first_what_was_not_measured_alike() {
  make_run old 40000 6.1 1
  make_run fast 48000 6.2 3
  [ "$(status_of "$c10kit" compare "$folder/old" "$folder/fast")" = 0 ] || fail "compare runs"
  grep -q '^  another kernel: 6.1; 6.2$' "$folder/out" || fail "the kernel: $(cat "$folder/out")"
  grep -q '^  ant: another binary$' "$folder/out" || fail "the binary: $(cat "$folder/out")"
  grep -q '^  machine.kernel$' "$folder/out" || fail "the kernels differ"
  [ "$(line_of 'another binary')" -lt "$(line_of '^  machine.kernel$')" ] || fail "it comes first"
  "$c10kit" compare --json "$folder/old" "$folder/fast" | says '"ant: another binary"' ||
    fail "the same as JSON"
}

compare_tells_what_differs_and_whether_it_matters() {
  make_run same 40000 6.1 2
  [ "$(status_of "$c10kit" compare "$folder/old" "$folder/same")" = 0 ] || fail "compare runs"
  grep -q 'differ in nothing but times' "$folder/out" || fail "manifests that are the same"
  grep -q '^Verdicts: 2 equivalent.$' "$folder/out" || fail "equivalent: $(cat "$folder/out")"
  [ "$(status_of "$c10kit" compare "$folder/old" "$folder/fast")" = 0 ] || fail "compare runs"
  grep -q '1\.2[0-9]* \[.*higher' "$folder/out" || fail "faster: $(cat "$folder/out")"
  grep -q '^Verdicts: 1 higher, 1 lower.$' "$folder/out" || fail "both differences matter"
  "$c10kit" compare --json "$folder/old" "$folder/fast" | says '"verdict": "higher"' ||
    fail "the same as JSON"
  "$c10kit" compare --threshold 30 "$folder/old" "$folder/fast" | says '2 negligible' ||
    fail "20 % is less than 30 %"
  [ "$(status_of "$c10kit" compare --threshold 1% "$folder/old" "$folder/fast")" = 64 ] ||
    fail "1% is no number"
}

compare_says_in_one_line_what_is_no_run() {
  mkdir -p "$folder/empty"
  [ "$(status_of "$c10kit" compare "$folder/old" "$folder/empty")" = 1 ] || fail "status 1"
  [ "$(wc -l <"$folder/err")" = 1 ] || fail "one line: $(cat "$folder/err")"
  grep -q "$folder/empty holds no record" "$folder/err" || fail "$(cat "$folder/err")"
  [ "$(status_of "$c10kit" compare "$folder/old")" = 64 ] || fail "one run is too few"
}

list_tells_the_same_as_json() {
  local name
  for name in $("$c10kit" list | awk '{ print $1 }'); do
    "$c10kit" list --json | says "\"name\": \"$name\"" || fail "$name is not in the JSON"
  done
  [ "$("$c10kit" list --json | grep -c '^    "name":')" = "$("$c10kit" list | wc -l)" ] ||
    fail "as many models"
}

the_manual_knows_every_verb_and_option() {
  local verb option text
  text=$(sed 's/\\-/-/g' "$manual")
  for verb in $(verbs); do
    grep -q "^\.SS $verb" <<<"$text" || fail "no section on $verb in $manual"
    for option in $(all_options "$verb"); do
      awk -v verb="$verb" '/^\.SS / { inside = $2 == verb } /^\.SH / { inside = 0 } inside' \
        <<<"$text" | says -- "$option" || fail "$verb $option is not in $manual"
    done
  done
}

proposed() { # WORD...: what is proposed for the last
  (
    PATH=$(dirname "$c10kit"):$PATH
    # shellcheck source=bench/completion.bash
    . "$completion"
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _c10kit "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    printf '%s\n' "${COMPREPLY[@]}"
  )
}

completion_proposes_what_there_is() {
  local model option
  model=$("$c10kit" list | awk 'NR == 1 { print $1 }')
  [ "$(proposed c10kit comp)" = compare ] || fail "a verb: $(proposed c10kit comp)"
  for option in $(options run); do
    proposed c10kit run -- | says -xE -- "$option=?" || fail "run $option is not proposed"
  done
  for option in $(options claims run); do
    proposed c10kit claims run -- | says -xE -- "$option=?" || fail "claims run $option is not proposed"
  done
  proposed c10kit claims run "" | says -x b1 || fail "the claims"
  proposed c10kit run --models "" | says -x "$model" || fail "the models"
  [ "$(proposed c10kit run --models "x,$model")" = "x,$model" ] || fail "a second model"
  [ "$(proposed c10kit run --workloads = ch)" = churn ] || fail "after a sign"
}

doctors_status_is_its_verdict
doctor_finds_what_is_wrong
doctor_can_be_interrupted
compare_tells_first_what_was_not_measured_alike
compare_tells_what_differs_and_whether_it_matters
compare_says_in_one_line_what_is_no_run
list_tells_the_same_as_json
the_manual_knows_every_verb_and_option
completion_proposes_what_there_is
echo ok
