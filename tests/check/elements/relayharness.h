/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What tests of amtrelaysink share: a sink that plays, its statistics, buffers.
 */
#pragma once

#include <gst/check/gstharness.h>
#include <gst/gst.h>

#include "usage.h"
#include "peergateway.h"

/* Two channels, and how their datagrams look by default. */
#define S4 "192.0.2.10"
#define G4 "232.1.1.1"
#define S6 "2001:db8::10"
#define G6 "ff3e::8000:1"
#define CHANNEL4 { S4, G4, 5001, 5001, 0 }
#define CHANNEL6 { S6, G6, 5001, 5001, 0 }

/* A sink on any free port that does not wait for the clock. */
GstElement *relay_sink_new (const gchar * source, const gchar * group);

/* Takes the sink and lets it play. */
GstHarness *relay_harness_new (GstElement * sink);

guint relay_used_port (GstHarness * h);
GstStructure *relay_get_stats (GstElement * sink);
guint64 relay_stat (GstElement * sink, const gchar * name);

/* How many gateways have joined the sink's channel. */
guint relay_channel_gateways (GstElement * sink);
void relay_wait_for_gateways (GstElement * sink, guint n);
void relay_wait_for_stat (GstElement * sink, const gchar * name,
    guint64 at_least);

/* Buffers whose bytes follow from the seed. */
GstBuffer *relay_make_buffer (gsize len, guint8 seed);
void relay_push (GstHarness * h, gsize len, guint8 seed);
void relay_expect (PeerGateway * peer, const PeerChannel * channel, gsize len,
    guint8 seed);
