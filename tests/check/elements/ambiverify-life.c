/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * ambiverify: latency, events, flushes, what downstream says.
 */
#include "verifytest.h"

/*
 * Latency
 */

static gboolean
answer_latency (GstPad * pad, GstObject * parent, GstQuery * query)
{
  const gint64 *max = pad->querydata;

  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return gst_pad_query_default (pad, parent, query);
  gst_query_set_latency (query, *max != -2, 5, *max == -2 ? -1 : *max);
  return TRUE;
}

/* What the src pad answers when upstream has a maximum; -1: none, -2: it is
 * not live. */
static void
expect_latency (VerifyFixture * f, gint64 max, GstClockTime wanted_min,
    GstClockTime wanted_max)
{
  GstQuery *query = gst_query_new_latency ();
  GstPad *src = gst_element_get_static_pad (f->element, "src");
  GstClockTime got_min, got_max;
  gboolean live;

  gst_pad_set_query_function_full (f->h->srcpad, answer_latency, &max, NULL);
  fail_unless (gst_pad_query (src, query));
  gst_query_parse_latency (query, &live, &got_min, &got_max);
  fail_unless_equals_int (live, max != -2);
  fail_unless_equals_uint64 (got_min, wanted_min);
  fail_unless_equals_uint64 (got_max, wanted_max);
  gst_object_unref (src);
  gst_query_unref (query);
}

GST_START_TEST (test_latency)
{
  GstElement *element = verify_element_new ();
  VerifyFixture f;

  g_object_set (element, "data-hold-time", (guint64) 0, NULL);
  verify_set_up (&f, element);
  expect_latency (&f, -2, 5, GST_CLOCK_TIME_NONE);
  expect_latency (&f, -1, 2 * GST_SECOND + 5, GST_CLOCK_TIME_NONE);
  expect_latency (&f, 7, 2 * GST_SECOND + 5, 2 * GST_SECOND + 7);

  g_object_set (f.element, "data-hold-time", 300 * GST_MSECOND, NULL);
  fail_unless_equals_int (verify_count_messages (f.bus, GST_MESSAGE_LATENCY,
          NULL), 1);
  expect_latency (&f, 7, 300 * GST_MSECOND + 5, 300 * GST_MSECOND + 7);

  /* What does not change the latency is not told. */
  g_object_set (f.element, "data-hold-time", 300 * GST_MSECOND,
      "reorder-time", 7 * GST_SECOND, NULL);
  fail_unless_equals_int (verify_count_messages (f.bus, GST_MESSAGE_LATENCY,
          NULL), 0);
  verify_tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_latency_sequence)
{
  GstElement *element = verify_element_new ();
  VerifyFixture f;

  g_object_set (element, "data-hold-time", GST_SECOND, NULL);
  gst_util_set_object_arg (G_OBJECT (element), "order", "sequence");
  verify_set_up (&f, element);
  expect_latency (&f, 7, 2 * GST_SECOND + 5, 2 * GST_SECOND + 7);
  g_object_set (f.element, "reorder-time", 3 * GST_SECOND, NULL);
  fail_unless_equals_int (verify_count_messages (f.bus, GST_MESSAGE_LATENCY,
          NULL), 1);
  expect_latency (&f, 7, 4 * GST_SECOND + 5, 4 * GST_SECOND + 7);
  verify_tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_latency_monitor)
{
  GstElement *element = verify_element_new ();
  VerifyFixture f;

  gst_util_set_object_arg (G_OBJECT (element), "mode", "monitor");
  verify_set_up (&f, element);
  expect_latency (&f, 7, 5, 7);
  g_object_set (f.element, "data-hold-time", GST_SECOND, NULL);
  fail_unless_equals_int (verify_count_messages (f.bus, GST_MESSAGE_LATENCY,
          NULL), 0);
  verify_tear_down (&f);
}

GST_END_TEST;

