/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * One GET over HTTPS: redirects and bounds, responses without an end, and that
 * it ends at once whenever it is freed.
 */
#include <stdio.h>
#include <string.h>

#include "fetchtest.h"
#include "stopwatch.h"

/*
 * Redirects
 */

/* /N redirects to /N-1; /0 is there.  user: where everything else goes. */
static void
redirect (TestPeer * peer, gpointer user)
{
  g_autofree gchar *request = test_peer_read_request (peer);
  guint n = 0;

  if (request == NULL)
    return;
  if (user != NULL)
    test_peer_print (peer, "HTTP/1.1 302 Found\r\nLocation: %s\r\n"
        "Content-Length: 5\r\n\r\nmoved", (const gchar *) user);
  else if (sscanf (request, "GET /%u ", &n) == 1 && n > 0)
    test_peer_print (peer, "HTTP/1.1 301 Moved\r\nLocation: /%u\r\n"
        "ETag: \"moved\"\r\nContent-Length: 5\r\n\r\nmoved", n - 1);
  else
    test_peer_print (peer, OK "Content-Length: 4\r\n\r\nhere");
}

GST_START_TEST (test_redirects)
{
  TestServer *server = test_server_new ("good.pem", redirect, NULL);
  guint hops = (guint) __i__;
  Fetched *g = fetched_new (g_strdup_printf ("https://localhost:%u/%u",
          test_server_port (server), hops));

  g->request.max_redirects = 3;
  fetched_start (g);
  wait_for_flag (&g->ended);
  if (hops <= 3) {
    g_autofree gchar *end = test_server_url (server, "0");

    fetched_expect (g, OUTCOME_COMPLETE, "");
    fail_unless_equals_int (g->status, 200);
    fail_unless_equals_string (g->from, end);
    fail_unless_equals_string (g->etag, NULL);
    fail_unless_equals_string (g->body->str, "here");
  } else {
    fetched_expect (g, OUTCOME_REDIRECT, "a redirect that is not followed");
    fail_if (g->responded);
  }
  fetched_free (g);
  test_server_free (server);
}

GST_END_TEST;

GST_START_TEST (test_redirect_not_wanted)
{
  TestServer *server = test_server_new ("good.pem", redirect, NULL);
  Fetched *g = fetched_run (test_server_url (server, "1"));

  fetched_expect (g, OUTCOME_COMPLETE, "");
  fail_unless_equals_int (g->status, 301);
  fail_unless_equals_string (g->location, "/0");
  fail_unless_equals_string (g->body->str, "moved");
  fetched_free (g);
  test_server_free (server);
}

GST_END_TEST;

/* Not to where there is no TLS, to other protocols, in circles, to other hosts
 * with a bad certificate. */
GST_START_TEST (test_redirect_refused)
{
  TestServer *plain = test_server_new (NULL, echo, NULL);
  TestServer *wrong = test_server_new ("wrong-host.pem", echo, NULL);
  g_autofree gchar *http = g_strdup_printf ("http://localhost:%u/",
      test_server_port (plain));
  g_autofree gchar *other = test_server_url (wrong, "");
  gchar *targets[] = { http, (gchar *) "file:///etc/passwd", (gchar *) "/",
    other, (gchar *) "ftp://localhost/"
  };
  TestServer *server = test_server_new ("good.pem", redirect, targets[__i__]);
  Fetched *g = fetched_new (test_server_url (server, ""));

  g->request.max_redirects = 3;
  fetched_start (g);
  wait_for_flag (&g->ended);
  if (__i__ == 3)
    fetched_expect (g, OUTCOME_WRONG_HOST, "is for another host");
  else
    fetched_expect (g, OUTCOME_REDIRECT, "a redirect that is not followed");
  fail_if (g->responded);
  fail_unless_equals_int (test_server_n_peers (plain), 0);
  fetched_free (g);
  test_server_free (server);
  test_server_free (plain);
  test_server_free (wrong);
}

GST_END_TEST;

/*
 * Bounds
 */

