#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# A relay is gone for 5 s in mid-stream and comes back on the same address:
# data within 10 s of its return, while the pipeline goes on playing.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"

CHANNEL='source=192.0.2.10 group=232.1.1.1 port=5001'
DOWN=5
BOUND=10

# start NAME   relay RNAME, receiver NAME
start () {
  two_hosts "R$1" "G$1"
  # shellcheck disable=SC2086
  relay "R$1" "relay-$1" $CHANNEL
  # shellcheck disable=SC2086
  receiver "G$1" "$1" relay=198.51.100.1 $CHANNEL
  expect "$1" packets -ge 200 10
}

# is_back NAME TIME   the stream went on, soon enough after TIME
is_back () {
  local name=$1 back=$2 after
  expect "$name" gap-end-us -gt "$back" $((BOUND + 2))
  after=$(($(get "$name" gap-end-us) - back))
  say "$name: data $((after / 1000)) ms after the relay's return," \
    "$(($(get "$name" gap-us) / 1000)) ms after the last"
  [ $after -lt $((BOUND * 1000000)) ] || fail "$name: only after $after us"

  expect "$name" packets -ge $(($(get "$name" packets) + 200)) 5
  nothing_wrong "$name"
  expect "$name" pipeline = PLAYING
  expect "$name" state = active
  expect "$name" disconts -ge 1
  expect "$name" relay-requests -ge 2
  expect "$name" relay-failovers = 0
  say "$name: $(get "$name" relay-requests) requests," \
    "$(get "$name" message.multicast-join) joins," \
    "$(get "$name" lost) packets lost"
  end "$name"
  expect "relay-$name" gateways = 0 5
  end "relay-$name"
}

# The relay's host answers with ICMP while the relay is down.
killed () {
  local back
  start killed
  crash relay-killed
  sleep $DOWN
  back=$(now_us)
  # shellcheck disable=SC2086
  relay Rkilled relay-killed $CHANNEL
  is_back killed "$back"
  expect killed epochs = 2
}

# Nothing comes through either way.
dropped () {
  local back
  start dropped
  nft_in Rdropped 'udp dport 2268 drop'
  nft_in Gdropped 'udp sport 2268 drop'
  sleep $DOWN
  back=$(now_us)
  nft_clear Rdropped
  nft_clear Gdropped
  is_back dropped "$back"
  expect dropped epochs = 1
  expect dropped lost -ge 900
}

in_parallel killed dropped
