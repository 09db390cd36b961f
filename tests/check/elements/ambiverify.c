/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * ambiverify: settings, the channel, and what becomes of packets.
 */
#include <gio/gio.h>
#include <gst/net/gstnetaddressmeta.h>
#include <string.h>

#include "verifytest.h"

/*
 * Settings
 */

GST_START_TEST (test_properties)
{
  GstElement *element = gst_element_factory_make ("ambiverify", NULL);
  gchar *hash, *uri, *ca, *source, *group;
  guint64 data_hold, digest_hold, reorder, bytes;
  guint port, digests;
  gint mode, order;
  gboolean match;
  gint64 id;

  g_object_get (element, "stream-id", &id, "hash-algorithm", &hash,
      "manifest-uri", &uri, "tls-ca-file", &ca, "source", &source, "group",
      &group, "port", &port, "mode", &mode, "order", &order, "data-hold-time",
      &data_hold, "digest-hold-time", &digest_hold, "reorder-time", &reorder,
      "max-held-bytes", &bytes, "max-digests", &digests, "require-srv-match",
      &match, NULL);
  fail_unless_equals_int64 (id, -1);
  fail_unless_equals_string (hash, "sha-256");
  fail_unless (uri == NULL && ca == NULL && source == NULL && group == NULL);
  fail_unless_equals_int (port, 0);
  fail_unless_equals_int (mode, 0);
  fail_unless_equals_int (order, 0);
  fail_unless_equals_uint64 (data_hold, 0);
  fail_unless_equals_uint64 (digest_hold, 0);
  fail_unless_equals_uint64 (reorder, GST_SECOND);
  fail_unless_equals_uint64 (bytes, 16 * 1024 * 1024);
  fail_unless_equals_int (digests, 256 * 1024);
  fail_if (match);
  g_free (hash);

  gst_util_set_object_arg (G_OBJECT (element), "mode", "monitor");
  gst_util_set_object_arg (G_OBJECT (element), "order", "sequence");
  g_object_set (element, "stream-id", (gint64) G_MAXUINT32, "hash-algorithm",
      "sha-512", "manifest-uri", "https://a/ https://b/", "tls-ca-file", "c",
      "source", "192.0.2.1", "group", "232.1.1.2", "port", 9,
      "data-hold-time", (guint64) 1, "digest-hold-time", (guint64) 2,
      "reorder-time", GST_MSECOND, "max-held-bytes", (guint64) 4,
      "max-digests", 5, "require-srv-match", TRUE, NULL);
  g_object_get (element, "stream-id", &id, "hash-algorithm", &hash,
      "manifest-uri", &uri, "tls-ca-file", &ca, "source", &source, "group",
      &group, "port", &port, "mode", &mode, "order", &order, "data-hold-time",
      &data_hold, "digest-hold-time", &digest_hold, "reorder-time", &reorder,
      "max-held-bytes", &bytes, "max-digests", &digests, "require-srv-match",
      &match, NULL);
  fail_unless_equals_int64 (id, G_MAXUINT32);
  fail_unless_equals_string (hash, "sha-512");
  fail_unless_equals_string (uri, "https://a/ https://b/");
  fail_unless_equals_string (ca, "c");
  fail_unless_equals_string (source, "192.0.2.1");
  fail_unless_equals_string (group, "232.1.1.2");
  fail_unless_equals_int (port, 9);
  fail_unless_equals_int (mode, 1);
  fail_unless_equals_int (order, 1);
  fail_unless_equals_uint64 (data_hold, 1);
  fail_unless_equals_uint64 (digest_hold, 2);
  fail_unless_equals_uint64 (reorder, GST_MSECOND);
  fail_unless_equals_uint64 (bytes, 4);
  fail_unless_equals_int (digests, 5);
  fail_unless (match);
  g_free (hash);
  g_free (uri);
  g_free (ca);
  g_free (source);
  g_free (group);
  gst_object_unref (element);
}

GST_END_TEST;

/* Takes the first error, whose text must name what has to be set. */
static void
expect_error (GstBus * bus, const gchar * named)
{
  GstMessage *message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  GError *error;

  fail_unless (message != NULL, "no error for %s", named);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_SETTINGS), "%s", error->message);
  fail_unless (strstr (error->message, named) != NULL, "%s: %s", named,
      error->message);
  g_error_free (error);
  gst_message_unref (message);
}

