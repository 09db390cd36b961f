/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * One GET over HTTPS: what is reported, what is refused, and that it ends at
 * once whenever it is freed.
 */
#include "fetch.h"

#include <stdio.h>
#include <string.h>

#include "testserver.h"

#define MS G_GUINT64_CONSTANT (1000000)
#define OK "HTTP/1.1 200 OK\r\n"

/* One fetch and what it told. */
typedef struct
{
  fetch *f;
  fetch_request request;
  gchar *url;

  gboolean responded;
  guint status;
  gchar *from;
  gchar *content_type;
  gchar *cache_control;
  gchar *retry_after;
  gchar *location;
  gchar *age;
  gchar *date;
  gchar *etag;
  guint64 n_body;
  GString *body;                /* the beginning of it */
  guint n_calls;

  gboolean ended;
  outcome result;
  gchar *text;

  guint free_after;             /* so many calls, by the last of them; 0: never */
} Fetched;

static void
count_call (Fetched * g)
{
  fail_if (g->ended, "called after the end");
  fail_if (g->f == NULL, "called after it was freed");
  if (++g->n_calls == g->free_after) {
    fetch_free (g->f);
    g->f = NULL;
  }
}

static void
on_response (gpointer user, const fetch_response * r)
{
  Fetched *g = user;

  fail_if (g->responded);
  g->responded = TRUE;
  g->status = r->status;
  g->from = g_strdup (r->url);
  g->content_type = g_strdup (r->content_type);
  g->cache_control = g_strdup (r->cache_control);
  g->retry_after = g_strdup (r->retry_after);
  g->location = g_strdup (r->location);
  g->age = g_strdup (r->age);
  g->date = g_strdup (r->date);
  g->etag = g_strdup (r->etag);
  count_call (g);
}

static void
on_body (gpointer user, const guint8 * data, gsize len)
{
  Fetched *g = user;

  fail_unless (g->responded);
  fail_unless (len > 0);
  g->n_body += len;
  if (g->body->len < 4096)
    g_string_append_len (g->body, (const gchar *) data, (gssize) len);
  count_call (g);
}

static void
on_ended (gpointer user, outcome result, const gchar * text)
{
  Fetched *g = user;

  count_call (g);
  g->result = result;
  g->text = g_strdup (text);
  g->ended = TRUE;
}

static const fetch_callbacks callbacks = { on_response, on_body, on_ended };

/* Takes the URL. */
static Fetched *
fetched_new (gchar * url)
{
  Fetched *g = g_new0 (Fetched, 1);

  g->url = url;
  g->body = g_string_new (NULL);
  g->request.url = url;
  g->request.ca_file = certificates_path ("ca.pem");
  return g;
}

static void
fetched_start (Fetched * g)
{
  g->f = fetch_start (&g->request, &callbacks, g);
  fail_unless (g->n_calls == 0);
}

static void
fetched_stop (Fetched * g)
{
  fetch_free (g->f);
  g->f = NULL;
}

static void
fetched_free (Fetched * g)
{
  fetched_stop (g);
  g_string_free (g->body, TRUE);
  g_free (g->url);
  g_free (g->from);
  g_free (g->content_type);
  g_free (g->cache_control);
  g_free (g->retry_after);
  g_free (g->location);
  g_free (g->age);
  g_free (g->date);
  g_free (g->etag);
  g_free (g->text);
  g_free (g);
}

static Fetched *
fetched_run (gchar * url)
{
  Fetched *g = fetched_new (url);

  fetched_start (g);
  wait_for_flag (&g->ended);
  return g;
}

static void
expect (const Fetched * g, outcome result, const gchar * words)
{
  fail_unless_equals_string (outcome_name (g->result), outcome_name (result));
  fail_unless (strstr (g->text, words) != NULL, "\"%s\" does not say \"%s\"",
      g->text, words);
}

/*
 * Servers
 */

/* What is asked for, and its answer; a user string is the whole response. */
static void
answer (TestPeer * peer, gpointer user)
{
  g_autofree gchar *request = test_peer_read_request (peer);

  if (request != NULL)
    test_peer_print (peer, "%s", (const gchar *) user);
}

static void
answer_and_stay (TestPeer * peer, gpointer user)
{
  answer (peer, user);
  test_peer_stay (peer);
}

/* The body is the request. */
static void
echo (TestPeer * peer, gpointer user)
{
  g_autofree gchar *request = test_peer_read_request (peer);

  if (request != NULL)
    test_peer_print (peer, OK "Content-Length: %u\r\n\r\n%s",
        (guint) strlen (request), request);
}