/* 100 MB, or as much of it as is taken; their length is told (user) or not. */
static void
flood (TestPeer * peer, gpointer user)
{
  g_autofree gchar *request = test_peer_read_request (peer);
  g_autofree gchar *chunk = g_strnfill (64 * 1024, 'x');
  gboolean ok = request != NULL;

  if (!ok)
    return;
  if (user != NULL)
    ok = test_peer_print (peer, OK "Content-Length: 104857600\r\n\r\n");
  else
    ok = test_peer_print (peer, OK "Transfer-Encoding: chunked\r\n\r\n");
  for (guint i = 0; i < 1600 && ok; i++) {
    if (user == NULL)
      ok = test_peer_print (peer, "10000\r\n");
    ok = ok && test_peer_write (peer, chunk, 65536);
    if (user == NULL)
      ok = ok && test_peer_print (peer, "\r\n");
  }
}

GST_START_TEST (test_max_body)
{
  TestServer *server = test_server_new ("good.pem", flood,
      GINT_TO_POINTER (__i__));
  Fetched *g = fetched_new (test_server_url (server, ""));

  g->request.max_body = 1000000;
  fetched_start (g);
  wait_for_flag (&g->ended);
  fetched_expect (g, OUTCOME_TOO_LARGE, "the response is too large");
  fail_unless (g->n_body <= 1000000);
  /* What fits is passed on, unless the length was told. */
  fail_unless (g->responded == (__i__ == 0));
  fail_unless (__i__ ? g->n_body == 0 : g->n_body > 900000);
  fetched_free (g);
  test_server_free (server);
}

GST_END_TEST;

/* A body as large as allowed, and an octet more. */
GST_START_TEST (test_max_body_exactly)
{
  static const gchar response[] =
      OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  TestServer *server = test_server_new ("good.pem", answer,
      (gpointer) response);
  Fetched *g = fetched_new (test_server_url (server, ""));

  g->request.max_body = __i__ ? 4 : 5;
  fetched_start (g);
  wait_for_flag (&g->ended);
  fetched_expect (g, __i__ ? OUTCOME_TOO_LARGE : OUTCOME_COMPLETE, "");
  fetched_free (g);
  test_server_free (server);
}

GST_END_TEST;

/* Many lines, one that is long, one without an end. */
static void
flood_header (TestPeer * peer, gpointer user)
{
  g_autofree gchar *request = test_peer_read_request (peer);
  g_autofree gchar *line = g_strnfill (1000, 'x');
  guint kind = GPOINTER_TO_UINT (user);
  gboolean ok = request != NULL && test_peer_print (peer, OK);

  if (kind > 0)
    ok = ok && test_peer_print (peer, "X: ");
  for (guint i = 0; i < 10000 && ok; i++)
    ok = test_peer_print (peer, kind ? "%s" : "X: %s\r\n", line);
  if (kind < 2 && ok)
    test_peer_print (peer, "\r\n\r\n");
}

GST_START_TEST (test_max_header)
{
  TestServer *server = test_server_new ("good.pem", flood_header,
      GINT_TO_POINTER (__i__));
  Fetched *g = fetched_run (test_server_url (server, ""));

  fetched_expect (g, OUTCOME_TOO_LARGE, "the response is too large");
  fail_if (g->responded);
  fetched_free (g);
  test_server_free (server);
}

GST_END_TEST;

/*
 * Responses without an end
 */

typedef struct
{
  GMutex lock;
  GCond cond;
  guint allowed;                /* chunks that may be sent */
} Tap;

/* Sends chunk after chunk, each when it is allowed. */
static void
drip (TestPeer * peer, gpointer user)
{
  Tap *tap = user;
  g_autofree gchar *request = test_peer_read_request (peer);
  gboolean ok = request != NULL &&
      test_peer_print (peer, OK "Transfer-Encoding: chunked\r\n\r\n");

  for (guint i = 0; i < 20 && ok; i++) {
    g_mutex_lock (&tap->lock);
    while (tap->allowed <= i)
      g_cond_wait (&tap->cond, &tap->lock);
    g_mutex_unlock (&tap->lock);
    ok = test_peer_print (peer, "1\r\n%c\r\n", 'a' + i);
  }
  test_peer_stay (peer);
}

static void
allow (Tap * tap, guint n)
{
  g_mutex_lock (&tap->lock);
  tap->allowed = n;
  g_cond_signal (&tap->cond);
  g_mutex_unlock (&tap->lock);
}

