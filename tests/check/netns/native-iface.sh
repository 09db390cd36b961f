#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Where ssmsrc joins: interfaces by name, by address, several, in a URI; and
# what it says when it cannot.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"
# shellcheck source-path=SCRIPTDIR source=router.sh
. "${MC_NETNS_LIB%/*}/router.sh"
need_native

CHANNEL='source=198.51.100.2 group=232.1.1.1 port=5001'
CHANNEL6='source=2001:db8:1::2 group=ff3e::8000:1 port=5001'
PROC4=0xe8010101
PROC6=ff3e0000000000000000000080000001
SOURCE4=0xc6336402
SOURCE6=20010db8000100000000000000000002

# Two cables, one of which has no route to the source.
topology S R C
mdb_router R
new_link R r2 C c1
bridge_port R r2
new_address C c1 192.0.2.3 2001:db8:3::3
sender S sender source=198.51.100.2 group=232.1.1.1 , \
  source=2001:db8:1::2 group=ff3e::8000:1

# joins NAME 4|6 "DEV..." KEY=VALUE...   there, nowhere else, and gets data
joins () {
  local name=$1 family=$2 wanted=$3 dev group=$PROC4 source=$SOURCE4
  shift 3
  [ "$family" = 4 ] || group=$PROC6 source=$SOURCE6
  ssm_receiver C "$name" "$@"
  expect "$name" packets -ge 100 10
  expect "$name" errors = 0
  expect "$name" foreign = 0
  for dev in c0 c1; do
    case " $wanted " in
      *" $dev "*)
        filter_is C $dev $group "$source 1 0" || fail "$name: not on $dev" ;;
      *)
        filter_is C $dev $group '' || fail "$name: also on $dev" ;;
    esac
  done
}

# shellcheck disable=SC2086
{
  joins route 4 c0 $CHANNEL
  end route
  joins route6 6 c0 $CHANNEL6
  end route6
  joins name 4 c1 $CHANNEL multicast-iface=c1
  end name
  joins name6 6 c1 $CHANNEL6 multicast-iface=c1
  end name6
  joins address 4 c1 $CHANNEL multicast-iface=192.0.2.3
  end address
  joins address6 6 c1 $CHANNEL6 multicast-iface=2001:db8:3::3
  end address6
  joins zone 6 c1 uri='ssm://[2001:db8:1::2]@[ff3e::8000:1%25c1]:5001'
  end zone
  joins zone-other 6 c0 uri='ssm://[2001:db8:1::2]@[ff3e::8000:1%25c0]:5001'
  end zone-other
}
say "the interface of the route, by name, by address, and in a URI"

# Of several, the others carry the channel when one does not.
# shellcheck disable=SC2086
joins several 4 'c0 c1' $CHANNEL multicast-iface=c0,c1
ip -n R link set r1 down
flows several
expect several errors = 0
end several
ip -n R link set r1 up
say "several interfaces: $(get several duplicates) packets came twice"

# refused NAME TEXT KEY=VALUE...   an error, and the first one has the text
refused () {
  local name=$1 text=$2
  shift 2
  ssm_receiver C "$name" "$@"
  expect "$name" errors -ge 1 10
  say "$name: $(get "$name" error)"
  [[ $(get "$name" error) = *"$text"* ]] ||
    fail "$name: \"$text\" is not in \"$(get "$name" error)\""
  expect "$name" packets = 0
  end "$name"
}

# shellcheck disable=SC2086
{
  refused no-such-name multicast-iface $CHANNEL multicast-iface=eth99
  refused no-such-address multicast-iface $CHANNEL multicast-iface=192.0.2.99
  ip -n C link set c1 multicast off
  refused no-multicast c1 $CHANNEL multicast-iface=c1
  ip -n C link set c1 multicast on
  refused no-source source group=232.1.1.1 port=5001
  refused no-port port source=198.51.100.2 group=232.1.1.1 dorms-uri=
  refused families source source=2001:db8:1::2 group=232.1.1.1 port=5001
  ip netns exec C sysctl -qw net.ipv4.igmp_max_memberships=0
  refused too-many 232.1.1.1 $CHANNEL
}
end sender
