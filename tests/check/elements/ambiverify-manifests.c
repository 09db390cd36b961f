/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * ambiverify: pads for manifests, and what is told of them.
 */
#include <string.h>

#include "verifytest.h"

static GstBuffer *
part (GstBuffer * buffer, gsize offset, gsize len)
{
  return gst_buffer_copy_region (buffer, GST_BUFFER_COPY_MEMORY, offset, len);
}

/* Chunks mean nothing, down to single octets. */
GST_START_TEST (test_chunks)
{
  static const gsize chunks[] = { 1, 2, 3, 31, 100 };
  gsize chunk = chunks[__i__];
  GstBuffer *manifest;
  gsize size;
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  for (guint i = 0; i < 3; i++) {
    manifest = verify_manifest (&f.signer, i * 4, 4);
    size = gst_buffer_get_size (manifest);
    for (gsize at = 0; at < size; at += chunk)
      fail_unless_equals_int (gst_harness_push (f.m, part (manifest, at,
                  MIN (chunk, size - at))), GST_FLOW_OK);
    gst_buffer_unref (manifest);
  }
  fail_unless_equals_uint64 (verify_stat (f.element, "manifests-received"), 3);
  for (guint i = 0; i < 12; i++)
    verify_push (f.h, i);
  verify_expect_many (f.h, 0, 12);
  verify_tear_down (&f);
}

GST_END_TEST;

/* One buffer may hold far more than is taken under the lock at a time. */
GST_START_TEST (test_big_buffer)
{
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  verify_push (f.h, 2999);
  verify_push_manifest (f.m, &f.signer, 0, 3000);
  verify_expect (f.h, 2999);
  fail_unless_equals_uint64 (verify_stat (f.element, "digests-held"), 2999);
  verify_tear_down (&f);
}

GST_END_TEST;

/*
 * Refused manifests
 */

/* The pad is at its end, the bus knows why, nothing else has happened. */
static void
expect_refused (VerifyFixture * f, GstHarness * m, GstBuffer * manifest,
    const gchar * pad, const gchar * code)
{
  GstStructure *message;
  GError *error;
  GstMessage *warning;

  fail_unless_equals_int (gst_harness_push (m, manifest), GST_FLOW_EOS);
  warning = gst_bus_pop_filtered (f->bus, GST_MESSAGE_WARNING);
  fail_unless (warning != NULL, "no warning for %s", code);
  gst_message_parse_warning (warning, &error, NULL);
  fail_unless (g_error_matches (error, GST_STREAM_ERROR,
          GST_STREAM_ERROR_FORMAT));
  fail_unless (strstr (error->message, pad) != NULL, "%s", error->message);
  g_error_free (error);
  gst_message_unref (warning);

  message = verify_wait_for_message (f->bus, "ambi-manifest-error");
  fail_unless_equals_string (gst_structure_get_string (message, "code"), code);
  fail_unless_equals_string (gst_structure_get_string (message, "pad"), pad);
  fail_unless (strstr (gst_structure_get_string (message, "text"),
          "because") != NULL);
  gst_structure_free (message);

  fail_unless_equals_int (gst_harness_push (m, verify_manifest (&f->signer, 0,
              1)), GST_FLOW_EOS);
  /* The source pad's task may begin, which is told, only now. */
  fail_unless_equals_int (verify_count_messages (f->bus, (GstMessageType)
          (GST_MESSAGE_ANY & ~GST_MESSAGE_STREAM_STATUS), NULL), 0);
}

GST_START_TEST (test_wrong_id)
{
  GstElement *element = verify_element_new ();
  VerifyFixture f;

  g_object_set (element, "stream-id", (gint64) VERIFY_STREAM + 1, NULL);
  verify_set_up (&f, element);
  expect_refused (&f, f.m, verify_manifest (&f.signer, 0, 4), "manifest_0",
      "wrong-stream-id");
  verify_push (f.h, 0);
  verify_expect_nothing (f.h);
  verify_tear_down (&f);
}

GST_END_TEST;

/* The first id that comes is that of all; what came before stays good. */
GST_START_TEST (test_other_id)
{
  VerifySigner other;
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  verify_push_manifest (f.m, &f.signer, 0, 4);
  verify_signer_init (&other, VERIFY_STREAM + 1);
  expect_refused (&f, f.m, verify_manifest (&other, 4, 4), "manifest_0",
      "wrong-stream-id");
  for (guint i = 0; i < 8; i++)
    verify_push (f.h, i);
  verify_expect_many (f.h, 0, 4);
  verify_expect_nothing (f.h);
  verify_tear_down (&f);
}

