/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The statistics of ambiverify as applications see them.
 */
#include "gstambiverifystats.h"

#include "gstambifeed.h"
#include "gstmcaddr.h"
#include "gstmcstats.h"

/* What a snapshot under the lock takes. */
typedef struct
{
  ambi_verify_stats core;
  GstAmbiCounters counters;
  gdouble loss_ratio;
  const gchar *state;
} Snapshot;

static const gchar *
get_state (const GstAmbiGate * gate)
{
  if (gate->verify == NULL)
    return "stopped";
  if (gate->tell.told_outage)
    return "outage";
  if (gate->tell.ever_verified)
    return "verifying";
  return gate->feeds != NULL ? "waiting" : "no-manifests";
}

static void
append_feed (GValue * array, const GstAmbiFeed * feed)
{
  const ambi_intake_stats stats = gst_ambi_feed_get_stats (feed);
  GValue item = G_VALUE_INIT;

  g_value_init (&item, GST_TYPE_STRUCTURE);
  g_value_take_boxed (&item, gst_structure_new ("manifest-stream",
          feed->is_pad ? "pad" : "uri", G_TYPE_STRING, feed->name,
          "stream-id", G_TYPE_INT64, feed->stream_id,
          "hash-algorithm", G_TYPE_STRING, core_hash_name (feed->algorithm),
          "state", G_TYPE_STRING, gst_ambi_feed_state_name (feed->state),
          "manifests", G_TYPE_UINT64, stats.manifests,
          "bytes", G_TYPE_UINT64, stats.bytes, NULL));
  gst_value_array_append_and_take_value (array, &item);
}

static void
take_snapshot (GstAmbiGate * gate, Snapshot * snapshot, GValue * feeds)
{
  g_value_init (feeds, GST_TYPE_ARRAY);
  g_mutex_lock (&gate->lock);
  snapshot->counters = gate->counters;
  snapshot->state = get_state (gate);
  snapshot->loss_ratio = 0.0;
  if (gate->verify != NULL) {
    snapshot->core = *ambi_verify_get_stats (gate->verify);
    snapshot->loss_ratio = ambi_verify_loss_ratio (gate->verify, gst_mc_now ());
  } else {
    snapshot->core = gate->last_stats;
    snapshot->core.packets_held = 0;
    snapshot->core.bytes_held = 0;
    snapshot->core.digests_held = 0;
    snapshot->core.presumed_lost = 0;
  }
  for (GList * l = gate->feeds; l != NULL; l = l->next)
    append_feed (feeds, l->data);
  g_mutex_unlock (&gate->lock);
}

static void
set_rejected (GstStructure * stats, const gchar * reason, guint64 n)
{
  g_autofree gchar *name = g_strdup_printf ("packets-rejected-%s", reason);

  gst_structure_set (stats, name, G_TYPE_UINT64, n, NULL);
}

static void
set_all_rejected (GstStructure * stats, const Snapshot * snapshot)
{
  for (guint i = GST_AMBI_REJECT_NONE + 1; i < GST_AMBI_N_REJECTS; i++)
    set_rejected (stats, gst_ambi_reject_name (i),
        snapshot->counters.rejects[i]);
  for (guint i = AMBI_REASON_NONE + 1; i < AMBI_N_REASONS; i++)
    if (i != AMBI_REASON_FLUSHED)
      set_rejected (stats, ambi_reason_name (i), snapshot->core.rejected[i]);
}

static void
set_manifest_stats (GstStructure * stats, const Snapshot * snapshot)
{
  const ambi_verify_stats *core = &snapshot->core;

  gst_structure_set (stats,
      "manifests-received", G_TYPE_UINT64, core->manifests,
      "manifests-lost", G_TYPE_UINT64, core->manifests_lost,
      "manifest-datagrams-malformed", G_TYPE_UINT64,
      snapshot->counters.malformed_datagrams,
      "manifest-connections", G_TYPE_UINT64, snapshot->counters.connections,
      "digests-received", G_TYPE_UINT64, core->digests,
      "digests-held", G_TYPE_UINT64, (guint64) core->digests_held,
      "digests-stale", G_TYPE_UINT64, core->digests_stale,
      "digests-conflicting", G_TYPE_UINT64, core->digests_conflicting,
      "digests-overflowed", G_TYPE_UINT64, core->digests_overflowed,
      "lead-min-ns", G_TYPE_INT64, core->lead_min,
      "lead-avg-ns", G_TYPE_INT64, core->lead_average,
      "lead-max-ns", G_TYPE_INT64, core->lead_max, NULL);
}

GstStructure *
gst_ambi_verify_stats_new (GstAmbiGate * gate)
{
  GValue feeds = G_VALUE_INIT;
  GstStructure *stats;
  Snapshot snapshot;

  take_snapshot (gate, &snapshot, &feeds);
  stats = gst_structure_new (GST_MC_STATS_NAME,
      "state", G_TYPE_STRING, snapshot.state,
      "packets-received", G_TYPE_UINT64, snapshot.counters.received,
      "packets-verified", G_TYPE_UINT64, snapshot.core.verified,
      "packets-pushed", G_TYPE_UINT64, snapshot.counters.pushed,
      "packets-discarded", G_TYPE_UINT64, snapshot.counters.discarded,
      "packets-flushed", G_TYPE_UINT64, snapshot.counters.flushed,
      "packets-held", G_TYPE_UINT64, (guint64) snapshot.core.packets_held,
      "bytes-held", G_TYPE_UINT64, (guint64) snapshot.core.bytes_held,
      "packets-lost", G_TYPE_UINT64, snapshot.core.lost,
      "packets-presumed-lost", G_TYPE_UINT64, snapshot.core.presumed_lost,
      "packets-unknown", G_TYPE_UINT64, snapshot.core.unknown,
      "loss-ratio", G_TYPE_DOUBLE, snapshot.loss_ratio, NULL);
  set_all_rejected (stats, &snapshot);
  set_manifest_stats (stats, &snapshot);
  gst_structure_take_value (stats, "manifest-streams", &feeds);
  return stats;
}
