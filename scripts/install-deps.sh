#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Installs what is missing of the Debian packages that are needed.
#
#   scripts/install-deps.sh build   to build and install the plugins
#   scripts/install-deps.sh demo    and to run scripts/demo.sh
#   scripts/install-deps.sh tests   and to run scripts/test.sh (the default)

set -euo pipefail

build=(
  gcc libc6-dev meson ninja-build pkg-config
  libglib2.0-dev libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
  libssl-dev
  libunbound-dev dns-root-data  # names, validated from the root's key
  libmicrohttpd-dev libgnutls28-dev       # ambihttpsink
  libcurl4-openssl-dev                    # manifests from URIs
  libjson-glib-dev                        # metadata of channels
  ca-certificates glib-networking         # TLS of libcurl and of GIO
)

demo=(
  "${build[@]}"
  gstreamer1.0-tools gstreamer1.0-plugins-base-apps
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good
  gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav
  openssl iproute2 util-linux   # for demo.sh --verify
  gstreamer1.0-x                # clockoverlay and timeoverlay
)

tests=(
  "${demo[@]}"
  binutils git
  clang libclang-rt-dev llvm
  indent shellcheck gcovr valgrind
  python3 python3-gi gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0
  iproute2 nftables conntrack ethtool procps util-linux
  tshark socat
  bind9 bind9-utils unbound     # name servers; never as services
  nginx-light                   # servers of manifests and metadata; never as services
  frr smcroute                  # multicast routers; never as services
)

case ${1:-tests} in
  build) wanted=("${build[@]}") ;;
  demo) wanted=("${demo[@]}") ;;
  tests) wanted=("${tests[@]}") ;;
  *)
    echo "usage: $0 [build|demo|tests]" >&2
    exit 2
    ;;
esac

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo "install-deps: this is no Debian; please install what corresponds to:" >&2
  printf '  %s\n' "${wanted[@]}" >&2
  exit 1
fi

# Names of what is installed, one a line; some are provided by another package
# (pkg-config by pkgconf).
installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Provides}\n' |
  awk '$1 == "ii" { gsub (/[,()]/, " "); for (i = 2; i <= NF; i++) print $i }')

missing=()
for package in "${wanted[@]}"; do
  grep -qxF -- "$package" <<< "$installed" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi
echo "install-deps: missing: ${missing[*]}"

as_root=()
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "install-deps: not root and no sudo; as root, run:" >&2
    echo "  apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

run_apt () {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true \
    apt-get -q -o Dpkg::Options::=--force-confold \
    -o DPkg::Lock::Timeout=300 "$@"
}

# A package that brings a daemon must not start it: where nobody has set a
# policy, ours says no as long as this script runs.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi

# tshark's package asks whether users may capture; the tests capture in
# namespaces of their own and do not need it.
if command -v debconf-set-selections >/dev/null; then
  echo 'wireshark-common wireshark-common/install-setuid boolean false' |
    "${as_root[@]}" debconf-set-selections
fi

run_apt update
run_apt install -y --no-install-recommends "${missing[@]}"
