/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * From buffers to gateways.
 */
#include "gstamtfanout.h"

#include <string.h>

#include "amt-wire.h"

GST_DEBUG_CATEGORY_EXTERN (gst_amt_relay_sink_debug);
#define GST_CAT_DEFAULT gst_amt_relay_sink_debug

/* Buffers encapsulated together. */
#define CHUNK_SIZE GST_AMT_SEGMENTS_MAX

#define PREFIX_MAX (AMT_DATA_HEADER + IPUDP_HEADER_MAX)

/* One buffer made ready: the prefix all gateways share, and the payload. */
typedef struct
{
  guint8 prefix[PREFIX_MAX];
  GstMapInfo map;
  gboolean mapped;
  gsize payload;
  gboolean fits[GST_AMT_N_FAMILIES];
} Packet;

struct _GstAmtFanout
{
  GstElement *element;          /* not a reference: it owns us */
  GstAmtSender *sender;

  /* fixed from start to stop */
  GstAmtRelay *relay;
  GstAmtFanoutSettings settings;
  gsize header_len;

  /* Replaced by the streaming thread under the lock, which readers of the
   * statistics take; sorted by family, then id. */
  GMutex lock;
  GstAmtTarget *targets;
  guint n_targets;
  guint first_of[GST_AMT_N_FAMILIES + 1];

  GstAmtFanoutCounters counters;        /* relaxed atomics, one writer */

  /* the streaming thread's own */
  gboolean have_targets;
  guint generation;
  GArray *snapshot;
  gboolean warned;
  guint n_packets;
  guint8 *gather;               /* CHUNK_SIZE * mtu, for payloads in pieces */
  Packet packets[CHUNK_SIZE];
  struct iovec pieces[CHUNK_SIZE * GST_AMT_PIECES];     /* of the packets */
};

/* The length an IP packet can tell. */
#define IP_PACKET_MAX 65535

/* Outer IP and UDP header. */
static const guint outer_overhead[GST_AMT_N_FAMILIES] = {
  IP_V4_HEADER + UDP_HEADER, IP_V6_HEADER + UDP_HEADER
};

static guint64
read_count (const guint64 * counter)
{
  return __atomic_load_n (counter, __ATOMIC_RELAXED);
}

/*
 * Life
 */

GstAmtFanout *
gst_amt_fanout_new (GstElement * element, GstAmtSenderPause pause)
{
  GstAmtFanout *f = g_new0 (GstAmtFanout, 1);

  f->element = element;
  f->sender = gst_amt_sender_new (element, pause, &f->counters.sender);
  g_mutex_init (&f->lock);
  f->snapshot = g_array_new (FALSE, FALSE, sizeof (amt_relay_target));
  return f;
}

void
gst_amt_fanout_free (GstAmtFanout * f)
{
  gst_amt_fanout_stop (f);
  gst_amt_sender_free (f->sender);
  g_array_unref (f->snapshot);
  g_mutex_clear (&f->lock);
  g_free (f);
}

void
gst_amt_fanout_start (GstAmtFanout * f, GstAmtRelay * relay,
    const GstAmtFanoutSettings * settings)
{
  f->relay = relay;
  f->settings = *settings;
  f->header_len = AMT_DATA_HEADER + ipudp_header_len (&settings->flow);
  f->gather = g_malloc ((gsize) CHUNK_SIZE * settings->mtu);
  f->have_targets = FALSE;
  f->warned = FALSE;
  gst_amt_sender_start (f->sender);
  memset (&f->counters, 0, sizeof (f->counters));
}

static void
replace_targets (GstAmtFanout * f, GstAmtTarget * targets, guint n)
{
  guint n4 = 0;

  while (n4 < n && GST_AMT_FAMILY (&targets[n4].at.gateway.ip) == GST_AMT_V4)
    n4++;
  g_mutex_lock (&f->lock);
  g_free (f->targets);
  f->targets = targets;
  f->n_targets = n;
  g_mutex_unlock (&f->lock);
  f->first_of[GST_AMT_V4] = 0;
  f->first_of[GST_AMT_V6] = n4;
  f->first_of[GST_AMT_N_FAMILIES] = n;
}

