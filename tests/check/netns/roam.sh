#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# The gateway's own network changes under a tunnel: another address, a link that
# goes and comes. The element asks the relay anew by itself, long before silence
# would make it.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"
two_hosts R G

CHANNEL='source=192.0.2.10 group=232.1.1.1 port=5001'
# shellcheck disable=SC2086  # several words
relay R relay rate=500 $CHANNEL
# shellcheck disable=SC2086
receiver G gateway relay=198.51.100.1 $CHANNEL
expect gateway packets -ge 200 10

# goes_on WHAT   within 2 s, half of what silence takes
goes_on () {
  local requests=$2 packets
  expect gateway relay-requests -gt "$requests" 2
  packets=$(get gateway packets)
  expect gateway packets -ge $((packets + 200)) 3
  say "$1: goes on"
}

requests=$(get gateway relay-requests)
ip -n G addr del 198.51.100.2/24 dev g0
ip -n G addr add 198.51.100.3/24 dev g0
goes_on 'another address' "$requests"

# What is none of the tunnel's business asks for nothing.
requests=$(get gateway relay-requests)
ip -n G addr add 192.0.2.77/32 dev lo
ip -n G route add 203.0.113.0/24 via 198.51.100.1
packets=$(get gateway packets)
expect gateway packets -ge $((packets + 300)) 5
expect gateway relay-requests = "$requests"
say 'other changes: nothing asked'

ip -n R link set r0 down
ip -n R link set r0 up
goes_on 'the link went and came' "$requests"

expect gateway errors = 0
end gateway
end relay
