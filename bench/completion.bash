# SPDX-License-Identifier: MIT
# Completion for c10kit: verbs from its usage, options from the verb's --help, so that there is no
# second list to keep.
# shellcheck shell=bash

_c10kit_verbs() {
  "$1" --help 2>/dev/null | awk '/^  [a-z]/ { print $1 }'
}

_c10kit_options() { # PROGRAM VERB...
  "$@" --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*=?'
}

_c10kit_models() {
  "$1" list 2>/dev/null | awk '{ print $1 }'
}

_c10kit_workloads() {
  "$1" list --workloads 2>/dev/null | awk '{ print $1 } END { print "latency" }'
}

_c10kit_claims() {
  "$1" claims list 2>/dev/null | awk '{ print $1 }'
}

# A list separated by commas: what is typed stays in front of what is proposed.
_c10kit_list() {
  local word=$1 before=""
  shift
  [[ $word == *,* ]] && before=${word%,*},
  compgen -P "$before" -W "$*" -- "${word##*,}"
}

_c10kit() {
  local program=$1 word=$2 previous=$3 proposals kind=""
  local -a verb=("${COMP_WORDS[1]}")
  [[ ${verb[0]} != claims || $COMP_CWORD -le 2 ]] || verb+=("${COMP_WORDS[2]}")
  # readline splits "--models=fork" at the sign
  if [[ $word == "=" ]]; then
    word=""
  elif [[ $previous == "=" && $COMP_CWORD -gt 1 ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case $COMP_CWORD,$previous,$word in
  1,*) proposals=$(compgen -W "$(_c10kit_verbs "$program") --help --version" -- "$word") ;;
  *,--models,* | *,-m,*) proposals=$(_c10kit_list "$word" "$(_c10kit_models "$program")") ;;
  *,--workloads,*) proposals=$(_c10kit_list "$word" "$(_c10kit_workloads "$program")") ;;
  *,--sentinel,* | *,--twin,*) proposals=$(compgen -W "$(_c10kit_models "$program")" -- "$word") ;;
  *,--output,* | *,-o,* | *,--servers-dir,* | *,--resume,*) proposals=$(compgen -d -- "$word") kind=filenames ;;
  2,claims,*) proposals=$(compgen -W "list run report notes" -- "$word") ;;
  2,run,[!-]*) proposals=$(compgen -W "quick standard publish" -- "$word") ;;
  *,-*) proposals=$(compgen -W "$(_c10kit_options "$program" "${verb[@]}")" -- "$word") ;;
  *,run,* | *,[a-f][0-9]*,*) proposals=$(compgen -W "$(_c10kit_claims "$program")" -- "$word") ;;
  *) proposals=$(compgen -d -- "$word") kind=filenames ;;
  esac
  mapfile -t COMPREPLY < <(printf '%s' "$proposals")
  # a folder's name wants quoting; an option that takes a value wants no space after its sign
  [[ ${COMPREPLY[0]-} != *= ]] || kind=nospace
  [[ -z $kind ]] || compopt -o "$kind" 2>/dev/null || true
}

complete -F _c10kit c10kit
