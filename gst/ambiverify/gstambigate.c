/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Where packets and digests meet.
 */
#include "gstambigate.h"

#include <string.h>

#include "gstambifeed.h"
#include "gstmcaddr.h"

GST_DEBUG_CATEGORY_EXTERN (gst_ambi_verify_debug);
#define GST_CAT_DEFAULT gst_ambi_verify_debug

/* Slack that a held packet's memory may have on top of twice its payload:
 * pools of datagrams are not worth a copy, blocks of many are. */
#define BLOCK_SLACK 256

/* A packet that waits, the cookie of the verifier's. */
typedef struct
{
  GstBuffer *buffer;
  GstMapInfo map;
  GstAmbiContext *context;
} GstAmbiHeld;

const gchar *
gst_ambi_reject_name (GstAmbiReject reject)
{
  static const gchar *const names[GST_AMBI_N_REJECTS] = {
    [GST_AMBI_REJECT_NONE] = "none",
    [GST_AMBI_REJECT_NO_ADDRESS] = "no-address",
    [GST_AMBI_REJECT_WRONG_SOURCE] = "wrong-source",
    [GST_AMBI_REJECT_TOO_BIG] = "too-big",
    [GST_AMBI_REJECT_UNREADABLE] = "unreadable",
  };

  return reject < GST_AMBI_N_REJECTS ? names[reject] : "unknown";
}

/*
 * Life
 */

void
gst_ambi_gate_init (GstAmbiGate * gate, GstElement * element)
{
  memset (gate, 0, sizeof (*gate));
  gate->element = element;
  g_mutex_init (&gate->lock);
  g_cond_init (&gate->wake);
  gate->flushing = TRUE;
  gate->ready = g_array_new (FALSE, FALSE, sizeof (GstAmbiItem));
  gate->trash = g_ptr_array_new_with_free_func (
      (GDestroyNotify) gst_buffer_unref);
  gst_ambi_tell_init (&gate->tell, element);
}

void
gst_ambi_gate_clear (GstAmbiGate * gate)
{
  gst_ambi_tell_clear (&gate->tell);
  g_array_unref (gate->ready);
  g_ptr_array_unref (gate->trash);
  g_free (gate->spare);
  g_cond_clear (&gate->wake);
  g_mutex_clear (&gate->lock);
}

static gboolean
start_verify (GstAmbiGate * gate, const GstAmbiVerifySettings * settings,
    core_time now, GError ** error)
{
  const ambi_verify_config config = {
    .random = gst_mc_random,
    .mode = settings->mode,
    .order = settings->order,
    .data_hold_time = gst_ambi_verify_settings_get_hold_time (settings),
    .reorder_time = settings->reorder_time,
    .max_held_bytes = settings->max_held_bytes,
    .max_digests = settings->max_digests,
  };
  int result = ambi_verify_new (&gate->verify, &config, now);

  if (result == CORE_OK)
    return TRUE;
  g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_FAILED,
      "Cannot start to verify: %s.", core_error_name (result));
  return FALSE;
}

static gboolean
start_fetcher (GstAmbiGate * gate, const GstAmbiVerifySettings * settings,
    GError ** error)
{
  const GstAmbiFetcherSettings wanted = {
    .uris = settings->manifest_uri,
    .tls_ca_file = settings->tls_ca_file,
    .object = GST_OBJECT (gate->element),
  };
  GstAmbiFetcher *fetcher;

  if (settings->manifest_uri == NULL || *settings->manifest_uri == '\0')
    return TRUE;
  fetcher = gst_ambi_fetcher_new (&wanted, &gst_ambi_feed_fetcher_callbacks,
      gate, error);
  if (fetcher == NULL)
    return FALSE;
  g_mutex_lock (&gate->lock);
  gate->fetcher = fetcher;
  g_mutex_unlock (&gate->lock);
  return gst_ambi_fetcher_start (fetcher, error);
}

/* The user's channel, if all but the port is known before the first packet. */
static void
start_channel (GstAmbiGate * gate, const GstAmbiVerifySettings * settings)
{
  GstMcChannel channel = {.port = settings->port };

  if (settings->source != NULL && settings->group != NULL &&
      core_ip_from_string (settings->source, &channel.source) &&
      core_ip_from_string (settings->group, &channel.group))
    gate->tell.channel = channel;
  gate->news = TRUE;
}

