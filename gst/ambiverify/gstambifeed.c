/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * One origin of manifests.
 */
#include "gstambifeed.h"

#include "gstmcaddr.h"

/* Octets of manifests taken at a time, so that packets need not wait long for
 * the lock. */
#define CHUNK (16 * 1024)

const gchar *
gst_ambi_feed_state_name (GstAmbiFeedState state)
{
  static const gchar *const names[] = {
    [GST_AMBI_FEED_OPEN] = "open",
    [GST_AMBI_FEED_ENDED] = "ended",
    [GST_AMBI_FEED_LEFT] = "left",
    [GST_AMBI_FEED_REFUSED] = "refused",
  };

  return state < G_N_ELEMENTS (names) ? names[state] : "unknown";
}

static GstAmbiOrigin
get_origin (const GstAmbiFeed * feed)
{
  GstAmbiOrigin origin = { feed->name, feed->is_pad, feed->stream_id };

  return origin;
}

/* Lock held.  The verifier may give packets back. */
static void
drop_intake (GstAmbiFeed * feed, core_time now)
{
  if (feed->intake == NULL)
    return;
  feed->stats = *ambi_intake_get_stats (feed->intake);
  ambi_intake_free (feed->intake, now);
  feed->intake = NULL;
}

/* Lock held. */
static GstAmbiFeed *
feed_new_locked (GstAmbiGate * gate, const gchar * name, gboolean is_pad,
    const ambi_intake_config * config)
{
  GstAmbiFeed *feed;
  ambi_intake *intake;

  if (gate->verify == NULL ||
      ambi_intake_new (&intake, config, gate->verify) != CORE_OK)
    return NULL;
  feed = g_new0 (GstAmbiFeed, 1);
  feed->gate = gate;
  feed->is_pad = is_pad;
  feed->name = g_strdup (name);
  feed->intake = intake;
  feed->stream_id = config->stream_id;
  feed->pinned = config->stream_id >= 0;
  feed->another = config->not_stream_id >= 0;
  feed->algorithm = config->algorithm;
  gate->feeds = g_list_append (gate->feeds, feed);
  return feed;
}

GstAmbiFeed *
gst_ambi_feed_new (GstAmbiGate * gate, const gchar * name, gint64 stream_id,
    core_hash_algorithm algorithm)
{
  GstAmbiFeed *feed;

  g_mutex_lock (&gate->lock);
  const ambi_intake_config config = {
    .stream_id = stream_id >= 0 ? stream_id : gate->stream_id,
    .not_stream_id = -1,
    .algorithm = algorithm != CORE_HASH_NONE ? algorithm : gate->algorithm,
    .digest_hold_time = gate->digest_hold_time,
  };

  feed = feed_new_locked (gate, name, TRUE, &config);
  gst_ambi_gate_unlock (gate);
  return feed;
}

void
gst_ambi_feed_free (GstAmbiFeed * feed)
{
  GstAmbiGate *gate = feed->gate;
  core_time now = gst_mc_now ();

  g_mutex_lock (&gate->lock);
  gate->feeds = g_list_remove (gate->feeds, feed);
  if (gate->verify != NULL) {
    drop_intake (feed, now);
    gst_ambi_gate_settle (gate, now);
  }
  gst_ambi_gate_unlock (gate);
  g_free (feed->name);
  g_free (feed);
}

/*
 * Octets
 */

static const gchar *
refusal_text (const GstAmbiFeed * feed, ambi_intake_result result)
{
  switch (result) {
    case AMBI_INTAKE_WRONG_STREAM_ID:
      /* Digests of another length, and all that follows is out of place. */
      return feed->seen ? "one is of another stream than those before; is "
          "\"hash-algorithm\" that of the sender?" :
          "they are of another stream";
    case AMBI_INTAKE_TLV_OVERFLOW:
      return "the options of one do not fit into the room it states for them";
    case AMBI_INTAKE_TOO_MANY_TLVS:
      return "they consist of options mostly";
    case AMBI_INTAKE_TOO_MANY_STREAMS:
      return "too many manifest streams are in use";
    default:
      return "there is no memory, or the hash is not available";
  }
}

