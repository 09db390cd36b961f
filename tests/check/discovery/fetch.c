/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * One GET over HTTPS: what is asked and reported, who is trusted, and servers
 * that are silent or die.
 */
#include "fetchtest.h"

#include <string.h>

#define MS G_GUINT64_CONSTANT (1000000)

GST_START_TEST (test_response)
{
  static const gchar response[] =
      "HTTP/1.1 103 Early Hints\r\nETag: \"early\"\r\n\r\n" OK
      "Content-Type: application/ambi; v=1\r\ncache-control:  max-age=60 \r\n"
      "Cache-Control: no-cache\r\nCache-Control:\r\n"
      "Age: 7\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nETag: \"x\"\r\n"
      "ETag: \"second\"\r\nAger: 8\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6\r\n world\r\n0\r\nETag: \"trailer\"\r\n\r\n";
  TestServer *server =
      test_server_new ("good.pem", answer, (gpointer) response);
  Fetched *g = fetched_run (test_server_url (server, "a"));

  fetched_expect (g, OUTCOME_COMPLETE, "");
  fail_unless_equals_string (g->text, "");
  fail_unless_equals_int (g->status, 200);
  fail_unless_equals_string (g->from, g->url);
  fail_unless_equals_string (g->content_type, "application/ambi; v=1");
  fail_unless_equals_string (g->cache_control, "max-age=60, no-cache, ");
  fail_unless_equals_string (g->age, "7");
  fail_unless_equals_string (g->date, "Thu, 01 Jan 2026 00:00:00 GMT");
  fail_unless_equals_string (g->etag, "\"x\"");
  fail_unless (g->retry_after == NULL && g->location == NULL);
  fail_unless_equals_string (g->body->str, "hello world");
  fetched_free (g);
  test_server_free (server);
}

GST_END_TEST;

/* A host of the certificate's that is found elsewhere. */
GST_START_TEST (test_request)
{
  TestServer *server = test_server_new ("good.pem", echo, NULL);
  Fetched *g = fetched_new (g_strdup ("https://manifests.example:7/a%20b?c=d"));
  g_autofree gchar *where = g_strdup_printf ("127.0.0.1:%u",
      test_server_port (server));

  g->request.accept = "application/ambi";
  g->request.connect_to = where;
  fetched_start (g);
  wait_for_flag (&g->ended);
  fetched_expect (g, OUTCOME_COMPLETE, "");
  fail_unless (g_str_has_prefix (g->body->str, "GET /a%20b?c=d HTTP/1.1\r\n"));
  fail_unless (strstr (g->body->str, "\r\nHost: manifests.example:7\r\n"));
  fail_unless (strstr (g->body->str, "\r\nAccept: application/ambi\r\n"));
  fail_unless (strstr (g->body->str, "\r\nAccept-Encoding: identity\r\n"));
  fail_unless (strstr (g->body->str, "\r\nUser-Agent: gst-multicast\r\n"));
  fetched_free (g);
  test_server_free (server);
}

GST_END_TEST;

/* A status is reported, whatever it is. */
GST_START_TEST (test_status)
{
  static const guint statuses[] = { 404, 410, 429, 503 };
  g_autofree gchar *response = g_strdup_printf ("HTTP/1.1 %u No\r\n%s"
      "Content-Length: 4\r\n\r\ngone", statuses[__i__],
      __i__ < 2 ? "" : "Retry-After: 7\r\n");
  TestServer *server = test_server_new ("good.pem", answer, response);
  Fetched *g = fetched_run (test_server_url (server, ""));

  fetched_expect (g, OUTCOME_COMPLETE, "");
  fail_unless_equals_int (g->status, statuses[__i__]);
  fail_unless_equals_string (g->retry_after, __i__ < 2 ? NULL : "7");
  fail_unless_equals_string (g->body->str, "gone");
  fetched_free (g);
  test_server_free (server);
}

