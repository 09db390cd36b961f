#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Datagrams that the sender's kernel has joined (UDP_SEGMENT) and that cross the
# cable so: the sources hand out each of them once and in order, whether they let
# the kernel join datagrams or not, natively and through a tunnel.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"
# shellcheck source-path=SCRIPTDIR source=router.sh
. "${MC_NETNS_LIB%/*}/router.sh"
need_native
need ethtool

COUNT=3000                      # no more than a receive buffer takes
RATE=20000                      # some 20 a millisecond

two_hosts R G
# What leaves with its checksum to be finished is not cut on the way.
ip netns exec R ethtool -K r0 tx on tx-udp-segmentation on >/dev/null
ip -n R route add 232.0.0.0/8 dev r0

# What G sees come in, joined ones as one.
watch_wire G native udp dport 5001
watch_wire G tunnel udp sport 2268 meta length gt 500

# check NAME WIRE BEFORE   all has come as joined as it was sent
check () {
  local name=$1 arrivals split
  expect "$name" packets -eq $COUNT 10
  nothing_wrong "$name"
  expect "$name" lost = 0
  expect "$name" next = $COUNT
  expect "$name" packets-received = $COUNT
  expect "$name" packets-pushed = $COUNT
  expect "$name" kernel-dropped = 0
  arrivals=$(($(wire G "$2") - $3))
  if [ "$arrivals" = 0 ] || [ "$arrivals" -gt $((COUNT / 4)) ]; then
    fail "$name: $COUNT datagrams came as $arrivals"
  fi
  # One time of arrival for all that came as one; two may fall on one time as the
  # clocks are read.  What the element takes one by one may fall into two batches,
  # for each of which clocks are read.
  split=0
  [[ $name != *-false ]] || split=$(get "$name" lists)
  expect "$name" stamps -le $((arrivals + split))
  expect "$name" stamps -ge $((arrivals / 2))
  say "$name: $COUNT datagrams came as $arrivals, in $(get "$name" lists) lists"
}

# native NAME KIND SOURCE GROUP KEY=VALUE...
native () {
  local name=$1 kind=$2 channel="source=$3 group=$4 port=5001" before iface=
  # With IPv4 the source address decides.
  [[ $4 != *:* ]] || iface=iface=r0
  shift 4
  # shellcheck disable=SC2086
  peer G "$name" "$kind" $channel "$@"
  expect "$name" state = joined 10
  before=$(wire G native)
  # shellcheck disable=SC2086
  sender R "sender-$name" $channel $iface joined=32 rate=$RATE count=$COUNT
  check "$name" native "$before"
  end "$name"
  end "sender-$name"
}

# tunnel NAME RELAY SOURCE GROUP KEY=VALUE...
tunnel () {
  local name=$1 address=$2 channel="source=$3 group=$4 port=5001" before
  shift 4
  before=$(wire G tunnel)
  # shellcheck disable=SC2086
  {
    relay R "relay-$name" rate=$RATE count=$COUNT wait-gateways=1 $channel
    receiver G "$name" relay="$address" $channel "$@"
  }
  check "$name" tunnel "$before"
  end "$name"
  end "relay-$name"
}

for gro in true false; do
  native "ssmsrc-$gro" ssm-receiver 198.51.100.1 232.1.1.1 allow-gro=$gro
  tunnel "tunnel-$gro" 198.51.100.1 192.0.2.10 232.1.1.1 allow-gro=$gro
done
native ssmsrc-v6 ssm-receiver 2001:db8:1::1 ff3e::8000:1
native amtsrc receiver 198.51.100.1 232.1.1.1 delivery=native
tunnel tunnel-v6 2001:db8:1::1 2001:db8:f::10 ff3e::8000:1
