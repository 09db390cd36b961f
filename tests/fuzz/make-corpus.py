#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Makes the seeds of the fuzz targets of parsers, and of the search for
# metadata, from the vectors.  Run it after the vectors changed and commit what
# it wrote; files that are not from it (crashes that were found) stay.

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


def load(name):
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def seed(kind, body):
    if not isinstance(body, (str, bytes)):
        body = json.dumps(body, separators=(",", ":"))
    return bytes([kind]) + (body.encode() if isinstance(body, str) else body)


def metadata():
    """The readers of fuzz-dorms-data: 0 and 1 metadata, 2 and 3 host-meta, 4
    library, 5 JSON, 6 header fields."""
    for case in load("dorms-liberal.json")["cases"]:
        yield case["name"], seed(":" in case["source"], case["body"])
    errors = load("dorms-errors.json")
    for case in errors["documents"]:
        yield case["name"], seed(0, case["document"])
    for case in errors["raw-bodies"]:
        yield case["name"], seed(0, case["body-text"])
    for name in ("full-v4", "full-v6", "minimal"):
        yield name, seed(name == "full-v6", load(f"dorms-{name}.json"))
    yield "host-meta-json", seed(2, {"links": [
        {"rel": "restconf", "href": "https://dorms.example.com:443/r/"}]})
    yield "host-meta-object", seed(2, {"links": {"rel": "restconf",
                                                 "href": "r"}})
    yield "host-meta-xrd", seed(3, "<?xml version='1.0'?><!-- x --><x:XRD>"
                                "<Subject/><Link rel='restconf' href='/r'/>"
                                "</x:XRD>")
    yield "host-meta-dtd", seed(3, "<!DOCTYPE XRD><XRD></XRD>")
    for version in ("2016-06-21", "2019-01-04"):
        yield f"library-{version}", seed(4, {
            "ietf-restconf:yang-library-version": version})
    yield "modules-state", seed(4, load("dorms-modules-state.json"))
    yield "yang-library", seed(4, {"ietf-yang-library:yang-library": {
        "module-set": [{"module": [{"name": "ietf-dorms",
                                    "revision": "2025-09-15"}]}]}})
    yield "json", seed(5, '[{"a:b":1,"c":-0.5e+3},"\\u00e9\\ud83d\\ude00\\n",'
                       'true,false,null,"\u00e9\u20ac\U0001f600"]')
    date = "Sun, 06 Nov 1994 08:49:%02d GMT"
    for name, fields in (
            ("max-age", ("max-age=120, public", "20")),
            ("never", ("no-cache, no-store",)),
            ("expires", ("x", "x", date % 50, date % 10, date % 40)),
            ("retry", ("", "", "", "", "120")),
            ("type", ("application/json; charset=utf-8",)),
            ("redirect", ("https://a.example/d?e#f",)),
            ("relative", ("d",)), ("date", (date % 1,)),
            ("host", ("[2001:db8::1]",))):
        yield f"header-{name}", seed(6, "\0".join(fields))


def get(status, body=0, **texts):
    """A step of fuzz-dorms: an answer by the numbers of its tables."""
    names = ("type", "cache", "location", "etag", "retry", "date")
    fields = bytes(texts.get(name, 0) for name in names)
    if isinstance(body, bytes):
        return bytes([1, status]) + fields + struct.pack(">H", len(body)) + body
    return bytes([0, status]) + fields + bytes([body])


def srv(flags, *records):
    return bytes([2, flags, len(records)]) + b"".join(map(bytes, records))