/* Lock held. */
static void
note_stream (GstAmbiFeed * feed)
{
  GstAmbiOrigin origin;
  uint32_t id;
  unsigned profile;

  if (feed->seen || feed->intake == NULL ||
      !ambi_intake_get_profile (feed->intake, &id, &profile))
    return;
  feed->seen = TRUE;
  feed->stream_id = id;
  origin = get_origin (feed);
  gst_ambi_tell_stream (&feed->gate->tell, &origin);
  /* Whatever was wrong with connections is over. */
  if (!feed->is_pad)
    g_clear_pointer (&feed->gate->tell.trouble, g_free);
  if (feed->published != NULL) {
    feed->published->seen = TRUE;
    feed->published->failed = FALSE;
    feed->gate->news = TRUE;
    g_cond_signal (&feed->gate->wake);
  }
}

/* Lock held.  An intake that is done with is dropped at once if it is a pad's,
 * else when its connection has ended. */
static void
close_feed (GstAmbiFeed * feed, GstAmbiFeedState state, core_time now)
{
  feed->state = state;
  if (feed->is_pad)
    drop_intake (feed, now);
}

static void
refuse (GstAmbiFeed * feed, const gchar * code, const gchar * why,
    core_time now)
{
  GstAmbiOrigin origin = get_origin (feed);

  gst_ambi_tell_refused (&feed->gate->tell, &origin, code, why);
  close_feed (feed, GST_AMBI_FEED_REFUSED, now);
}

/* Lock held. */
static ambi_intake_result
take (GstAmbiFeed * feed, const guint8 * data, gsize len, gboolean datagram)
{
  GstAmbiGate *gate = feed->gate;
  core_time now = gst_mc_now ();
  ambi_intake_result result;
  guint64 malformed;

  if (gate->verify == NULL || feed->state != GST_AMBI_FEED_OPEN)
    return AMBI_INTAKE_FAILED;
  malformed = ambi_intake_get_stats (feed->intake)->malformed_datagrams;
  result = datagram ? ambi_intake_datagram (feed->intake, data, len, now) :
      ambi_intake_bytes (feed->intake, data, len, now);
  gate->counters.malformed_datagrams +=
      ambi_intake_get_stats (feed->intake)->malformed_datagrams - malformed;
  note_stream (feed);
  if (result == AMBI_INTAKE_WRONG_STREAM_ID && feed->another && !feed->seen)
    /* There is no other one (yet), which does no harm. */
    close_feed (feed, GST_AMBI_FEED_REFUSED, now);
  else if (result != AMBI_INTAKE_OK)
    refuse (feed, ambi_intake_result_name (result), refusal_text (feed,
            result), now);
  gst_ambi_gate_settle (gate, now);
  return result;
}

GstAmbiFeedState
gst_ambi_feed_bytes (GstAmbiFeed * feed, const guint8 * data, gsize len)
{
  GstAmbiGate *gate = feed->gate;
  GstAmbiFeedState state;

  do {
    gsize n = MIN (len, CHUNK);

    g_mutex_lock (&gate->lock);
    take (feed, data, n, FALSE);
    state = feed->state;
    gst_ambi_gate_unlock (gate);
    data += n;
    len -= n;
  } while (len > 0 && state == GST_AMBI_FEED_OPEN);
  return state;
}

/* Lock held. */
static void
end (GstAmbiFeed * feed)
{
  GstAmbiGate *gate = feed->gate;
  core_time now = gst_mc_now ();

  if (gate->verify == NULL || feed->state != GST_AMBI_FEED_OPEN)
    return;
  ambi_intake_end (feed->intake, now);
  feed->state = GST_AMBI_FEED_ENDED;
  gst_ambi_gate_settle (gate, now);
}

void
gst_ambi_feed_end (GstAmbiFeed * feed)
{
  GstAmbiGate *gate = feed->gate;

  g_mutex_lock (&gate->lock);
  end (feed);
  gst_ambi_gate_unlock (gate);
}

/*
 * The fetcher
 */

static GstAmbiFeed *
fetcher_connected (const gchar * uri, gboolean another, gpointer user)
{
  GstAmbiGate *gate = user;
  ambi_intake_config config = {.stream_id = -1,.not_stream_id = -1 };
  GstAmbiFeed *feed;

  g_mutex_lock (&gate->lock);
  config.stream_id = gate->stream_id;
  config.algorithm = gate->algorithm;
  config.digest_hold_time = gate->digest_hold_time;
  for (GList * l = gate->feeds; another && l != NULL; l = l->next) {
    const GstAmbiFeed *other = l->data;

    if (!other->is_pad && other->seen && other->state == GST_AMBI_FEED_OPEN)
      config.not_stream_id = other->stream_id;
  }
  feed = feed_new_locked (gate, uri, FALSE, &config);
  if (feed != NULL)
    gate->counters.connections++;
  gst_ambi_gate_unlock (gate);
  return feed;
}

