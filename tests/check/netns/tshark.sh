#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# A whole session on the wire as an independent program reads it: handshake,
# data, refresh, another address, leave.

# shellcheck source-path=SCRIPTDIR source=lib.sh
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
  # dumpcap writes what it has only now and then.
  wait_for 10 captured "$name" || fail "$name: no Teardown on the wire"
  kill -INT "$capture"
  wait "$capture" || fail "dumpcap failed"
}

# What is asked of the packets, in one run of tshark; it is slow to start.
FIELDS=(frame.time_relative amt.type amt.request.p amt.request_nonce
  amt.membership_query.l amt.membership_query.g amt.response_mac
  amt.gateway.port_number amt.gateway.ip_address
  ip.src ip.dst ip.ttl ipv6.src ipv6.dst ipv6.hlim
  udp.srcport udp.dstport udp.length
  igmp.version igmp.type igmp.qqic igmp.record_type igmp.maddr igmp.saddr
  icmpv6.type icmpv6.mld.qqi icmpv6.mld.multicast_address
  icmpv6.mldr.mar.record_type icmpv6.mldr.mar.multicast_address
  icmpv6.mldr.mar.source_address)

# read_by_tshark NAME FILTER FIELD...
read_by_tshark () {
  local name=$1 filter=$2 f fields=()
  shift 2
  for f in "$@"; do fields+=(-e "$f"); done
  tshark -n -r "$DIR/$name.pcapng" -o ip.check_checksum:TRUE \
    -o udp.check_checksum:TRUE -Y "$filter" -T fields -E header=y \
    "${fields[@]}" 2>>"$DIR/$name-tshark.log"
}

# rows NAME TYPES FIELD...   of the messages of these types, a line each
rows () {
  local name=$1 types=$2
  shift 2
  awk -F '\t' -v types="$types" -v wanted="$*" '
    NR == 1 {
      for (i = 1; i <= NF; i++)
        column[$i] = i
      n = split (wanted, names, " ")
      next
    }
    index (types, $column["amt.type"]) {
      line = ""
      for (i = 1; i <= n; i++)
        line = line (i > 1 ? " " : "") $column[names[i]]
      print line
    }' "$DIR/$name.table"
}

# same TEXT WANT WHAT
same () {
  [ "$1" = "$2" ] || fail "$3: \"$1\" instead of \"$2\""
}

captured () {
  [[ $(read_by_tshark "$1" 'amt.type == 7' frame.number) = *$'\n'[0-9]* ]]
}

# What an independent reader finds wrong.
FAULTS='_ws.malformed or (udp and !amt) or amt.unknown or amt.version != 0
  or ip.checksum.status == 0 or udp.checksum.status == 0
  or igmp.checksum.status == 0 or icmpv6.checksum.status == 0
  or _ws.expert.severity == "Error" or _ws.expert.severity == "Warning"'

# check NAME ADDRESS   what holds for both families; the gateway's address
check () {
  local name=$1 types last faults
  faults=$(read_by_tshark "$name" "${FAULTS//$'\n'/ }" frame.number \
    _ws.expert.message | tail -n +2)
  same "$faults" '' "$name: faults"
  read_by_tshark "$name" amt "${FIELDS[@]}" >"$DIR/$name.table"

  # Data apart, the types in their order: join, its repetition, refresh, leave.
  types=$(rows "$name" 123457 amt.type | tr '\n' ' ')
  same "$types" '3 4 5 5 3 4 5 5 7 ' "$name: types"
  # No data before the join, none after the leave but what crossed it.
  types=$(rows "$name" 1234567 amt.type | sed -n 1,4p | tr '\n' ' ')
  same "$types" '3 4 5 6 ' "$name: the first types"
  last=$(rows "$name" 7 frame.time_relative)
  rows "$name" 6 frame.time_relative | awk -v last="$last" '
    $1 > last + 0.1 { exit 1 }' || fail "$name: data after the leave"

  # One nonce a round, and in all messages of a round; one MAC a Query, and
  # the Updates echo it.
  same "$(rows "$name" 3457 amt.request_nonce | uniq -c |
    awk '{ print $1 }' | tr '\n' ' ')" '4 5 ' "$name: messages of a nonce"
  same "$(rows "$name" 457 amt.response_mac | uniq -c |
    awk '{ print $1 }' | tr '\n' ' ')" '3 4 ' "$name: messages of a MAC"

  # L = 0, G = 1, and the trailer is the gateway's endpoint.
  same "$(rows "$name" 4 amt.membership_query.l amt.membership_query.g |
    sort -u)" '0 1' "$name: L and G"
  same "$(rows "$name" 47 amt.gateway.port_number | sort -u)" \
    "$(rows "$name" 3 udp.srcport | sort -u)" "$name: port"
  same "$(rows "$name" 47 amt.gateway.ip_address | sort -u)" "$2" \
    "$name: address"
  say "$name: $(rows "$name" 1234567 amt.type | wc -l) messages," \
    'as they should be'
}

session_v4 () {
  session v4 198.51.100.1 source=192.0.2.10 group=232.1.1.1 port=5001
}

session_v6 () {
  session v6 2001:db8:1::1 source=2001:db8:f::10 group=ff3e::8000:1 port=5001
}

in_parallel session_v4 session_v6

check v4 ::198.51.100.2
same "$(rows v4 3 amt.request.p | sort -u)" 0 'v4: P'
# ALLOW, ALLOW, IS_IN, BLOCK
same "$(rows v4 5 igmp.record_type igmp.maddr igmp.saddr |
  tr '\n' ' ')" '5 232.1.1.1 192.0.2.10 5 232.1.1.1 192.0.2.10'\
' 1 232.1.1.1 192.0.2.10 6 232.1.1.1 192.0.2.10 ' 'v4: records'
same "$(rows v4 4 igmp.version igmp.type igmp.qqic igmp.maddr |
  sort -u)" '3 0x11 4 0.0.0.0' 'v4: Query'
same "$(rows v4 6 ip.src ip.dst udp.srcport udp.dstport ip.ttl \
  udp.length | sort -u)" '198.51.100.1,192.0.2.10 198.51.100.2,232.1.1.1'\
" 2268,5001 $(rows v4 3 udp.srcport | sort -u),5001 64,64"\
' 438,408' 'v4: data'

check v6 2001:db8:1::2
same "$(rows v6 3 amt.request.p | sort -u)" 1 'v6: P'
same "$(rows v6 5 icmpv6.mldr.mar.record_type \
  icmpv6.mldr.mar.multicast_address icmpv6.mldr.mar.source_address |
  tr '\n' ' ')" '5 ff3e::8000:1 2001:db8:f::10 5 ff3e::8000:1 2001:db8:f::10'\
' 1 ff3e::8000:1 2001:db8:f::10 6 ff3e::8000:1 2001:db8:f::10 ' 'v6: records'
same "$(rows v6 4 icmpv6.type icmpv6.mld.qqi \
  icmpv6.mld.multicast_address | sort -u)" '130 4 ::' 'v6: Query'
same "$(rows v6 6 ipv6.src ipv6.dst udp.srcport udp.dstport \
  ipv6.hlim udp.length | sort -u)" '2001:db8:1::1,2001:db8:f::10'\
' 2001:db8:1::2,ff3e::8000:1'\
" 2268,5001 $(rows v6 3 udp.srcport | sort -u),5001 64,64"\
' 458,408' 'v6: data'
