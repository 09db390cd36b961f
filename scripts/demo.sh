#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Installs what is missing, builds, and shows relay and receiver at work on
# the loopback interface.  Exits 0 only when pictures were decoded and the
# receiver got what the relay sent.
#
#   scripts/demo.sh [SECONDS]

set -euo pipefail

cd "$(dirname "$0")/.."
# shellcheck source=scripts/functions.sh
. scripts/functions.sh

scripts/install-deps.sh demo

echo "Building in build-demo ..."
build build-demo -Dtests=disabled -Dfuzz=disabled -Dexamples=enabled \
  -Damtsrc=enabled -Damtrelaysink=enabled

# A registry of its own: the first start looks at all plugins of the system,
# later ones do not.
export GST_REGISTRY=$PWD/build-demo/registry.bin
export GST_PLUGIN_PATH_1_0=$PWD/build-demo/gst${GST_PLUGIN_PATH_1_0:+:$GST_PLUGIN_PATH_1_0}

exec build-demo/examples/relay-and-receiver \
  "$PWD/build-demo/last-frame.png" "${1:-10}"