/* With the lock held: what the settings and the metadata make of waiting. */
static void
set_times (GstAmbiGate * gate, const GstAmbiVerifySettings * settings)
{
  gate->own_hold_time = settings->data_hold_time;
  gate->own_latency = gst_ambi_verify_settings_get_latency (settings) -
      (settings->mode == AMBI_MODE_MONITOR ? 0 :
      gst_ambi_verify_settings_get_hold_time (settings));
}

static void
apply_times (GstAmbiGate * gate)
{
  gate->hold_time = gate->own_hold_time ? gate->own_hold_time :
      gate->published_hold ? gate->published_hold : GST_AMBI_DATA_HOLD_TIME;
  gate->latency = gate->mode == AMBI_MODE_MONITOR ? 0 : gate->own_latency +
      gate->hold_time;
}

gboolean
gst_ambi_gate_start (GstAmbiGate * gate,
    const GstAmbiVerifySettings * settings, GError ** error)
{
  core_time now = gst_mc_now ();
  gboolean started;

  g_mutex_lock (&gate->lock);
  gate->mode = settings->mode;
  gate->published_hold = 0;
  gate->published_at = CORE_TIME_NEVER;
  set_times (gate, settings);
  apply_times (gate);
  gate->stream_id = settings->stream_id;
  gate->algorithm = core_hash_from_name (settings->hash_algorithm);
  gate->digest_hold_time = settings->digest_hold_time;
  gate->discont = FALSE;
  gate->flow = GST_FLOW_OK;
  gate->awake_at = CORE_TIME_NEVER;
  gate->losses_at = CORE_TIME_NEVER;
  gate->data_told = 0;
  gate->rejected = 0;
  memset (&gate->counters, 0, sizeof (gate->counters));
  gst_ambi_tell_start (&gate->tell, settings->mode, now);
  start_channel (gate, settings);
  started = start_verify (gate, settings, now, error) &&
      gst_ambi_published_new (gate, settings, &gate->published, error);
  g_mutex_unlock (&gate->lock);

  if (started && start_fetcher (gate, settings, error))
    return TRUE;
  gst_ambi_gate_stop (gate);
  return FALSE;
}

void
gst_ambi_gate_stop (GstAmbiGate * gate)
{
  GstAmbiPublished *published;
  GstAmbiFetcher *fetcher;

  g_mutex_lock (&gate->lock);
  fetcher = g_steal_pointer (&gate->fetcher);
  published = g_steal_pointer (&gate->published);
  g_mutex_unlock (&gate->lock);
  gst_ambi_fetcher_free (fetcher);
  gst_ambi_published_free (published);

  g_mutex_lock (&gate->lock);
  if (gate->verify != NULL) {
    gst_ambi_feed_drop_all (gate, gst_mc_now ());
    gst_ambi_gate_flush (gate, gst_mc_now ());
    gate->last_stats = *ambi_verify_get_stats (gate->verify);
    g_clear_pointer (&gate->verify, ambi_verify_free);
  }
  gst_ambi_gate_unlock (gate);
}

gboolean
gst_ambi_gate_change (GstAmbiGate * gate,
    const GstAmbiVerifySettings * settings)
{
  GstClockTime latency;
  gboolean changed = FALSE;

  g_mutex_lock (&gate->lock);
  if (gate->verify != NULL) {
    latency = gate->latency;
    set_times (gate, settings);
    apply_times (gate);
    changed = latency != gate->latency;
    ambi_verify_set_data_hold_time (gate->verify, gate->hold_time);
    ambi_verify_set_reorder_time (gate->verify, settings->reorder_time);
    gst_ambi_gate_settle (gate, gst_mc_now ());
  }
  gst_ambi_gate_unlock (gate);
  return changed;
}

GstClockTime
gst_ambi_gate_get_latency (GstAmbiGate * gate)
{
  GstClockTime latency;

  g_mutex_lock (&gate->lock);
  latency = gate->latency;
  g_mutex_unlock (&gate->lock);
  return latency;
}

void
gst_ambi_gate_set_channel (GstAmbiGate * gate, const GstMcChannel * channel)
{
  g_mutex_lock (&gate->lock);
  gate->tell.channel = *channel;
  gate->news = TRUE;
  g_cond_signal (&gate->wake);
  g_mutex_unlock (&gate->lock);
}

