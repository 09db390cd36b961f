/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Manifests over HTTPS: what is taken for a manifest stream, and what is said
 * of the rest.
 */
#include "stream.h"

#include <string.h>

#include "streamtest.h"

#define SECOND G_GUINT64_CONSTANT (1000000000)

/* user: the response, but for what follows the status.  Who does not say what he
 * takes gets none. */
static void
answer (TestPeer * peer, gpointer user)
{
  g_autofree gchar *request = test_peer_read_request (peer);

  if (request != NULL &&
      strstr (request, "\r\nAccept: application/ambi\r\n") != NULL)
    test_peer_print (peer, "HTTP/1.1 %s", (const gchar *) user);
}

GST_START_TEST (test_uris)
{
  static const struct
  {
    const gchar *uri;
    const gchar *problem;
  } cases[] = {
    {"https://manifests.example/a", NULL},
    {"https://[2001:db8::1]:8443/a?b", NULL},
    {"ambi+tls://manifests.example:7443", NULL},
    {"ambi+dtls://[2001:db8::1]:7443", NULL},
    {"http://manifests.example/a", "the scheme is not"},
    {"ambi://manifests.example:7443", "the scheme is not"},
    {"ambi+tls://manifests.example", "there is no port"},
    {"ambi+dtls://manifests.example", "there is no port"},
    {"https:///a", "there is no host"},
    {"https:a", "there is no host"},
    {"ambi+tls://:7443", "there is no host"},
    {"https://manifests.example:0/", "the port is 0"},
    {"https://me@manifests.example/", "there is a user name"},
    {"https://manifests.example:65536/", "this is no URI"},
    {"manifests", "this is no URI"},
    {"", "this is no URI"}
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;
    gboolean valid = stream_uri_is_valid (cases[i].uri, &error);

    fail_unless (valid == (cases[i].problem == NULL), "%s", cases[i].uri);
    if (!valid)
      fail_unless (strstr (error->message, cases[i].problem), "%s: %s",
          cases[i].uri, error->message);
    g_clear_error (&error);
  }
}

GST_END_TEST;

/* What is no URI is told like everything else. */
GST_START_TEST (test_bad_uri)
{
  static const gchar *const uris[] = {
    "http://localhost/", "ambi+tls://localhost", "no URI"
  };
  StreamTest *t = stream_test_run (g_strdup (uris[__i__]));

  stream_test_expect (t, OUTCOME_BAD_URI, uris[__i__]);
  fail_if (t->started);
  stream_test_free (t);
}

GST_END_TEST;

GST_START_TEST (test_manifests)
{
  static const gchar *const types[] = {
    "application/ambi", "Application/AMBI ; v=1", "application/ambi;charset=x"
  };
  g_autofree gchar *response = g_strdup_printf ("200 OK\r\nContent-Type: %s\r\n"
      "Content-Length: 9\r\n\r\nmanifests", types[__i__]);
  TestServer *server = test_server_new ("good.pem", answer, response);
  StreamTest *t = stream_test_run (test_server_url (server, "m"));

  stream_test_expect (t, OUTCOME_COMPLETE, "");
  fail_unless (t->started);
  fail_unless_equals_string (t->bytes->str, "manifests");
  stream_test_free (t);
  test_server_free (server);
}

GST_END_TEST;

/* Whether the server says that this was all. */
GST_START_TEST (test_whole)
{
  static const gchar *const responses[] = {
    "Content-Length: 3\r\n\r\nabc",
    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "\r\nabc",
    "Content-Length: 4\r\n\r\nabc"
  };
  g_autofree gchar *response = g_strconcat ("200 OK\r\n"
      "Content-Type: application/ambi\r\n", responses[__i__], NULL);
  TestServer *server = test_server_new ("good.pem", answer, response);
  StreamTest *t = stream_test_run (test_server_url (server, ""));

  stream_test_expect (t, __i__ < 3 ? OUTCOME_COMPLETE : OUTCOME_CUT, "");
  fail_unless (t->whole == (__i__ < 2));
  fail_unless_equals_string (t->bytes->str, "abc");
  stream_test_free (t);
  test_server_free (server);
}

GST_END_TEST;

/* No octet of something else is passed on. */
GST_START_TEST (test_media_type)
{
  static const struct
  {
    const gchar *header;
    const gchar *words;
  } cases[] = {
    {"", "the media type is none"},
    {"Content-Type: text/html\r\n", "the media type is text/html"},
    {"Content-Type: application/ambiguous\r\n", "application/ambiguous"},
    {"Content-Type: x\r\nContent-Type: application/ambi\r\n", "type is x,"},
    {"Content-Type: \033[31m\303\r\n", "type is \\033[31m\\303,"}
  };
  g_autofree gchar *response = g_strdup_printf ("200 OK\r\n%s"
      "Content-Length: 3\r\n\r\nabc", cases[__i__].header);
  TestServer *server = test_server_new ("good.pem", answer, response);
  StreamTest *t = stream_test_run (test_server_url (server, ""));

  stream_test_expect (t, OUTCOME_MEDIA_TYPE, cases[__i__].words);
  fail_if (t->started);
  fail_unless_equals_int (t->n_calls, 1);
  stream_test_free (t);
  test_server_free (server);
}

