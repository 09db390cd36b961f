#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Runs every fuzz target for SECONDS from its corpus and measures how much of
# its parser the corpus and the finds reach:
#   scripts/fuzz.sh SECONDS [TARGET...]
# Fails if a target crashes or reaches less than 80 % of the lines.  What is
# found stays in build-fuzz/finds and build-fuzz/crashes, not in the tree.
set -eu

usage () {
  echo "usage: scripts/fuzz.sh SECONDS [TARGET...]" >&2
  exit 2
}

[ $# -ge 1 ] || usage
seconds=$1
shift
case $seconds in '' | *[!0-9]*) usage ;; esac

MIN_COVERAGE=80
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=$root/build-fuzz
version=$(clang -dumpversion | cut -d. -f1)

# The sources a target is for.
sources_of () {
  case $1 in
    # Not core/ambi-window.c: no input has the digests that make it grow.
    ambi-verify) (cd "$root" && ls core/ambi-verify*.c core/ambi-hasher.c \
        core/ambi-hold.c core/ambi-index.c core/ambi-intake.c \
        core/ambi-loss.c core/ambi-order.c core/ambi-store*.c) ;;
    amt-wire) echo "core/amt-wire.c" ;;
    igmp) echo "core/igmp.c core/group-records.c" ;;
    mld) echo "core/mld.c core/group-records.c" ;;
    ipudp) echo "core/ipudp.c" ;;
    ipfrag) echo "core/ipfrag.c" ;;
    *) (cd "$root" && ls core/"$1"*.c) ;;
  esac
}

tool () {
  command -v "$1-$version" || command -v "$1" || {
    echo "fuzz.sh: no $1 for clang $version" >&2
    exit 1
  }
}

llvm_cov=$(tool llvm-cov)
llvm_profdata=$(tool llvm-profdata)

cd "$root"
if [ ! -d "$build" ]; then
  CC=clang meson setup "$build" -Dfuzz=enabled >/dev/null
fi
ninja -C "$build" fuzz >"$build/build.log" || {
  cat "$build/build.log" >&2
  exit 1
}

if [ $# -eq 0 ]; then
  for program in "$build"/tests/fuzz/fuzz-*; do
    if [ -f "$program" ]; then
      set -- "$@" "${program##*/fuzz-}"
    fi
  done
fi

# Prints the line coverage of the sources a target is for, as "source percent"
# lines, after one run over its corpus and its finds.
coverage_of () {
  program=$1
  profile=$build/$2.profdata
  LLVM_PROFILE_FILE=$build/$2.profraw "$program" -runs=0 \
      "$root/tests/fuzz/corpus/$2" "$build/finds/$2" >/dev/null 2>&1
  "$llvm_profdata" merge -o "$profile" "$build/$2.profraw"
  for source in $(sources_of "$2"); do
    # Columns eight to ten are lines, missed lines, percent.
    "$llvm_cov" report "$program" -instr-profile="$profile" |
        awk -v source="$source" '
          $1 == source { sub ("%", "", $10); percent = $10 }
          END { print source, percent }'
  done
}

# Fuzzes one target and prints its line of the table; false when it crashed or
# reached too little.
fuzz_target () {
  name=$1
  program=$build/tests/fuzz/fuzz-$name
  log=$build/$name.log
  mkdir -p "$build/finds/$name" "$build/crashes"
  if ! LLVM_PROFILE_FILE=/dev/null "$program" -max_total_time="$seconds" \
      -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
      -artifact_prefix="$build/crashes/$name-" \
      "$build/finds/$name" "$root/tests/fuzz/corpus/$name" >"$log" 2>&1; then
    echo "fuzz.sh: $name crashed, see $log" >&2
    tail -n 40 "$log" >&2
    return 1
  fi
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  coverage=$(coverage_of "$program" "$name")
  printf '%-12s %12s  %s\n' "$name" "$executions" \
      "$(echo "$coverage" | awk '{ printf "%s%s %s %%", sep, $1, $2; sep = ", " }')"
  echo "$coverage" | awk -v min=$MIN_COVERAGE -v name="$name" '
    $2 == "" || $2 < min {
      print "fuzz.sh: " name " reaches too little of " $1 > "/dev/stderr"
      bad = 1
    }
    END { exit bad }'
}

# Two at a time: a target keeps one core busy.
status=0
previous=
printf '%-12s %12s  %s\n' target executions 'line coverage'
for name in "$@"; do
  fuzz_target "$name" &
  current=$!
  [ -z "$previous" ] || wait "$previous" || status=1
  previous=$current
done
[ -z "$previous" ] || wait "$previous" || status=1
exit $status
