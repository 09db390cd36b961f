#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# ssmsrc behind a multicast router: what it joins comes, from nobody but the
# source, not before the join and not after the leave.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"
# shellcheck source-path=SCRIPTDIR source=router.sh
. "${MC_NETNS_LIB%/*}/router.sh"
need_native

# begin NAME FAMILY   namespaces SNAME, RNAME, CNAME; A and B send to G, A to H,
# X is the router itself, at the receivers' side
begin () {
  S=S$1 R=R$1 C=C$1
  topology "$S" "$R" "$C"
  if [ "$2" = ip ]; then
    A=198.51.100.2 B=198.51.100.3 X=203.0.113.1 G=232.1.1.1 H=232.1.1.2
    PROC_A=0xc6336402 PROC_G=0xe8010101
    ip -n "$S" addr add $B/24 dev s0
  else
    A=2001:db8:1::2 B=2001:db8:1::3 X=2001:db8:2::1
    G=ff3e::8000:1 H=ff3e::8000:2
    PROC_A=20010db8000100000000000000000002
    PROC_G=ff3e0000000000000000000080000001
    ip -n "$S" addr add $B/64 dev s0 nodad
  fi
}

# session NAME FAMILY   with what begin () has set
session () {
  local name=$1 family=$2 r
  watch_wire "$C" all "$family daddr { $G, $H } udp dport 5001"
  watch_wire "$C" ag "$family saddr $A $family daddr $G"
  watch_wire "$C" x "$family saddr $X $family daddr $G"
  sender "$S" "senders-$name" channel=1 source="$A" group="$G" , \
    channel=2 source="$A" group="$H" , channel=3 source="$B" group="$G"
  expect "senders-$name" sent -ge 50 5
  [ "$(wire "$C" all)" = 0 ] || fail "$name: data before the join"

  # Another sender to the group is on the way, but not joined.
  ssm_receiver "$C" "one-$name" channel=1 source="$A" group="$G" port=5001
  expect "one-$name" packets -ge 200 10
  nothing_wrong "one-$name"
  expect "one-$name" missing = 0
  filter_is "$C" c0 "$PROC_G" "$PROC_A 1 0" ||
    fail "$name: $(ip netns exec "$C" cat /proc/net/mcfilter*)"
  expect "one-$name" message.multicast-join = 1
  expect "one-$name" told-delivery = native
  expect "one-$name" channels = 1

  # Three channels at one port, two of them with the same group.
  ssm_receiver "$C" "two-$name" uri="ssm://$(host "$A")@$(host "$H"):5001" \
    channel=2
  ssm_receiver "$C" "three-$name" channel=3 source="$B" group="$G" port=5001
  expect "two-$name" packets -ge 200 10
  expect "three-$name" packets -ge 200 10
  for r in one two three; do
    nothing_wrong "$r-$name"
    expect "$r-$name" missing = 0
  done

  leave "$name"
  strangers "$name"
  end "two-$name"
  end "three-$name"
  wait_for 5 wire_is_quiet "$C" all || fail "$name: data after all leaves"
  end "senders-$name"
}

# The first leaves; the others' channels go on.
leave () {
  local name=$1 left
  end "one-$name"
  expect "one-$name" message.multicast-leave = 1
  expect "one-$name" stop-us -lt 100000
  left=$(now_us)
  ! filter_has "$C" "$PROC_G" "$PROC_A" || fail "$name: still joined"
  wait_for 5 wire_is_quiet "$C" ag || fail "$name: data after the leave"
  say "$name: first packet after $(($(get "one-$name" join-latency-ns) / 1000))" \
    "us, silent $((($(now_us) - left) / 1000 - 300)) ms after the leave"
  flows "two-$name"
  flows "three-$name"
}

# What the router sends by itself is at the receiver's door, and stays out.
strangers () {
  local name=$1 iface=()
  if ip -n "$R" link show br1 >/dev/null 2>&1; then
    # A bridge that knows what is joined would not let it out.
    ip -n "$R" link set br1 type bridge mcast_snooping 0
    ip -n "$R" link set r1 type bridge_slave mcast_flood on
  fi
  if [[ $X = *:* ]]; then
    iface=(iface=br1)
  fi
  peer "$R" "stranger-$name" sender channel=9 source="$X" group="$G" \
    "${iface[@]}"
  wait_for 10 stranger_came || fail "$name: the stranger is not on the wire"
  expect "three-$name" foreign = 0
  expect "two-$name" foreign = 0
  end "stranger-$name"
}

stranger_came () {
  [ "$(wire "$C" x)" -ge 100 ]
}

pim () {
  begin pim ip
  pim_router "$R" r0 r1
  session pim ip
}

bridge4 () {
  begin bridge4 ip
  mdb_router "$R"
  session bridge4 ip
}

bridge6 () {
  begin bridge6 ip6
  mdb_router "$R"
  session bridge6 ip6
}

in_parallel pim bridge4 bridge6
