/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * ambiverify: what is told when no packet passes, and when nothing is.
 */
#include "verifytest.h"

GST_START_TEST (test_no_source)
{
  GstElement *element = verify_element_new ();
  GstHarness *h;
  GstBus *bus;

  if (__i__ == 1)
    gst_util_set_object_arg (G_OBJECT (element), "mode", "monitor");
  h = verify_harness_new (element);
  bus = verify_bus (h->element);
  for (guint i = 0; i < 10; i++)
    verify_push (h, i);
  verify_wait_for_warning (bus, __i__ ? "pass unverified" : "manifest-uri");
  fail_unless_equals_int (verify_count_messages (bus, GST_MESSAGE_WARNING,
          NULL), 0);
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), __i__ ? 10 : 0);
  verify_bus_free (h->element, bus);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* None of the packets is from where they should be. */
GST_START_TEST (test_foreign)
{
  GstElement *element = verify_element_new ();
  VerifyFixture f;

  g_object_set (element, "data-hold-time", VERIFY_SHORT, NULL);
  verify_set_up (&f, element);
  verify_push_manifest (f.m, &f.signer, 0, 2);
  do
    gst_harness_push (f.h, verify_packet_from (0, "192.0.2.11",
            VERIFY_SOURCE_PORT));
  while (!verify_take_warning (f.bus, "source, " VERIFY_SOURCE, GST_MSECOND));

  /* Beside the right one, another source means nothing. */
  verify_push (f.h, 0);
  verify_expect (f.h, 0);
  for (guint i = 0; i < 5; i++)
    gst_harness_push (f.h, verify_packet_from (0, "192.0.2.11",
            VERIFY_SOURCE_PORT));
  fail_unless_equals_int (verify_count_messages (f.bus, GST_MESSAGE_WARNING,
          NULL), 0);
  verify_tear_down (&f);
}

GST_END_TEST;

static void
expect_state (GstElement * element, const gchar * expected)
{
  gchar *state = verify_state (element);

  fail_unless_equals_string (state, expected);
  g_free (state);
}

static gboolean
is_in_outage (GstElement * element)
{
  gchar *state = verify_state (element);
  gboolean outage = g_strcmp0 (state, "outage") == 0;

  g_free (state);
  return outage;
}

/* One warning, which says why. */
GST_START_TEST (test_outage)
{
  static const gchar *const words[] = {
    "no manifest", "list none of these packets", "ended"
  };
  GstElement *element = verify_element_new ();
  VerifyFixture f;

  g_object_set (element, "data-hold-time", VERIFY_SHORT, NULL);
  verify_set_up (&f, element);
  expect_state (f.element, "no-manifests");
  if (__i__ > 0) {
    verify_push_manifest (f.m, &f.signer, 0, 2);
    expect_state (f.element, "waiting");
  }
  if (__i__ > 1)
    gst_harness_push_event (f.m, gst_event_new_eos ());
  verify_starve_until_warned (f.h, f.bus, words[__i__]);
  expect_state (f.element, "outage");
  verify_starve (f.h);
  fail_unless_equals_int (verify_count_messages (f.bus, GST_MESSAGE_WARNING,
          NULL), 0);
  verify_expect_nothing (f.h);
  verify_tear_down (&f);
}

GST_END_TEST;

/* A new one when it has worked in between. */
GST_START_TEST (test_outages)
{
  GstElement *element = verify_element_new ();
  VerifyFixture f;

  g_object_set (element, "data-hold-time", VERIFY_SHORT, NULL);
  verify_set_up (&f, element);
  verify_starve_until_warned (f.h, f.bus, "no manifest has come");
  verify_push_manifest (f.m, &f.signer, 0, 1);
  verify_push (f.h, 0);
  expect_state (f.element, "verifying");
  verify_starve_until_warned (f.h, f.bus, "no more manifests");
  verify_starve (f.h);
  fail_unless_equals_int (verify_count_messages (f.bus, GST_MESSAGE_WARNING,
          NULL), 0);
  verify_expect (f.h, 0);
  verify_expect_nothing (f.h);
  verify_tear_down (&f);
}

GST_END_TEST;

