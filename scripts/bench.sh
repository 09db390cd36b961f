#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Measures what receiving costs, next to udpsrc and to bare loops, in network
# namespaces of its own; prints Markdown and writes bench.json.  Needs no
# privileges.  docs/performance.md says what the figures mean.
#
#   scripts/bench.sh [BUILD-DIRECTORY] [OPTION-OF-BENCH.PY...]
#
#   scripts/bench.sh build --rounds 3 --sections cost,delays

set -euo pipefail

cd "$(dirname "$0")/.."
build=build
if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then
  build=$1
  shift
fi
build=$(realpath "$build")
if [ ! -x "$build/tests/benchmark/bench-receive" ]; then
  echo "bench: no build in $build; meson setup, then ninja" >&2
  exit 1
fi

export GST_PLUGIN_PATH_1_0=$build/gst
export GST_REGISTRY=$build/tests/benchmark/registry.bin
exec tests/check/netns/in-namespace tests/benchmark/in-two-namespaces.sh \
  "$PWD/tests/benchmark/bench.py" --build "$build" \
  --json "$build/bench.json" "$@"
