/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * From packets to manifests that wait to be pushed.
 */
#include "gstambisigner.h"

#include <gst/base/gstqueuearray.h>
#include <string.h>

#include "gstmcaddr.h"

/* Bounds what waits to be pushed: minutes of a fast stream's manifests, and
 * several of the largest. */
#define MAX_HELD_BYTES (16 * 1024 * 1024)

/* What a manifest costs besides its bytes. */
#define OVERHEAD 512

struct _GstAmbiSigner
{
  GMutex lock;                  /* all below; nothing is called with it held */
  GCond changed;                /* for the popping thread */
  ambi_sign *core;              /* NULL while stopped */
  GstQueueArray *manifests;     /* of GstBuffer */
  guint64 held_bytes;
  core_time end;                /* or NEVER */
  gboolean begun;
  gboolean expired;             /* the end was reached */
  gboolean finished;
  gboolean said_old;
  gboolean flushing;
  GstAmbiSignerStats stats;
};

GstAmbiSigner *
gst_ambi_signer_new (void)
{
  GstAmbiSigner *signer = g_new0 (GstAmbiSigner, 1);

  g_mutex_init (&signer->lock);
  g_cond_init (&signer->changed);
  signer->manifests = gst_queue_array_new (16);
  signer->end = CORE_TIME_NEVER;
  signer->flushing = TRUE;
  return signer;
}

static guint64
cost_of (GstBuffer * manifest)
{
  return gst_buffer_get_size (manifest) + OVERHEAD;
}

/* With the lock held. */
static GstBuffer *
take_oldest (GstAmbiSigner * signer)
{
  GstBuffer *manifest = gst_queue_array_pop_head (signer->manifests);

  if (manifest != NULL) {
    signer->held_bytes -= cost_of (manifest);
    signer->stats.manifests_held--;
  }
  return manifest;
}

void
gst_ambi_signer_free (GstAmbiSigner * signer)
{
  gst_ambi_signer_stop (signer);
  gst_queue_array_free (signer->manifests);
  g_cond_clear (&signer->changed);
  g_mutex_clear (&signer->lock);
  g_free (signer);
}

static core_time
end_of (core_time refresh_deadline, core_time now)
{
  return refresh_deadline > 0 ? now + refresh_deadline : CORE_TIME_NEVER;
}

gboolean
gst_ambi_signer_start (GstAmbiSigner * signer, const ambi_sign_config * config,
    core_time refresh_deadline, GError ** error)
{
  core_time now = gst_mc_now ();
  ambi_sign *core;
  int err = ambi_sign_new (&core, config, now);

  if (err != CORE_OK) {
    g_set_error (error, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_INIT,
        "Manifests cannot be made: %s.", core_error_name (err));
    return FALSE;
  }
  g_mutex_lock (&signer->lock);
  signer->core = core;
  signer->end = end_of (refresh_deadline, now);
  signer->begun = FALSE;
  signer->expired = FALSE;
  signer->finished = FALSE;
  signer->said_old = FALSE;
  memset (&signer->stats, 0, sizeof (signer->stats));
  ambi_sign_set_end (core, signer->end, now);
  g_mutex_unlock (&signer->lock);
  return TRUE;
}

void
gst_ambi_signer_stop (GstAmbiSigner * signer)
{
  GstBuffer *manifest;

  g_mutex_lock (&signer->lock);
  ambi_sign_free (signer->core);
  signer->core = NULL;
  while ((manifest = take_oldest (signer)) != NULL) {
    signer->stats.manifests_dropped++;
    gst_buffer_unref (manifest);
  }
  g_mutex_unlock (&signer->lock);
}

void
gst_ambi_signer_begin (GstAmbiSigner * signer)
{
  g_mutex_lock (&signer->lock);
  signer->begun = TRUE;
  g_cond_signal (&signer->changed);
  g_mutex_unlock (&signer->lock);
}

/*
 * Making manifests, with the lock held
 */

static gboolean
has_ended (const GstAmbiSigner * signer)
{
  return signer->expired || signer->finished || signer->core == NULL;
}

static void
keep (GstAmbiSigner * signer, GstBuffer * manifest)
{
  gst_queue_array_push_tail (signer->manifests, manifest);
  signer->held_bytes += cost_of (manifest);
  signer->stats.manifests_made++;
  signer->stats.manifests_held++;
  while (signer->held_bytes > MAX_HELD_BYTES) {
    gst_buffer_unref (take_oldest (signer));
    signer->stats.manifests_dropped++;
  }
  g_cond_signal (&signer->changed);
}

/* Takes from the core what is due. */
static void
collect (GstAmbiSigner * signer, core_time now)
{
  gsize len;

  while ((len = ambi_sign_pending (signer->core)) > 0) {
    guint8 *data = g_malloc (len);

    len = ambi_sign_manifest (signer->core, data, len, now);
    keep (signer, gst_buffer_new_wrapped (data, len));
  }
}

/* What the time brings: manifests that were begun long enough ago, and the end
 * of the stream. */
static void
expire (GstAmbiSigner * signer, core_time now)
{
  if (has_ended (signer))
    return;
  if (now >= ambi_sign_deadline (signer->core))
    ambi_sign_expire (signer->core, now);
  if (now >= signer->end) {
    ambi_sign_flush (signer->core, now);
    signer->expired = TRUE;
    g_cond_signal (&signer->changed);
  }
  collect (signer, now);
}

