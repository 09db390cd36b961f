#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Installs what is missing, builds, and shows relay and receiver at work on
# the loopback interface.  Exits 0 only when pictures were decoded and the
# receiver got what the relay sent; with --verify, when nothing that an attacker
# put into the stream was decoded, and everything that the sender sent.
#
#   scripts/demo.sh [--verify] [SECONDS]

set -euo pipefail

cd "$(dirname "$0")/.."
# shellcheck source=scripts/functions.sh
. scripts/functions.sh

verify=false
if [ "${1:-}" = --verify ]; then
  verify=true
  shift
fi

scripts/install-deps.sh demo

options=(-Dtests=disabled -Dfuzz=disabled -Dexamples=enabled
  -Damtsrc=enabled -Damtrelaysink=enabled)
if $verify; then
  options+=(-Dambiverify=enabled -Dambisign=enabled -Dambihttpsink=enabled)
fi
echo "Building in build-demo ..."
build build-demo "${options[@]}"

# A registry of its own: the first start looks at all plugins of the system,
# later ones do not.
export GST_REGISTRY=$PWD/build-demo/registry.bin
export GST_PLUGIN_PATH_1_0=$PWD/build-demo/gst${GST_PLUGIN_PATH_1_0:+:$GST_PLUGIN_PATH_1_0}

if ! $verify; then
  exec build-demo/examples/relay-and-receiver \
    "$PWD/build-demo/last-frame.png" "${1:-10}"
fi

# In a network of its own no port is taken, where the system permits that.
own_network=()
if unshare -Urn true 2>/dev/null; then
  own_network=(unshare -Urn)
fi
exec "${own_network[@]}" scripts/demo-verify.sh "$PWD/build-demo" "${1:-10}"
