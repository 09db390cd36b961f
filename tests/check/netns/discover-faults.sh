#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Name servers, metadata servers and relays that fail or lie: the right words
# within a bounded time, no packet that nobody vouched for, and no state change
# that waits, whatever is being asked.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"
# shellcheck source-path=SCRIPTDIR source=publisher.sh
. "${MC_NETNS_LIB%/*}/publisher.sh"

need_validation
new_publisher
new_certificates
publish 198.51.100.9
: >anchors
{
  # More than fits into a datagram, the one relay that works among them.
  for ((i = 1; i <= 80; i++)); do
    echo "30 AMTRELAY 10 1 1 203.0.113.$i"
  done
  echo '30 AMTRELAY 0 1 1 198.51.100.9'
  echo '40 CNAME 41'
  echo '41 CNAME 40'
  echo '50 AMTRELAY 0 0 0 .'
  echo '_dorms._tcp.60 SRV 0 0 8443 wrong.example.'
} | new_zone $REVERSE
sign_zone $REVERSE
echo "10 AMTRELAY 10 1 1 198.51.100.66
_dorms._tcp.10 SRV 0 0 8443 dorms.example." | new_zone 100.51.198.in-addr.arpa
sign_zone 100.51.198.in-addr.arpa
sed -i 's/198\.51\.100\.66/198.51.100.9/; s/SRV\(.*\)dorms/SRV\1forged/' \
  100.51.198.in-addr.arpa.signed
new_zone 113.0.203.in-addr.arpa <<'Z'
_dorms._tcp.10 SRV 0 0 8443 dorms.example.
Z
start_dns $REVERSE.signed 100.51.198.in-addr.arpa.signed \
  113.0.203.in-addr.arpa.zone missing.example.zone

# One server for each fault, from 8501 on.
ANSWER=/restconf/data/ietf-dorms:dorms/
mkdir big
truncate -s 100M big/body
head -c 100000 /dev/zero | tr '\0' '[' >big/deep
echo '{"ietf-dorms:group":[{"address":7,"udp-stream":{"port":[]}}]}' >big/types
n=8500
server () {
  n=$((n + 1))
  echo "server { listen 198.51.100.1:$n ssl; root published/www;
    location $ANSWER { default_type application/yang-data+json; $1 }
    include published/nginx.conf.others; }"
}
# What comes before the metadata is in order.
sed 's|\^~ /restconf/|/restconf/|' published/nginx.conf \
  >published/nginx.conf.others
{
  server 'return 404;'
  server 'return 500;'
  server 'return 301 https://elsewhere.example/;'
  server 'root big; try_files /body =404;'
  server 'root big; try_files /deep =404;'
  server 'root big; try_files /types =404;'
  server 'root big; try_files /types =404; limit_rate 1;'
} >faults.conf
start_nginx <faults.conf
# Nobody answers here, and nobody says so.
nft_in P 'ip daddr 198.51.100.1 tcp dport 8600 drop' \
  'ip daddr 198.51.100.1 udp dport 2268 drop'
start_sender sender 198.51.100.9
wait_for 10 grep -q 'Setting pipeline to PLAYING' sender.log ||
  fail "the sender did not start"

# --- faults of the metadata server: the channel is received all the while ---

VERIFY="ambiverify name=verify data-hold-time=300000000"
# of_server PORT [HOST]
of_server () {
  echo "amtsrc name=src delivery=tunnel relay=198.51.100.9 source=$SOURCE \
    group=$GROUP port=$PORT ! $VERIFY dorms-uri=https://${2:-dorms.example}:$1 ! \
    fakesink name=sink sync=false"
}
cases=(
  "8501 no-metadata does not know this channel"
  "8502 unreachable HTTP status 500"
  "8503 redirect-refused redirected"
  "8504 too-large more than is allowed"
  "8505 bad-json JSON"
  "8506 no-metadata|bad-metadata|bad-json "
  "8443@wrong.example tls identity"
  "8599 unreachable "
)
all=
for c in "${cases[@]}"; do
  read -r where _ <<< "$c"
  all="$all${all:+|} $(of_server "${where%@*}" "${where#"${where%@*}"}" |
    sed 's|https://@|https://|')"
done
# Still being asked when all is stopped: a slow body, and no answer at all.
play faults "$all | $(of_server 8507) | $(of_server 8600)"