GST_END_TEST;

/* With digests of another length the second manifest seems to be anywhere. */
GST_START_TEST (test_other_hash)
{
  GstElement *element = verify_element_new ();
  VerifyFixture f;

  g_object_set (element, "hash-algorithm", "sha-512", NULL);
  verify_set_up (&f, element);
  verify_push_manifest (f.m, &f.signer, 0, 4);
  fail_unless_equals_int (gst_harness_push (f.m, verify_manifest (&f.signer, 4,
              4)), GST_FLOW_EOS);
  verify_wait_for_warning (f.bus, "\"hash-algorithm\"");
  verify_tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_bad_tlv)
{
  /* T is set, one octet of TLVs, which is the type of one. */
  static const guint8 bad[] = {
    0, 0, 0, VERIFY_STREAM, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 1, 0, 1, 0, 0, 0
  };
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  expect_refused (&f, f.m, gst_buffer_new_memdup (bad, sizeof (bad)),
      "manifest_0", "tlv-overflow");
  verify_tear_down (&f);
}

GST_END_TEST;

/* A pad that was refused is of use again when another stream begins on it. */
GST_START_TEST (test_new_stream)
{
  static const guint8 bad[] = { 0, 0, 0, 77 };
  GstElement *element = verify_element_new ();
  VerifyFixture f;

  g_object_set (element, "stream-id", (gint64) VERIFY_STREAM, NULL);
  verify_set_up (&f, element);
  fail_unless_equals_int (gst_harness_push (f.m, gst_buffer_new_memdup (bad,
              sizeof (bad))), GST_FLOW_EOS);
  if (__i__ == 0) {
    gst_harness_push_event (f.m, gst_event_new_flush_start ());
    gst_harness_push_event (f.m, gst_event_new_flush_stop (TRUE));
  } else {
    gst_harness_push_event (f.m, gst_event_new_stream_start ("another"));
  }
  gst_harness_set_src_caps_str (f.m, "application/ambi");
  verify_push_manifest (f.m, &f.signer, 0, 1);
  verify_push (f.h, 0);
  verify_expect (f.h, 0);
  verify_tear_down (&f);
}

GST_END_TEST;

/*
 * Several pads
 */

/* Each pad has its own stream, hash and numbers. */
GST_START_TEST (test_two_pads)
{
  const GValue *streams;
  GstStructure *stats;
  VerifySigner other;
  GstHarness *m;
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  m = verify_manifests_new (f.element, "manifest_1");
  gst_child_proxy_set (GST_CHILD_PROXY (f.element),
      "manifest_1::hash-algorithm", "sha-512", "manifest_1::stream-id",
      (gint64) 9, NULL);
  verify_signer_init (&other, 9);
  other.algorithm = CORE_HASH_SHA_512;
  verify_push_manifest (f.m, &f.signer, 0, 4);
  verify_push_manifest (m, &other, 4, 4);
  for (guint i = 0; i < 8; i++)
    verify_push (f.h, i);
  verify_expect_many (f.h, 0, 8);

  g_object_get (f.element, "stats", &stats, NULL);
  streams = gst_structure_get_value (stats, "manifest-streams");
  fail_unless_equals_int (gst_value_array_get_size (streams), 2);
  for (guint i = 0; i < 2; i++) {
    const GstStructure *s = gst_value_get_structure (gst_value_array_get_value
        (streams, i));
    gint64 id;

    fail_unless_equals_string (gst_structure_get_string (s, "pad"),
        i ? "manifest_1" : "manifest_0");
    fail_unless_equals_string (gst_structure_get_string (s,
            "hash-algorithm"), i ? "sha-512" : "sha-256");
    fail_unless_equals_string (gst_structure_get_string (s, "state"), "open");
    fail_unless (gst_structure_get_int64 (s, "stream-id", &id));
    fail_unless_equals_int64 (id, i ? 9 : VERIFY_STREAM);
  }
  gst_structure_free (stats);
  gst_harness_teardown (m);
  verify_tear_down (&f);
}

GST_END_TEST;

/* Its end announced, a stream is left when another one has verified a packet;
 * nothing is lost, nothing passes twice. */