void
gst_ambi_gate_set_published_hold (GstAmbiGate * gate, core_time hold)
{
  GstClockTime latency;
  gboolean changed = FALSE;

  g_mutex_lock (&gate->lock);
  if (gate->verify != NULL && hold != gate->published_hold) {
    latency = gate->latency;
    gate->published_hold = hold;
    apply_times (gate);
    changed = latency != gate->latency;
    ambi_verify_set_data_hold_time (gate->verify, gate->hold_time);
    gst_ambi_gate_settle (gate, gst_mc_now ());
  }
  gst_ambi_gate_unlock (gate);
  if (changed)
    gst_element_post_message (gate->element,
        gst_message_new_latency (GST_OBJECT (gate->element)));
}

void
gst_ambi_gate_follow_news (GstAmbiGate * gate)
{
  GstMcChannel channel;

  g_mutex_lock (&gate->lock);
  channel = gate->tell.channel;
  gate->news = FALSE;
  g_mutex_unlock (&gate->lock);
  if (gate->published != NULL)
    gst_ambi_published_step (gate->published, &channel);
}

void
gst_ambi_gate_get_plan (GstAmbiGate * gate, ambi_plan * plan)
{
  g_mutex_lock (&gate->lock);
  if (gate->verify != NULL)
    ambi_verify_get_plan (gate->verify, plan);
  g_mutex_unlock (&gate->lock);
}

/*
 * Packets
 */

gboolean
gst_ambi_map_payload (GstBuffer * buffer, GstMapInfo * map)
{
  if (!gst_buffer_map (buffer, map, GST_MAP_READ))
    return FALSE;
  if (map->data == NULL)
    map->data = (guint8 *) "";
  return TRUE;
}

/* Takes the buffer and the context. */
static void
append_ready (GstAmbiGate * gate, GstBuffer * buffer,
    GstAmbiContext * context, gboolean gap)
{
  GstAmbiItem item = { buffer, context, gap || gate->discont };

  gate->discont = FALSE;
  g_array_append_val (gate->ready, item);
}

/* The memory that a buffer keeps from being freed. */
static gsize
block_size (GstBuffer * buffer)
{
  gsize size = 0;

  for (guint i = 0; i < gst_buffer_n_memory (buffer); i++) {
    GstMemory *memory = gst_buffer_peek_memory (buffer, i);

    while (memory->parent != NULL)
      memory = memory->parent;
    size += memory->maxsize;
  }
  return size;
}

/* Gives a held packet memory of its own, where it is a small part of a big
 * block or was put together for the map: max-held-bytes means memory.  FALSE:
 * not needed, or not possible. */
static gboolean
compact (GstAmbiGate * gate, GstAmbiHeld * held)
{
  gsize len = held->map.size;
  GstMapInfo map;
  GstBuffer *copy;

  if (gst_buffer_n_memory (held->buffer) <= 1 &&
      block_size (held->buffer) <= 2 * len + BLOCK_SLACK)
    return FALSE;
  copy = gst_buffer_new_allocate (NULL, len, NULL);
  if (copy == NULL)
    return FALSE;
  gst_buffer_fill (copy, 0, held->map.data, len);
  gst_buffer_copy_into (copy, held->buffer, GST_BUFFER_COPY_METADATA, 0, -1);
  if (!gst_ambi_map_payload (copy, &map)) {
    gst_buffer_unref (copy);
    return FALSE;
  }
  gst_buffer_unmap (held->buffer, &held->map);
  g_ptr_array_add (gate->trash, held->buffer);
  held->buffer = copy;
  held->map = map;
  return TRUE;
}

/* What the verifier keeps now. */
static void
hold (GstAmbiGate * gate, GstAmbiPacket * packet, GstAmbiContext * context)
{
  GstAmbiHeld *held = g_steal_pointer (&gate->spare);

  held->buffer = g_steal_pointer (&packet->buffer);
  held->map = packet->map;
  held->context = gst_ambi_context_ref (context);
  if (compact (gate, held))
    ambi_verify_moved (gate->verify, held->map.data);
}

/* What the verifier does not hold any more. */
static void
collect (GstAmbiGate * gate)
{
  ambi_output out;

  while (ambi_verify_next (gate->verify, &out)) {
    GstAmbiHeld *held = out.cookie;

    if (out.verdict == AMBI_DROP && out.reason == AMBI_REASON_FLUSHED)
      gate->counters.flushed++;
    if (held == NULL)           /* MODE_MONITOR: it has passed long ago */
      continue;
    gst_buffer_unmap (held->buffer, &held->map);
    if (out.verdict == AMBI_PASS) {
      append_ready (gate, held->buffer, held->context, out.gap);
    } else {
      GST_LOG_OBJECT (gate->element, "dropped %" GST_PTR_FORMAT ": %s",
          held->buffer, ambi_reason_name (out.reason));
      g_ptr_array_add (gate->trash, held->buffer);
      gst_ambi_context_unref (held->context);
    }
    g_free (held);
  }
}

