/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * ambiverify: changes of state, threads, pipelines.
 */
#include <glib/gstdio.h>

#include "stopwatch.h"
#include "usage.h"
#include "verifytest.h"

/*
 * States
 */

static gpointer
push_for_ever (gpointer user)
{
  GstHarness *h = user;
  guint seed = 0;
  GstFlowReturn ret;

  do {
    GstBufferList *list = verify_list (seed, 8);

    ret = gst_pad_push_list (h->srcpad, list);
    seed += 8;
  } while (ret == GST_FLOW_OK);
  return GINT_TO_POINTER (ret);
}

static GstPadProbeReturn
block (GstPad * pad, GstPadProbeInfo * info, gpointer user)
{
  g_atomic_int_set ((gint *) user, TRUE);
  return GST_PAD_PROBE_OK;
}

static void
wait_for_flag (gint * flag)
{
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  while (!g_atomic_int_get (flag)) {
    fail_unless (g_get_monotonic_time () < end);
    g_usleep (1000);
  }
}

/* With the src pad blocked, the data thread waits for it or for its turn to
 * push, and so may the task: all of them come out when the state changes or a
 * flush begins, and manifests have never waited. */
GST_START_TEST (test_stop_while_blocked)
{
  gint blocked = FALSE;
  GThread *thread;
  GstPad *src;
  Stopwatch watch;
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  src = gst_element_get_static_pad (f.element, "src");
  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_BLOCK |
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, block,
      &blocked, NULL);
  verify_push (f.h, 1000);
  if (__i__ > 0) {
    /* The task first, then the data thread. */
    verify_push_manifest (f.m, &f.signer, 1000, 1);
    wait_for_flag (&blocked);
  }
  verify_push_manifest (f.m, &f.signer, 0, 64);
  thread = g_thread_new ("data", push_for_ever, f.h);
  wait_for_flag (&blocked);
  verify_push_manifest (f.m, &f.signer, 64, 1000);

  stopwatch_start (&watch);
  if (__i__ == 2)
    gst_harness_push_event (f.h, gst_event_new_flush_start ());
  else
    gst_element_set_state (f.element, GST_STATE_NULL);
  fail_unless (stopwatch_us (&watch) < G_USEC_PER_SEC);
  fail_unless_equals_int (GPOINTER_TO_INT (g_thread_join (thread)),
      GST_FLOW_FLUSHING);
  verify_expect_nothing (f.h);
  gst_object_unref (src);
  verify_tear_down (&f);
}

GST_END_TEST;

/* Stopped in the middle of everything, a hundred times: nothing is left over,
 * and each run begins anew. */
GST_START_TEST (test_state_cycles)
{
  guint fds = 0, threads = 0;
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  for (guint i = 0; i < 100; i++) {
    GThread *thread;

    fail_unless_equals_uint64 (verify_stat (f.element, "packets-received"), 0);
    verify_push_manifest (f.m, &f.signer, 4, 100);
    verify_push_manifest (f.m, &f.signer, 1000, 2000);
    thread = g_thread_new ("data", push_for_ever, f.h);
    verify_expect_many (f.h, 4, 8);
    gst_element_set_state (f.element, GST_STATE_NULL);
    g_thread_join (thread);
    verify_add_up (f.element);
    fail_unless_equals_uint64 (verify_stat (f.element, "packets-held"), 0);
    if (i == 5) {
      fds = count_fds ();
      threads = count_threads ();
    }
    while (gst_harness_buffers_in_queue (f.h) > 0)
      gst_buffer_unref (gst_harness_pull (f.h));
    fail_unless_equals_int (gst_element_set_state (f.element,
            GST_STATE_PLAYING), GST_STATE_CHANGE_SUCCESS);
    gst_harness_set_src_caps_str (f.h, "video/mpegts");
    gst_harness_set_src_caps_str (f.m, "application/ambi");
    f.signer.next.manifest_seq = f.signer.next.first_packet_seq = 0;
  }
  fail_unless_equals_int (count_fds (), fds);
  wait_for_threads (threads);
  verify_tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_states)
{
  static const GstState states[] = {
    GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING, GST_STATE_PAUSED,
    GST_STATE_PLAYING, GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_READY,
    GST_STATE_NULL, GST_STATE_PLAYING, GST_STATE_NULL
  };
  GstElement *element = verify_element_new ();
  GstPad *pad = gst_element_request_pad_simple (element, "manifest_%u");

  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    fail_unless_equals_int (gst_element_set_state (element, states[i]),
        GST_STATE_CHANGE_SUCCESS);
  gst_object_unref (pad);
  gst_object_unref (element);
}

