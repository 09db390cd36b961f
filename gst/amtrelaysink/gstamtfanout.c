/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * From buffers to gateways.
 */
#include "gstamtfanout.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "amt-wire.h"

GST_DEBUG_CATEGORY_EXTERN (gst_amt_relay_sink_debug);
#define GST_CAT_DEFAULT gst_amt_relay_sink_debug

/* Buffers encapsulated together, and messages given to the kernel at once. */
#define CHUNK_SIZE 32
#define BATCH_SIZE 256

#define PREFIX_MAX (AMT_DATA_HEADER + IPUDP_HEADER_MAX)

/* How long one push may wait for room in the socket's buffer in all, and how
 * often it tries again and looks whether it is to end. */
#define ROOM_WAIT (100 * G_TIME_SPAN_MILLISECOND)
#define ROOM_POLL_MS 5

/* One gateway and how to reach it. */
typedef struct
{
  amt_relay_target at;
  GstAmtRoute route;
  guint64 packets_sent;
  guint64 bytes_sent;
} Target;

/* One buffer made ready: the prefix all gateways share, and the payload. */
typedef struct
{
  guint8 prefix[PREFIX_MAX];
  struct iovec iov[2];
  GstMapInfo map;
  gboolean mapped;
  gsize payload;
  gboolean fits[GST_AMT_N_FAMILIES];
} Packet;

typedef struct
{
  Target *target;
  gsize payload;
} Receipt;

struct _GstAmtFanout
{
  GstElement *element;          /* not a reference: it owns us */
  GstAmtFanoutPause pause;

  /* fixed from start to stop */
  GstAmtRelay *relay;
  GstAmtFanoutSettings settings;
  gsize header_len;

  /* Replaced by the streaming thread under the lock, which readers of the
   * statistics take; sorted by family, then id. */
  GMutex lock;
  Target *targets;
  guint n_targets;
  guint first_of[GST_AMT_N_FAMILIES + 1];

  GstAmtFanoutCounters counters;        /* relaxed atomics, one writer */
  gint flushing;                /* atomic */

  /* the streaming thread's own */
  gboolean have_targets;
  guint generation;
  GArray *snapshot;
  gint64 wait_until;            /* 0: this push has not waited yet */
  gboolean stuck;               /* waited in vain, and nothing was sent since */
  gboolean warned;
  guint n_packets;
  guint n_messages;
  guint8 *gather;               /* CHUNK_SIZE * mtu, for payloads in pieces */
  Packet packets[CHUNK_SIZE];
  struct mmsghdr messages[BATCH_SIZE];
  Receipt receipts[BATCH_SIZE];
};

/* Outer IP and UDP header. */
static const guint outer_overhead[GST_AMT_N_FAMILIES] = {
  IP_V4_HEADER + UDP_HEADER, IP_V6_HEADER + UDP_HEADER
};

static void
count (guint64 * counter, guint64 n)
{
  __atomic_store_n (counter, *counter + n, __ATOMIC_RELAXED);
}

static guint64
read_count (const guint64 * counter)
{
  return __atomic_load_n (counter, __ATOMIC_RELAXED);
}

/*
 * Life
 */

GstAmtFanout *
gst_amt_fanout_new (GstElement * element, GstAmtFanoutPause pause)
{
  GstAmtFanout *f = g_new0 (GstAmtFanout, 1);

  f->element = element;
  f->pause = pause;
  g_mutex_init (&f->lock);
  f->snapshot = g_array_new (FALSE, FALSE, sizeof (amt_relay_target));
  return f;
}

void
gst_amt_fanout_free (GstAmtFanout * f)
{
  gst_amt_fanout_stop (f);
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
  f->stuck = FALSE;
  memset (&f->counters, 0, sizeof (f->counters));
}

