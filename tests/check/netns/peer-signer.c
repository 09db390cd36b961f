/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The part of a sender that signs: ambisign, an HTTPS server of its manifests,
 * and a way round both for datagrams that no manifest lists.  There may be two
 * of the former, one behind the other.
 *
 *   appsrc ! ambisign ! funnel ! sink
 *                 |        ^
 *            ambihttpsink  appsrc (unlisted)
 */
#include "netns-peer.h"

#include <gst/app/gstappsrc.h>
#include <string.h>

#define STREAMS_MAX 2

typedef struct
{
  GstElement *sign;
  GstElement *manifests;        /* the ambihttpsink */
} Stream;

struct _PeerSigner
{
  GstBin *pipeline;
  Stream streams[STREAMS_MAX];
  guint n_streams;
  GstElement *unlisted;         /* an appsrc */
  GstElement *funnel;
  guint64 refresh_deadline;
  guint64 unlisted_rate;
  guint64 wait_clients;
};

static GstElement *
make (PeerSigner * s, const gchar * factory)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  if (element == NULL || !gst_bin_add (s->pipeline, element))
    g_error ("no %s", factory);
  return element;
}

static Stream *
need_stream (PeerSigner * s, guint i)
{
  for (; s->n_streams <= i; s->n_streams++) {
    s->streams[s->n_streams].sign = make (s, "ambisign");
    s->streams[s->n_streams].manifests = make (s, "ambihttpsink");
  }
  return &s->streams[i];
}

PeerSigner *
peer_signer_new (GstBin * pipeline)
{
  PeerSigner *s = g_new0 (PeerSigner, 1);

  s->pipeline = pipeline;
  need_stream (s, 0);
  s->unlisted = make (s, "appsrc");
  s->funnel = make (s, "funnel");
  g_object_set (s->unlisted, "format", GST_FORMAT_TIME, "is-live", TRUE,
      "leaky-type", GST_APP_LEAKY_TYPE_UPSTREAM, "max-bytes", (guint64) 4 << 20,
      "min-latency", (gint64) 0, "max-latency", (gint64) GST_SECOND, NULL);
  return s;
}

gboolean
peer_signer_is_key (const gchar * key)
{
  return strchr (key, '.') != NULL || g_str_equal (key, "refresh-deadline") ||
      g_str_equal (key, "unlisted-rate") || g_str_equal (key, "wait-clients");
}

gboolean
peer_signer_set (PeerSigner * s, const gchar * key, const gchar * value)
{
  g_auto (GStrv) parts = g_strsplit (key, ".", 2);

  if (g_str_equal (key, "refresh-deadline"))
    return peer_parse_uint (value, &s->refresh_deadline);
  if (g_str_equal (key, "unlisted-rate"))
    return peer_parse_uint (value, &s->unlisted_rate);
  if (g_str_equal (key, "wait-clients"))
    return peer_parse_uint (value, &s->wait_clients);
  if (g_str_equal (parts[0], "sign"))
    return peer_set_property (s->streams[0].sign, parts[1], value);
  if (g_str_equal (parts[0], "manifests"))
    return peer_set_property (s->streams[0].manifests, parts[1], value);
  if (g_str_equal (parts[0], "sign2"))
    return peer_set_property (need_stream (s, 1)->sign, parts[1], value);
  if (g_str_equal (parts[0], "manifests2"))
    return peer_set_property (need_stream (s, 1)->manifests, parts[1], value);
  return FALSE;
}

void
peer_signer_link (PeerSigner * s, GstElement * appsrc, GstElement * sink,
    const gchar * source, const gchar * group, guint source_port, guint port)
{
  GstElement *last = appsrc;

  for (guint i = 0; i < s->n_streams; i++) {
    Stream *stream = &s->streams[i];

    g_object_set (stream->sign, "source", source, "source-port", source_port,
        "group", group, "port", port, NULL);
    if (!gst_element_link (last, stream->sign) ||
        !gst_element_link_pads (stream->sign, "manifest", stream->manifests,
            "sink"))
      g_error ("ambisign cannot be linked");
    last = stream->sign;
  }
  if (!gst_element_link_many (last, s->funnel, sink, NULL) ||
      !gst_element_link (s->unlisted, s->funnel))
    g_error ("ambisign cannot be linked");
}

guint64
peer_signer_unlisted_rate (const PeerSigner * s)
{
  return s->unlisted_rate;
}

gboolean
peer_signer_has_clients (const PeerSigner * s)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 n = 0;

  g_object_get (s->streams[0].manifests, "stats", &stats, NULL);
  gst_structure_get_uint64 (stats, "clients", &n);
  return n >= s->wait_clients;
}

void
peer_signer_push_unlisted (PeerSigner * s, GstBufferList * list)
{
  gst_app_src_push_buffer_list (GST_APP_SRC (s->unlisted), list);
}

void
peer_signer_refresh (PeerSigner * s)
{
  g_object_set (s->streams[0].sign, "refresh-deadline", s->refresh_deadline,
      NULL);
}

void
peer_signer_append_status (PeerSigner * s, GString * out, const gchar * prefix)
{
  for (guint i = 0; i < s->n_streams; i++) {
    const gchar *number = i == 0 ? "" : "2";
    g_autofree gchar *sign = g_strdup_printf ("%ssign%s.", prefix, number);
    g_autofree gchar *manifests =
        g_strdup_printf ("%smanifests%s.", prefix, number);
    guint port;

    g_object_get (s->streams[i].manifests, "used-port", &port, NULL);
    g_string_append_printf (out, "%sused-port=%u\n", manifests, port);
    peer_append_stats (out, sign, s->streams[i].sign);
    peer_append_stats (out, manifests, s->streams[i].manifests);
  }
}

void
peer_signer_free (PeerSigner * s)
{
  g_free (s);
}
