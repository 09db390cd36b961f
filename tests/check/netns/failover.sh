#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Two relays are listed and the first dies: data from the second within 15 s.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"

CHANNEL='source=192.0.2.10 group=232.1.1.1 port=5001'
BOUND=15

start () {
  new_namespace "A$1" "B$1" "G$1"
  new_link "A$1" a0 "G$1" g0
  new_link "B$1" b0 "G$1" g1
  new_address "A$1" a0 198.51.100.1 2001:db8:1::1
  new_address "G$1" g0 198.51.100.2 2001:db8:1::2
  new_address "B$1" b0 203.0.113.1 2001:db8:2::1
  new_address "G$1" g1 203.0.113.2 2001:db8:2::2
  # shellcheck disable=SC2086
  relay "A$1" "first-$1" $CHANNEL
  # shellcheck disable=SC2086
  relay "B$1" "second-$1" $CHANNEL
  # shellcheck disable=SC2086
  receiver "G$1" "$1" "relay=198.51.100.1,203.0.113.1:2268" $CHANNEL
  expect "$1" packets -ge 200 10
  expect "$1" relay = 198.51.100.1:2268
  expect "second-$1" gateways = 0
}

# is_over NAME TIME   data from the second, soon enough after TIME
is_over () {
  local name=$1 dead=$2 after
  expect "$name" gap-end-us -gt "$dead" $((BOUND + 2))
  after=$(($(get "$name" gap-end-us) - dead))
  say "$name: data from the second relay after $((after / 1000)) ms"
  [ $after -lt $((BOUND * 1000000)) ] || fail "$name: only after $after us"

  expect "$name" packets -ge $(($(get "$name" packets) + 200)) 5
  nothing_wrong "$name"
  expect "$name" relay = 203.0.113.1:2268
  expect "$name" relay-failovers = 1
  expect "$name" epochs = 2
  expect "$name" gaps = 1
  expect "$name" disconts = 1
  expect "$name" pipeline = PLAYING
  expect "$name" message.multicast-join = 2
  expect "$name" message.multicast-leave = 1
  expect "second-$name" gateways = 1
  end "$name"
  expect "second-$name" gateways = 0 5
  end "second-$name"
}

killed () {
  local dead
  start killed
  dead=$(now_us)
  crash first-killed
  is_over killed "$dead"
}

dropped () {
  local dead
  start dropped
  dead=$(now_us)
  nft_in Adropped 'udp dport 2268 drop'
  nft_in Gdropped 'ip saddr 198.51.100.1 drop'
  is_over dropped "$dead"
}

in_parallel killed dropped
