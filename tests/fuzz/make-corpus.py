#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Makes the seeds of the wire parsers' and of some other fuzz targets from the
# vectors.  Run it after the vectors changed and commit what it wrote; files
# that are not from it (crashes that were found) stay.

import json
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parent / "vectors"

MORE, V6, WAIT, SPOIL, EXPIRE, CLEAR, ODD = 1, 2, 4, 8, 16, 32, 64


def inner(vector):
    """The encapsulated datagram of a Query, Update or Data message."""
    data = bytes.fromhex(vector["amt_hex"])
    if len(data) < 2 or data[0] not in (4, 5, 6):
        return b""
    if data[0] == 6:
        return data[2:]
    return data[12:-18] if data[0] == 4 and data[1] & 1 else data[12:]


def membership(vector, version):
    data = inner(vector)
    is_data = vector["amt_hex"].startswith("06")
    return data if data and data[0] >> 4 == version and not is_data else b""


def ipv6_chains():
    addresses = bytes.fromhex("20010db8000000000000000000000010"
                              "ff3e0000000000000000000080000001")
    udp = bytes.fromhex("9c40138c000a0000ffff")
    option = bytes.fromhex("00010400000000")
    for n in (1, 3, 8, 9):
        chain = (bytes([60]) + option) * (n - 1) + bytes([17]) + option + udp
        yield f"chain-{n}", (struct.pack(">IHBB", 6 << 28, len(chain), 60, 1)
                             + addresses + chain)
    atomic = bytes([17, 0, 0, 0, 1, 2, 3, 4]) + udp
    yield "atomic", (struct.pack(">IHBB", 6 << 28, len(atomic), 44, 1)
                     + addresses + atomic)


def steps(limits, *fragments):
    return bytes([limits]) + b"".join(
        struct.pack(">BBHB", *fragment) for fragment in fragments)


def reassembly():
    limits = 40 << 2 | 3
    yield "in-order", steps(limits, (MORE, 0, 0, 2), (MORE, 0, 2, 2),
                            (ODD, 0, 4, 1))
    yield "reverse-v6", steps(limits, (V6, 0, 4, 2), (V6 | MORE, 0, 2, 2),
                              (V6 | MORE, 0, 0, 2))
    yield "duplicate", steps(limits, (MORE, 0, 0, 2), (MORE, 0, 0, 2),
                             (0, 0, 2, 2))
    yield "changed", steps(limits, (MORE, 0, 0, 2), (MORE | SPOIL, 0, 0, 2))
    yield "overlap", steps(limits, (MORE, 0, 0, 2), (MORE, 0, 1, 2))
    yield "evicted", steps(1 << 2 | 1, (MORE, 0, 0, 2), (MORE, 1, 0, 2),
                           (0, 1, 2, 2))
    yield "bytes", steps(2 << 2 | 3, (MORE, 0, 0, 255), (MORE, 1, 0, 255),
                         (MORE, 2, 300, 255))
    yield "timeout", steps(limits, (MORE, 0, 0, 2), *[(WAIT | EXPIRE | MORE, 1,
                           2 * n, 2) for n in range(5)], (0, 0, 2, 2))
    yield "death", steps(limits, (MORE, 0, 0, 185), (0, 0, 8191, 185))
    yield "clear", steps(limits, (MORE, 0, 0, 2), (CLEAR, 0, 2, 2))
    yield "none", steps(0, (MORE, 0, 0, 2))


def follow():
    (time, due, connected, progress, ended, packets, refresh, leave,
     disconnect) = range(9)

    def script(n_uris, *steps):
        return bytes([n_uris - 1]) + b"".join(
            bytes(step if isinstance(step, tuple) else (step, 0))
            for step in steps)

    second, minute = 10 << 3, 16 << 3
    yield "waits", script(1, *[ended, due] * 9)
    yield "round", script(3, *[ended] * 3, due, *[ended] * 3, due)
    yield "no-answer", script(2, due, due, due)
    yield "healthy", script(1, ended, due, connected, progress,
                            (time, minute), progress, ended, due)
    yield "retry-after", script(2, (ended, minute), (ended, minute), due, due)
    yield "stalled", script(2, connected, *[(packets, second)] * 12, due)
    yield "pause", script(1, connected, progress, packets, due, time)
    yield "transition", script(2, connected, progress, refresh,
                               (connected, 1), (progress, 1), leave,
                               (refresh, 1))
    yield "no-other", script(2, connected, refresh, (ended, 1), (ended, 1),
                             refresh, (time, minute), refresh)
    yield "old-ends", script(2, connected, refresh, ended, (ended, 1),
                             (ended, 1), due)
    yield "new-ends", script(1, connected, refresh, (connected, 1),
                             (ended, 1), leave, due)
    yield "useless", script(1, connected, disconnect, due)
    yield "nobody", script(1, (connected, 3), (progress, 3), (ended, 3),
                           (refresh, 3), (leave, 3), (disconnect, 3))


