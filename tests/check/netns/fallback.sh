#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# amtsrc where native multicast comes and goes: to the tunnel and back, ten
# times, no packet twice, and how many are lost is told.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"
# shellcheck source-path=SCRIPTDIR source=router.sh
. "${MC_NETNS_LIB%/*}/router.sh"
need_native

MOVES=10
NATIVE_TIMEOUT=300000000

# no_trouble NAME   since its start
no_trouble () {
  nothing_is_twice "$1"
  expect "$1" errors = 0
  expect "$1" warnings = 0
  expect "$1" pipeline = PLAYING
  expect "$1" epochs = 1
}

nothing_is_twice () {
  expect "$1" duplicates = 0
  expect "$1" foreign = 0
  expect "$1" damaged = 0
  expect "$1" bad-stamps = 0
}

# moves NAME DELIVERY   within 10 s; LOST: what was lost at that
moves () {
  local name=$1 delivery=$2 before=$3
  expect "$name" delivery = "$delivery" 10
  expect "$name" told-delivery = "$delivery" 5
  flows "$name" 50
  no_trouble "$name"
  LOST=$(($(get "$name" missing) - before))
}

# session NAME SOURCE GROUP RELAY
session () {
  local name=$1 source=$2 group=$3 relay=$4 i before down='' up=''
  sender "S$name" "sender-$name" source="$source" group="$group"
  # The relay gets what it serves natively, at the router's other side.
  launch "R$name" "relay-$name" "ssmsrc name=input source=$source group=$group
    port=5001 multicast-iface=r0 ! queue ! amtrelaysink name=relay source=$source
    group=$group port=5001"
  expect "relay-$name" input.packets-pushed -ge 100 10
  receiver "C$name" "$name" delivery=auto relay="$relay" source="$source" group="$group" \
    port=5001 native-timeout=$NATIVE_TIMEOUT
  moves "$name" native 0
  expect "$name" relay-requests = 0

  for ((i = 1; i <= MOVES; i++)); do
    before=$(get "$name" missing)
    cut "R$name" "$group"
    moves "$name" tunnel "$before"
    down+=" $LOST"
    expect "relay-$name" relay.gateways = 1 5

    before=$(get "$name" missing)
    mend "R$name"
    moves "$name" native "$before"
    up+=" $LOST"
    # The relay is told.
    expect "relay-$name" relay.gateways = 0 5
  done
  say "$name: packets lost to the tunnel:$down; to native:$up (200 a second," \
    "native-timeout $((NATIVE_TIMEOUT / 1000000)) ms)"
  say "$name: $(get "$name" packets) packets, $(get "$name" dropped-duplicate)" \
    "duplicates dropped, $(get "$name" late) out of order"
  # At each move that, and no more than that.
  expect "$name" message.multicast-join = $((2 * MOVES + 1))
  expect "$name" channels = $((2 * MOVES + 1))
  # Only where packets are missing, which is on the way to the tunnel.
  expect "$name" disconts = $MOVES
  stats_add_up "$name"
  end "$name"
  wait_for 5 wire_is_quiet "C$name" native || fail "$name: data after the leave"
  end "relay-$name"
  end "sender-$name"
}

pim () {
  topology Spim Rpim Cpim
  pim_router Rpim r0 r1
  watch_wire Cpim native ip daddr 232.1.1.1
  session pim 198.51.100.2 232.1.1.1 203.0.113.1
}

bridge6 () {
  topology Sbridge6 Rbridge6 Cbridge6
  mdb_router Rbridge6
  watch_wire Cbridge6 native ip6 daddr ff3e::8000:1
  session bridge6 2001:db8:1::2 ff3e::8000:1 2001:db8:2::1
}

in_parallel pim bridge6