/* Each chunk is passed on before the next one is sent. */
GST_START_TEST (test_endless)
{
  Tap tap = { 0 };
  TestServer *server = test_server_new ("good.pem", drip, &tap);
  Fetched *g = fetched_new (test_server_url (server, ""));

  fetched_start (g);
  wait_for_flag (&g->responded);
  for (guint i = 1; i <= 20; i++) {
    allow (&tap, i);
    wait_for_count (&g->n_calls, i + 1);
    fail_unless_equals_uint64 (g->n_body, i);
  }
  fail_if (g->ended);
  fail_unless_equals_string (g->body->str, "abcdefghijklmnopqrst");
  fetched_free (g);
  test_server_free (server);
}

GST_END_TEST;

/* Freed by its own callback: the response, a part of the body, the end. */
GST_START_TEST (test_free_in_callback)
{
  TestServer *server = test_server_new ("good.pem", answer,
      (gpointer) OK "Content-Length: 3\r\n\r\nabc");
  Fetched *g = fetched_new (test_server_url (server, ""));
  guint n = (guint) __i__;

  g->free_after = n;
  fetched_start (g);
  wait_for_count (&g->n_calls, n);
  run_for (20);
  fail_unless_equals_int (g->n_calls, n);
  fail_unless (g->f == NULL);
  fetched_free (g);
  test_server_free (server);
}

GST_END_TEST;

/* Freed by the callback of a request that was never made. */
GST_START_TEST (test_free_in_refusal)
{
  Fetched *g = fetched_new (g_strdup ("http://localhost/"));

  g->free_after = 1;
  fetched_start (g);
  wait_for_count (&g->n_calls, 1);
  fail_unless (g->f == NULL);
  fetched_free (g);
}

GST_END_TEST;

/* Freed wherever it is. */
enum
{
  AT_START,
  AT_CONNECT,
  AT_HANDSHAKE,
  AT_RESPONSE,
  AT_BODY,
  N_PLACES
};

static const fetch_callbacks no_callbacks = { NULL, NULL, NULL };

GST_START_TEST (test_free_anywhere)
{
  SilentPort full, silent;
  TestServer *mute = test_server_new ("good.pem", say_nothing, NULL);
  TestServer *stopped = test_server_new ("good.pem", answer_and_stay,
      (gpointer) OK "Content-Length: 10\r\n\r\nabc");
  Stopwatch watch;
  Fetched *g;

  silent_port_open (&full, TRUE);
  silent_port_open (&silent, FALSE);
  g = fetched_new (g_strdup_printf ("https://localhost:%u/",
          __i__ == AT_CONNECT ? full.port : __i__ == AT_HANDSHAKE ?
          silent.port : test_server_port (__i__ == AT_RESPONSE ? mute :
              stopped)));
  fetched_start (g);
  if (__i__ == AT_BODY)
    wait_for_count (&g->n_calls, 2);
  else if (__i__ == AT_RESPONSE)
    while (test_server_n_peers (mute) == 0)
      run_for (1);
  else if (__i__ != AT_START)
    run_for (50);
  stopwatch_start (&watch);
  fetched_stop (g);
  fail_unless (stopwatch_us (&watch) < 100000);
  g->free_after = g->n_calls + 1;
  run_for (20);
  fail_unless (g->n_calls < g->free_after);
  fail_if (g->ended);
  fetched_free (g);
  test_server_free (mute);
  test_server_free (stopped);
  silent_port_close (&full);
  silent_port_close (&silent);
}

GST_END_TEST;

/* Fifty times, at all places: nothing is left behind. */
GST_START_TEST (test_cycles)
{
  guint threads = 0, fds = 0;

  /* The first time, libraries open what they keep. */
  for (guint round = 0; round < 2; round++) {
    TestServer *server = test_server_new ("good.pem", answer_and_stay,
        (gpointer) OK "Content-Length: 10\r\n\r\nabc");
    SilentPort silent;

    silent_port_open (&silent, FALSE);
    for (guint i = 0; i < (round == 0 ? 4 : 50); i++) {
      Fetched *g = fetched_new (g_strdup_printf ("https://localhost:%u/",
              i % 2 ? silent.port : test_server_port (server)));

      fetched_start (g);
      for (guint n = 0; n < i % 10; n++)
        g_main_context_iteration (NULL, FALSE);
      fetched_free (g);
    }
    test_server_free (server);
    silent_port_close (&silent);
    if (round == 0) {
      threads = count_threads ();
      fds = count_fds ();
    }
  }
  wait_for_threads (threads);
  wait_for_fds (fds);
}

