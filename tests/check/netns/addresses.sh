#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Link-local relays, chosen local endpoints, and datagrams at the edge of what
# the network carries.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"
two_hosts R G

CHANNEL='source=192.0.2.10 group=232.1.1.1 port=5001'
CHANNEL6='source=2001:db8:f::10 group=ff3e::8000:1 port=5001'

# works NAME   it gets data as it should
works () {
  expect "$1" packets -ge 100 10
  nothing_wrong "$1"
  expect "$1" lost = 0
}

# shellcheck disable=SC2086
relay R relay $CHANNEL
link_local=$(ip -n R -6 -o addr show dev r0 scope link |
  sed 's/.*inet6 \(fe80[^/]*\).*/\1/')
# shellcheck disable=SC2086
receiver G zone relay="[$link_local%g0]:2268" $CHANNEL
works zone
[[ $(get relay gateway-stats.0.address) = fe80::* ]] ||
  fail "the gateway is $(get relay gateway-stats.0.address)"
end zone
receiver G zone-uri \
  uri="amt://192.0.2.10@232.1.1.1:5001?relay=%5B$link_local%25g0%5D"
works zone-uri
end zone-uri
expect relay gateways = 0 5
say "link-local relay $(get zone relay)"

ip -n G addr add 198.51.100.77/24 dev g0
# shellcheck disable=SC2086
receiver G bound relay=198.51.100.1 bind-address=198.51.100.77 \
  bind-port=40001 $CHANNEL
works bound
expect relay gateway-stats.0.address = 198.51.100.77
expect relay gateway-stats.0.port = 40001
end bound
end relay

# Ethernet carries 1500 bytes; the headers are 20+8+2+20+8, or with IPv6 in
# both places 40+8+2+40+8.
# edge NAME RELAY-ADDRESS LARGEST CHANNEL...
edge () {
  local name=$1 address=$2 largest=$3
  shift 3
  relay R "fits-$name" size="$largest" wait-gateways=1 count=100 "$@"
  receiver G "$name" relay="$address" "$@"
  expect "$name" packets = 100 10
  nothing_wrong "$name"
  expect "fits-$name" packets-sent = 100
  expect "fits-$name" warnings = 0
  end "$name"
  end "fits-$name"

  relay R "large-$name" size=$((largest + 1)) wait-gateways=1 count=100 "$@"
  receiver G "none-$name" relay="$address" "$@"
  expect "large-$name" packets-in = 100 10
  expect "large-$name" dropped-too-big = 100 5
  expect "large-$name" packets-sent = 0
  expect "large-$name" warnings = 1
  expect "none-$name" packets = 0
  end "none-$name"
  end "large-$name"
  say "$name: $largest bytes pass, one more does not"
}

# shellcheck disable=SC2086
{
  edge v4 198.51.100.1 1442 $CHANNEL
  edge v6 2001:db8:1::1 1402 $CHANNEL6
  edge v6-over-v4 198.51.100.1 1422 $CHANNEL6
}

# The network carries less than the property says.
# shellcheck disable=SC2086
relay R lies mtu=9000 size=1472 wait-gateways=1 count=100 $CHANNEL
# shellcheck disable=SC2086
receiver G starves relay=198.51.100.1 $CHANNEL
expect lies packets-in = 100 10
expect lies dropped-send-failed = 100 5
expect lies warnings = 1
expect starves packets = 0
end starves
end lies

# And it may carry more: 2+20+8 bytes beside the payload reach the receiver.
ip -n R link set r0 mtu 9000
ip -n G link set g0 mtu 9000
# jumbo NAME MTU   a receiver that takes so much, and its relay
jumbo () {
  # shellcheck disable=SC2086
  relay R "jumbo-$1" mtu=9000 size=1472 wait-gateways=1 count=100 $CHANNEL
  # shellcheck disable=SC2086
  receiver G "$1" mtu="$2" relay=198.51.100.1 $CHANNEL
  expect "$1" packets-received = 100 10
  nothing_wrong "$1"
  expect "jumbo-$1" packets-sent = 100
}
jumbo takes 1502
expect takes packets = 100
expect takes dropped-too-big = 0
end takes
end jumbo-takes
jumbo refuses 1501
expect refuses packets = 0
expect refuses dropped-too-big = 100
end refuses
end jumbo-refuses
say "what the network or the receiver does not take is dropped and counted"
