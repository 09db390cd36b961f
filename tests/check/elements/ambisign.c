/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * ambisign: settings, what is listed, when data leave, latency.
 */
#include <string.h>

#include "signtest.h"

#define MS GST_MSECOND

/*
 * Settings
 */

GST_START_TEST (test_properties)
{
  GstElement *sign = gst_element_factory_make ("ambisign", NULL);
  gchar *source, *group, *hash;
  guint port, source_port, packets;
  guint64 latency, delay, refresh, held;
  gint64 id, used;

  g_object_get (sign, "source", &source, "group", &group, "port", &port,
      "source-port", &source_port, "stream-id", &id, "used-stream-id", &used,
      "hash-algorithm", &hash, "packets-per-manifest", &packets,
      "max-manifest-latency", &latency, "delay", &delay, "refresh-deadline",
      &refresh, "max-held-bytes", &held, NULL);
  fail_unless (source == NULL && group == NULL);
  fail_unless_equals_int (port, 5001);
  fail_unless_equals_int (source_port, 5001);
  fail_unless_equals_int64 (id, -1);
  fail_unless_equals_int64 (used, -1);
  fail_unless_equals_string (hash, "sha-256");
  fail_unless_equals_int (packets, 42);
  fail_unless_equals_uint64 (latency, 100 * MS);
  fail_unless_equals_uint64 (delay, 500 * MS);
  fail_unless_equals_uint64 (refresh, 0);
  fail_unless_equals_uint64 (held, 128 * 1024 * 1024);
  g_free (hash);

  g_object_set (sign, "source", S6, "group", G6, "port", 1, "source-port",
      65535, "stream-id", (gint64) G_MAXUINT32, "hash-algorithm", "sha-512",
      "packets-per-manifest", 7, "max-manifest-latency", 5 * MS, "delay",
      (guint64) 0, "refresh-deadline", 60 * GST_SECOND, "max-held-bytes",
      G_GUINT64_CONSTANT (65536), NULL);
  g_object_get (sign, "source", &source, "group", &group, "port", &port,
      "source-port", &source_port, "stream-id", &id, "hash-algorithm", &hash,
      "packets-per-manifest", &packets, "max-manifest-latency", &latency,
      "delay", &delay, "refresh-deadline", &refresh, "max-held-bytes", &held,
      NULL);
  fail_unless_equals_string (source, S6);
  fail_unless_equals_string (group, G6);
  fail_unless_equals_int (port, 1);
  fail_unless_equals_int (source_port, 65535);
  fail_unless_equals_int64 (id, G_MAXUINT32);
  fail_unless_equals_string (hash, "sha-512");
  fail_unless_equals_int (packets, 7);
  fail_unless_equals_uint64 (latency, 5 * MS);
  fail_unless_equals_uint64 (delay, 0);
  fail_unless_equals_uint64 (refresh, 60 * GST_SECOND);
  fail_unless_equals_uint64 (held, 65536);
  g_free (source);
  g_free (group);
  g_free (hash);
  gst_object_unref (sign);
}

GST_END_TEST;

static const struct
{
  const gchar *source;
  const gchar *group;
  const gchar *hash;
  const gchar *named;
} bad_settings[] = {
  {NULL, G4, "sha-256", "\"source\""},
  {"", G4, "sha-256", "\"source\""},
  {"sender.example", G4, "sha-256", "\"source\""},
  {"0.0.0.0", G6, "sha-256", "\"source\""},
  {"::", G6, "sha-256", "\"source\""},
  {"232.1.1.1", G4, "sha-256", "\"source\""},
  {S4, NULL, "sha-256", "\"group\""},
  {S4, "192.0.2.1", "sha-256", "\"group\""},
  {S4, G6, "sha-256", "\"group\""},
  {S6, G4, "sha-256", "\"source\""},
  {S4, G4, NULL, "\"hash-algorithm\""},
  {S4, G4, "", "\"hash-algorithm\""},
  {S4, G4, "sha1", "\"hash-algorithm\""},
  {S4, G4, "shake-512", "\"hash-algorithm\""}
};