GST_END_TEST;

/*
 * Threads
 */

typedef struct
{
  GstHarness *m;
  VerifySigner signer;
  GMutex turn;                  /* to push: nothing comes before the segment */
  GMutex data_turn;
  const gint *data;             /* the lists pushed by the data thread */
  gint stop;
  gint lists;
} Worker;

#define WORKER_LIST 8

/* A little ahead of or behind the data, whichever; who has fallen behind lists
 * what comes now. */
static gpointer
push_manifests (gpointer user)
{
  Worker *worker = user;
  guint seed = 0;

  while (!g_atomic_int_get (&worker->stop)) {
    GstFlowReturn ret;

    seed = MAX (seed, (guint) g_atomic_int_get (worker->data) * WORKER_LIST);
    g_mutex_lock (&worker->turn);
    ret = gst_harness_push (worker->m, verify_manifest (&worker->signer, seed,
            16));
    g_mutex_unlock (&worker->turn);
    fail_unless (ret == GST_FLOW_OK || ret == GST_FLOW_FLUSHING);
    seed += 16;
  }
  return NULL;
}

static gpointer
push_data (gpointer user)
{
  GstHarness *h = user;
  Worker *worker = g_object_get_data (G_OBJECT (h->element), "worker");
  guint seed = 0;

  while (!g_atomic_int_get (&worker->stop)) {
    GstFlowReturn ret;

    g_mutex_lock (&worker->data_turn);
    ret = gst_pad_push_list (h->srcpad, verify_list (seed, WORKER_LIST));
    g_mutex_unlock (&worker->data_turn);
    fail_unless (ret == GST_FLOW_OK || ret == GST_FLOW_FLUSHING);
    g_atomic_int_inc (&worker->lists);
    seed += WORKER_LIST;
  }
  return NULL;
}

/* A data thread, two of manifests, one that flushes all of them and one that
 * reads the statistics and changes properties. */
GST_START_TEST (test_threads)
{
  GstElement *element = verify_element_new ();
  Worker a = {.data = &a.lists }, b = {.data = &a.lists };
  GThread *threads[3];
  gint64 end;
  VerifyFixture f;

  if (__i__ == 1)
    gst_util_set_object_arg (G_OBJECT (element), "order", "sequence");
  g_object_set (element, "data-hold-time", VERIFY_SHORT, "reorder-time",
      VERIFY_SHORT, "max-held-bytes", (guint64) 500000, NULL);
  verify_set_up (&f, element);
  gst_harness_set_drop_buffers (f.h, TRUE);
  a.m = f.m;
  b.m = verify_manifests_new (f.element, "manifest_1");
  verify_signer_init (&a.signer, 1);
  verify_signer_init (&b.signer, 2);
  b.signer.algorithm = CORE_HASH_SHA_512;
  gst_child_proxy_set (GST_CHILD_PROXY (f.element),
      "manifest_1::hash-algorithm", "sha-512", NULL);
  g_object_set_data (G_OBJECT (f.element), "worker", &a);
  threads[0] = g_thread_new ("data", push_data, f.h);
  threads[1] = g_thread_new ("manifests-a", push_manifests, &a);
  threads[2] = g_thread_new ("manifests-b", push_manifests, &b);

  for (guint i = 0; i < 15; i++) {
    gint lists = g_atomic_int_get (&a.lists);
    GstHarness *flushed = i % 3 == 0 ? f.h : i % 3 == 1 ? a.m : b.m;
    GMutex *turn = i % 3 == 0 ? &a.data_turn : i % 3 == 1 ? &a.turn : &b.turn;

    while (g_atomic_int_get (&a.lists) < lists + 5)
      g_thread_yield ();
    verify_add_up (f.element);
    g_object_set (f.element, "data-hold-time", (10 + i) * GST_MSECOND, NULL);
    gst_pad_push_event (flushed->srcpad, gst_event_new_flush_start ());
    g_mutex_lock (turn);
    gst_pad_push_event (flushed->srcpad, gst_event_new_flush_stop (TRUE));
    verify_push_segment (flushed, i);
    g_mutex_unlock (turn);
  }
  /* Threads of manifests that have hardly run so far may do so now. */
  end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;
  while (verify_stat (f.element, "packets-verified") == 0) {
    fail_unless (g_get_monotonic_time () < end, "no packet passes");
    g_usleep (1000);
  }
  g_atomic_int_set (&a.stop, TRUE);
  g_atomic_int_set (&b.stop, TRUE);
  for (guint i = 0; i < 3; i++)
    g_thread_join (threads[i]);
  fail_unless (verify_stat (f.element, "packets-pushed") <=
      verify_stat (f.element, "packets-verified"));
  gst_harness_teardown (b.m);
  verify_tear_down (&f);
}

