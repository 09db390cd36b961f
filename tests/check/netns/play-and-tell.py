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
# errors and warnings; N.asked, of progress; N.src.FIELD and N.verify.FIELD,
# statistics; N.message.NAME, counts.  SIGTERM ends them one after the other:
# null-ms is the longest that took.

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


class Player:
    def __init__(self, text, key):
        self.key = key
        self.values = {"packets": 0}
        self.pipeline = Gst.parse_launch(text)
        sink = self.pipeline.get_by_name("sink")
        sink.get_static_pad("sink").add_probe(
            Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST, self.data)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message", self.message)
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

    def message(self, bus, message):
        if message.type == Gst.MessageType.ERROR:
            self.values["errors"] = 1
            self.add_text("text", message.parse_error()[0].message)
        elif message.type == Gst.MessageType.WARNING:
            self.add_text("text", message.parse_warning()[0].message)
        elif message.type == Gst.MessageType.PROGRESS:
            kind, code, text = message.parse_progress()
            self.values[f"progress.{code}.{kind.value_nick}"] = 1
            self.values[f"progress.{code}"] = kind.value_nick
            self.add_text("asked", text)
        elif message.type == Gst.MessageType.ELEMENT:
            structure = message.get_structure()
            name = structure.get_name()
            count = f"message.{name}"
            self.values[count] = self.values.get(count, 0) + 1
            if name == "multicast-metadata":
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
        begin = time.monotonic()
        self.pipeline.set_state(Gst.State.NULL)
        return (time.monotonic() - begin) * 1000


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
    more["null-ms"] = int(max(player.stop() for player in players) + 1)
    more["ended"] = 1
    write()


main()
