/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The manifest streams that the channel's metadata name.
 */
#include "gstambipublished.h"

#include <string.h>

#include "gstambifeed.h"
#include "gstmcaddr.h"

GST_DEBUG_CATEGORY_EXTERN (gst_ambi_verify_debug);
#define GST_CAT_DEFAULT gst_ambi_verify_debug

/* Streams that are fetched at a time: one in use, one to take over, and some of
 * which nothing came so far. */
#define MAX_STREAMS 4

/* s: what expires later than in ten years, does not. */
#define MAX_LIFE (10 * 365 * G_GINT64_CONSTANT (86400))

struct _GstAmbiPublished
{
  GstAmbiGate *gate;
  GstMcMetadataConfig config;
  gboolean only_told;           /* manifests come from elsewhere */

  /* the task's */
  GstMcChannel channel;         /* that is asked for */
  GstMcMetadata *metadata;

  /* under the gate's lock */
  GPtrArray *streams;           /* of GstAmbiPublishedStream, newest first */
  gboolean refresh;             /* the sender announced a change */
  GstMcMetadataStats stats;
};

static gboolean
is_set (const gchar * text)
{
  return text != NULL && *text != '\0';
}

gboolean
gst_ambi_published_new (GstAmbiGate * gate,
    const GstAmbiVerifySettings * settings, GstAmbiPublished ** out,
    GError ** error)
{
  GstAmbiPublished *self;
  GstMcMetadataConfig config;
  gboolean has_source = is_set (settings->manifest_uri) || gate->n_pads > 0;

  *out = NULL;
  if (!gst_mc_metadata_config_parse (&config, settings->dorms_uri,
          settings->dns_trust, settings->tls_ca_file,
          settings->require_srv_match, error))
    return FALSE;
  if (config.off || (config.server == NULL && has_source)) {
    gst_mc_metadata_config_clear (&config);
    return TRUE;
  }
  self = g_new0 (GstAmbiPublished, 1);
  self->gate = gate;
  self->config = config;
  self->config.element_complains = !has_source;
  self->only_told = has_source;
  self->streams = g_ptr_array_new ();
  *out = self;
  return TRUE;
}

static void
free_stream (GstAmbiPublishedStream * stream)
{
  gst_ambi_fetcher_free (stream->fetcher);
  if (stream->connecting)
    gst_mc_progress (stream->gate->element, GST_PROGRESS_TYPE_CANCELED,
        "connect", "No longer connecting to manifest stream %u", stream->id);
  g_free (stream->uris);
  g_free (stream);
}

/* Takes the streams that are to go off the list; they are freed without the
 * lock. */
static void
drop_streams (GstAmbiPublished * self,
    gboolean (*is_to_go) (const GstAmbiPublished * self,
        const GstAmbiPublishedStream * stream))
{
  GPtrArray *gone = g_ptr_array_new ();

  g_mutex_lock (&self->gate->lock);
  for (guint i = self->streams->len; i > 0; i--) {
    GstAmbiPublishedStream *stream = g_ptr_array_index (self->streams, i - 1);

    if (is_to_go (self, stream)) {
      g_ptr_array_add (gone, stream);
      g_ptr_array_remove_index (self->streams, i - 1);
    }
  }
  g_mutex_unlock (&self->gate->lock);
  for (guint i = 0; i < gone->len; i++)
    free_stream (g_ptr_array_index (gone, i));
  g_ptr_array_unref (gone);
}

static gboolean
is_any (const GstAmbiPublished * self, const GstAmbiPublishedStream * stream)
{
  return TRUE;
}

void
gst_ambi_published_free (GstAmbiPublished * self)
{
  if (self == NULL)
    return;
  gst_mc_metadata_free (self->metadata);
  drop_streams (self, is_any);
  g_ptr_array_unref (self->streams);
  gst_mc_metadata_config_clear (&self->config);
  g_free (self);
}

/* Called by the thread that asks. */
static void
notify (void *ctx)
{
  GstAmbiGate *gate = ((GstAmbiPublished *) ctx)->gate;

  g_mutex_lock (&gate->lock);
  gate->news = TRUE;
  g_cond_signal (&gate->wake);
  g_mutex_unlock (&gate->lock);
}

