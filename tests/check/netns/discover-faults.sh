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
  cat "published/dns/$REVERSE.records"
  # More than fits into a datagram, the one relay that works among them.
  for ((i = 1; i <= 80; i++)); do
    echo "30 AMTRELAY 10 1 1 203.0.113.$i"
  done
  echo '30 AMTRELAY 0 1 1 198.51.100.9'
  echo '40 CNAME 41'
  echo '41 CNAME 40'
  echo '_dorms._tcp.40 CNAME _dorms._tcp.41'
  echo '_dorms._tcp.41 CNAME _dorms._tcp.40'
  echo '50 AMTRELAY 0 0 0 .'
  # Likewise, and the others take no connections.
  for ((i = 1; i <= 30; i++)); do
    echo "_dorms._tcp.20 SRV 1 0 $i not-this-metadata-server-but-another.example."
  done
  echo '_dorms._tcp.20 SRV 0 0 8443 dorms.example.'
  echo '32 AMTRELAY 10 1 1 198.51.100.7'
  echo '33 AMTRELAY 10 1 3 relay.silent.example.'
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
# What cannot be loaded is answered by SERVFAIL.
start_dns $REVERSE.signed 100.51.198.in-addr.arpa.signed \
  113.0.203.in-addr.arpa.zone 114.0.203.in-addr.arpa.missing

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
  # This one keeps coming when its length was not told, either.
  server "root big; try_files /body =404; ssi on; ssi_types *;"
} >faults.conf
start_nginx <faults.conf
# It takes connections, and says nothing.
ns_exec P /usr/bin/python3 -c 'import signal, socket
s = socket.create_server(("198.51.100.1", 8601))
signal.pause()' &
# Here nobody answers at all.
nft_in P 'ip daddr 198.51.100.1 tcp dport { 8600, 9443 } drop'
OTHERS=(192.0.2.1{1..4} 192.0.2.20 192.0.2.40 192.0.2.77 198.51.100.10
  203.0.113.10 203.0.114.1 203.0.115.1)
start_sender sender 198.51.100.9 "" "${OTHERS[@]}"
wait_for 10 grep -q 'Setting pipeline to PLAYING' sender.log ||
  fail "the sender did not start"

# --- faults of the metadata: the channel is received all the while ---

# receive SOURCE [SETTING]...   of ambiverify
receive () {
  echo "amtsrc name=src delivery=tunnel relay=198.51.100.9 source=$1 \
    group=$GROUP port=$PORT ! ambiverify name=verify data-hold-time=300000000 \
    ${*:2} ! fakesink name=sink sync=false"
}
# of_server PORT [HOST]
of_server () {
  receive $SOURCE "dorms-uri=https://${2:-dorms.example}:$1"
}
MATCHED="dorms-uri=https://dorms.example:8443 require-srv-match=true"
UNMATCHED="dorms-uri=https://dorms.example:8501 require-srv-match=true"
# PIPELINE|MILLISECONDS|CODE...|WORDS: within that time the code is told, and then
# why no packet passes.
cases=(
  "$(of_server 8501)|5000|no-metadata|does not know this channel"
  "$(of_server 8502)|5000|unreachable|HTTP status 500"
  "$(of_server 8503)|5000|redirect-refused|redirected"
  "$(of_server 8504)|5000|too-large|more than is allowed"
  "$(of_server 8505)|5000|bad-json|JSON"
  "$(of_server 8506)|5000|no-metadata bad-metadata bad-json|8506"
  "$(of_server 8443 wrong.example)|5000|tls|identity"
  "$(of_server 8599)|5000|unreachable|cannot be reached"
  "$(of_server 8508)|5000|too-large|more than is allowed"
  "$(receive 192.0.2.20)|5000|no-metadata|does not know this channel"
  "$(receive 192.0.2.40)|5000|unreachable|name service"
  "$(receive 192.0.2.77)|5000|no-service|names no metadata server"
  "$(receive 198.51.100.10)|5000|dns-bogus|forged"
  "$(receive 203.0.113.10)|5000|dns-untrusted|set \"dns-trust\" to \"resolver\""
  "$(receive 203.0.113.10 dns-trust=resolver)|5000|no-metadata|not know this"
  "$(receive 198.51.100.10 dns-trust=resolver)|5000|dns-bogus|forged"
  "$(receive 203.0.114.1)|5000|unreachable|name service"
  # A server that the user names, and the source as well, or not.
  "$(receive 192.0.2.20 "$MATCHED")|5000|no-metadata|does not know this channel"
  "$(receive 192.0.2.20 "$UNMATCHED")|5000|srv-mismatch|that the source names"
  "$(receive 192.0.2.77 "$MATCHED")|5000|no-service|that the source names"
  "$(receive 203.0.113.10 "$MATCHED")|5000|dns-untrusted|\"require-srv-match\""
  # Those end by running out of time, which is 10 s.
  "$(of_server 8507)|13000|unreachable|8507"
  "$(of_server 8600)|13000|unreachable|8600"
  "$(of_server 8601)|13000|unreachable tls|8601"
  "$(receive 203.0.115.1)|13000|unreachable|name service"
  "$(of_server 8443 host.silent.example)|13000|unreachable|host.silent.example"
)
all=
for c in "${cases[@]}"; do
  all="$all${all:+ |} ${c%%|*}"
done
play faults "$all"

# --- meanwhile: faults of the name service, for relays and ports ---

# has NAME KEY TEXT
has () {
  [[ $(get "$1" "$2") = *"$3"* ]]
}
# key N   its prefix
key () {
  [ "$1" = 0 ] || echo "$1."
}