/* A shorter time holds for what comes from then on. */
GST_START_TEST (test_hold_time_changes)
{
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  verify_push_manifest (f.m, &f.signer, 0, 1);
  g_object_set (f.element, "data-hold-time", VERIFY_SHORT, NULL);
  verify_push (f.h, 1000);
  verify_wait_for_stat (f.element, "packets-rejected-unauthenticated", 1);
  verify_tear_down (&f);
}

GST_END_TEST;

/*
 * What goes downstream, in one line of text: packets by their seeds, events by
 * their names.
 */

static GstPadProbeReturn
log_item (GstPad * pad, GstPadProbeInfo * info, gpointer user)
{
  GString *log = user;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    g_string_append_printf (log, "%u ",
        verify_seed (GST_PAD_PROBE_INFO_BUFFER (info)));
  } else if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    GstBufferList *list = GST_PAD_PROBE_INFO_BUFFER_LIST (info);

    for (guint i = 0; i < gst_buffer_list_length (list); i++)
      g_string_append_printf (log, "%u ",
          verify_seed (gst_buffer_list_get (list, i)));
  } else {
    GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
    const GstSegment *segment;

    g_string_append (log, GST_EVENT_TYPE_NAME (event));
    if (GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT) {
      gst_event_parse_segment (event, &segment);
      g_string_append_printf (log, ":%u", (guint) segment->base);
    }
    g_string_append_c (log, ' ');
  }
  return GST_PAD_PROBE_OK;
}

/* The log, which has to be freed with its text; what came so far is not in
 * it. */
static GString *
log_output (GstElement * element)
{
  GString *log = g_string_new (NULL);
  GstPad *src = gst_element_get_static_pad (element, "src");

  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_BUFFER |
      GST_PAD_PROBE_TYPE_BUFFER_LIST | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
      GST_PAD_PROBE_TYPE_EVENT_FLUSH, log_item, log, NULL);
  gst_object_unref (src);
  return log;
}

static void
push_tag (GstHarness * h)
{
  fail_unless (gst_harness_push_event (h,
          gst_event_new_tag (gst_tag_list_new (GST_TAG_TITLE, "t", NULL))));
}

static void
wait_for_eos (GstHarness * h)
{
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;
  GstEventType type = GST_EVENT_UNKNOWN;

  while (type != GST_EVENT_EOS) {
    GstEvent *event = gst_harness_try_pull_event (h);

    if (event != NULL) {
      type = GST_EVENT_TYPE (event);
      gst_event_unref (event);
    } else {
      fail_unless (g_get_monotonic_time () < end, "no EOS");
      g_usleep (1000);
    }
  }
}

/* Events stay between what came before and after them. */
GST_START_TEST (test_event_order)
{
  GString *log;
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  log = log_output (f.element);
  verify_push_manifest (f.m, &f.signer, 0, 3);
  verify_push (f.h, 0);
  verify_push_segment (f.h, 1);
  verify_push (f.h, 1);
  push_tag (f.h);
  verify_push (f.h, 2);
  gst_harness_set_src_caps_str (f.h, "application/x-rtp");
  gst_harness_push_event (f.h, gst_event_new_eos ());
  fail_unless_equals_string (log->str, "0 segment:1 1 tag 2 caps segment:0 "
      "eos ");
  g_string_free (log, TRUE);
  verify_tear_down (&f);
}

GST_END_TEST;

/* A packet that waited is passed on in the segment and with the caps that it
 * came with, and what came later keeps its own. */