GST_START_TEST (test_bad_settings)
{
  GstElement *sign = sign_element_new (bad_settings[__i__].source,
      bad_settings[__i__].group, "hash-algorithm", bad_settings[__i__].hash,
      NULL);
  GstBus *bus = gst_bus_new ();
  GError *error = NULL;
  GstMessage *message;
  gint64 used;

  gst_element_set_bus (sign, bus);
  fail_unless_equals_int (gst_element_set_state (sign, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_SETTINGS));
  fail_unless (strstr (error->message, bad_settings[__i__].named) != NULL,
      "%s", error->message);
  g_error_free (error);
  gst_message_unref (message);

  /* A failed start leaves nothing behind. */
  g_object_set (sign, "source", S4, "group", G4, "hash-algorithm", "sha-256",
      NULL);
  fail_unless_equals_int (gst_element_set_state (sign, GST_STATE_PAUSED),
      GST_STATE_CHANGE_SUCCESS);
  g_object_get (sign, "used-stream-id", &used, NULL);
  fail_unless (used >= 0);
  gst_element_set_state (sign, GST_STATE_NULL);
  gst_element_set_bus (sign, NULL);
  gst_object_unref (bus);
  gst_object_unref (sign);
}

GST_END_TEST;

static const struct
{
  guint64 delay;
  guint warnings;
} delays[] = {
  {0, 0},
  {100 * MS, 1},
  {101 * MS, 0},
  {1, 1}
};

GST_START_TEST (test_short_delay_is_told)
{
  SignTest t;

  sign_test_init (&t, sign_element_new (S4, G4, "delay",
          delays[__i__].delay, NULL));
  fail_unless_equals_int (sign_count_messages (&t, GST_MESSAGE_WARNING),
      delays[__i__].warnings);

  g_object_set (t.sign, "delay", 200 * MS, NULL);
  fail_unless_equals_int (sign_count_messages (&t, GST_MESSAGE_WARNING), 0);
  g_object_set (t.sign, "delay", delays[__i__].delay, NULL);
  fail_unless_equals_int (sign_count_messages (&t, GST_MESSAGE_WARNING),
      delays[__i__].warnings);
  sign_test_clear (&t);
}

GST_END_TEST;

/*
 * What is listed
 */

static const struct
{
  const gchar *source;
  const gchar *group;
  const gchar *hash;
} profiles[] = {
  {S4, G4, "sha-256"},
  {S6, G6, "sha-256"},
  {S4, G4, "sha-384"},
  {S6, G6, "sha-512"},
  {S4, G4, "shake-128"}
};

GST_START_TEST (test_lists_all_packets)
{
  SignTest t;

  sign_test_init (&t, sign_element_new (profiles[__i__].source,
          profiles[__i__].group, "hash-algorithm", profiles[__i__].hash,
          "source-port", 1234, "port", 4321, "max-manifest-latency",
          10 * GST_SECOND, "delay", 50 * MS, NULL));
  sign_push (&t, 0, 100, 1316);
  /* What does not fill a manifest is listed at the end. */
  fail_unless (gst_harness_push_event (t.data, gst_event_new_eos ()));
  fail_unless_equals_int (sign_read_manifest (&t), 42);
  fail_unless_equals_int (t.last.manifest_seq, 0);
  sign_read_listed (&t, 100);
  fail_unless_equals_int (t.last.refresh_deadline, 0);
  for (guint n = 0; n < 100; n++) {
    sign_expect_listed (&t, n, n, 1316);
    sign_expect_data (&t, n, 1316);
  }
  sign_check_stats (t.sign);
  fail_unless_equals_uint64 (sign_stat (t.sign, "packets-signed"), 100);
  fail_unless_equals_uint64 (sign_stat (t.sign, "packets-pushed"), 100);
  fail_unless_equals_uint64 (sign_stat (t.sign, "bytes-pushed"), 131600);
  sign_test_clear (&t);
}

GST_END_TEST;

/* One packet that does not complete a manifest, and then none for a second. */
GST_START_TEST (test_manifest_latency)
{
  gint64 start = g_get_monotonic_time ();
  SignTest t;

  sign_test_init (&t, sign_element_new (S4, G4, "stream-id", (gint64) 77,
          "max-manifest-latency", 80 * MS, NULL));
  sign_push (&t, 0, 1, 100);
  fail_unless_equals_int (sign_read_manifest (&t), 1);
  fail_unless_equals_int (t.last.stream_id, 77);
  fail_unless (sign_wait_departure (&t, 'm', 1).time >= start + 80000);
  fail_unless_equals_int (sign_read_manifest (&t), 0);
  fail_unless_equals_int (t.last.first_packet_seq, 1);
  fail_unless (sign_wait_departure (&t, 'm', 2).time >=
      sign_wait_departure (&t, 'm', 1).time + 900000);
  sign_test_clear (&t);
}