GST_START_TEST (test_response)
{
  static const gchar response[] =
      "HTTP/1.1 103 Early Hints\r\nETag: \"early\"\r\n\r\n" OK
      "Content-Type: application/ambi; v=1\r\ncache-control:  max-age=60 \r\n"
      "Age: 7\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nETag: \"x\"\r\n"
      "ETag: \"second\"\r\nAger: 8\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6\r\n world\r\n0\r\nETag: \"trailer\"\r\n\r\n";
  TestServer *server =
      test_server_new ("good.pem", answer, (gpointer) response);
  Fetched *g = fetched_run (test_server_url (server, "a"));

  expect (g, OUTCOME_COMPLETE, "");
  fail_unless_equals_string (g->text, "");
  fail_unless_equals_int (g->status, 200);
  fail_unless_equals_string (g->from, g->url);
  fail_unless_equals_string (g->content_type, "application/ambi; v=1");
  fail_unless_equals_string (g->cache_control, "max-age=60");
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
  expect (g, OUTCOME_COMPLETE, "");
  fail_unless (g_str_has_prefix (g->body->str, "GET /a%20b?c=d HTTP/1.1\r\n"));
  fail_unless (strstr (g->body->str, "\r\nHost: manifests.example:7\r\n"));
  fail_unless (strstr (g->body->str, "\r\nAccept: application/ambi\r\n"));
  fail_unless (strstr (g->body->str, "\r\nAccept-Encoding: identity\r\n"));
  fail_unless (strstr (g->body->str, "\r\nUser-Agent: gst-multicast/"));
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

  expect (g, OUTCOME_COMPLETE, "");
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

  expect (g, cases[__i__].result, cases[__i__].words);
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
  expect (g, OUTCOME_UNKNOWN_AUTHORITY, "not signed by a trusted");
  fetched_free (g);

  g = fetched_new (test_server_url (server, ""));
  g->request.ca_file = certificates_path ("missing.pem");
  fetched_start (g);
  wait_for_flag (&g->ended);
  expect (g, OUTCOME_CA_FILE, "missing.pem");
  fetched_free (g);

  g = fetched_new (test_server_url (server, ""));
  g->request.ca_file = certificates_path ("other-ca.pem");
  fetched_start (g);
  wait_for_flag (&g->ended);
  expect (g, OUTCOME_UNKNOWN_AUTHORITY, "not signed by a trusted");
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

  expect (g, OUTCOME_TLS, "no TLS that is accepted");
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
    expect (g, OUTCOME_COMPLETE, "");
  else if (__i__ == 1)
    expect (g, OUTCOME_WRONG_HOST, "is for another host");
  else
    expect (g, OUTCOME_REFUSED, "403");
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

  expect (g, cases[__i__].result, cases[__i__].words);
  fail_if (g->responded);
  fetched_free (g);
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  Fetched *g = fetched_run (g_strdup_printf ("https://127.0.0.1:%u/",
          closed_port ()));

  expect (g, OUTCOME_REFUSED, "Connection refused");
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
  expect (g, OUTCOME_TIMEOUT, "there is no connection");
  fail_unless (g_get_monotonic_time () - before >= 200000);
  fetched_free (g);
  silent_port_close (&silent);
}

GST_END_TEST;

static void
say_nothing (TestPeer * peer, gpointer user)
{
  test_peer_stay (peer);
}

GST_START_TEST (test_total_timeout)
{
  TestServer *server = __i__ ? test_server_new ("good.pem", answer_and_stay,
      (gpointer) OK "Content-Length: 10\r\n\r\nabc") :
      test_server_new ("good.pem", say_nothing, NULL);
  Fetched *g = fetched_new (test_server_url (server, ""));

  g->request.total_timeout = 700 * MS;
  fetched_start (g);
  wait_for_flag (&g->ended);
  expect (g, OUTCOME_TIMEOUT, "the response is not complete");
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

  expect (g, OUTCOME_CUT, "the connection broke");
  fail_unless_equals_string (g->body->str, __i__ == 0 ? "abc" :
      __i__ == 1 ? "abcab" : "");
  fetched_free (g);
  test_server_free (server);
}

GST_END_TEST;

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

    expect (g, OUTCOME_COMPLETE, "");
    fail_unless_equals_int (g->status, 200);
    fail_unless_equals_string (g->from, end);
    fail_unless_equals_string (g->etag, NULL);
    fail_unless_equals_string (g->body->str, "here");
  } else {
    expect (g, OUTCOME_REDIRECT, "a redirect that is not followed");
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

  expect (g, OUTCOME_COMPLETE, "");
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
    expect (g, OUTCOME_WRONG_HOST, "is for another host");
  else
    expect (g, OUTCOME_REDIRECT, "a redirect that is not followed");
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
  expect (g, OUTCOME_TOO_LARGE, "the response is too large");
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
  expect (g, __i__ ? OUTCOME_TOO_LARGE : OUTCOME_COMPLETE, "");
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

  expect (g, OUTCOME_TOO_LARGE, "the response is too large");
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
  gint64 before;
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
  before = g_get_monotonic_time ();
  fetched_stop (g);
  fail_unless (g_get_monotonic_time () - before < 100000);
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
  guint port = closed_port ();
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
    expect (all[i], OUTCOME_COMPLETE, "");
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

GST_CHECK_MAIN (fetch);