/* That manifests were refused says it all, and is said once; digests that came
 * before are of use still. */
GST_START_TEST (test_refused_outage)
{
  static const guint8 bad[] = { 0, 0, 0, 77 };
  GstElement *element = verify_element_new ();
  VerifyFixture f;

  g_object_set (element, "data-hold-time", VERIFY_SHORT, NULL);
  verify_set_up (&f, element);
  verify_push_manifest (f.m, &f.signer, 0, 1);
  fail_unless_equals_int (gst_harness_push (f.m, gst_buffer_new_memdup (bad,
              sizeof (bad))), GST_FLOW_EOS);
  verify_wait_for_warning (f.bus, "refused");
  if (__i__ == 1) {
    verify_push (f.h, 0);
    verify_expect (f.h, 0);
    expect_state (f.element, "verifying");
  }
  while (!is_in_outage (f.element))
    verify_starve (f.h);
  verify_starve (f.h);
  fail_unless_equals_int (verify_count_messages (f.bus, GST_MESSAGE_WARNING,
          NULL), 0);
  verify_tear_down (&f);
}

GST_END_TEST;

/* A stream that has reached its announced end is what is missing then. */
GST_START_TEST (test_expired)
{
  GstElement *element = verify_element_new ();
  VerifyFixture f;

  g_object_set (element, "data-hold-time", 1100 * GST_MSECOND, NULL);
  verify_set_up (&f, element);
  f.signer.next.refresh_deadline = 1;
  verify_push_manifest (f.m, &f.signer, 0, 1);
  verify_push (f.h, 0);
  verify_push (f.h, 1000);
  verify_wait_for_warning (f.bus, "expired");
  verify_tear_down (&f);
}

GST_END_TEST;

/* Forged packets among good ones are no outage. */
GST_START_TEST (test_no_outage)
{
  GstElement *element = verify_element_new ();
  VerifyFixture f;

  g_object_set (element, "data-hold-time", 500 * GST_MSECOND, NULL);
  verify_set_up (&f, element);
  verify_push_manifest (f.m, &f.signer, 0, 1000);
  verify_push (f.h, 1000);
  for (guint i = 0; i < 1000 && verify_stat (f.element,
          "packets-rejected-unauthenticated") == 0; i++) {
    verify_push (f.h, i);
    g_usleep (1000);
  }
  fail_unless_equals_uint64 (verify_stat (f.element,
          "packets-rejected-unauthenticated"), 1);
  fail_unless_equals_int (verify_count_messages (f.bus, GST_MESSAGE_WARNING,
          NULL), 0);
  verify_tear_down (&f);
}

GST_END_TEST;

/* Nor are those of an attacker between two of a slow sender, however short
 * packets are held. */
GST_START_TEST (test_slow_sender)
{
  GstElement *element = verify_element_new ();
  VerifyFixture f;

  g_object_set (element, "data-hold-time", VERIFY_SHORT, NULL);
  verify_set_up (&f, element);
  verify_push_manifest (f.m, &f.signer, 0, 10);
  for (guint i = 0; i < 5; i++) {
    gint64 before = g_get_monotonic_time ();
    guint warnings;

    verify_push (f.h, i);
    verify_starve (f.h);
    warnings = verify_count_messages (f.bus, GST_MESSAGE_WARNING, NULL);
    /* On a host that stood still for a second it was an outage. */
    if (g_get_monotonic_time () - before < G_USEC_PER_SEC)
      fail_unless_equals_int (warnings, 0);
  }
  verify_tear_down (&f);
}

GST_END_TEST;

static Suite *
ambiverify_outages_suite (void)
{
  Suite *s = suite_create ("ambiverify-outages");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_no_source, 0, 2);
  tcase_add_test (tc, test_foreign);
  tcase_add_loop_test (tc, test_outage, 0, 3);
  tcase_add_test (tc, test_outages);
  tcase_add_loop_test (tc, test_refused_outage, 0, 2);
  tcase_add_test (tc, test_expired);
  tcase_add_test (tc, test_no_outage);
  tcase_add_test (tc, test_slow_sender);
  return s;
}

GST_CHECK_MAIN (ambiverify_outages);
