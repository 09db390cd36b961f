#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# The receiver's network goes and comes: interface down and up, other addresses,
# another interface of the same name, another interface; or it forgets who has
# joined.  Each time the stream comes back by itself, native or through the
# tunnel.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"
# shellcheck source-path=SCRIPTDIR source=router.sh
. "${MC_NETNS_LIB%/*}/router.sh"
need_native

BOUND=15

# settle NS DEV N   the host's addresses end in N, the routes lead to the router
settle () {
  ip -n "$1" addr replace "203.0.113.$3/24" dev "$2"
  ip -n "$1" addr replace "2001:db8:2::$3/64" dev "$2" nodad
  ip -n "$1" route replace default via 203.0.113.1 dev "$2"
  ip -n "$1" -6 route replace default via 2001:db8:2::1 dev "$2"
}

# is_back NAME WHAT TIME MISSING   data within BOUND of TIME, MISSING before it
is_back () {
  local name=$1 what=$2 back=$3 missing=$4 after
  expect "$name" last-us -gt "$back" $BOUND
  after=$(($(now_us) - back))
  flows "$name"
  expect "$name" pipeline = PLAYING
  # What comes by two paths at once comes in the order of its arrival.  And what
  # the router kept while it asked for a new hardware address may be overtaken by
  # what comes to it next: it does so for unicast, which is what a tunnel is.
  case $name in
    auto | tunnel) ;;
    *) expect "$name" late = 0 ;;
  esac
  nothing_wrong_but_order "$name"
  say "$name: $what: data again after $((after / 1000)) ms," \
    "$(($(get "$name" missing) - missing)) packets lost"
}

# silent NAME   nothing comes any more
silent () {
  local name=$1 before
  before=$(get "$name" last-us)
  sleep 0.3
  [ "$(get "$name" last-us)" = "$before" ]
}

# life NAME   of a receiver in CNAME
life () {
  local name=$1 c=C$1 r=R$1 back missing

  # The cable is pulled, or the driver starts anew.
  missing=$(get "$name" missing)
  ip -n "$c" link set c0 down
  wait_for 5 silent "$name" || fail "$name: data through an interface that is down"
  sleep 1
  ip -n "$c" link set c0 up
  back=$(now_us)
  settle "$c" c0 2
  is_back "$name" "interface down and up" "$back" "$missing"

  # Another lease: the old addresses are gone at once.
  missing=$(get "$name" missing)
  ip -n "$c" addr flush dev c0 scope global
  back=$(now_us)
  settle "$c" c0 77
  is_back "$name" "other addresses" "$back" "$missing"

  # An adapter is pulled and put in again: same name, another index.
  missing=$(get "$name" missing)
  ip -n "$c" link del c0
  wait_for 5 silent "$name" || fail "$name: data without an interface"
  new_link "$r" r1 "$c" c0
  bridge_port "$r" r1
  back=$(now_us)
  settle "$c" c0 2
  is_back "$name" "another interface of that name" "$back" "$missing"
}

# roam NAME   to another interface; what is joined must follow the route
roam () {
  local name=$1 c=C$1 back missing
  missing=$(get "$name" missing)
  ip -n "$c" link set c0 down
  ip -n "$c" addr flush dev c0
  wait_for 5 silent "$name" || fail "$name: data through an interface that is down"
  ip -n "$c" link set c1 up
  back=$(now_us)
  settle "$c" c1 3
  is_back "$name" "another interface" "$back" "$missing"
}

# begin NAME   with a second cable to the same network
begin () {
  topology "S$1" "R$1" "C$1"
  mdb_router "R$1"
  new_link "R$1" r2 "C$1" c1
  bridge_port "R$1" r2
  ip -n "C$1" link set c1 down
}

native4 () {
  begin native4
  sender Snative4 sender4 source=198.51.100.2 group=232.1.1.1
  ssm_receiver Cnative4 native4 source=198.51.100.2 group=232.1.1.1 port=5001
  flows native4
  life native4
  roam native4
  filter_is Cnative4 c1 0xe8010101 '0xc6336402 1 0' ||
    fail "$(ip netns exec Cnative4 cat /proc/net/mcfilter)"
  end native4
  end sender4
}

native6 () {
  begin native6
  sender Snative6 sender6 source=2001:db8:1::2 group=ff3e::8000:1
  ssm_receiver Cnative6 native6 source=2001:db8:1::2 group=ff3e::8000:1 port=5001
  flows native6
  life native6
  roam native6
  end native6
  end sender6
}

# The interface is named, so that it must be the same one.
named () {
  begin named
  sender Snamed sender-named source=198.51.100.2 group=232.1.1.1
  ssm_receiver Cnamed named source=198.51.100.2 group=232.1.1.1 port=5001 \
    multicast-iface=c0
  flows named
  life named
  end named
  end sender-named
}

tunnel () {
  begin tunnel
  relay Stunnel relay source=198.51.100.2 group=232.1.1.1 port=5001
  receiver Ctunnel tunnel relay=198.51.100.2 delivery=tunnel \
    source=198.51.100.2 group=232.1.1.1 port=5001
  flows tunnel
  life tunnel
  roam tunnel
  end tunnel
  end relay
}

# Native multicast comes back to one that has a relay, too.
auto () {
  begin auto
  sender Sauto sender-auto source=198.51.100.2 group=232.1.1.1
  launch Sauto relay-auto "ssmsrc source=198.51.100.2 group=232.1.1.1 port=5001
    multicast-iface=s0 ! queue ! amtrelaysink source=198.51.100.2
    group=232.1.1.1 port=5001"
  receiver Cauto auto delivery=auto relay=198.51.100.2 source=198.51.100.2 \
    group=232.1.1.1 port=5001
  flows auto
  life auto
  roam auto
  expect auto delivery = native 10
  flows auto
  end auto
  end relay-auto
  end sender-auto
}

# The network forgets its members, and asks so seldom who they are that only the
# one that joins anew by itself gets data again.
forgets () {
  local back missing g
  topology Sforgets Rforgets Cforgets
  mdb_router Rforgets 100000 10
  sender Sforgets sender-forgets source=198.51.100.2 group=232.1.1.1 , \
    source=198.51.100.2 group=232.1.1.2
  ssm_receiver Cforgets forgets source=198.51.100.2 group=232.1.1.1 port=5001 \
    rejoin-interval=1000000000
  ssm_receiver Cforgets control source=198.51.100.2 group=232.1.1.2 port=5001
  # In its first second a host says twice what it has joined.
  flows forgets 600
  flows control
  missing=$(get forgets missing)
  for g in 232.1.1.2 232.1.1.1; do
    bridge -n Rforgets mdb del dev br1 port r1 grp $g
  done
  back=$(now_us)
  is_back forgets "forgotten, rejoin-interval 1 s" "$back" "$missing"
  flows forgets 200
  silent control || fail "control: data without another join"
  expect forgets rejoins -ge 1
  expect control rejoins = 0
  # Nothing is told of what only keeps the join alive.
  expect forgets message.multicast-join = 1
  end forgets
  end control
  end sender-forgets
}

in_parallel native4 native6 named tunnel auto forgets
