#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Sends RATE datagrams of 1316 bytes a second for SECONDS through a relay and a
# gateway on this host, and looks at each: fails when one is lost or the
# statistics do not add up.  Exits 3 when all that was lost was lost in the
# receiver's full buffer, as it happens on a host that is busy with other things.
#
#   load.sh [RATE [SECONDS [RELAY-NAMESPACE GATEWAY-NAMESPACE RELAY-ADDRESS]]]
#
# Without namespaces it needs no more than a user's rights and uses the
# loopback interface.  MC_NETNS_LIB and MC_NETNS_PEER are set by meson.

set -euo pipefail

rate=${1:-20000}
seconds=${2:-30}
relay_ns=${3:--}
gateway_ns=${4:--}
address=${5:-127.0.0.1}

DIR=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=../check/netns/lib.sh
. "$MC_NETNS_LIB"

finish () {
  [ ${#PEER_PID[@]} = 0 ] || kill -KILL "${PEER_PID[@]}" 2>/dev/null || true
  rm -rf "$DIR"
}
trap finish EXIT

count=$((rate * seconds))
channel=(source=192.0.2.10 group=232.1.1.1 port=5001)

relay "$relay_ns" sender relay-port=0 rate="$rate" count=$count \
  wait-gateways=1 "${channel[@]}"
receiver "$gateway_ns" receiver \
  relay="$address:$(get sender used-port)" "${channel[@]}"

expect sender sent = $count $((seconds * 2 + 10))
wait_for 3 holds receiver packets -eq $count || true

say "sent $count datagrams of 1316 bytes in" \
  "$(($(get sender duration-us) / 1000)) ms"
for i in 'sender packets-in' 'sender packets-sent' \
  'sender dropped-send-buffer-full' 'sender dropped-send-failed' \
  'sender cpu-us' 'receiver packets-received' 'receiver packets-pushed' \
  'receiver lists' 'receiver lost' 'receiver late' 'receiver longest-us' \
  'receiver kernel-dropped' 'receiver receive-buffer-size' \
  'receiver cpu-us'; do
  read -r name key <<< "$i"
  printf '%-8s %-26s %s\n' "$name" "$key" "$(get "$name" "$key")"
done

nothing_wrong receiver
lost=$(get receiver lost)
if [ "$lost" -gt 0 ] && [ "$lost" = "$(get receiver kernel-dropped)" ]; then
  echo "The receive buffer overflowed: the receiver did not run for too long" \
    "(at most $(($(get receiver longest-us) / 1000)) ms without a datagram)."
  exit 3
fi
expect receiver lost = 0
expect receiver packets = $count
expect receiver packets-received = $count
expect sender packets-sent = $count
# Who sends slower does not show what was asked for.  What the sender waited for
# a processor says nothing of it.
expect sender active-us -gt 0 5
[ "$(get sender active-us)" -lt $((seconds * 1050000 + 100000)) ] ||
  fail "the sender does not reach $rate datagrams a second"
end receiver
end sender
