/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Connections that GETs over HTTPS leave to each other: who may have them, how
 * long they last, and what becomes of those that servers or the way to them
 * have given up.
 */
#include "fetchtest.h"

#include <linux/filter.h>
#include <sys/socket.h>

#include "stopwatch.h"

#define MS G_GUINT64_CONSTANT (1000000)
#define NEVER (3600 * 1000 * MS)
#define RESPONSE OK "Content-Length: 5\r\n\r\nhello"

static gint n_open;             /* connections, at servers; atomic */
static gint n_requests;         /* that came; atomic */

/* What comes after the first answer. */
typedef enum
{
  NEXT_ANSWER,
  NEXT_CLOSE,                   /* at once, without a word before */
  NEXT_CLOSE_LATE,              /* when there is another request */
  NEXT_VANISH,                  /* nothing that is sent arrives */
  NEXT_SILENCE
} next_action;

/* What the server says still arrives. */
static void
vanish (TestPeer * peer)
{
  struct sock_filter drop = BPF_STMT (BPF_RET | BPF_K, 0);
  struct sock_fprog program = { 1, &drop };
  GIOStream *tcp;
  GSocket *socket;

  g_object_get (test_peer_stream (peer), "base-io-stream", &tcp, NULL);
  socket = g_socket_connection_get_socket (G_SOCKET_CONNECTION (tcp));
  fail_unless (setsockopt (g_socket_get_fd (socket), SOL_SOCKET,
          SO_ATTACH_FILTER, &program, sizeof (program)) == 0);
  g_object_unref (tcp);
}

/* Answers as long as there are requests, but for what user points to. */
static void
serve (TestPeer * peer, gpointer user)
{
  next_action next = GPOINTER_TO_INT (user);
  gchar *request;

  g_atomic_int_inc (&n_open);
  for (guint i = 0; (request = test_peer_read_request (peer)) != NULL; i++) {
    g_free (request);
    g_atomic_int_inc (&n_requests);
    if (i > 0 && next == NEXT_CLOSE_LATE)
      break;
    if (i > 0 && next == NEXT_SILENCE)
      test_peer_stay (peer);
    if (next == NEXT_VANISH && test_peer_number (peer) == 0)
      vanish (peer);
    test_peer_print (peer, RESPONSE);
    if (next == NEXT_CLOSE)
      break;
  }
  g_atomic_int_add (&n_open, -1);
}

static Fetched *
begin (fetch_pool * pool, TestServer * server, const gchar * ca_file)
{
  Fetched *g = fetched_new (test_server_url (server, ""));

  g->request.pool = pool;
  g->request.ca_file = certificates_path (ca_file);
  fetched_start (g);
  return g;
}

static void
complete (Fetched * g)
{
  wait_for_flag (&g->ended);
  fetched_expect (g, OUTCOME_COMPLETE, "");
  fail_unless_equals_string (g->body->str, "hello");
  fetched_free (g);
}

static void
wait_for_atomic (gint * value, gint wanted)
{
  gint64 deadline = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  while (g_atomic_int_get (value) != wanted) {
    fail_if (g_get_monotonic_time () > deadline, "%d", *value);
    run_for (1);
  }
}

GST_START_TEST (test_share)
{
  TestServer *server = test_server_new ("good.pem", serve, NULL);
  fetch_pool *pool = fetch_pool_new (NEVER);
  Stopwatch watch;

  for (guint i = 0; i < 4; i++)
    complete (begin (pool, server, "ca.pem"));
  fail_unless_equals_int (test_server_n_peers (server), 1);
  fail_unless_equals_int (n_open, 1);

  /* Without a pool it is not used, or left. */
  complete (begin (NULL, server, "ca.pem"));
  wait_for_atomic (&n_open, 1);
  fail_unless_equals_int (test_server_n_peers (server), 2);

  stopwatch_start (&watch);
  fetch_pool_free (pool);
  fail_unless (stopwatch_us (&watch) < 100000);
  wait_for_atomic (&n_open, 0);
  test_server_free (server);
}

GST_END_TEST;

