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


main()
