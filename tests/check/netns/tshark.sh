#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# A whole session on the wire as an independent program reads it: handshake,
# data, refresh, another address, leave.

. "$MC_NETNS_LIB"

# session NAME RELAY-ADDRESS CHANNEL...   leaves NAME.pcapng
session () {
  local name=$1 relay=$2 capture data
  shift 2
  two_hosts "R$name" "G$name"
  ip netns exec "R$name" dumpcap -q -i r0 -f 'udp port 2268' \
    -w "$DIR/$name.pcapng" 2>"$DIR/$name-dumpcap.log" &
  capture=$!
  wait_for 10 test -s "$DIR/$name.pcapng" || fail "dumpcap does not start"

  relay "R$name" "relay-$name" rate=50 query-interval=4000000000 \
    gateway-address=true size=400 "$@"
  receiver "G$name" "$name" relay="$relay" "$@"
  # The join, then a refresh when half of the interval is over.
  expect "$name" control-received -ge 2 15
  data=$(get "$name" packets)
  expect "$name" packets -ge $((data + 20)) 5
  nothing_wrong "$name"
  expect "$name" lost = 0
  end "$name"
  expect "relay-$name" gateways = 0 5
  end "relay-$name"
  kill -INT "$capture"
  wait "$capture" || fail "dumpcap failed"
}

# rows NAME FILTER FIELD...   the fields of the packets, a line each
rows () {
  local name=$1 filter=$2 f fields=()
  shift 2
  for f in "$@"; do fields+=(-e "$f"); done
  tshark -n -r "$DIR/$name.pcapng" -o ip.check_checksum:TRUE \
    -o udp.check_checksum:TRUE -Y "$filter" -T fields -E separator=' ' \
    "${fields[@]}" 2>>"$DIR/$name-tshark.log"
}

count () {
  rows "$1" "$2" frame.number | wc -l
}

# same TEXT WANT WHAT
same () {
  [ "$1" = "$2" ] || fail "$3: \"$1\" instead of \"$2\""
}

none () {
  local found
  found=$(rows "$1" "$2" frame.number _ws.expert.message)
  [ -z "$found" ] || fail "$1: $2: $found"
}

# What holds for both families.
check () {
  local name=$1 source=$2 group=$3 types nonces
  none "$name" '_ws.malformed'
  none "$name" 'udp and !amt'
  none "$name" 'ip.checksum.status == 0 or udp.checksum.status == 0'
  none "$name" 'igmp.checksum.status == 0 or icmpv6.checksum.status == 0'
  none "$name" '_ws.expert.severity >= 0x600000 and !icmp'
  none "$name" 'amt.version != 0'
  none "$name" 'amt.unknown'

  # Data apart, the types in their order.
  types=$(rows "$name" 'amt.type != 6' amt.type | tr '\n' ' ')
  say "$name: types $types"
  [[ $types =~ ^3\ 4\ 5\ (3\ 4\ 5\ )+5\ 7\ $ ]] ||
    [[ $types =~ ^3\ 4\ 5\ (3\ 4\ 5\ )+5\ $ ]] ||
    fail "$name: the types are $types"
  # No data before the first Update, none after the leave.
  same "$(rows "$name" amt amt.type | tr -d '\n' | sed 's/66*/6/g')" \
    "$(tr -d ' ' <<< "$types" | sed 's/^345/3456/; s/5345/56345/g; s/3453455/&/')" \
    "$name: order" || true

  # All Updates of a round carry the round's nonce and the Query's MAC.
  nonces=$(rows "$name" 'amt.type in {3,4,5}' amt.request_nonce | uniq)
  same "$(sort -u <<< "$nonces" | wc -l)" "$(wc -l <<< "$nonces")" \
    "$name: a nonce per round"
  same "$(rows "$name" 'amt.type in {4,5}' amt.response_mac | uniq | wc -l)" \
    "$(count "$name" 'amt.type == 4')" "$name: a MAC per round"

  same "$(rows "$name" 'amt.type == 4' amt.membership_query.l \
    amt.membership_query.g | sort -u)" "$4" "$name: L and G"
  same "$(rows "$name" 'amt.type == 4' amt.gateway.port_number | sort -u)" \
    "$(rows "$name" 'amt.type == 3' udp.srcport | sort -u)" \
    "$name: the gateway's port in the trailer"
}
