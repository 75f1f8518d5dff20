# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# For the shape tests, which source it: what is wrong, where, and what to do, one line each.

complaints=0

complain() { # WHERE WHAT-IS-WRONG WHAT-TO-DO
  echo "$1: $2; $3"
  complaints=$((complaints + 1))
}

# A test that looked at nothing must not pass.
finish() { # HOW-MANY WHAT: what was looked at
  echo "looked at $1 $2: $complaints complaints"
  [ "$1" -gt 0 ] && [ "$complaints" -eq 0 ]
}

# C without its comments, line by line, so that what remains is code and strings.
code_of() { # FILE
  awk '{
    line = $0; kept = ""
    while (line != "") {
      if (inside) {
        end = index(line, "*/")
        if (!end) break
        inside = 0; line = substr(line, end + 2)
      } else {
        start = index(line, "/*")
        if (!start) { kept = kept line; break }
        kept = kept substr(line, 1, start - 1)
        inside = 1; line = substr(line, start + 2)
      }
    }
    sub(/(^|[^:"])\/\/.*/, "", kept)
    print kept
  }' "$1"
}

# Prints LINE<tab>NAME for each include whose name stands between the two marks.
includes() { # FILE OPEN CLOSE
  code_of "$1" | awk -v start="$2" -v shut="$3" '
    match($0, "^[ \t]*#[ \t]*include[ \t]*" start) {
      name = substr($0, RLENGTH + 1)
      if (index(name, shut)) print FNR "\t" substr(name, 1, index(name, shut) - 1)
    }'
}

quoted_includes() { # FILE
  includes "$1" '"' '"'
}

system_includes() { # FILE
  includes "$1" '<' '>'
}
