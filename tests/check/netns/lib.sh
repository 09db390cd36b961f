# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Shell functions of the namespace tests: . "$MC_NETNS_LIB"
# shellcheck shell=bash

fail () {
  echo "FAIL: $*" >&2
  exit 1
}

# wait_for SECONDS COMMAND...   until the command succeeds
wait_for () {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.05
  done
}

# Sender S, router R, client C:
#   S s0 198.51.100.2 2001:db8:1::2 -- R r0 .1, r1 203.0.113.1 2001:db8:2::1
#   -- C c0 203.0.113.2 2001:db8:2::2
topology () {
  local n i a b
  for n in S R C; do
    ip netns add $n
    ip -n $n link set lo up
    ip netns exec $n sysctl -qw net.ipv6.conf.default.accept_dad=0 \
      net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
  done
  ip -n R link add r0 type veth peer name s0 netns S
  ip -n R link add r1 type veth peer name c0 netns C
  ip netns exec R sysctl -qw net.ipv4.ip_forward=1 \
    net.ipv6.conf.all.forwarding=1
  while read -r n i a b; do
    ip -n "$n" addr add "$a/24" dev "$i"
    ip -n "$n" addr add "$b/64" dev "$i" nodad
    ip -n "$n" link set "$i" up
  done <<T
S s0 198.51.100.2 2001:db8:1::2
R r0 198.51.100.1 2001:db8:1::1
R r1 203.0.113.1 2001:db8:2::1
C c0 203.0.113.2 2001:db8:2::2
T
  ip -n S route add default via 198.51.100.1
  ip -n S -6 route add default via 2001:db8:1::1
  ip -n C route add default via 203.0.113.1
  ip -n C -6 route add default via 2001:db8:2::1
  # veth leaves UDP checksums unfinished, which looks bad in captures.
  for i in 'S s0' 'R r0' 'R r1' 'C c0'; do
    read -r n a <<< "$i"
    ip netns exec "$n" ethtool -K "$a" tx off >/dev/null
  done
  # A join made before the link-local addresses are there takes a second.
  for i in 'S s0' 'R r0' 'R r1' 'C c0'; do
    read -r n a <<< "$i"
    wait_for 10 link_local_is_up "$n" "$a" || fail "$a did not come up"
  done
}

link_local_is_up () {
  ip -n "$1" -6 -o addr show dev "$2" scope link | grep -q fe80
}
