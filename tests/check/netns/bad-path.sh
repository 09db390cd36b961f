#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Gateways join over paths that drop, double and reorder datagrams, control
# and data alike.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"

CHANNEL='source=192.0.2.10 group=232.1.1.1 port=5001'
# Of that many gateways, each with a path of its own; the last one's path only
# doubles and reorders.
N=8
BOUND=30

two_hosts R G
ip netns exec G sysctl -qw net.ipv4.ip_local_port_range='40000 60000'
# shellcheck disable=SC2086
relay R relay rate=100 $CHANNEL

path () {
  local drop=30 reorder=20 double=20
  [ "$1" != $N ] || drop=0
  ip netns exec G "$MC_SOURCE_DIR/tests/check/netns/bad-path.py" \
    $((30000 + $1)) 198.51.100.1 "$1" $drop $double $reorder \
    >"$DIR/path-$1.log" 2>&1 &
  wait_for 10 grep -q ready "$DIR/path-$1.log" || fail "path $1 does not start"
}

for i in $(seq $N); do
  path "$i"
  # shellcheck disable=SC2086
  receiver G "bad-$i" relay=127.0.0.1:$((30000 + i)) relay-timeout=0 $CHANNEL
done

for i in $(seq $N); do
  expect "bad-$i" packets -ge 100 $BOUND
  expect "bad-$i" pipeline = PLAYING
  expect "bad-$i" errors = 0
  expect "bad-$i" foreign = 0
  expect "bad-$i" damaged = 0
  stats_add_up "bad-$i"
  say "path $i: joined after $(($(get "bad-$i" join-latency-ns) / 1000000)) ms," \
    "$(get "bad-$i" relay-requests) requests," \
    "lost $(get "bad-$i" lost), late $(get "bad-$i" late)"
done
# What was doubled and late did not cost a datagram.
expect bad-$N relay-requests = 1
