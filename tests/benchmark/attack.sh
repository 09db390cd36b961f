#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Sends COUNT datagrams of 1316 bytes, RATE a second, to a receiver with
# ambiverify, while somebody between the two adds forged, altered and replayed
# ones, a tenth of RATE each, and the sender some that no manifest lists.  Fails
# when one of these passes or a genuine one does not.
#
#   attack.sh tunnel|native|native6 RATE COUNT
#
# To be run by tests/check/netns/in-namespace; meson sets MC_NETNS_LIB and the
# like.

set -euo pipefail

mode=$1
rate=$2
count=$3

# shellcheck source-path=SCRIPTDIR source=../check/netns/lib.sh
. "$MC_NETNS_LIB"
# shellcheck source-path=SCRIPTDIR source=../check/netns/verify.sh
. "${MC_NETNS_LIB%/*}/verify.sh"
need openssl
need_plugins amtrelaysink amtsrc ambiverify ambisign ambihttpsink

S=198.51.100.1
GROUP=232.1.1.1
[ "$mode" != native6 ] || S=2001:db8:1::1 GROUP=ff3e::8000:1
channel=("source=$S" "group=$GROUP" port=5001)
attacks=(forged altered replayed)

tapped_hosts S A C
make_certificate "IP:$S"

send=("rate=$rate" "count=$count" "${channel[@]}" "${SIGNED[@]}" wait-clients=1
  "unlisted-rate=$((rate / 10))" sign.delay=300000000)
case $mode in
  tunnel)
    # The sender the receivers see is none of this network.
    channel[0]=source=192.0.2.10
    relay S sender "${send[@]}" "${channel[0]}" wait-gateways=1
    receive=("relay=$S" delivery=tunnel)
    ;;
  native)
    peer S sender sender "${send[@]}"
    receive=(delivery=native multicast-iface=c0)
    ;;
  native6)
    peer S sender sender "${send[@]}" iface=s0
    receive=(delivery=native multicast-iface=c0)
    S=[$S]
    ;;
esac
verified "$(manifest_uri sender "$S")"
attacker A attacker iface=a1 port=5001 forged=$((rate / 10)) \
  altered=$((rate / 10)) replayed=$((rate / 10))
receiver C receiver "${receive[@]}" "${channel[@]}" source-port=5001 \
  "${VERIFIED[@]}"

expect sender sent = "$count" $((count * 3 / rate + 20))
# Soon it will be told that none comes any more.
expect receiver warnings = 0
expect sender sign.packets-pushed = "$count" 5
end attacker
wait_for 30 is_drained receiver || fail "the receiver has no end"
all_genuine_passed receiver
# What else came is held for a while.
expect receiver verify.packets-held = 0 10

table receiver
for key in packets-received packets-verified packets-rejected-unauthenticated \
  packets-rejected-duplicate packets-rejected-evicted manifests-received \
  lead-min-ns lead-avg-ns; do
  say "$(printf '%-36s %s' "$key" "$(get receiver verify.$key)")"
done
say "sent in $(($(get sender duration-us) / 1000)) ms, CPU time: sender" \
  "$(($(get sender cpu-us) / 1000)) ms, receiver" \
  "$(($(get receiver cpu-us) / 1000)) ms"

only_genuine_passed receiver
came_all receiver "$count"
verify_adds_up receiver
expect receiver packets-received -gt "$count"
# There was an attack, and it reached the element.
for a in "${attacks[@]}"; do
  expect attacker "$a" -ge $((count / 50))
  expect receiver "in-$a" -ge $((count / 50))
done
expect receiver in-unlisted -ge $((count / 50))
end receiver
only_genuine_passed receiver
end sender
