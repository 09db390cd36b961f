#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# A gateway behind an address translator that gives it another port or address
# in mid-stream: the stream goes on, and the relay is told to forget the old
# endpoint where it says which one it sees.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"

BOUND=10
MASQUERADE='masquerade to :50000-59999 random'

# start NAME FAMILY KEY=VALUE...   of the relay
start () {
  local name=$1 family=$2 channel relay=198.51.100.2
  shift 2
  channel='source=192.0.2.10 group=232.1.1.1 port=5001'
  if [ "$family" = ip6 ]; then
    channel='source=2001:db8:f::10 group=ff3e::8000:1 port=5001'
    relay=2001:db8:1::2
  fi
  topology "S$name" "R$name" "C$name"
  ip netns exec "R$name" nft "add table $family nat"
  ip netns exec "R$name" nft \
    "add chain $family nat post { type nat hook postrouting priority 100; }"
  ip netns exec "R$name" nft \
    "add rule $family nat post oifname r0 udp dport 2268 $MASQUERADE"
  # The translator does not tell the relay that the old port is closed.
  nft_in "S$name" 'meta l4proto { icmp, icmpv6 } @th,0,8 { 1, 3 } drop' \
    'udp dport 2268 @th,64,8 7 counter'
  # shellcheck disable=SC2086
  relay "S$name" "relay-$name" $channel "$@"
  # shellcheck disable=SC2086
  receiver "C$name" "$name" relay=$relay $channel
  expect "$name" packets -ge 200 10
  endpoint "$name"
}

# The gateway's endpoint as its relay sees it.
endpoint () {
  ENDPOINT=$(get "relay-$1" gateway-stats.0.address):$(get "relay-$1" \
    gateway-stats.0.port)
}

teardowns () {
  ip netns exec "S$1" nft list chain inet t in |
    sed -n 's/.*udp.*counter packets \([0-9]*\) .*/\1/p'
}

# goes_on NAME TIME   data again, at another endpoint
goes_on () {
  local name=$1 moved=$2 old=$ENDPOINT after
  expect "$name" gap-end-us -gt "$moved" $((BOUND + 2))
  after=$(($(get "$name" gap-end-us) - moved))
  expect "$name" packets -ge $(($(get "$name" packets) + 200)) 5
  nothing_wrong "$name"
  expect "$name" pipeline = PLAYING
  expect "$name" relay-failovers = 0
  say "$name: data again after $((after / 1000)) ms," \
    "$(get "$name" lost) packets lost"
  [ $after -lt $((BOUND * 1000000)) ] || fail "$name: only after $after us"
}

# forgotten NAME OLD [MOVES]   told by the address in the relay's Queries, the
# gateway sends Teardown each time it has another endpoint
forgotten () {
  local name=$1 old=$2 moves=${3:-1}
  expect "relay-$name" gateways = 1 5
  endpoint "$name"
  [ "$ENDPOINT" != "$old" ] || fail "$name: the endpoint is still $old"
  expect "relay-$name" gateways-removed = "$moves"
  [ "$(teardowns "$name")" -ge "$moves" ] ||
    fail "$name: $(teardowns "$name") Teardown came"
  say "$name: $old is now $ENDPOINT, $(teardowns "$name") Teardown"
}

finish () {
  end "$1"
  end "relay-$1"
}

# Another port, and a relay that does not tell.
port () {
  local moved
  start port ip
  moved=$(now_us)
  ip netns exec Rport conntrack -F 2>/dev/null
  goes_on port "$moved"
  [ "$(teardowns port)" = 0 ] || fail "a Teardown without an address"
  expect relay-port gateways = 2
  finish port
}

told_port () {
  local moved old
  start told_port ip gateway-address=true
  old=$ENDPOINT
  moved=$(now_us)
  ip netns exec Rtold_port conntrack -F 2>/dev/null
  goes_on told_port "$moved"
  forgotten told_port "$old"
  finish told_port
}

told_port6 () {
  local moved old
  start told_port6 ip6 gateway-address=true
  old=$ENDPOINT
  moved=$(now_us)
  ip netns exec Rtold_port6 conntrack -F 2>/dev/null
  goes_on told_port6 "$moved"
  forgotten told_port6 "$old"
  finish told_port6
}

# Another public address.
address () {
  local moved old
  start address ip gateway-address=true
  old=$ENDPOINT
  ip -n Raddress addr add 198.51.100.99/24 dev r0
  ip netns exec Raddress nft flush chain ip nat post
  ip netns exec Raddress nft 'add rule ip nat post oifname r0 udp dport 2268' \
    'snat to 198.51.100.99:51000-51999 random'
  moved=$(now_us)
  ip netns exec Raddress conntrack -F 2>/dev/null
  goes_on address "$moved"
  forgotten address "$old"
  [[ $ENDPOINT = 198.51.100.99:* ]] || fail "the endpoint is $ENDPOINT"
  finish address
}

# A translator that forgets after 2 s, and a sender that pauses for longer.
forgets () {
  local moved old
  start forgets ip gateway-address=true
  old=$ENDPOINT
  ip netns exec Rforgets sysctl -qw \
    net.netfilter.nf_conntrack_udp_timeout=2 \
    net.netfilter.nf_conntrack_udp_timeout_stream=2
  # What is there keeps its time until the next packet.
  expect forgets packets -ge $(($(get forgets packets) + 20)) 5
  kill -USR1 "${PEER_PID[relay-forgets]}"
  wait_for 10 has_forgotten Rforgets || fail "the translator does not forget"
  moved=$(now_us)
  kill -USR1 "${PEER_PID[relay-forgets]}"
  goes_on forgets "$moved"
  # If the pause lasts until the gateway asks, what that makes is forgotten, too.
  forgotten forgets "$old" $(($(get relay-forgets gateways-added) - 1))
  finish forgets
}

has_forgotten () {
  [ -z "$(ip netns exec "$1" conntrack -L -p udp --dport 2268 2>/dev/null)" ]
}

in_parallel port told_port told_port6 address forgets
