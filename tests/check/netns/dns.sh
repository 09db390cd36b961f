#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Names and relays from real name servers: BIND with signed, forged, expired
# and broken zones, unbound as a validating resolver, servers that stop, and a
# resolv.conf that changes.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"

for program in named dnssec-signzone unbound; do
  PATH=$PATH:/usr/sbin command -v $program >/dev/null || {
    echo "skipped: $program is missing"
    exit 77
  }
done
export PATH=$PATH:/usr/sbin
cd "$DIR" || exit

# Relays need a way to be reached by.
ip addr add 198.51.100.2/32 dev lo
ip addr add 2001:db8:1::2/128 dev lo nodad
ip route add default dev lo src 198.51.100.2
ip -6 route add default dev lo src 2001:db8:1::2

# zone_file NAME   its records come from stdin
zone_file () {
  {
    echo "\$TTL 60"
    echo "@ SOA ns.example. host.example. 1 3600 600 86400 60"
    echo "@ NS ns.example."
    cat
  } >"$1.zone"
}

# sign NAME [ARGUMENT...]   NAME.zone becomes NAME.signed
sign () {
  local name=$1 key
  shift
  key=$(dnssec-keygen -q -a ECDSAP256SHA256 -f KSK "$name")
  cat "$key.key" >>"$name.zone"
  cat "$key.key" >>anchors
  dnssec-signzone -q -z -P "$@" -o "$name" -f "$name.signed" "$name.zone" \
    "$key" >/dev/null
}

: >anchors
V6=8.b.d.0.1.0.0.2.ip6.arpa
zone_file 2.0.192.in-addr.arpa <<'Z'
10 AMTRELAY 10 0 1 203.0.113.15
10 AMTRELAY 10 1 2 2001:db8::15
10 AMTRELAY 128 1 3 amtrelays.example.
11 AMTRELAY 0 0 0 .
12 TYPE260 \# 6 0a81c6336401
20 CNAME 20.16-31
20.16-31 AMTRELAY 7 0 1 203.0.113.20
Z
for ((i = 1; i <= 80; i++)); do
  echo "30 AMTRELAY 1 1 1 203.0.113.$i"
done >>2.0.192.in-addr.arpa.zone
sign 2.0.192.in-addr.arpa
echo '10 AMTRELAY 10 1 1 203.0.113.66' | zone_file 113.0.203.in-addr.arpa
sign 113.0.203.in-addr.arpa
sed -i 's/203\.0\.113\.66/203.0.113.99/' 113.0.203.in-addr.arpa.signed
echo '* AMTRELAY 10 1 1 203.0.113.66' | zone_file $V6
sign $V6 -s 20200101000000 -e 20200201000000
echo '@ DNAME 100.rev.example.' | zone_file 100.51.198.in-addr.arpa
zone_file example <<'Z'
ns A 127.0.0.1
amtrelays A 203.0.113.40
amtrelays AAAA 2001:db8::40
10.100.rev AMTRELAY 3 1 1 203.0.113.30
loop1 CNAME loop2
loop2 CNAME loop1
_amt._udp PTR Relay\ one._amt._udp
Relay\ one._amt._udp SRV 10 0 2269 relay1
relay1 A 203.0.113.50
Z

{
  cat <<'C'
options { directory "."; listen-on { 127.0.0.1; }; listen-on-v6 { ::1; };
  recursion no; notify no; empty-zones-enable no; dnssec-validation no;
  pid-file none; session-keyfile none; lock-file none; };
controls { };
C
  for zone in 2.0.192.in-addr.arpa 113.0.203.in-addr.arpa $V6; do
    echo "zone \"$zone\" { type primary; file \"$zone.signed\"; };"
  done
  for zone in 100.51.198.in-addr.arpa example broken.example; do
    echo "zone \"$zone\" { type primary; file \"$zone.zone\"; };"
  done
} >named.conf
cat >unbound.conf <<C
server:
  directory: "$DIR"
  interface: 127.0.0.2
  username: ""
  chroot: ""
  pidfile: ""
  use-syslog: no
  do-not-query-localhost: no
  unblock-lan-zones: yes
  trust-anchor-file: "anchors"
  local-zone: "16.172.in-addr.arpa." transparent
  local-data: '10.0.16.172.in-addr.arpa. 60 IN TYPE260 \\# 22 1003047235763403616d7406616b61646e73036e6574'
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1
C

