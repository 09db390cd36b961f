#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Plays a multicast channel that is given as a URI, and prints what the
# pipeline tells and, each second, what the source has counted.
#
#   play-channel.py URI [SECONDS]
#   play-channel.py 'ssm://192.0.2.10@232.1.1.1:5001'
#   play-channel.py 'amt://192.0.2.10@232.1.1.1:5001?relay=amt-relay.example.net'

import signal
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402


class Player:
    def __init__(self, uri):
        self.loop = GLib.MainLoop()
        self.source = None
        self.bytes = 0
        self.failed = False
        self.playbin = Gst.ElementFactory.make("playbin")
        if self.playbin is None:
            sys.exit("playbin is missing: gst-plugins-base is not installed")
        self.playbin.set_property("uri", uri)
        self.playbin.connect("source-setup", self.on_source_setup)

    def on_source_setup(self, _playbin, source):
        self.source = source

    def show_stats(self):
        stats = self.source and self.source.get_property("stats")
        if not stats:
            return GLib.SOURCE_CONTINUE
        fields = {
            stats.nth_field_name(i): stats.get_value(stats.nth_field_name(i))
            for i in range(stats.n_fields())
        }
        dropped = sum(
            value
            for name, value in fields.items()
            if name.startswith("dropped-")
            and not name.startswith("dropped-control-")
        )
        received = fields["bytes-received"]
        print(
            f"{fields.get('delivery') or 'nothing yet'}:",
            f"{fields['packets-received']} packets,",
            f"{(received - self.bytes) * 8 // 1000} kbit/s,",
            f"{dropped} dropped,",
            f"{fields['kernel-dropped']} lost by the kernel",
            flush=True,
        )
        self.bytes = received
        return GLib.SOURCE_CONTINUE

    def on_message(self, _bus, message):
        if message.type == Gst.MessageType.ERROR:
            error, debug = message.parse_error()
            print(f"error from {message.src.name}: {error.message}\n  {debug}")
            self.failed = True
            self.loop.quit()
        elif message.type == Gst.MessageType.WARNING:
            error, debug = message.parse_warning()
            print(f"warning from {message.src.name}: {error.message}\n  {debug}")
        elif message.type == Gst.MessageType.EOS:
            print("end of stream")
            self.loop.quit()
        elif message.type == Gst.MessageType.PROGRESS:
            _type, code, text = message.parse_progress()
            print(f"{code}: {text}", flush=True)
        elif message.type == Gst.MessageType.LATENCY:
            self.playbin.recalculate_latency()
        elif message.type == Gst.MessageType.ELEMENT:
            structure = message.get_structure()
            if structure and structure.get_name().startswith("multicast-"):
                print(structure.to_string(), flush=True)

    def quit(self):
        self.loop.quit()
        return GLib.SOURCE_CONTINUE

    def play(self, seconds):
        bus = self.playbin.get_bus()
        bus.add_signal_watch()
        bus.connect("message", self.on_message)
        GLib.timeout_add_seconds(1, self.show_stats)
        if seconds > 0:
            GLib.timeout_add_seconds(seconds, self.quit)
        for number in (signal.SIGINT, signal.SIGTERM):
            GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, self.quit)
        self.playbin.set_state(Gst.State.PLAYING)
        self.loop.run()
        self.playbin.set_state(Gst.State.NULL)
        bus.remove_signal_watch()


def main():
    Gst.init(None)
    if len(sys.argv) not in (2, 3):
        sys.exit(f"usage: {sys.argv[0]} URI [SECONDS]")
    player = Player(sys.argv[1])
    player.play(int(sys.argv[2]) if len(sys.argv) == 3 else 0)
    return 1 if player.failed else 0


if __name__ == "__main__":
    sys.exit(main())
