/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * amt:// in uridecodebin and playbin.
 */
#include "srctest.h"

#define CAPS "video/mpegts,systemstream=true"

typedef struct
{
  GMutex lock;
  GCond cond;
  gchar *source;                /* type name of what the bin made */
  guint buffers;
} Player;

static void
source_setup (GstElement * bin, GstElement * source, gpointer data)
{
  Player *p = data;

  g_mutex_lock (&p->lock);
  g_free (p->source);
  p->source = g_strdup (G_OBJECT_TYPE_NAME (source));
  g_cond_broadcast (&p->cond);
  g_mutex_unlock (&p->lock);
}

static void
handoff (GstElement * sink, GstBuffer * buffer, GstPad * pad, gpointer data)
{
  Player *p = data;

  g_mutex_lock (&p->lock);
  p->buffers++;
  g_cond_broadcast (&p->cond);
  g_mutex_unlock (&p->lock);
}

static void
pad_added (GstElement * bin, GstPad * pad, gpointer sink)
{
  GstPad *sinkpad = gst_element_get_static_pad (sink, "sink");

  fail_unless_equals_int (gst_pad_link (pad, sinkpad), GST_PAD_LINK_OK);
  gst_object_unref (sinkpad);
}

static void
wait_until (Player * p, gboolean (*done) (Player *), const gchar * what)
{
  gint64 end = g_get_monotonic_time () + 10 * G_TIME_SPAN_SECOND;

  g_mutex_lock (&p->lock);
  while (!done (p))
    fail_unless (g_cond_wait_until (&p->cond, &p->lock, end), "no %s", what);
  g_mutex_unlock (&p->lock);
}

static gboolean
has_source (Player * p)
{
  return p->source != NULL;
}

static gboolean
has_buffers (Player * p)
{
  return p->buffers >= 50;
}

static gchar *
make_uri (PeerRelay * relay, const gchar * query)
{
  return g_strdup_printf (relay->addr.ip.family == CORE_FAMILY_V4 ?
      "amt://" S4 "@" G4 ":5001?relay=127.0.0.1:%u%s" :
      "amt://[" S6 "]@[" G6 "]:5001?relay=[::1]:%u%s",
      peer_relay_port (relay), query);
}

static void
player_init (Player * p)
{
  p->source = NULL;
  p->buffers = 0;
  g_mutex_init (&p->lock);
  g_cond_init (&p->cond);
}

static void
player_clear (Player * p)
{
  fail_unless_equals_string (p->source, "GstAmtSrc");
  g_free (p->source);
  g_mutex_clear (&p->lock);
  g_cond_clear (&p->cond);
}

/* Pads appear and data flows, whatever the caps say it is. */
GST_START_TEST (test_uridecodebin)
{
  GstElement *pipeline = gst_pipeline_new (NULL);
  GstElement *bin = gst_element_factory_make ("uridecodebin", NULL);
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  GstCaps *caps = gst_caps_from_string (CAPS);
  PeerRelay relay;
  Player p;
  gchar *uri;

  player_init (&p);
  peer_relay_open (&relay, __i__ ? "::1" : "127.0.0.1",
      __i__ ? &flow6 : &flow4);
  peer_relay_load (&relay, 1, 1316);
  uri = make_uri (&relay, "&caps=video/mpegts%2Csystemstream=true");
  g_object_set (bin, "uri", uri, "caps", caps, NULL);
  g_object_set (sink, "signal-handoffs", TRUE, "sync", FALSE, "async", FALSE,
      NULL);
  g_signal_connect (bin, "source-setup", G_CALLBACK (source_setup), &p);
  g_signal_connect (bin, "pad-added", G_CALLBACK (pad_added), sink);
  g_signal_connect (sink, "handoff", G_CALLBACK (handoff), &p);
  gst_bin_add_many (GST_BIN (pipeline), bin, sink, NULL);

  fail_unless (gst_element_set_state (pipeline, GST_STATE_PLAYING) !=
      GST_STATE_CHANGE_FAILURE);
  wait_until (&p, has_source, "source");
  wait_until (&p, has_buffers, "data");
  gst_element_set_state (pipeline, GST_STATE_NULL);
  peer_relay_wait_joined (&relay, FALSE);
  gst_object_unref (pipeline);
  gst_caps_unref (caps);
  g_free (uri);
  player_clear (&p);
  peer_relay_close (&relay);
}

GST_END_TEST;

GST_START_TEST (test_playbin)
{
  GstElement *playbin = gst_element_factory_make (__i__ ? "playbin3" :
      "playbin", NULL);
  PeerRelay relay;
  Player p;
  gchar *uri;

  fail_unless (playbin != NULL);
  player_init (&p);
  peer_relay_open (&relay, "127.0.0.1", &flow4);
  uri = make_uri (&relay, "");
  g_object_set (playbin, "uri", uri, NULL);
  g_signal_connect (playbin, "source-setup", G_CALLBACK (source_setup), &p);
  fail_unless (gst_element_set_state (playbin, GST_STATE_PLAYING) !=
      GST_STATE_CHANGE_FAILURE);
  wait_until (&p, has_source, "source");
  peer_relay_wait_joined (&relay, TRUE);
  gst_element_set_state (playbin, GST_STATE_NULL);
  peer_relay_wait_joined (&relay, FALSE);
  gst_object_unref (playbin);
  g_free (uri);
  player_clear (&p);
  peer_relay_close (&relay);
}

GST_END_TEST;

static Suite *
amtsrc_play_suite (void)
{
  Suite *s = suite_create ("amtsrc-play");
  TCase *tc = tcase_create ("uri");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_uridecodebin, 0, 2);
  tcase_add_loop_test (tc, test_playbin, 0, 2);
  return s;
}

GST_CHECK_MAIN (amtsrc_play);