void
gst_amt_fanout_stop (GstAmtFanout * f)
{
  f->relay = NULL;
  replace_targets (f, NULL, 0);
  g_clear_pointer (&f->gather, g_free);
}

void
gst_amt_fanout_set_flushing (GstAmtFanout * f, gboolean flushing)
{
  gst_amt_sender_set_flushing (f->sender, flushing);
}

/*
 * Who gets the channel
 */

static gint
compare_targets (gconstpointer a, gconstpointer b)
{
  const amt_relay_target *x = a, *y = b;
  GstAmtFamily fx = GST_AMT_FAMILY (&x->gateway.ip);
  GstAmtFamily fy = GST_AMT_FAMILY (&y->gateway.ip);

  if (fx != fy)
    return fx < fy ? -1 : 1;
  return x->id < y->id ? -1 : x->id > y->id;
}

/* The target with that id among those sorted from *pos on, or NULL. */
static GstAmtTarget *
find_target (GstAmtTarget * targets, guint n, guint * pos,
    const amt_relay_target * wanted)
{
  while (*pos < n && compare_targets (&targets[*pos].at, wanted) < 0)
    (*pos)++;
  if (*pos < n && compare_targets (&targets[*pos].at, wanted) == 0)
    return &targets[*pos];
  return NULL;
}

static guint
take_snapshot (GstAmtFanout * f, GArray * snapshot)
{
  guint generation = gst_amt_relay_targets (f->relay, &f->settings.flow.src,
      &f->settings.flow.dst, snapshot);

  g_array_sort (snapshot, compare_targets);
  return generation;
}

/* The relay's lock is taken only when a join or leave happened. */
static void
refresh_targets (GstAmtFanout * f)
{
  GstAmtTarget *targets;
  guint pos = 0;

  if (f->have_targets && gst_amt_relay_generation (f->relay) == f->generation)
    return;
  f->generation = take_snapshot (f, f->snapshot);
  f->have_targets = TRUE;

  targets = g_new0 (GstAmtTarget, f->snapshot->len);
  for (guint i = 0; i < f->snapshot->len; i++) {
    GstAmtTarget *t = &targets[i];
    const GstAmtTarget *old;

    t->at = g_array_index (f->snapshot, amt_relay_target, i);
    gst_amt_route_init (&t->route, &t->at.gateway, &t->at.local,
        f->settings.outer_tos);
    old = find_target (f->targets, f->n_targets, &pos, &t->at);
    if (old != NULL) {
      t->one_by_one = old->one_by_one;
      t->packets_sent = old->packets_sent;
      t->bytes_sent = old->bytes_sent;
    }
  }
  replace_targets (f, targets, f->snapshot->len);
  GST_DEBUG ("%u gateways get the channel", f->n_targets);
}

/*
 * Sending
 */

static void
warn_once (GstAmtFanout * f, gsize payload, const gchar * remedy)
{
  if (f->warned)
    return;
  f->warned = TRUE;
  GST_ELEMENT_WARNING (f->element, RESOURCE, SETTINGS,
      ("A datagram of %" G_GSIZE_FORMAT " bytes is too big for the tunnel and "
          "is not sent; %s (property \"mtu\", now %u).", payload, remedy,
          f->settings.mtu), (NULL));
}

/* How many packets, from the first on, one message may carry: all of one size,
 * only the last may be shorter (udp(7), UDP_SEGMENT). */
static guint
run_length (GstAmtFanout * f, GstAmtFamily family, guint first)
{
  gsize room = IP_PACKET_MAX - outer_overhead[family];
  gsize size = f->header_len + f->packets[first].payload;
  guint n = 0;

  if (!gst_amt_relay_sockets (f->relay)->segments[family])
    return 1;
  while (first + n < f->n_packets) {
    const Packet *packet = &f->packets[first + n];
    gsize next = f->header_len + packet->payload;

    if (!packet->fits[family] || next > size || next > room)
      break;
    n++;
    room -= next;
    if (next < size)
      break;
  }
  return n;
}

