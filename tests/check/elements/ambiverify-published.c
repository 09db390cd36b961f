/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * ambiverify with nothing but a metadata server: the streams that it names are
 * fetched, with their hash and hold times, one after the other.
 */
#include <string.h>

#include "stopwatch.h"
#include "stream.h"
#include "testserver.h"
#include "verifytest.h"

#define JSON "HTTP/1.1 200 OK\r\nContent-Type: application/yang-data+json\r\n" \
    "Cache-Control: max-age=60\r\nConnection: close\r\n\r\n"
#define AMBI "HTTP/1.1 200 OK\r\nContent-Type: application/ambi\r\n\r\n"
#define GONE "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n" \
    "Connection: close\r\n\r\n"

#define BROKEN "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n" \
    "Connection: close\r\n\r\n"

#define N_STREAMS 2

/* A server of metadata and of both streams of manifests; what it is to do is
 * set before it is set up. */
typedef struct
{
  GMutex lock;
  GByteArray *manifests[N_STREAMS];     /* of /m0 and /m1 */
  guint n_metadata;             /* asked for */
  gboolean useless;             /* metadata without streams */
  gboolean withdrawn;           /* metadata without the first one */
  gboolean broken;              /* no metadata any more */
  gboolean expires;             /* the first one soon, and then it is not named;
                                   the other one is named only then, */
  gboolean used;                /*   and not before a packet has passed */
  gboolean gone[N_STREAMS];     /* not to be had, any more */
  gint64 hold_until;            /* no metadata before that time */
  gboolean holds;               /* as long as the metadata say, which is longer
                                   than any test waits */

  TestServer *server;
  GstHarness *h;
  GstElement *element;
  GstBus *bus;
  VerifySigner signers[N_STREAMS];
} Fixture;

#define STREAM(id, more, uris) "{\"id\":" #id ",\"hash-algorithm\":" \
    "\"sha-384\"," more "\"manifest-stream\":[" uris "]}"
#define URI(path) "{\"uri\":\"https://localhost:%1$u/" path "\"}"

/* The first stream, which may expire soon. */
static gchar *
name_first (Fixture * f)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GDateTime) soon = g_date_time_add_seconds (now, 3);
  g_autofree gchar *expiration = g_date_time_format (soon,
      "\"expiration\":\"%Y-%m-%dT%H:%M:%SZ\",");

  return g_strdup_printf (STREAM (5, "\"data-hold-time\":30000,"
          "\"digest-hold-time\":60000,%2$s", URI ("nothing") "," URI ("m0")),
      test_server_port (f->server), f->expires ? expiration : "");
}

static gboolean
is_set (Fixture * f, const gboolean * flag)
{
  gboolean set;

  g_mutex_lock (&f->lock);
  set = *flag;
  g_mutex_unlock (&f->lock);
  return set;
}

static void
send_metadata (Fixture * f, TestPeer * peer)
{
  guint port = test_server_port (f->server);
  g_autofree gchar *first = name_first (f);
  g_autofree gchar *second = g_strdup_printf (STREAM (6, "", URI ("m1")), port);
  gboolean withdrawn, broken;

  g_mutex_lock (&f->lock);
  f->n_metadata++;
  withdrawn = f->withdrawn || (f->expires && f->n_metadata > 1);
  broken = f->broken;
  g_mutex_unlock (&f->lock);
  if (broken) {
    test_peer_print (peer, BROKEN);
    return;
  }
  while (g_get_monotonic_time () < f->hold_until)
    if (!test_peer_pause (peer, 2))
      return;
  while (f->expires && withdrawn && !is_set (f, &f->used))
    if (!test_peer_pause (peer, 2))
      return;
  if (f->useless) {
    test_peer_print (peer, JSON "{\"ietf-dorms:group\":[{\"address\":\""
        VERIFY_GROUP "\"}]}");
    return;
  }
  /* The first is for other packets than these, the last for whole packets. */
  test_peer_print (peer, JSON "{\"ietf-dorms:group\":[{\"address\":\""
      VERIFY_GROUP "\",\"ietf-cbacc:cbacc\":{\"max-speed\":8000},"
      "\"udp-stream\":[{\"port\":4,\"ietf-ambi:ambi\":{\"manifest-stream\":["
      "{\"id\":9,\"hash-algorithm\":\"sha-512\",\"manifest-stream\":["
      URI ("m9") "]}]}},"
      "{\"port\":5001,\"ietf-ambi:ambi\":{\"manifest-stream\":["
      "%2$s%3$s%4$s]}}],"
      "\"ietf-ambi:ambi\":{\"manifest-stream\":[" STREAM (4, "", URI ("m4"))
      "]}}]}", port, withdrawn ? "" : first,
      withdrawn || f->expires ? "" : ",",
      f->expires && !withdrawn ? "" : second);
}

