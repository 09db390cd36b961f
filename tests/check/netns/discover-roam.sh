#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# What makes relays be looked for anew: one that answers and brings nothing, a
# default route or an address that comes or goes, another network with a relay
# of its own.  What is none of its business makes nobody ask.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"
# shellcheck source-path=SCRIPTDIR source=publisher.sh
. "${MC_NETNS_LIB%/*}/publisher.sh"

# s: nothing comes for 4 s, and the next relay is asked
SILENCE=9
# s: the kernel's news settle, and the DNS and the relay are asked
NEWS=6

new_publisher
: >anchors
# The relays of the sender are far away, that of the network is near.
ip -n P addr add 203.0.113.8/32 dev lo
ip -n P addr add 203.0.113.9/32 dev lo
{
  echo '10 AMTRELAY 10 1 1 203.0.113.9'
  echo '10 AMTRELAY 20 0 1 203.0.113.8'
  echo '11 AMTRELAY 10 1 1 203.0.113.9'
} | new_zone $REVERSE
sign_zone $REVERSE
start_dns $REVERSE.signed
# It answers, and has another channel.
GROUP=232.9.9.9 start_sender silent 203.0.113.9
start_sender far 203.0.113.8
start_sender near 198.51.100.8
for name in silent far near; do
  wait_for 10 grep -q 'Setting pipeline to PLAYING' $name.log ||
    fail "$name did not start"
done
printf 'nameserver 198.51.100.1\nsearch nowhere.example\n' >resolv.conf

# goes_on WHAT   packets come by the tunnel
goes_on () {
  local packets
  packets=$(get client packets)
  expect client packets -ge $((packets + 20)) $NEWS
  expect client progress.connect = complete $NEWS
  say "$1: goes on by $(get client src.relay)"
}

# --- there is no way to any relay, and then there is one ---
play client "amtsrc name=src source=$SOURCE group=$GROUP port=$PORT \
  delivery=tunnel relay-timeout=0 ! fakesink name=sink sync=false |
  amtsrc name=src source=192.0.2.11 group=$GROUP port=$PORT \
  delivery=tunnel relay-timeout=0 ! fakesink name=sink sync=false |
  amtsrc name=src source=192.0.2.12 group=$GROUP port=$PORT \
  delivery=tunnel relay-timeout=0 ! fakesink name=sink sync=false"
expect client progress.name-lookup = complete 5
expect client src.relay-requests = 0
ip -n C route add default via 198.51.100.1
expect client src.relay = 203.0.113.9:2268 $NEWS
expect client src.state = active $NEWS
say "a default route came: asking $(get client src.relay)"

# --- that relay brings nothing ---
expect client src.relay = 203.0.113.8:2268 $SILENCE
expect client packets -ge 20 $NEWS
expect client src.relay-found-by = amtrelay
expect client src.relay-failovers = 1
goes_on "a silent relay"

# Where there is no other, it is kept, and not joined over and over.
expect client 1.src.relay = 203.0.113.9:2268
expect client 1.src.state = active
expect client 1.src.relay-failovers = 0

# questions_of SOURCE-NUMBER KEY
questions_of () {
  get client "$2" | grep -o "AMTRELAY records of $1\.$REVERSE" | wc -l
}

# --- changes that do not concern it, nor those that still search ---
questions=$(questions_of 12 2.asked)
asked=$(get client asked)
ip -n C addr add 192.0.2.77/32 dev lo
ip -n C route add 192.0.2.128/25 via 198.51.100.1
ip -n C link add v0 type veth peer name v1
ip -n C link set v0 up
ip -n C link set v1 up
packets=$(get client packets)
expect client packets -ge $((packets + 60)) 5
[ "$(get client asked)" = "$asked" ] ||
  fail "somebody was asked: $(get client asked)"
[ "$(questions_of 12 2.asked)" = "$questions" ] ||
  fail "somebody was asked: $(get client 2.asked)"

# --- another network, which has a relay of its own ---
printf 'nameserver 198.51.100.1\nsearch near.example\n' >resolv.conf
ip -n C addr del 198.51.100.2/24 dev g0
ip -n C addr add 198.51.100.3/24 dev g0
ip -n C route add default via 198.51.100.1
expect client src.relay = 198.51.100.8:2268 $NEWS
expect client src.relay-found-by = dns-sd
expect client src.relay-failovers = 2 $NEWS
goes_on "another network"

# --- and back: the silent one has another chance, as with any network ---
printf 'nameserver 198.51.100.1\n' >resolv.conf
ip -n C addr flush dev g0
ip -n C addr add 198.51.100.4/24 dev g0
ip -n C route add default via 198.51.100.1
expect client src.relay = 203.0.113.8:2268 $SILENCE
goes_on "another address"

# Each move was told, but for that from the relay that never brought anything.
expect client message.multicast-leave = 2
expect client message.multicast-join = 3
expect client errors = 0
end client
expect client null-ms -lt 100
