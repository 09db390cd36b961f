#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# A verified stream that comes natively over IPv6, under attack: nothing passes
# but what the sender made, and all of that does.

exec "$MC_SOURCE_DIR/tests/benchmark/attack.sh" native6 \
  "$MC_VERIFY_RATE" $((MC_VERIFY_RATE * 3))
