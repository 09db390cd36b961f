#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# What becomes of a verified stream when its manifests fail: nothing passes
# meanwhile, that is told once, and all is well when they are back.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"
# shellcheck source-path=SCRIPTDIR source=verify.sh
. "${MC_NETNS_LIB%/*}/verify.sh"
need openssl nginx
need_plugins amtsrc ambiverify ambisign ambihttpsink

S=198.51.100.1
CHANNEL=("source=$S" group=232.1.1.1 port=5001)
NATIVE=(delivery=native multicast-iface=c0)

# begin NAME   namespaces of its own, and a sender in them
begin () {
  N=$1
  tapped_hosts "S$N" "A$N" "C$N"
  attacker "A$N" "attacker-$N" iface=a1 port=5001 forged=100 altered=100
}

# send NAME [KEY=VALUE...]
send () {
  peer "S$1" "sender-$1" sender rate=500 unlisted-rate=50 "${CHANNEL[@]}" \
    iface=s0 "${SIGNED[@]}" sign.delay=300000000 "${@:2}"
}

receive () {
  receiver "C$1" "$1" "${NATIVE[@]}" "${CHANNEL[@]}" source-port=5001 \
    "${VERIFIED[@]}"
}

# grows NAME   as many more genuine datagrams pass
grows () {
  expect "$1" genuine -ge $(($(get "$1" genuine) + $2)) "$3"
}

# Datagrams come, and none of them passes.
nothing_passes () {
  local passed came
  passed=$(get "$1" genuine)
  came=$(get "$1" in-genuine)
  expect "$1" in-genuine -ge $((came + 300)) 10
  expect "$1" genuine = "$passed"
}

# No more digests are there to be used: of those that came since, none passed.
is_dry () {
  local passed came
  passed=$(get "$1" genuine)
  came=$(get "$1" in-genuine)
  wait_for 5 holds "$1" in-genuine -ge $((came + 100)) || return 1
  [ "$(get "$1" genuine)" = "$passed" ]
}

finish () {
  only_genuine_passed "$1"
  verify_adds_up "$1"
  end "$1"
  only_genuine_passed "$1"
  end "attacker-$1"
}

start_nginx () {
  ip netns exec Sproxy nginx -p "$DIR/nginx" -c nginx.conf -e stderr \
    >>"$DIR/nginx.log" 2>&1 &
  NGINX=$!
}

# nginx before ambihttpsink, as its documentation says.
proxy () {
  begin proxy
  send proxy manifests.address=127.0.0.1 wait-clients=1
  mkdir -p "$DIR/nginx"
  cat >"$DIR/nginx/nginx.conf" <<NGINX
user root;
daemon off;
pid nginx.pid;
error_log stderr;
events { }
http {
  access_log off;
  client_body_temp_path tmp;
  proxy_temp_path tmp;
  fastcgi_temp_path tmp;
  uwsgi_temp_path tmp;
  scgi_temp_path tmp;
  server {
    listen 8443 ssl;
    ssl_certificate $DIR/server.pem;
    ssl_certificate_key $DIR/server.key;
    location = /stream.ambi {
      proxy_pass $(manifest_uri sender-proxy 127.0.0.1);
      proxy_ssl_verify on;
      proxy_ssl_name headend.example;
      proxy_ssl_trusted_certificate $DIR/ca.pem;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_read_timeout 30s;
    }
  }
}
NGINX
  start_nginx
  verified https://$S:8443/stream.ambi
  receive proxy
  expect proxy genuine -ge 500 10
  all_genuine_passed proxy
  expect proxy warnings = 0

  kill $NGINX
  wait $NGINX || true
  wait_for 10 is_dry proxy || fail "proxy: packets pass without manifests"
  nothing_passes proxy
  # Before that, it might be back too soon to be told.
  expect proxy warnings = 1 10
  start_nginx
  grows proxy 500 15
  expect proxy warnings = 1
  finish proxy
  end sender-proxy
  kill $NGINX
  wait $NGINX || true
  say "proxy: back $(get proxy gap-us) us after the last packet"
}

# The sender dies, and its successor has another stream, from number 0 on.
headend () {
  local port
  begin headend
  send headend wait-clients=1
  verified "$(manifest_uri sender-headend $S)"
  port=$(get sender-headend manifests.used-port)
  receive headend
  expect headend genuine -ge 500 10
  all_genuine_passed headend
  crash sender-headend
  send headend manifests.port="$port"
  expect headend epochs = 2 15
  grows headend 500 10
  finish headend
  end sender-headend
  say "headend: back $(get headend gap-us) us after the last packet"
}

# There is no server at all.
nobody () {
  begin nobody
  send nobody
  verified https://$S:1/stream.ambi
  receive nobody
  nothing_passes nobody
  # It tries again, and does not tell again.
  expect nobody in-genuine -ge 1500 10
  expect nobody genuine = 0
  expect nobody packets = 0
  expect nobody warnings = 1
  finish nobody
  end sender-nobody
}

make_certificate "IP:$S" DNS:headend.example
in_parallel proxy headend nobody