static void
take_rejected (GstAmbiGate * gate, GstAmbiPacket * packet,
    GstAmbiContext * context)
{
  gate->counters.received++;
  gate->counters.rejects[packet->reject]++;
  GST_LOG_OBJECT (gate->element, "%" GST_PTR_FORMAT ": %s", packet->buffer,
      gst_ambi_reject_name (packet->reject));
  if (packet->reject == GST_AMBI_REJECT_NO_ADDRESS &&
      gate->counters.rejects[packet->reject] == 1)
    gst_ambi_tell_no_address (&gate->tell);
  if (gate->mode == AMBI_MODE_MONITOR)
    append_ready (gate, g_steal_pointer (&packet->buffer),
        gst_ambi_context_ref (context), FALSE);
  else
    g_ptr_array_add (gate->trash, g_steal_pointer (&packet->buffer));
}

/* FALSE: the plan has changed. */
static gboolean
take_packet (GstAmbiGate * gate, GstAmbiPacket * packet,
    GstAmbiContext * context, core_time now)
{
  gboolean monitor = gate->mode == AMBI_MODE_MONITOR;
  ambi_packet wanted = {
    .flow = packet->flow,
    .data = packet->map.data,
    .len = packet->map.size,
  };
  ambi_output out;

  if (gate->spare == NULL)
    gate->spare = g_new (GstAmbiHeld, 1);
  if (monitor)
    wanted.data = NULL;
  else
    wanted.cookie = gate->spare;
  ambi_verify_packet (gate->verify, &wanted, packet->digests, now, &out);
  if (out.verdict == AMBI_PLAN_CHANGED)
    return FALSE;

  gate->counters.received++;
  if (out.verdict == AMBI_HELD && !monitor) {
    hold (gate, packet, context);
    return TRUE;
  }
  gst_buffer_unmap (packet->buffer, &packet->map);
  if (out.verdict == AMBI_DROP)
    g_ptr_array_add (gate->trash, g_steal_pointer (&packet->buffer));
  else
    append_ready (gate, g_steal_pointer (&packet->buffer),
        gst_ambi_context_ref (context), out.gap);
  return TRUE;
}

/*
 * Time, and what is to be told
 */

static guint64
sum_rejected (const ambi_verify_stats * stats)
{
  guint64 sum = 0;

  for (guint i = 0; i < AMBI_N_REASONS; i++)
    sum += stats->rejected[i];
  return sum;
}

static void
tell_outage (GstAmbiGate * gate, const ambi_verify_stats * stats, core_time now)
{
  GstAmbiSituation situation = {
    .have_source = gate->n_pads > 0 || gate->fetcher != NULL ||
        gate->published != NULL,
    .have_uri = gate->fetcher != NULL,
    .foreign = stats->packets == 0 &&
        gate->counters.rejects[GST_AMBI_REJECT_WRONG_SOURCE] > 0,
    .digests_held = stats->digests_held,
  };
  guint64 rejected = sum_rejected (stats);
  gboolean starved = rejected != gate->rejected || situation.foreign;

  gate->rejected = rejected;
  /* Without any source one need not wait until packets are given up. */
  if (gate->tell.told_outage || (!starved && (situation.have_source ||
              stats->packets == 0)))
    return;
  situation.connected = gst_ambi_feed_any_open (gate);
  situation.refused = gst_ambi_feed_all_refused (gate);
  gst_ambi_tell_outage (&gate->tell, &situation, gate->hold_time, now);
}

static void
tell_losses (GstAmbiGate * gate, const ambi_verify_stats * stats, core_time now)
{
  GstAmbiLosses losses = {
    .lost = stats->lost,
    .rejected = gate->rejected,
    .presumed_lost = stats->presumed_lost,
    .unknown = stats->unknown,
  };

  for (guint i = 0; i < GST_AMBI_N_REJECTS; i++)
    losses.rejected += gate->counters.rejects[i];
  gate->losses_at = CORE_TIME_NEVER;
  if (losses.rejected == gate->tell.losses.rejected &&
      losses.lost == gate->tell.losses.lost)
    return;
  losses.loss_ratio = ambi_verify_loss_ratio (gate->verify, now);
  gate->losses_at = gst_ambi_tell_losses (&gate->tell, &losses, now);
}