def searches():
    ok, same, moved, bad, denied, lost, refused, busy, broken = 0, *range(2, 10)
    sleep, refresh, late = bytes([4]), bytes([5]), bytes([7])
    unreachable, tls, large, redirect = (bytes([6 | n << 3]) for n in range(4))
    one = srv(4 | 31 << 3, (0, 1, 1, 0))
    start = one + get(ok, 1)
    plain = start + get(lost)
    found = get(ok, 7, type=12, cache=3, etag=5)
    yield "fresh", b"\0" + plain + found + sleep + get(same) + sleep + found
    yield "xrd", b"\0" + one + get(lost) + get(ok, 2) + get(lost) + found
    yield "library", (b"\0" + start + get(ok, 3) + get(ok, 5) + found
                      + refresh + sleep + refresh + get(ok, 7, type=11))
    yield "new-library", b"\0" + start + get(ok, 4) + get(lost) + get(ok, 6)
    yield "modules", b"\x40" + start + get(ok, 3) + get(ok, 5) + sleep * 3
    yield "v6", (b"\x01" + plain + get(bad) + get(lost) + get(ok, 8) + sleep
                 + get(ok, 8))
    yield "withdrawn", (b"\0" + plain + found + sleep + get(lost) * 2 + sleep
                        + sleep + get(ok, 1) + get(ok, 9))
    yield "stale", (b"\0" + plain + found + (sleep + unreachable) * 20 + sleep
                    + found)
    yield "configured", b"\2" + get(ok, 1) + get(lost) + found + sleep + get(busy, retry=7)
    yield "match", (b"\x06" + srv(4, (1, 5, 1, 0), (1, 9, 1, 1)) + get(lost) * 2
                    + sleep)
    yield "mismatch", b"\x06" + srv(4, (0, 0, 0, 4), (0, 0, 1, 3)) + sleep
    yield "untrusted", (b"\0" + srv(0, (0, 0, 1, 0)) + sleep + srv(3) + sleep
                        + srv(1) + sleep + srv(2) + sleep
                        + srv(4, (0, 0, 1, 2)))
    yield "resolver", b"\x08" + srv(0, (0, 0, 1, 0)) + get(denied) * 2 + sleep
    yield "off", b"\x10" + sleep
    three = srv(4 | 8, (0, 5, 1, 0), (0, 5, 1, 1), (0, 0, 1, 4), (1, 0, 2, 0))
    for name, fault in (("tls", tls), ("large", large), ("away", redirect),
                        ("json", get(ok, 11)), ("other", get(ok, 10)),
                        ("type", get(ok, 7, type=13)),
                        ("refused", get(refused)),
                        ("broken", get(broken)), ("denied", get(denied))):
        asked = get(ok, 1) + get(lost) + fault
        yield f"fault-{name}", b"\0" + three + (asked * 4 + sleep) * 3
    yield "redirects", (b"\0" + one + get(moved, location=8) + get(moved,
                        location=9) + get(ok, 1) + get(moved, location=10)
                        + get(moved, location=8) * 5)
    yield "own-bodies", b"\0" + plain + get(
        denied, b"no\n\xff") + late + sleep + get(
            ok, b'{"group":{"address":"232.10.10.1"}}')
    yield "silence", b"\0" + sleep * 2 + three + sleep * 12
    yield "clock", b"\0" + plain + found + bytes([3, 0xff, 0xff]) * 12 + sleep
AMTRELAY, SRV, NAME, ADDRESS, MESSAGE, ORDER = range(6)

QUESTION = bytes.fromhex(
    "023130013201300331393207696e2d61646472046172706100" "01040001")


def response(answers, count, question=QUESTION, flags="8180", authorities=0):
    return (bytes.fromhex("2268" + flags + "0001") +
            struct.pack(">HHH", count, authorities, 0) + question +
            bytes.fromhex(answers))


def dns(rdata):
    for i, v in enumerate(rdata):
        yield f"amtrelay-{i}", bytes([AMTRELAY]) + bytes.fromhex(v["rdata_hex"])
    yield "srv", bytes([SRV]) + bytes.fromhex("0001000220e503666f6f00")
    yield "name", bytes([NAME]) + b"\x09Relay one\x04_amt\x03a.b\0"
    yield "v4", bytes([ADDRESS, 192, 0, 2, 10])
    yield "v6", bytes([ADDRESS]) + bytes.fromhex("20010db8" + "00" * 11 + "10")
    alias = "c00c0005000100000e1000170573726331300" \
            "3616d74076578616d706c6503636f6d00"
    relay = "c0350104000100000e1000060a81c6336401"
    yield "example", bytes([MESSAGE]) + response(alias + relay, 2)
    yield "ptr", bytes([MESSAGE]) + response(
        "c00c000c000100000e10000603616263c00f", 1)
    yield "srv-compressed", bytes([MESSAGE]) + response(
        "c00c0021000100000e1000080001000220e5c00f", 1)
    yield "negative", bytes([MESSAGE]) + response(
        "c00c000600010000038400160000" + "0000003c" * 5, 0, flags="8183",
        authorities=1)
    yield "loop", bytes([MESSAGE]) + response(
        "c00c0005000100000e1000030161000161000005000100000e100002c00c", 2)
    yield "order", bytes([ORDER]) + bytes(
        [1, 9, 1, 0, 0, 7, 1, 3, 2, 0, 2, 0, 2, 1]) + bytes(24)