static GstAmbiFeed *
published_connected (const gchar * uri, gboolean another, gpointer user)
{
  GstAmbiPublishedStream *stream = user;
  GstAmbiGate *gate = stream->gate;
  const ambi_intake_config config = {.stream_id = stream->id,
    .not_stream_id = -1,.algorithm = stream->algorithm,
    .digest_hold_time = stream->digest_hold_time
  };
  GstAmbiFeed *feed;
  gboolean first;

  g_mutex_lock (&gate->lock);
  feed = feed_new_locked (gate, uri, FALSE, &config);
  if (feed != NULL) {
    feed->published = stream;
    gate->counters.connections++;
  }
  gate->tell.undecided = FALSE;
  first = stream->connecting;
  stream->connecting = FALSE;
  gst_ambi_gate_unlock (gate);
  if (first)
    gst_mc_progress (gate->element, GST_PROGRESS_TYPE_COMPLETE, "connect",
        "Connected to manifest stream %u at %s", stream->id, uri);
  return feed;
}

static ambi_intake_result
fetcher_take (GstAmbiFeed * feed, const guint8 * data, gsize len,
    gboolean datagram)
{
  GstAmbiGate *gate = feed->gate;
  ambi_intake_result result = AMBI_INTAKE_OK;

  do {
    gsize n = datagram ? len : MIN (len, CHUNK);

    g_mutex_lock (&gate->lock);
    result = take (feed, data, n, datagram);
    gst_ambi_gate_unlock (gate);
    data += n;
    len -= n;
  } while (len > 0 && result == AMBI_INTAKE_OK);
  return result;
}

static ambi_intake_result
fetcher_bytes (GstAmbiFeed * feed, const guint8 * data, gsize len,
    gpointer user)
{
  return fetcher_take (feed, data, len, FALSE);
}

static ambi_intake_result
fetcher_datagram (GstAmbiFeed * feed, const guint8 * data, gsize len,
    gpointer user)
{
  return fetcher_take (feed, data, len, TRUE);
}

static guint64
fetcher_completed (GstAmbiFeed * feed, gpointer user)
{
  ambi_intake_stats stats;

  g_mutex_lock (&feed->gate->lock);
  stats = gst_ambi_feed_get_stats (feed);
  gst_ambi_gate_unlock (feed->gate);
  return stats.manifests + stats.digests;
}

static void
fetcher_ended (GstAmbiFeed * feed, gboolean complete, gpointer user)
{
  if (complete)
    gst_ambi_feed_end (feed);
  gst_ambi_feed_free (feed);
}

static void
fetcher_trouble (const gchar * uri, const gchar * code, const gchar * text,
    gpointer user)
{
  GstAmbiGate *gate = user;
  const GstAmbiOrigin origin = { uri, FALSE, gate->stream_id };

  g_mutex_lock (&gate->lock);
  gst_ambi_tell_trouble (&gate->tell, &origin, code, text);
  gst_ambi_gate_unlock (gate);
}

static void
published_trouble (const gchar * uri, const gchar * code, const gchar * text,
    gpointer user)
{
  GstAmbiPublishedStream *stream = user;
  GstAmbiGate *gate = stream->gate;
  const GstAmbiOrigin origin = { uri, FALSE, stream->id };

  g_mutex_lock (&gate->lock);
  gst_ambi_tell_trouble (&gate->tell, &origin, code, text);
  gst_ambi_published_failed (stream);
  gst_ambi_gate_unlock (gate);
}

const GstAmbiFetcherCallbacks gst_ambi_feed_fetcher_callbacks = {
  .connected = fetcher_connected,
  .bytes = fetcher_bytes,
  .datagram = fetcher_datagram,
  .completed = fetcher_completed,
  .ended = fetcher_ended,
  .trouble = fetcher_trouble,
};

const GstAmbiFetcherCallbacks gst_ambi_feed_published_callbacks = {
  .connected = published_connected,
  .bytes = fetcher_bytes,
  .datagram = fetcher_datagram,
  .completed = fetcher_completed,
  .ended = fetcher_ended,
  .trouble = published_trouble,
};

/*
 * What the verifier says
 */

static const gchar *
trouble_code (ambi_trouble trouble)
{
  switch (trouble) {
    case AMBI_TROUBLE_STALE:
      return "stale";
    case AMBI_TROUBLE_OVERFLOW:
      return "digest-overflow";
    case AMBI_TROUBLE_EMPTY:
      return "empty";
    default:
      return "useless";
  }
}