core_time
gst_ambi_gate_deadline (GstAmbiGate * gate)
{
  core_time deadline = MIN (ambi_verify_deadline (gate->verify),
      gate->losses_at);

  return gate->eos ? MIN (deadline, gate->eos_at) : deadline;
}

static void
settle (GstAmbiGate * gate, core_time now)
{
  const ambi_verify_stats *stats;
  ambi_event event;

  /* What is due is done by whoever is here; there is no need to wake the task
   * for it. */
  if (ambi_verify_deadline (gate->verify) <= now)
    ambi_verify_expire (gate->verify, now);
  collect (gate);
  while (ambi_verify_event (gate->verify, &event)) {
    gst_ambi_feed_event (gate, &event, now);
    collect (gate);
  }
  stats = ambi_verify_get_stats (gate->verify);
  if (gate->tell.refused_uri && stats->verified != gate->tell.verified &&
      gst_ambi_feed_any_uri_open (gate))
    gate->tell.refused_uri = FALSE;
  gst_ambi_tell_verified (&gate->tell, stats->verified, now);
  tell_outage (gate, stats, now);
  tell_losses (gate, stats, now);
  if (gst_ambi_gate_deadline (gate) < gate->awake_at ||
      (gate->eos && stats->packets_held == 0))
    g_cond_signal (&gate->wake);
}

void
gst_ambi_gate_settle (GstAmbiGate * gate, core_time now)
{
  settle (gate, now);
  if (gate->ready->len > 0)
    g_cond_signal (&gate->wake);
}

/* Has the memory fetched that the first of these packets need, one behind the
 * other; returns for how many. */
static gsize
expect (GstAmbiGate * gate, const GstAmbiPacket * packets, gsize n)
{
  gsize run = 0;

  while (run < MIN (n, AMBI_EXPECT_MAX) &&
      packets[run].reject == GST_AMBI_REJECT_NONE)
    run++;
  /* For a single one there is nothing to be done meanwhile. */
  if (run > 1 && packets->digests->generation ==
      ambi_verify_generation (gate->verify))
    ambi_verify_expect (gate->verify, packets->digests, run);
  return run;
}

gsize
gst_ambi_gate_take_packets (GstAmbiGate * gate, GstAmbiPacket * packets,
    gsize first, gsize n, GstAmbiContext * context)
{
  core_time now = gst_mc_now ();
  gsize expected = first;
  gsize i;

  for (i = first; i < n; i++) {
    if (i >= expected)
      expected = i + expect (gate, &packets[i], n - i);
    if (GST_BUFFER_IS_DISCONT (packets[i].buffer))
      gate->discont = TRUE;
    if (packets[i].reject != GST_AMBI_REJECT_NONE)
      take_rejected (gate, &packets[i], context);
    else if (!take_packet (gate, &packets[i], context, now))
      break;
    else
      collect (gate);
  }
  if (now >= gate->data_told + CORE_SECOND) {
    gate->data_told = now;
    if (gate->fetcher != NULL)
      gst_ambi_fetcher_data_flows (gate->fetcher);
    if (gate->published != NULL)
      gst_ambi_published_data_flows (gate->published);
  }
  settle (gate, now);
  return i;
}

void
gst_ambi_gate_flush (GstAmbiGate * gate, core_time now)
{
  ambi_verify_reset (gate->verify, now);
  gst_ambi_gate_settle (gate, now);
  for (guint i = 0; i < gate->ready->len; i++) {
    GstAmbiItem *item = &g_array_index (gate->ready, GstAmbiItem, i);

    g_ptr_array_add (gate->trash, item->buffer);
    gst_ambi_context_unref (item->context);
    gate->counters.discarded++;
  }
  g_array_set_size (gate->ready, 0);
  gst_event_replace (&gate->eos, NULL);
  gate->discont = FALSE;
}

GPtrArray *
gst_ambi_gate_steal_trash (GstAmbiGate * gate)
{
  GPtrArray *trash = gate->trash;

  if (trash->len == 0)
    return NULL;
  gate->trash = g_ptr_array_new_with_free_func (
      (GDestroyNotify) gst_buffer_unref);
  return trash;
}

void
gst_ambi_gate_unlock (GstAmbiGate * gate)
{
  GPtrArray *trash = gst_ambi_gate_steal_trash (gate);

  g_mutex_unlock (&gate->lock);
  if (trash != NULL)
    g_ptr_array_unref (trash);
  gst_ambi_tell_post (&gate->tell, &gate->lock);
}
