# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Shell functions of the scripts in this folder.
# shellcheck shell=bash

passed=0
failed=0
skipped=0
stage=
failures=

heading () {
  stage=$*
  printf '\n=== %s (%s s) ===\n' "$stage" "$SECONDS"
}

# note_failure NAME FILE: counts it, and keeps the end of its output for
# show_failures.
note_failure () {
  failed=$((failed + 1))
  failures+=$(printf '\n--- %s: %s' "$stage" "$1"; echo; tail -n 40 "$2")$'\n'
}

# show_failures: each failed check and test once more, so that the end of a log
# tells what failed.
show_failures () {
  [ -z "$failures" ] || printf '\n=== failed ===\n%s' "$failures"
}

# check NAME COMMAND...: runs the command and counts it as one test.  Returns
# the command's verdict, for which pipefail has to be set.
check () {
  local name=$1 output status=0
  shift
  output=$(mktemp)
  "$@" 2>&1 | tee "$output" || status=$?
  if [ "$status" = 0 ]; then
    echo "ok: $name"
    passed=$((passed + 1))
  else
    echo "FAILED: $name"
    note_failure "$name" "$output"
  fi
  rm -f "$output"
  return "$status"
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

# tests_as_lines TESTLOG.json DIRECTORY: meson's results, "VERDICT NAME" each.
# What a failed test printed goes to DIRECTORY/NAME.
tests_as_lines () {
  python3 - "$1" "$2" <<'PYTHON'
import json
import pathlib
import sys

verdicts = {'OK': 'ok', 'EXPECTEDFAIL': 'ok', 'SKIP': 'skip'}
for line in open(sys.argv[1], encoding='utf-8'):
    test = json.loads(line)
    name = test['name'].split(' / ')[-1]
    verdict = verdicts.get(test['result'], 'bad')
    print(verdict, name)
    if verdict == 'bad':
        # The reason may stand at the end of either.
        printed = [test.get(key, '').splitlines()[-20:]
                   for key in ('stdout', 'stderr')]
        text = '\n'.join([test['result'], *printed[0], *printed[1]])
        pathlib.Path(sys.argv[2], name).write_text(text + '\n')
PYTHON
}

# count_tests TESTLOG.json: adds meson's results to ours.
count_tests () {
  local directory lines verdict name
  if [ ! -s "$1" ]; then
    echo "FAILED: no test ran"
    note_failure "no test ran" /dev/null
    return
  fi
  directory=$(mktemp -d)
  lines=$(tests_as_lines "$1" "$directory")
  while read -r verdict name; do
    case $verdict in
      ok) passed=$((passed + 1)) ;;
      skip) skipped=$((skipped + 1)) ;;
      *) note_failure "$name" "$directory/$name" ;;
    esac
  done <<< "$lines"
  rm -rf "$directory"
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
