#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Makes two hosts at one cable, S (10.9.0.1) and R (10.9.0.2), and runs the
# arguments as a command.  To be run by tests/check/netns/in-namespace.

set -euo pipefail

for n in S R; do
  ip netns add $n
  ip -n $n link set lo up
  ip netns exec $n sysctl -qw net.ipv6.conf.default.accept_dad=0 \
    net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
done
ip -n S link add s0 type veth peer name r0 netns R
ip -n S addr add 10.9.0.1/24 dev s0
ip -n R addr add 10.9.0.2/24 dev r0
ip -n S link set s0 up
ip -n R link set r0 up
ip -n S route add 232.0.0.0/8 dev s0
# Addresses resolve before anything is measured.
ip -n S neigh replace 10.9.0.2 dev s0 nud permanent \
  lladdr "$(ip netns exec R cat /sys/class/net/r0/address)"
ip -n R neigh replace 10.9.0.1 dev r0 nud permanent \
  lladdr "$(ip netns exec S cat /sys/class/net/s0/address)"

exec "$@"
