# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Multicast routers for the middle of topology (), which follow joins, and what
# the tests of native reception ask of the network: . "${MC_NETNS_LIB%/*}/router.sh"
# after lib.sh.
# shellcheck shell=bash

FRR=/usr/lib/frr

need_native () {
  [ -e "$MC_BUILD_DIR/gst/ssmsrc/libgstssmsrc.so" ] || skip "no ssmsrc was built"
}

# pim_router NS DEV...   FRR's pimd: IPv4; receivers are at all DEV but the first
pim_router () {
  local ns=$1 d=/run/frr-$1 dev p
  need $FRR/zebra $FRR/pimd
  shift
  mkdir "$d"
  : >"$d/zebra.conf"
  printf 'interface %s\n ip pim\n' "$1" >"$d/pimd.conf"
  # In 0.1 s where it is not in seconds; the longest response time comes first,
  # else the interval is refused.
  for dev in "${@:2}"; do
    printf '%s\n' "interface $dev" ' ip pim' ' ip igmp' \
      ' ip igmp query-max-response-time 5' ' ip igmp query-interval 2' \
      ' ip igmp last-member-query-interval 2'
  done >>"$d/pimd.conf"
  # Only root is mapped, and the daemons look for a group of their own.
  sed 's/^frrvty:.*/frrvty:x:0:root/' /etc/group >"$d/group"
  mount --bind "$d/group" /etc/group
  for p in zebra pimd; do
    ip netns exec "$ns" $FRR/$p -u root -g root -f "$d/$p.conf" \
      -i "$d/$p.pid" -z "$d/z.api" --vty_socket "$d" -P 0 \
      --log "file:$DIR/$p-$ns.log" >>"$DIR/$p-$ns.out" 2>&1 &
    wait_for 10 test -S "$d/$p.vty" || fail "$p does not start"
  done
  wait_for 10 pim_is_up "$ns" "$@" || fail "pimd does not see its interfaces"
}

# All of them are virtual interfaces of the kernel's router.
pim_is_up () {
  local ns=$1 dev
  shift
  for dev in "$@"; do
    ip netns exec "$ns" grep -qw "$dev" /proc/net/ip_mr_vif || return 1
  done
}

# mdb_router NS [INTERVAL STARTUP]   the clients' side r1 becomes a port of the
# querier br1, and what is joined there is forwarded from r0: both families; the
# intervals between queries are in 1/100 s
mdb_router () {
  local ns=$1 interval=${2:-200} startup=${3:-100} a
  need smcrouted smcroutectl bridge stdbuf
  ip -n "$ns" link add br1 type bridge mcast_igmp_version 3 \
    mcast_mld_version 2 mcast_query_interval "$interval" \
    mcast_query_response_interval 50 mcast_last_member_interval 20 \
    mcast_startup_query_interval "$startup"
  # Together with the intervals nothing would be forwarded for 10 s.
  ip -n "$ns" link set br1 type bridge mcast_querier 1
  ip -n "$ns" addr flush dev r1
  bridge_port "$ns" r1
  ip -n "$ns" addr add 203.0.113.1/24 dev br1
  for a in 2001:db8:2::1 fe80::1; do
    ip -n "$ns" addr add $a/64 dev br1 nodad
  done
  ip -n "$ns" link set br1 up
  printf 'phyint r0 enable\nphyint br1 enable\n' >"$DIR/smcroute-$ns.conf"
  ip netns exec "$ns" smcrouted -n -N -f "$DIR/smcroute-$ns.conf" \
    -P "/run/smc-$ns.pid" -u "/run/smc-$ns.sock" \
    >>"$DIR/smcroute-$ns.log" 2>&1 &
  wait_for 10 test -S "/run/smc-$ns.sock" || fail "smcrouted does not start"
  ip netns exec "$ns" stdbuf -oL bridge monitor mdb |
    follow_joins "$ns" >>"$DIR/mdb-$ns.log" 2>&1 &
}

