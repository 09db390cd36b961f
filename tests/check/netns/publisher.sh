# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# A publisher for tests of discovery, with real servers: BIND with a signed
# reverse zone, unbound, nginx, relays; . it behind lib.sh.
# shellcheck shell=bash disable=SC2034,SC2004  # for the tests
#
#   P p0 198.51.100.1 (no relay), .7 (silent), .8 .9 (relays)
#   -- C c0 198.51.100.2

export PATH=$PATH:/usr/sbin
for program in named dnssec-signzone unbound nginx openssl gst-launch-1.0; do
  command -v $program >/dev/null ||
    { echo "skipped: $program is missing"; exit 77; }
done
/usr/bin/python3 -c 'import gi; gi.require_version("Gst", "1.0")' 2>/dev/null ||
  { echo "skipped: no GStreamer for Python"; exit 77; }
for plugin in amtsrc ambiverify ambisign ambihttpsink; do
  [ -e "$MC_BUILD_DIR/gst/$plugin/libgst$plugin.so" ] ||
    { echo "skipped: $plugin was not built"; exit 77; }
done
cd "$DIR" || exit

# need_validation   the C library cannot say what is signed
need_validation () {
  "${MC_NETNS_PEER%/*}/netns-resolve" unbound </dev/null ||
    skip "built without libunbound"
}

REVERSE=2.0.192.in-addr.arpa
SOURCE=192.0.2.10
GROUP=232.1.1.1
PORT=5001

new_publisher () {
  local a
  two_hosts P C
  # .7 is nobody, and silent
  for a in 7 8 9; do
    ip -n P addr add 198.51.100.$a/24 dev r0
  done
  nft_in P 'ip daddr 198.51.100.7 drop'
  # Relays that nobody answers for are not a matter of neighbours.
  printf '127.0.0.1 localhost\n%s\n' \
    '198.51.100.1 dorms.example manifests.example wrong.example' >hosts
  printf 'nameserver 198.51.100.1\nsearch example\n' >resolv.conf
  mount --bind hosts /etc/hosts
  mount --bind resolv.conf /etc/resolv.conf
}

new_certificates () {
  local ec='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
  # shellcheck disable=SC2086
  openssl req -x509 $ec -keyout ca.key -out ca.pem -days 30 -subj /CN=CA \
    -addext basicConstraints=critical,CA:TRUE \
    -addext keyUsage=critical,keyCertSign 2>/dev/null
  # shellcheck disable=SC2086
  openssl req $ec -keyout server.key -out server.csr -subj /CN=server \
    2>/dev/null
  echo 'subjectAltName=DNS:dorms.example,DNS:manifests.example' >ext
  openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
    -days 30 -extfile ext -out server.pem 2>/dev/null
  # This host trusts the authority like those of the system.
  mount --bind ca.pem /etc/ssl/certs/ca-certificates.crt
}

# new_zone NAME   records come from stdin
new_zone () {
  {
    echo "\$TTL 60"
    echo "@ SOA ns.example. host.example. 1 3600 600 86400 60"
    echo "@ NS ns.example."
    cat
  } >"$1.zone"
}

sign_zone () {
  local key
  key=$(dnssec-keygen -q -a ECDSAP256SHA256 -f KSK "$1")
  cat "$key.key" >>"$1.zone"
  cat "$key.key" >>anchors
  dnssec-signzone -q -z -P -o "$1" -f "$1.signed" "$1.zone" "$key" >/dev/null
}

# publish RELAYS   writes what is to be served
publish () {
  cat >channels.ini <<E
[server]
host = dorms.example
port = 8443
[channel test]
source = $SOURCE
group = $GROUP
port = $PORT
relay = $1
manifest = https://manifests.example:9443/stream.ambi
stream-id = 7
rate = 12000
E
  "$MC_SOURCE_DIR/tools/multicast-publish.py" channels.ini published
}

