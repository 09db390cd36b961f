# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Shell functions of the scripts in this folder.
# shellcheck shell=bash

passed=0
failed=0
skipped=0

heading () {
  printf '\n=== %s (%s s) ===\n' "$*" "$SECONDS"
}

# check NAME COMMAND...: runs the command and counts it as one test.  Returns
# the command's verdict.
check () {
  local name=$1
  shift
  if "$@"; then
    echo "ok: $name"
    passed=$((passed + 1))
  else
    echo "FAILED: $name"
    failed=$((failed + 1))
    return 1
  fi
}

# setup_build DIRECTORY OPTION...: configures, or reconfigures what is there.
setup_build () {
  local directory=$1
  shift
  if [ -f "$directory/build.ninja" ]; then
    meson setup --reconfigure "$directory" "$@"
  else
    meson setup "$directory" "$@"
  fi
}

# build DIRECTORY OPTION...: configures and compiles, printing the log only
# when that fails.
build () {
  local directory=$1 log
  mkdir -p "$directory"
  log=$directory/build.log
  if setup_build "$@" >"$log" 2>&1 &&
      ninja -C "$directory" -k 0 >>"$log" 2>&1; then
    if grep -n 'warning:' "$log"; then
      echo "(warnings in $log)"
    fi
  else
    grep -vE '^\[[0-9]+/[0-9]+\]|: YES' "$log" | tail -n 100
    return 1
  fi
}

# count_tests TESTLOG.json: adds meson's results to ours.
count_tests () {
  local ok bad skip
  if [ ! -s "$1" ]; then
    echo "FAILED: no test ran"
    failed=$((failed + 1))
    return
  fi
  read -r ok bad skip < <(python3 - "$1" <<'PYTHON'
import json
import sys

ok = bad = skip = 0
for line in open(sys.argv[1], encoding='utf-8'):
    result = json.loads(line)['result']
    if result in ('OK', 'EXPECTEDFAIL'):
        ok += 1
    elif result == 'SKIP':
        skip += 1
    else:
        bad += 1
print(ok, bad, skip)
PYTHON
  )
  passed=$((passed + ok))
  failed=$((failed + bad))
  skipped=$((skipped + skip))
}

# run_tests DIRECTORY LOGNAME ARGUMENT...: meson test, counted.
run_tests () {
  local directory=$1 name=$2
  shift 2
  rm -f "$directory/meson-logs/$name"*.json
  meson test -C "$directory" --no-rebuild --logbase "$name" \
    --print-errorlogs "$@" || true
  # meson adds the name of a wrapper to that of the log
  count_tests "$(compgen -G "$directory/meson-logs/$name*.json" || true)"
}
