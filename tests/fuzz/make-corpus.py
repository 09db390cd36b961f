#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Makes the seeds of the wire parsers' fuzz targets from the vectors.  Run it
# after the vectors changed and commit what it wrote; files that are not from
# it (crashes that were found) stay.

import json
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parent / "vectors" / "amt.json"

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
(TIME, DEADLINE, ANSWER, FAIL, ATTEMPT, LOST, JOINED, DATA, CONGESTED, NETWORK,
 SETTLE, START, STOP) = range(13)


def driad():
    race, list_only, no_sd = 0, 2, 16
    secure, hour = 1, 12 << 1
    three = bytes([ANSWER, 0, hour, 3, 1, 0x81, 1, 2, 0x81, 2, 3, 0x82, 3])
    yield "race", bytes([race | no_sd]) + three + bytes(
        [DEADLINE, DEADLINE, ATTEMPT, 0, 2, DEADLINE, ATTEMPT, 1, 1,
         DEADLINE, ATTEMPT, 2, 0, JOINED, DEADLINE, DEADLINE, ATTEMPT, 0, 0,
         JOINED, DATA, CONGESTED, DEADLINE, LOST, 1, TIME, 20])
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
    yield "list", bytes([list_only | 1]) + three + bytes(
        [SETTLE, 1, TIME, 24, LOST, 0, FAIL, 0, 4, NETWORK, 2, DEADLINE,
         STOP, START, NETWORK, 0xc0, DEADLINE, DEADLINE])
    yield "secure", bytes([4 | no_sd]) + three + bytes(
        [FAIL, 0, 3, DEADLINE, TIME, 24, ANSWER, 0, hour | secure, 1, 0, 1, 1])
    yield "raw", bytes([no_sd]) + bytes(
        [ANSWER, 0, 0x80 | 24, 3, 1, 9, 6, 1, 1, 127, 0, 0, 1, 2, 1, 4])


def write(target, seeds):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    seen = set()
    for name, data in seeds:
        if data and data not in seen:
            (folder / name).write_bytes(data)
        seen.add(data)


def main():
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    every = vectors["valid"] + vectors["received"]
    write("amt-wire", ((v["id"], bytes.fromhex(v["amt_hex"]))
                       for v in vectors["valid"]))
    write("igmp", ((v["id"], membership(v, 4)) for v in every))
    write("mld", ((v["id"], membership(v, 6)) for v in every))
    write("ipudp", [(v["id"], inner(v)) for v in every
                    if v["amt_hex"].startswith("06")] + list(ipv6_chains()))
    write("ipfrag", reassembly())
    write("dns", dns(vectors["amtrelay_rdata"]))
    write("driad", driad())


main()