# start_dns ZONE...   each NAME.signed or NAME.zone; "example" is always there
start_dns () {
  local zone
  new_zone example <<'Z'
ns A 198.51.100.1
_amt._udp.near PTR A\032relay._amt._udp.near
A\032relay._amt._udp.near SRV 10 0 2268 relay.near
relay.near A 198.51.100.8
Z
  {
    echo 'options { directory "."; listen-on port 5300 { 127.0.0.1; };
      listen-on-v6 { none; }; recursion no; notify no; empty-zones-enable no;
      dnssec-validation no; pid-file none; session-keyfile none;
      lock-file none; };
      controls { };'
    for zone in "$@" example.zone; do
      echo "zone \"${zone%.*}\" { type primary; file \"$zone\"; };"
    done
  } >named.conf
  cat >unbound.conf <<C
server:
  directory: "$DIR"
  interface: 198.51.100.1
  access-control: 198.51.100.0/24 allow
  username: ""
  chroot: ""
  pidfile: ""
  use-syslog: no
  do-not-query-localhost: no
  unblock-lan-zones: yes
  trust-anchor-file: "anchors"
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@5300
forward-zone:
  name: "silent.example"
  forward-addr: 198.51.100.7
forward-zone:
  name: "115.0.203.in-addr.arpa"
  forward-addr: 198.51.100.7
C
  ns_exec P named -g -n 1 -c named.conf >named.log 2>&1 &
  NAMED=$!
  ns_exec P unbound -d -c unbound.conf >unbound.log 2>&1 &
  export GST_MULTICAST_TRUST_ANCHOR=$DIR/anchors
  wait_for 10 dns_is_up || fail "the name servers do not answer"
}

dns_is_up () {
  echo "ns.example. A 1000" | ip netns exec C "${MC_NETNS_PEER%/*}/netns-resolve" \
    default | grep -q '^ok'
}

# start_nginx   server blocks that come on top are read from stdin
start_nginx () {
  {
    cat <<'C'
user root; daemon off; master_process off; pid nginx.pid; error_log stderr;
events { worker_connections 256; }
http {
  log_format connections '$connection $request';
  access_log access.log connections; default_type application/octet-stream; types { }
  client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;
  uwsgi_temp_path tmp; scgi_temp_path tmp;
  ssl_certificate server.pem; ssl_certificate_key server.key;
  server { listen 198.51.100.1:8443 ssl http2; root published/www;
    include published/nginx.conf; }
C
    cat
    echo '}'
  } >nginx.conf
  ns_exec P nginx -p "$DIR" -c nginx.conf -e stderr >nginx.log 2>&1 &
  wait_for 10 test -e nginx.pid || fail "nginx did not start"
}

# start_sender NAME RELAY-ADDRESS [MANIFEST-PORT [SOURCE...]]   packets, signed;
# those of other sources are the same
start_sender () {
  local manifests=(fakesink) others=() source
  for source in "${@:4}"; do
    others+=(t. ! queue ! amtrelaysink source="$source" group="$GROUP"
      port="$PORT" relay-address="$2")
  done
  [ -z "${3:-}" ] || manifests=(ambihttpsink certificate="$DIR/server.pem"
    private-key="$DIR/server.key" address=198.51.100.1 port="$3")
  ns_exec P gst-launch-1.0 fakesrc is-live=true sync=true format=time \
    datarate=526400 sizetype=fixed sizemax=1316 filltype=random ! \
    ambisign name=s source=$SOURCE group=$GROUP port=$PORT stream-id=7 ! \
    tee name=t ! queue ! amtrelaysink source=$SOURCE group=$GROUP port=$PORT relay-address="$2" \
    "${others[@]}" s.manifest ! "${manifests[@]}" >"$1.log" 2>&1 &
  PEER_PID[$1]=$!
}

# play NAME PIPELINE...   see play-and-tell.py
play () {
  local name=$1
  shift
  rm -f "$DIR/$name.status"
  ns_exec C /usr/bin/python3 "${MC_NETNS_LIB%/*}/play-and-tell.py" \
    "$DIR/$name.status" "$*" >"$name.log" 2>&1 &
  PEER_PID[$name]=$!
  wait_for 20 test -e "$DIR/$name.status" || fail "$name did not start"
}
