#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Datagrams at a high rate from one namespace to another: nothing is lost.
#
#   load.sh [RATE [SECONDS]]

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"
two_hosts R G
# shellcheck source-path=SCRIPTDIR source=../../benchmark/load.sh
. "$MC_SOURCE_DIR/tests/benchmark/load.sh" "${1:-20000}" "${2:-3}" R G \
  198.51.100.1