GST_END_TEST;

GST_START_TEST (test_caps_and_events)
{
  SignTest t;
  GstStructure *s;
  GstEvent *event;
  GstCaps *caps;
  gint64 id, used;

  sign_test_init (&t, sign_element_new (S4, G4, "delay", (guint64) 0,
          "packets-per-manifest", 1, NULL));
  sign_push (&t, 0, 1, 100);
  sign_read_manifest (&t);
  g_object_get (t.sign, "used-stream-id", &used, NULL);
  fail_unless_equals_int64 (used, t.last.stream_id);

  event = gst_harness_pull_event (t.manifests);
  fail_unless_equals_int (GST_EVENT_TYPE (event), GST_EVENT_STREAM_START);
  gst_event_unref (event);
  event = gst_harness_pull_event (t.manifests);
  fail_unless_equals_int (GST_EVENT_TYPE (event), GST_EVENT_CAPS);
  gst_event_parse_caps (event, &caps);
  s = gst_caps_get_structure (caps, 0);
  fail_unless_equals_string (gst_structure_get_name (s), "application/ambi");
  fail_unless (gst_structure_get_int64 (s, "stream-id", &id));
  fail_unless_equals_int64 (id, used);
  fail_unless_equals_string (gst_structure_get_string (s, "hash-algorithm"),
      "sha-256");
  gst_event_unref (event);
  event = gst_harness_pull_event (t.manifests);
  fail_unless_equals_int (GST_EVENT_TYPE (event), GST_EVENT_SEGMENT);
  gst_event_unref (event);

  /* The data keep theirs. */
  sign_expect_data (&t, 0, 100);
  event = gst_harness_pull_event (t.data);
  fail_unless_equals_int (GST_EVENT_TYPE (event), GST_EVENT_STREAM_START);
  gst_event_unref (event);
  event = gst_harness_pull_event (t.data);
  fail_unless_equals_int (GST_EVENT_TYPE (event), GST_EVENT_CAPS);
  gst_event_parse_caps (event, &caps);
  fail_unless (gst_structure_has_name (gst_caps_get_structure (caps, 0),
          "video/mpegts"));
  gst_event_unref (event);
  sign_test_clear (&t);
}

GST_END_TEST;

GST_START_TEST (test_lists_stay_lists)
{
  GstBufferList *list = sign_make_list (0, 3, 200);
  SignTest t;
  GstPad *pad;

  sign_test_init (&t, sign_element_new (S4, G4, "delay", 20 * MS,
          "max-manifest-latency", 10 * MS, NULL));
  pad = gst_element_get_static_pad (t.sign, "sink");
  sign_push (&t, 100, 1, 200);
  /* What cannot be sent leaves the list. */
  gst_buffer_list_insert (list, 1, gst_buffer_new ());
  gst_buffer_list_insert (list, 3, sign_make_buffer (9, 65508));
  fail_unless_equals_int (gst_pad_chain_list (pad, gst_buffer_list_ref (list)),
      GST_FLOW_OK);
  /* Somebody else's list stays as it is. */
  fail_unless_equals_int (gst_buffer_list_length (list), 5);
  gst_buffer_list_unref (list);
  fail_unless_equals_int (gst_pad_chain_list (pad, gst_buffer_list_new ()),
      GST_FLOW_OK);
  list = gst_buffer_list_new ();
  gst_buffer_list_add (list, gst_buffer_new ());
  fail_unless_equals_int (gst_pad_chain_list (pad, list), GST_FLOW_OK);

  fail_unless_equals_int (sign_wait_departure (&t, 'l', 1).n, 3);
  sign_expect_data (&t, 100, 200);
  sign_read_listed (&t, 4);
  sign_expect_listed (&t, 0, 100, 200);
  for (guint n = 0; n < 3; n++) {
    sign_expect_data (&t, n, 200);
    sign_expect_listed (&t, n + 1, n, 200);
  }
  sign_check_stats (t.sign);
  fail_unless_equals_uint64 (sign_stat (t.sign, "packets-received"), 7);
  fail_unless_equals_uint64 (sign_stat (t.sign, "dropped-empty"), 2);
  fail_unless_equals_uint64 (sign_stat (t.sign, "dropped-too-big"), 1);
  gst_object_unref (pad);
  sign_test_clear (&t);
}

