#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Measures what receiving costs, side by side, and prints a report.  To be run
# by scripts/bench.sh, which makes the two hosts S and R.

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys

SENDER = '10.9.0.1'
RECEIVER = '10.9.0.2'
GROUP = '232.1.1.1'
PORT = 5001

# The same bytes on the wire for all: 1316 of MPEG-TS and 30 of the tunnel.
PAYLOAD = 1316
TUNNEL_HEADERS = 30

RAW = [f'to={RECEIVER}', f'port={PORT}',
       f'payload={PAYLOAD + TUNNEL_HEADERS}']
# What tsdemux is to read has no tunnel around it.
TS = [f'to={RECEIVER}', f'port={PORT}', f'payload={PAYLOAD}']
MULTICAST = [f'to={GROUP}', f'port={PORT}', f'payload={PAYLOAD}']
AMT = [f'source={SENDER}', f'group={GROUP}', f'port={PORT}',
       f'payload={PAYLOAD}']

CHANNEL = f'source={SENDER} group={GROUP} port={PORT}'
UDPSRC = f'udpsrc name=src port={PORT} buffer-size=4194304'
SSMSRC = f'ssmsrc name=src {CHANNEL}'
TUNNEL = f'amtsrc name=src relay={SENDER}:@RELAY@ delivery=tunnel {CHANNEL}'
AUTO = (f'amtsrc name=src relay={SENDER}:@RELAY@ native-timeout=1000000 '
        f'{CHANNEL}')
SINK = 'fakesink name=sink'
VERIFY = 'ambiverify name=verify'
MANIFESTS = 'filesrc location=@FILE@ ! application/ambi ! verify.manifest_0'
PACKED = 'caps=video/mpegts preserve-packetization=false'

# More than that it does not bear.
TSDEMUX_RATE = 5000
DEMUX = 'tsdemux ! fakesink name=sink'

# name: what receives, what is sent to it, the element it needs
RECEIVERS = {
    'recvmmsg': (f'bare=recvmmsg port={PORT}', RAW, None),
    'UDP_GRO': (f'bare=gro port={PORT}', RAW, None),
    'UDP_GRO + push': (f'bare=push port={PORT}', RAW, 'fakesink'),
    'udpsrc': (f'{UDPSRC} ! {SINK}', RAW, 'udpsrc'),
    'ssmsrc': (f'{SSMSRC} ! {SINK}', MULTICAST, 'ssmsrc'),
    'amtsrc (tunnel)': (f'{TUNNEL} ! {SINK}', AMT, 'amtsrc'),
    'amtsrc (auto)': (f'{AUTO} ! {SINK}', AMT, 'amtsrc'),
    'ssmsrc (no GRO)': (f'{SSMSRC} allow-gro=false ! {SINK}', MULTICAST,
                        'ssmsrc'),
    'amtsrc (no GRO)': (f'{TUNNEL} allow-gro=false ! {SINK}', AMT, 'amtsrc'),
    'amtsrc ! ambiverify': (f'{TUNNEL} ! {VERIFY} ! {SINK} {MANIFESTS}',
                            AMT + ['manifests=@FILE@'], 'ambiverify'),
    'ssmsrc (packed)': (f'{SSMSRC} {PACKED} ! {SINK}', MULTICAST, 'ssmsrc'),
    'amtsrc (packed)': (f'{TUNNEL} {PACKED} ! {SINK}', AMT, 'amtsrc'),
    'udpsrc ! tsdemux': (f'count-pushed=1 {UDPSRC} ! {DEMUX}', TS, 'tsdemux'),
    'ssmsrc ! tsdemux': (f'{SSMSRC} ! {DEMUX}', MULTICAST, 'tsdemux'),
    'amtsrc ! tsdemux': (f'{TUNNEL} ! {DEMUX}', AMT, 'tsdemux'),
    'ssmsrc (packed) ! tsdemux': (f'{SSMSRC} {PACKED} ! {DEMUX}', MULTICAST,
                                  'tsdemux'),
    'amtsrc (packed) ! tsdemux': (f'{TUNNEL} {PACKED} ! {DEMUX}', AMT,
                                  'tsdemux'),
}

