/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The thread that asks metadata servers, against servers on loopback that
 * answer, misbehave, or are left in the middle.
 */
#include "dorms-worker.h"

#include <string.h>

#include "dorms-cache.h"
#include "testserver.h"

#define GROUP "232.10.10.1"
#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/yang-data+json\r\n" \
    "Connection: close\r\n"
#define GONE "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n" \
    "Connection: close\r\n\r\n"
#define ROOT_BODY "{\"links\":[{\"rel\":\"restconf\",\"href\":\"/r\"}]}"
#define METADATA_PATH "GET /r/data/ietf-dorms:dorms/metadata/"
#define METADATA_BODY "{\"ietf-dorms:group\":[{\"address\":\"" GROUP \
    "\",\"udp-stream\":[{\"port\":5001}]}]}"

/* What a server does when it is asked for metadata. */
typedef void (*MetadataFunc) (TestPeer * peer, const gchar * request);

static guint n_asked;           /* for metadata; atomic */

/* Tests are not always forked. */
static void
setup (void)
{
  g_atomic_int_set (&n_asked, 0);
}

static void
serve (TestPeer * peer, gpointer user)
{
  g_autofree gchar *request = test_peer_read_request (peer);

  if (request == NULL)
    return;
  if (g_str_has_prefix (request, "GET /.well-known/host-meta.json "))
    test_peer_print (peer, HEAD "\r\n" ROOT_BODY);
  else if (g_str_has_prefix (request, METADATA_PATH))
    ((MetadataFunc) user) (peer, request);
  else
    test_peer_print (peer, GONE);
}

static void
on_news (void *ctx)
{
  g_main_context_wakeup (NULL);
}

static dorms_user *
ask (guint port)
{
  dorms_query query = {.server = "localhost",.port = (guint16) port,
    .tls_ca_file = certificates_path ("ca.pem")
  };
  dorms_user *user;

  fail_unless (core_ip_from_string ("198.51.100.10", &query.source));
  fail_unless (core_ip_from_string (GROUP, &query.group));
  fail_unless (dorms_worker_hold ());
  fail_unless_equals_int (dorms_cache_use (dorms_cache_get_default (), &query,
          on_news, NULL, (core_time) g_get_monotonic_time () * 1000, &user),
      CORE_OK);
  return user;
}

static void
leave (dorms_user * user)
{
  dorms_user_leave (user, (core_time) g_get_monotonic_time () * 1000);
  dorms_worker_release ();
}

static gboolean
on_deadline (gpointer late)
{
  *(gboolean *) late = TRUE;
  return G_SOURCE_REMOVE;
}

/* Waits until something is known; to be given back. */
static const dorms_snapshot *
wait_for_news (dorms_user * user)
{
  const dorms_snapshot *snapshot = dorms_user_look (user);
  gboolean late = FALSE;
  guint timeout = g_timeout_add_seconds (10, on_deadline, &late);

  while (snapshot->state == DORMS_STATE_NONE && snapshot->code == DORMS_OK) {
    dorms_snapshot_unref (snapshot);
    g_main_context_iteration (NULL, TRUE);
    fail_if (late, "no news");
    snapshot = dorms_user_look (user);
  }
  g_source_remove (timeout);
  return snapshot;
}

static void
wait_until_asked (guint n)
{
  gint64 deadline = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  while ((guint) g_atomic_int_get (&n_asked) < n) {
    fail_if (g_get_monotonic_time () > deadline, "asked %u times", n_asked);
    g_usleep (1000);
  }
}

/*
 * Answers
 */

static gboolean is_confirmed;   /* atomic */

static void
answer_with_tag (TestPeer * peer, const gchar * request)
{
  if (strstr (request, "\r\nIf-None-Match: \"v1\"\r\n") != NULL &&
      strstr (request, "\r\nCache-Control: no-cache\r\n") != NULL) {
    test_peer_print (peer, "HTTP/1.1 304 Not Modified\r\n"
        "Cache-Control: max-age=99\r\nConnection: close\r\n\r\n");
    g_atomic_int_set (&is_confirmed, TRUE);
  } else {
    test_peer_print (peer, HEAD "Cache-Control: max-age=3600\r\n"
        "ETag: \"v1\"\r\n\r\n" METADATA_BODY);
  }
  g_atomic_int_inc (&n_asked);
}