static const struct
{
  const gchar *property;
  const gchar *value;
  const gchar *named;
} bad_settings[] = {
  {"hash-algorithm", "sha1", "\"hash-algorithm\""},
  {"hash-algorithm", "", "sha-256, sha-384, sha-512"},
  {"hash-algorithm", NULL, "\"hash-algorithm\""},
  {"source", "sender.example", "\"source\""},
  {"source", "232.1.1.1", "\"source\""},
  {"source", "2001:db8::1", "\"source\""},
  {"group", "192.0.2.1", "\"group\""},
  {"group", "232.1.1", "\"group\""},
  {"group", "ff3e::1", "\"group\""},
  {"manifest_0::hash-algorithm", "md5", "manifest_0"},
};

GST_START_TEST (test_bad_settings)
{
  GstElement *element = verify_element_new ();
  GstPad *pad = gst_element_request_pad_simple (element, "manifest_0");
  GstBus *bus = verify_bus (element);

  gst_child_proxy_set (GST_CHILD_PROXY (element),
      bad_settings[__i__].property, bad_settings[__i__].value, NULL);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  expect_error (bus, bad_settings[__i__].named);

  /* A failed start leaves nothing behind. */
  g_object_set (element, "hash-algorithm", "sha-256", "source", VERIFY_SOURCE,
      "group", VERIFY_GROUP, NULL);
  g_object_set (pad, "hash-algorithm", NULL, NULL);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_PAUSED),
      GST_STATE_CHANGE_SUCCESS);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_release_request_pad (element, pad);
  gst_object_unref (pad);
  verify_bus_free (element, bus);
  gst_object_unref (element);
}

GST_END_TEST;

/*
 * The channel
 */

/* Whatever is missing is named at the first packet. */
GST_START_TEST (test_no_channel)
{
  static const gchar *const names[] = { "source", "group", "port" };
  GstElement *element = verify_element_new ();
  GstBus *bus;
  GstHarness *h;

  if (__i__ < 2)
    g_object_set (element, names[__i__], NULL, NULL);
  else
    g_object_set (element, "port", 0, NULL);
  h = verify_harness_new (element);
  bus = verify_bus (h->element);
  fail_unless_equals_int (gst_harness_push (h, verify_packet (0)),
      GST_FLOW_ERROR);
  expect_error (bus, names[__i__]);
  verify_expect_nothing (h);
  verify_bus_free (h->element, bus);
  gst_harness_teardown (h);
}

GST_END_TEST;

static void
push_channel (GstHarness * h, const gchar * source, const gchar * group,
    guint port)
{
  gst_harness_push_event (h,
      gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM_STICKY,
          gst_structure_new ("multicast-channel",
              "source", G_TYPE_STRING, source,
              "group", G_TYPE_STRING, group,
              "port", G_TYPE_UINT, port,
              "delivery", G_TYPE_STRING, "native", NULL)));
}

