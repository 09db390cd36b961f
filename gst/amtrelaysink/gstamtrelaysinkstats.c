/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The statistics of amtrelaysink as applications see them.
 */
#include "gstamtrelaysinkstats.h"

#include "gstmcstats.h"

static void
append_gateway (GValue * array, const GstAmtFanoutGateway * gateway)
{
  gchar text[CORE_IP_TEXT_MAX];
  GValue item = G_VALUE_INIT;

  g_value_init (&item, GST_TYPE_STRUCTURE);
  g_value_take_boxed (&item, gst_structure_new ("gateway",
          "address", G_TYPE_STRING,
          core_ip_to_string (&gateway->gateway.ip, text),
          "port", G_TYPE_UINT, (guint) gateway->gateway.port,
          "packets-sent", G_TYPE_UINT64, gateway->packets_sent,
          "bytes-sent", G_TYPE_UINT64, gateway->bytes_sent, NULL));
  gst_value_array_append_and_take_value (array, &item);
}

static void
take_gateway_stats (GstStructure * stats, GArray * gateways)
{
  GValue array = G_VALUE_INIT;

  g_value_init (&array, GST_TYPE_ARRAY);
  for (guint i = 0; i < gateways->len; i++)
    append_gateway (&array, &g_array_index (gateways, GstAmtFanoutGateway, i));
  gst_structure_take_value (stats, "gateway-stats", &array);
}

static void
set_relay_stats (GstStructure * stats, const GstAmtRelayStats * relay)
{
  gst_structure_set (stats,
      "gateways-added", G_TYPE_UINT64, relay->core.gateways_added,
      "gateways-removed", G_TYPE_UINT64, relay->core.gateways_removed,
      "control-received", G_TYPE_UINT64, relay->core.control_received,
      "control-sent", G_TYPE_UINT64, relay->core.control_sent,
      "dropped-control-not-unicast", G_TYPE_UINT64, relay->not_unicast,
      "dropped-control-truncated", G_TYPE_UINT64, relay->truncated,
      "dropped-control-send-failed", G_TYPE_UINT64, relay->send_failed, NULL);
  gst_mc_stats_set_drops (stats, "dropped-control", amt_relay_reasons,
      relay->core.dropped);
}

GstStructure *
gst_amt_relay_sink_stats_new (const GstAmtFanoutCounters * c, GArray * gateways,
    const GstAmtRelayStats * relay, guint port)
{
  GstStructure *stats = gst_structure_new (GST_MC_STATS_NAME,
      "packets-in", G_TYPE_UINT64, c->packets_in,
      "bytes-in", G_TYPE_UINT64, c->bytes_in,
      "packets-sent", G_TYPE_UINT64, c->sender.packets_sent,
      "bytes-sent", G_TYPE_UINT64, c->sender.bytes_sent,
      "segments-refused", G_TYPE_UINT64, c->sender.segments_refused,
      "dropped-empty", G_TYPE_UINT64, c->dropped_empty,
      "dropped-too-big", G_TYPE_UINT64, c->dropped_too_big,
      "dropped-send-buffer-full", G_TYPE_UINT64,
      c->sender.dropped_send_buffer_full,
      "dropped-send-failed", G_TYPE_UINT64, c->sender.dropped_send_failed,
      "relay-port", G_TYPE_UINT, port,
      "gateways", G_TYPE_UINT64, (guint64) relay->core.gateways, NULL);

  set_relay_stats (stats, relay);
  take_gateway_stats (stats, gateways);
  return stats;
}
