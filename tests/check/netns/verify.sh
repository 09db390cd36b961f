# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# What the tests of verified streams share: . "${MC_NETNS_LIB%/*}/verify.sh"
# after lib.sh.
# shellcheck shell=bash

# need_plugins NAME...   of this build
need_plugins () {
  local p
  for p in "$@"; do
    [ -e "$MC_BUILD_DIR/gst/$p/libgst$p.so" ] || skip "no $p was built"
  done
}

# What only sender and judge know.
SECRET=$((RANDOM * 32768 + RANDOM + 1))

# A certificate authority, and a server certificate by it for the names given.
#   make_certificate NAME...   as in subjectAltName: DNS:..., IP:...
# ca.pem, server.pem and server.key in $DIR
make_certificate () {
  local names
  names=$(IFS=,; echo "$*")
  {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
      -keyout "$DIR/ca.key" -out "$DIR/ca.pem" -days 2 -subj '/CN=Test CA' \
      -addext basicConstraints=critical,CA:TRUE \
      -addext keyUsage=critical,keyCertSign
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
      -keyout "$DIR/server.key" -out "$DIR/server.csr" -subj '/CN=Test'
    openssl x509 -req -in "$DIR/server.csr" -CA "$DIR/ca.pem" \
      -CAkey "$DIR/ca.key" -CAcreateserial -days 2 \
      -extfile <(echo "subjectAltName=$names") -out "$DIR/server.pem"
  } 2>"$DIR/openssl.log" || fail "openssl"
}

# shellcheck disable=SC2034  # it is for who reads this file
# For a sender: its manifests are served at any free port.
SIGNED=("secret=$SECRET" manifests.port=0 "manifests.certificate=$DIR/server.pem"
  "manifests.private-key=$DIR/server.key")

# manifest_uri NAME ADDRESS   of a sender
manifest_uri () {
  expect "$1" manifests.used-port -gt 0 10
  echo "https://$2:$(get "$1" manifests.used-port)/stream.ambi"
}

# verified URI   for a receiver
# shellcheck disable=SC2034
verified () {
  VERIFIED=("secret=$SECRET" "verify.manifest-uri=$1"
    "verify.tls-ca-file=$DIR/ca.pem")
}

# --- verdicts ---

# Nothing but what the sender made has passed, once.
only_genuine_passed () {
  expect "$1" forged = 0
  expect "$1" altered = 0
  expect "$1" replayed = 0
  expect "$1" unlisted = 0
  expect "$1" errors = 0
}

# is_drained NAME   what was sent before has been read
is_drained () {
  local before
  before=$(get "$1" packets-received)
  sleep 0.3
  [ "$(get "$1" packets-received)" = "$before" ]
}

# All that came to ambiverify and was genuine has passed.
all_genuine_passed () {
  wait_for "${2:-5}" passed_is_what_came "$1" ||
    fail "$1: $(get "$1" in-genuine) genuine datagrams came, and" \
      "$(get "$1" genuine) passed"
}

passed_is_what_came () {
  [ "$(get "$1" genuine)" = "$(get "$1" in-genuine)" ]
}

# came_all NAME COUNT   what did not come, the kernel has dropped for lack of room
came_all () {
  local came dropped
  came=$(get "$1" in-genuine)
  dropped=$(get "$1" kernel-dropped)
  [ $((came + dropped)) -ge "$2" ] ||
    fail "$1: $came of $2 came, and the kernel dropped only $dropped"
  [ "$came" = "$2" ] ||
    say "$1: the receive buffer overflowed, $(($2 - came)) did not come"
}

# Every packet that came to ambiverify was verified, rejected or is held.
verify_adds_up () {
  awk -F= '
    /^verify\.packets-received=/ { received = $2 }
    /^verify\.packets-(verified|held)=/ { sum += $2 }
    /^verify\.packets-rejected-/ { sum += $2 }
    END {
      if (received == sum && received > 0)
        exit 0
      print received " received, " sum " accounted for"
      exit 1
    }' "$DIR/$1.status" || fail "$1: the statistics do not add up"
}

# table NAME   what came and what passed
table () {
  local class
  say "$1: $(printf '%-10s %10s %10s' '' came passed)"
  for class in genuine replayed unlisted forged altered; do
    say "$1: $(printf '%-10s %10s %10s' $class "$(get "$1" in-$class)" \
      "$(get "$1" $class)")"
  done
}