static const gchar *
trouble_text (ambi_trouble trouble)
{
  switch (trouble) {
    case AMBI_TROUBLE_STALE:
      return "they list only packets that are long past; the sender may have "
          "begun anew under the same id";
    case AMBI_TROUBLE_OVERFLOW:
      return "they list more packets than \"max-digests\" allows for";
    case AMBI_TROUBLE_EMPTY:
      return "so many of them list nothing new";
    default:
      return "they are of no use";
  }
}

/* Lock held.  A pad whose thread waits for octets learns of it when it brings
 * the next ones. */
static void
tell_feed (GstAmbiFeed * feed, const ambi_event * event, core_time now)
{
  GstAmbiFetcher *fetcher = feed->is_pad ? NULL : feed->published ?
      feed->published->fetcher : feed->gate->fetcher;

  switch (event->type) {
    case AMBI_EVENT_END:
      break;
    case AMBI_EVENT_REFRESH:
      if (feed->published != NULL)
        gst_ambi_published_ends (feed->published);
      /* A wanted id leaves no choice. */
      else if (fetcher != NULL && !feed->pinned)
        gst_ambi_fetcher_refresh (fetcher, feed, event->deadline);
      break;
    case AMBI_EVENT_LEAVE:
      close_feed (feed, GST_AMBI_FEED_LEFT, now);
      if (feed->published != NULL)
        gst_ambi_published_left (feed->published);
      if (fetcher != NULL)
        gst_ambi_fetcher_leave (fetcher, feed);
      break;
    case AMBI_EVENT_DISCONNECT:
      refuse (feed, trouble_code (event->trouble),
          trouble_text (event->trouble), now);
      if (fetcher != NULL)
        gst_ambi_fetcher_disconnect (fetcher, feed);
      break;
  }
}

void
gst_ambi_feed_event (GstAmbiGate * gate, const ambi_event * event,
    core_time now)
{
  if (event->type == AMBI_EVENT_END)
    gst_ambi_tell_refresh (&gate->tell, event->stream_id, event->deadline, now);
  for (GList * l = gate->feeds; l != NULL; l = l->next) {
    GstAmbiFeed *feed = l->data;
    uint32_t id;
    unsigned profile;

    if (feed->state == GST_AMBI_FEED_OPEN && feed->intake != NULL &&
        ambi_intake_get_profile (feed->intake, &id, &profile) &&
        profile == event->profile && id == event->stream_id)
      tell_feed (feed, event, now);
  }
}

void
gst_ambi_feed_drop_all (GstAmbiGate * gate, core_time now)
{
  for (GList * l = gate->feeds; l != NULL; l = l->next) {
    GstAmbiFeed *feed = l->data;

    drop_intake (feed, now);
    feed->state = GST_AMBI_FEED_ENDED;
  }
}

ambi_intake_stats
gst_ambi_feed_get_stats (const GstAmbiFeed * feed)
{
  return feed->intake ? *ambi_intake_get_stats (feed->intake) : feed->stats;
}

/* A connection to a server that was refused is made again and again, and is no
 * hope as long as it brings nothing. */
gboolean
gst_ambi_feed_any_open (const GstAmbiGate * gate)
{
  guint pads = 0;

  for (GList * l = gate->feeds; l != NULL; l = l->next) {
    const GstAmbiFeed *feed = l->data;

    if (feed->state == GST_AMBI_FEED_OPEN && (feed->is_pad || feed->seen ||
            !gate->tell.refused_uri))
      return TRUE;
    pads += feed->is_pad;
  }
  return pads < gate->n_pads;
}

gboolean
gst_ambi_feed_any_uri_open (const GstAmbiGate * gate)
{
  for (GList * l = gate->feeds; l != NULL; l = l->next) {
    const GstAmbiFeed *feed = l->data;

    if (!feed->is_pad && feed->seen && feed->state == GST_AMBI_FEED_OPEN)
      return TRUE;
  }
  return FALSE;
}

gboolean
gst_ambi_feed_all_refused (const GstAmbiGate * gate)
{
  gboolean refused = gate->tell.refused_uri;

  if (gst_ambi_feed_any_open (gate))
    return FALSE;
  for (GList * l = gate->feeds; l != NULL; l = l->next) {
    const GstAmbiFeed *feed = l->data;

    if (feed->state == GST_AMBI_FEED_ENDED)
      return FALSE;
    refused |= feed->state == GST_AMBI_FEED_REFUSED;
  }
  return refused;
}