/*
 * The packets
 */

GstAmbiSignerResult
gst_ambi_signer_add (GstAmbiSigner * signer, const guint8 * data, gsize len,
    core_time now)
{
  GstAmbiSignerResult result = GST_AMBI_SIGNER_OK;
  core_time deadline = CORE_TIME_NEVER;
  guint64 dropped;

  g_mutex_lock (&signer->lock);
  dropped = signer->stats.manifests_dropped;
  expire (signer, now);
  if (has_ended (signer)) {
    signer->stats.packets_unlisted++;
    result = GST_AMBI_SIGNER_UNLISTED;
    goto done;
  }
  deadline = ambi_sign_deadline (signer->core);
  if (ambi_sign_packet (signer->core, data, len, now) != CORE_OK) {
    result = GST_AMBI_SIGNER_FAILED;
    goto done;
  }
  signer->stats.packets_signed++;
  collect (signer, now);
  if (signer->stats.manifests_dropped > dropped) {
    result = GST_AMBI_SIGNER_OVERFLOW;
  } else if (!signer->said_old && ambi_sign_is_old (signer->core)) {
    signer->said_old = TRUE;
    result = GST_AMBI_SIGNER_OLD;
  }
  /* The thread that waits for the deadline must learn of an earlier one. */
  if (ambi_sign_deadline (signer->core) < deadline)
    g_cond_signal (&signer->changed);

done:
  g_mutex_unlock (&signer->lock);
  return result;
}

void
gst_ambi_signer_flush (GstAmbiSigner * signer)
{
  core_time now = gst_mc_now ();

  g_mutex_lock (&signer->lock);
  if (!has_ended (signer)) {
    ambi_sign_flush (signer->core, now);
    collect (signer, now);
  }
  g_mutex_unlock (&signer->lock);
}

void
gst_ambi_signer_finish (GstAmbiSigner * signer)
{
  gst_ambi_signer_flush (signer);
  g_mutex_lock (&signer->lock);
  signer->finished = TRUE;
  g_cond_signal (&signer->changed);
  g_mutex_unlock (&signer->lock);
}

gboolean
gst_ambi_signer_is_finished (GstAmbiSigner * signer)
{
  gboolean finished;

  g_mutex_lock (&signer->lock);
  finished = signer->finished && !signer->expired;
  g_mutex_unlock (&signer->lock);
  return finished;
}

void
gst_ambi_signer_resume (GstAmbiSigner * signer)
{
  g_mutex_lock (&signer->lock);
  signer->finished = FALSE;
  g_mutex_unlock (&signer->lock);
}

void
gst_ambi_signer_set_refresh (GstAmbiSigner * signer, core_time refresh_deadline)
{
  core_time now = gst_mc_now ();

  g_mutex_lock (&signer->lock);
  if (!has_ended (signer)) {
    signer->end = end_of (refresh_deadline, now);
    ambi_sign_set_end (signer->core, signer->end, now);
    g_cond_signal (&signer->changed);
  }
  g_mutex_unlock (&signer->lock);
}

/*
 * The manifests
 */

/* Waits for news, or until there is something to do; with the lock held. */
static void
wait_for_change (GstAmbiSigner * signer)
{
  core_time until = CORE_TIME_NEVER;

  if (signer->begun && !has_ended (signer))
    until = MIN (ambi_sign_deadline (signer->core), signer->end);
  if (until == CORE_TIME_NEVER)
    g_cond_wait (&signer->changed, &signer->lock);
  else
    g_cond_wait_until (&signer->changed, &signer->lock,
        (gint64) (until / 1000 + 1));
}

GstFlowReturn
gst_ambi_signer_pop (GstAmbiSigner * signer, GstBuffer ** manifest)
{
  GstFlowReturn flow = GST_FLOW_FLUSHING;

  *manifest = NULL;
  g_mutex_lock (&signer->lock);
  while (!signer->flushing) {
    if (signer->begun)
      expire (signer, gst_mc_now ());
    if (signer->begun && (*manifest = take_oldest (signer)) != NULL) {
      signer->stats.manifests_pushed++;
      signer->stats.manifest_bytes_pushed += gst_buffer_get_size (*manifest);
      flow = GST_FLOW_OK;
      break;
    }
    if (signer->begun && has_ended (signer)) {
      flow = GST_FLOW_EOS;
      break;
    }
    wait_for_change (signer);
  }
  g_mutex_unlock (&signer->lock);
  return flow;
}

void
gst_ambi_signer_set_flushing (GstAmbiSigner * signer, gboolean flushing)
{
  g_mutex_lock (&signer->lock);
  signer->flushing = flushing;
  g_cond_broadcast (&signer->changed);
  g_mutex_unlock (&signer->lock);
}

void
gst_ambi_signer_get_stats (GstAmbiSigner * signer, GstAmbiSignerStats * stats)
{
  g_mutex_lock (&signer->lock);
  *stats = signer->stats;
  stats->refreshing = signer->end != CORE_TIME_NEVER;
  stats->ended = signer->expired || signer->finished;
  g_mutex_unlock (&signer->lock);
}
