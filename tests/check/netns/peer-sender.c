/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Sends numbered datagrams at a given rate, through an amtrelaysink or as the
 * sender of a native channel.
 */
#include "netns-peer.h"

#include <gio/gio.h>
#include <gst/app/gstappsrc.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#include "stopwatch.h"

/* A list is what is due in about a millisecond. */
#define TICK_US 1000
#define LIST_MAX 64

struct _PeerSender
{
  GstBin *pipeline;
  GstElement *appsrc;           /* neither with native multicast, unless it is
                                   signed */
  GstElement *sink;             /* the amtrelaysink, or a udpsink */
  gboolean native;
  PeerSigner *signer;           /* NULL: not signed */

  gchar *source;                /* native multicast */
  gchar *group;
  gchar *iface;                 /* NULL: the kernel's choice */
  guint64 port;
  guint64 source_port;
  guint64 ttl;
  guint64 joined;               /* datagrams that leave as one; 0: each alone */
  GSocket *socket;
  GSocketAddress *to;
  guint64 refused;              /* by the kernel */

  GThread *thread;
  gint quit;                    /* atomic */
  gint paused;                  /* atomic */

  guint64 rate;                 /* datagrams a second */
  guint64 size;
  guint64 count;                /* 0: without end */
  guint64 gateways;             /* wait for that many before sending */
  guint64 channel;
  guint32 epoch;
  guint64 secret;

  guint64 sent;                 /* relaxed atomics, one writer */
  guint64 duration_us;
  guint64 active_us;            /* as of a stopwatch; 0 before the end */
};

PeerSender *
peer_sender_new_native (GstBin * pipeline)
{
  PeerSender *s = g_new0 (PeerSender, 1);

  s->pipeline = pipeline;
  s->native = TRUE;
  s->rate = 200;
  s->size = 1316;
  s->channel = 1;
  s->epoch = g_random_int ();
  s->port = 5001;
  s->source_port = 5001;
  s->ttl = 8;
  return s;
}

static GstElement *
make (PeerSender * s, const gchar * factory)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  if (element == NULL || !gst_bin_add (s->pipeline, element))
    g_error ("no %s", factory);
  return element;
}

static void
make_appsrc (PeerSender * s)
{
  s->appsrc = make (s, "appsrc");
  /* Without a latency to offer, a pipeline with a sink that keeps time warns. */
  g_object_set (s->appsrc, "format", GST_FORMAT_TIME, "is-live", TRUE, "block",
      TRUE, "max-bytes", (guint64) 4 << 20, "min-latency",
      (gint64) 0, "max-latency", (gint64) GST_SECOND, NULL);
}

PeerSender *
peer_sender_new (GstBin * pipeline)
{
  PeerSender *s = peer_sender_new_native (pipeline);

  s->native = FALSE;
  make_appsrc (s);
  s->sink = make (s, "amtrelaysink");
  return s;
}

gboolean
peer_sender_set (PeerSender * s, const gchar * key, const gchar * value)
{
  const struct
  {
    const gchar *key;
    guint64 *value;
  } numbers[] = {
    {"rate", &s->rate}, {"size", &s->size}, {"count", &s->count},
    {"wait-gateways", &s->gateways}, {"channel", &s->channel},
    {"secret", &s->secret},
    {"port", &s->port}, {"source-port", &s->source_port}, {"ttl", &s->ttl},
    {"joined", &s->joined}
  };
  /* The last four are properties of amtrelaysink, or not for it. */
  guint n = G_N_ELEMENTS (numbers) - (s->native ? 0 : 4);

  if (peer_signer_is_key (key)) {
    if (s->signer == NULL)
      s->signer = peer_signer_new (s->pipeline);
    return peer_signer_set (s->signer, key, value);
  }
  for (guint i = 0; i < n; i++)
    if (g_str_equal (key, numbers[i].key))
      return peer_parse_uint (value, numbers[i].value);
  if (!s->native)
    return peer_set_property (s->sink, key, value);
  if (g_str_equal (key, "source"))
    s->source = g_strdup (value);
  else if (g_str_equal (key, "group"))
    s->group = g_strdup (value);
  else if (g_str_equal (key, "iface"))
    s->iface = g_strdup (value);
  else
    return FALSE;
  return TRUE;
}

