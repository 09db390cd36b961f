/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A relay that restarts in mid-stream.  This takes as long as it takes.
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

/* 0: it hears nothing for 5 s and then knows nobody; 1: its port is closed
 * meanwhile. */
GST_START_TEST (test_restart)
{
  GstClockTime last, first;
  const GstStructure *stalled;
  PeerRelay relay;
  gboolean discont;
  GstBuffer *buffer;
  SrcTest t;

  peer_relay_open (&relay, __i__ ? "::1" : "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "stall-timeout", 2 * GST_SECOND, "relay-timeout",
      2 * GST_SECOND, NULL);
  peer_relay_load (&relay, 1, 100);
  src_test_play (&t);
  src_test_wait_buffers (&t, 100);

  if (__i__ == 0)
    peer_relay_set (&relay, PEER_SILENT, TRUE);
  else
    peer_relay_kill (&relay);
  peer_relay_forget (&relay);
  stalled = src_test_wait_message (&t, "multicast-stalled", 0);
  fail_unless (stalled != NULL);
  last = GST_BUFFER_PTS (src_test_buffer (&t,
          (guint) src_test_n_buffers (&t) - 1));
  g_usleep (3 * G_USEC_PER_SEC);
  check_playing (&t);
  src_test_drop_buffers (&t);
  if (__i__ == 0)
    peer_relay_set (&relay, PEER_SILENT, FALSE);
  else
    peer_relay_revive (&relay);

  wait_for_data (&t, 10);
  check_playing (&t);
  buffer = src_test_buffer (&t, 0);
  first = GST_BUFFER_PTS (buffer);
  discont = GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  fail_unless (discont);
  fail_unless (first >= last + 5 * GST_SECOND - 100 * GST_MSECOND);
  src_test_wait_message (&t, "multicast-resumed", 0);
  fail_unless_equals_uint64 (stat_value (t.src, "relay-failovers"), 0);
  fail_unless (stat_value (t.src, "relay-requests") >= 2);
  check_sum (t.src);
  src_test_stop (&t);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

static Suite *
amtsrc_restart_suite (void)
{
  Suite *s = suite_create ("amtsrc-restart");
  TCase *tc = tcase_create ("outage");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_loop_test (tc, test_restart, 0, 2);
  return s;
}

GST_CHECK_MAIN (amtsrc_restart);