GST_START_TEST (test_answer)
{
  TestServer *server = test_server_new ("good.pem", serve, answer_with_tag);
  dorms_user *user = ask (test_server_port (server));
  const dorms_snapshot *snapshot = wait_for_news (user);
  guint n_peers;

  fail_unless_equals_int (snapshot->state, DORMS_STATE_FRESH);
  fail_unless_equals_int (snapshot->metadata->n_ports, 1);
  fail_unless_equals_int (snapshot->metadata->ports[0], 5001);
  dorms_snapshot_unref (snapshot);

  /* Another user, even when the thread was another, asks for nothing. */
  n_peers = test_server_n_peers (server);
  leave (user);
  user = ask (test_server_port (server));
  snapshot = wait_for_news (user);
  fail_unless_equals_int (snapshot->state, DORMS_STATE_FRESH);
  dorms_snapshot_unref (snapshot);
  fail_unless_equals_int (test_server_n_peers (server), n_peers);

  dorms_user_refresh (user, (core_time) g_get_monotonic_time () * 1000);
  wait_until_asked (2);
  fail_unless (g_atomic_int_get (&is_confirmed));
  leave (user);
  test_server_free (server);
}

GST_END_TEST;

static gint n_kept;             /* connections that are open; atomic */

/* Keeps its connections. */
static void
serve_on (TestPeer * peer, gpointer user)
{
  gchar *request;

  g_atomic_int_inc (&n_kept);
  while ((request = test_peer_read_request (peer)) != NULL) {
    const gchar *body = NULL;

    if (g_str_has_prefix (request, "GET /.well-known/host-meta.json "))
      body = ROOT_BODY;
    else if (g_str_has_prefix (request, METADATA_PATH))
      body = METADATA_BODY;
    g_free (request);
    test_peer_print (peer, "HTTP/1.1 %s\r\n"
        "Content-Type: application/yang-data+json\r\n"
        "Content-Length: %u\r\n\r\n%s", body ? "200 OK" : "404 Not Found",
        body ? (guint) strlen (body) : 0, body ? body : "");
    if (body != NULL && g_str_equal (body, METADATA_BODY))
      g_atomic_int_inc (&n_asked);
  }
  g_atomic_int_add (&n_kept, -1);
}

/* All is asked over one connection, later on too, and nobody leaves it open. */
GST_START_TEST (test_one_connection)
{
  TestServer *server = test_server_new ("good.pem", serve_on, NULL);
  dorms_user *user = ask (test_server_port (server));
  const dorms_snapshot *snapshot = wait_for_news (user);
  gint64 deadline = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  fail_unless_equals_int (snapshot->state, DORMS_STATE_FRESH);
  dorms_snapshot_unref (snapshot);
  fail_unless_equals_int (test_server_n_peers (server), 1);
  dorms_user_refresh (user, (core_time) g_get_monotonic_time () * 1000);
  wait_until_asked (2);
  fail_unless_equals_int (test_server_n_peers (server), 1);
  fail_unless_equals_int (g_atomic_int_get (&n_kept), 1);
  leave (user);
  while (g_atomic_int_get (&n_kept) > 0) {
    fail_if (g_get_monotonic_time () > deadline);
    g_usleep (1000);
  }
  test_server_free (server);
}

GST_END_TEST;

static void
answer_nothing (TestPeer * peer, const gchar * request)
{
  test_peer_print (peer, HEAD "Content-Length: 0\r\n\r\n");
}

static void
answer_endless (TestPeer * peer, const gchar * request)
{
  static gchar chunk[65536];

  memset (chunk, ' ', sizeof (chunk));
  if (test_peer_print (peer, HEAD "\r\n"))
    while (test_peer_write (peer, chunk, sizeof (chunk)));
}

static void
answer_large (TestPeer * peer, const gchar * request)
{
  test_peer_print (peer, HEAD "Content-Length: 104857600\r\n\r\n{");
  test_peer_stay (peer);
}

static void
answer_half (TestPeer * peer, const gchar * request)
{
  test_peer_print (peer, HEAD "Content-Length: 100\r\n\r\n{\"ietf-dorms:");
}

static void
answer_deep (TestPeer * peer, const gchar * request)
{
  g_autofree gchar *body = g_strnfill (100000, '[');

  test_peer_print (peer, HEAD "\r\n%s", body);
}

static void
answer_elsewhere (TestPeer * peer, const gchar * request)
{
  test_peer_print (peer, "HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n"
      "Location: https://127.0.0.1:1/r\r\nConnection: close\r\n\r\n");
}

