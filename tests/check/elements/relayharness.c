/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What tests of amtrelaysink share.
 */
#include "relayharness.h"

#include <gst/check/gstcheck.h>
#include <string.h>

#define DEADLINE (5 * G_TIME_SPAN_SECOND)

GstElement *
relay_sink_new (const gchar * source, const gchar * group)
{
  GstElement *sink = gst_element_factory_make ("amtrelaysink", NULL);

  fail_unless (sink != NULL);
  g_object_set (sink, "source", source, "group", group, "relay-port", 0,
      "sync", FALSE, "async", FALSE, NULL);
  return sink;
}

/* Takes the sink. */
GstHarness *
relay_harness_new (GstElement * sink)
{
  GstHarness *h = gst_harness_new_with_element (sink, "sink", NULL);

  gst_object_unref (sink);
  gst_harness_set_src_caps_str (h, "video/mpegts");
  gst_harness_play (h);
  return h;
}

guint
relay_used_port (GstHarness * h)
{
  guint port;

  g_object_get (h->element, "used-port", &port, NULL);
  return port;
}

GstStructure *
relay_get_stats (GstElement * sink)
{
  GstStructure *stats;

  g_object_get (sink, "stats", &stats, NULL);
  fail_unless_equals_string (gst_structure_get_name (stats),
      "application/x-multicast-stats");
  return stats;
}

guint64
relay_stat (GstElement * sink, const gchar * name)
{
  GstStructure *stats = relay_get_stats (sink);
  guint64 value;

  fail_unless (gst_structure_get_uint64 (stats, name, &value), "%s", name);
  gst_structure_free (stats);
  return value;
}

guint
relay_channel_gateways (GstElement * sink)
{
  GstStructure *stats = relay_get_stats (sink);
  guint n = gst_value_array_get_size (gst_structure_get_value (stats,
          "gateway-stats"));

  gst_structure_free (stats);
  return n;
}

void
relay_wait_for_gateways (GstElement * sink, guint n)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;

  while (relay_channel_gateways (sink) != n) {
    fail_unless (g_get_monotonic_time () < end, "%u gateways, not %u",
        relay_channel_gateways (sink), n);
    g_usleep (1000);
  }
}

void
relay_wait_for_stat (GstElement * sink, const gchar * name, guint64 at_least)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;

  while (relay_stat (sink, name) < at_least) {
    fail_unless (g_get_monotonic_time () < end, "%s is only %" G_GUINT64_FORMAT,
        name, relay_stat (sink, name));
    g_usleep (1000);
  }
}

GstBuffer *
relay_make_buffer (gsize len, guint8 seed)
{
  guint8 *data = g_malloc (len);

  for (gsize i = 0; i < len; i++)
    data[i] = (guint8) (seed + i * 7);
  return gst_buffer_new_wrapped (data, len);
}

void
relay_push (GstHarness * h, gsize len, guint8 seed)
{
  fail_unless_equals_int (gst_harness_push (h, relay_make_buffer (len, seed)),
      GST_FLOW_OK);
}

void
relay_expect (PeerGateway * peer, const PeerChannel * channel, gsize len,
    guint8 seed)
{
  GstBuffer *buffer = relay_make_buffer (len, seed);
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_READ);
  peer_expect (peer, channel, map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
}
