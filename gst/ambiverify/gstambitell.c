/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What ambiverify tells on the bus.
 */
#include "gstambitell.h"

#include <string.h>

GST_DEBUG_CATEGORY_EXTERN (gst_ambi_verify_debug);
#define GST_CAT_DEFAULT gst_ambi_verify_debug

#define LOSS_INTERVAL GST_SECOND

/* Once it has worked, nothing has to pass for at least so long to be called an
 * outage: an attacker's packets are not to make warnings of each pause. */
#define MIN_OUTAGE GST_SECOND

void
gst_ambi_tell_init (GstAmbiTell * tell, GstElement * element)
{
  memset (tell, 0, sizeof (*tell));
  tell->element = element;
  g_queue_init (&tell->messages);
}

void
gst_ambi_tell_clear (GstAmbiTell * tell)
{
  g_queue_clear_full (&tell->messages, (GDestroyNotify) gst_message_unref);
  g_clear_pointer (&tell->trouble, g_free);
}

void
gst_ambi_tell_start (GstAmbiTell * tell, ambi_mode mode, core_time now)
{
  GstElement *element = tell->element;

  gst_ambi_tell_clear (tell);
  gst_ambi_tell_init (tell, element);
  tell->mode = mode;
  tell->last_verified = now;
  tell->stream_end = CORE_TIME_NEVER;
}

static void
add (GstAmbiTell * tell, GstMessage * message)
{
  g_queue_push_tail (&tell->messages, message);
  g_atomic_int_inc (&tell->n_messages);
}

static void
add_element (GstAmbiTell * tell, GstStructure * structure)
{
  add (tell, gst_message_new_element (GST_OBJECT (tell->element), structure));
}

static void
add_warning (GstAmbiTell * tell, GQuark domain, gint code, const gchar * text)
{
  g_autoptr (GError) error = g_error_new_literal (domain, code, text);

  GST_WARNING_OBJECT (tell->element, "%s", text);
  add (tell, gst_message_new_warning (GST_OBJECT (tell->element), error, NULL));
}

void
gst_ambi_tell_post (GstAmbiTell * tell, GMutex * lock)
{
  GQueue messages = G_QUEUE_INIT;
  GstMessage *message;

  if (g_atomic_int_get (&tell->n_messages) == 0)
    return;
  g_mutex_lock (lock);
  messages = tell->messages;
  g_queue_init (&tell->messages);
  g_atomic_int_set (&tell->n_messages, 0);
  g_mutex_unlock (lock);
  while ((message = g_queue_pop_head (&messages)) != NULL)
    gst_element_post_message (tell->element, message);
}

/*
 * Manifests
 */

void
gst_ambi_tell_stream (GstAmbiTell * tell, const GstAmbiOrigin * origin)
{
  GST_INFO_OBJECT (tell->element, "%s brings manifest stream %"
      G_GINT64_FORMAT, origin->name, origin->stream_id);
}

static void
add_manifest_error (GstAmbiTell * tell, const GstAmbiOrigin * origin,
    const gchar * code, const gchar * text)
{
  add_element (tell, gst_structure_new ("ambi-manifest-error",
          "code", G_TYPE_STRING, code,
          "text", G_TYPE_STRING, text,
          origin->is_pad ? "pad" : "uri", G_TYPE_STRING, origin->name,
          "stream-id", G_TYPE_INT64, origin->stream_id, NULL));
}

void
gst_ambi_tell_refused (GstAmbiTell * tell, const GstAmbiOrigin * origin,
    const gchar * code, const gchar * why)
{
  g_autofree gchar *id = origin->stream_id < 0 ? g_strdup ("not known yet") :
      g_strdup_printf ("%" G_GINT64_FORMAT, origin->stream_id);
  g_autofree gchar *text =
      g_strdup_printf ("The manifests of %s (stream %s) are refused, because "
      "%s.", origin->name, id, why);

  if (!origin->is_pad) {
    GST_DEBUG_OBJECT (tell->element, "%s", text);
    if (tell->refused_uri)
      return;
    tell->refused_uri = TRUE;
  }
  add_warning (tell, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, text);
  add_manifest_error (tell, origin, code, text);
}

void
gst_ambi_tell_trouble (GstAmbiTell * tell, const GstAmbiOrigin * origin,
    const gchar * code, const gchar * text)
{
  GST_INFO_OBJECT (tell->element, "%s: %s: %s", origin->name, code, text);
  g_free (tell->trouble);
  tell->trouble = g_strdup (text);
  tell->undecided = FALSE;
  add_manifest_error (tell, origin, code, text);
}

void
gst_ambi_tell_refresh (GstAmbiTell * tell, guint32 stream_id,
    core_time deadline, core_time now)
{
  guint64 left = deadline > now ? deadline - now : 0;

  tell->stream_end = deadline;
  GST_INFO_OBJECT (tell->element, "manifest stream %u ends in %"
      GST_TIME_FORMAT, stream_id, GST_TIME_ARGS (left));
  add_element (tell, gst_structure_new ("ambi-refresh",
          "stream-id", G_TYPE_UINT, stream_id,
          "deadline", G_TYPE_UINT64, left, NULL));
}