GST_START_TEST (test_transition)
{
  GstElement *element = verify_element_new ();
  GstStructure *message;
  VerifySigner other;
  GstHarness *m;
  guint64 left;
  VerifyFixture f;
  guint id;

  g_object_set (element, "data-hold-time", VERIFY_SHORT, NULL);
  verify_set_up (&f, element);
  verify_push_manifest (f.m, &f.signer, 0, 4);
  verify_push (f.h, 0);
  f.signer.next.refresh_deadline = 60;
  verify_push_manifest (f.m, &f.signer, 4, 4);
  message = verify_wait_for_message (f.bus, "ambi-refresh");
  fail_unless (gst_structure_get_uint (message, "stream-id", &id));
  fail_unless_equals_int (id, VERIFY_STREAM);
  fail_unless (gst_structure_get_uint64 (message, "deadline", &left));
  fail_unless (left <= 60 * GST_SECOND && left > 30 * GST_SECOND);
  gst_structure_free (message);

  m = verify_manifests_new (f.element, "manifest_1");
  verify_signer_init (&other, VERIFY_STREAM + 1);
  verify_push_manifest (m, &other, 4, 8);
  for (guint i = 1; i < 12; i++)
    verify_push (f.h, i);
  fail_unless_equals_int (gst_harness_push (f.m, verify_manifest (&f.signer, 8,
              4)), GST_FLOW_EOS);
  fail_unless_equals_int (verify_count_messages (f.bus, GST_MESSAGE_WARNING,
          NULL), 0);

  /* What one stream let pass, the other one does not let pass again. */
  for (guint i = 4; i < 12; i++)
    verify_push (f.h, i);
  verify_wait_for_stat (f.element, "packets-held", 0);
  verify_expect_many (f.h, 0, 12);
  verify_expect_nothing (f.h);
  gst_harness_teardown (m);
  verify_tear_down (&f);
}

GST_END_TEST;

/* Pads come and go while packets pass. */
GST_START_TEST (test_request_and_release)
{
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  for (guint i = 0; i < 20; i++) {
    GstHarness *m = verify_manifests_new (f.element, "manifest_1");

    verify_push_manifest (m, &f.signer, i, 1);
    verify_push (f.h, i);
    verify_expect (f.h, i);
    gst_harness_teardown (m);   /* it releases the pad */
  }
  fail_unless_equals_int (f.element->numsinkpads, 2);
  verify_tear_down (&f);
}

GST_END_TEST;

static void
note_child (GstChildProxy * proxy, GObject * child, gchar * name, GString * log)
{
  g_string_append_printf (log, "%s ", name);
}

/* gst-launch-1.0 sets a pad's property when the pad is there. */
GST_START_TEST (test_children)
{
  GstElement *element = verify_element_new ();
  GString *log = g_string_new (NULL);
  GstPad *a, *b;
  gint64 id;

  g_signal_connect (element, "child-added", G_CALLBACK (note_child), log);
  a = gst_element_request_pad_simple (element, "manifest_7");
  b = gst_element_request_pad_simple (element, "manifest_%u");
  fail_unless_equals_string (log->str, "manifest_7 manifest_8 ");
  fail_unless_equals_int (gst_child_proxy_get_children_count
      (GST_CHILD_PROXY (element)), 4);
  gst_child_proxy_set (GST_CHILD_PROXY (element), "manifest_8::stream-id",
      (gint64) 3, NULL);
  g_object_get (b, "stream-id", &id, NULL);
  fail_unless_equals_int64 (id, 3);
  gst_element_release_request_pad (element, a);
  gst_element_release_request_pad (element, b);
  gst_object_unref (a);
  gst_object_unref (b);
  gst_object_unref (element);
  g_string_free (log, TRUE);
}

GST_END_TEST;

/*
 * Hold times of digests
 */

/* Manifests read ahead of the packets stay good after their end. */
GST_START_TEST (test_end)
{
  GstElement *element = verify_element_new ();
  VerifySigner other;
  GstHarness *m;
  VerifyFixture f;

  g_object_set (element, "digest-hold-time", 300 * GST_MSECOND, NULL);
  verify_set_up (&f, element);
  m = verify_manifests_new (f.element, "manifest_1");
  verify_push_manifest (f.m, &f.signer, 0, 4);
  gst_harness_push_event (f.m, gst_event_new_eos ());

  /* Long enough for the digests of another one to expire. */
  verify_signer_init (&other, VERIFY_STREAM + 1);
  verify_push_manifest (m, &other, 100, 3);
  verify_wait_for_stat (f.element, "digests-held", 4);
  for (guint i = 0; i < 4; i++)
    verify_push (f.h, i);
  verify_expect_many (f.h, 0, 4);
  gst_harness_teardown (m);
  verify_tear_down (&f);
}