GST_END_TEST;

/* Of a real server, by HTTP/2, thirty at once. */
static const gchar nginx_conf[] =
    "user root; daemon off; worker_processes 1; pid n.pid; error_log stderr;\n"
    "events { worker_connections 1024; }\n"
    "http { access_log access.log; types { } default_type application/ambi;\n"
    "log_format v '$server_protocol'; access_log protocols.log v;\n"
    "client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;\n"
    "uwsgi_temp_path t4; scgi_temp_path t5;\n"
    "server { listen 127.0.0.1:%u ssl http2; ssl_certificate good.pem;\n"
    "ssl_certificate_key server.key; root .; } }\n";

GST_START_TEST (test_nginx)
{
  guint port = free_port ();
  g_autofree gchar *conf = g_strdup_printf (nginx_conf, port);
  /* Not everybody's PATH has the folder. */
  const gchar *argv[] = { "/usr/sbin/nginx", "-p", certificates_path (""),
    "-c", "nginx.conf", "-e", "stderr", NULL
  };
  Fetched *all[30];
  g_autofree gchar *log = NULL;
  GPid pid;

  fail_unless (g_file_set_contents (certificates_path ("nginx.conf"), conf, -1,
          NULL));
  fail_unless (g_file_set_contents (certificates_path ("document"),
          "a document", -1, NULL));
  pid = program_start ("nginx.log", argv);
  wait_for_port (port);
  for (guint i = 0; i < G_N_ELEMENTS (all); i++) {
    all[i] = fetched_new (g_strdup_printf ("https://localhost:%u/%s", port,
            i % 2 ? "document" : "missing"));
    fetched_start (all[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (all); i++) {
    wait_for_flag (&all[i]->ended);
    fetched_expect (all[i], OUTCOME_COMPLETE, "");
    fail_unless_equals_int (all[i]->status, i % 2 ? 200 : 404);
    if (i % 2) {
      fail_unless_equals_string (all[i]->content_type, "application/ambi");
      fail_unless_equals_string (all[i]->body->str, "a document");
      fail_unless (all[i]->etag != NULL && all[i]->date != NULL);
    }
    fetched_free (all[i]);
  }
  program_stop (pid);
  fail_unless (g_file_get_contents (certificates_path ("protocols.log"), &log,
          NULL, NULL));
  fail_unless (strstr (log, "HTTP/2.0") != NULL);
}

GST_END_TEST;

/* Callbacks may be left out. */
GST_START_TEST (test_no_callbacks)
{
  TestServer *server = test_server_new ("good.pem", echo, NULL);
  Fetched *g = fetched_new (test_server_url (server, ""));

  g->f = fetch_over_https.start (&g->request, &no_callbacks, NULL);
  while (test_server_n_peers (server) == 0)
    run_for (1);
  run_for (20);
  fetch_over_https.free (g->f);
  g->f = NULL;
  fetch_over_https.free (NULL);
  fetched_free (g);
  test_server_free (server);
}

GST_END_TEST;

static Suite *
fetch_limits_suite (void)
{
  Suite *s = suite_create ("fetch-limits");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, certificates_make, certificates_remove);
  tcase_add_loop_test (tc, test_redirects, 0, 5);
  tcase_add_test (tc, test_redirect_not_wanted);
  tcase_add_loop_test (tc, test_redirect_refused, 0, 5);
  tcase_add_loop_test (tc, test_max_body, 0, 2);
  tcase_add_loop_test (tc, test_max_body_exactly, 0, 2);
  tcase_add_loop_test (tc, test_max_header, 0, 3);
  tcase_add_test (tc, test_endless);
  tcase_add_loop_test (tc, test_free_in_callback, 1, 4);
  tcase_add_test (tc, test_free_in_refusal);
  tcase_add_loop_test (tc, test_free_anywhere, 0, N_PLACES);
  tcase_add_test (tc, test_cycles);
  tcase_add_test (tc, test_nginx);
  tcase_add_test (tc, test_no_callbacks);
  return s;
}

GST_CHECK_MAIN (fetch_limits);