GST_END_TEST;

GST_START_TEST (test_status)
{
  static const struct
  {
    const gchar *response;
    guint status;
    guint64 retry_after;
  } cases[] = {
    {"404 Not Found\r\n", 404, 0},
    {"410 Gone\r\n", 410, 0},
    {"500 Broken\r\n", 500, 0},
    {"204 Nothing\r\n", 204, 0},
    {"206 Part\r\n", 206, 0},
    {"429 Too Many\r\nRetry-After: 120\r\n", 429, 120 * SECOND},
    {"503 Later\r\nRetry-After: 0\r\n", 503, 0},
    {"503 Later\r\nRetry-After: soon\r\n", 503, 0},
    {"503 Later\r\nRetry-After: -5\r\n", 503, 0},
    {"503 Later\r\nRetry-After: 99999999999999999999\r\n", 503, 0},
    {"503 Later\r\nRetry-After: 4294967295\r\n", 503, 4294967295 * SECOND},
    {"503 Later\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
          "Retry-After: Thu, 01 Jan 2026 00:01:30 GMT\r\n", 503, 90 * SECOND},
    {"503 Later\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
          "Retry-After: Wed, 31 Dec 2025 00:00:00 GMT\r\n", 503, 0}
  };
  g_autofree gchar *response = g_strdup_printf ("%s"
      "Content-Type: application/ambi\r\nContent-Length: 3\r\n\r\nabc",
      cases[__i__].response);
  g_autofree gchar *words = g_strdup_printf ("HTTP status %u",
      cases[__i__].status);
  TestServer *server = test_server_new ("good.pem", answer, response);
  StreamTest *t = stream_test_run (test_server_url (server, ""));

  stream_test_expect (t, OUTCOME_STATUS, words);
  fail_unless_equals_int (t->status, cases[__i__].status);
  fail_unless_equals_uint64 (t->retry_after, cases[__i__].retry_after);
  fail_if (t->started);
  fail_unless_equals_int (t->n_calls, 1);
  stream_test_free (t);
  test_server_free (server);
}

GST_END_TEST;

/* Three redirects are followed. */
static void
redirect (TestPeer * peer, gpointer user)
{
  g_autofree gchar *request = test_peer_read_request (peer);
  guint *left = user;

  if (request == NULL)
    return;
  if (*left == 0)
    test_peer_print (peer, "HTTP/1.1 200 OK\r\nContent-Type: application/ambi"
        "\r\nContent-Length: 3\r\n\r\nabc");
  else
    test_peer_print (peer, "HTTP/1.1 302 Found\r\nLocation: /%u\r\n"
        "Connection: close\r\nContent-Length: 0\r\n\r\n", --*left);
}

GST_START_TEST (test_redirects)
{
  guint left = (guint) __i__;
  TestServer *server = test_server_new ("good.pem", redirect, &left);
  StreamTest *t = stream_test_run (test_server_url (server, ""));

  stream_test_expect (t, __i__ <= STREAM_MAX_REDIRECTS ? OUTCOME_COMPLETE :
      OUTCOME_REDIRECT, "");
  fail_unless_equals_string (t->bytes->str,
      __i__ <= STREAM_MAX_REDIRECTS ? "abc" : "");
  stream_test_free (t);
  test_server_free (server);
}

GST_END_TEST;

/* Closed by its own callback, and by that which says that it is refused. */
GST_START_TEST (test_close_in_callback)
{
  TestServer *server = test_server_new ("good.pem", answer, (gpointer)
      (__i__ ? "200 OK\r\nContent-Type: application/ambi\r\n"
          "Content-Length: 3\r\n\r\nabc" : "404 No\r\n\r\nabc"));
  StreamTest *t = stream_test_new (test_server_url (server, ""));
  guint n = (guint) MAX (__i__, 1);

  t->close_after = n;
  stream_test_open (t);
  wait_for_count (&t->n_calls, n);
  run_for (20);
  fail_unless_equals_int (t->n_calls, n);
  fail_unless (t->s == NULL);
  stream_test_free (t);
  test_server_free (server);
}

GST_END_TEST;

static Suite *
stream_suite (void)
{
  Suite *s = suite_create ("stream");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, certificates_make, certificates_remove);
  tcase_add_test (tc, test_uris);
  tcase_add_loop_test (tc, test_bad_uri, 0, 3);
  tcase_add_loop_test (tc, test_manifests, 0, 3);
  tcase_add_loop_test (tc, test_whole, 0, 4);
  tcase_add_loop_test (tc, test_media_type, 0, 5);
  tcase_add_loop_test (tc, test_status, 0, 13);
  tcase_add_loop_test (tc, test_redirects, 0, 5);
  tcase_add_loop_test (tc, test_close_in_callback, 0, 4);
  return s;
}

GST_CHECK_MAIN (stream);