GST_END_TEST;

/* A digest that is not used in time is a loss, and of no use any more. */
GST_START_TEST (test_lost)
{
  GstElement *element = verify_element_new ();
  guint64 lost, total, rejected;
  GstStructure *message;
  gdouble ratio;
  guint port;
  VerifyFixture f;

  g_object_set (element, "digest-hold-time", VERIFY_SHORT, NULL);
  verify_set_up (&f, element);
  verify_push (f.h, 0);
  verify_push_manifest (f.m, &f.signer, 0, 4);
  verify_expect (f.h, 0);
  verify_wait_for_stat (f.element, "packets-lost", 3);
  message = verify_wait_for_message (f.bus, "multicast-loss");
  fail_unless (gst_structure_get (message, "lost", G_TYPE_UINT64, &lost,
          "total-lost", G_TYPE_UINT64, &total, "rejected", G_TYPE_UINT64,
          &rejected, "loss-ratio", G_TYPE_DOUBLE, &ratio, "port", G_TYPE_UINT,
          &port, NULL));
  fail_unless_equals_uint64 (lost, total);
  fail_unless (lost >= 1 && lost <= 3);
  fail_unless_equals_uint64 (rejected, 0);
  fail_unless (ratio > 0.0 && ratio <= 1.0);
  fail_unless_equals_int (port, VERIFY_PORT);
  fail_unless_equals_string (gst_structure_get_string (message, "source"),
      VERIFY_SOURCE);
  fail_unless_equals_string (gst_structure_get_string (message, "group"),
      VERIFY_GROUP);
  gst_structure_free (message);

  g_object_set (f.element, "data-hold-time", VERIFY_SHORT, NULL);
  verify_push (f.h, 1);
  verify_wait_for_stat (f.element, "packets-rejected-unauthenticated", 1);
  verify_expect_nothing (f.h);

  /* Not before a second has passed since the first one. */
  fail_unless_equals_int (verify_count_messages (f.bus, GST_MESSAGE_ELEMENT,
          "multicast-loss"), 0);
  message = verify_wait_for_message (f.bus, "multicast-loss");
  fail_unless (gst_structure_get (message, "lost", G_TYPE_UINT64, &lost,
          "total-lost", G_TYPE_UINT64, &total, "total-rejected",
          G_TYPE_UINT64, &rejected, NULL));
  fail_unless_equals_uint64 (total, 3);
  fail_unless_equals_uint64 (rejected, 1);
  gst_structure_free (message);
  verify_tear_down (&f);
}

GST_END_TEST;

/* More digests than max-digests: memory is bounded, and a stream that goes on
 * so is not harmful to the other one. */
GST_START_TEST (test_max_digests)
{
  GstElement *element = verify_element_new ();
  VerifyFixture f;

  g_object_set (element, "max-digests", 1000, NULL);
  verify_set_up (&f, element);
  for (guint i = 0; i < 10; i++)
    verify_push_manifest (f.m, &f.signer, i * 1000, 1000);
  fail_unless (verify_stat (f.element, "digests-held") <= 1000);
  fail_unless_equals_uint64 (verify_stat (f.element, "digests-overflowed"),
      9000);
  fail_unless_equals_uint64 (verify_stat (f.element, "digests-received"),
      10000);
  verify_tear_down (&f);
}

GST_END_TEST;

static Suite *
ambiverify_manifests_suite (void)
{
  Suite *s = suite_create ("ambiverify-manifests");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_chunks, 0, 5);
  tcase_add_test (tc, test_big_buffer);
  tcase_add_test (tc, test_wrong_id);
  tcase_add_test (tc, test_other_id);
  tcase_add_test (tc, test_other_hash);
  tcase_add_test (tc, test_bad_tlv);
  tcase_add_loop_test (tc, test_new_stream, 0, 2);
  tcase_add_test (tc, test_two_pads);
  tcase_add_test (tc, test_transition);
  tcase_add_test (tc, test_request_and_release);
  tcase_add_test (tc, test_children);
  tcase_add_test (tc, test_end);
  tcase_add_test (tc, test_lost);
  tcase_add_test (tc, test_max_digests);
  return s;
}

GST_CHECK_MAIN (ambiverify_manifests);
