#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Installs what is missing, builds everything and runs every test.  At the end
# stands what failed; the last line is "N passed, N failed, N skipped".  Exits 0
# only when none failed.
#
#   scripts/test.sh

set -euo pipefail

cd "$(dirname "$0")/.."
# shellcheck source=scripts/functions.sh
. scripts/functions.sh

finish () {
  local status=$?
  if [ "$status" != 0 ]; then
    # A script that stops half-way must not look like a success.
    echo "FAILED: scripts/test.sh ended early"
    failed=$((failed + 1))
  fi
  show_failures
  printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  [ "$failed" = 0 ] || exit 1
  exit 0
}
trap finish EXIT

coverage () {
  build build-cov -Db_coverage=true --buildtype=debug -Dfuzz=disabled \
    -Dexamples=disabled || return 1
  find build-cov -name '*.gcda' -delete
  meson test -C build-cov --no-rebuild --suite core --print-errorlogs ||
    return 1
  gcovr --root . --filter core/ --filter 'discovery/(addrselect|dns|driad)' \
    --print-summary --fail-under-line 90 build-cov
}

# coverage_result STATUS   what coverage () has written, and its verdict
coverage_result () {
  if [ "$1" = 0 ]; then
    grep '^lines:' build-cov/coverage.log || true
  else
    tail -n 60 build-cov/coverage.log
  fi
  return "$1"
}

# The tarball is made of what is committed, all of which has been tested by now:
# it has every file, and can be built without the repository.
distribution () {
  local arguments=(--formats xztar --no-tests) dist=build-gcc/meson-dist tree
  if [ ! -e .git ]; then
    echo "this is no git repository, of which a tarball could be made"
    return 1
  fi
  if [ -n "$(git status --porcelain)" ]; then
    echo "note: there are uncommitted changes; they are not in the tarball"
    arguments+=(--allow-dirty)
  fi
  rm -rf "$dist"
  meson dist -C build-gcc "${arguments[@]}" >build-gcc/dist.log 2>&1 || {
    tail -n 100 build-gcc/dist.log
    return 1
  }
  tar -C "$dist" -xf "$dist"/*.tar.xz || return 1
  tree=$(cd "$dist"/*/ && pwd) || return 1
  diff <(git ls-tree -r --name-only HEAD | sort) \
    <(cd "$tree" && find . ! -type d -printf '%P\n' | sort) || return 1
  # What the optimizer makes of it is known.
  (cd "$tree" && build build --buildtype=plain) || return 1
  MC_PAIR_SEEDS=200 MC_MODEL_SEEDS=50 meson test -C "$tree/build" --no-rebuild \
    --print-errorlogs --suite core --suite style --suite fuzz-replay \
    >"$dist/test.log" 2>&1 || {
    tail -n 100 "$dist/test.log"
    return 1
  }
  grep -E '^Ok:' "$dist/test.log"
  ls "$dist"/*.tar.xz
}

heading "packages"
scripts/install-deps.sh tests

heading "build: gcc, -Werror"
have_gcc=false
if CC=gcc check "gcc build" build build-gcc -Dwerror=true; then
  have_gcc=true
  heading "style: formatting, layers, licences, headers, reference"
  run_tests build-gcc style --suite style
  check "scripts" shellcheck -x scripts/*.sh scripts/check-* scripts/gst-indent \
    scripts/link-plugins scripts/with-* .ci/run \
    tests/check/netns/in-namespace tests/check/netns/*.sh \
    tests/benchmark/*.sh || true
  heading "tests: gcc"
  run_tests build-gcc tests --no-suite style
  heading "tests: leaks tracer"
  run_tests build-gcc leaks --suite elements \
    --wrapper "$PWD/scripts/with-leaks-tracer"
  heading "tests: core under valgrind"
  MC_PAIR_SEEDS=200 MC_MODEL_SEEDS=50 run_tests build-gcc valgrind --suite core \
    --timeout-multiplier 10 \
    --wrapper "$PWD/scripts/with-valgrind"
fi

heading "build: clang, -Werror, address and undefined behaviour sanitizers"
if CC=clang check "clang build" build build-asan -Dwerror=true \
    -Db_sanitize=address,undefined -Db_lundef=false; then
  heading "tests: clang, sanitizers"
  run_tests build-asan tests --no-suite style
fi

heading "coverage of what is pure (at least 90 % of the lines) and fuzzing"
mkdir -p build-cov
coverage >build-cov/coverage.log 2>&1 &
coverage_pid=$!
check "fuzzing, 10 s a target" scripts/fuzz.sh 10 || true
coverage_status=0
wait "$coverage_pid" || coverage_status=$?
check "coverage" coverage_result "$coverage_status" || true

if $have_gcc; then
  heading "tarball"
  check "meson dist" distribution || true
fi

heading "done"