GST_START_TEST (test_contexts)
{
  GString *log;
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  log = log_output (f.element);
  verify_push_segment (f.h, 1);
  verify_push (f.h, 100);
  verify_push_segment (f.h, 2);
  verify_push_manifest (f.m, &f.signer, 0, 3);
  verify_push (f.h, 0);
  verify_push_manifest (f.m, &f.signer, 100, 1);
  verify_wait_for_stat (f.element, "packets-pushed", 2);
  verify_push (f.h, 1);
  verify_push (f.h, 2);
  fail_unless_equals_string (log->str, "segment:1 segment:2 0 segment:1 100 "
      "segment:2 1 2 ");
  g_string_truncate (log, 0);

  /* Whatever is no packet belongs into the present, too. */
  verify_push (f.h, 200);
  gst_harness_set_src_caps_str (f.h, "application/x-rtp");
  verify_push_segment (f.h, 3);
  verify_push_manifest (f.m, &f.signer, 200, 1);
  verify_wait_for_stat (f.element, "packets-pushed", 5);
  push_tag (f.h);
  fail_unless_equals_string (log->str, "caps segment:0 segment:3 "
      "caps segment:2 200 caps segment:3 tag ");
  g_string_free (log, TRUE);
  verify_tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_eos_waits)
{
  GString *log;
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  log = log_output (f.element);
  verify_push (f.h, 0);
  verify_push (f.h, 1);
  gst_harness_push_event (f.h, gst_event_new_eos ());
  verify_push_manifest (f.m, &f.signer, 0, 1);
  verify_expect (f.h, 0);
  fail_unless_equals_string (log->str, "0 ");
  verify_push_manifest (f.m, &f.signer, 1, 1);
  wait_for_eos (f.h);
  fail_unless_equals_string (log->str, "0 1 eos ");
  g_string_free (log, TRUE);
  verify_tear_down (&f);
}

GST_END_TEST;

/* Not for ever, and nothing unverified passes. */
GST_START_TEST (test_eos_times_out)
{
  GstElement *element = verify_element_new ();
  GString *log;
  VerifyFixture f;

  g_object_set (element, "data-hold-time", VERIFY_SHORT, NULL);
  if (__i__ == 1) {
    gst_util_set_object_arg (G_OBJECT (element), "order", "sequence");
    g_object_set (element, "reorder-time", VERIFY_SHORT, NULL);
  }
  verify_set_up (&f, element);
  log = log_output (f.element);
  verify_push_manifest (f.m, &f.signer, 0, 3);
  verify_push (f.h, 0);
  verify_push (f.h, 2);
  verify_push (f.h, 1000);
  gst_harness_push_event (f.h, gst_event_new_eos ());
  wait_for_eos (f.h);
  fail_unless_equals_string (log->str, "0 2 eos ");
  fail_unless_equals_uint64 (verify_stat (f.element, "packets-held"), 0);
  g_string_free (log, TRUE);
  verify_tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_eos_then_stream)
{
  GString *log;
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  log = log_output (f.element);
  verify_push (f.h, 0);
  gst_harness_push_event (f.h, gst_event_new_eos ());
  gst_harness_push_event (f.h, gst_event_new_stream_start ("more"));
  verify_push_segment (f.h, 1);
  verify_push_manifest (f.m, &f.signer, 0, 2);
  verify_wait_for_stat (f.element, "packets-pushed", 1);
  verify_push (f.h, 1);
  fail_unless_equals_string (log->str, "stream-start segment:1 segment:0 0 "
      "segment:1 1 ");
  g_string_free (log, TRUE);
  verify_tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_flush)
{
  GString *log;
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  log = log_output (f.element);
  verify_push_manifest (f.m, &f.signer, 0, 4);
  for (guint i = 0; i < 3; i++)
    verify_push (f.h, 100 + i);
  if (__i__ == 1)
    gst_harness_push_event (f.h, gst_event_new_eos ());
  gst_harness_push_event (f.h, gst_event_new_flush_start ());
  fail_unless_equals_int (gst_harness_push (f.h, verify_packet (0)),
      GST_FLOW_FLUSHING);
  gst_harness_push_event (f.h, gst_event_new_flush_stop (TRUE));
  fail_unless_equals_uint64 (verify_stat (f.element, "packets-held"), 0);
  fail_unless_equals_uint64 (verify_stat (f.element, "packets-flushed"), 3);
  verify_add_up (f.element);

  /* Digests survive it. */
  verify_push_segment (f.h, 1);
  verify_push (f.h, 1);
  verify_push_manifest (f.m, &f.signer, 100, 3);
  verify_push (f.h, 2);
  verify_push (f.h, 200);
  verify_push_manifest (f.m, &f.signer, 200, 1);
  verify_wait_for_stat (f.element, "packets-pushed", 3);
  fail_unless_equals_string (log->str, "flush-start flush-stop segment:1 1 2 "
      "200 ");
  g_string_free (log, TRUE);
  verify_tear_down (&f);
}