/*
 * Outages
 */

void
gst_ambi_tell_no_address (GstAmbiTell * tell)
{
  add_warning (tell, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
      "A packet has no GstNetAddressMeta with its sender's address and port, "
      "and cannot be verified: set \"retrieve-sender-address\" at the source, "
      "and put ambiverify before elements that make other buffers.");
}

void
gst_ambi_tell_verified (GstAmbiTell * tell, guint64 verified, core_time now)
{
  if (verified == tell->verified)
    return;
  tell->verified = verified;
  tell->last_verified = now;
  tell->ever_verified = TRUE;
  tell->told_outage = FALSE;
  /* The stream outlives its end, or another one has taken over. */
  if (tell->stream_end <= now)
    tell->stream_end = CORE_TIME_NEVER;
}

/* None of them can be verified. */
static gchar *
foreign_reason (const GstAmbiTell * tell)
{
  gchar source[CORE_IP_TEXT_MAX];

  return g_strdup_printf ("those that come are not from the channel's source, "
      "%s", core_ip_to_string (&tell->channel.source, source));
}

/* Why there is nothing to verify packets with, as far as one can see; NULL when
 * all was said already. */
static gchar *
outage_reason (const GstAmbiTell * tell, const GstAmbiSituation * situation,
    core_time now)
{
  if (situation->foreign)
    return foreign_reason (tell);
  if (!situation->have_source)
    return g_strdup ("there is no source of manifests: link one to a "
        "manifest_%u pad, or set \"manifest-uri\" or \"dorms-uri\"");
  if (!situation->connected && tell->trouble != NULL)
    return g_strdup (tell->trouble);
  if (situation->refused)
    return NULL;
  if (tell->stream_end <= now)
    return g_strdup ("the manifest stream has expired, and no other one took "
        "over");
  if (!situation->connected)
    return g_strdup (situation->have_uri ? "there is no connection to a server "
        "of \"manifest-uri\"" : "the manifests have ended");
  if (situation->digests_held == 0)
    return g_strdup (tell->ever_verified ? "no more manifests come" :
        "no manifest has come so far");
  return g_strdup ("the manifests that come list none of these packets; are "
      "\"stream-id\", \"hash-algorithm\" and the channel those of the sender?");
}

void
gst_ambi_tell_outage (GstAmbiTell * tell, const GstAmbiSituation * situation,
    core_time hold, core_time now)
{
  g_autofree gchar *reason = NULL;
  g_autofree gchar *text = NULL;

  if (tell->ever_verified)
    hold = MAX (hold, MIN_OUTAGE);
  /* Some forged packets among good ones are no outage. */
  if (tell->told_outage || (situation->have_source &&
          now < tell->last_verified + hold))
    return;
  /* It is told once, and so when the reason is known. */
  if (tell->undecided && !situation->connected && !situation->foreign)
    return;
  tell->told_outage = TRUE;
  reason = outage_reason (tell, situation, now);
  if (reason == NULL)
    return;
  text = g_strdup_printf (tell->mode == AMBI_MODE_MONITOR ?
      "Packets pass unverified: %s" : "No packet passes: %s", reason);
  add_warning (tell, GST_RESOURCE_ERROR, situation->have_source ?
      GST_RESOURCE_ERROR_READ : GST_RESOURCE_ERROR_SETTINGS, text);
}

/*
 * Losses
 */

static void
add_losses (GstAmbiTell * tell, const GstAmbiLosses * losses)
{
  const GstMcChannel *channel = &tell->channel;
  gchar source[CORE_IP_TEXT_MAX], group[CORE_IP_TEXT_MAX];

  add_element (tell, gst_structure_new ("multicast-loss",
          "source", G_TYPE_STRING, core_ip_to_string (&channel->source, source),
          "group", G_TYPE_STRING, core_ip_to_string (&channel->group, group),
          "port", G_TYPE_UINT, channel->port,
          "lost", G_TYPE_UINT64, losses->lost - tell->losses.lost,
          "rejected", G_TYPE_UINT64, losses->rejected - tell->losses.rejected,
          "presumed-lost", G_TYPE_UINT64, losses->presumed_lost,
          "unknown", G_TYPE_UINT64, losses->unknown - tell->losses.unknown,
          "loss-ratio", G_TYPE_DOUBLE, losses->loss_ratio,
          "total-lost", G_TYPE_UINT64, losses->lost,
          "total-rejected", G_TYPE_UINT64, losses->rejected,
          "total-unknown", G_TYPE_UINT64, losses->unknown, NULL));
}

core_time
gst_ambi_tell_losses (GstAmbiTell * tell, const GstAmbiLosses * losses,
    core_time now)
{
  gboolean told = tell->losses.lost != 0 || tell->losses.rejected != 0;

  if (losses->lost == tell->losses.lost &&
      losses->rejected == tell->losses.rejected)
    return CORE_TIME_NEVER;
  if (told && now < tell->losses_told + LOSS_INTERVAL)
    return tell->losses_told + LOSS_INTERVAL;
  add_losses (tell, losses);
  tell->losses = *losses;
  tell->losses_told = now;
  return CORE_TIME_NEVER;
}
