#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# A UDP path that drops, doubles and reorders what it carries, by a seed.
#
#   bad-path.py LISTEN-PORT RELAY-ADDRESS SEED DROP DOUBLE REORDER   (percent)

import heapq
import random
import select
import socket
import sys
import time

HELD = 0.030  # seconds that a reordered datagram is late

port, relay, seed, drop, double, reorder = sys.argv[1:]
drop, double, reorder = int(drop), int(double), int(reorder)
dice = random.Random(int(seed))

inside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
inside.bind(('127.0.0.1', int(port)))
outside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
outside.connect((relay, 2268))
gateway = None
held = []
serial = 0

print('ready', flush=True)
while True:
    wait = max(0, held[0][0] - time.monotonic()) if held else None
    ready, _, _ = select.select([inside, outside], [], [], wait)
    for s in ready:
        if s is inside:
            data, gateway = s.recvfrom(65536)
        else:
            data = s.recv(65536)
        copies = 0 if dice.randrange(100) < drop else 1
        if copies and dice.randrange(100) < double:
            copies = 2
        for _ in range(copies):
            late = HELD if dice.randrange(100) < reorder else 0
            serial += 1
            heapq.heappush(held, (time.monotonic() + late, serial, s, data))
    while held and held[0][0] <= time.monotonic():
        _, _, s, data = heapq.heappop(held)
        if s is inside:
            outside.send(data)
        elif gateway:
            inside.sendto(data, gateway)