GST_END_TEST;

/* What a server without TLS has to say to our first message. */
static void
blurt (TestPeer * peer, gpointer user)
{
  test_peer_print (peer, "HTTP/1.1 400 Bad Request\r\n\r\n");
}

/* Whom nobody can tell who he is, nothing is asked. */
GST_START_TEST (test_certificates)
{
  static const struct
  {
    const gchar *certificate;
    outcome result;
    const gchar *words;
  } cases[] = {
    {"expired.pem", OUTCOME_CERTIFICATE_EXPIRED, "not valid at this time"},
    {"wrong-host.pem", OUTCOME_WRONG_HOST, "is for another host"},
    {"unknown.pem", OUTCOME_UNKNOWN_AUTHORITY, "not signed by a trusted"},
    {NULL, OUTCOME_TLS, "no TLS"}
  };
  TestServer *server = test_server_new (cases[__i__].certificate, blurt, NULL);
  Fetched *g = fetched_run (test_server_url (server, ""));
  g_autofree gchar *host = g_strdup_printf ("localhost:%u: ",
      test_server_port (server));

  fetched_expect (g, cases[__i__].result, cases[__i__].words);
  fail_unless (g_str_has_prefix (g->text, host), "%s", g->text);
  fail_if (g->responded);
  fetched_free (g);
  test_server_free (server);
}

GST_END_TEST;

/* The file given is the only source of authorities, and none is no licence. */
GST_START_TEST (test_authorities)
{
  TestServer *server = test_server_new ("good.pem", echo, NULL);
  Fetched *g = fetched_new (test_server_url (server, ""));

  g->request.ca_file = NULL;
  fetched_start (g);
  wait_for_flag (&g->ended);
  fetched_expect (g, OUTCOME_UNKNOWN_AUTHORITY, "not signed by a trusted");
  fetched_free (g);

  g = fetched_new (test_server_url (server, ""));
  g->request.ca_file = certificates_path ("missing.pem");
  fetched_start (g);
  wait_for_flag (&g->ended);
  fetched_expect (g, OUTCOME_CA_FILE, "missing.pem");
  fetched_free (g);

  g = fetched_new (test_server_url (server, ""));
  g->request.ca_file = certificates_path ("other-ca.pem");
  fetched_start (g);
  wait_for_flag (&g->ended);
  fetched_expect (g, OUTCOME_UNKNOWN_AUTHORITY, "not signed by a trusted");
  fetched_free (g);
  fail_unless_equals_int (test_server_n_peers (server), 0);
  test_server_free (server);
}

GST_END_TEST;

/* An old TLS, of a real server that has nothing else. */
GST_START_TEST (test_old_tls)
{
  const gchar *argv[] = { "openssl", "s_server", "-accept", "127.0.0.1:0",
    "-cert", "good.pem", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-www", NULL
  };
  GPid pid = program_start ("s_server.log", argv);
  g_autofree gchar *port = program_wait_for ("s_server.log",
      "ACCEPT 127.0.0.1:");
  Fetched *g = fetched_run (g_strdup_printf ("https://localhost:%s/", port));

  fetched_expect (g, OUTCOME_TLS, "no TLS that is accepted");
  fetched_free (g);
  program_stop (pid);
}

GST_END_TEST;

/* A proxy, which connects to the port that user points to, or refuses (NULL). */
static gpointer
pass_on (gpointer data)
{
  GIOStream **streams = data;

  g_output_stream_splice (g_io_stream_get_output_stream (streams[1]),
      g_io_stream_get_input_stream (streams[0]),
      G_OUTPUT_STREAM_SPLICE_NONE, NULL, NULL);
  g_socket_shutdown (g_socket_connection_get_socket (G_SOCKET_CONNECTION
          (streams[1])), FALSE, TRUE, NULL);
  return NULL;
}