named -g -n 1 -c named.conf >named.log 2>&1 &
NAMED=$!
unbound -d -c unbound.conf >unbound.log 2>&1 &

use () {
  printf '%s\n' "$@" >resolv.conf
}
use 'nameserver 127.0.0.1'
mount --bind resolv.conf /etc/resolv.conf
echo '127.0.0.1 localhost' >hosts
mount --bind hosts /etc/hosts

RESOLVE=${MC_NETNS_PEER%/*}/netns-resolve
export GST_MULTICAST_TRUST_ANCHOR=$DIR/anchors

# resolver NAME KIND   one that goes on until its input ends
declare -A TO=() FROM=()
resolver () {
  local to from
  mkfifo "$1.in" "$1.out"
  "$RESOLVE" "$2" <"$1.in" >"$1.out" 2>"$1.log" &
  exec {to}>"$1.in" {from}<"$1.out"
  TO[$1]=$to
  FROM[$1]=$from
}

# ask RESOLVER NAME TYPE [MS]   sets ANSWER
ask () {
  echo "${@:2}" >&"${TO[$1]}"
  read -r -t 20 -u "${FROM[$1]}" ANSWER || fail "$1: no answer to $2"
}

# expect_answer PATTERN RESOLVER NAME TYPE [MS]
expect_answer () {
  ask "${@:2}"
  # shellcheck disable=SC2053  # it is a pattern
  [[ $ANSWER = $1 ]] || fail "${*:2}: $ANSWER, not $1"
}

is_up () {
  ask "$1" ns.example. A 1000
  [[ $ANSWER = ok* ]]
}

R4=.2.0.192.in-addr.arpa.

# --- answers of an authoritative server, validated by ourselves ---
if "$RESOLVE" unbound </dev/null; then
  HAVE_UNBOUND=true
  resolver first unbound
  wait_for 10 is_up first || fail "named does not answer"
else
  HAVE_UNBOUND=false
  say "built without libunbound: the C library alone is tested"
fi

if $HAVE_UNBOUND; then
  expect_answer "ok secure - * 10/0/1/203.0.113.15*" first 10$R4 AMTRELAY
  [[ $ANSWER = *128/1/3/amtrelays.example.* ]] || fail "no name: $ANSWER"
  [[ $ANSWER = *10/1/2/2001:db8::15* ]] || fail "no IPv6: $ANSWER"
  say "signed: $ANSWER"
  expect_answer "ok secure - * 0/0/0/" first 11$R4 AMTRELAY
  expect_answer "ok secure - * 10/1/1/198.51.100.1" first 12$R4 AMTRELAY
  expect_answer "ok secure 20.16-31$R4 * 7/0/1/203.0.113.20" first 20$R4 \
    AMTRELAY
  expect_answer "no-name secure *" first 99$R4 AMTRELAY
  expect_answer "no-data secure *" first 10$R4 SRV
  expect_answer "ok secure *" first 30$R4 AMTRELAY
  [ "$(wc -w <<< "$ANSWER")" = 85 ] || fail "not 80 records: $ANSWER"
  expect_answer "ok insecure 10.100.rev.example. * 3/1/1/203.0.113.30" \
    first 10.100.51.198.in-addr.arpa. AMTRELAY
  expect_answer "ok insecure *" first amtrelays.example. AAAA
  expect_answer "failed insecure *" first loop1.example. AMTRELAY
  expect_answer "failed insecure *" first www.broken.example. AMTRELAY
  expect_answer "failed insecure *" first elsewhere. AMTRELAY

  # Forged and expired signatures: no records, whatever came.
  expect_answer "bogus insecure - 0 * - *" first \
    10.113.0.203.in-addr.arpa. AMTRELAY
  say "forged: $ANSWER"
  expect_answer "bogus insecure - 0 * - *" first \
    "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.$V6." AMTRELAY
  say "expired: $ANSWER"

  # A change of resolv.conf is noticed, and does away with what was cached.
  use 'nameserver 127.0.0.2'
  wait_for 10 is_up first || fail "unbound does not answer"
  expect_answer "ok insecure - * 16/0/3/r5v4.amt.akadns.net." first \
    10.0.16.172.in-addr.arpa. AMTRELAY
  expect_answer "ok secure *" first 10$R4 AMTRELAY
  use 'nameserver 127.0.0.1'
  expect_answer "failed insecure *" first 10.0.16.172.in-addr.arpa. AMTRELAY
fi

# --- the C library: AD counts only of a server that is to be trusted ---
use 'nameserver 127.0.0.2'
resolver plain libc
wait_for 10 is_up plain || fail "unbound does not answer"
expect_answer "ok insecure - * 10/0/1/203.0.113.15*" plain 10$R4 AMTRELAY
# The validating server gives no bogus data.
expect_answer "failed insecure *" plain 10.113.0.203.in-addr.arpa. AMTRELAY
expect_answer "no-name insecure *" plain 99$R4 AMTRELAY
expect_answer "ok insecure *" plain 30$R4 AMTRELAY
use 'nameserver 127.0.0.2' 'options trust-ad'
resolver trusting libc
expect_answer "ok secure - * 10/0/1/203.0.113.15*" trusting 10$R4 AMTRELAY
expect_answer "ok secure 20.16-31$R4 *" trusting 20$R4 AMTRELAY
expect_answer "ok secure *" trusting 30$R4 AMTRELAY
expect_answer "ok insecure 10.100.rev.example. *" trusting \
  10.100.51.198.in-addr.arpa. AMTRELAY
use 'nameserver 127.0.0.1'
expect_answer "ok insecure *" trusting 30$R4 AMTRELAY
[ "$(wc -w <<< "$ANSWER")" = 85 ] || fail "not 80 records: $ANSWER"

# --- relays ---
"$RESOLVE" discover 192.0.2.10 example >found
cat >wanted <<'W'
dns-sd 10 1 203.0.113.50:2269 insecure
anycast 0 1 192.52.193.1:2268 secure
anycast 0 1 [2001:3::1]:2268 secure
amtrelay 10 0 [2001:db8::15]:2268 secure
amtrelay 10 1 203.0.113.15:2268 secure
amtrelay 128 0 [2001:db8::40]:2268 insecure
amtrelay 128 0 203.0.113.40:2268 insecure
W
$HAVE_UNBOUND || sed -i '/^amtrelay/s/ secure/ insecure/' wanted
diff wanted found || fail "other relays were found"
use 'nameserver 127.0.0.1' 'search example'
"$RESOLVE" discover 192.0.2.11 >found
head -n 3 wanted | diff - found || fail "other relays were found"
if $HAVE_UNBOUND; then
  "$RESOLVE" discover 203.0.113.10 nowhere.example >found
  sed -n 2,3p wanted | diff - found || fail "relays of a forged answer"
fi

# --- a server that falls silent, and comes back ---
kill -STOP $NAMED
for r in plain $($HAVE_UNBOUND && echo first); do
  expect_answer "timeout insecure *" "$r" silent.example. AMTRELAY 1000
  read -r _ _ _ _ ms _ <<< "$ANSWER"
  if [ "$ms" -lt 900 ] || [ "$ms" -ge 2500 ]; then
    fail "$r: silence took $ms ms"
  fi
done
kill -CONT $NAMED
begin=$(now_us)
for r in plain $($HAVE_UNBOUND && echo first); do
  answers () {
    ask "$r" back.example. AMTRELAY 1000
    [[ $ANSWER = no-name* ]]
  }
  wait_for 15 answers || fail "$r does not find back: $ANSWER"
  say "$r: found back after $((($(now_us) - begin) / 1000)) ms"
done

# One that is gone.  (In a signed zone one could still say what is not there.)
kill $NAMED
wait $NAMED || true
for r in plain $($HAVE_UNBOUND && echo first); do
  ask "$r" gone.example. AMTRELAY 2000
  [[ $ANSWER = failed* || $ANSWER = timeout* ]] || fail "$r: $ANSWER"
done

for r in "${!TO[@]}"; do
  to=${TO[$r]}
  exec {to}>&-
done
