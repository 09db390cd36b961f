/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Pieces of the "application/x-multicast-stats" structure.
 */
#include "gstmcstats.h"

void
gst_mc_stats_set_drops (GstStructure * stats, const gchar * prefix,
    const core_error * reasons, const uint64_t * counts)
{
  for (; *reasons != CORE_OK; reasons++) {
    g_autofree gchar *name =
        g_strdup_printf ("%s-%s", prefix, core_error_name (*reasons));

    gst_structure_set (stats, name, G_TYPE_UINT64, counts[-*reasons], NULL);
  }
}

GstStructure *
gst_mc_stats_new (const GstMcSnapshot * snapshot, const gchar * delivery)
{
  const GstMcPathStats *path = &snapshot->path;

  GstStructure *stats = gst_structure_new (GST_MC_STATS_NAME,
      "packets-received", G_TYPE_UINT64, path->received,
      "bytes-received", G_TYPE_UINT64, path->bytes,
      "packets-pushed", G_TYPE_UINT64, snapshot->packets_pushed,
      "kernel-dropped", G_TYPE_UINT64, path->kernel_dropped,
      "receive-buffer-size", G_TYPE_UINT64, (guint64) path->receive_buffer,
      "delivery", G_TYPE_STRING,
      snapshot->delivery ? snapshot->delivery : delivery,
      "state", G_TYPE_STRING, snapshot->running ? path->state : "stopped",
      "join-latency-ns", G_TYPE_UINT64, (guint64) snapshot->join_latency,
      "last-packet-time-ns", G_TYPE_UINT64,
      GST_CLOCK_TIME_IS_VALID (snapshot->last_packet) ?
      snapshot->last_packet : 0,
      "dropped-too-big", G_TYPE_UINT64, path->too_big,
      "dropped-empty", G_TYPE_UINT64, snapshot->empty,
      "dropped-paused", G_TYPE_UINT64, snapshot->paused,
      "dropped-flushed", G_TYPE_UINT64, snapshot->packets_flushed, NULL);

  gst_mc_metadata_add_stats (&snapshot->metadata, stats);
  return stats;
}