/* What upstream tells counts more than properties. */
GST_START_TEST (test_channel_event)
{
  GstElement *element = verify_element_new ();
  VerifySigner signer;
  GstHarness *h, *m;
  GstEvent *event;
  gboolean found = FALSE;

  g_object_set (element, "source", __i__ ? NULL : "192.0.2.77", "group",
      __i__ ? NULL : "232.7.7.7", "port", __i__ ? 0 : 7, NULL);
  h = verify_harness_new (element);
  m = verify_manifests_new (h->element, "manifest_0");
  verify_signer_init (&signer, VERIFY_STREAM);
  verify_push_manifest (m, &signer, 0, 4);
  push_channel (h, VERIFY_SOURCE, VERIFY_GROUP, VERIFY_PORT);
  verify_push (h, 0);
  verify_expect (h, 0);

  /* Nonsense changes nothing. */
  push_channel (h, "nowhere", VERIFY_GROUP, VERIFY_PORT);
  push_channel (h, VERIFY_SOURCE, VERIFY_GROUP, 0);
  verify_push (h, 1);
  verify_expect (h, 1);

  /* Another channel does. */
  push_channel (h, VERIFY_SOURCE, VERIFY_GROUP, VERIFY_PORT + 1);
  verify_push (h, 2);
  verify_expect_nothing (h);
  fail_unless_equals_uint64 (verify_stat (h->element, "packets-held"), 1);

  while ((event = gst_harness_try_pull_event (h)) != NULL) {
    found |= gst_event_has_name (event, "multicast-channel");
    gst_event_unref (event);
  }
  fail_unless (found, "the event did not get through");
  gst_harness_teardown (m);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Of datagrams that were packed together none can be verified, in whatever
 * mode; when they are no more, they can. */
GST_START_TEST (test_packed)
{
  GstElement *element = verify_element_new ();
  GstStructure *s = gst_structure_new ("multicast-channel",
      "source", G_TYPE_STRING, VERIFY_SOURCE, "group", G_TYPE_STRING,
      VERIFY_GROUP, "port", G_TYPE_UINT, VERIFY_PORT,
      "delivery", G_TYPE_STRING, "native",
      "preserve-packetization", G_TYPE_BOOLEAN, FALSE, NULL);
  GstHarness *h;
  GstBus *bus;

  gst_util_set_object_arg (G_OBJECT (element), "mode",
      __i__ ? "monitor" : "enforce");
  h = verify_harness_new (element);
  bus = verify_bus (h->element);
  gst_harness_push_event (h,
      gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, s));
  fail_unless_equals_int (gst_harness_push (h, verify_packet (0)),
      GST_FLOW_ERROR);
  expect_error (bus, "\"preserve-packetization\"");
  verify_expect_nothing (h);
  push_channel (h, VERIFY_SOURCE, VERIFY_GROUP, VERIFY_PORT);
  fail_unless_equals_int (gst_harness_push (h, verify_packet (0)), GST_FLOW_OK);
  verify_bus_free (h->element, bus);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_ipv6)
{
  GstElement *element = verify_element_new ();
  VerifySigner signer;
  GstHarness *h, *m;

  g_object_set (element, "source", "2001:db8::10", "group", "ff3e::8000:1",
      NULL);
  h = verify_harness_new (element);
  m = verify_manifests_new (h->element, "manifest_0");
  verify_signer_init (&signer, VERIFY_STREAM);
  fail_unless (core_ip_from_string ("2001:db8::10", &signer.flow.src));
  fail_unless (core_ip_from_string ("ff3e::8000:1", &signer.flow.dst));
  verify_push_manifest (m, &signer, 0, 1);
  gst_harness_push (h, verify_packet_from (0, "2001:db8::10",
          VERIFY_SOURCE_PORT));
  verify_expect (h, 0);
  gst_harness_teardown (m);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* A socket of both families gives the sender of an IPv4 packet so. */
GST_START_TEST (test_mapped_address)
{
  GstHarness *h = verify_harness_new (verify_element_new ());
  GstHarness *m = verify_manifests_new (h->element, "manifest_0");
  VerifySigner signer;

  verify_signer_init (&signer, VERIFY_STREAM);
  verify_push_manifest (m, &signer, 0, 1);
  gst_harness_push (h, verify_packet_from (0, "::ffff:" VERIFY_SOURCE,
          VERIFY_SOURCE_PORT));
  verify_expect (h, 0);
  gst_harness_teardown (m);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_no_address)
{
  GstHarness *h = verify_harness_new (verify_element_new ());
  GstHarness *m = verify_manifests_new (h->element, "manifest_0");
  GstBus *bus = verify_bus (h->element);

  for (guint i = 0; i < 3; i++)
    fail_unless_equals_int (gst_harness_push (h, verify_packet_from (i, NULL,
                0)), GST_FLOW_OK);
  verify_expect_nothing (h);
  fail_unless_equals_uint64 (verify_stat (h->element,
          "packets-rejected-no-address"), 3);
  verify_add_up (h->element);
  verify_wait_for_warning (bus, "GstNetAddressMeta");
  fail_unless_equals_int (verify_count_messages (bus, GST_MESSAGE_WARNING,
          NULL), 0);
  verify_bus_free (h->element, bus);
  gst_harness_teardown (m);
  gst_harness_teardown (h);
}

GST_END_TEST;

/*
 * Verdicts
 */

static guint64
rejected (VerifyFixture * f, const gchar * reason)
{
  gchar *name = g_strdup_printf ("packets-rejected-%s", reason);
  guint64 n = verify_stat (f->element, name);

  g_free (name);
  return n;
}

/* They pass in the thread that brings them: they are there when it returns. */
GST_START_TEST (test_digests_first)
{
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  verify_push_manifest (f.m, &f.signer, 0, 10);
  for (guint i = 0; i < 10; i++) {
    verify_push (f.h, i);
    fail_unless_equals_int (gst_harness_buffers_in_queue (f.h), 1);
    verify_expect (f.h, i);
  }
  fail_unless_equals_uint64 (verify_stat (f.element, "packets-received"), 10);
  fail_unless_equals_uint64 (verify_stat (f.element, "packets-verified"), 10);
  fail_unless_equals_uint64 (verify_stat (f.element, "packets-pushed"), 10);
  fail_unless_equals_uint64 (verify_stat (f.element, "packets-held"), 0);
  fail_unless_equals_uint64 (verify_stat (f.element, "manifests-received"), 1);
  fail_unless_equals_uint64 (verify_stat (f.element, "digests-held"), 0);
  verify_tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_packets_first)
{
  GstStructure *stats;
  gint64 lead;
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  for (guint i = 0; i < 10; i++)
    verify_push (f.h, i);
  verify_expect_nothing (f.h);
  fail_unless_equals_uint64 (verify_stat (f.element, "packets-held"), 10);
  fail_unless_equals_uint64 (verify_stat (f.element, "bytes-held"),
      10 * (VERIFY_LEN + 512));
  verify_add_up (f.element);

  verify_push_manifest (f.m, &f.signer, 0, 5);
  verify_expect_many (f.h, 0, 5);
  verify_push_manifest (f.m, &f.signer, 5, 5);
  verify_expect_many (f.h, 5, 5);
  g_object_get (f.element, "stats", &stats, NULL);
  fail_unless (gst_structure_get_int64 (stats, "lead-max-ns", &lead));
  fail_unless (lead < 0, "digests came later");
  gst_structure_free (stats);
  verify_tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_never)
{
  GstElement *element = verify_element_new ();
  VerifyFixture f;

  g_object_set (element, "data-hold-time", VERIFY_SHORT, NULL);
  verify_set_up (&f, element);
  verify_push_manifest (f.m, &f.signer, 0, 2);
  for (guint i = 0; i < 5; i++)
    verify_push (f.h, 100 + i);
  verify_push (f.h, 0);
  verify_wait_for_stat (f.element, "packets-rejected-unauthenticated", 5);
  fail_unless_equals_uint64 (verify_stat (f.element, "packets-held"), 0);
  verify_push (f.h, 1);
  verify_expect_many (f.h, 0, 2);
  verify_expect_nothing (f.h);
  verify_tear_down (&f);
}

GST_END_TEST;

/* Whatever differs from what was signed, if only in one bit. */
GST_START_TEST (test_forged)
{
  GstElement *element = verify_element_new ();
  GstBuffer *altered = verify_packet (0);
  GstMapInfo map;
  VerifyFixture f;

  g_object_set (element, "data-hold-time", VERIFY_SHORT, NULL);
  verify_set_up (&f, element);
  verify_push_manifest (f.m, &f.signer, 0, 3);

  gst_buffer_map (altered, &map, GST_MAP_WRITE);
  map.data[VERIFY_LEN - 1] ^= 1;
  gst_buffer_unmap (altered, &map);
  gst_harness_push (f.h, altered);
  altered = verify_packet (0);
  gst_buffer_resize (altered, 0, VERIFY_LEN - 1);
  gst_harness_push (f.h, altered);
  gst_harness_push (f.h, verify_packet_from (0, VERIFY_SOURCE,
          VERIFY_SOURCE_PORT + 1));
  gst_harness_push (f.h, verify_packet_from (0, "192.0.2.11",
          VERIFY_SOURCE_PORT));
  fail_unless_equals_uint64 (rejected (&f, "wrong-source"), 1);
  verify_wait_for_stat (f.element, "packets-rejected-unauthenticated", 3);
  verify_expect_nothing (f.h);

  /* The genuine one was not hurt. */
  verify_push (f.h, 0);
  verify_expect (f.h, 0);
  verify_tear_down (&f);
}

GST_END_TEST;

/* One digest lets one packet through. */
GST_START_TEST (test_replay)
{
  GstElement *element = verify_element_new ();
  VerifyFixture f;

  g_object_set (element, "data-hold-time", VERIFY_SHORT, NULL);
  verify_set_up (&f, element);
  verify_push_manifest (f.m, &f.signer, 0, 2);
  for (guint i = 0; i < 3; i++)
    verify_push (f.h, 0);
  verify_wait_for_stat (f.element, "packets-rejected-duplicate", 2);
  verify_expect (f.h, 0);
  verify_expect_nothing (f.h);

  /* But the same payload may be sent twice. */
  f.signer.next.first_packet_seq = 100;
  verify_push_manifest (f.m, &f.signer, 7, 1);
  verify_push_manifest (f.m, &f.signer, 7, 1);
  verify_push (f.h, 7);
  verify_push (f.h, 7);
  verify_expect (f.h, 7);
  verify_expect (f.h, 7);
  verify_tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_evicted)
{
  GstElement *element = verify_element_new ();
  VerifyFixture f;

  g_object_set (element, "max-held-bytes", (guint64) 4 * (VERIFY_LEN + 512),
      NULL);
  verify_set_up (&f, element);
  for (guint i = 0; i < 10; i++)
    verify_push (f.h, i);
  fail_unless_equals_uint64 (rejected (&f, "evicted"), 6);
  fail_unless_equals_uint64 (verify_stat (f.element, "packets-held"), 4);
  verify_push_manifest (f.m, &f.signer, 0, 10);
  verify_expect_many (f.h, 6, 4);
  verify_expect_nothing (f.h);
  verify_tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_sizes)
{
  GstElement *element = verify_element_new ();
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 65536, NULL);
  GstBuffer *model = verify_packet (0);
  GstNetAddressMeta *meta = gst_buffer_get_net_address_meta (model);
  VerifyFixture f;

  verify_set_up (&f, element);
  gst_buffer_add_net_address_meta (buffer, meta->addr);
  fail_unless_equals_int (gst_harness_push (f.h, buffer), GST_FLOW_OK);
  fail_unless_equals_uint64 (rejected (&f, "too-big"), 1);

  /* An empty datagram is one like any other. */
  verify_push_empty_manifest (f.m, &f.signer);
  for (guint i = 0; i < 2; i++) {
    buffer = gst_buffer_new ();
    gst_buffer_add_net_address_meta (buffer, meta->addr);
    fail_unless_equals_int (gst_harness_push (f.h, buffer), GST_FLOW_OK);
  }
  fail_unless_equals_int (gst_harness_buffers_in_queue (f.h), 1);
  fail_unless_equals_uint64 (verify_stat (f.element, "packets-verified"), 1);
  fail_unless_equals_uint64 (verify_stat (f.element, "packets-held"), 1);
  gst_buffer_unref (model);
  verify_tear_down (&f);
}

