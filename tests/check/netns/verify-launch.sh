#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# The launch lines of the documentation of verified streams, as a user types
# them, with all plugins of the system: a picture is decoded at the end of each.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"
# shellcheck source-path=SCRIPTDIR source=verify.sh
. "${MC_NETNS_LIB%/*}/verify.sh"
need openssl gst-launch-1.0 gst-inspect-1.0
need_plugins amtrelaysink amtsrc ambiverify ambisign ambihttpsink

# All of the system's plugins, and nothing of the user's.
unset GST_PLUGIN_SYSTEM_PATH_1_0 G_DEBUG
export GST_PLUGIN_PATH_1_0=$MC_BUILD_DIR/gst
export GST_REGISTRY=$DIR/registry.bin
# libsoup asks for a proxy, and GIO would look for the user's settings.
export GSETTINGS_BACKEND=memory

for element in x264enc mpegtsmux tsdemux h264parse avdec_h264 souphttpsrc \
    curlhttpsrc udpsrc; do
  gst-inspect-1.0 --exists $element || skip "no element $element"
done
say "all plugins are known after $SECONDS s"

cd "$DIR" || exit 1
make_certificate IP:127.0.0.1
ENCODE=(x264enc tune=zerolatency key-int-max=25 ! mpegtsmux alignment=7)
PICTURE=(videotestsrc is-live=true
  ! 'video/x-raw,width=320,height=240,framerate=25/1')
SHOW=(tsdemux ! h264parse ! avdec_h264 ! videoconvert
  ! fakesink num-buffers=25)
URI=https://127.0.0.1:8443/stream.ambi

# shows NAME COMMAND...   ends by itself when it has seen its pictures
shows () {
  local name=$1
  shift
  timeout 15 "$@" >"$DIR/$name.log" 2>&1 || fail "$name: status $?"
  ! grep -E 'ERROR|WARNING|CRITICAL' "$DIR/$name.log" || fail "$name complains"
  say "$name: pictures after $SECONDS s"
}

is_open () {
  [ -n "$(ss -Hltn "sport = :$1")" ]
}

# For filesrc: the manifests are in the file some seconds before the data leaves.
gst-launch-1.0 "${PICTURE[@]}" ! "${ENCODE[@]}" ! ambisign name=sign delay=4000000000 \
  source=127.0.0.1 group=232.1.1.2 port=5001 \
  ! udpsink host=232.1.1.2 port=5001 bind-address=127.0.0.1 bind-port=5001 \
  auto-multicast=false multicast-iface=lo sync=false \
  sign.manifest ! filesink location=stream.ambi buffer-mode=unbuffered async=false \
  >"$DIR/headend-file.log" 2>&1 &
recorded=$!

# A headend, as documented, that also sends natively.
gst-launch-1.0 "${PICTURE[@]}" ! "${ENCODE[@]}" \
  ! ambisign name=sign stream-id=5 source=127.0.0.1 group=232.1.1.1 port=5001 \
  ! tee name=t \
  ! queue ! amtrelaysink source=127.0.0.1 group=232.1.1.1 port=5001 \
  t. ! queue ! udpsink host=232.1.1.1 port=5001 bind-address=127.0.0.1 \
  bind-port=5001 auto-multicast=false multicast-iface=lo sync=false \
  sign.manifest ! ambihttpsink port=8443 certificate=server.pem \
  private-key=server.key >"$DIR/headend.log" 2>&1 &
headend=$!
wait_for 10 is_open 8443 || fail "no server"

recorded_enough () {
  [ "$(stat -c %s stream.ambi)" -ge 9000 ]
}

from_file () {
  wait_for 10 recorded_enough || fail "no manifests in the file"
  shows filesrc gst-launch-1.0 filesrc location=stream.ambi ! verify.manifest_0 \
    udpsrc address=232.1.1.2 port=5001 multicast-iface=lo \
    ! ambiverify name=verify source=127.0.0.1 group=232.1.1.2 port=5001 \
    ! "${SHOW[@]}"
}

others () {
  shows amtsrc gst-launch-1.0 amtsrc relay=127.0.0.1 delivery=tunnel \
    source=127.0.0.1 group=232.1.1.1 port=5001 \
    ! ambiverify manifest-uri=$URI tls-ca-file=ca.pem ! "${SHOW[@]}"

  shows udpsrc gst-launch-1.0 udpsrc address=232.1.1.1 port=5001 \
    multicast-iface=lo ! ambiverify source=127.0.0.1 group=232.1.1.1 port=5001 \
    manifest-uri=$URI tls-ca-file=ca.pem ! "${SHOW[@]}"

  shows curlhttpsrc gst-launch-1.0 curlhttpsrc location=$URI ssl-ca-file=ca.pem \
    ! verify.manifest_0 udpsrc address=232.1.1.1 port=5001 multicast-iface=lo \
    ! ambiverify name=verify source=127.0.0.1 group=232.1.1.1 port=5001 \
    ! "${SHOW[@]}"

  # The authority becomes one that the system trusts.
  mount --bind ca.pem /etc/ssl/certs/ca-certificates.crt
  shows souphttpsrc gst-launch-1.0 souphttpsrc location=$URI \
    ! verify.manifest_0 udpsrc address=232.1.1.1 port=5001 multicast-iface=lo \
    ! ambiverify name=verify manifest_0::stream-id=5 source=127.0.0.1 \
    group=232.1.1.1 port=5001 ! "${SHOW[@]}"
}

in_parallel from_file others

for p in $headend $recorded; do
  kill -INT "$p"
  wait "$p" || fail "a headend ended with status $?"
done
! grep -E 'ERROR|WARNING|CRITICAL' "$DIR"/headend*.log || fail "a headend complains"
