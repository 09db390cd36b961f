/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A relay that dies in mid-stream, and another that takes its place.
 */
#include "srctest.h"

static void
check_playing (SrcTest * t)
{
  GstState state;

  fail_unless_equals_int (gst_element_get_state (t->pipeline, &state, NULL, 0),
      GST_STATE_CHANGE_SUCCESS);
  fail_unless_equals_int (state, GST_STATE_PLAYING);
  src_test_no_errors (t);
}

/* The same but with a deadline of its own, in s. */
static void
wait_for_data (SrcTest * t, guint seconds)
{
  gint64 start = g_get_monotonic_time ();

  src_test_drop_buffers (t);
  while (src_test_n_buffers (t) == 0) {
    fail_unless (g_get_monotonic_time () - start <
        seconds * G_TIME_SPAN_SECOND, "no data within %u s", seconds);
    g_usleep (10000);
  }
}

static const gchar *
text (const GstStructure * s, const gchar * name)
{
  return gst_structure_get_string (s, name);
}

/* 0: the first relay falls silent, 1: its port is closed. */
GST_START_TEST (test_failover)
{
  const GstStructure *leave, *join;
  gchar *names[2], *list, *in_use;
  PeerRelay relays[2];
  guint64 latency;
  gint64 died;
  SrcTest t;

  for (guint i = 0; i < 2; i++) {
    peer_relay_open (&relays[i], "::1", &flow6);
    peer_relay_load (&relays[i], 1, 100);
    names[i] = peer_relay_name (&relays[i]);
  }
  list = g_strdup_printf ("%s,%s", names[0], names[1]);
  src_test_init (&t, &flow6, NULL);
  g_object_set (t.src, "relay", list, NULL);
  src_test_play (&t);
  src_test_wait_buffers (&t, 1000);
  fail_unless_equals_int (peer_relay_heard (&relays[1]).requests, 0);

  died = g_get_monotonic_time ();
  if (__i__ == 0)
    peer_relay_set (&relays[0], PEER_SILENT, TRUE);
  else
    peer_relay_kill (&relays[0]);
  src_test_drop_buffers (&t);
  wait_for_data (&t, 15);
  fail_unless (g_get_monotonic_time () - died < 15 * G_TIME_SPAN_SECOND);
  check_playing (&t);

  leave = src_test_wait_message (&t, "multicast-leave", 0);
  fail_unless_equals_string (text (leave, "relay"), names[0]);
  fail_unless_equals_string (text (leave, "reason"),
      __i__ == 0 ? "no-answer" : "unreachable");
  join = src_test_wait_message (&t, "multicast-join", 1);
  fail_unless_equals_string (text (join, "relay"), names[1]);
  fail_unless (gst_structure_get_uint64 (join, "join-latency", &latency));
  fail_unless (latency > 0 && latency < GST_SECOND, "it took %"
      GST_TIME_FORMAT, GST_TIME_ARGS (latency));
  fail_unless_equals_uint64 (stat_value (t.src, "relay-failovers"), 1);
  in_use = stat_text (t.src, "relay");
  fail_unless_equals_string (in_use, names[1]);
  g_free (in_use);

  src_test_stop (&t);
  peer_relay_wait_joined (&relays[1], FALSE);
  check_sum (t.src);
  src_test_clear (&t);
  for (guint i = 0; i < 2; i++) {
    peer_relay_close (&relays[i]);
    g_free (names[i]);
  }
  g_free (list);
}

GST_END_TEST;

static Suite *
amtsrc_failover_suite (void)
{
  Suite *s = suite_create ("amtsrc-failover");
  TCase *tc = tcase_create ("outage");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_loop_test (tc, test_failover, 0, 2);
  return s;
}

GST_CHECK_MAIN (amtsrc_failover);