# Steps of fuzz-driad.c.
(TIME, DEADLINE, ANSWER, FAIL, ATTEMPT, LOST, JOINED, DATA, STOP, NETWORK,
 SETTLE, START) = range(12)


def driad():
    race, no_sd = 0, 16
    secure, hour = 1, 12 << 1
    three = bytes([ANSWER, 0, hour, 3, 1, 0x81, 1, 2, 0x81, 2, 3, 0x82, 3])
    yield "race", bytes([race | no_sd]) + three + bytes(
        [DEADLINE, DEADLINE, ATTEMPT, 0, 2, DEADLINE, ATTEMPT, 1, 1,
         DEADLINE, ATTEMPT, 2, 0, JOINED, DEADLINE, DEADLINE, ATTEMPT, 0, 0,
         JOINED, DATA, DEADLINE, LOST, 1, TIME, 20])
    yield "names", bytes([race | no_sd]) + bytes(
        [ANSWER, 0, hour | secure, 2, 1, 3, 0, 2, 0x83, 1]) + bytes(
        [ANSWER, 1, hour, 1, 4, ANSWER, 2, hour, 2, 4, 5, DEADLINE,
         FAIL, 3, 5, FAIL, 0, 3, DEADLINE, DEADLINE, DEADLINE, TIME, 25])
    yield "dns-sd", bytes([race]) + bytes(
        [ANSWER, 0, hour, 2, 1, 2, ANSWER, 1, hour, 0,
         ANSWER, 0, hour, 3, 1, 5, 3, 1, 0, 4, 2, 9, 5,
         ANSWER, 0, hour, 1, 1, ANSWER, 1, hour, 1, 2, ANSWER, 3, hour, 1, 3,
         DEADLINE, DEADLINE, ATTEMPT, 0, 0])
    yield "none", bytes([race | no_sd | 8]) + bytes(
        [ANSWER, 0, 6 << 1, 1, 0, 0, DEADLINE, DEADLINE, TIME, 17, DEADLINE,
         ANSWER, 0, hour, 1, 0, 1, 1, DEADLINE])
    yield "settle", bytes([race | 1]) + three + bytes(
        [SETTLE, 1, TIME, 24, LOST, 0, FAIL, 0, 4, NETWORK, 2, DEADLINE,
         STOP, START, NETWORK, 0xc0, DEADLINE, DEADLINE])
    yield "secure", bytes([no_sd]) + three + bytes(
        [FAIL, 0, 3, DEADLINE, TIME, 24, ANSWER, 0, hour | secure, 1, 0, 1, 1])
    yield "stop-while-asking", bytes([race]) + bytes(
        [ANSWER, 0, hour, 1, 1, STOP, START, ANSWER, 0, hour, 1, 1, DEADLINE])
    yield "raw", bytes([no_sd]) + bytes(
        [ANSWER, 0, 0x80 | 24, 3, 1, 9, 6, 1, 1, 127, 0, 0, 1, 2, 1, 4])
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
    vectors = load("amt.json")
    every = vectors["valid"] + vectors["received"]
    write("amt-wire", ((v["id"], bytes.fromhex(v["amt_hex"]))
                       for v in vectors["valid"]))
    write("igmp", ((v["id"], membership(v, 4)) for v in every))
    write("mld", ((v["id"], membership(v, 6)) for v in every))
    write("ipudp", [(v["id"], inner(v)) for v in every
                    if v["amt_hex"].startswith("06")] + list(ipv6_chains()))
    write("ipfrag", reassembly())
    write("ambi-follow", follow())
    write("ambi-wire", manifests(load("ambi.json")))
    write("ambi-sign", signing())
    write("dorms-data", metadata())
    write("dorms", searches())
    write("dns", dns(vectors["amtrelay_rdata"]))
    write("driad", driad())
    write("ambi-verify", verifying())


main()
