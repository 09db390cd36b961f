/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The statistics of ambisign as applications see them.
 */
#include "gstambisignstats.h"

#include "gstmcstats.h"

static const gchar *
state_of (const GstAmbiSignerStats * signer, gint64 stream_id)
{
  if (stream_id < 0)
    return "stopped";
  if (signer->ended)
    return "ended";
  return signer->refreshing ? "refreshing" : "stable";
}

GstStructure *
gst_ambi_sign_stats_new (const GstAmbiDelayStats * d,
    const GstAmbiSignerStats * s, gint64 stream_id)
{
  return gst_structure_new (GST_MC_STATS_NAME,
      "packets-received", G_TYPE_UINT64, d->packets_received,
      "bytes-received", G_TYPE_UINT64, d->bytes_received,
      "packets-signed", G_TYPE_UINT64, s->packets_signed,
      "packets-unlisted", G_TYPE_UINT64, s->packets_unlisted,
      "packets-pushed", G_TYPE_UINT64, d->packets_pushed,
      "bytes-pushed", G_TYPE_UINT64, d->bytes_pushed,
      "packets-held", G_TYPE_UINT64, d->packets_held,
      "bytes-held", G_TYPE_UINT64, d->bytes_held,
      "times-full", G_TYPE_UINT64, d->times_full,
      "dropped-empty", G_TYPE_UINT64, d->dropped_empty,
      "dropped-too-big", G_TYPE_UINT64, d->dropped_too_big,
      "dropped-unreadable", G_TYPE_UINT64, d->dropped_unreadable,
      "dropped-flushed", G_TYPE_UINT64, d->dropped_flushed,
      "manifests-made", G_TYPE_UINT64, s->manifests_made,
      "manifests-pushed", G_TYPE_UINT64, s->manifests_pushed,
      "manifest-bytes-pushed", G_TYPE_UINT64, s->manifest_bytes_pushed,
      "manifests-held", G_TYPE_UINT64, s->manifests_held,
      "dropped-manifests", G_TYPE_UINT64, s->manifests_dropped,
      "stream-id", G_TYPE_INT64, stream_id,
      "state", G_TYPE_STRING, state_of (s, stream_id), NULL);
}
