#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Receivers that join a verified stream while it flows and is attacked: what comes
# before their first manifest waits for it, so that they lose nothing.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"
# shellcheck source-path=SCRIPTDIR source=verify.sh
. "${MC_NETNS_LIB%/*}/verify.sh"
need openssl
need_plugins amtrelaysink amtsrc ambiverify ambisign ambihttpsink

S=198.51.100.1
CHANNEL=(source=192.0.2.10 group=232.1.1.1 port=5001)
JOINERS=(one two three four)

tapped_hosts S A C
make_certificate "IP:$S"
relay S sender rate=1000 unlisted-rate=100 "${CHANNEL[@]}" "${SIGNED[@]}"
verified "$(manifest_uri sender $S)"
# However long it takes a busy host to connect.
VERIFIED+=(verify.data-hold-time=10000000000)
# No replays: of what was sent before the join, a receiver may not know anything.
attacker A attacker iface=a1 port=5001 forged=200 altered=200

# join NAME   begins where the stream is, and goes on for a second
join () {
  receiver C "$1" relay=$S "${CHANNEL[@]}" source-port=5001 "${VERIFIED[@]}"
  expect "$1" genuine -ge 1000 10
  all_genuine_passed "$1"
  only_genuine_passed "$1"
  expect "$1" first = "$(get "$1" in-first)"
  expect "$1" missing -le "$(get "$1" kernel-dropped)"
  expect "$1" in-forged -gt 0
  expect "$1" in-altered -gt 0
  expect "$1" in-unlisted -gt 0
  expect "$1" warnings = 0
  say "$1: joined at $(get "$1" first)," \
    "$(get "$1" genuine) genuine passed, lead at least" \
    "$(($(get "$1" verify.lead-min-ns) / 1000000)) ms"
  end "$1"
  only_genuine_passed "$1"
}

# It flows.
expect sender packets-in -ge 100 10
before=0
for j in "${JOINERS[@]}"; do
  join "$j"
  [ "$(get "$j" first)" -gt "$before" ] || fail "$j: did not join later"
  before=$(get "$j" first)
done
end attacker
end sender
