# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Shell functions of the namespace tests: . "$MC_NETNS_LIB"
# shellcheck shell=bash

set -E

# In the private /run: nothing of it is left behind.
DIR=${DIR:-/run/mc}
mkdir -p "$DIR"
declare -A PEER_PID=()

# Programs that are not in every user's PATH.
PATH=$PATH:/usr/sbin:/sbin

# skip WHY   loud, and counted by who runs the tests
skip () {
  echo "skipped: $*"
  exit 77
}

need () {
  local c
  for c in "$@"; do
    command -v "$c" >/dev/null || skip "no $c"
  done
}

show_logs () {
  local f
  for f in "$DIR"/*.log "$DIR"/*.status; do
    [ -e "$f" ] || continue
    echo "--- ${f##*/}"
    grep -v '^dropped-.*=0$' "$f" | tail -n 60 || true
  done
}

fail () {
  trap - ERR
  {
    echo "FAIL: $*"
    show_logs
    # Of a long output people see the end.
    echo "FAIL: $*"
  } >&2
  exit 1
}
trap 'fail "line $LINENO of $0: $BASH_COMMAND"' ERR

say () {
  echo "$*"
}

now_us () {
  echo "${EPOCHREALTIME/[.,]/}"
}

# wait_for SECONDS COMMAND...   until the command succeeds; what it says of an
# earlier time than the deadline, because it took long, is not the last word
wait_for () {
  local deadline=$(($(now_us) + $1 * 1000000)) begun
  shift
  while true; do
    begun=$(now_us)
    ! "$@" || return 0
    [ "$begun" -lt "$deadline" ] || return 1
    sleep 0.02
  done
}

# --- networks ---

new_namespace () {
  local n
  for n in "$@"; do
    ip netns add "$n"
    ip -n "$n" link set lo up
    ip netns exec "$n" sysctl -qw net.ipv6.conf.default.accept_dad=0 \
      net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
  done
}

# new_link NS1 DEV1 NS2 DEV2   an Ethernet cable between two namespaces
new_link () {
  local x n d
  ip -n "$1" link add "$2" type veth peer name "$4" netns "$3"
  for x in "$1 $2" "$3 $4"; do
    read -r n d <<< "$x"
    # veth leaves UDP checksums unfinished, which looks bad in captures.
    ip netns exec "$n" ethtool -K "$d" tx off >/dev/null
    ip -n "$n" link set "$d" up
  done
  # A join made before the link-local addresses are there takes a second.
  for x in "$1 $2" "$3 $4"; do
    read -r n d <<< "$x"
    wait_for 10 link_local_is_up "$n" "$d" || fail "$d did not come up"
  done
}

# new_address NS DEV IPV4 IPV6
new_address () {
  ip -n "$1" addr add "$3/24" dev "$2"
  ip -n "$1" addr add "$4/64" dev "$2" nodad
}

link_local_is_up () {
  [[ $(ip -n "$1" -6 -o addr show dev "$2" scope link) = *fe80* ]]
}

# two_hosts R G   relay and gateway at one cable:
#   R r0 198.51.100.1 2001:db8:1::1 -- G g0 198.51.100.2 2001:db8:1::2
two_hosts () {
  local r=$1 g=$2
  new_namespace "$r" "$g"
  new_link "$r" r0 "$g" g0
  new_address "$r" r0 198.51.100.1 2001:db8:1::1
  new_address "$g" g0 198.51.100.2 2001:db8:1::2
}

# tapped_hosts S A C   two hosts at a bridge A, which sees all that passes and can
# add to it at its port a1, towards C:
#   S s0 198.51.100.1 2001:db8:1::1 -- a0 A a1 -- C c0 198.51.100.2 2001:db8:1::2
tapped_hosts () {
  local s=$1 a=$2 c=$3 d
  new_namespace "$s" "$a" "$c"
  ip -n "$a" link add br0 type bridge mcast_snooping 0 forward_delay 0
  new_link "$a" a0 "$s" s0
  new_link "$a" a1 "$c" c0
  for d in a0 a1; do
    ip -n "$a" link set $d master br0
  done
  ip -n "$a" link set br0 up
  new_address "$s" s0 198.51.100.1 2001:db8:1::1
  new_address "$c" c0 198.51.100.2 2001:db8:1::2
}