GST_START_TEST (test_faults)
{
  static const struct
  {
    const gchar *certificate;
    MetadataFunc func;
    dorms_code code;
    const gchar *words;
  } rows[] = {
    {"wrong-host.pem", answer_nothing, DORMS_TLS, "is for another host"},
    {"unknown.pem", answer_nothing, DORMS_TLS, "not signed by a trusted"},
    {"good.pem", answer_nothing, DORMS_BAD_JSON, "malformed JSON"},
    {"good.pem", answer_endless, DORMS_TOO_LARGE, "more than is allowed"},
    {"good.pem", answer_large, DORMS_TOO_LARGE, "more than is allowed"},
    {"good.pem", answer_half, DORMS_UNREACHABLE, "cannot be reached"},
    {"good.pem", answer_deep, DORMS_BAD_JSON, "malformed JSON"},
    {"good.pem", answer_elsewhere, DORMS_REDIRECT_REFUSED, "redirected to"},
  };
  TestServer *server = test_server_new (rows[__i__].certificate, serve,
      rows[__i__].func);
  dorms_user *user = ask (test_server_port (server));
  const dorms_snapshot *snapshot = wait_for_news (user);
  g_autofree gchar *name = g_strdup_printf ("localhost:%u ",
      test_server_port (server));

  fail_unless_equals_string (dorms_code_name (snapshot->code),
      dorms_code_name (rows[__i__].code));
  fail_unless (g_str_has_prefix (snapshot->error_text, name));
  fail_unless (strstr (snapshot->error_text, rows[__i__].words) != NULL, "%s",
      snapshot->error_text);
  fail_unless (snapshot->metadata == NULL);
  dorms_snapshot_unref (snapshot);
  leave (user);
  test_server_free (server);
}

GST_END_TEST;

/*
 * Leaving
 */

static void
stay_silent (TestPeer * peer, const gchar * request)
{
  g_atomic_int_inc (&n_asked);
  test_peer_stay (peer);
}

static void
stay_in_header (TestPeer * peer, const gchar * request)
{
  test_peer_print (peer, HEAD);
  stay_silent (peer, request);
}

static void
trickle (TestPeer * peer, const gchar * request)
{
  test_peer_print (peer, HEAD "\r\n");
  g_atomic_int_inc (&n_asked);
  while (test_peer_pause (peer, 5) && test_peer_print (peer, " "));
}

/* Leaves, and notes how long that took, in us. */
static void
time_leaving (dorms_user * user, gint64 * least)
{
  gint64 start = g_get_monotonic_time ();

  leave (user);
  start = g_get_monotonic_time () - start;
  fail_unless (start < 2 * G_USEC_PER_SEC, "took %u us", (guint) start);
  *least = MIN (*least, start);
}

GST_START_TEST (test_leave)
{
  static const MetadataFunc funcs[] = { stay_silent, stay_in_header, trickle };
  TestServer *server = test_server_new ("good.pem", serve, funcs[__i__]);
  gint64 least = G_MAXINT64;

  for (guint i = 1; i <= 5; i++) {
    dorms_user *user = ask (test_server_port (server));

    wait_until_asked (i);
    time_leaving (user, &least);
  }
  /* The others may have waited for a processor. */
  fail_unless (least < 100 * 1000, "took %u us", (guint) least);
  test_server_free (server);
}

GST_END_TEST;

/* Before the server shows who it is, and before it takes the connection. */
GST_START_TEST (test_leave_silent_port)
{
  SilentPort silent;
  guint n_threads = count_threads ();
  gint64 least = G_MAXINT64;

  silent_port_open (&silent, __i__ == 1);
  for (guint i = 0; i < 5; i++) {
    dorms_user *user = ask (silent.port);

    run_for (5 * i);
    time_leaving (user, &least);
  }
  fail_unless (least < 100 * 1000, "took %u us", (guint) least);
  wait_for_threads (n_threads);
  silent_port_close (&silent);
}

GST_END_TEST;

static void
answer_at_once (TestPeer * peer, const gchar * request)
{
  test_peer_print (peer, HEAD "\r\n" METADATA_BODY);
}

static gpointer
come_and_go (gpointer port)
{
  for (guint i = 0; i < 50; i++) {
    dorms_user *user = ask (GPOINTER_TO_UINT (port));

    if (i % 5 == 0)
      g_usleep (i * 100);
    dorms_user_refresh (user, (core_time) g_get_monotonic_time () * 1000);
    leave (user);
  }
  return NULL;
}

GST_START_TEST (test_storm)
{
  TestServer *server = test_server_new ("good.pem", serve, answer_at_once);
  gpointer port = GUINT_TO_POINTER (test_server_port (server));
  GThread *threads[4];
  const dorms_snapshot *snapshot;
  dorms_user *user;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("user", come_and_go, port);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  user = ask (test_server_port (server));
  snapshot = wait_for_news (user);
  fail_unless_equals_int (snapshot->state, DORMS_STATE_FRESH);
  dorms_snapshot_unref (snapshot);
  leave (user);
  test_server_free (server);
}

GST_END_TEST;

static Suite *
dorms_worker_suite (void)
{
  Suite *s = suite_create ("dorms-worker");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, certificates_make, certificates_remove);
  tcase_add_checked_fixture (tc, setup, NULL);
  tcase_add_test (tc, test_answer);
  tcase_add_test (tc, test_one_connection);
  tcase_add_loop_test (tc, test_faults, 0, 8);
  tcase_add_loop_test (tc, test_leave, 0, 3);
  tcase_add_loop_test (tc, test_leave_silent_port, 0, 2);
  tcase_add_test (tc, test_storm);
  return s;
}

GST_CHECK_MAIN (dorms_worker);