/* Native multicast with manifests is sent the way a user sends it. */
static void
make_udpsink (PeerSender * s)
{
  make_appsrc (s);
  s->sink = make (s, "udpsink");
  g_object_set (s->sink, "host", s->group, "port", (gint) s->port,
      "bind-address", s->source, "bind-port", (gint) s->source_port,
      "auto-multicast", FALSE, "ttl-mc", (gint) s->ttl, "multicast-iface",
      s->iface, "sync", FALSE, "async", FALSE, NULL);
}

void
peer_sender_prepare (PeerSender * s)
{
  s->size = MAX (s->size, PEER_PAYLOAD_MIN);
  if (s->signer && s->native)
    make_udpsink (s);
  if (s->signer && !s->native) {
    guint port, source_port;

    g_object_get (s->sink, "source", &s->source, "group", &s->group, "port",
        &port, "source-port", &source_port, NULL);
    s->port = port;
    s->source_port = source_port;
  }
  if (s->signer)
    peer_signer_link (s->signer, s->appsrc, s->sink, s->source, s->group,
        (guint) s->source_port, (guint) s->port);
  else if (s->sink && !gst_element_link (s->appsrc, s->sink))
    g_error ("appsrc and amtrelaysink cannot be linked");
}

static void
open_native (PeerSender * s)
{
  g_autoptr (GSocketAddress) from = NULL;
  g_autoptr (GError) error = NULL;

  from = g_inet_socket_address_new_from_string (s->source,
      (guint) s->source_port);
  s->to = g_inet_socket_address_new_from_string (s->group, (guint) s->port);
  if (from == NULL || s->to == NULL)
    g_error ("source or group is no address");
  s->socket = g_socket_new (g_socket_address_get_family (from),
      G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);
  if (s->socket == NULL || !g_socket_bind (s->socket, from, TRUE, &error))
    g_error ("%s port %u: %s", s->source, (guint) s->source_port,
        error->message);
  /* With IPv4 the source address decides. */
  if (s->iface && !g_socket_set_option (s->socket, IPPROTO_IPV6,
          IPV6_MULTICAST_IF, (gint) if_nametoindex (s->iface), &error))
    g_error ("%s: %s", s->iface, error->message);
  if (s->joined && !g_socket_set_option (s->socket, IPPROTO_UDP, UDP_SEGMENT,
          (gint) s->size, &error))
    g_error ("UDP_SEGMENT: %s", error->message);
  /* No router forwards the default of 1. */
  g_socket_set_multicast_ttl (s->socket, (guint) s->ttl);
}

/* Sends the buffers from first on, up to as many as leave as one; returns how
 * many that were. */
static guint
send_some (PeerSender * s, GstBufferList * list, guint first)
{
  guint n = MIN ((guint) MAX (s->joined, 1),
      gst_buffer_list_length (list) - first);
  g_autofree gchar *data = g_malloc (n * s->size);

  for (guint i = 0; i < n; i++)
    gst_buffer_extract (gst_buffer_list_get (list, first + i), 0,
        data + i * s->size, s->size);
  if (g_socket_send_to (s->socket, s->to, data, n * s->size, NULL, NULL) < 0)
    __atomic_add_fetch (&s->refused, n, __ATOMIC_RELAXED);
  return n;
}

/* Takes the list. */
static gboolean
send_list (PeerSender * s, GstBufferList * list)
{
  if (s->appsrc)
    return gst_app_src_push_buffer_list (GST_APP_SRC (s->appsrc), list) ==
        GST_FLOW_OK;

  for (guint i = 0; i < gst_buffer_list_length (list);)
    i += send_some (s, list, i);
  gst_buffer_list_unref (list);
  return TRUE;
}

static GstBuffer *
make_datagram (PeerSender * s, guint64 sequence)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, s->size, NULL);
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  peer_payload_fill (map.data, map.size, sequence, (guint32) s->channel,
      s->epoch, s->secret);
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

/* As many datagrams, beginning with this number. */
static GstBufferList *
make_list (PeerSender * s, guint64 first, guint n)
{
  GstBufferList *list = gst_buffer_list_new_sized (n);

  for (guint i = 0; i < n; i++)
    gst_buffer_list_add (list, make_datagram (s, first + i));
  return list;
}

/* Those that no manifest lists keep the ratio of the rates. */
static guint64
send_unlisted (PeerSender * s, guint64 sent, guint64 unlisted)
{
  guint64 due = sent * peer_signer_unlisted_rate (s->signer) / s->rate;

  if (due > unlisted)
    peer_signer_push_unlisted (s->signer, make_list (s,
            PEER_UNLISTED | unlisted, (guint) (due - unlisted)));
  return due;
}