GST_END_TEST;

/*
 * In a pipeline
 */

static gchar *
write_manifests (guint n)
{
  gchar *name = NULL;
  gint fd = g_file_open_tmp ("manifests-XXXXXX", &name, NULL);
  GString *octets = g_string_new (NULL);
  VerifySigner signer;

  fail_unless (fd >= 0);
  g_close (fd, NULL);
  verify_signer_init (&signer, VERIFY_STREAM);
  for (guint i = 0; i < n; i += 10) {
    GstBuffer *manifest = verify_manifest (&signer, i, 10);
    GstMapInfo map;

    gst_buffer_map (manifest, &map, GST_MAP_READ);
    g_string_append_len (octets, (gchar *) map.data, (gssize) map.size);
    gst_buffer_unmap (manifest, &map);
    gst_buffer_unref (manifest);
  }
  fail_unless (g_file_set_contents (name, octets->str, (gssize) octets->len,
          NULL));
  g_string_free (octets, TRUE);
  return name;
}

/* Manifests of a file, read far ahead; the sink has to get out of its
 * preroll. */
GST_START_TEST (test_pipeline)
{
  gchar *name = write_manifests (500);
  gchar *launch = g_strdup_printf ("appsrc name=data format=time is-live=%s "
      "! ambiverify name=verify manifest_0::stream-id=5 source=" VERIFY_SOURCE
      " group=" VERIFY_GROUP " port=%u ! fakesink name=sink sync=false "
      "filesrc location=%s blocksize=100 ! verify.manifest_0",
      __i__ ? "true" : "false", VERIFY_PORT, name);
  GstElement *pipeline = gst_parse_launch (launch, NULL);
  GstElement *data = gst_bin_get_by_name (GST_BIN (pipeline), "data");
  GstElement *verify = gst_bin_get_by_name (GST_BIN (pipeline), "verify");
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;
  GstFlowReturn ret;

  fail_unless (gst_element_set_state (pipeline, GST_STATE_PLAYING) !=
      GST_STATE_CHANGE_FAILURE);
  for (guint i = 0; i < 500; i++) {
    GstBuffer *buffer = verify_packet (i);

    g_signal_emit_by_name (data, "push-buffer", buffer, &ret);
    fail_unless_equals_int (ret, GST_FLOW_OK);
    gst_buffer_unref (buffer);
  }
  g_signal_emit_by_name (data, "end-of-stream", &ret);
  message = gst_bus_timed_pop_filtered (bus, 15 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  fail_unless_equals_int (GST_MESSAGE_TYPE (message), GST_MESSAGE_EOS);
  gst_message_unref (message);
  fail_unless_equals_uint64 (verify_stat (verify, "packets-pushed"), 500);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (verify);
  gst_object_unref (data);
  gst_object_unref (pipeline);
  g_remove (name);
  g_free (name);
  g_free (launch);
}

GST_END_TEST;

static Suite *
ambiverify_states_suite (void)
{
  Suite *s = suite_create ("ambiverify-states");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_stop_while_blocked, 0, 3);
  tcase_add_test (tc, test_state_cycles);
  tcase_add_test (tc, test_states);
  tcase_add_loop_test (tc, test_threads, 0, 2);
  tcase_add_loop_test (tc, test_pipeline, 0, 2);
  return s;
}

GST_CHECK_MAIN (ambiverify_states);