GST_END_TEST;

GST_START_TEST (test_size_limits)
{
  const gboolean v6 = __i__;
  const gsize max = v6 ? 65527 : 65507;
  SignTest t;

  sign_test_init (&t, sign_element_new (v6 ? S6 : S4, v6 ? G6 : G4, "delay",
          (guint64) 0, "packets-per-manifest", 1, NULL));
  sign_push (&t, 0, 1, max + 1);
  sign_push (&t, 1, 1, max);
  sign_push (&t, 2, 1, 0);
  sign_push (&t, 3, 1, 1);
  sign_push (&t, 4, 2, max + 1000);
  sign_read_listed (&t, 2);
  sign_expect_listed (&t, 0, 1, max);
  sign_expect_listed (&t, 1, 3, 1);
  sign_expect_data (&t, 1, max);
  sign_expect_data (&t, 3, 1);
  fail_unless_equals_uint64 (sign_stat (t.sign, "dropped-too-big"), 3);
  fail_unless_equals_uint64 (sign_stat (t.sign, "dropped-empty"), 1);
  sign_check_stats (t.sign);
  fail_unless_equals_int (sign_count_messages (&t, GST_MESSAGE_WARNING), 1);
  sign_test_clear (&t);
}

GST_END_TEST;

/*
 * When data leave
 */

/* Nothing says that a busy host is not late, so only the other side of each
 * limit is checked, and the order. */
GST_START_TEST (test_delay_and_spacing)
{
  gint64 arrival[10];
  SignTest t;

  sign_test_init (&t, sign_element_new (S4, G4, "delay", 150 * MS,
          "max-manifest-latency", 40 * MS, "packets-per-manifest", 4, NULL));
  for (guint n = 0; n < 10; n++) {
    arrival[n] = g_get_monotonic_time ();
    sign_push (&t, n, 1, 500);
    g_usleep (10000);           /* the spacing, which is looked at below */
  }
  for (guint n = 0; n < 10; n++)
    fail_unless (sign_wait_departure (&t, 'b', n + 1).time >=
        arrival[n] + 150000);
  sign_read_listed (&t, 10);
  for (guint n = 0; n < 10; n++)
    sign_expect_listed (&t, n, n, 500);
  sign_check_stats (t.sign);
  sign_test_clear (&t);
}

GST_END_TEST;

/* In the order of events, each packet's manifest stands before the packet. */
GST_START_TEST (test_manifests_before_data)
{
  guint listed = 0, left = 0, m = 0;
  guint counts[64];
  gchar *order;
  SignTest t;

  sign_test_init (&t, sign_element_new (S4, G4, "delay", 300 * MS,
          "max-manifest-latency", 10 * MS, "packets-per-manifest", 5, NULL));
  for (guint n = 0; n < 48; n++) {
    sign_push (&t, n, 1, 500);
    g_usleep (2000);            /* some manifests complete, some not */
  }
  sign_wait_departure (&t, 'b', 48);
  while (t.listed->len < 48) {
    fail_unless (m < G_N_ELEMENTS (counts));
    counts[m++] = sign_read_manifest (&t);
  }
  m = 0;
  order = sign_order (&t);
  for (const gchar * p = order; *p != '\0'; p++) {
    if (*p == 'm' && listed < 48)
      listed += counts[m++];
    else if (*p == 'b')
      fail_unless (++left <= listed, "packet %u is not listed: %s", left,
          order);
  }
  fail_unless_equals_int (left, 48);
  g_free (order);
  sign_test_clear (&t);
}

GST_END_TEST;

