#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# The lines of README.md that play a channel, as written there but for the
# addresses, and the other elements and programs that people put behind a
# source, behind a multicast router: a picture is decoded at the end of each.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MC_NETNS_LIB"
# shellcheck source-path=SCRIPTDIR source=router.sh
. "${MC_NETNS_LIB%/*}/router.sh"

# All of the system's plugins, and nothing of the user's.
unset GST_PLUGIN_SYSTEM_PATH_1_0 G_DEBUG
export GST_PLUGIN_PATH_1_0=$MC_BUILD_DIR/gst
export GST_REGISTRY=$DIR/registry.bin
# A player that is not told where to show takes the best; one of the system's
# crashes where there is no screen.
RANKS=fakevideosink:MAX,fakeaudiosink:MAX
for sink in dfbvideosink waylandsink gtkwaylandsink; do
  RANKS+=,$sink:NONE
done
# Not some other interpreter that happens to come first.
PYTHON=/usr/bin/python3

need gst-launch-1.0 gst-play-1.0 gst-inspect-1.0 gst-discoverer-1.0
$PYTHON -c 'import gi' 2>/dev/null || skip "no PyGObject"
need_native
for element in x264enc mpegtsmux tsdemux h264parse avdec_h264 rtpmp2tpay \
  rtpjitterbuffer playbin3 uridecodebin3; do
  gst-inspect-1.0 --exists $element || skip "no element $element"
done
say "all plugins are known after $SECONDS s"

S4=198.51.100.2
S6=2001:db8:1::2
G4=232.1.1.1
G6=ff3e::8000:1
RELAY=203.0.113.1
TS=5001
RTP=5003
RTP_CAPS='application/x-rtp,media=video,clock-rate=90000,encoding-name=MP2T,payload=33'

topology S R C
mdb_router R
# A router may drop packets while it makes a route for the first member; here
# there is always one, at another port of the switch.
new_namespace D
new_link R r3 D d0
bridge_port R r3
new_address D d0 203.0.113.9 2001:db8:2::9
ip -n D route add default via 203.0.113.1
ip -n D -6 route add default via 2001:db8:2::1
for port in $TS $RTP; do
  launch D "resident-$port" "ssmsrc source=$S4 group=$G4 port=$port !
    fakesink async=false sync=false"
done
launch D "resident6" "ssmsrc source=$S6 group=$G6 port=$TS !
  fakesink async=false sync=false"

# One picture for all: natively to both families, as such and in RTP.
ip netns exec S gst-launch-1.0 -q videotestsrc is-live=true ! \
  video/x-raw,width=320,height=240,framerate=25/1 ! \
  x264enc tune=zerolatency key-int-max=10 ! mpegtsmux alignment=7 ! tee name=t \
  t. ! queue ! udpsink host=$G4 port=$TS ttl-mc=8 bind-address=$S4 sync=false \
  t. ! queue ! udpsink host=$G6 port=$TS ttl-mc=8 bind-address=$S6 sync=false \
  t. ! queue ! rtpmp2tpay ! \
  udpsink host=$G4 port=$RTP ttl-mc=8 bind-address=$S4 sync=false \
  >"$DIR/sender.log" 2>&1 &
sender=$!

# shows NAME COMMAND...   ends by itself when it has seen its pictures
shows () {
  local name=$1 begin
  shift
  begin=$(now_us)
  ip netns exec C timeout 15 "$@" >"$DIR/$name.log" 2>&1 ||
    fail "$name: status $?"
  complains "$name"
  say "$name: pictures, after $((($(now_us) - begin) / 1000)) ms"
}

complains () {
  ! grep -E 'ERROR|WARNING|CRITICAL|^Missing' "$DIR/$1.log" ||
    fail "$1 complains"
}

# Where a sink is named, it is one that has seen enough after some pictures; a
# window there is none.
FAKE='fakesink num-buffers=25'

# readme PATTERN   the indented command in README.md that begins so, in one line
readme () {
  awk -v begin="    $1" '
    index ($0, begin) == 1 { found = 1 }
    found {
      sub (/^ +/, "")
      more = sub (/\\$/, "")
      printf "%s", $0
      if (!more) { ok = 1; exit }
    }
    END { exit !ok }' "$MC_SOURCE_DIR/README.md" ||
    fail "README.md has no line \"$1\""
}

# as_written NAME PATTERN   runs it
as_written () {
  local line
  line=$(adapted "$2")
  shows "$1" bash -c "$line"
}

