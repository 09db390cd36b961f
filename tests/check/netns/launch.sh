#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# The launch lines of the documentation, as a user types them, with all
# plugins of the system: a picture is decoded at the end of each.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"

# All of the system's plugins, and nothing of the user's.
unset GST_PLUGIN_SYSTEM_PATH_1_0 G_DEBUG
export GST_PLUGIN_PATH_1_0=$MC_BUILD_DIR/gst
export GST_REGISTRY=$DIR/registry.bin

for program in gst-launch-1.0 gst-play-1.0 gst-inspect-1.0; do
  command -v $program >/dev/null || { echo "skipped: no $program"; exit 77; }
done
for element in x264enc mpegtsmux tsdemux h264parse avdec_h264; do
  gst-inspect-1.0 --exists $element ||
    { echo "skipped: no element $element"; exit 77; }
done
say "all plugins are known after $SECONDS s"

gst-launch-1.0 videotestsrc is-live=true ! \
  video/x-raw,width=320,height=240,framerate=25/1 ! \
  x264enc tune=zerolatency key-int-max=25 ! mpegtsmux alignment=7 ! \
  amtrelaysink source=192.0.2.10 group=232.1.1.1 port=5001 \
  >"$DIR/relay.log" 2>&1 &
relay=$!

# shows NAME COMMAND...   ends by itself when it has seen its pictures
shows () {
  local name=$1
  shift
  timeout 15 "$@" >"$DIR/$name.log" 2>&1 || fail "$name: status $?"
  ! grep -E 'ERROR|WARNING|CRITICAL' "$DIR/$name.log" || fail "$name complains"
  say "$name: pictures"
}

shows launch gst-launch-1.0 amtsrc relay=127.0.0.1 source=192.0.2.10 \
  group=232.1.1.1 port=5001 ! tsdemux ! h264parse ! avdec_h264 ! \
  videoconvert ! fakesink num-buffers=25

# The port is not given: it is learnt.
shows learnt gst-launch-1.0 amtsrc relay=127.0.0.1 source=192.0.2.10 \
  group=232.1.1.1 ! tsdemux ! h264parse ! avdec_h264 ! \
  videoconvert ! fakesink num-buffers=25

shows uridecodebin gst-launch-1.0 uridecodebin \
  uri='amt://192.0.2.10@232.1.1.1:5001?relay=127.0.0.1' ! \
  videoconvert ! fakesink num-buffers=25

shows play gst-play-1.0 --no-interactive --videosink='fakesink num-buffers=25' \
  'amt://192.0.2.10@232.1.1.1:5001?relay=127.0.0.1'

kill -0 $relay || fail "the relay has ended"
kill -INT $relay
wait $relay || fail "the relay ended with status $?"
! grep -E 'ERROR|WARNING|CRITICAL' "$DIR/relay.log" || fail "the relay complains"