/* Events stand where they stood; EOS of both comes at the end. */
GST_START_TEST (test_eos)
{
  gint64 start = g_get_monotonic_time ();
  GstClockTime pts = 5 * GST_SECOND;
  gchar *order;
  SignTest t;

  sign_test_init (&t, sign_element_new (S4, G4, "delay", 120 * MS,
          "max-manifest-latency", 10 * GST_SECOND, NULL));
  sign_push (&t, 0, 3, 100);
  fail_unless (gst_harness_push_event (t.data, gst_event_new_gap (pts, 1)));
  fail_unless (gst_harness_push_event (t.data, gst_event_new_eos ()));

  fail_unless_equals_int (sign_read_manifest (&t), 3);
  fail_unless (sign_wait_departure (&t, 'e', 1).time >= start + 120000);
  sign_wait_departure (&t, 'E', 1);
  order = sign_order (&t);
  fail_unless_equals_string (order, "mbbbeE");
  g_free (order);
  sign_check_stats (t.sign);
  fail_unless_equals_uint64 (sign_stat (t.sign, "packets-held"), 0);
  order = sign_state (t.sign);
  fail_unless_equals_string (order, "ended");
  g_free (order);
  sign_test_clear (&t);
}

GST_END_TEST;

GST_START_TEST (test_eos_without_data)
{
  gchar *order;
  SignTest t;

  sign_test_init (&t, sign_element_new (S4, G4, NULL));
  fail_unless (gst_harness_push_event (t.data, gst_event_new_eos ()));
  sign_wait_departure (&t, 'E', 1);
  order = sign_order (&t);
  fail_unless_equals_string (order, "eE");
  g_free (order);
  sign_test_clear (&t);
}

GST_END_TEST;

/* The delay is changed while data are held: the order stays. */
GST_START_TEST (test_change_delay)
{
  gint64 start = g_get_monotonic_time ();
  SignTest t;

  sign_test_init (&t, sign_element_new (S4, G4, "delay", 200 * MS, NULL));
  sign_count_messages (&t, GST_MESSAGE_LATENCY);
  sign_push (&t, 0, 1, 100);
  g_object_set (t.sign, "delay", (guint64) 0, NULL);
  fail_unless_equals_int (sign_count_messages (&t, GST_MESSAGE_LATENCY), 1);
  sign_push (&t, 1, 1, 100);
  sign_expect_data (&t, 0, 100);
  sign_expect_data (&t, 1, 100);
  fail_unless (sign_wait_departure (&t, 'b', 1).time >= start + 200000);

  start = g_get_monotonic_time ();
  g_object_set (t.sign, "delay", 130 * MS, NULL);
  sign_push (&t, 2, 1, 100);
  sign_expect_data (&t, 2, 100);
  fail_unless (sign_wait_departure (&t, 'b', 3).time >= start + 130000);
  sign_test_clear (&t);
}

GST_END_TEST;

GST_START_TEST (test_pause_does_not_count)
{
  SignTest t;
  gint64 start;

  sign_test_init (&t, sign_element_new (S4, G4, "delay", 500 * MS, NULL));
  start = g_get_monotonic_time ();
  sign_push (&t, 0, 1, 100);
  gst_element_set_state (t.sign, GST_STATE_PAUSED);
  g_usleep (60000);             /* how long it is paused */
  gst_element_set_state (t.sign, GST_STATE_PLAYING);
  fail_unless (sign_wait_departure (&t, 'b', 1).time >= start + 560000);
  sign_test_clear (&t);
}

GST_END_TEST;

/*
 * Latency
 */

static void
check_latency (SignTest * t, const gchar * pad_name, gboolean live,
    GstClockTime wanted_min, GstClockTime wanted_max)
{
  GstPad *pad = gst_element_get_static_pad (t->sign, pad_name);
  GstQuery *query = gst_query_new_latency ();
  GstClockTime min, max;
  gboolean is_live;

  fail_unless (gst_pad_query (pad, query));
  gst_query_parse_latency (query, &is_live, &min, &max);
  fail_unless_equals_int (is_live, live);
  fail_unless_equals_uint64 (min, wanted_min);
  fail_unless_equals_uint64 (max, wanted_max);
  gst_query_unref (query);
  gst_object_unref (pad);
}

static GstPadProbeReturn
answer_latency (GstPad * pad, GstPadProbeInfo * info, gpointer max)
{
  if (GST_QUERY_TYPE (info->data) != GST_QUERY_LATENCY)
    return GST_PAD_PROBE_OK;
  gst_query_set_latency (info->data, max != NULL, 30 * MS,
      max ? *(GstClockTime *) max : GST_CLOCK_TIME_NONE);
  return GST_PAD_PROBE_HANDLED;
}