# find SOURCE [SETTING]   a relay
find () {
  echo "amtsrc name=src source=$1 group=$GROUP port=$PORT delivery=tunnel \
    ${*:2} ! fakesink name=sink sync=false"
}
SOON=relay-timeout=2000000000
# describe SOURCE [SETTING]...   the port
describe () {
  echo "ssmsrc name=src source=$1 group=$GROUP multicast-iface=lo ${*:2} ! \
    fakesink name=sink sync=false"
}
names=(
  "$(find 192.0.2.40 $SOON)|AMTRELAY records of 40.$REVERSE"
  "$(find 198.51.100.10 $SOON)|DNSSEC"
  "$(find 203.0.114.1 $SOON)|AMTRELAY records of 1.114.0.203.in-addr.arpa. failed"
  "$(find 203.0.115.1 $SOON)|name serv"
  "$(find 192.0.2.50 $SOON)|used without a relay"
  "$(describe 198.51.100.10)|forged"
  "$(describe 192.0.2.77)|names no metadata server"
  "$(describe 203.0.113.10)|\"dns-trust\""
  "$(describe 192.0.2.20 "$UNMATCHED")|that the source names"
)
all=
for c in "${names[@]}"; do
  all="$all${all:+ |} ${c%%|*}"
done
play names "$all | $(find 192.0.2.30 $SOON "$MATCHED")"
for i in "${!names[@]}"; do
  words=${names[i]#*|}
  expect names "$(key "$i")errors" = 1 10
  has names "$(key "$i")text" "$words" ||
    fail "not \"$words\": $(get names "$(key "$i")text")"
  say "$(get names "$(key "$i")text")"
done
# The relay that a long answer has among others was tried and is in use.
i=${#names[@]}
expect names "$i.src.state" = active 5
expect names "$i.src.relay" = 198.51.100.9:2268
expect names "$i.src.relay-dnssec" = secure
# It has no metadata that the source stands behind, and says so.
expect names "$i.warnings.amtsrc" = 1 5
has names "$i.text" '"require-srv-match"' ||
  fail "not \"require-srv-match\": $(get names "$i.text")"
end names
expect names null-ms -lt 100

# --- meanwhile: stops in the middle of every question ---

# PIPELINE|WORDS of the progress that tells of it
stages=(
  "$(describe 203.0.115.2)|SRV records of _dorms._tcp.2.115.0.203"
  "$(find 203.0.115.3)|AMTRELAY records of 3.115.0.203"
  "$(find 192.0.2.33)|addresses of relay.silent.example"
  "$(find 192.0.2.32)|Asking relay 198.51.100.7"
  "$(receive 192.0.2.11 dorms-uri=https://stage.silent.example)|https://stage"
  "$(receive 192.0.2.12 dorms-uri=https://dorms.example:8600)|example:8600"
  "$(receive 192.0.2.13 dorms-uri=https://dorms.example:8601)|example:8601"
  "$(receive 192.0.2.14 dorms-uri=https://dorms.example:8507)|8507/restconf"
  "$(receive $SOURCE)|manifest stream 7 at https://manifests.example:9443"
  "amtsrc name=src relay=relay.silent.example source=$SOURCE group=$GROUP \
    port=$PORT delivery=tunnel ! fakesink name=sink|relay relay.silent.example"
  "ssmsrc name=src source=host.silent.example group=$GROUP port=$PORT ! \
    fakesink name=sink|sender host.silent.example"
)
all=
for c in "${stages[@]}"; do
  all="$all${all:+ |} ${c%%|*}"
done
play stages "$all"
for i in "${!stages[@]}"; do
  words=${stages[i]#*|}
  wait_for 5 has stages "$(key "$i")asked" "$words" ||
    fail "not \"$words\": $(get stages "$(key "$i")asked")"
done
end stages
for i in "${!stages[@]}"; do
  expect stages "$(key "$i")stop-ms" -lt 100
  expect stages "$(key "$i")unpaired" = 0
  say "stopped in $(get stages "$(key "$i")stop-ms") ms: ${stages[i]#*|}"
done

# --- what became of the first ones ---

# in_time N MILLISECONDS CODE...   one of the codes came by then
in_time () {
  local code ms
  for code in "${@:3}"; do
    ms=$(get faults "$(key "$1")$code")
    [ "$ms" = 0 ] || [ "$ms" -gt "$2" ] || return 0
  done
  return 1
}

for i in "${!cases[@]}"; do
  IFS='|' read -r _ limit codes words <<< "${cases[i]}"
  read -ra codes <<< "$codes"
  wait_for 20 in_time "$i" "$limit" "${codes[@]}" ||
    fail "$i: no ${codes[*]}: $(get faults "$(key "$i")metadata")"
  wait_for 5 has faults "$(key "$i")text" "No packet passes" ||
    fail "$i: no complaint: $(get faults "$(key "$i")text")"
  has faults "$(key "$i")text" "$words" ||
    fail "not \"$words\": $(get faults "$(key "$i")text")"
  say "$(get faults "$(key "$i")text")"
  expect faults "$(key "$i")warnings.ambiverify" = 1
  expect faults "$(key "$i")src.packets-pushed" -gt 0
  expect faults "$(key "$i")packets" = 0
  expect faults "$(key "$i")verify.packets-verified" = 0
  expect faults "$(key "$i")errors" = 0
done
end faults
expect faults null-ms -lt 100
for i in "${!cases[@]}"; do
  expect faults "$(key "$i")unpaired" = 0
  expect faults "$(key "$i")packets" = 0
done
