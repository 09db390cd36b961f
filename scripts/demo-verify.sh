#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# The part of demo.sh --verify that runs when everything is built: a headend
# that signs, a relay, an attacker who sends a picture of his own into the
# relay's channel, and a receiver, first without and then with verification.
#
#   headend --UDP--> relay --AMT--> receiver --> ambiverify --> picture
#      |               ^                             ^
#      |        attacker                             |
#      +------------------- HTTPS, manifests --------+
#
#   scripts/demo-verify.sh BUILD-DIRECTORY SECONDS

set -euo pipefail

build=$1
# In less than that nothing is rejected yet.
seconds=$(($2 < 5 ? 5 : $2))
dir=$(mktemp -d)
pids=()

finish () {
  local status=$?
  [ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null || true
  wait || true
  if [ $status != 0 ]; then
    tail -n 5 "$dir"/*.log
    echo "The demonstration failed."
  fi
  rm -rf "$dir"
}
trap finish EXIT

channel=(source=192.0.2.10 group=232.1.1.1 port=5001)
encode=(x264enc tune=zerolatency speed-preset=veryfast bitrate=2000
  key-int-max=25 ! h264parse config-interval=-1 ! mpegtsmux alignment=7)
picture=video/x-raw,format=I420,width=640,height=360,framerate=25/1

# start NAME COMMAND...
start () {
  local name=$1
  shift
  "$@" >"$dir/$name.log" 2>&1 &
  pids+=($!)
}

# A certificate authority of the headend's, and a certificate for this host.
make_certificate () {
  local new=(openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1
    -nodes)
  "${new[@]}" -x509 -keyout "$dir/ca.key" -out "$dir/ca.pem" -days 1 \
    -subj '/CN=Demonstration' -addext basicConstraints=critical,CA:TRUE \
    -addext keyUsage=critical,keyCertSign
  "${new[@]}" -keyout "$dir/server.key" -out "$dir/server.csr" \
    -subj '/CN=Headend'
  openssl x509 -req -in "$dir/server.csr" -CA "$dir/ca.pem" \
    -CAkey "$dir/ca.key" -CAcreateserial -days 1 -out "$dir/server.pem" \
    -extfile <(echo subjectAltName=IP:127.0.0.1)
}

# receive NAME OPTION...   leaves NAME.txt, and the average colour of each
# picture in NAME.rgb
receive () {
  local name=$1
  shift
  "$build/examples/verified-receiver" --ca "$dir/ca.pem" --sink "tee name=t
    t. ! queue ! videoscale method=bilinear ! video/x-raw,width=1,height=1
      ! videoconvert ! video/x-raw,format=RGBx
      ! filesink location=$dir/$name.rgb buffer-mode=unbuffered async=false
    t. ! queue ! videoconvert ! pngenc snapshot=false
      ! multifilesink location=$build/last-frame.png async=false" "$@" \
    'amt://192.0.2.10@232.1.1.1:5001?relay=127.0.0.1&delivery=tunnel' \
    https://127.0.0.1:8443/stream.ambi | tee "$dir/$name.txt" |
    grep -E '^[0-9]+ pictures|ERROR|ambiverify'
}

# The attacker's pictures are red, and there is no red in the headend's.
count_red () {
  od -An -v -tu1 -w4 "$1" | awk '
    $1 > 150 && $2 < 100 && $3 < 100 { red++ }
    END { print red + 0 }'
}

give_up () {
  echo "$*"
  exit 1
}

# last NAME WORD   the number before WORD in the last line of the receiver
last () {
  tail -n 1 "$dir/$1.txt" | grep -o "[0-9]* $2" | grep -o '[0-9]*' || echo 0
}

ip link set lo up 2>/dev/null || true
make_certificate 2>"$dir/openssl.log"

echo "The headend sends a picture, and publishes manifests at" \
  "https://127.0.0.1:8443/stream.ambi."
start headend gst-launch-1.0 videotestsrc is-live=true pattern=ball \
  ! "$picture" ! clockoverlay ! "${encode[@]}" \
  ! ambisign name=sign "${channel[@]}" \
  ! udpsink host=127.0.0.1 port=5004 sync=false \
  sign.manifest ! ambihttpsink address=127.0.0.1 port=8443 \
  certificate="$dir/server.pem" private-key="$dir/server.key"
echo "The relay offers what comes to it as ${channel[*]}."
start relay gst-launch-1.0 udpsrc address=127.0.0.1 port=5004 \
  ! amtrelaysink relay-address=127.0.0.1 "${channel[@]}"
echo "The attacker sends a red picture to the same place."
start attacker gst-launch-1.0 videotestsrc is-live=true pattern=red \
  ! "$picture" ! "${encode[@]}" ! udpsink host=127.0.0.1 port=5004 sync=false

printf '\nA receiver that verifies nothing (mode=monitor):\n'
receive monitor --monitor --seconds 4 || true
echo "$(count_red "$dir/monitor.rgb") pictures were red."

printf '\nA receiver that verifies:\n'
receive enforce --seconds "$seconds"

pictures=$(last enforce pictures)
red=$(count_red "$dir/enforce.rgb")
rejected=$(last enforce rejected)
lost=$(last enforce lost)
echo "$red pictures were red."
echo "Last picture: $build/last-frame.png"

for p in "${pids[@]}"; do
  kill -0 "$p" || give_up "Some program has ended."
done
# It takes up to three seconds until there is a picture, and a busy host does
# not make 25 of them in each.
[ "$pictures" -ge $(((seconds - 3) * 12)) ] || give_up "Too few pictures."
[ "$rejected" -gt 0 ] || give_up "Nothing was rejected."
[ "$lost" = 0 ] || give_up "Packets were lost."
[ "$red" = 0 ] || give_up "A picture of the attacker was shown."
echo "All is well."