static guint64
count_gateways (PeerSender * s)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 n = 0;

  if (s->native)
    return 0;
  g_object_get (s->sink, "stats", &stats, NULL);
  gst_structure_get_uint64 (stats, "gateways", &n);
  return n;
}

static gboolean
may_begin (PeerSender * s)
{
  return count_gateways (s) >= s->gateways &&
      (s->signer == NULL || peer_signer_has_clients (s->signer));
}

static gpointer
run (gpointer data)
{
  PeerSender *s = data;
  guint64 sent = 0, behind = 0, unlisted = 0;
  Stopwatch watch;
  gint64 start;

  while (!may_begin (s) && !g_atomic_int_get (&s->quit))
    g_usleep (TICK_US);

  stopwatch_start (&watch);
  start = g_get_monotonic_time ();
  while (!g_atomic_int_get (&s->quit) && (s->count == 0 || sent < s->count)) {
    guint64 elapsed = (guint64) (g_get_monotonic_time () - start);
    guint64 due = elapsed * s->rate / G_USEC_PER_SEC + 1 - behind;
    guint n;

    if (g_atomic_int_get (&s->paused)) {
      behind += due - MIN (due, sent);
      g_usleep (TICK_US);
      continue;
    }
    /* Who has been held up does not make up for it all at once. */
    if (due > sent + s->rate / 50 + LIST_MAX) {
      behind += due - sent - LIST_MAX;
      due = sent + LIST_MAX;
    }
    if (s->count)
      due = MIN (due, s->count);
    if (due <= sent) {
      g_usleep (TICK_US);
      continue;
    }
    n = (guint) MIN (due - sent, LIST_MAX);
    if (!send_list (s, make_list (s, sent, n)))
      break;
    sent += n;
    if (s->signer)
      unlisted = send_unlisted (s, sent, unlisted);
    __atomic_store_n (&s->sent, sent, __ATOMIC_RELAXED);
    __atomic_store_n (&s->duration_us,
        (guint64) (g_get_monotonic_time () - start), __ATOMIC_RELAXED);
  }
  __atomic_store_n (&s->active_us, (guint64) stopwatch_us (&watch) + 1,
      __ATOMIC_RELAXED);
  return NULL;
}

void
peer_sender_start (PeerSender * s)
{
  if (s->sink == NULL)
    open_native (s);
  s->thread = g_thread_new ("sender", run, s);
}

void
peer_sender_pause (PeerSender * s)
{
  g_atomic_int_set (&s->paused, !g_atomic_int_get (&s->paused));
}

void
peer_sender_refresh (PeerSender * s)
{
  if (s->signer)
    peer_signer_refresh (s->signer);
}

void
peer_sender_stop (PeerSender * s)
{
  g_atomic_int_set (&s->quit, TRUE);
  if (s->thread == NULL)
    return;
  /* It may wait for room in appsrc. */
  if (s->appsrc)
    g_object_set (s->appsrc, "block", FALSE, "max-bytes", (guint64) 0, NULL);
  g_thread_join (g_steal_pointer (&s->thread));
}

void
peer_sender_append_status (PeerSender * s, GString * out, const gchar * prefix)
{
  guint port = 0;

  g_string_append_printf (out, "%ssent=%" G_GUINT64_FORMAT "\n", prefix,
      __atomic_load_n (&s->sent, __ATOMIC_RELAXED));
  g_string_append_printf (out, "%sduration-us=%" G_GUINT64_FORMAT "\n", prefix,
      __atomic_load_n (&s->duration_us, __ATOMIC_RELAXED));
  g_string_append_printf (out, "%sactive-us=%" G_GUINT64_FORMAT "\n", prefix,
      __atomic_load_n (&s->active_us, __ATOMIC_RELAXED));
  g_string_append_printf (out, "%srefused=%" G_GUINT64_FORMAT "\n", prefix,
      __atomic_load_n (&s->refused, __ATOMIC_RELAXED));
  if (s->signer)
    peer_signer_append_status (s->signer, out, prefix);
  if (s->native)
    return;
  g_object_get (s->sink, "used-port", &port, NULL);
  g_string_append_printf (out, "%sused-port=%u\n", prefix, port);
  peer_append_stats (out, prefix, s->sink);
}

void
peer_sender_free (PeerSender * s)
{
  peer_sender_stop (s);
  g_clear_pointer (&s->signer, peer_signer_free);
  g_clear_object (&s->socket);
  g_clear_object (&s->to);
  g_free (s->source);
  g_free (s->group);
  g_free (s->iface);
  g_free (s);
}