/* Whom one authority vouches for, another one may not know. */
GST_START_TEST (test_trust)
{
  TestServer *server = test_server_new ("good.pem", serve, NULL);
  fetch_pool *pool = fetch_pool_new (NEVER);
  Fetched *g;

  g_atomic_int_set (&n_requests, 0);
  complete (begin (pool, server, "ca.pem"));
  for (guint i = 0; i < 2; i++) {
    g = begin (pool, server, i ? "other-ca.pem" : "missing.pem");
    wait_for_flag (&g->ended);
    fetched_expect (g, i ? OUTCOME_UNKNOWN_AUTHORITY : OUTCOME_CA_FILE, "");
    fail_if (g->responded);
    fetched_free (g);
  }
  /* They do not end what is trusted. */
  complete (begin (pool, server, "ca.pem"));
  fail_unless_equals_int (test_server_n_peers (server), 1);
  fail_unless_equals_int (n_requests, 2);
  fetch_pool_free (pool);
  test_server_free (server);
}

GST_END_TEST;

/* A connection that is lost between two requests is not the second one's. */
GST_START_TEST (test_lost)
{
  static const next_action next[] =
      { NEXT_CLOSE, NEXT_CLOSE_LATE, NEXT_VANISH };
  TestServer *server = test_server_new ("good.pem", serve,
      GINT_TO_POINTER (next[__i__]));
  fetch_pool *pool = fetch_pool_new (NEVER);

  for (guint i = 0; i < 3; i++) {
    Fetched *g = fetched_new (test_server_url (server, ""));

    g->request.pool = pool;
    g->request.connect_timeout = 1000 * MS;
    fetched_start (g);
    complete (g);
    if (next[__i__] == NEXT_CLOSE)
      wait_for_atomic (&n_open, 0);
  }
  fail_unless_equals_int (test_server_n_peers (server),
      next[__i__] == NEXT_VANISH ? 2 : 3);
  fetch_pool_free (pool);
  test_server_free (server);
}

GST_END_TEST;

GST_START_TEST (test_silence)
{
  TestServer *server = test_server_new ("good.pem", serve,
      GINT_TO_POINTER (NEXT_SILENCE));
  fetch_pool *pool = fetch_pool_new (NEVER);
  Fetched *g;

  complete (begin (pool, server, "ca.pem"));
  g = fetched_new (test_server_url (server, ""));
  g->request.pool = pool;
  g->request.total_timeout = 200 * MS;
  fetched_start (g);
  wait_for_flag (&g->ended);
  fetched_expect (g, OUTCOME_TIMEOUT, "the response is not complete");
  fetched_free (g);

  /* Nobody asks there any more. */
  complete (begin (pool, server, "ca.pem"));
  fail_unless_equals_int (test_server_n_peers (server), 2);
  fetch_pool_free (pool);
  test_server_free (server);
}

GST_END_TEST;

GST_START_TEST (test_bounds)
{
  TestServer *server = test_server_new ("good.pem", serve, NULL);
  fetch_pool *pool = fetch_pool_new (100 * MS);
  Fetched *g[20];
  guint n_fds;

  /* Some are for good. */
  complete (begin (pool, server, "ca.pem"));
  wait_for_atomic (&n_open, 0);
  n_fds = count_fds ();

  for (guint i = 0; i < G_N_ELEMENTS (g); i++)
    g[i] = begin (pool, server, "ca.pem");
  for (guint i = 0; i < G_N_ELEMENTS (g); i++)
    complete (g[i]);
  fail_unless_equals_int (test_server_n_peers (server), 1 + G_N_ELEMENTS (g));
  /* 8 are kept, and with time none. */
  while (g_atomic_int_get (&n_open) > 8)
    run_for (1);
  wait_for_atomic (&n_open, 0);
  wait_for_fds (n_fds);

  complete (begin (pool, server, "ca.pem"));
  fetch_pool_free (pool);
  test_server_free (server);
}

GST_END_TEST;

