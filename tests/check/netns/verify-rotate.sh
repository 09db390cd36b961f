#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# A stream of manifests ends while the data goes on, and receivers move to the
# other one: nothing is lost, and nothing passes twice because two streams
# vouch for it.
#
#   verify-rotate.sh [COUNT]

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"
# shellcheck source-path=SCRIPTDIR source=verify.sh
. "${MC_NETNS_LIB%/*}/verify.sh"
need openssl
need_plugins amtsrc ambiverify ambisign ambihttpsink

S=198.51.100.1
CHANNEL=("source=$S" group=232.1.1.1 port=5001)
COUNT=${1:-4000}

tapped_hosts S A C
make_certificate "IP:$S"
peer S sender sender rate=1000 count="$COUNT" wait-clients=1 unlisted-rate=100 \
  "${CHANNEL[@]}" "${SIGNED[@]}" sign.delay=300000000 \
  refresh-deadline=2000000000 sign2.delay=0 manifests2.port=0 \
  manifests2.path=/next.ambi "manifests2.certificate=$DIR/server.pem" \
  "manifests2.private-key=$DIR/server.key"
old=$(manifest_uri sender $S)
expect sender manifests2.used-port -gt 0 10
verified "$old https://$S:$(get sender manifests2.used-port)/next.ambi"
attacker A attacker iface=a1 port=5001 forged=100 altered=100 replayed=300
receiver C receiver delivery=native multicast-iface=c0 "${CHANNEL[@]}" \
  source-port=5001 "${VERIFIED[@]}"

expect receiver genuine -ge 500 10
kill -USR2 "${PEER_PID[sender]}"
expect receiver message.ambi-refresh -ge 1 10
expect sender sign.state = ended 10
expect sender manifests.clients = 0 10
expect sender manifests2.clients = 1
expect sender sent = "$COUNT" 20
# Soon it will be told that none comes any more.
expect receiver warnings = 0
expect sender sign.packets-pushed = "$COUNT" 5
end attacker
wait_for 30 is_drained receiver || fail "the receiver has no end"
all_genuine_passed receiver
expect receiver verify.packets-lost -le "$(get receiver kernel-dropped)"
expect receiver verify.packets-presumed-lost -le \
  "$(get receiver kernel-dropped)"
expect receiver verify.packets-held = 0 10

table receiver
only_genuine_passed receiver
came_all receiver "$COUNT"
verify_adds_up receiver
expect receiver in-replayed -ge 300
[ "$(get sender sign.stream-id)" != "$(get sender sign2.stream-id)" ] ||
  fail "both streams have one id"
end receiver
end sender