GST_START_TEST (test_latency)
{
  GstClockTime max = 70 * MS;
  SignTest t;
  gulong id;

  sign_test_init (&t, sign_element_new (S4, G4, NULL));
  id = gst_pad_add_probe (t.data->srcpad, GST_PAD_PROBE_TYPE_QUERY_UPSTREAM,
      answer_latency, &max, NULL);
  check_latency (&t, "src", TRUE, 530 * MS, 570 * MS);
  check_latency (&t, "manifest", TRUE, 30 * MS, 70 * MS);
  max = GST_CLOCK_TIME_NONE;
  check_latency (&t, "src", TRUE, 530 * MS, GST_CLOCK_TIME_NONE);
  g_object_set (t.sign, "delay", 1000 * MS, NULL);
  check_latency (&t, "src", TRUE, 1030 * MS, GST_CLOCK_TIME_NONE);
  gst_pad_remove_probe (t.data->srcpad, id);

  gst_pad_add_probe (t.data->srcpad, GST_PAD_PROBE_TYPE_QUERY_UPSTREAM,
      answer_latency, NULL, NULL);
  check_latency (&t, "src", FALSE, 30 * MS, GST_CLOCK_TIME_NONE);
  sign_test_clear (&t);
}

GST_END_TEST;

static guint64
dropped_by (GstElement * sink, guint64 * rendered)
{
  GstStructure *stats;
  guint64 dropped;

  g_object_get (sink, "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint64 (stats, "dropped", &dropped));
  fail_unless (gst_structure_get_uint64 (stats, "rendered", rendered));
  gst_structure_free (stats);
  return dropped;
}

/* A sink that waits for the clock and drops what is late drops nothing, though
 * everything comes a second after its time stamp.  A busy host may be late by
 * the most of it. */
GST_START_TEST (test_synchronising_sink)
{
  GstElement *pipeline = gst_parse_launch ("videotestsrc is-live=true "
      "num-buffers=20 ! video/x-raw,format=GRAY8,width=16,height=16,"
      "framerate=100/1 ! ambisign name=s source=" S4 " group=" G4
      " delay=1000000000 ! fakesink name=f sync=true max-lateness=900000000 "
      "s.manifest ! fakesink name=m sync=true", NULL);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "f");
  GstElement *manifests = gst_bin_get_by_name (GST_BIN (pipeline), "m");
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;
  guint64 rendered;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 5 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  fail_unless_equals_int (GST_MESSAGE_TYPE (message), GST_MESSAGE_EOS);
  gst_message_unref (message);
  fail_unless_equals_uint64 (dropped_by (sink, &rendered), 0);
  fail_unless_equals_uint64 (rendered, 20);
  fail_unless_equals_uint64 (dropped_by (manifests, &rendered), 0);
  fail_unless (rendered > 0);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (manifests);
  gst_object_unref (sink);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
}

GST_END_TEST;

static Suite *
ambisign_suite (void)
{
  Suite *s = suite_create ("ambisign");
  TCase *tc = tcase_create ("settings");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_properties);
  tcase_add_loop_test (tc, test_bad_settings, 0, G_N_ELEMENTS (bad_settings));
  tcase_add_loop_test (tc, test_short_delay_is_told, 0, G_N_ELEMENTS (delays));

  tc = tcase_create ("manifests");
  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_lists_all_packets, 0, G_N_ELEMENTS (profiles));
  tcase_add_test (tc, test_manifest_latency);
  tcase_add_test (tc, test_caps_and_events);
  tcase_add_test (tc, test_lists_stay_lists);
  tcase_add_loop_test (tc, test_size_limits, 0, 2);

  tc = tcase_create ("delay");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_delay_and_spacing);
  tcase_add_test (tc, test_manifests_before_data);
  tcase_add_test (tc, test_eos);
  tcase_add_test (tc, test_eos_without_data);
  tcase_add_test (tc, test_change_delay);
  tcase_add_test (tc, test_pause_does_not_count);
  tcase_add_test (tc, test_latency);
  tcase_add_test (tc, test_synchronising_sink);
  return s;
}

GST_CHECK_MAIN (ambisign);
