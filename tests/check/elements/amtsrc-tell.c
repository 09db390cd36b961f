/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What amtsrc tells: element messages, progress, the channel event,
 * statistics.
 */
#include <string.h>

#include "srctest.h"

static void
check_message (const GstStructure * s, const PeerFlow * flow, guint port,
    const PeerRelay * relay)
{
  gchar *name = peer_relay_name (relay);
  guint value;

  fail_unless_equals_string (gst_structure_get_string (s, "source"),
      flow->source);
  fail_unless_equals_string (gst_structure_get_string (s, "group"),
      flow->group);
  fail_unless_equals_string (gst_structure_get_string (s, "delivery"),
      "tunnel");
  fail_unless_equals_string (gst_structure_get_string (s, "relay"), name);
  fail_unless (gst_structure_get_uint (s, "port", &value));
  fail_unless_equals_int (value, port);
  g_free (name);
}

static guint64
field (const GstStructure * s, const gchar * name)
{
  guint64 value;

  fail_unless (gst_structure_get_uint64 (s, name, &value), "%s", name);
  return value;
}

static void
check_stat_text (SrcTest * t, const gchar * name, const gchar * expected)
{
  gchar *text = stat_text (t->src, name);

  fail_unless_equals_string (text, expected);
  g_free (text);
}

