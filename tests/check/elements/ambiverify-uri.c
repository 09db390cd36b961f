/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * ambiverify with manifests from servers, over HTTPS and TLS: the element and
 * all that is below it.
 */
#include <string.h>

#include "stopwatch.h"
#include "stream.h"
#include "testserver.h"
#include "verifytest.h"

/* A server that sends what it is given, to each of its peers. */
typedef struct
{
  GMutex lock;
  GCond cond;
  GByteArray *data[2];          /* for the first peer, and those after it */
} Feed;

typedef struct
{
  Feed feed;
  TestServer *server;
  gchar *uri;
  GstHarness *h;
  GstElement *element;
  GstBus *bus;
  VerifySigner signer;
} Fixture;

#define RESPONSE "HTTP/1.1 200 OK\r\nContent-Type: application/ambi\r\n\r\n"

static void
send_feed (TestPeer * peer, gpointer user)
{
  Feed *feed = user;
  GByteArray *data = feed->data[test_peer_number (peer) == 0 ? 0 : 1];
  gsize sent = 0;

  do {
    g_autofree guint8 *chunk = NULL;
    gsize len;

    g_mutex_lock (&feed->lock);
    len = data->len - sent;
    /* There may be no data at all so far. */
    chunk = len > 0 ? g_memdup2 (data->data + sent, len) : NULL;
    g_mutex_unlock (&feed->lock);
    if (len > 0 && !test_peer_write (peer, chunk, len))
      return;
    sent += len;
  } while (test_peer_pause (peer, 2));
}

static void
send_feed_https (TestPeer * peer, gpointer user)
{
  g_autofree gchar *request = test_peer_read_request (peer);

  if (request != NULL && test_peer_print (peer, RESPONSE))
    send_feed (peer, user);
}

/* A manifest of n packets, for the first peer or those after it. */
static void
add_manifest (Fixture * f, VerifySigner * signer, guint peers, guint seed,
    guint n)
{
  GstBuffer *manifest = verify_manifest (signer, seed, n);
  GstMapInfo map;

  gst_buffer_map (manifest, &map, GST_MAP_READ);
  g_mutex_lock (&f->feed.lock);
  g_byte_array_append (f->feed.data[peers], map.data, (guint) map.size);
  g_mutex_unlock (&f->feed.lock);
  gst_buffer_unmap (manifest, &map);
  gst_buffer_unref (manifest);
}

static void
set_up (Fixture * f, gboolean tls, const gchar * certificate)
{
  GstElement *element = verify_element_new ();

  memset (f, 0, sizeof (*f));
  g_mutex_init (&f->feed.lock);
  for (guint i = 0; i < 2; i++)
    f->feed.data[i] = g_byte_array_new ();
  f->server = test_server_new (certificate, tls ? send_feed : send_feed_https,
      &f->feed);
  f->uri = g_strdup_printf (tls ? "ambi+tls://localhost:%u" :
      "https://localhost:%u/m", test_server_port (f->server));
  /* This also links what fetches into the program: the leak checker cannot look
   * at threads that use libraries which came with a plugin. */
  fail_unless (stream_uri_is_valid (f->uri, NULL));
  g_object_set (element, "manifest-uri", f->uri, "tls-ca-file",
      certificates_path ("ca.pem"), NULL);
  /* It connects as soon as it starts, and what becomes of that is told once. */
  f->bus = verify_bus (element);
  f->h = verify_harness_new (element);
  f->element = f->h->element;
  verify_signer_init (&f->signer, VERIFY_STREAM);
}

static void
tear_down (Fixture * f)
{
  Stopwatch watch;

  verify_add_up (f->element);
  verify_bus_free (f->element, f->bus);
  stopwatch_start (&watch);
  gst_element_set_state (f->element, GST_STATE_NULL);
  fail_unless (stopwatch_us (&watch) < 500000);
  gst_harness_teardown (f->h);
  test_server_free (f->server);
  for (guint i = 0; i < 2; i++)
    g_byte_array_unref (f->feed.data[i]);
  g_mutex_clear (&f->feed.lock);
  g_free (f->uri);
}

/* What the manifests list passes, and nothing else. */
GST_START_TEST (test_verify)
{
  Fixture f;

  set_up (&f, __i__ != 0, "good.pem");
  add_manifest (&f, &f.signer, 0, 0, 10);
  verify_wait_for_stat (f.element, "digests-held", 10);
  verify_push (f.h, 3);
  verify_push (f.h, 77);
  verify_push (f.h, 4);
  verify_expect_many (f.h, 3, 2);
  verify_expect_nothing (f.h);

  /* The manifest of one that waits. */
  add_manifest (&f, &f.signer, 0, 77, 1);
  verify_expect (f.h, 77);
  tear_down (&f);
}

GST_END_TEST;

/* The stream's end is announced: the element fetches another one from the same
 * server, and leaves the old connection when that has taken over. */
GST_START_TEST (test_transition)
{
  VerifySigner other;
  Fixture f;

  set_up (&f, __i__ != 0, "good.pem");
  f.signer.next.refresh_deadline = 1;
  add_manifest (&f, &f.signer, 0, 0, 4);
  verify_signer_init (&other, VERIFY_STREAM + 1);
  add_manifest (&f, &other, 1, 0, 8);
  verify_wait_for_stat (f.element, "manifest-connections", 2);
  verify_wait_for_stat (f.element, "manifests-received", 2);

  verify_push (f.h, 1);
  verify_expect (f.h, 1);
  for (guint i = 4; i < 8; i++)
    verify_push (f.h, i);
  verify_expect_many (f.h, 4, 4);
  fail_unless_equals_int (test_server_n_peers (f.server), 2);
  fail_unless_equals_int (verify_count_messages (f.bus, GST_MESSAGE_WARNING,
          NULL), 0);
  tear_down (&f);
}

GST_END_TEST;

/* Why no packet passes: nobody can tell who the server is. */
GST_START_TEST (test_wrong_host)
{
  GstStructure *message;
  Fixture f;

  set_up (&f, __i__ != 0, "wrong-host.pem");
  add_manifest (&f, &f.signer, 0, 0, 10);
  message = verify_wait_for_message (f.bus, "ambi-manifest-error");
  fail_unless_equals_string (gst_structure_get_string (message, "uri"), f.uri);
  fail_unless_equals_string (gst_structure_get_string (message, "code"),
      "connection");
  gst_structure_free (message);
  g_object_set (f.element, "data-hold-time", VERIFY_SHORT, NULL);
  verify_push (f.h, 0);
  verify_wait_for_warning (f.bus, "the certificate is for another host");
  fail_unless (gst_harness_try_pull (f.h) == NULL);
  tear_down (&f);
}

GST_END_TEST;

static Suite *
ambiverify_uri_suite (void)
{
  Suite *s = suite_create ("ambiverify-uri");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, certificates_make, certificates_remove);
  tcase_add_loop_test (tc, test_verify, 0, 2);
  tcase_add_loop_test (tc, test_transition, 0, 2);
  tcase_add_loop_test (tc, test_wrong_host, 0, 2);
  return s;
}

GST_CHECK_MAIN (ambiverify_uri);