/* In the midst of a handshake, and of a response, while others go on. */
GST_START_TEST (test_cancel)
{
  TestServer *server = __i__ ? test_server_new ("good.pem", answer_and_stay,
      (gpointer) OK "Content-Length: 10\r\n\r\nabc") : NULL;
  TestServer *other = test_server_new ("good.pem", serve, NULL);
  fetch_pool *pool = fetch_pool_new (NEVER);
  SilentPort silent;
  Stopwatch watch;
  Fetched *g, *h;

  silent_port_open (&silent, FALSE);
  g = fetched_new (server ? test_server_url (server, "") :
      g_strdup_printf ("https://127.0.0.1:%u/", silent.port));
  g->request.pool = pool;
  fetched_start (g);
  if (server)
    wait_for_count (&g->n_calls, 2);
  complete (begin (pool, other, "ca.pem"));
  fail_if (g->ended);

  h = begin (pool, other, "ca.pem");
  stopwatch_start (&watch);
  fetched_free (g);
  fail_unless (stopwatch_us (&watch) < 100000);
  complete (h);
  fail_unless_equals_int (test_server_n_peers (other), 1);
  stopwatch_start (&watch);
  fetch_pool_free (pool);
  fail_unless (stopwatch_us (&watch) < 100000);
  silent_port_close (&silent);
  test_server_free (other);
  if (server)
    test_server_free (server);
}

GST_END_TEST;

/* What a callback frees, and starts, may be others of the pool. */
typedef struct
{
  fetch_pool *pool;
  fetch *fetches[2];
  fetch_request request;
  guint n_ended;
} Pair;

static void
end_second (gpointer user, outcome result, const gchar * text)
{
  Pair *pair = user;

  fail_unless_equals_string (outcome_name (result), "complete");
  pair->n_ended++;
}

static const fetch_callbacks second_callbacks = {.ended = end_second };

static void
end_first (gpointer user, outcome result, const gchar * text)
{
  Pair *pair = user;

  fail_unless_equals_string (outcome_name (result), "complete");
  pair->n_ended++;
  for (guint i = 0; i < 2; i++)
    g_clear_pointer (&pair->fetches[i], fetch_free);
  pair->fetches[0] = fetch_start (&pair->request, &second_callbacks, pair);
}

static const fetch_callbacks first_callbacks = {.ended = end_first };

GST_START_TEST (test_free_other)
{
  TestServer *server = test_server_new ("good.pem", serve, NULL);
  g_autofree gchar *url = test_server_url (server, "");
  Pair pair = {.pool = fetch_pool_new (NEVER) };

  pair.request.url = url;
  pair.request.ca_file = certificates_path ("ca.pem");
  pair.request.pool = pair.pool;
  for (guint i = 0; i < 2; i++)
    pair.fetches[i] = fetch_start (&pair.request, &first_callbacks, &pair);
  wait_for_count (&pair.n_ended, 2);
  run_for (50);
  fail_unless_equals_int (pair.n_ended, 2);
  fetch_free (pair.fetches[0]);
  fetch_pool_free (pair.pool);
  test_server_free (server);
}

GST_END_TEST;

/* What is refused harms nobody, and says so. */
GST_START_TEST (test_refusal)
{
  TestServer *server = test_server_new ("good.pem", serve, NULL);
  fetch_pool *pool = fetch_pool_new (NEVER);
  Fetched *g = fetched_new (g_strdup ("http://localhost/"));
  Fetched *h;

  g->request.pool = pool;
  fetched_start (g);
  h = begin (pool, server, "ca.pem");
  wait_for_flag (&g->ended);
  fetched_expect (g, OUTCOME_BAD_URI, "only https");
  fetched_free (g);
  complete (h);
  fetch_pool_free (pool);
  test_server_free (server);
}

GST_END_TEST;

static Suite *
fetch_pool_suite (void)
{
  Suite *s = suite_create ("fetch-pool");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, certificates_make, certificates_remove);
  tcase_add_test (tc, test_share);
  tcase_add_test (tc, test_trust);
  tcase_add_loop_test (tc, test_lost, 0, 3);
  tcase_add_test (tc, test_silence);
  tcase_add_test (tc, test_bounds);
  tcase_add_loop_test (tc, test_cancel, 0, 2);
  tcase_add_test (tc, test_free_other);
  tcase_add_test (tc, test_refusal);
  return s;
}

GST_CHECK_MAIN (fetch_pool);