GST_START_TEST (test_join_and_leave)
{
  const PeerFlow *flow = __i__ ? &flow6 : &flow4;
  const GstStructure *join, *leave;
  PeerRelay relay;
  gint64 start;
  SrcTest t;

  peer_relay_open (&relay, __i__ ? "::1" : "127.0.0.1", flow);
  src_test_init (&t, flow, &relay);
  g_object_set (t.src, "port", 5001, NULL);
  start = g_get_monotonic_time ();
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  fail_unless_equals_int (src_test_count_messages (&t, "multicast-join"), 0);
  for (guint i = 0; i < 5; i++) {
    peer_relay_send (&relay, i, 20);
    src_test_wait_buffers (&t, i + 1);
  }
  join = src_test_wait_message (&t, "multicast-join", 0);
  check_message (join, flow, 5001, &relay);
  fail_unless (field (join, "join-latency") > 0);
  fail_unless (field (join, "join-latency") <=
      (guint64) (g_get_monotonic_time () - start) * 1000);
  fail_unless_equals_uint64 (stat_value (t.src, "join-latency-ns"),
      field (join, "join-latency"));

  src_test_stop (&t);
  leave = src_test_wait_message (&t, "multicast-leave", 0);
  check_message (leave, flow, 5001, &relay);
  fail_unless_equals_string (gst_structure_get_string (leave, "reason"),
      "stopped");
  fail_unless_equals_int (src_test_count_messages (&t, "multicast-join"), 1);
  fail_unless_equals_int (src_test_count_messages (&t, "multicast-leave"), 1);
  peer_relay_wait_joined (&relay, FALSE);
  fail_unless (peer_relay_heard (&relay).blocks >= 1);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* Nothing is told of a channel that never had data. */
GST_START_TEST (test_no_data_no_messages)
{
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  wait_for_stat (t.src, "control-sent", 2);
  fail_unless_equals_uint64 (stat_value (t.src, "join-latency-ns"), 0);
  fail_unless_equals_uint64 (stat_value (t.src, "last-packet-time-ns"), 0);
  src_test_stop (&t);
  fail_unless_equals_int (src_test_count_messages (&t, "multicast-join"), 0);
  fail_unless_equals_int (src_test_count_messages (&t, "multicast-leave"), 0);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* What began and was not completed is ended. */
GST_START_TEST (test_progress_ends)
{
  static const gchar *const codes[] =
      { "connect", "request", "connect", "name-lookup" };
  const gboolean fails = __i__ == 2;
  const gchar *code = codes[__i__];
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  peer_relay_set (&relay, PEER_SILENT, __i__ != 1);
  src_test_init (&t, &flow4, &relay);
  if (__i__ == 3)
    g_object_set (t.src, "relay", "no-such-host.invalid", NULL);
  if (fails)
    g_object_set (t.src, "relay-timeout", 300 * GST_MSECOND, NULL);
  src_test_play (&t);
  src_test_wait_progress (&t, GST_PROGRESS_TYPE_START, code);
  if (fails)
    src_test_wait_progress (&t, GST_PROGRESS_TYPE_ERROR, code);
  src_test_stop (&t);
  fail_unless_equals_int (src_test_count_progress (&t,
          GST_PROGRESS_TYPE_START, code), 1);
  fail_unless_equals_int (src_test_count_progress (&t,
          GST_PROGRESS_TYPE_CANCELED, code), !fails);
  fail_unless_equals_int (src_test_count_progress (&t,
          GST_PROGRESS_TYPE_ERROR, code), fails);
  fail_unless_equals_int (src_test_count_progress (&t,
          GST_PROGRESS_TYPE_COMPLETE, code), 0);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

GST_START_TEST (test_progress)
{
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  peer_relay_set (&relay, PEER_SILENT, TRUE);
  src_test_init (&t, &flow4, &relay);
  src_test_play (&t);
  src_test_wait_progress (&t, GST_PROGRESS_TYPE_START, "connect");
  fail_unless_equals_int (src_test_count_progress (&t,
          GST_PROGRESS_TYPE_COMPLETE, "connect"), 0);
  peer_relay_set (&relay, PEER_SILENT, FALSE);
  src_test_wait_progress (&t, GST_PROGRESS_TYPE_COMPLETE, "connect");
  src_test_wait_progress (&t, GST_PROGRESS_TYPE_START, "request");
  peer_relay_wait_joined (&relay, TRUE);
  fail_unless_equals_int (src_test_count_progress (&t,
          GST_PROGRESS_TYPE_COMPLETE, "request"), 0);
  peer_relay_send (&relay, 0, 20);
  src_test_wait_progress (&t, GST_PROGRESS_TYPE_COMPLETE, "request");
  fail_unless_equals_int (src_test_count_progress (&t,
          GST_PROGRESS_TYPE_START, "disconnect"), 0);
  src_test_stop (&t);
  src_test_wait_progress (&t, GST_PROGRESS_TYPE_START, "disconnect");
  src_test_wait_progress (&t, GST_PROGRESS_TYPE_COMPLETE, "disconnect");
  fail_unless_equals_int (src_test_count_progress (&t,
          GST_PROGRESS_TYPE_START, "name-lookup"), 0);
  fail_unless_equals_int (src_test_count_progress (&t,
          GST_PROGRESS_TYPE_START, "connect"), 1);
  src_test_no_errors (&t);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* How often a stall was told before this end of one was. */
static guint
stalls_before (SrcTest * t, const GstStructure * resumed)
{
  guint n = 0;

  g_mutex_lock (&t->lock);
  for (guint i = 0; i < t->messages->len; i++) {
    GstMessage *message = g_ptr_array_index (t->messages, i);

    if (gst_message_get_structure (message) == resumed)
      break;
    n += gst_message_has_name (message, "multicast-stalled");
  }
  g_mutex_unlock (&t->lock);
  return n;
}

/* Once per silence; from the join on. */
GST_START_TEST (test_stall)
{
  const guint64 limit = 100 * GST_MSECOND;
  const GstStructure *stalled, *resumed;
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "stall-timeout", limit, "port", 5001, NULL);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  stalled = src_test_wait_message (&t, "multicast-stalled", 0);
  check_message (stalled, &flow4, 5001, &relay);
  fail_unless (field (stalled, "silence") >= limit);
  fail_unless (field (stalled, "silence") < limit + GST_SECOND);

  g_usleep (3 * limit / 1000);  /* no second one */
  peer_relay_send (&relay, 0, 20);
  resumed = src_test_wait_message (&t, "multicast-resumed", 0);
  check_message (resumed, &flow4, 5001, &relay);
  fail_unless (field (resumed, "silence") >= 4 * limit);
  fail_unless_equals_int (stalls_before (&t, resumed), 1);

  stalled = src_test_wait_message (&t, "multicast-stalled", 1);
  fail_unless (field (stalled, "silence") >= limit);
  peer_relay_send (&relay, 1, 20);
  resumed = src_test_wait_message (&t, "multicast-resumed", 1);
  fail_unless_equals_int (stalls_before (&t, resumed), 2);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* What waits in the socket while downstream takes its time is no silence. */
GST_START_TEST (test_no_stall)
{
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "stall-timeout", 500 * GST_MSECOND, NULL);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  peer_relay_send (&relay, 0, 20);
  src_test_wait_buffers (&t, 1);
  g_mutex_lock (&t.lock);       /* downstream does not take any */
  for (guint i = 1; i < 4; i++) {
    peer_relay_send (&relay, i, 20);
    g_usleep (200000);          /* together more than a stall takes */
  }
  g_mutex_unlock (&t.lock);
  src_test_wait_buffers (&t, 4);
  fail_unless_equals_int (src_test_count_messages (&t, "multicast-resumed"), 0);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

GST_START_TEST (test_stall_off)
{
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "stall-timeout", (guint64) 0, "timeout",
      50 * GST_MSECOND, NULL);
  src_test_play (&t);
  src_test_wait_message (&t, "GstUDPSrcTimeout", 3);
  fail_unless_equals_int (src_test_count_messages (&t, "multicast-stalled"), 0);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* Periods of silence so long between the buffers that came. */
static guint
count_silences (SrcTest * t, GstClockTime limit)
{
  GstClockTime last = GST_CLOCK_TIME_NONE;
  guint n = 0;

  g_mutex_lock (&t->lock);
  for (guint i = 0; i < t->buffers->len; i++) {
    GstClockTime pts = GST_BUFFER_PTS (g_ptr_array_index (t->buffers, i));

    if (GST_CLOCK_TIME_IS_VALID (last))
      n += (guint) ((pts - last) / limit);
    last = pts;
  }
  g_mutex_unlock (&t->lock);
  return n;
}

/* On each period of silence, and not while data comes; a busy host may keep it
 * from coming. */
GST_START_TEST (test_timeout)
{
  const GstClockTime limit = 150 * GST_MSECOND;
  const GstStructure *s;
  PeerRelay relay;
  guint n, more;
  gint64 end;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "timeout", limit, NULL);
  src_test_play (&t);
  s = src_test_wait_message (&t, "GstUDPSrcTimeout", 0);
  fail_unless_equals_int (gst_structure_n_fields (s), 1);
  fail_unless_equals_uint64 (field (s, "timeout"), limit);
  src_test_wait_message (&t, "GstUDPSrcTimeout", 1);

  peer_relay_wait_joined (&relay, TRUE);
  peer_relay_load (&relay, 1, 20);
  src_test_wait_buffers (&t, 1);
  n = src_test_count_messages (&t, "GstUDPSrcTimeout");
  end = g_get_monotonic_time () + 400 * G_TIME_SPAN_MILLISECOND;
  while (g_get_monotonic_time () < end)
    g_usleep (10000);
  more = src_test_count_messages (&t, "GstUDPSrcTimeout");
  src_test_wait_buffers (&t, src_test_n_buffers (&t) + 1);
  fail_unless (more <= n + count_silences (&t, limit), "%u, not %u", more, n);
  n = src_test_count_messages (&t, "GstUDPSrcTimeout");
  peer_relay_load (&relay, 0, 0);
  src_test_wait_message (&t, "GstUDPSrcTimeout", n);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

static GstEvent *
channel_event (SrcTest * t)
{
  GstPad *pad = gst_element_get_static_pad (t->src, "src");
  GstEvent *event = gst_pad_get_sticky_event (pad,
      GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, 0);

  gst_object_unref (pad);
  return event;
}

/* Port 0: the first datagram's is taken, then it is fixed. */
GST_START_TEST (test_port_learning)
{
  const PeerFlow *flow = __i__ ? &flow6 : &flow4;
  PeerFlow other = *flow;
  GstEvent *event;
  guint8 buf[256];
  PeerRelay relay;
  guint port;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", flow);
  src_test_init (&t, flow, &relay);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  fail_unless (channel_event (&t) == NULL);
  peer_relay_send (&relay, 0, 20);
  check_message (src_test_wait_message (&t, "multicast-port", 0), flow, 5001,
      &relay);
  src_test_wait_buffers (&t, 1);
  event = channel_event (&t);
  fail_unless (event != NULL);
  fail_unless (gst_structure_get_uint (gst_event_get_structure (event), "port",
          &port));
  fail_unless_equals_int (port, 5001);
  gst_event_unref (event);

  other.port = 5002;
  peer_relay_send_raw (&relay, buf, peer_message (buf, &other, 1, 20));
  peer_relay_send (&relay, 2, 20);
  fail_unless_equals_int (buffer_seq (src_test_buffer (&t, 1)), 2);
  fail_unless_equals_int (src_test_count_messages (&t, "multicast-port"), 1);
  fail_unless_equals_uint64 (stat_value (t.src,
          "dropped-port-not-subscribed"), 1);
  check_message (src_test_wait_message (&t, "multicast-join", 0), flow, 5001,
      &relay);

  /* the property stays what the user set, and another start learns anew */
  g_object_get (t.src, "port", &port, NULL);
  fail_unless_equals_int (port, 0);
  src_test_stop (&t);
  peer_relay_wait_joined (&relay, FALSE);
  src_test_drop_buffers (&t);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  peer_relay_send_raw (&relay, buf, peer_message (buf, &other, 3, 20));
  check_message (src_test_wait_message (&t, "multicast-port", 1), flow, 5002,
      &relay);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* A given port is not learnt and not told. */
GST_START_TEST (test_port_given)
{
  PeerFlow other = flow4;
  guint8 buf[256];
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "port", 5001, NULL);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  other.port = 5002;
  peer_relay_send_raw (&relay, buf, peer_message (buf, &other, 0, 20));
  peer_relay_send (&relay, 1, 20);
  fail_unless_equals_int (buffer_seq (src_test_buffer (&t, 0)), 1);
  fail_unless_equals_int (src_test_count_messages (&t, "multicast-port"), 0);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* All counters of a short session, exactly. */
GST_START_TEST (test_stats)
{
  const guint n = 50;
  gchar *name;
  PeerFlow wrong;
  PeerRelay relay;
  guint8 buf[2048];
  gsize len, bytes = 0;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  name = peer_relay_name (&relay);
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "port", 5001, NULL);
  check_stat_text (&t, "state", "stopped");
  check_stat_text (&t, "relay", "");
  check_stat_text (&t, "relay-found-by", "");
  check_stat_text (&t, "relay-dnssec", "");
  check_stat_text (&t, "delivery", "tunnel");
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);

  for (guint i = 0; i < n; i++) {
    peer_relay_send (&relay, i, 100 + i);
    bytes += 100 + i;
  }
  wrong = flow4;
  wrong.group = "232.1.1.2";
  peer_relay_send_raw (&relay, buf, peer_message (buf, &wrong, 0, 20));
  wrong = flow4;
  wrong.source = "192.0.2.11";
  peer_relay_send_raw (&relay, buf, peer_message (buf, &wrong, 0, 20));
  wrong = flow4;
  wrong.port = 5002;
  peer_relay_send_raw (&relay, buf, peer_message (buf, &wrong, 0, 20));
  len = peer_message (buf, &flow4, 0, 20);
  buf[len - 1] ^= 1;
  peer_relay_send_raw (&relay, buf, len);
  peer_relay_send (&relay, 0, 0);       /* empty */
  peer_relay_send (&relay, 0, 1490);    /* longer than mtu with its headers */
  buf[0] = 0x0f;
  peer_relay_send_raw (&relay, buf, 20);
  memset (buf, 0, sizeof (buf));
  peer_relay_send_raw (&relay, buf, 2000);
  len = peer_message (buf, &flow4, 0, 20);
  peer_relay_forge (&relay, "127.0.0.1", buf, len);
  peer_relay_forge (&relay, "127.0.0.9", buf, len);
  peer_relay_send (&relay, n, 20);
  src_test_wait_buffers (&t, n + 1);
  bytes += 20;
  wait_for_stat (t.src, "packets-pushed", n + 1);

  fail_unless_equals_uint64 (stat_value (t.src, "packets-received"), n + 9);
  fail_unless_equals_uint64 (stat_value (t.src, "packets-pushed"), n + 1);
  fail_unless_equals_uint64 (stat_value (t.src, "bytes-received"), bytes);
  fail_unless_equals_uint64 (stat_value (t.src,
          "dropped-group-not-subscribed"), 1);
  fail_unless_equals_uint64 (stat_value (t.src,
          "dropped-source-not-subscribed"), 1);
  fail_unless_equals_uint64 (stat_value (t.src,
          "dropped-port-not-subscribed"), 1);
  fail_unless_equals_uint64 (stat_value (t.src, "dropped-inner-udp-checksum"),
      1);
  fail_unless_equals_uint64 (stat_value (t.src, "dropped-empty"), 1);
  fail_unless_equals_uint64 (stat_value (t.src, "dropped-too-big"), 1);
  fail_unless_equals_uint64 (stat_value (t.src, "dropped-wrong-source-port"),
      1);
  fail_unless_equals_uint64 (stat_value (t.src,
          "dropped-wrong-source-address"), 1);
  fail_unless_equals_uint64 (stat_value (t.src,
          "dropped-control-unexpected-type"), 1);
  fail_unless_equals_uint64 (stat_value (t.src, "dropped-control-too-big"), 1);
  check_sum (t.src);

  fail_unless_equals_uint64 (stat_value (t.src, "relay-requests"), 1);
  fail_unless_equals_uint64 (stat_value (t.src, "relay-failovers"), 0);
  fail_unless_equals_uint64 (stat_value (t.src, "control-received"), 3);
  fail_unless_equals_uint64 (stat_value (t.src, "kernel-dropped"), 0);
  fail_unless_equals_uint64 (stat_value (t.src, "fragments-received"), 0);
  fail_unless (stat_value (t.src, "receive-buffer-size") >= 65536);
  check_stat_text (&t, "state", "active");
  check_stat_text (&t, "relay", name);
  check_stat_text (&t, "relay-found-by", "configured");
  check_stat_text (&t, "relay-dnssec", "");

  src_test_stop (&t);
  check_stat_text (&t, "state", "stopped");
  fail_unless_equals_uint64 (stat_value (t.src, "packets-pushed"), n + 1);
  check_sum (t.src);
  src_test_play (&t);
  fail_unless_equals_uint64 (stat_value (t.src, "packets-pushed"), 0);
  src_test_clear (&t);
  peer_relay_close (&relay);
  g_free (name);
}

GST_END_TEST;

/* All but the texts are guint64. */
static gboolean
check_field (GQuark id, const GValue * value, gpointer data)
{
  static const gchar *const texts[] = { "delivery", "relay", "relay-found-by",
    "relay-dnssec", "metadata", "state", NULL
  };
  const gchar *name = g_quark_to_string (id);

  fail_unless (G_VALUE_TYPE (value) == (g_strv_contains (texts, name) ?
          G_TYPE_STRING : G_TYPE_UINT64), "%s", name);
  return TRUE;
}

GST_START_TEST (test_stats_types)
{
  GstElement *src = gst_element_factory_make ("amtsrc", NULL);
  GstStructure *stats;

  g_object_get (src, "stats", &stats, NULL);
  fail_unless_equals_string (gst_structure_get_name (stats),
      "application/x-multicast-stats");
  gst_structure_foreach (stats, check_field, NULL);
  gst_structure_free (stats);
  gst_object_unref (src);
}

GST_END_TEST;

GST_START_TEST (test_buffer_size)
{
  guint64 granted;
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "buffer-size", 65536, NULL);
  src_test_play (&t);
  wait_for_stat (t.src, "relay-requests", 1);
  fail_unless_equals_uint64 (stat_value (t.src, "receive-buffer-size"), 65536);
  src_test_no_errors (&t);
  src_test_stop (&t);

  /* More than any system grants: a warning if it was asked for. */
  g_object_set (t.src, "buffer-size", G_MAXINT / 2, NULL);
  src_test_play (&t);
  wait_for_stat (t.src, "relay-requests", 1);
  granted = stat_value (t.src, "receive-buffer-size");
  if (granted < G_MAXINT / 2) {
    gboolean warned = FALSE;

    g_mutex_lock (&t.lock);
    for (guint i = 0; i < t.messages->len; i++) {
      GstMessage *message = g_ptr_array_index (t.messages, i);
      GError *error;

      if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_WARNING)
        continue;
      gst_message_parse_warning (message, &error, NULL);
      fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
              GST_RESOURCE_ERROR_SETTINGS));
      fail_unless (strstr (error->message, "net.core.rmem_max") != NULL);
      fail_unless (strstr (error->message, "\"buffer-size\"") != NULL);
      warned = TRUE;
      g_error_free (error);
    }
    g_mutex_unlock (&t.lock);
    fail_unless (warned);
  }
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* The kernel's drops are counted. */
GST_START_TEST (test_kernel_drops)
{
  const guint n = 2000;
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "buffer-size", 20000, NULL);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  peer_relay_send (&relay, 0, 1000);
  src_test_wait_buffers (&t, 1);
  g_mutex_lock (&t.lock);       /* downstream does not take any */
  for (guint i = 1; i < n; i++)
    peer_relay_send (&relay, i, 1000);
  g_mutex_unlock (&t.lock);
  /* the count comes with the next datagram that gets through */
  wait_for_stat (t.src, "packets-pushed", 2);
  for (guint i = 0; i < 100 && stat_value (t.src, "packets-pushed") +
      stat_value (t.src, "kernel-dropped") < n + i; i++) {
    peer_relay_send (&relay, n + i, 1000);
    g_usleep (10000);
  }
  fail_unless (stat_value (t.src, "kernel-dropped") > n / 2);
  check_sum (t.src);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

static Suite *
amtsrc_tell_suite (void)
{
  Suite *s = suite_create ("amtsrc-tell");
  TCase *tc = tcase_create ("messages");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_join_and_leave, 0, 2);
  tcase_add_test (tc, test_no_data_no_messages);
  tcase_add_test (tc, test_progress);
  tcase_add_loop_test (tc, test_progress_ends, 0, 4);
  tcase_add_test (tc, test_stall);
  tcase_add_test (tc, test_no_stall);
  tcase_add_test (tc, test_stall_off);
  tcase_add_test (tc, test_timeout);
  tcase_add_loop_test (tc, test_port_learning, 0, 2);
  tcase_add_test (tc, test_port_given);

  tc = tcase_create ("stats");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_stats);
  tcase_add_test (tc, test_stats_types);
  tcase_add_test (tc, test_buffer_size);
  tcase_add_test (tc, test_kernel_drops);
  return s;
}

GST_CHECK_MAIN (amtsrc_tell);