# Those that differ by more than numbers.
MANIFESTS = ("m01", "m03", "m04", "m07", "m09", "m11", "m12", "m13", "m15",
             "m16", "x01", "x02", "x04", "x07", "x11", "x13")


def manifests(vectors):
    algorithms = ("sha-256", "sha-384", "sha-512")
    for i, v in enumerate(vectors["manifests"]):
        if v["name"].startswith(MANIFESTS):
            head = algorithms.index(v["hash-algorithm"])
            if v["expected-stream-id"] != 1:
                head |= 8
            # by single octets, or in pieces
            yield v["name"], (bytes([head, i if i % 2 else 0])
                              + bytes.fromhex(v["data-hex"]))


PACKET, TIME, FLUSH, END, LEAVE = 0, 1, 2, 3, 4


def calls(algorithm, packets, latency, keep_alive, wrap, *steps_):
    return bytes([algorithm, packets, latency, keep_alive, wrap]) + b"".join(
        bytes(step) for step in steps_)


def signing():
    yield "full", calls(3, 3, 2, 20, 0x21, *[(PACKET, 1, n) for n in range(7)])
    yield "latency", calls(3, 31, 2, 20, 0, (PACKET, 1, 9), (TIME, 1, 0),
                           (TIME, 1, 0), (TIME, 20, 0), (TIME, 255, 0))
    yield "at-once", calls(6, 2, 0, 0, 0x11, (PACKET, 0, 1), (PACKET, 1, 0))
    yield "flush", calls(8, 9, 9, 9, 0, (FLUSH, 0, 0), (PACKET, 0, 255),
                         (FLUSH, 1, 0), (FLUSH, 0, 0))
    yield "not-taken", calls(5, 2, 1, 1, 0, *[(PACKET | LEAVE, 1, n)
                             for n in range(4)], (TIME, 0, 0), (PACKET, 0, 1))
    yield "end", calls(4, 1, 1, 20, 0, (END, 0, 6), *[(PACKET, 11, n)
                       for n in range(7)], (END, 0, 255), (PACKET, 0, 1))
    yield "no-packets", calls(2, 0, 1, 1, 0)
    yield "no-algorithm", calls(7, 1, 1, 1, 0)


# The calls of fuzz-ambi-verify.c.
(PACKET_IN, PACKETS_IN, DIGEST_IN, DIGESTS_IN, MANIFEST_IN, OCTETS_IN,
 DATAGRAM_IN, PASS_TIME, CONNECT, DISCONNECT, END_STREAM, RESET, SETTINGS,
 JUMP, MANIFESTS_IN, OVERFLOW) = range(16)


def play(mode, room, digests, wrap, *steps_):
    return bytes([mode, room, digests, wrap]) + b"".join(
        bytes(step).ljust(4, b"\0") if len(step) < 4 else bytes(step)
        for step in steps_)