# adapted PATTERN   with the addresses and sinks that there are here
adapted () {
  local line
  line=$(readme "$1")
  line=${line//192.0.2.10/$S4}
  line=${line//amt-relay.example.net/$RELAY}
  line=${line//autovideosink/$FAKE}
  line=${line/gst-play-1.0/gst-play-1.0 --no-interactive --videosink=\'$FAKE\'}
  echo "$line"
}

line=$(adapted 'gst-launch-1.0 ssmsrc uri=ssm://192.0.2.10@232.1.1.1:5001')
# shellcheck disable=SC2086  # an option and plain words
ip netns exec R $line >"$DIR/relay.log" 2>&1 &
relay=$!

readme_lines () {
  as_written native "gst-play-1.0 'ssm://192.0.2.10@232.1.1.1:5001'"
  as_written automatic \
    "gst-play-1.0 'amt://192.0.2.10@232.1.1.1:5001?relay=amt-relay.example.net'"
  as_written tunnel "gst-play-1.0 'amt://192.0.2.10@232.1.1.1:5001?relay=amt-relay.example.net&delivery=tunnel'"
  as_written launch 'gst-launch-1.0 ssmsrc source=192.0.2.10 group=232.1.1.1 port=5001'
  as_written rtp 'gst-launch-1.0 ssmsrc source=192.0.2.10 group=232.1.1.1 port=5003'
  as_written rtp-uri "gst-play-1.0 'ssm://192.0.2.10@232.1.1.1:5003?caps="
}

# The other ways people have, and IPv6.
DECODE='h264parse ! avdec_h264 ! videoconvert ! fakesink num-buffers=25'
SSM="ssm://$S4@$G4:$TS"
SSM6="ssm://[$S6]@[$G6]:$TS"
AMT="amt://$S4@$G4:$TS?relay=$RELAY"

# shellcheck disable=SC2086
others () {
  shows tsdemux gst-launch-1.0 amtsrc uri="$AMT" ! tsdemux ! $DECODE
  shows tsparse gst-launch-1.0 ssmsrc uri="$SSM6" ! \
    tsparse set-timestamps=true ! tsdemux ! $DECODE
  shows rtp-amt gst-launch-1.0 amtsrc source=$S4 group=$G4 port=$RTP \
    relay=$RELAY ! $RTP_CAPS ! rtpjitterbuffer ! rtpmp2tdepay ! tsdemux ! $DECODE
  shows uridecodebin gst-launch-1.0 uridecodebin uri="$SSM" ! videoconvert ! $FAKE
  shows uridecodebin3 gst-launch-1.0 uridecodebin3 uri="$SSM" ! videoconvert ! $FAKE
  shows uridecodebin3-amt gst-launch-1.0 uridecodebin3 uri="$AMT" ! \
    videoconvert ! $FAKE
  shows playbin gst-launch-1.0 playbin uri="$SSM6" video-sink="$FAKE"
  shows playbin3 gst-launch-1.0 playbin3 uri="$SSM6" video-sink="$FAKE"
  shows playbin3-amt gst-launch-1.0 playbin3 uri="$AMT" video-sink="$FAKE"
}

# discovers NAME URI
discovers () {
  shows "discover-$1" gst-discoverer-1.0 -t 10 "$2"
  grep -qi 'h.264' "$DIR/discover-$1.log" ||
    fail "gst-discoverer-1.0 sees no H.264 in $2"
}

# example NAME COMMAND...   ends after its seconds
example () {
  local name=$1
  shift
  shows "$name" env GST_PLUGIN_FEATURE_RANK="$RANKS" "$@" "$AMT" 4
  grep -q '^native: [1-9][0-9]* packets' "$DIR/$name.log" ||
    fail "$name prints no statistics"
  grep -q '^multicast-join' "$DIR/$name.log" || fail "$name prints no messages"
}

programs () {
  discovers ssm "$SSM"
  discovers ssm6 "$SSM6"
  discovers amt "$AMT"
  example play-channel "$MC_BUILD_DIR/examples/play-channel"
  example play-channel.py "$PYTHON" "$MC_SOURCE_DIR/examples/play-channel.py"
}

in_parallel readme_lines others programs

for p in $sender $relay; do
  kill -0 "$p" || fail "a sender has ended"
  kill -INT "$p"
  wait "$p" || fail "a sender ended with status $?"
done
complains sender
complains relay