static void
be_proxy (TestPeer * peer, gpointer user)
{
  g_autofree gchar *request = test_peer_read_request (peer);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  const guint *port = user;
  GIOStream *forth[2], *back[2];
  GThread *thread;

  if (request == NULL || !g_str_has_prefix (request, "CONNECT localhost:"))
    return;
  if (port == NULL) {
    test_peer_print (peer, "HTTP/1.1 403 Forbidden\r\nETag: \"proxy\"\r\n"
        "Content-Length: 0\r\n\r\n");
    return;
  }
  g_socket_client_set_enable_proxy (client, FALSE);
  forth[0] = back[1] = test_peer_stream (peer);
  forth[1] = back[0] = G_IO_STREAM (g_socket_client_connect_to_host (client,
          "127.0.0.1", (guint16) * port, NULL, NULL));
  test_peer_print (peer, "HTTP/1.1 200 Connected\r\nETag: \"proxy\"\r\n\r\n");
  thread = g_thread_new ("test-proxy", pass_on, back);
  pass_on (forth);
  g_thread_join (thread);
  g_object_unref (forth[1]);
}

/* The user's proxy is used, has no say in what is trusted, and its own header is
 * no response. */
GST_START_TEST (test_proxy)
{
  TestServer *server = test_server_new (__i__ == 1 ? "wrong-host.pem" :
      "good.pem", answer, (gpointer) OK "Content-Length: 3\r\n\r\nabc");
  guint port = test_server_port (server);
  TestServer *proxy = test_server_new (NULL, be_proxy, __i__ == 2 ? NULL :
      &port);
  g_autofree gchar *uri = g_strdup_printf ("http://127.0.0.1:%u",
      test_server_port (proxy));
  g_autofree gchar *no_proxy = g_strdup (g_getenv ("NO_PROXY"));
  Fetched *g;

  g_unsetenv ("NO_PROXY");
  g_setenv ("https_proxy", uri, TRUE);
  g = fetched_run (test_server_url (server, ""));
  g_unsetenv ("https_proxy");
  if (no_proxy)
    g_setenv ("NO_PROXY", no_proxy, TRUE);

  fail_unless_equals_int (test_server_n_peers (proxy), 1);
  if (__i__ == 0)
    fetched_expect (g, OUTCOME_COMPLETE, "");
  else if (__i__ == 1)
    fetched_expect (g, OUTCOME_WRONG_HOST, "is for another host");
  else
    fetched_expect (g, OUTCOME_REFUSED, "403");
  fail_unless_equals_string (g->etag, NULL);
  fail_unless_equals_string (g->body->str, __i__ ? "" : "abc");
  fetched_free (g);
  test_server_free (proxy);
  test_server_free (server);
}

GST_END_TEST;

