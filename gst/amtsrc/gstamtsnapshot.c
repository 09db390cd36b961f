/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What amtsrc's statistics are made of.
 */
#include "gstamtsnapshot.h"

#include "gstmcstats.h"

GstStructure *
gst_amt_snapshot_to_structure (const GstAmtSnapshot * snapshot)
{
  const GstAmtTunnelStats *tunnel = &snapshot->tunnel;
  const amt_gateway_stats *gw = &tunnel->gateway;
  gchar relay[CORE_ADDR_TEXT_MAX] = "";
  GstStructure *s;

  if (gw->relay.ip.family != CORE_FAMILY_NONE)
    core_addr_to_string (&gw->relay, relay);

  s = gst_structure_new (GST_MC_STATS_NAME,
      "packets-received", G_TYPE_UINT64, gw->data_received + tunnel->too_big,
      "bytes-received", G_TYPE_UINT64, gw->data_bytes,
      "packets-pushed", G_TYPE_UINT64, snapshot->packets_pushed,
      "fragments-received", G_TYPE_UINT64, gw->fragments_received,
      "control-received", G_TYPE_UINT64,
      gw->control_received + tunnel->control_too_big,
      "control-sent", G_TYPE_UINT64, gw->control_sent,
      "kernel-dropped", G_TYPE_UINT64, tunnel->kernel_dropped,
      "receive-buffer-size", G_TYPE_UINT64, (guint64) snapshot->receive_buffer,
      "delivery", G_TYPE_STRING, GST_MC_DELIVERY_TUNNEL,
      "relay", G_TYPE_STRING, relay,
      "state", G_TYPE_STRING, snapshot->running ?
      amt_gateway_state_name (gw->state) : "stopped",
      "join-latency-ns", G_TYPE_UINT64, (guint64) snapshot->join_latency,
      "last-packet-time-ns", G_TYPE_UINT64,
      GST_CLOCK_TIME_IS_VALID (snapshot->last_packet) ?
      snapshot->last_packet : 0,
      "relay-requests", G_TYPE_UINT64, gw->requests_sent,
      "relay-failovers", G_TYPE_UINT64, gw->failovers,
      "dropped-too-big", G_TYPE_UINT64, tunnel->too_big,
      "dropped-empty", G_TYPE_UINT64, tunnel->empty,
      "dropped-paused", G_TYPE_UINT64, tunnel->paused,
      "dropped-flushed", G_TYPE_UINT64, snapshot->packets_flushed,
      "dropped-control-too-big", G_TYPE_UINT64, tunnel->control_too_big, NULL);
  gst_mc_stats_set_drops (s, "dropped", amt_gateway_data_reasons,
      gw->data_dropped);
  gst_mc_stats_set_drops (s, "dropped-control", amt_gateway_control_reasons,
      gw->control_dropped);
  return s;
}