static void
send_manifests (Fixture * f, TestPeer * peer, guint stream)
{
  gsize sent = 0;
  gboolean gone;

  g_mutex_lock (&f->lock);
  gone = f->gone[stream];
  g_mutex_unlock (&f->lock);
  if (!test_peer_print (peer, gone ? GONE : AMBI) || gone)
    return;
  do {
    g_autofree guint8 *chunk = NULL;
    gsize len;

    g_mutex_lock (&f->lock);
    if (f->gone[stream]) {
      g_mutex_unlock (&f->lock);
      break;
    }
    len = f->manifests[stream]->len - sent;
    chunk = g_memdup2 (f->manifests[stream]->data + sent, len);
    g_mutex_unlock (&f->lock);
    if (len > 0 && !test_peer_write (peer, chunk, len))
      break;
    sent += len;
  } while (test_peer_pause (peer, 2));
}

static void
serve (TestPeer * peer, gpointer user)
{
  g_autofree gchar *request = test_peer_read_request (peer);
  Fixture *f = user;

  if (request == NULL)
    return;
  if (strstr (request, "GET /.well-known/host-meta.json") != NULL)
    test_peer_print (peer, JSON
        "{\"links\":[{\"rel\":\"restconf\",\"href\":\"/r\"}]}");
  else if (strstr (request, "GET /r/data/ietf-dorms:dorms/metadata/") != NULL)
    send_metadata (f, peer);
  else if (strstr (request, "GET /m0 ") != NULL)
    send_manifests (f, peer, 0);
  else if (strstr (request, "GET /m1 ") != NULL)
    send_manifests (f, peer, 1);
  else
    test_peer_print (peer, GONE);
}

static void
add_manifest (Fixture * f, guint stream, guint seed, guint n)
{
  GstBuffer *manifest = verify_manifest (&f->signers[stream], seed, n);
  GstMapInfo map;

  gst_buffer_map (manifest, &map, GST_MAP_READ);
  g_mutex_lock (&f->lock);
  g_byte_array_append (f->manifests[stream], map.data, (guint) map.size);
  g_mutex_unlock (&f->lock);
  gst_buffer_unmap (manifest, &map);
  gst_buffer_unref (manifest);
}

static void
set_up (Fixture * f)
{
  GstElement *element = verify_element_new ();
  g_autofree gchar *uri = NULL;

  g_mutex_init (&f->lock);
  for (guint i = 0; i < N_STREAMS; i++) {
    f->manifests[i] = g_byte_array_new ();
    verify_signer_init (&f->signers[i], VERIFY_STREAM + i);
    f->signers[i].algorithm = CORE_HASH_SHA_384;
  }
  f->server = test_server_new ("good.pem", serve, f);
  uri = g_strdup_printf ("https://localhost:%u", test_server_port (f->server));
  /* See ambiverify-uri.c. */
  fail_unless (stream_uri_is_valid (uri, NULL));
  g_object_set (element, "dorms-uri", uri, "tls-ca-file",
      certificates_path ("ca.pem"), NULL);
  if (f->holds)
    g_object_set (element, "data-hold-time", (guint64) 0, NULL);
  f->bus = verify_bus (element);
  f->h = verify_harness_new (element);
  f->element = f->h->element;
}

static void
tear_down (Fixture * f)
{
  Stopwatch watch;
  gint64 us;

  verify_bus_free (f->element, f->bus);
  stopwatch_start (&watch);
  gst_element_set_state (f->element, GST_STATE_NULL);
  us = stopwatch_us (&watch);
  fail_unless (us < 500000, "stopping took %" G_GINT64_FORMAT " us", us);
  gst_harness_teardown (f->h);
  test_server_free (f->server);
  for (guint i = 0; i < N_STREAMS; i++)
    g_byte_array_unref (f->manifests[i]);
  g_mutex_clear (&f->lock);
}

