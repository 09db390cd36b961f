#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# What amtrelaysink and multiudpsink take to send one stream to many gateways.
# To be run by tests/check/netns/in-namespace and in-two-namespaces.sh:
#
#   fanout.sh PROGRAMS RESULT [GATEWAYS:LIST:GRO:LIMIT...]
#
# PROGRAMS is where bench-fanout and bench-gateways are; the file RESULT gets a
# line of JSON for each measurement.  LIST buffers are pushed at once; with GRO 1
# the gateways take aggregates as amtsrc does.  RUNS in the environment is how
# often each sink takes its turn (5).  Fails when amtrelaysink takes more than
# LIMIT percent of what multiudpsink takes (0: no limit).

set -euo pipefail

programs=$1
result=$2
shift 2
# An access unit of some Mbit/s is about 16 datagrams.
[ $# -gt 0 ] || set -- 1:16:0:0 10:16:0:0 100:16:0:50 1000:16:0:0 \
  1:1:0:0 100:1:0:0 100:4:0:0 100:48:0:0 100:16:1:50

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkfifo "$scratch/gateways"
: >"$result"

# A hundred gateways have an address of their own.
ip -n R route add local 10.9.1.0/24 dev lo
ip -n S route add 10.9.1.0/24 via 10.9.0.2

one () { # GATEWAYS LIST GRO LIMIT
  local relay gateways port status=0 line

  ip netns exec S "$programs/bench-fanout" gateways="$1" list="$2" \
    limit="$4" runs="${RUNS:-5}" >"$scratch/fanout" &
  relay=$!
  until port=$(sed -n 's/^relay-port=//p' "$scratch/fanout") &&
    [ -n "$port" ]; do
    kill -0 "$relay" 2>/dev/null || return 1
    sleep 0.01
  done
  ip netns exec R "$programs/bench-gateways" relay=10.9.0.1 port="$port" \
    from=10.9.1.1 count="$1" gro="$3" <"$scratch/gateways" \
    >"$scratch/received" &
  gateways=$!
  exec 3>"$scratch/gateways"
  wait "$relay" || status=$?
  exec 3>&-
  wait "$gateways" || status=$?
  line=$(grep '^{' "$scratch/fanout") || return 1
  line="${line%\}}, \"gro\": $3, $(sed 's/^{//' "$scratch/received")"
  echo "$line" | tee -a "$result"
  return "$status"
}

failed=0
for what in "$@"; do
  IFS=: read -r count list gro limit <<<"$what"
  one "$count" "$list" "$gro" "$limit" || failed=1
done
exit "$failed"