GST_END_TEST;

/*
 * Order
 */

GST_START_TEST (test_sequence)
{
  static const guint arrival[] = { 0, 2, 1, 4, 6, 5, 3, 7 };
  GstElement *element = verify_element_new ();
  VerifyFixture f;

  gst_util_set_object_arg (G_OBJECT (element), "order", "sequence");
  g_object_set (element, "reorder-time", VERIFY_LONG, NULL);
  verify_set_up (&f, element);
  verify_push_manifest (f.m, &f.signer, 0, 8);
  for (guint i = 0; i < 3; i++)
    verify_push (f.h, arrival[i]);
  verify_expect_many (f.h, 0, 3);
  for (guint i = 3; i < 6; i++)
    verify_push (f.h, arrival[i]);
  verify_expect_nothing (f.h);
  verify_add_up (f.element);
  for (guint i = 6; i < 8; i++)
    verify_push (f.h, arrival[i]);
  verify_expect_many (f.h, 3, 5);
  verify_tear_down (&f);
}

GST_END_TEST;

/* What is missing is waited for no longer than reorder-time. */
GST_START_TEST (test_sequence_gap)
{
  GstElement *element = verify_element_new ();
  VerifyFixture f;

  gst_util_set_object_arg (G_OBJECT (element), "order", "sequence");
  g_object_set (element, "reorder-time", VERIFY_SHORT, NULL);
  verify_set_up (&f, element);
  verify_push_manifest (f.m, &f.signer, 0, 8);
  verify_push (f.h, 0);
  verify_push (f.h, 1);
  verify_push (f.h, 3);
  verify_push (f.h, 4);
  fail_if (verify_expect (f.h, 0) & GST_BUFFER_FLAG_DISCONT);
  fail_if (verify_expect (f.h, 1) & GST_BUFFER_FLAG_DISCONT);
  fail_unless (verify_expect (f.h, 3) & GST_BUFFER_FLAG_DISCONT);
  fail_if (verify_expect (f.h, 4) & GST_BUFFER_FLAG_DISCONT);

  verify_push (f.h, 2);
  verify_wait_for_stat (f.element, "packets-rejected-late", 1);
  verify_push (f.h, 5);
  verify_expect (f.h, 5);
  verify_tear_down (&f);
}