/* Run by run: within one, each gateway gets all of its packets at once; but no
 * gateway is a whole list behind another. */
static GstFlowReturn
send_chunk_to_family (GstAmtFanout * f, GstAmtFamily family)
{
  gint fd = gst_amt_relay_sockets (f->relay)->fd[family];
  guint begin = f->first_of[family], end = f->first_of[family + 1];
  GstFlowReturn ret = GST_FLOW_OK;
  guint n;

  if (begin == end)
    return GST_FLOW_OK;
  for (guint p = 0; p < f->n_packets; p += n) {
    n = 1;
    if (!f->packets[p].fits[family])
      continue;
    n = run_length (f, family, p);
    for (guint t = begin; t < end && ret == GST_FLOW_OK; t++)
      ret = gst_amt_sender_add (f->sender, fd, &f->targets[t],
          &f->pieces[p * GST_AMT_PIECES], n);
    if (ret != GST_FLOW_OK)
      return ret;
  }
  return gst_amt_sender_flush (f->sender, fd);
}

static GstFlowReturn
send_chunk (GstAmtFanout * f)
{
  GstFlowReturn ret = send_chunk_to_family (f, GST_AMT_V4);

  if (ret == GST_FLOW_OK)
    ret = send_chunk_to_family (f, GST_AMT_V6);
  for (guint i = 0; i < f->n_packets; i++) {
    if (f->packets[i].mapped)
      gst_memory_unmap (f->packets[i].map.memory, &f->packets[i].map);
  }
  f->n_packets = 0;
  if (gst_amt_sender_too_big (f->sender) > 0)
    warn_once (f, gst_amt_sender_too_big (f->sender),
        "the network interface takes less than what was set");
  return ret;
}

/*
 * Encapsulating
 */

/* Whether some gateway can get the datagram; counts and tells what is too
 * big. */
static gboolean
check_size (GstAmtFanout * f, Packet * packet)
{
  gsize inner = f->header_len + packet->payload;
  gboolean too_big = FALSE;

  for (guint i = 0; i < GST_AMT_N_FAMILIES; i++) {
    packet->fits[i] = inner + outer_overhead[i] <= f->settings.mtu;
    /* IPv4 has the smaller overhead: what does not fit there fits nowhere. */
    if (!packet->fits[i] && (i == GST_AMT_V4
            || f->first_of[i] < f->first_of[i + 1]))
      too_big = TRUE;
  }
  if (too_big) {
    gst_amt_count (&f->counters.dropped_too_big, 1);
    warn_once (f, packet->payload, "let the payloader or muxer make smaller "
        "ones, or allow larger ones where the path carries them");
  }
  return packet->fits[GST_AMT_V4] || packet->fits[GST_AMT_V6];
}

/* Payload in one memory is sent from there.  Pieces are gathered first: one
 * copy costs less than walking them again for every gateway. */
static const guint8 *
payload_bytes (GstAmtFanout * f, Packet * packet, GstBuffer * buffer)
{
  guint8 *gather;

  if (gst_buffer_n_memory (buffer) == 1) {
    packet->mapped = gst_memory_map (gst_buffer_peek_memory (buffer, 0),
        &packet->map, GST_MAP_READ);
    return packet->mapped ? packet->map.data : NULL;
  }
  packet->mapped = FALSE;
  gather = f->gather + (gsize) f->n_packets * f->settings.mtu;
  if (gst_buffer_extract (buffer, 0, gather, packet->payload) !=
      packet->payload)
    return NULL;
  return gather;
}

static void
write_prefix (GstAmtFanout * f, Packet * packet, const guint8 * payload)
{
  struct iovec *pieces = &f->pieces[f->n_packets * GST_AMT_PIECES];
  amt_message data = {.type = AMT_MULTICAST_DATA };
  gsize len = amt_build (packet->prefix, PREFIX_MAX, &data);

  len += ipudp_build_header (packet->prefix + len, PREFIX_MAX - len,
      &f->settings.flow, payload, packet->payload);
  g_assert (len == f->header_len);
  pieces[0].iov_base = packet->prefix;
  pieces[0].iov_len = len;
  pieces[1].iov_base = (gpointer) payload;
  pieces[1].iov_len = packet->payload;
}

