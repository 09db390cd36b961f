#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Plays pipelines and writes what comes of them to a file, as lines KEY=VALUE.
#
#   play-and-tell.py STATUS PIPELINE [| PIPELINE]...
#
# Keys of pipeline N (from 0; those of 0 without the "0."): N.packets, that its
# element "sink" got; N.first-us, N.last-us and N.gap-end-us, Unix times of the
# first and last one and of the end of the last silence of 200 ms; N.CODE, the
# milliseconds from PLAYING on until metadata came with this code; N.text, of
# errors and warnings; N.warnings, their number by the element's type;
# N.asked, of progress; N.unpaired, what of it was told to end or to go on and
# had not begun, to begin and had not ended, or never ended; N.src.FIELD and
# N.verify.FIELD, statistics; N.message.NAME, counts; N.moves, what was told of
# paths, each behind the seconds since the start.  SIGTERM ends them one
# after the other: N.stop-ms is how long that took by a Stopwatch, null-ms the
# longest.

import os
import signal
import sys
import time

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

GAP_US = 200_000


def now_us():
    return time.time_ns() // 1000


class Stopwatch:
    """How long something takes, without the time for which threads of this
    process could have run but waited for a processor, as tests/check/stopwatch.h
    has it."""

    def __init__(self):
        self.begin = time.monotonic()
        self.waited = self.all_waited()

    @staticmethod
    def all_waited():
        """Of each thread, the seconds that it has waited so far."""
        waited = {}
        for thread in os.listdir("/proc/self/task"):
            try:
                with open(f"/proc/self/task/{thread}/schedstat",
                          encoding="ascii") as stat:
                    waited[thread] = int(stat.read().split()[1]) / 1e9
            except OSError:  # it has just ended
                pass
        return waited

    def seconds(self):
        waited = self.all_waited()
        elapsed = time.monotonic() - self.begin
        for thread, seconds in waited.items():
            elapsed -= max(seconds - self.waited.get(thread, 0), 0)
        return max(elapsed, 0)


class Player:
    def __init__(self, text, key):
        self.key = key
        self.values = {"packets": 0}
        self.open = set()
        self.pipeline = Gst.parse_launch(text)
        sink = self.pipeline.get_by_name("sink")
        sink.get_static_pad("sink").add_probe(
            Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST, self.data)
        self.bus = self.pipeline.get_bus()
        self.bus.add_signal_watch()
        self.bus.connect("message", self.message)
        self.start = time.monotonic()
        self.pipeline.set_state(Gst.State.PLAYING)

    def data(self, pad, info):
        now = now_us()
        values = self.values
        if values["packets"] == 0:
            values["first-us"] = now
        elif now - values["last-us"] > GAP_US:
            values["gap-end-us"] = now
        values["last-us"] = now
        values["packets"] += 1
        return Gst.PadProbeReturn.OK

    def add_text(self, name, text):
        self.values[name] = self.values.get(name, "") + text + " / "

    def pair(self, kind, undertaking):
        begins = kind == Gst.ProgressType.START
        if begins == (undertaking in self.open):
            self.add_text("unpaired", f"{kind.value_nick} {undertaking}")
        if begins:
            self.open.add(undertaking)
        elif kind != Gst.ProgressType.CONTINUE:
            self.open.discard(undertaking)

    def message(self, bus, message):
        if message.type == Gst.MessageType.ERROR:
            self.values["errors"] = 1
            self.add_text("text", message.parse_error()[0].message)
        elif message.type == Gst.MessageType.WARNING:
            self.add_text("text", message.parse_warning()[0].message)
            count = "warnings." + message.src.get_factory().get_name()
            self.values[count] = self.values.get(count, 0) + 1
        elif message.type == Gst.MessageType.PROGRESS:
            kind, code, text = message.parse_progress()
            self.values[f"progress.{code}.{kind.value_nick}"] = 1
            self.values[f"progress.{code}"] = kind.value_nick
            self.add_text("asked", text)
            self.pair(kind, f"{message.src.get_name()}.{code}")
        elif message.type == Gst.MessageType.ELEMENT:
            structure = message.get_structure()
            name = structure.get_name()
            count = f"message.{name}"
            self.values[count] = self.values.get(count, 0) + 1
            if name in ("multicast-join", "multicast-leave"):
                self.add_text("moves", f"{time.monotonic() - self.start:.3f} "
                              + structure.to_string())
            elif name == "multicast-metadata":
                elapsed = time.monotonic() - self.start
                code = structure.get_string("code")
                self.values.setdefault(code, int(elapsed * 1000))
                self.values["metadata"] = structure.to_string()

    def statistics(self):
        for name in ("src", "verify"):
            element = self.pipeline.get_by_name(name)
            if element is None:
                continue
            stats = element.get_property("stats")
            for i in range(stats.n_fields()):
                field = stats.nth_field_name(i)
                if field != "manifest-streams":
                    self.values[f"{name}.{field}"] = stats.get_value(field)

    def stop(self):
        self.statistics()
        watch = Stopwatch()
        self.pipeline.set_state(Gst.State.READY)
        elapsed = watch.seconds()
        while (message := self.bus.pop()) is not None:
            self.message(self.bus, message)
        for undertaking in self.open:
            self.add_text("unpaired", f"no end of {undertaking}")
        watch = Stopwatch()
        self.pipeline.set_state(Gst.State.NULL)
        elapsed += watch.seconds()
        self.values["stop-ms"] = int(elapsed * 1000 + 1)
        return self.values["stop-ms"]


def main():
    status, text = sys.argv[1:]
    Gst.init(None)
    players = [Player(t, f"{i}." if i > 0 else "")
               for i, t in enumerate(text.split("|"))]
    loop = GLib.MainLoop()
    more = {}

    def write():
        with open(status + ".new", "w", encoding="utf-8") as out:
            for player in players:
                if "ended" not in more:
                    player.statistics()
                for name, value in player.values.items():
                    print(f"{player.key}{name}={value}", file=out)
            for name, value in more.items():
                print(f"{name}={value}", file=out)
        os.rename(status + ".new", status)
        return GLib.SOURCE_CONTINUE

    GLib.timeout_add(20, write)
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGTERM, loop.quit)
    write()
    loop.run()
    more["null-ms"] = max([player.stop() for player in players])
    more["ended"] = 1
    write()


main()