# has KEY TEXT
has () {
  [[ $(get faults "$1") = *"$2"* ]]
}

one_of () {
  local key=$1 code
  shift
  for code in "$@"; do
    [ "$(get faults "$key$code")" = 0 ] || return 0
  done
  return 1
}

i=0
for c in "${cases[@]}"; do
  read -r where codes words <<< "$c"
  key=
  [ $i = 0 ] || key=$i.
  IFS='|' read -ra codes <<< "$codes"
  wait_for 10 one_of "$key" "${codes[@]}" ||
    fail "$where: no ${codes[*]}: $(get faults "${key}metadata")"
  wait_for 5 has "${key}text" "No packet passes" ||
    fail "$where: no complaint: $(get faults "${key}text")"
  has "${key}text" "$words" || fail "$where: $(get faults "${key}text")"
  say "$where: ${codes[*]}: $(get faults "${key}text")"
  i=$((i + 1))
done
for ((i = 0; i < ${#cases[@]} + 2; i++)); do
  key=
  [ $i = 0 ] || key=$i.
  expect faults "${key}src.packets-pushed" -gt 0 10
  expect faults "${key}packets" = 0
  expect faults "${key}errors" = 0
done
expect faults 8.progress.request.start = 1 5
expect faults 9.progress.request.start = 1 5
end faults
expect faults null-ms -lt 100
say "the slowest of ${#cases[@]} and 2 stops took $(get faults null-ms) ms"

# --- faults of the name service ---

# find SOURCE   a relay, within two seconds
find () {
  echo "amtsrc name=src source=$1 group=$GROUP port=$PORT delivery=tunnel \
    relay-timeout=2000000000 ! fakesink name=sink sync=false"
}
# describe SOURCE   the port
describe () {
  echo "ssmsrc name=src source=$1 group=$GROUP multicast-iface=lo ! \
    fakesink name=sink sync=false"
}
cases=(
  "$(find 192.0.2.40) AMTRELAY records of 40.$REVERSE"
  "$(find 198.51.100.10) DNSSEC"
  "$(find 203.0.114.1) AMTRELAY records of 1.114.0.203.in-addr.arpa. failed"
  "$(find 192.0.2.50) used without a relay"
  "$(describe 198.51.100.10) forged"
  "$(describe 192.0.2.77) names no metadata server"
  "$(describe 203.0.113.10) \"dns-trust\""
)
all=
for c in "${cases[@]}"; do
  all="$all${all:+|} ${c%%fakesink*}fakesink name=sink sync=false"
done
play faults "$all | $(find 192.0.2.30) | $(describe 192.0.2.60)"
i=0
for c in "${cases[@]}"; do
  key=
  [ $i = 0 ] || key=$i.
  words=${c##*sync=false }
  expect faults "${key}errors" = 1 10
  has "${key}text" "$words" || fail "not \"$words\": $(get faults "${key}text")"
  say "$(get faults "${key}text")"
  i=$((i + 1))
done
# The relay that a long answer has among others was tried and is in use.
expect faults $i.src.state = active 5
expect faults $i.src.relay = 198.51.100.9:2268
expect faults $i.src.relay-dnssec = secure
expect faults $((i + 1)).tls -gt 0 5
end faults
expect faults null-ms -lt 100

# --- stops in the middle of every question ---

kill -STOP "$NAMED"
play faults "$(find 192.0.2.90 | sed 's/relay-timeout=[0-9]*//') |
  $(describe 192.0.2.91) |
  amtsrc name=src relay=198.51.100.1 source=$SOURCE group=$GROUP port=$PORT \
    delivery=tunnel ! fakesink name=sink sync=false |
  amtsrc name=src delivery=tunnel relay=198.51.100.9 source=$SOURCE \
    group=$GROUP port=$PORT ! $VERIFY manifest-uri=https://dorms.example:8600/ \
    ! fakesink name=sink sync=false"
expect faults progress.name-lookup.start = 1 5
expect faults 1.progress.name-lookup.start = 1 5
expect faults 2.progress.connect.start = 1 5
expect faults 3.src.packets-pushed -gt 0 10
end faults
expect faults null-ms -lt 100
say "stops in the middle took $(get faults null-ms) ms at most"
kill -CONT "$NAMED"
