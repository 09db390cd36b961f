#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Several gateways behind one address get what each asked for; two channels of
# one relay do not mix.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"
topology S R C
ip netns exec R nft 'add table ip nat'
ip netns exec R nft \
  'add chain ip nat post { type nat hook postrouting priority 100; }'
ip netns exec R nft 'add rule ip nat post oifname r0 masquerade'

ONE='source=192.0.2.10 group=232.1.1.1 port=5001'
TWO='source=192.0.2.10 group=232.1.1.2 port=5001'
OTHER='source=192.0.2.11 group=232.1.1.1 port=5001'
SIX='source=2001:db8:f::10 group=ff3e::8000:1 port=5001'
COUNT=600

# Numbers begin when all five have joined one of the channels.
# shellcheck disable=SC2086
relay S relay \
  channel=1 count=$COUNT rate=500 wait-gateways=5 $ONE , \
  channel=2 count=$COUNT rate=500 wait-gateways=5 $TWO , \
  channel=3 count=$COUNT rate=500 wait-gateways=5 $OTHER , \
  channel=4 count=$COUNT rate=500 wait-gateways=5 $SIX
# shellcheck disable=SC2086
{
  receiver C a channel=1 relay=198.51.100.2 $ONE
  receiver C b channel=1 relay=198.51.100.2 $ONE
  receiver C c channel=2 relay=198.51.100.2 $TWO
  receiver C d channel=3 relay=198.51.100.2 $OTHER
  receiver C e channel=4 relay=198.51.100.2 $SIX
}

for r in a b c d e; do
  expect "$r" next = $COUNT 15
  nothing_wrong "$r"
done
# The last gateway is counted a moment before it gets the channel it asked for.
for r in a b c d; do
  expect "$r" packets = $COUNT
  expect "$r" lost = 0
done
expect relay gateways = 5
expect relay packets-sent = $((2 * COUNT))
for i in 0 1; do
  expect relay gateway-stats.$i.address = 198.51.100.1
done
[ "$(get relay gateway-stats.0.port)" != "$(get relay gateway-stats.1.port)" ] ||
  fail "two gateways with one port"

# One leaves, the other of the same address goes on.
end a
expect relay gateways = 4 5
expect relay gateway-stats.1.port = 0 5
for r in b c d e; do end "$r"; done
expect relay gateways = 0 5
end relay
say "five gateways behind 198.51.100.1, four channels"