# topology S R C   server, router, client:
#   S s0 198.51.100.2 2001:db8:1::2 -- R r0 .1, r1 203.0.113.1 2001:db8:2::1
#   -- C c0 203.0.113.2 2001:db8:2::2
topology () {
  local s=$1 r=$2 c=$3
  new_namespace "$s" "$r" "$c"
  new_link "$r" r0 "$s" s0
  new_link "$r" r1 "$c" c0
  ip netns exec "$r" sysctl -qw net.ipv4.ip_forward=1 \
    net.ipv6.conf.all.forwarding=1
  new_address "$s" s0 198.51.100.2 2001:db8:1::2
  new_address "$r" r0 198.51.100.1 2001:db8:1::1
  new_address "$r" r1 203.0.113.1 2001:db8:2::1
  new_address "$c" c0 203.0.113.2 2001:db8:2::2
  ip -n "$s" route add default via 198.51.100.1
  ip -n "$s" -6 route add default via 2001:db8:1::1
  ip -n "$c" route add default via 203.0.113.1
  ip -n "$c" -6 route add default via 2001:db8:2::1
}

# nft_in NS RULE...   each in the "input" hook of that namespace
nft_in () {
  local ns=$1 rule
  shift
  ip netns exec "$ns" nft 'add table inet t'
  ip netns exec "$ns" nft \
    'add chain inet t in { type filter hook input priority 0; }'
  for rule in "$@"; do
    ip netns exec "$ns" nft "add rule inet t in $rule"
  done
}

nft_clear () {
  ip netns exec "$1" nft flush chain inet t in
}

# --- cases that run side by side ---

declare -A CASE_PID=()

# in_parallel COMMAND...   each argument is a function to run by itself
in_parallel () {
  local c status=0
  for c in "$@"; do
    ( "$c" ) &
    CASE_PID[$c]=$!
  done
  for c in "$@"; do
    wait "${CASE_PID[$c]}" || { echo "$c failed" >&2; status=1; }
  done
  [ $status = 0 ] || exit 1
}

# --- peers ---

# start_peer NS NAME COMMAND...   a program that writes a status file
start_peer () {
  local ns=$1 name=$2
  shift 2
  rm -f "$DIR/$name.status"
  ns_exec "$ns" "$@" >>"$DIR/$name.log" 2>&1 &
  PEER_PID[$name]=$!
  wait_for 20 test -e "$DIR/$name.status" || fail "$name did not start"
}

# peer NS NAME relay|receiver KEY=VALUE...   starts netns-peer in a namespace
peer () {
  start_peer "$1" "$2" "$MC_NETNS_PEER" "$3" "status=$DIR/$2.status" "${@:4}"
}

# attacker NS NAME KEY=VALUE...
attacker () {
  start_peer "$1" "$2" "$MC_NETNS_ATTACKER" "status=$DIR/$2.status" "${@:3}"
}

# ns_exec NS COMMAND...   "-": where we are
ns_exec () {
  local ns=$1
  shift
  if [ "$ns" = - ]; then
    exec "$@"
  fi
  exec ip netns exec "$ns" "$@"
}

# A relay is ready when its port is open.
relay () {
  peer "$1" "$2" relay "${@:3}"
  expect "$2" used-port -gt 0 10
}

receiver () {
  peer "$1" "$2" receiver "${@:3}"
}

# get NAME KEY   a value of a peer's status; 0 where it has none
get () {
  local value
  value=$(sed -n "s/^$2=//p" "$DIR/$1.status")
  echo "${value:-0}"
}

holds () {
  test "$(get "$1" "$2")" "$3" "$4"
}

# expect NAME KEY OPERATOR VALUE [SECONDS]   as of test(1); waits that long
expect () {
  wait_for "${5:-0}" holds "$1" "$2" "$3" "$4" ||
    fail "$1: $2 is $(get "$1" "$2"), not $3 $4" ${5:+"within $5 s"}
}

# end NAME   in good order
end () {
  kill -TERM "${PEER_PID[$1]}"
  wait "${PEER_PID[$1]}" || fail "$1 ended with status $?"
  unset "PEER_PID[$1]"
  expect "$1" ended = 1
}

# crash NAME   without a word
crash () {
  kill -KILL "${PEER_PID[$1]}"
  wait "${PEER_PID[$1]}" 2>/dev/null || true
  unset "PEER_PID[$1]"
}

# Every received datagram was pushed or is among the dropped ones.
stats_add_up () {
  awk -F= '
    /^packets-received=/ { received = $2 }
    /^packets-pushed=/ { pushed = $2 }
    /^dropped-/ && !/^dropped-control-/ { dropped += $2 }
    END {
      if (received == pushed + dropped && received > 0)
        exit 0
      print received " received, " pushed " pushed, " dropped " dropped"
      exit 1
    }' "$DIR/$1.status" || fail "$1: the statistics do not add up"
}

# Every datagram came once, whole, and of the right channel.
nothing_wrong_but_order () {
  expect "$1" foreign = 0
  expect "$1" damaged = 0
  expect "$1" bad-stamps = 0
  expect "$1" duplicates = 0
  expect "$1" errors = 0
  stats_add_up "$1"
}

# And in order.
nothing_wrong () {
  expect "$1" late = 0
  nothing_wrong_but_order "$1"
}
