/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * amtsrc's life: states, flushes, pauses, stops under load.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "srctest.h"

/* An address sanitizer holds back what is freed, and finds leaks better. */
#ifdef __has_feature
#if __has_feature (address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined (__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Resident memory in KiB. */
static guint
resident (void)
{
  guint pages = 0;
  FILE *file = fopen ("/proc/self/statm", "r");

  fail_unless (file != NULL && fscanf (file, "%*u %u", &pages) == 1);
  fclose (file);
  return pages * (guint) (sysconf (_SC_PAGESIZE) / 1024);
}

static void
cycle (SrcTest * t, PeerRelay * relay)
{
  src_test_drop_buffers (t);
  src_test_play (t);
  src_test_wait_buffers (t, 50);
  check_sum (t->src);
  src_test_stop (t);
  check_sum (t->src);
}

GST_START_TEST (test_cycles_under_load)
{
  guint fds, threads, before = 0, after;
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  t.keep = FALSE;
  peer_relay_load (&relay, 5, 1316);
  cycle (&t, &relay);
  fds = count_fds ();
  threads = count_threads ();
  for (guint i = 0; i < 100; i++) {
    cycle (&t, &relay);
    if (i == 30)
      before = resident ();
    g_mutex_lock (&t.lock);
    g_ptr_array_set_size (t.messages, 0);
    g_ptr_array_set_size (t.events, 0);
    g_ptr_array_set_size (t.order, 0);
    g_mutex_unlock (&t.lock);
  }
  after = resident ();
  fail_unless_equals_int (count_fds (), fds);
  wait_for_threads (threads);
  fail_unless (SANITIZED
      || after < before + 8192, "%u KiB became %u", before, after);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* Every way from state to state that GStreamer knows, with data coming. */
GST_START_TEST (test_state_orders)
{
  static const GstState states[] =
      { GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING };
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  t.keep = FALSE;
  peer_relay_load (&relay, 2, 500);
  for (guint i = 0; i < 4; i++)
    for (guint j = 0; j < 4; j++)
      for (guint k = 0; k < 4; k++) {
        src_test_set_state (&t, states[i]);
        src_test_set_state (&t, states[j]);
        src_test_set_state (&t, states[k]);
      }
  src_test_stop (&t);
  src_test_drop_buffers (&t);
  src_test_play (&t);
  src_test_wait_buffers (&t, 10);
  src_test_no_errors (&t);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* READY and back without ever being started; twice in a row; disposed of in
 * NULL. */
GST_START_TEST (test_states_alone)
{
  GstElement *src = gst_element_factory_make ("amtsrc", NULL);

  for (guint i = 0; i < 3; i++) {
    fail_unless_equals_int (gst_element_set_state (src, GST_STATE_READY),
        GST_STATE_CHANGE_SUCCESS);
    fail_unless_equals_int (gst_element_set_state (src, GST_STATE_NULL),
        GST_STATE_CHANGE_SUCCESS);
  }
  g_object_set (src, "source", S4, "group", G4, "relay", "127.0.0.1", NULL);
  for (guint i = 0; i < 3; i++) {
    fail_unless_equals_int (gst_element_set_state (src, GST_STATE_PAUSED),
        GST_STATE_CHANGE_NO_PREROLL);
    fail_unless_equals_int (gst_element_set_state (src, GST_STATE_READY),
        GST_STATE_CHANGE_SUCCESS);
  }
  gst_element_set_state (src, GST_STATE_NULL);
  gst_object_unref (src);
}

GST_END_TEST;

/* Events in states in which nothing is open. */
GST_START_TEST (test_events_when_stopped)
{
  static const GstState states[] =
      { GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED };
  GstElement *src = gst_element_factory_make ("amtsrc", NULL);

  g_object_set (src, "source", S4, "group", G4, "relay", "127.0.0.1", NULL);
  gst_element_set_state (src, states[__i__]);
  gst_element_send_event (src, gst_event_new_flush_start ());
  gst_element_send_event (src, gst_event_new_flush_stop (TRUE));
  /* before, the base class would keep it for ever */
  if (states[__i__] == GST_STATE_PAUSED)
    gst_element_send_event (src, gst_event_new_eos ());
  gst_element_set_state (src, GST_STATE_NULL);
  gst_object_unref (src);
}

GST_END_TEST;

GST_START_TEST (test_stop_while_silent)
{
  PeerRelay relay;
  guint ms;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  peer_relay_set (&relay, PEER_SILENT, TRUE);
  src_test_init (&t, &flow4, &relay);
  for (guint i = 0; i < 5; i++) {
    ms = src_test_set_state (&t, GST_STATE_PLAYING);
    fail_unless (ms < 100, "starting took %u ms", ms);
    peer_relay_wait_requests (&relay, i + 1);
    src_test_stop (&t);
  }
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

GST_START_TEST (test_flush)
{
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  t.keep = FALSE;
  peer_relay_load (&relay, 2, 500);
  src_test_play (&t);
  for (guint i = 0; i < 20; i++) {
    src_test_wait_buffers (&t, 10);
    fail_unless (gst_element_send_event (t.src, gst_event_new_flush_start ()));
    fail_unless (gst_element_send_event (t.src,
            gst_event_new_flush_stop (TRUE)));
    src_test_drop_buffers (&t);
  }
  src_test_wait_buffers (&t, 10);
  wait_for_stat (t.src, "packets-pushed", 100);
  check_sum (t.src);
  src_test_no_errors (&t);
  fail_unless_equals_int (src_test_count_messages (&t, "multicast-leave"), 0);
  src_test_stop (&t);
  check_sum (t.src);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

static gboolean
saw_event (SrcTest * t, GstEventType type)
{
  gboolean seen = FALSE;

  g_mutex_lock (&t->lock);
  for (guint i = 0; i < t->events->len; i++)
    seen |= GST_EVENT_TYPE (g_ptr_array_index (t->events, i)) == type;
  g_mutex_unlock (&t->lock);
  return seen;
}

/* An EOS event ends the stream, also while nothing comes. */
GST_START_TEST (test_eos)
{
  PeerRelay relay;
  gint64 end;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  peer_relay_set (&relay, PEER_SILENT, __i__ == 1);
  src_test_init (&t, &flow4, &relay);
  peer_relay_load (&relay, 1, 500);
  for (guint i = 0; i < 3; i++) {
    src_test_drop_buffers (&t);
    src_test_play (&t);
    if (__i__ == 0)
      src_test_wait_buffers (&t, 10);
    else
      wait_for_stat (t.src, "relay-requests", 1);
    fail_unless (gst_element_send_event (t.pipeline, gst_event_new_eos ()));
    end = g_get_monotonic_time () + 5 * G_TIME_SPAN_SECOND;
    while (!saw_event (&t, GST_EVENT_EOS)) {
      fail_unless (g_get_monotonic_time () < end, "no EOS");
      g_usleep (1000);
    }
    src_test_stop (&t);
    g_mutex_lock (&t.lock);
    g_ptr_array_set_size (t.events, 0);
    g_mutex_unlock (&t.lock);
  }
  src_test_no_errors (&t);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* What comes during a pause is dropped and counted, what comes after it has a
 * DISCONT and a stamp of after it. */
GST_START_TEST (test_pause)
{
  GstClockTime resumed;
  GstBuffer *buffer;
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  peer_relay_send (&relay, 0, 50);
  src_test_wait_buffers (&t, 1);
  src_test_pause (&t);
  for (guint i = 1; i <= 20; i++)
    peer_relay_send (&relay, i, 50);
  g_usleep (50000);
  fail_unless_equals_uint64 (src_test_n_buffers (&t), 1);
  fail_unless (peer_relay_is_joined (&relay));

  src_test_play (&t);
  resumed = gst_element_get_current_running_time (t.src);
  wait_for_stat (t.src, "dropped-paused", 20);
  fail_unless_equals_uint64 (stat_value (t.src, "dropped-paused"), 20);
  peer_relay_send (&relay, 21, 50);
  peer_relay_send (&relay, 22, 50);
  buffer = src_test_buffer (&t, 1);
  fail_unless_equals_int (buffer_seq (buffer), 21);
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
  fail_unless (GST_BUFFER_PTS (buffer) + 50 * GST_MSECOND >= resumed);
  fail_if (GST_BUFFER_FLAG_IS_SET (src_test_buffer (&t, 2),
          GST_BUFFER_FLAG_DISCONT));
  wait_for_stat (t.src, "packets-pushed", 3);
  check_sum (t.src);
  fail_unless_equals_int (src_test_count_messages (&t, "multicast-leave"), 0);
  fail_unless_equals_int (peer_relay_heard (&relay).blocks, 0);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* A pause is no silence. */
GST_START_TEST (test_pause_is_no_stall)
{
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "stall-timeout", GST_SECOND, "timeout", GST_SECOND,
      NULL);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  peer_relay_send (&relay, 0, 50);
  src_test_wait_buffers (&t, 1);
  src_test_pause (&t);
  g_usleep (1300000);
  src_test_play (&t);
  peer_relay_send (&relay, 1, 50);
  src_test_wait_buffers (&t, 2);
  fail_unless_equals_int (src_test_count_messages (&t, "multicast-stalled"), 0);
  fail_unless_equals_int (src_test_count_messages (&t, "GstUDPSrcTimeout"), 0);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

GST_START_TEST (test_pauses_under_load)
{
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  t.keep = FALSE;
  peer_relay_load (&relay, 5, 1316);
  src_test_play (&t);
  src_test_wait_buffers (&t, 10);
  for (guint i = 0; i < 50; i++) {
    src_test_pause (&t);
    src_test_play (&t);
    src_test_drop_buffers (&t);
    src_test_wait_buffers (&t, 5);
    check_sum (t.src);
  }
  src_test_no_errors (&t);

  /* and stopped out of the pause */
  for (guint i = 0; i < 20; i++) {
    src_test_pause (&t);
    src_test_stop (&t);
    check_sum (t.src);
    src_test_drop_buffers (&t);
    src_test_play (&t);
    src_test_wait_buffers (&t, 5);
  }
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* Another thread asks and reads all the while. */
static gpointer
disturb (gpointer data)
{
  SrcTest *t = data;

  while (!g_atomic_int_get (&t->stop)) {
    GstQuery *query = gst_query_new_latency ();
    gchar *uri;

    check_sum (t->src);
    gst_element_query (t->src, query);
    gst_query_unref (query);
    g_object_get (t->src, "uri", &uri, NULL);
    g_free (uri);
    g_object_set (t->src, "caps", NULL, NULL);
  }
  return NULL;
}

/* Another one makes it flush, which the base class does not allow together
 * with changes of state. */
static gpointer
flush_often (gpointer data)
{
  SrcTest *t = data;

  while (!g_atomic_int_get (&t->stop)) {
    gst_element_send_event (t->src, gst_event_new_flush_start ());
    gst_element_send_event (t->src, gst_event_new_flush_stop (FALSE));
  }
  return NULL;
}

GST_START_TEST (test_flushes_under_load)
{
  GThread *threads[2];
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  t.keep = FALSE;
  peer_relay_load (&relay, 5, 1316);
  src_test_play (&t);
  src_test_wait_buffers (&t, 10);
  threads[0] = g_thread_new ("disturb", disturb, &t);
  threads[1] = g_thread_new ("flush", flush_often, &t);
  g_usleep (500000);
  g_atomic_int_set (&t.stop, TRUE);
  g_thread_join (threads[0]);
  g_thread_join (threads[1]);
  src_test_drop_buffers (&t);
  src_test_wait_buffers (&t, 10);
  check_sum (t.src);
  src_test_no_errors (&t);
  src_test_stop (&t);
  check_sum (t.src);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

GST_START_TEST (test_disturbed)
{
  PeerRelay relay;
  GThread *thread;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  t.keep = FALSE;
  peer_relay_load (&relay, 5, 1316);
  thread = g_thread_new ("disturb", disturb, &t);
  for (guint i = 0; i < 20; i++) {
    src_test_play (&t);
    g_usleep (10000);
    src_test_pause (&t);
    src_test_set_state (&t, i % 2 ? GST_STATE_READY : GST_STATE_NULL);
  }
  g_atomic_int_set (&t.stop, TRUE);
  g_thread_join (thread);
  src_test_set_state (&t, GST_STATE_NULL);
  src_test_drop_buffers (&t);
  src_test_play (&t);
  src_test_wait_buffers (&t, 10);
  src_test_no_errors (&t);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* Downstream that refuses ends the stream as for any source. */
GST_START_TEST (test_downstream_error)
{
  PeerRelay relay;
  GstElement *sink;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  sink = gst_bin_get_by_name (GST_BIN (t.pipeline), "sink");
  peer_relay_load (&relay, 1, 500);
  src_test_play (&t);
  src_test_wait_buffers (&t, 5);
  gst_element_unlink (t.src, sink);
  src_test_wait_error (&t, -1, "", "");
  src_test_stop (&t);
  peer_relay_wait_joined (&relay, FALSE);
  fail_unless (gst_element_link (t.src, sink));
  src_test_drop_buffers (&t);
  src_test_play (&t);
  src_test_wait_buffers (&t, 5);
  gst_object_unref (sink);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

static Suite *
amtsrc_life_suite (void)
{
  Suite *s = suite_create ("amtsrc-life");
  TCase *tc = tcase_create ("states");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_states_alone);
  tcase_add_loop_test (tc, test_events_when_stopped, 0, 3);
  tcase_add_test (tc, test_state_orders);
  tcase_add_test (tc, test_stop_while_silent);
  tcase_add_test (tc, test_cycles_under_load);

  tc = tcase_create ("streaming");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_flush);
  tcase_add_loop_test (tc, test_eos, 0, 2);
  tcase_add_test (tc, test_pause);
  tcase_add_test (tc, test_pause_is_no_stall);
  tcase_add_test (tc, test_pauses_under_load);
  tcase_add_test (tc, test_disturbed);
  tcase_add_test (tc, test_flushes_under_load);
  tcase_add_test (tc, test_downstream_error);
  return s;
}

GST_CHECK_MAIN (amtsrc_life);