static void
add_buffer (GstAmtFanout * f, GstBuffer * buffer)
{
  Packet *packet = &f->packets[f->n_packets];
  const guint8 *payload;

  packet->payload = gst_buffer_get_size (buffer);
  gst_amt_count (&f->counters.packets_in, 1);
  gst_amt_count (&f->counters.bytes_in, packet->payload);
  if (packet->payload == 0) {
    gst_amt_count (&f->counters.dropped_empty, 1);
    return;
  }
  if (!check_size (f, packet) || f->n_targets == 0)
    return;
  payload = payload_bytes (f, packet, buffer);
  if (payload == NULL) {
    GST_WARNING ("a buffer could not be mapped for reading");
    gst_amt_count (&f->counters.sender.dropped_send_failed, f->n_targets);
    return;
  }
  write_prefix (f, packet, payload);
  f->n_packets++;
}

static GstFlowReturn
push_one (GstAmtFanout * f, GstBuffer * buffer)
{
  if (f->n_packets == 0)
    refresh_targets (f);
  add_buffer (f, buffer);
  return f->n_packets == CHUNK_SIZE ? send_chunk (f) : GST_FLOW_OK;
}

GstFlowReturn
gst_amt_fanout_push (GstAmtFanout * f, GstBuffer * buffer)
{
  gst_amt_sender_begin (f->sender);
  push_one (f, buffer);
  return send_chunk (f);
}

GstFlowReturn
gst_amt_fanout_push_list (GstAmtFanout * f, GstBufferList * list)
{
  guint n = gst_buffer_list_length (list);
  GstFlowReturn ret = GST_FLOW_OK;

  gst_amt_sender_begin (f->sender);
  for (guint i = 0; i < n && ret == GST_FLOW_OK; i++)
    ret = push_one (f, gst_buffer_list_get (list, i));
  return ret == GST_FLOW_OK ? send_chunk (f) : ret;
}

/*
 * Statistics
 */

void
gst_amt_fanout_get_counters (GstAmtFanout * f, GstAmtFanoutCounters * out)
{
  const GstAmtFanoutCounters *c = &f->counters;
  const GstAmtSenderCounters *sender = &c->sender;

  out->packets_in = read_count (&c->packets_in);
  out->bytes_in = read_count (&c->bytes_in);
  out->dropped_empty = read_count (&c->dropped_empty);
  out->dropped_too_big = read_count (&c->dropped_too_big);
  out->sender.packets_sent = read_count (&sender->packets_sent);
  out->sender.bytes_sent = read_count (&sender->bytes_sent);
  out->sender.dropped_send_buffer_full =
      read_count (&sender->dropped_send_buffer_full);
  out->sender.dropped_send_failed = read_count (&sender->dropped_send_failed);
  out->sender.segments_refused = read_count (&sender->segments_refused);
}

/* Asks the relay itself: between two buffers the streaming thread's targets
 * are those of the last one. */
GArray *
gst_amt_fanout_get_gateways (GstAmtFanout * f)
{
  GArray *out = g_array_new (FALSE, TRUE, sizeof (GstAmtFanoutGateway));
  g_autoptr (GArray) snapshot =
      g_array_new (FALSE, FALSE, sizeof (amt_relay_target));
  guint pos = 0;

  if (f->relay == NULL)
    return out;
  take_snapshot (f, snapshot);
  g_array_set_size (out, snapshot->len);

  g_mutex_lock (&f->lock);
  for (guint i = 0; i < snapshot->len; i++) {
    const amt_relay_target *at = &g_array_index (snapshot, amt_relay_target, i);
    GstAmtFanoutGateway *g = &g_array_index (out, GstAmtFanoutGateway, i);
    const GstAmtTarget *t = find_target (f->targets, f->n_targets, &pos, at);

    g->gateway = at->gateway;
    if (t != NULL) {
      g->packets_sent = read_count (&t->packets_sent);
      g->bytes_sent = read_count (&t->bytes_sent);
    }
  }
  g_mutex_unlock (&f->lock);
  return out;
}
