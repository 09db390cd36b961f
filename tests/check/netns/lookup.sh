#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Names of relay and source: a name server that never answers delays nothing
# and ends in an error that names the relay; names that resolve are used.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"
two_hosts R G

CHANNEL='group=232.1.1.1 port=5001'
nft_in R 'udp dport 53 drop' 'tcp dport 53 drop'
echo 'nameserver 198.51.100.1' >"$DIR/resolv.conf"
printf '%s\n' '127.0.0.1 localhost' '198.51.100.1 relay.test' \
  '192.0.2.10 sender.test' >"$DIR/hosts"
echo 'hosts: files dns' >"$DIR/nsswitch.conf"
for f in resolv.conf hosts nsswitch.conf; do
  mount --bind "$DIR/$f" "/etc/$f"
done

# It takes as long as it takes to notice, but nobody waits for it.
# shellcheck disable=SC2086
receiver G stopped relay=relay.example source=192.0.2.10 $CHANNEL
expect stopped start-us -lt 100000
expect stopped first-progress-us -gt 0 5
expect stopped first-progress-us -lt 200000
grep -q 'relay.example' "$DIR/stopped.log" || fail "the name is not told"
end stopped
expect stopped stop-us -lt 100000
expect stopped errors = 0
say "stopped in $(get stopped stop-us) us while a look-up hangs"

# The base class adds an error of its own to the element's.
# shellcheck disable=SC2086
receiver G fails relay=relay.example relay-timeout=2000000000 \
  source=192.0.2.10 $CHANNEL
expect fails errors -ge 1 6
# GST_RESOURCE_ERROR_NOT_FOUND is 3.
[[ $(get fails error) = "gst-resource-error-quark 3 "*relay.example* ]] ||
  fail "the error is $(get fails error)"
end fails
say "$(get fails error)"

# The same for the sender's name.
# shellcheck disable=SC2086
receiver G nobody relay=198.51.100.1 relay-timeout=2000000000 \
  stall-timeout=1000000000 source=sender.example $CHANNEL
expect nobody errors -ge 1 6
[[ $(get nobody error) = "gst-resource-error-quark 3 "*sender.example* ]] ||
  fail "the error is $(get nobody error)"
expect nobody message.multicast-stalled = 0
end nobody

# A sender's name with addresses of the other family only.
receiver G family relay=198.51.100.1 relay-timeout=2000000000 \
  source=sender.test group=ff3e::8000:1 port=5001
expect family errors -ge 1 6
[[ $(get family error) = "gst-resource-error-quark 3 "*sender.test*"IP version"* ]] ||
  fail "the error is $(get family error)"
end family

# A relay that has an address but is silent.
nft_in R 'udp dport 2269 drop'
# shellcheck disable=SC2086
receiver G silent relay=relay.test:2269 relay-timeout=2000000000 \
  source=192.0.2.10 $CHANNEL
expect silent errors -ge 1 6
# GST_RESOURCE_ERROR_OPEN_READ is 5.
[[ $(get silent error) = "gst-resource-error-quark 5 "*relay.test:2269* ]] ||
  fail "the error is $(get silent error)"
end silent
say "$(get silent error)"

# shellcheck disable=SC2086
relay R relay source=192.0.2.10 $CHANNEL
# shellcheck disable=SC2086
receiver G named relay=relay.test source=sender.test $CHANNEL
expect named packets -ge 100 10
nothing_wrong named
expect named lost = 0
expect named relay = 198.51.100.1:2268
end named

# A dead name before a good address does not keep the good one from use.
# shellcheck disable=SC2086
receiver G second relay=relay.example,198.51.100.1 source=192.0.2.10 $CHANNEL
expect second packets -ge 100 20
nothing_wrong second
end second
say "with a dead name first: joined after" \
  "$(($(get second join-latency-ns) / 1000000)) ms"
end relay
