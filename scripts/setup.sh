#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what is missing on Debian or Ubuntu. Where everything is there it changes nothing and
# needs neither network nor root. Where it may not install, it names the packages in one line.
set -euo pipefail

# What for, how to see that it is there, packages that bring it (the first that apt knows).
# libc6-dev and the sanitizers' runtime are only recommended by the compilers' packages.
needs() {
  cat <<'END'
build command:gcc           gcc
build file:/usr/include/stdio.h libc6-dev
build command:meson         meson
build command:ninja         ninja-build
build command:pkg-config    pkg-config
build module:libuv          libuv1-dev
build llhttp                libllhttp-dev node-llhttp
build module:jansson        libjansson-dev
build module:gsl            libgsl-dev
build module:cmocka         libcmocka-dev
build module:liburing       liburing-dev
test  command:clang         clang
test  clang-runtime         libclang-rt-dev libclang-rt-14-dev
test  command:clang-tidy    clang-tidy
test  command:clang-format  clang-format
test  command:shellcheck    shellcheck
test  command:strace        strace
test  browser               chromium
bench command:wrk           wrk
bench command:gnuplot       gnuplot-nox
bench command:hyperfine     hyperfine
test  command:ss            iproute2
bench command:ip            iproute2
bench file:/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf fonts-dejavu-core
END
}

# Each sanitizer that the tests use must have its runtime beside clang's own headers.
has_clang_runtime() {
  local kind
  for kind in asan ubsan_standalone tsan fuzzer; do
    [ -e "$(clang -print-file-name="libclang_rt.$kind-$(uname -m).a")" ] ||
      [ -e "$(clang -print-file-name="libclang_rt.$kind.a")" ] || return 1
  done
}

# Those that tests/page can drive. Ubuntu has none as a package, only as a snap.
has_browser() {
  command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
    command -v google-chrome >/dev/null
}

is_there() { # CHECK PACKAGES: by command, file or pkg-config, else by the package's own state
  case $1 in
  command:*) command -v "${1#*:}" >/dev/null ;;
  file:*) [ -e "${1#*:}" ] ;;
  module:*) pkg-config --exists "${1#*:}" 2>/dev/null || is_installed "$2" ;;
  llhttp) pkg-config --exists libllhttp 2>/dev/null || [ -e /usr/share/llhttp/llhttp.c ] ;;
  clang-runtime) command -v clang >/dev/null && has_clang_runtime ;;
  browser) has_browser || ! is_known "$2" ;; # without one its test is skipped
  esac
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

is_known() {
  apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [0-9]'
}

first_known() { # PACKAGE...: without package lists the last one, which Debian 12 has
  local package
  for package in "$@"; do
    if is_known "$package"; then break; fi
  done
  echo "$package"
}

missing() { # KIND...: one package a line
  local kind check packages
  while read -r kind check packages; do
    if [[ " $* " == *" $kind "* ]] && ! is_there "$check" "$packages"; then
      # shellcheck disable=SC2086 # a list of alternatives
      first_known $packages
    fi
  done < <(needs)
}

one_line() { # MISSING: what the reader must do, for a person without the right to install
  echo "setup.sh: missing: $1; install them with: sudo apt-get install $1" >&2
  exit 1
}

# Prints the command that runs apt-get as root, and fails where there is none.
apt() {
  command -v apt-get >/dev/null || return 1
  if [ "$(id -u)" -eq 0 ]; then
    echo env
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    echo sudo -n env
  else
    return 1
  fi
}

install() { # LOG KIND...: package lists first, since the names depend on them
  local log=$1 get packages
  shift
  get="$(apt) DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=300"
  get+=" -o Acquire::Retries=3"
  # shellcheck disable=SC2086 # a command and its options
  $get update >>"$log" 2>&1 || return 1
  mapfile -t packages < <(missing "$@")
  echo "setup.sh: installing ${packages[*]}"
  # shellcheck disable=SC2086
  $get install --no-install-recommends "${packages[@]}" >>"$log" 2>&1
}

main() {
  local kinds list log
  case ${1:-all} in
  test) kinds=(build test) ;;
  bench) kinds=(build bench) ;;
  all) kinds=(build test bench) ;;
  *) echo "usage: setup.sh [test|bench|all]" >&2 && exit 64 ;;
  esac
  list=$(missing "${kinds[@]}" | xargs)
  if [ -z "$list" ]; then return; fi
  if ! apt >/dev/null; then one_line "$list"; fi
  log=$(mktemp)
  if ! install "$log" "${kinds[@]}"; then
    tail -n 5 "$log" >&2
    echo "setup.sh: apt-get failed; its whole output is in $log" >&2
    exit 1
  fi
  rm -f "$log"
  list=$(missing "${kinds[@]}" | xargs)
  if [ -n "$list" ]; then one_line "$list"; fi
}

main "$@"
