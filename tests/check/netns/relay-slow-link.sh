# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# amtrelaysink when the network takes less than it is given.

# shellcheck shell=bash source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"

program=$MC_BUILD_DIR/tests/check/netns/test-relay-slow-link

# The send buffer fills up, then there is room from time to time, or none.
for rate in 40mbit 20kbit; do
  tc qdisc add dev lo root tbf rate $rate burst 3000 limit 100000000
  MC_RATE=$rate "$program" || fail "at $rate"
  tc qdisc del dev lo root
done

# The interface's own queue is full at once, which the kernel tells apart.
tc qdisc add dev lo root tbf rate 4mbit burst 3000 limit 20000
MC_RATE=queue "$program" || fail "with a short queue"

# Frames of this size do not pass, and may not be fragmented.
tc qdisc del dev lo root
ip link set lo mtu 1300
MC_RATE=mtu "$program" || fail "with a small interface mtu"