/*
 * Which stream
 */

/* The best that the verifier can use, that the user did not rule out, that is
 * not about to end and that has not failed. */
static const dorms_stream *
choose (GstAmbiPublished * self, dorms_metadata * usable)
{
  const dorms_metadata *all = gst_mc_metadata_get (self->metadata);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  *usable = *all;
  usable->n_streams = 0;
  g_mutex_lock (&self->gate->lock);
  for (guint i = 0; i < all->n_streams; i++) {
    gboolean unfit = all->streams[i].layer != DORMS_LAYER_UDP ||
        (self->gate->stream_id >= 0 &&
        self->gate->stream_id != all->streams[i].id);

    for (guint j = 0; j < self->streams->len; j++) {
      const GstAmbiPublishedStream *stream =
          g_ptr_array_index (self->streams, j);

      unfit |= (stream->ending || stream->failed || stream->expiring) &&
          stream->id == all->streams[i].id;
    }
    if (!unfit)
      usable->streams[usable->n_streams++] = all->streams[i];
  }
  g_mutex_unlock (&self->gate->lock);
  return dorms_metadata_stream (usable, (guint16) self->channel.port, now);
}

/* There is one. */
static GstAmbiPublishedStream *
newest_of (const GstAmbiPublished * self)
{
  return g_ptr_array_index (self->streams, 0);
}

static gint64
get_expiration (const dorms_stream * stream)
{
  return stream->expires ? stream->expiration : 0;
}

static gchar *
join_uris (const dorms_stream * stream)
{
  GString *uris = g_string_new (NULL);

  for (guint i = 0; i < stream->n_uris; i++)
    g_string_append_printf (uris, "%s%s", i > 0 ? " " : "", stream->uris[i]);
  return g_string_free (uris, FALSE);
}

/* Makes it the newest one if it is being fetched already. */
static gboolean
prefer (GstAmbiPublished * self, const dorms_stream * wanted,
    const gchar * uris)
{
  gboolean found = FALSE;

  g_mutex_lock (&self->gate->lock);
  for (guint i = 0; i < self->streams->len && !found; i++) {
    GstAmbiPublishedStream *stream = g_ptr_array_index (self->streams, i);

    found = stream->id == wanted->id && stream->algorithm == wanted->hash &&
        g_str_equal (stream->uris, uris);
    if (found) {
      g_ptr_array_remove_index (self->streams, i);
      g_ptr_array_insert (self->streams, 0, stream);
    }
  }
  g_mutex_unlock (&self->gate->lock);
  return found;
}

/* Says why nothing will come, for the day on which no packet passes. */
static void
note_trouble (GstAmbiPublished * self, const gchar * text)
{
  GstAmbiTell *tell = &self->gate->tell;

  g_mutex_lock (&self->gate->lock);
  tell->undecided = FALSE;
  if (!gst_ambi_feed_any_open (self->gate)) {
    g_free (tell->trouble);
    tell->trouble = g_strdup (text);
  }
  g_mutex_unlock (&self->gate->lock);
}

static void
note_problem (GstAmbiPublished * self)
{
  g_autofree gchar *text = g_strdup_printf ("%s: %s, or name the manifests "
      "with \"manifest-uri\"", gst_mc_metadata_get_problem (self->metadata),
      gst_mc_metadata_get_remedy (self->metadata));

  note_trouble (self, text);
}

static void
begin_waiting (GstAmbiPublished * self)
{
  g_mutex_lock (&self->gate->lock);
  self->gate->tell.undecided = TRUE;
  g_mutex_unlock (&self->gate->lock);
}

