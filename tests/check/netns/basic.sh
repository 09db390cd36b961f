#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Relay and gateway in networks of their own: either family through either,
# everything sent is received, and the leave ends it.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"
two_hosts R G

V4='source=192.0.2.10 group=232.1.1.1 port=5001'
V6='source=2001:db8:f::10 group=ff3e::8000:1 port=5001'
COUNT=400

# session NAME RELAY-ADDRESS CHANNEL...
session () {
  local name=$1 relay_address=$2 before
  shift 2
  relay R "relay-$name" rate=1000 count=$COUNT wait-gateways=1 "$@"
  receiver G "$name" relay="$relay_address" "$@"

  expect "$name" packets -eq $COUNT 10
  nothing_wrong "$name"
  expect "$name" lost = 0
  expect "$name" next = $COUNT
  expect "$name" packets-received = $COUNT
  expect "$name" message.multicast-join = 1
  expect "$name" state = active
  expect "relay-$name" packets-sent = $COUNT
  expect "relay-$name" gateways = 1
  expect "relay-$name" gateway-stats.0.packets-sent = $COUNT

  end "$name"
  expect "$name" message.multicast-leave = 1
  expect "$name" stop-us -lt 100000
  expect "relay-$name" gateways = 0 5
  end "relay-$name"
  say "$name: joined after $(($(get "$name" join-latency-ns) / 1000)) us"
}

# shellcheck disable=SC2086  # the channels are several words
{
  session v4-over-v4 198.51.100.1 $V4
  session v6-over-v6 2001:db8:1::1 $V6
  session v6-over-v4 198.51.100.1 $V6
  session v4-over-v6 2001:db8:1::1 $V4
}

# A relay that goes on sending sends nothing to a gateway that has left.
relay R goes-on rate=500 source=192.0.2.10 group=232.1.1.1 port=5001
receiver G leaves relay=198.51.100.1 source=192.0.2.10 group=232.1.1.1 port=5001
expect leaves packets -ge 100 10
end leaves
expect goes-on gateways = 0 5
ip netns exec G nft 'add table inet t'
ip netns exec G nft 'add chain inet t i { type filter hook input priority 0; }'
ip netns exec G nft 'add rule inet t i udp sport 2268 counter'
before=$(get goes-on packets-in)
sent=$(get goes-on packets-sent)
expect goes-on packets-in -ge $((before + 500)) 5
expect goes-on packets-sent = "$sent"
seen=$(ip netns exec G nft list chain inet t i)
[[ $seen = *"counter packets 0 "* ]] || fail "data after the leave: $seen"
end goes-on
say "after the leave nothing is sent"