static guint
get_count (Fixture * f, const guint * count)
{
  guint n;

  g_mutex_lock (&f->lock);
  n = *count;
  g_mutex_unlock (&f->lock);
  return n;
}

static void
wait_for (Fixture * f, const guint * count, guint n)
{
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  while (get_count (f, count) < n) {
    fail_unless (g_get_monotonic_time () < end);
    g_usleep (2000);
  }
}

/* The stream is found, its first URI fails, the next one brings manifests. */
GST_START_TEST (test_found)
{
  GstStructure *message;
  GstClockTime min;
  Fixture f = {.holds = TRUE };

  set_up (&f);
  message = verify_wait_for_message (f.bus, "multicast-metadata");
  verify_push (f.h, 3);
  add_manifest (&f, 0, 0, 10);
  verify_push (f.h, 77);
  verify_expect (f.h, 3);
  verify_push (f.h, 4);
  verify_expect (f.h, 4);
  verify_expect_nothing (f.h);

  fail_unless_equals_string (gst_structure_get_string (message, "state"),
      "fresh");
  fail_unless_equals_string (gst_structure_get_string (message, "code"), "ok");
  fail_unless (gst_structure_has_field_typed (message, "manifest-streams",
          GST_TYPE_ARRAY));
  gst_structure_free (message);
  fail_unless_equals_uint64 (verify_stat (f.element, "cbacc-max-bitrate"),
      8000000);
  min = gst_harness_query_latency (f.h);
  fail_unless_equals_uint64 (min, 30 * GST_SECOND);
  fail_unless_equals_int (get_count (&f, &f.n_metadata), 1);
  verify_add_up (f.element);
  tear_down (&f);
}

GST_END_TEST;

/* Its end is announced: the other one that the metadata name takes over. */
GST_START_TEST (test_transition)
{
  Fixture f = { 0 };

  set_up (&f);
  add_manifest (&f, 0, 0, 4);
  verify_push (f.h, 1);
  verify_expect (f.h, 1);
  add_manifest (&f, 1, 0, 12);
  f.signers[0].next.refresh_deadline = 1;
  add_manifest (&f, 0, 4, 2);
  verify_wait_for_stat (f.element, "manifest-connections", 2);
  verify_wait_for_stat (f.element, "manifests-received", 3);
  for (guint i = 4; i < 12; i++)
    verify_push (f.h, i);
  verify_expect_many (f.h, 4, 8);
  fail_unless_equals_int (verify_count_messages (f.bus, GST_MESSAGE_WARNING,
          NULL), 0);
  verify_add_up (f.element);
  tear_down (&f);
}

GST_END_TEST;

/* The user knows which stream it has to be. */
GST_START_TEST (test_stream_id)
{
  GstElement *element;
  Fixture f = { 0 };

  set_up (&f);
  element = gst_object_ref (f.element);
  gst_element_set_state (element, GST_STATE_READY);
  g_object_set (element, "stream-id", (gint64) VERIFY_STREAM + 1, NULL);
  gst_element_set_state (element, GST_STATE_PLAYING);
  gst_object_unref (element);
  add_manifest (&f, 0, 0, 4);
  add_manifest (&f, 1, 4, 4);
  gst_harness_set_src_caps_str (f.h, "video/mpegts");
  verify_push (f.h, 5);
  verify_expect (f.h, 5);
  fail_unless_equals_uint64 (verify_stat (f.element, "manifests-received"), 1);
  tear_down (&f);
}

GST_END_TEST;

/* Metadata that do not help: it is said why nothing passes. */
GST_START_TEST (test_useless)
{
  Fixture f = {.useless = TRUE };

  set_up (&f);
  g_object_set (f.element, "data-hold-time", VERIFY_SHORT, NULL);
  wait_for (&f, &f.n_metadata, 1);
  gst_structure_free (verify_wait_for_message (f.bus, "multicast-metadata"));
  verify_push (f.h, 0);
  verify_wait_for_warning (f.bus, "name no manifest stream");
  fail_unless (gst_harness_try_pull (f.h) == NULL);
  tear_down (&f);
}

GST_END_TEST;