static void
fetch_stream (GstAmbiPublished * self, const dorms_stream * wanted)
{
  GstAmbiGate *gate = self->gate;
  g_autofree gchar *uris = join_uris (wanted);
  GstAmbiFetcherSettings settings = {
    .uris = uris,
    .tls_ca_file = self->config.tls_ca_file,
    .object = GST_OBJECT (gate->element),
  };
  g_autoptr (GError) error = NULL;
  GstAmbiPublishedStream *stream;

  if (prefer (self, wanted, uris))
    return;
  begin_waiting (self);
  stream = g_new0 (GstAmbiPublishedStream, 1);
  stream->gate = gate;
  stream->uris = g_strdup (uris);
  stream->id = wanted->id;
  stream->algorithm = wanted->hash;
  stream->digest_hold_time = gate->digest_hold_time ? gate->digest_hold_time :
      wanted->digest_hold_ms * CORE_MSECOND;
  stream->expiration = get_expiration (wanted);
  stream->connecting = TRUE;
  gst_mc_progress (gate->element, GST_PROGRESS_TYPE_START, "connect",
      "Connecting to manifest stream %u at %s", wanted->id, uris);
  stream->fetcher = gst_ambi_fetcher_new (&settings,
      &gst_ambi_feed_published_callbacks, stream, &error);
  if (stream->fetcher == NULL ||
      !gst_ambi_fetcher_start (stream->fetcher, &error)) {
    note_trouble (self, error->message);
    free_stream (stream);
    return;
  }
  GST_INFO_OBJECT (gate->element, "the metadata name manifest stream %u at %s",
      wanted->id, uris);
  g_mutex_lock (&gate->lock);
  g_ptr_array_insert (self->streams, 0, stream);
  g_mutex_unlock (&gate->lock);
}

/* With the lock held. */
static gboolean
is_named (const GstAmbiPublished * self, const GstAmbiPublishedStream * stream)
{
  const dorms_metadata *metadata = gst_mc_metadata_get (self->metadata);

  if (metadata == NULL ||
      gst_mc_metadata_get_state (self->metadata) != DORMS_STATE_FRESH)
    return TRUE;
  for (guint i = 0; i < metadata->n_streams; i++)
    if (metadata->streams[i].id == stream->id &&
        metadata->streams[i].hash == stream->algorithm)
      return TRUE;
  return FALSE;
}

/* What is not wanted any more.  One that announced its end goes on until the
 * newest took over; digests that came so far stay good for their time. */
static gboolean
is_outdated (const GstAmbiPublished * self,
    const GstAmbiPublishedStream * stream)
{
  const GstAmbiPublishedStream *newest = newest_of (self);

  if (!stream->ending && !is_named (self, stream))
    return TRUE;
  if (stream == newest)
    return FALSE;
  return stream->over || (newest->seen && (!stream->ending ||
          newest->id == stream->id)) ||
      (!stream->seen && self->streams->len > MAX_STREAMS);
}

/* A new expiration is a new life. */
static void
note_expirations (GstAmbiPublished * self)
{
  const dorms_metadata *metadata = gst_mc_metadata_get (self->metadata);

  g_mutex_lock (&self->gate->lock);
  for (guint i = 0; i < self->streams->len; i++) {
    GstAmbiPublishedStream *stream = g_ptr_array_index (self->streams, i);

    for (guint j = 0; j < metadata->n_streams; j++) {
      gint64 expiration = get_expiration (&metadata->streams[j]);

      if (metadata->streams[j].id != stream->id ||
          expiration == stream->expiration)
        continue;
      stream->expiration = expiration;
      stream->expiring = FALSE;
    }
  }
  g_mutex_unlock (&self->gate->lock);
}

/* Receivers do not all look for another stream at the same time, nor at the last
 * moment; as long as there is none, they look again (AMBI §3.5). */
static void
plan_successor (GstAmbiPublished * self)
{
  GstAmbiGate *gate = self->gate;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  g_mutex_lock (&gate->lock);
  gate->published_at = CORE_TIME_NEVER;
  if (self->streams->len > 0) {
    const GstAmbiPublishedStream *newest = newest_of (self);
    gdouble share = newest->expiring ? 0.5 : g_random_double_range (0.5, 0.9);
    gdouble left = (gdouble) MIN (newest->expiration - now, MAX_LIFE);

    if (left > 0)
      gate->published_at = gst_mc_now () +
          MAX ((core_time) (left * share * CORE_SECOND), CORE_SECOND);
  }
  g_mutex_unlock (&gate->lock);
}