def verifying():
    both = (CONNECT, 0, 1), (CONNECT, 1, 2), (MANIFEST_IN, 0, 8), (
        MANIFEST_IN, 1, 8)
    wait = [(PASS_TIME, 4)] * 4
    for mode in range(4):
        held = 0x20 | mode
        yield f"digests-first-{mode}", play(
            held, 0x2f, 99, 3, *both, (DIGESTS_IN, 0, 0, 0),
            (PACKETS_IN, 0, 9), *wait, (PASS_TIME, 3, 2))
        yield f"packets-first-{mode}", play(
            held, 0x2f, 99, 3, (PACKETS_IN, 0, 9), *both,
            (MANIFEST_IN, 0, 7, 0), (MANIFEST_IN, 1, 0x87, 3), *wait)
        yield f"transition-{mode}", play(
            held, 0x2f, 99, 3, *both, (DIGESTS_IN, 0, 0, 0),
            (PACKETS_IN, 0, 4), (MANIFEST_IN, 0, 0x79, 8), *wait,
            (DIGESTS_IN, 1, 90, 0), (PACKETS_IN, 0, 8), (DISCONNECT, 0),
            (PASS_TIME, 2, 50), (CONNECT, 0, 1), (MANIFEST_IN, 0, 7, 0),
            (PACKETS_IN, 0, 8), (PASS_TIME, 3, 20))
        yield f"gap-{mode}", play(
            held, 0x43, 99, 3, *both[::2], (DIGESTS_IN, 0, 0, 0),
            (PACKET_IN, 0), (PACKETS_IN, 2, 3), (SETTINGS, 40, 20), *wait,
            (PACKETS_IN, 1, 12), (RESET,), (PACKETS_IN, 0, 20))
        yield f"full-{mode}", play(
            held, 0x21, 5, 3, *both[::2], (OVERFLOW, 0, 90),
            *[(PACKETS_IN, 0, 31), (PASS_TIME, 1, 100)] * 12,
            (DIGESTS_IN, 0, 100, 0), (PACKETS_IN, 0, 31))
    yield "stale", play(0, 0x2f, 99, 0, (CONNECT, 0, 7), (MANIFEST_IN, 0, 15),
                        (JUMP, 1), (DIGEST_IN, 0, 0, 1), (JUMP, 255),
                        *[(DIGEST_IN, 0, 0, 2), (PASS_TIME, 2, 3)] * 3,
                        (DIGESTS_IN, 0, 0, 3), (PACKETS_IN, 0, 31))
    yield "lost", play(0x80, 0x2f, 99, 0, (CONNECT, 0, 1), (MANIFEST_IN, 0, 8),
                       *[step for n in range(0, 80, 8) for step in (
                           (DIGESTS_IN, 0, n, n), (PACKETS_IN, n, 7),
                           (PASS_TIME, 2, 4))],
                       *[(PASS_TIME, 4)] * 20, (JUMP, 100),
                       (DIGESTS_IN, 0, 0, 0), (PACKETS_IN, 0, 9), *wait)
    yield "empty", play(0, 0x2f, 9, 0, (CONNECT, 0, 1), (MANIFEST_IN, 0, 8),
                        *[(MANIFESTS_IN, 0, 40)] * 2, (MANIFESTS_IN, 3, 1))
    yield "ended", play(0, 0x2f, 9, 0, (CONNECT, 0, 1), (MANIFEST_IN, 0, 7),
                        (END_STREAM, 0), (PASS_TIME, 3, 50), (PACKET_IN, 1),
                        (DISCONNECT, 0), *[step for n in range(5) for step in (
                            (CONNECT, n, n + 1), (MANIFEST_IN, n, 7))])
    yield "octets", play(0, 0x2f, 9, 0, (CONNECT, 0, 0x80),
                         (OCTETS_IN, 0, 14)) + bytes(
        [0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0]) + bytes(
        [DATAGRAM_IN, 0, 3, 0, 1, 2, 3, OCTETS_IN, 0, 4, 0, 0, 0, 0, 6])
    yield "wrong", play(0, 0x2f, 9, 0, (CONNECT, 0, 0x80), (MANIFEST_IN, 0, 3),
                        (CONNECT, 1, 1), (OCTETS_IN, 1, 18)) + bytes(
        [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 128, 0, 0, 2, 7, 7])


def write(target, seeds):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    seen = set()
    for name, data in seeds:
        if data and data not in seen:
            (folder / name).write_bytes(data)
        seen.add(data)


def main():
    vectors = json.loads((VECTORS / "amt.json").read_text(encoding="utf-8"))
    ambi = json.loads((VECTORS / "ambi.json").read_text(encoding="utf-8"))
    every = vectors["valid"] + vectors["received"]
    write("amt-wire", ((v["id"], bytes.fromhex(v["amt_hex"]))
                       for v in vectors["valid"]))
    write("igmp", ((v["id"], membership(v, 4)) for v in every))
    write("mld", ((v["id"], membership(v, 6)) for v in every))
    write("ipudp", [(v["id"], inner(v)) for v in every
                    if v["amt_hex"].startswith("06")] + list(ipv6_chains()))
    write("ipfrag", reassembly())
    write("ambi-follow", follow())
    write("ambi-wire", manifests(ambi))
    write("ambi-sign", signing())
    write("ambi-verify", verifying())


main()