GST_END_TEST;

/* Upstream learns what downstream says, and manifests do not mind. */
GST_START_TEST (test_flow)
{
  GstFlowReturn ret = GST_FLOW_OK;
  GstPad *src;
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  src = gst_element_get_static_pad (f.element, "src");
  gst_pad_unlink (src, f.h->sinkpad);
  verify_push (f.h, 0);
  verify_push_manifest (f.m, &f.signer, 0, 8);
  verify_wait_for_stat (f.element, "packets-discarded", 1);
  ret = gst_harness_push (f.h, verify_packet (1));
  fail_unless_equals_int (ret, GST_FLOW_NOT_LINKED);
  verify_push_manifest (f.m, &f.signer, 8, 8);
  verify_add_up (f.element);

  /* It goes on after a flush. */
  fail_unless_equals_int (gst_pad_link (src, f.h->sinkpad), GST_PAD_LINK_OK);
  gst_harness_push_event (f.h, gst_event_new_flush_start ());
  gst_harness_push_event (f.h, gst_event_new_flush_stop (TRUE));
  verify_push_segment (f.h, 1);
  verify_push (f.h, 2);
  verify_expect (f.h, 2);
  gst_object_unref (src);
  verify_tear_down (&f);
}

GST_END_TEST;

/* Whoever links it again, behind a tee that did not mind, gets packets. */
GST_START_TEST (test_link_again)
{
  GstPad *src;
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  src = gst_element_get_static_pad (f.element, "src");
  verify_push_manifest (f.m, &f.signer, 0, 4);
  gst_pad_unlink (src, f.h->sinkpad);
  fail_unless_equals_int (gst_harness_push (f.h, verify_packet (0)),
      GST_FLOW_NOT_LINKED);
  fail_unless_equals_int (gst_harness_push (f.h, verify_packet (1)),
      GST_FLOW_NOT_LINKED);
  fail_unless_equals_int (gst_pad_link (src, f.h->sinkpad), GST_PAD_LINK_OK);
  verify_push (f.h, 2);
  verify_expect (f.h, 2);
  gst_object_unref (src);
  verify_tear_down (&f);
}

GST_END_TEST;

/* With EOS on its way, nobody upstream is left to learn of it. */
GST_START_TEST (test_error_after_eos)
{
  GstMessage *message;
  GstPad *src;
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  src = gst_element_get_static_pad (f.element, "src");
  verify_push (f.h, 0);
  gst_harness_push_event (f.h, gst_event_new_eos ());
  gst_pad_unlink (src, f.h->sinkpad);
  verify_push_manifest (f.m, &f.signer, 0, 1);
  message = gst_bus_timed_pop_filtered (f.bus, 10 * GST_SECOND,
      GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_unref (message);
  gst_object_unref (src);
  verify_tear_down (&f);
}

GST_END_TEST;

static Suite *
ambiverify_life_suite (void)
{
  Suite *s = suite_create ("ambiverify-life");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_latency);
  tcase_add_test (tc, test_latency_sequence);
  tcase_add_test (tc, test_latency_monitor);
  tcase_add_test (tc, test_hold_time_changes);
  tcase_add_test (tc, test_event_order);
  tcase_add_test (tc, test_contexts);
  tcase_add_test (tc, test_eos_waits);
  tcase_add_loop_test (tc, test_eos_times_out, 0, 2);
  tcase_add_test (tc, test_eos_then_stream);
  tcase_add_loop_test (tc, test_flush, 0, 2);
  tcase_add_test (tc, test_flow);
  tcase_add_test (tc, test_link_again);
  tcase_add_test (tc, test_error_after_eos);
  return s;
}

GST_CHECK_MAIN (ambiverify_life);
