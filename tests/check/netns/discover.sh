#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# A channel of which nothing but source and group is known plays and verifies:
# relay, port and manifests are found by a signed zone and a metadata server.
# The first relay is dead; when the second dies, the third takes over.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"
# shellcheck source-path=SCRIPTDIR source=publisher.sh
. "${MC_NETNS_LIB%/*}/publisher.sh"

# s: 4 of silence make a relay a dead one (RFC 8777 §3.3.4.1), then others are
# asked, and joined.
TAKE_OVER=10
# ns: attempts start 250 ms apart (RFC 8305 §5), and the first relay is dead.
FIRST=3000000000

need_validation
new_publisher
new_certificates
# The dead one answers with silence, not with an ICMP error.
publish '10@198.51.100.7, 20@198.51.100.9, 30@198.51.100.8'
: >anchors
new_zone $REVERSE <"published/dns/$REVERSE.records"
sign_zone $REVERSE
start_dns $REVERSE.signed
start_nginx </dev/null
start_sender first 198.51.100.9 9443

begin=$(now_us)
play client "amtsrc name=src source=$SOURCE group=$GROUP ! ambiverify name=verify \
  ! fakesink name=sink sync=false"
expect client packets -ge 20 15
expect client verify.packets-verified -ge 20
say "the first verified packet came after" \
  "$((($(get client first-us) - begin) / 1000)) ms, its join took" \
  "$(($(get client src.join-latency-ns) / 1000000)) ms"
expect client src.join-latency-ns -lt $FIRST
expect client src.relay = 198.51.100.9:2268
expect client src.relay-found-by = amtrelay
expect client src.relay-dnssec = secure
expect client src.metadata = fresh
expect client src.cbacc-max-bitrate = 12000000
expect client verify.metadata = fresh
expect client message.multicast-port -ge 1
expect client message.multicast-metadata = 2
expect client errors = 0
expect client text = 0
[[ $(get client metadata) = *manifests.example:9443/stream.ambi* ]] ||
  fail "no manifest stream in: $(get client metadata)"
for asked in "AMTRELAY records of 10.$REVERSE" "198.51.100.7:2268" \
    "SRV records of _dorms._tcp.10.$REVERSE" https://dorms.example:8443/ \
    https://manifests.example:9443/stream.ambi; do
  [[ $(get client asked) = *$asked* ]] || fail "nobody was told of $asked"
done
# Both elements shared one question.
[ "$(grep -c 'GET .*group=232.1.1.1' access.log)" = 1 ] ||
  fail "the metadata server was asked more than once"
# And all questions a connection.
[ "$(grep -c 'GET ' access.log)" -gt 1 ] || fail "too little was asked"
[ "$(cut -d ' ' -f 1 access.log | sort -u | wc -l)" = 1 ] ||
  fail "several connections: $(cat access.log)"
expect client verify.packets-rejected-unauthenticated = 0

# Its relay dies, and another one takes over, with a sender of its own.
ended=$(now_us)
kill -KILL "${PEER_PID[first]}"
wait "${PEER_PID[first]}" 2>/dev/null || true
start_sender second 198.51.100.8 9443
expect client src.relay = 198.51.100.8:2268 $TAKE_OVER
expect client gap-end-us -gt "$ended" $TAKE_OVER
say "another relay took over after $((($(get client gap-end-us) - ended) / 1000)) ms"
expect client src.relay-found-by = amtrelay
expect client src.relay-failovers = 1
expect client errors = 0

end client
expect client null-ms -lt 100
expect client unpaired = 0

# A relay of the own network is preferred to those of the sender.
printf 'nameserver 198.51.100.1\nsearch near.example\n' >resolv.conf
play near "amtsrc name=src source=$SOURCE group=$GROUP port=$PORT \
  delivery=tunnel ! fakesink name=sink sync=false"
expect near packets -ge 20 10
expect near src.relay = 198.51.100.8:2268
expect near src.relay-found-by = dns-sd
expect near src.relay-dnssec = insecure
expect near src.metadata = none
[[ $(get near asked) != *metadata* ]] || fail "metadata that nobody needs"
end near

# The same as a URI with neither a relay nor a port.
printf 'nameserver 198.51.100.1\nsearch example\n' >resolv.conf
play uri "amt://$SOURCE@$GROUP ! fakesink name=sink sync=false"
expect uri packets -ge 20 10
expect uri message.multicast-port -ge 1
expect uri errors = 0
end uri

# A native join waits for the port, and then has it.
ip -n P addr add $SOURCE/32 dev r0
ip -n C route add $SOURCE via 198.51.100.1
peer P native sender source=$SOURCE group=$GROUP port=$PORT
play joined "ssmsrc name=src source=$SOURCE group=$GROUP multicast-iface=g0 ! \
  fakesink name=sink sync=false"
expect joined packets -ge 20 10
expect joined message.multicast-port = 1
expect joined src.metadata = fresh
expect joined errors = 0
end joined
expect joined null-ms -lt 100
expect joined unpaired = 0