/* What is wrong before anybody is asked. */
GST_START_TEST (test_urls)
{
  static const struct
  {
    const gchar *url;
    outcome result;
    const gchar *words;
  } cases[] = {
    {"http://localhost/", OUTCOME_BAD_URI, "only https"},
    {"ftp://localhost/", OUTCOME_BAD_URI, "only https"},
    {"file:///etc/passwd", OUTCOME_BAD_URI, "only https"},
    {"https://user:word@localhost/", OUTCOME_BAD_URI, "not a URL"},
    {"https://", OUTCOME_BAD_URI, "not a URL"},
    {"", OUTCOME_BAD_URI, "not a URL"},
    /* A label of 64 characters, which no name has: no server is asked. */
    {"https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          ".invalid/", OUTCOME_NAME, "the name has no address"},
  };
  Fetched *g = fetched_run (g_strdup (cases[__i__].url));

  fetched_expect (g, cases[__i__].result, cases[__i__].words);
  fail_if (g->responded);
  fetched_free (g);
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  Fetched *g = fetched_run (g_strdup_printf ("https://127.0.0.1:%u/",
          closed_port ()));

  fetched_expect (g, OUTCOME_REFUSED, "Connection refused");
  fetched_free (g);
}

GST_END_TEST;

/* Nobody answers: to the connection, to the handshake, to the request. */
GST_START_TEST (test_connect_timeout)
{
  SilentPort silent;
  Fetched *g;
  gint64 before = g_get_monotonic_time ();

  silent_port_open (&silent, __i__ == 0);
  g = fetched_new (g_strdup_printf ("https://127.0.0.1:%u/", silent.port));
  g->request.connect_timeout = 200 * MS;
  fetched_start (g);
  wait_for_flag (&g->ended);
  fetched_expect (g, OUTCOME_TIMEOUT, "there is no connection");
  fail_unless (g_get_monotonic_time () - before >= 200000);
  fetched_free (g);
  silent_port_close (&silent);
}

GST_END_TEST;

GST_START_TEST (test_total_timeout)
{
  TestServer *server = __i__ ? test_server_new ("good.pem", answer_and_stay,
      (gpointer) OK "Content-Length: 10\r\n\r\nabc") :
      test_server_new ("good.pem", say_nothing, NULL);
  Fetched *g = fetched_new (test_server_url (server, ""));

  g->request.total_timeout = 700 * MS;
  fetched_start (g);
  wait_for_flag (&g->ended);
  fetched_expect (g, OUTCOME_TIMEOUT, "the response is not complete");
  fail_unless_equals_string (g->body->str, __i__ ? "abc" : "");
  fetched_free (g);
  test_server_free (server);
}

GST_END_TEST;

/* Without a bound on the time a response may last: the connection's bound is
 * none. */
GST_START_TEST (test_no_total_timeout)
{
  TestServer *server = test_server_new ("good.pem", answer_and_stay,
      (gpointer) OK "Content-Length: 10\r\n\r\nabc");
  Fetched *g = fetched_new (test_server_url (server, ""));

  g->request.connect_timeout = 500 * MS;
  fetched_start (g);
  wait_for_count (&g->n_calls, 2);
  run_for (500);
  fail_if (g->ended);
  fail_unless_equals_string (g->body->str, "abc");
  fetched_free (g);
  test_server_free (server);
}

GST_END_TEST;

/* The server goes away in the midst of a body, of known length and not. */
GST_START_TEST (test_cut)
{
  static const gchar *const responses[] = {
    OK "Content-Length: 10\r\n\r\nabc",
    OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5\r\nab",
    "HTTP/1.1 200"
  };
  TestServer *server = test_server_new ("good.pem", answer,
      (gpointer) responses[__i__]);
  Fetched *g = fetched_run (test_server_url (server, ""));

  fetched_expect (g, OUTCOME_CUT, "the connection broke");
  fail_unless_equals_string (g->body->str, __i__ == 0 ? "abc" :
      __i__ == 1 ? "abcab" : "");
  fetched_free (g);
  test_server_free (server);
}

GST_END_TEST;

static Suite *
fetch_suite (void)
{
  Suite *s = suite_create ("fetch");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, certificates_make, certificates_remove);
  tcase_add_test (tc, test_response);
  tcase_add_test (tc, test_request);
  tcase_add_loop_test (tc, test_status, 0, 4);
  tcase_add_loop_test (tc, test_certificates, 0, 4);
  tcase_add_test (tc, test_authorities);
  tcase_add_test (tc, test_old_tls);
  tcase_add_loop_test (tc, test_proxy, 0, 3);
  tcase_add_loop_test (tc, test_urls, 0, 7);
  tcase_add_test (tc, test_refused);
  tcase_add_loop_test (tc, test_connect_timeout, 0, 2);
  tcase_add_loop_test (tc, test_total_timeout, 0, 2);
  tcase_add_test (tc, test_no_total_timeout);
  tcase_add_loop_test (tc, test_cut, 0, 3);
  return s;
}

GST_CHECK_MAIN (fetch);