/* As long as it is not known why, nothing is said; then it is said once. */
GST_START_TEST (test_late_answer)
{
  Fixture f = {.useless = TRUE,
    .hold_until = g_get_monotonic_time () + 300000
  };

  set_up (&f);
  g_object_set (f.element, "data-hold-time", VERIFY_SHORT, NULL);
  wait_for (&f, &f.n_metadata, 1);
  verify_starve (f.h);
  verify_starve_until_warned (f.h, f.bus, "name no manifest stream");
  fail_unless (g_get_monotonic_time () >= f.hold_until);
  verify_starve (f.h);
  fail_unless_equals_int (verify_count_messages (f.bus, GST_MESSAGE_WARNING,
          NULL), 0);
  fail_unless (gst_harness_try_pull (f.h) == NULL);
  tear_down (&f);
}

GST_END_TEST;

/* No server of the best stream works: another one is taken. */
GST_START_TEST (test_other_stream)
{
  Fixture f = {.gone = {TRUE}
  };

  set_up (&f);
  add_manifest (&f, 1, 0, 10);
  verify_push (f.h, 3);
  verify_expect (f.h, 3);
  fail_unless_equals_uint64 (verify_stat (f.element, "manifest-connections"),
      1);
  verify_add_up (f.element);
  tear_down (&f);
}

GST_END_TEST;

/* The server of the stream in use goes away: the metadata are asked for again,
 * which name but another one now. */
GST_START_TEST (test_withdrawn_stream)
{
  Fixture f = { 0 };

  set_up (&f);
  add_manifest (&f, 0, 0, 4);
  verify_push (f.h, 1);
  verify_expect (f.h, 1);
  g_mutex_lock (&f.lock);
  f.withdrawn = TRUE;
  f.gone[0] = TRUE;
  g_mutex_unlock (&f.lock);
  add_manifest (&f, 1, 0, 10);
  wait_for (&f, &f.n_metadata, 2);
  verify_push (f.h, 5);
  verify_expect (f.h, 5);
  verify_add_up (f.element);
  tear_down (&f);
}

GST_END_TEST;

/* The stream in use is about to expire: another one is found in good time. */
GST_START_TEST (test_expiration)
{
  Fixture f = {.expires = TRUE };

  set_up (&f);
  add_manifest (&f, 0, 0, 4);
  add_manifest (&f, 1, 0, 10);
  verify_push (f.h, 1);
  verify_expect (f.h, 1);
  g_mutex_lock (&f.lock);
  f.used = TRUE;
  g_mutex_unlock (&f.lock);
  verify_wait_for_stat (f.element, "manifest-connections", 2);
  verify_push (f.h, 5);
  verify_expect (f.h, 5);
  verify_add_up (f.element);
  tear_down (&f);
}

GST_END_TEST;

/* The metadata server goes away after its first answer, and then the server of
 * the stream in use: that is told, and what the metadata said stays in use. */
GST_START_TEST (test_server_goes)
{
  Fixture f = { 0 };

  set_up (&f);
  add_manifest (&f, 0, 0, 4);
  verify_push (f.h, 1);
  verify_expect (f.h, 1);
  g_mutex_lock (&f.lock);
  f.broken = TRUE;
  f.gone[0] = TRUE;
  g_mutex_unlock (&f.lock);
  add_manifest (&f, 1, 0, 10);
  verify_wait_for_warning (f.bus, "could not be renewed");
  verify_push (f.h, 5);
  verify_expect (f.h, 5);
  verify_add_up (f.element);
  tear_down (&f);
}

GST_END_TEST;

/* In the middle of whatever is being asked. */
GST_START_TEST (test_stop_at_once)
{
  for (guint i = 0; i < 10; i++) {
    Fixture f = { 0 };

    set_up (&f);
    if (i % 2)
      wait_for (&f, &f.n_metadata, 1);
    tear_down (&f);
  }
}

GST_END_TEST;

static Suite *
ambiverify_published_suite (void)
{
  Suite *s = suite_create ("ambiverify-published");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, certificates_make, certificates_remove);
  tcase_add_test (tc, test_found);
  tcase_add_test (tc, test_transition);
  tcase_add_test (tc, test_stream_id);
  tcase_add_test (tc, test_useless);
  tcase_add_test (tc, test_late_answer);
  tcase_add_test (tc, test_other_stream);
  tcase_add_test (tc, test_withdrawn_stream);
  tcase_add_test (tc, test_server_goes);
  tcase_add_test (tc, test_expiration);
  tcase_add_test (tc, test_stop_at_once);
  return s;
}

GST_CHECK_MAIN (ambiverify_published);