# name: how it is sent
SENDERS = {
    'GSO': ['gso=1'],
    'each': ['gso=0'],
    'each, no checksum': ['gso=0', 'checksum=0'],
}


def in_host(host, command):
    return ['ip', 'netns', 'exec', host] + command


class Bench:
    def __init__(self, args):
        self.args = args
        self.programs = os.path.join(args.build, 'tests', 'benchmark')
        self.missing = {}
        # in the private /run of the namespace
        self.file = '/run/bench-manifests'

    def has(self, element):
        """Whether the element is there."""
        if element is None:
            return True
        if element not in self.missing:
            self.missing[element] = subprocess.run(
                ['gst-inspect-1.0', element], check=False,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL).returncode != 0
        return not self.missing[element]

    def program(self, name):
        return os.path.join(self.programs, name)

    def start_sender(self, options):
        sender = subprocess.Popen(
            in_host('S', [self.program('bench-send'), f'from={SENDER}']
                    + options),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        relay = ''
        if any(o.startswith('source=') for o in options):
            relay = sender.stdout.readline().strip().split('=')[1]
        return sender, relay

    def run(self, receiver, options, count, rate, allocations=False,
            extra=()):
        """One run: what the receiver and the sender say of it."""
        pipeline, to, _ = receiver
        pipeline = pipeline.replace('@FILE@', self.file)
        to = [o.replace('@FILE@', self.file) for o in to]
        sender, relay = self.start_sender(
            to + options + [f'count={count}', f'rate={rate}'])
        environment = dict(os.environ)
        if allocations:
            environment['G_SLICE'] = 'always-malloc'
            environment['BENCH_PRELOAD'] = self.program('libbench-alloc.so')
        receiving = subprocess.Popen(
            in_host('R', ['sh', '-c', 'LD_PRELOAD=$BENCH_PRELOAD exec "$@"',
                          'sh', self.program('bench-receive'), *extra]
                    + pipeline.replace('@RELAY@', relay).split()),
            stdout=subprocess.PIPE, text=True, env=environment)
        if receiving.stdout.readline().strip() != 'ready':
            sys.exit(f'bench-receive did not start: {pipeline}')
        if sender.stdout.readline().strip() != 'ready':
            sys.exit('bench-send did not start')
        sender.stdin.write('go\n')
        sender.stdin.flush()
        received = json.loads(receiving.stdout.readline())
        sent = json.loads(sender.stdout.readline())
        receiving.wait()
        sender.wait()
        # What is counted at the source may be on its way.
        if (received.get('verified', received['received'])
                < 0.95 * received['received']):
            sys.exit(f'not all was verified: {received}')
        received['sent'] = sent['sent']
        received['lost'] = sent['sent'] - received['received']
        received['bursts-late'] = sent['bursts-late']
        return received

    def measure(self, receiver, options, rate, seconds, **kwargs):
        if 'tsdemux' in receiver:
            rate = min(rate, TSDEMUX_RATE)
        count = int(rate * seconds)
        extra = [f'count={count}', f'warm-up={count // 5}']
        return self.run(RECEIVERS[receiver], options, count, rate,
                        extra=extra + kwargs.pop('extra', []), **kwargs)

    def names(self):
        """The receivers that are wanted and there."""
        wanted = self.args.only.split(',') if self.args.only else RECEIVERS
        return [n for n in RECEIVERS if n in wanted
                and self.has(RECEIVERS[n][2])]


def median(rows, key):
    return statistics.median(r[key] for r in rows)


def cost(bench):
    """CPU a packet, by sender; the rounds of all receivers interleaved."""
    result = {}
    for sender in bench.args.senders.split(','):
        options = SENDERS[sender]
        rows = {n: [] for n in bench.names()}
        for _ in range(bench.args.rounds):
            for name in rows:
                rows[name].append(bench.measure(
                    name, options, bench.args.rate, bench.args.seconds))
        result[sender] = {
            name: {
                'ns-per-packet': median(r, 'ns-per-packet'),
                'user-ns-per-packet': median(r, 'user-ns-per-packet'),
                'wakeups-per-second': median(r, 'wakeups-per-second'),
                'peak-kib': median(r, 'peak-kib'),
                'lost': [x['lost'] for x in r],
                'sent': r[0]['sent'],
            } for name, r in rows.items()}
    return result


def allocations(bench):
    """Calls of malloc () a packet, GSlice's included."""
    return {name: bench.measure(name, ['gso=1'], 50000, 2,
                                allocations=True)['allocations-per-packet']
            for name in bench.names()}


def delays(bench):
    """From the kernel's arrival stamp to the push."""
    result = {}
    for name in bench.names():
        # udpsrc stamps when it reads.
        if name.startswith('udpsrc'):
            continue
        row = bench.measure(name, ['gso=0', 'burst=1'], 10000,
                            bench.args.seconds, extra=['delays=1'])
        result[name] = {k: row[k] for k in ('delay-median-ns', 'delay-p99-ns',
                                            'ns-per-packet')}
    return result


def highest_rate(bench, name):
    """The highest rate of which nothing is lost, within 5 %."""
    low, high = 20000, 40000

    def lossless(rate):
        row = bench.measure(name, ['gso=1'], rate, 1)
        return row['lost'] == 0 and row['seconds'] * rate < row['sent'] * 1.1

    while high < 3000000 and lossless(high):
        low, high = high, high * 2
    while high > low * 1.05:
        middle = (low + high) // 2
        if lossless(middle):
            low = middle
        else:
            high = middle
    return low


def rates(bench):
    return {name: highest_rate(bench, name) for name in bench.names()}


def many(n):
    """n elements in one process, each with a gateway of its own."""
    sources = ['amtsrc ' + TUNNEL.split(' ', 2)[2] for _ in range(n)]
    sources[0] = TUNNEL
    sinks = [SINK] + ['fakesink'] * (n - 1)
    return ' '.join(f'{a} ! {b}' for a, b in zip(sources, sinks))


def scale(bench):
    """What the number of elements costs, and what that of wake-ups."""
    result = {}
    for title, n, rate, options in (
            ('1, joined by GSO', 1, 200000, ['gso=1']),
            ('1, one by one', 1, 1000, ['gso=0', 'burst=1']),
            ('200, one by one', 200, 1000, ['gso=0', 'burst=1'])):
        each = int(rate * bench.args.seconds)
        rows = [bench.run((many(n), AMT, 'amtsrc'),
                          options + [f'wait-gateways={n}'], each, rate,
                          extra=[f'count={n * each}',
                                 f'warm-up={n * each // 5}', 'look-ms=200'])
                for _ in range(bench.args.rounds)]
        result[title] = {k: median(rows, k) for k in (
            'ns-per-packet', 'wakeups-per-second', 'threads', 'fds',
            'peak-kib', 'lost', 'sent')}
        result[title]['rate'] = n * rate
    return result


SECTIONS = {
    'cost': cost,
    'allocations': allocations,
    'delays': delays,
    'scale': scale,
    'rates': rates,
}


# --- the report ---

def ratio(value, rows, name):
    if name not in rows or rows[name]['ns-per-packet'] <= 0:
        return ''
    return f'{value / rows[name]["ns-per-packet"]:.2f}'


def print_cost(result):
    for sender, rows in result.items():
        print(f'\n## CPU a packet, sender: {sender}\n')
        print('| receiver | ns | of udpsrc | of UDP_GRO | wake-ups/s | lost '
              '| peak MiB |')
        print('|---|---|---|---|---|---|---|')
        for name, row in rows.items():
            demux = 'tsdemux' in name
            ns = row['ns-per-packet']
            print(f'| {name} | {ns:.0f} '
                  f'| {ratio(ns, rows, "udpsrc" + " ! tsdemux" * demux)} '
                  f'| {"" if demux else ratio(ns, rows, "UDP_GRO")} '
                  f'| {row["wakeups-per-second"]:.0f} | {sum(row["lost"])} '
                  f'| {row["peak-kib"] / 1024:.1f} |')


def print_allocations(result):
    print('\n## Allocations a packet\n\n| receiver | malloc () |\n|---|---|')
    for name, value in result.items():
        print(f'| {name} | {value:.3f} |')


def print_delays(result):
    print('\n## From arrival to push at 10,000 packets/s\n')
    print('| receiver | median us | 99 % us | CPU ns a packet |\n'
          '|---|---|---|---|')
    for name, row in result.items():
        print(f'| {name} | {row["delay-median-ns"] / 1000:.0f} '
              f'| {row["delay-p99-ns"] / 1000:.0f} '
              f'| {row["ns-per-packet"]:.0f} |')


def print_scale(result):
    print('\n## Many elements in one process\n')
    print('| elements | packets/s | CPU ns a packet | wake-ups/s | threads '
          '| descriptors | peak MiB | lost |\n|---|---|---|---|---|---|---|---|')
    for title, row in result.items():
        print(f'| {title} | {row["rate"]} | {row["ns-per-packet"]:.0f} '
              f'| {row["wakeups-per-second"]:.0f} | {row["threads"]:.0f} '
              f'| {row["fds"]:.0f} | {row["peak-kib"] / 1024:.1f} '
              f'| {row["lost"]:.0f} of {row["sent"]:.0f} |')


def print_rates(result):
    print('\n## Highest rate without loss\n\n| receiver | packets/s |\n'
          '|---|---|')
    for name, rate in result.items():
        print(f'| {name} | {rate} |')


PRINTERS = {
    'cost': print_cost,
    'allocations': print_allocations,
    'delays': print_delays,
    'scale': print_scale,
    'rates': print_rates,
}


def parse_arguments():
    parser = argparse.ArgumentParser(description="Measures what receiving costs.")
    parser.add_argument('--build', default='build')
    parser.add_argument('--sections', default=','.join(SECTIONS))
    parser.add_argument('--only', help='receivers, comma-separated')
    parser.add_argument('--senders', default=','.join(SENDERS),
                        help='for the costs')
    parser.add_argument('--rate', type=int, default=100000)
    parser.add_argument('--seconds', type=float, default=2)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--json', help='where to write all figures')
    return parser.parse_args()


def main():
    args = parse_arguments()
    bench = Bench(args)
    report = {'machine': {
        'kernel': platform.release(), 'cpus': os.cpu_count(),
        'rmem_max': open('/proc/sys/net/core/rmem_max',
                         encoding='ascii').read().strip()}}
    print(f'# Receiving, {args.rate} packets/s, median of {args.rounds} '
          f'rounds of {args.seconds:g} s\n')
    print(f'Linux {report["machine"]["kernel"]}, '
          f'{report["machine"]["cpus"]} CPUs, rmem_max '
          f'{report["machine"]["rmem_max"]}')
    for name, (_, _, element) in RECEIVERS.items():
        if not bench.has(element):
            print(f'\nskipped: {name} ({element} is not installed)')
    for section in args.sections.split(','):
        report[section] = SECTIONS[section](bench)
        PRINTERS[section](report[section])
        sys.stdout.flush()
    if args.json:
        with open(args.json, 'w', encoding='utf-8') as out:
            json.dump(report, out, indent=2)


if __name__ == '__main__':
    main()