GST_END_TEST;

static void
push_discont (VerifyFixture * f, guint seed)
{
  GstBuffer *buffer = verify_packet (seed);

  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  fail_unless_equals_int (gst_harness_push (f->h, buffer), GST_FLOW_OK);
}

/* A gap upstream is told by what comes first after it. */
GST_START_TEST (test_discont)
{
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  verify_push_manifest (f.m, &f.signer, 0, 3);
  verify_push (f.h, 0);
  fail_if (verify_expect (f.h, 0) & GST_BUFFER_FLAG_DISCONT);

  /* Dropped or held. */
  push_discont (&f, 3);
  push_discont (&f, 1000);
  verify_push (f.h, 1);
  fail_unless (verify_expect (f.h, 1) & GST_BUFFER_FLAG_DISCONT);
  verify_push (f.h, 2);
  fail_if (verify_expect (f.h, 2) & GST_BUFFER_FLAG_DISCONT);

  /* The held one is still one that something is missing before. */
  verify_push_manifest (f.m, &f.signer, 3, 1);
  fail_unless (verify_expect (f.h, 3) & GST_BUFFER_FLAG_DISCONT);
  verify_tear_down (&f);
}

GST_END_TEST;

/*
 * Monitor
 */

GST_START_TEST (test_monitor)
{
  GstElement *element = verify_element_new ();
  VerifyFixture f;

  gst_util_set_object_arg (G_OBJECT (element), "mode", "monitor");
  g_object_set (element, "data-hold-time", VERIFY_SHORT, NULL);
  verify_set_up (&f, element);
  verify_push_manifest (f.m, &f.signer, 0, 2);
  verify_push (f.h, 0);
  verify_push (f.h, 1000);
  gst_harness_push (f.h, verify_packet_from (2000, NULL, 0));
  gst_harness_push (f.h, verify_packet_from (2001, "192.0.2.11", 1));
  verify_push (f.h, 1);
  fail_unless_equals_int (gst_harness_buffers_in_queue (f.h), 5);
  verify_expect (f.h, 0);
  verify_expect (f.h, 1000);
  verify_expect (f.h, 2000);
  verify_expect (f.h, 2001);
  verify_expect (f.h, 1);
  verify_wait_for_stat (f.element, "packets-rejected-unauthenticated", 1);
  fail_unless_equals_uint64 (verify_stat (f.element, "packets-verified"), 2);
  fail_unless_equals_uint64 (rejected (&f, "no-address"), 1);
  fail_unless_equals_uint64 (rejected (&f, "wrong-source"), 1);
  fail_unless_equals_uint64 (verify_stat (f.element, "packets-pushed"), 5);
  verify_tear_down (&f);
}

GST_END_TEST;

static Suite *
ambiverify_suite (void)
{
  Suite *s = suite_create ("ambiverify");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_properties);
  tcase_add_loop_test (tc, test_bad_settings, 0, G_N_ELEMENTS (bad_settings));
  tcase_add_loop_test (tc, test_no_channel, 0, 3);
  tcase_add_loop_test (tc, test_channel_event, 0, 2);
  tcase_add_loop_test (tc, test_packed, 0, 2);
  tcase_add_test (tc, test_ipv6);
  tcase_add_test (tc, test_mapped_address);
  tcase_add_test (tc, test_no_address);
  tcase_add_test (tc, test_digests_first);
  tcase_add_test (tc, test_packets_first);
  tcase_add_test (tc, test_never);
  tcase_add_test (tc, test_forged);
  tcase_add_test (tc, test_replay);
  tcase_add_test (tc, test_evicted);
  tcase_add_test (tc, test_sizes);
  tcase_add_test (tc, test_sequence);
  tcase_add_test (tc, test_sequence_gap);
  tcase_add_test (tc, test_discont);
  tcase_add_test (tc, test_monitor);
  return s;
}

GST_CHECK_MAIN (ambiverify);