# bridge_port NS DEV   another side of br1
bridge_port () {
  ip -n "$1" link set "$2" master br1
  ip -n "$1" link set "$2" type bridge_slave mcast_flood off
}

# Joins and leaves of br1's ports, a line each.
follow_joins () {
  local ns=$1 line group source
  while read -r line; do
    case $line in
      *" src "*) ;;
      *) continue ;;
    esac
    group=${line#* grp }
    group=${group%% *}
    source=${line#* src }
    source=${source%% *}
    echo "$EPOCHREALTIME $line"
    if [[ $line != Deleted* ]]; then
      smc "$ns" add r0 "$source" "$group" br1
      smc "$ns" join r0 "$source" "$group"
    elif [[ $(bridge -n "$ns" mdb show) != *" grp $group src $source "* ]]; then
      # It was the last port.
      smc "$ns" remove r0 "$source" "$group"
      smc "$ns" leave r0 "$source" "$group"
    fi
  done
}

# What is asked for twice is refused, which does no harm.
smc () {
  smcroutectl -u "/run/smc-$1.sock" "${@:2}" || true
}

# --- what is on the wire ---

# watch_wire NS NAME MATCH...   counts what comes in there, before any filter
watch_wire () {
  local ns=$1 name=$2
  shift 2
  ip netns exec "$ns" nft 'add table inet w'
  ip netns exec "$ns" nft \
    'add chain inet w pre { type filter hook prerouting priority -400; }'
  ip netns exec "$ns" nft "add counter inet w n_$name"
  ip netns exec "$ns" nft "add rule inet w pre $* counter name n_$name"
}

# wire NS NAME   the count
wire () {
  ip netns exec "$1" nft list counter inet w "n_$2" |
    sed -n 's/.*packets \([0-9]*\) .*/\1/p'
}

wire_is_quiet () {
  local before
  before=$(wire "$1" "$2")
  sleep 0.3
  [ "$(wire "$1" "$2")" = "$before" ]
}

# cut NS GROUP   what is sent to it is not forwarded; mend NS: again
cut () {
  local family=ip
  [[ $2 != *:* ]] || family=ip6
  ip netns exec "$1" nft 'add table inet c'
  ip netns exec "$1" nft \
    'add chain inet c f { type filter hook forward priority 0; }'
  ip netns exec "$1" nft "add rule inet c f $family daddr $2 drop"
}

mend () {
  ip netns exec "$1" nft flush chain inet c f
}

# filter_is NS DEV GROUP SOURCE   the kernel's list for this group has this
# source, once, in include mode, and nothing else; addresses as /proc has them
filter_is () {
  local file=mcfilter rows
  [ ${#3} = 10 ] || file=mcfilter6
  # shellcheck disable=SC2016  # they are awk's
  rows=$(ip netns exec "$1" awk -v dev="$2" -v group="$3" \
    '$2 == dev && $3 == group { print $4, $5, $6 }' /proc/net/$file)
  [ "$rows" = "$4" ]
}

# filter_has NS GROUP SOURCE
filter_has () {
  ip netns exec "$1" grep -q " $2 *$3 " /proc/net/mcfilter /proc/net/mcfilter6
}

# --- peers ---

# host ADDRESS   as it stands in a URI
host () {
  case $1 in
    *:*) echo "[$1]" ;;
    *) echo "$1" ;;
  esac
}

sender () {
  peer "$1" "$2" sender "${@:3}"
  expect "$2" sent -gt 0 10
}

ssm_receiver () {
  peer "$1" "$2" ssm-receiver "${@:3}"
}

# launch NS NAME DESCRIPTION
launch () {
  peer "$1" "$2" launch pipeline="$3"
}

# flows NAME [N]   N more packets, soon
flows () {
  expect "$1" packets -ge $(($(get "$1" packets) + ${2:-100})) 10
}