/* They are fresh, and the port is known. */
static void
follow_metadata (GstAmbiPublished * self)
{
  g_autofree dorms_metadata *usable = g_new (dorms_metadata, 1);
  const dorms_stream *best;

  note_expirations (self);
  best = choose (self, usable);
  if (best != NULL) {
    gst_ambi_gate_set_published_hold (self->gate,
        best->data_hold_ms * CORE_MSECOND);
    fetch_stream (self, best);
  }
  drop_streams (self, is_outdated);
  plan_successor (self);
  if (self->streams->len == 0 && best == NULL)
    note_trouble (self, "the channel's metadata name no manifest stream that "
        "can be used: name the manifests with \"manifest-uri\"");
}

static void
follow (GstAmbiPublished * self)
{
  if (gst_mc_metadata_get (self->metadata) == NULL) {
    if (gst_mc_metadata_get_problem (self->metadata) != NULL)
      note_problem (self);
    /* They were withdrawn, and all they vouched for is past. */
    drop_streams (self, is_any);
  } else if (gst_mc_metadata_get_state (self->metadata) == DORMS_STATE_FRESH) {
    if (self->channel.port != 0)
      follow_metadata (self);
  } else if (self->streams->len == 0) {
    /* What is under way goes on (draft-ietf-mboned-dorms-08 §6). */
    note_trouble (self, "the channel's metadata are out of date, and their "
        "server does not confirm them");
  }
}

/*
 * The task
 */

static void
ask (GstAmbiPublished * self, const GstMcChannel * channel)
{
  gst_mc_metadata_free (self->metadata);
  drop_streams (self, is_any);
  self->channel = *channel;
  self->metadata = gst_mc_metadata_new (self->gate->element, &self->config,
      channel, notify, self);
  begin_waiting (self);
}

void
gst_ambi_published_step (GstAmbiPublished * self, const GstMcChannel * channel)
{
  gboolean changed = self->channel.port != channel->port;
  gboolean refresh;

  if (channel->group.family == CORE_FAMILY_NONE)
    return;
  if (!core_ip_equal (&self->channel.source, &channel->source) ||
      !core_ip_equal (&self->channel.group, &channel->group)) {
    ask (self, channel);
    changed = TRUE;
  }
  self->channel = *channel;
  changed |= gst_mc_metadata_update (self->metadata);
  g_mutex_lock (&self->gate->lock);
  gst_mc_metadata_get_stats (self->metadata, &self->stats);
  if (gst_mc_now () >= self->gate->published_at) {
    self->gate->published_at = CORE_TIME_NEVER;
    if (self->streams->len > 0)
      newest_of (self)->expiring = TRUE;
    self->refresh = TRUE;
  }
  refresh = self->refresh;
  self->refresh = FALSE;
  g_mutex_unlock (&self->gate->lock);
  if (self->only_told)
    return;
  if (refresh)
    gst_mc_metadata_refresh (self->metadata);
  if (changed || refresh)
    follow (self);
  drop_streams (self, is_outdated);
}

/*
 * With the gate's lock held
 */

void
gst_ambi_published_ends (GstAmbiPublishedStream * stream)
{
  stream->ending = TRUE;
  if (stream->gate->published != NULL)
    stream->gate->published->refresh = TRUE;
  stream->gate->news = TRUE;
  g_cond_signal (&stream->gate->wake);
}

void
gst_ambi_published_left (GstAmbiPublishedStream * stream)
{
  stream->over = TRUE;
  stream->gate->news = TRUE;
  g_cond_signal (&stream->gate->wake);
}

void
gst_ambi_published_failed (GstAmbiPublishedStream * stream)
{
  stream->failed = TRUE;
  if (stream->gate->published != NULL)
    stream->gate->published->refresh = TRUE;
  stream->gate->news = TRUE;
  g_cond_signal (&stream->gate->wake);
}

void
gst_ambi_published_data_flows (GstAmbiPublished * self)
{
  for (guint i = 0; i < self->streams->len; i++) {
    GstAmbiPublishedStream *stream = g_ptr_array_index (self->streams, i);

    gst_ambi_fetcher_data_flows (stream->fetcher);
  }
}

void
gst_ambi_published_get_stats (const GstAmbiPublished * self,
    GstMcMetadataStats * stats)
{
  memset (stats, 0, sizeof (*stats));
  if (self != NULL)
    *stats = self->stats;
}