static void
replace_targets (GstAmtFanout * f, Target * targets, guint n)
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
  g_atomic_int_set (&f->flushing, flushing);
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
static Target *
find_target (Target * targets, guint n, guint * pos,
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
  Target *targets;
  guint pos = 0;

  if (f->have_targets && gst_amt_relay_generation (f->relay) == f->generation)
    return;
  f->generation = take_snapshot (f, f->snapshot);
  f->have_targets = TRUE;

  targets = g_new0 (Target, f->snapshot->len);
  for (guint i = 0; i < f->snapshot->len; i++) {
    Target *t = &targets[i];
    const Target *old;

    t->at = g_array_index (f->snapshot, amt_relay_target, i);
    gst_amt_route_init (&t->route, &t->at.gateway, &t->at.local,
        f->settings.outer_tos);
    old = find_target (f->targets, f->n_targets, &pos, &t->at);
    if (old != NULL) {
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

/* poll () tells of room when half of the buffer is free, which takes long on a
 * slow path; so the caller tries again after each short wait. */
static gboolean
wait_for_room (GstAmtFanout * f, gint fd)
{
  struct pollfd pfd = { fd, POLLOUT, 0 };
  gint64 now = g_get_monotonic_time ();

  if (f->wait_until == 0)
    f->wait_until = now + ROOM_WAIT;
  if (now >= f->wait_until)
    f->stuck = TRUE;
  if (f->stuck)
    return FALSE;
  poll (&pfd, 1, ROOM_POLL_MS);
  /* ICMP news that the control thread has not fetched yet ends poll () too. */
  if (pfd.revents != POLLOUT)
    g_usleep (1000);
  return TRUE;
}

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

static void
account_sent (GstAmtFanout * f, guint from, guint n)
{
  guint64 bytes = 0;

  for (guint i = from; i < from + n; i++) {
    Receipt *r = &f->receipts[i];

    count (&r->target->packets_sent, 1);
    count (&r->target->bytes_sent, r->payload);
    bytes += r->payload;
  }
  count (&f->counters.packets_sent, n);
  count (&f->counters.bytes_sent, bytes);
}

static void
account_failed (GstAmtFanout * f, guint i, gint err)
{
  gchar text[CORE_ADDR_TEXT_MAX];

  GST_DEBUG ("not sent to %s: %s",
      core_addr_to_string (&f->receipts[i].target->at.gateway, text),
      g_strerror (err));
  if (err == ENOBUFS) {
    count (&f->counters.dropped_send_buffer_full, 1);
    return;
  }
  count (&f->counters.dropped_send_failed, 1);
  if (err == EMSGSIZE)
    warn_once (f, f->receipts[i].payload,
        "the network interface takes less than what was set");
}

/* What to do about message i of the batch, which the kernel did not take. */
static void
handle_send_error (GstAmtFanout * f, gint fd, guint * i, gboolean * retried)
{
  gint err = errno;

  if (err == EINTR)
    return;
  if (err == EAGAIN || err == EWOULDBLOCK) {
    if (wait_for_room (f, fd))
      return;
    count (&f->counters.dropped_send_buffer_full, f->n_messages - *i);
    *i = f->n_messages;
    return;
  }
  /* The error may be the ICMP news of an earlier datagram, which is told once
   * and instead of sending. */
  if (!*retried) {
    *retried = TRUE;
    return;
  }
  account_failed (f, *i, err);
  (*i)++;
  *retried = FALSE;
}

static GstFlowReturn
send_batch (GstAmtFanout * f, gint fd)
{
  GstFlowReturn ret = GST_FLOW_OK;
  gboolean retried = FALSE;
  guint i = 0;

  while (i < f->n_messages && ret == GST_FLOW_OK) {
    gint n;

    if (g_atomic_int_get (&f->flushing)) {
      ret = f->pause (f->element);
      continue;
    }
    n = sendmmsg (fd, f->messages + i, f->n_messages - i,
        MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) {
      account_sent (f, i, (guint) n);
      i += (guint) n;
      retried = FALSE;
      f->stuck = FALSE;
    } else {
      handle_send_error (f, fd, &i, &retried);
    }
  }
  f->n_messages = 0;
  return ret;
}

static void
add_message (GstAmtFanout * f, Packet * packet, Target * target)
{
  struct msghdr *msg = &f->messages[f->n_messages].msg_hdr;
  Receipt *receipt = &f->receipts[f->n_messages];

  gst_amt_route_apply (&target->route, msg);
  msg->msg_iov = packet->iov;
  msg->msg_iovlen = 2;
  msg->msg_flags = 0;
  receipt->target = target;
  receipt->payload = packet->payload;
  f->n_messages++;
}

/* Packet by packet, so that no gateway is a whole list behind another. */
static GstFlowReturn
send_chunk_to_family (GstAmtFanout * f, GstAmtFamily family)
{
  gint fd = gst_amt_relay_sockets (f->relay)->fd[family];
  GstFlowReturn ret = GST_FLOW_OK;
  guint first = f->first_of[family], end = f->first_of[family + 1];

  for (guint p = 0; p < f->n_packets; p++) {
    if (!f->packets[p].fits[family])
      continue;
    for (guint t = first; t < end; t++) {
      if (f->n_messages == BATCH_SIZE)
        ret = send_batch (f, fd);
      if (ret != GST_FLOW_OK)
        return ret;
      add_message (f, &f->packets[p], &f->targets[t]);
    }
  }
  return send_batch (f, fd);
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
    count (&f->counters.dropped_too_big, 1);
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
  amt_message data = {.type = AMT_MULTICAST_DATA };
  gsize len = amt_build (packet->prefix, PREFIX_MAX, &data);

  len += ipudp_build_header (packet->prefix + len, PREFIX_MAX - len,
      &f->settings.flow, payload, packet->payload);
  g_assert (len == f->header_len);
  packet->iov[0].iov_base = packet->prefix;
  packet->iov[0].iov_len = len;
  packet->iov[1].iov_base = (gpointer) payload;
  packet->iov[1].iov_len = packet->payload;
}

static void
add_buffer (GstAmtFanout * f, GstBuffer * buffer)
{
  Packet *packet = &f->packets[f->n_packets];
  const guint8 *payload;

  packet->payload = gst_buffer_get_size (buffer);
  count (&f->counters.packets_in, 1);
  count (&f->counters.bytes_in, packet->payload);
  if (packet->payload == 0) {
    count (&f->counters.dropped_empty, 1);
    return;
  }
  if (!check_size (f, packet) || f->n_targets == 0)
    return;
  payload = payload_bytes (f, packet, buffer);
  if (payload == NULL) {
    GST_WARNING ("a buffer could not be mapped for reading");
    count (&f->counters.dropped_send_failed, f->n_targets);
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
  f->wait_until = 0;
  push_one (f, buffer);
  return send_chunk (f);
}

GstFlowReturn
gst_amt_fanout_push_list (GstAmtFanout * f, GstBufferList * list)
{
  guint n = gst_buffer_list_length (list);
  GstFlowReturn ret = GST_FLOW_OK;

  f->wait_until = 0;
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

  out->packets_in = read_count (&c->packets_in);
  out->bytes_in = read_count (&c->bytes_in);
  out->packets_sent = read_count (&c->packets_sent);
  out->bytes_sent = read_count (&c->bytes_sent);
  out->dropped_empty = read_count (&c->dropped_empty);
  out->dropped_too_big = read_count (&c->dropped_too_big);
  out->dropped_send_buffer_full = read_count (&c->dropped_send_buffer_full);
  out->dropped_send_failed = read_count (&c->dropped_send_failed);
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
    const Target *t = find_target (f->targets, f->n_targets, &pos, at);

    g->gateway = at->gateway;
    if (t != NULL) {
      g->packets_sent = read_count (&t->packets_sent);
      g->bytes_sent = read_count (&t->bytes_sent);
    }
  }
  g_mutex_unlock (&f->lock);
  return out;
}
