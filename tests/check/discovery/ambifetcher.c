/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What fetches the manifests of ambiverify: through servers that die, come
 * back, fall silent, refuse or bring something else.
 */
#include <string.h>

#include "ambireceiver.h"

#define MS CORE_MSECOND

GST_DEBUG_CATEGORY (gst_ambi_verify_debug);

/*
 * Servers
 */

#define MANIFESTS "HTTP/1.1 200 OK\r\nContent-Type: application/ambi\r\n\r\n"

/* The header, and a line each 20 ms. */
static void
go_on (TestPeer * peer, gpointer user)
{
  g_autofree gchar *request = test_peer_read_request (peer);

  if (request == NULL || !test_peer_print (peer, MANIFESTS))
    return;
  while (test_peer_print (peer, "line\n") && test_peer_pause (peer, 20))
    continue;
}

/* user: the response. */
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

/* Octets, but no manifest. */
static void
creep (TestPeer * peer, gpointer user)
{
  g_autofree gchar *request = test_peer_read_request (peer);

  if (request == NULL || !test_peer_print (peer, MANIFESTS))
    return;
  while (test_peer_print (peer, "l") && test_peer_pause (peer, 20))
    continue;
}

static void
go_on_tls (TestPeer * peer, gpointer user)
{
  while (test_peer_print (peer, "line\n") && test_peer_pause (peer, 20))
    continue;
}

/*
 * Tests
 */

GST_START_TEST (test_settings)
{
  static const struct
  {
    const gchar *uris;
    const gchar *ca_file;
    const gchar *words;
  } cases[] = {
    {"", NULL, "\"manifest-uri\" has 0 URIs"},
    {" \n ", NULL, "\"manifest-uri\" has 0 URIs"},
    {"http://a/", NULL, "\"manifest-uri\" has \"http://a/\": the scheme"},
    {"https://a/ ambi+tls://b", NULL, "has \"ambi+tls://b\": there is no port"},
    {"https://a/", "missing.pem", "\"tls-ca-file\" has \""},
    {"https://a/", "server.ext", "\"tls-ca-file\" has \""}
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GstAmbiFetcherSettings settings = {.uris = cases[i].uris };
    GError *error = NULL;

    if (cases[i].ca_file)
      settings.tls_ca_file = certificates_path (cases[i].ca_file);
    fail_unless (gst_ambi_fetcher_new (&settings, &receiver_callbacks, NULL,
            &error) == NULL);
    fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
            GST_RESOURCE_ERROR_SETTINGS));
    fail_unless (strstr (error->message, cases[i].words) != NULL, "%s",
        error->message);
    g_clear_error (&error);
  }
  gst_ambi_fetcher_free (NULL);
}

GST_END_TEST;

/* More than can be followed. */
GST_START_TEST (test_too_many)
{
  GstAmbiFetcherSettings settings = { 0 };
  GString *uris = g_string_new (NULL);
  GError *error = NULL;

  for (guint i = 0; i < 65; i++)
    g_string_append (uris, "https://a/\n");
  settings.uris = uris->str;
  fail_unless (gst_ambi_fetcher_new (&settings, &receiver_callbacks, NULL,
          &error) == NULL);
  fail_unless (strstr (error->message, "65 URIs") != NULL);
  g_clear_error (&error);
  g_string_free (uris, TRUE);
}

GST_END_TEST;

/* The server dies in the midst of a manifest and comes back, three times; each
 * time it is told once. */
GST_START_TEST (test_restart)
{
  TestServer *server = __i__ ? test_server_new ("good.pem", go_on_tls, NULL) :
      test_server_new ("good.pem", go_on, NULL);
  guint port = test_server_port (server);
  g_autofree gchar *uri = g_strdup_printf (__i__ ? "ambi+tls://localhost:%u" :
      "https://localhost:%u/m", port);
  Receiver r;

  receiver_init (&r);
  receiver_start (&r, uri);
  for (guint i = 0; i < 3; i++) {
    receiver_wait_for_lines (&r, receiver_get_feed (&r, i), 2);
    fail_unless_equals_int (receiver_read (&r, &r.n_trouble), i);
    test_server_free (server);
    receiver_wait (&r, &r.n_trouble, i + 1);
    fail_unless_equals_int (receiver_read (&r, &r.n_ended), i + 1);
    fail_unless_equals_string (r.trouble_code, "connection");
    server = test_server_new_at (port, "good.pem", __i__ ? go_on_tls : go_on,
        NULL);
  }
  receiver_wait_for_lines (&r, receiver_get_feed (&r, 3), 2);
  fail_unless_equals_int (receiver_read (&r, &r.n_trouble), 3);
  fail_unless_equals_int (r.n_complete, 0);
  receiver_stop (&r);
  test_server_free (server);
  receiver_clear (&r);
}

GST_END_TEST;

/* While one of several servers is good, the others are no trouble. */
GST_START_TEST (test_alternatives)
{
  TestServer *lost = test_server_new ("good.pem", answer,
      (gpointer) "HTTP/1.1 404 Not Found\r\n\r\n");
  TestServer *wrong = test_server_new ("wrong-host.pem", go_on, NULL);
  TestServer *other = test_server_new ("good.pem", answer_and_stay,
      (gpointer) MANIFESTS "another stream: x\n");
  TestServer *good = test_server_new ("good.pem", go_on, NULL);
  g_autofree gchar *uris = g_strdup_printf ("https://localhost:%u/ "
      "https://localhost:%u/\n\thttps://localhost:%u/ https://localhost:%u/ "
      "ambi+tls://127.0.0.1:%u https://localhost:%u/good", closed_port (),
      test_server_port (lost), test_server_port (wrong),
      test_server_port (other), closed_port (), test_server_port (good));
  Receiver r;

  receiver_init (&r);
  receiver_start (&r, uris);
  fail_unless (strstr (receiver_get_feed (&r, 0)->uri, "/good") == NULL);
  fail_unless (g_str_has_suffix (receiver_get_feed (&r, 1)->uri, "/good"));
  receiver_wait_for_lines (&r, receiver_get_feed (&r, 1), 2);
  fail_unless_equals_int (receiver_read (&r, &r.n_trouble), 0);
  fail_unless_equals_int (test_server_n_peers (lost), 1);
  receiver_stop (&r);
  fail_unless_equals_int (r.n_ended, 2);
  test_server_free (lost);
  test_server_free (wrong);
  test_server_free (other);
  test_server_free (good);
  receiver_clear (&r);
}

GST_END_TEST;

/* None is good: the first is told, once, whatever comes later. */
GST_START_TEST (test_trouble)
{
  static const struct
  {
    const gchar *response;
    const gchar *words;
  } cases[] = {
    {"HTTP/1.1 404 Not Found\r\n\r\n", "HTTP status 404"},
    {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", "is text/html"},
    {"HTTP/1.1 302 Found\r\nLocation: http://localhost/\r\n\r\n",
        "a redirect that is not followed"},
    {MANIFESTS, "the server has ended the connection"}
  };
  TestServer *server = test_server_new ("good.pem", answer,
      (gpointer) cases[__i__].response);
  g_autofree gchar *uri = test_server_url (server, "m");
  g_autofree gchar *uris = g_strdup_printf ("%s https://127.0.0.1:%u/", uri,
      closed_port ());
  Receiver r;

  receiver_init (&r);
  receiver_start (&r, uris);
  while (test_server_n_peers (server) < 3)
    run_for (1);
  receiver_expect_trouble (&r, uri, "connection", cases[__i__].words);
  receiver_stop (&r);
  fail_unless_equals_int (r.n_trouble, 1);
  test_server_free (server);
  receiver_clear (&r);
}

GST_END_TEST;

/* A response of known length that is complete. */
GST_START_TEST (test_complete)
{
  TestServer *server = test_server_new ("good.pem", answer,
      (gpointer) "HTTP/1.1 200 OK\r\nContent-Type: application/ambi\r\n"
      "Content-Length: 5\r\n\r\nline\n");
  g_autofree gchar *uri = test_server_url (server, "m");
  Receiver r;

  receiver_init (&r);
  receiver_start (&r, uri);
  receiver_wait (&r, &r.n_complete, 1);
  /* It may have changed, and is asked for again. */
  receiver_wait (&r, &r.n_complete, 2);
  receiver_stop (&r);
  fail_unless_equals_string (((GstAmbiFeed *) r.feeds->pdata[0])->text->str,
      "line\n");
  test_server_free (server);
  receiver_clear (&r);
}

GST_END_TEST;

/* The server says when it may be asked again. */
GST_START_TEST (test_retry_after)
{
  TestServer *server = test_server_new ("good.pem", answer,
      (gpointer) "HTTP/1.1 503 Busy\r\nRetry-After: 1\r\n\r\n");
  g_autofree gchar *uri = test_server_url (server, "m");
  gint64 first;
  Receiver r;

  receiver_init (&r);
  receiver_start (&r, uri);
  receiver_expect_trouble (&r, uri, "connection", "HTTP status 503");
  first = g_get_monotonic_time ();
  while (test_server_n_peers (server) < 2)
    run_for (1);
  fail_unless (g_get_monotonic_time () - first > 900000);
  receiver_stop (&r);
  test_server_free (server);
  receiver_clear (&r);
}

GST_END_TEST;

/* Packets arrive; the server is connected, and says nothing, or an octet at a
 * time. */
GST_START_TEST (test_stalled)
{
  TestServer *server = __i__ ? test_server_new ("good.pem", creep, NULL) :
      test_server_new ("good.pem", answer_and_stay, (gpointer) MANIFESTS);
  g_autofree gchar *uri = test_server_url (server, "m");
  Receiver r;

  receiver_init (&r);
  receiver_start (&r, uri);
  while (receiver_read (&r, &r.n_connected) < 2) {
    gst_ambi_fetcher_data_flows (r.fetcher);
    run_for (10);
  }
  receiver_expect_trouble (&r, uri, "stalled",
      "packets come, but no manifests");
  receiver_stop (&r);
  if (__i__)
    fail_unless (((GstAmbiFeed *) r.feeds->pdata[0])->text->len > 5);
  test_server_free (server);
  receiver_clear (&r);
}

GST_END_TEST;

/* With manifests there is no stall, and without packets there is none. */
GST_START_TEST (test_not_stalled)
{
  TestServer *server = __i__ ? test_server_new ("good.pem", go_on, NULL) :
      test_server_new ("good.pem", answer_and_stay, (gpointer) MANIFESTS);
  g_autofree gchar *uri = test_server_url (server, "m");
  gint64 end;
  Receiver r;

  receiver_init (&r);
  receiver_start (&r, uri);
  receiver_get_feed (&r, 0);
  end = g_get_monotonic_time () + 800000;
  while (g_get_monotonic_time () < end) {
    if (__i__)
      gst_ambi_fetcher_data_flows (r.fetcher);
    run_for (10);
  }
  fail_unless_equals_int (receiver_read (&r, &r.n_ended), 0);
  fail_unless_equals_int (receiver_read (&r, &r.n_trouble), 0);
  receiver_stop (&r);
  test_server_free (server);
  receiver_clear (&r);
}

GST_END_TEST;

/* Servers that take the connection and do not answer: the handshake, the
 * request. */
GST_START_TEST (test_no_answer)
{
  TestServer *mute = test_server_new ("good.pem", answer_and_stay,
      (gpointer) "");
  SilentPort silent;
  g_autofree gchar *uri = NULL;
  Receiver r;

  silent_port_open (&silent, FALSE);
  uri = __i__ ? test_server_url (mute, "m") :
      g_strdup_printf ("ambi+tls://localhost:%u", silent.port);
  receiver_init (&r);
  r.settings.connect_timeout = 600 * MS;
  receiver_start (&r, uri);
  receiver_expect_trouble (&r, uri, "connection",
      __i__ ? "the server does not answer" : "no answer in time");
  receiver_stop (&r);
  fail_unless_equals_int (r.n_connected, 0);
  test_server_free (mute);
  silent_port_close (&silent);
  receiver_clear (&r);
}

GST_END_TEST;

/* The end of a stream: another one is fetched beside it, and it is left. */
GST_START_TEST (test_transition)
{
  TestServer *a = test_server_new ("good.pem", go_on, NULL);
  TestServer *b = test_server_new ("good.pem", go_on_tls, NULL);
  g_autofree gchar *uris = g_strdup_printf ("https://localhost:%u/a "
      "ambi+tls://localhost:%u", test_server_port (a), test_server_port (b));
  GstAmbiFeed *old, *new;
  Receiver r;

  receiver_init (&r);
  receiver_start (&r, uris);
  old = receiver_get_feed (&r, 0);
  fail_if (old->another);
  receiver_wait_for_lines (&r, old, 1);
  gst_ambi_fetcher_refresh (r.fetcher, old, 0);
  new = receiver_get_feed (&r, 1);
  fail_unless (new->another);
  fail_unless (g_str_has_prefix (new->uri, "ambi+tls:"));
  receiver_wait_for_lines (&r, new, 2);
  receiver_wait_for_lines (&r, old, 3);
  fail_unless_equals_int (receiver_read (&r, &r.n_open), 2);

  gst_ambi_fetcher_leave (r.fetcher, old);
  receiver_wait (&r, &r.n_ended, 1);
  /* What is told of it later is of no interest. */
  gst_ambi_fetcher_disconnect (r.fetcher, old);
  gst_ambi_fetcher_refresh (r.fetcher, old, 0);
  receiver_wait_for_lines (&r, new, receiver_lines (&r, new) + 3);
  fail_unless_equals_int (receiver_read (&r, &r.n_connected), 2);
  fail_unless_equals_int (receiver_read (&r, &r.n_open), 1);
  fail_unless_equals_int (receiver_read (&r, &r.n_trouble), 0);
  receiver_stop (&r);
  test_server_free (a);
  test_server_free (b);
  receiver_clear (&r);
}

GST_END_TEST;

/* Servers that have no other stream. */
static void
wrong_second_time (TestPeer * peer, gpointer user)
{
  if (test_peer_number (peer) == 0)
    go_on (peer, user);
  else
    answer_and_stay (peer, (gpointer) MANIFESTS "x");
}

GST_START_TEST (test_transition_wrong_stream)
{
  TestServer *a = test_server_new ("good.pem", wrong_second_time, NULL);
  TestServer *b = test_server_new ("good.pem", answer_and_stay,
      (gpointer) MANIFESTS "x");
  g_autofree gchar *uris = g_strdup_printf ("https://localhost:%u/a "
      "https://localhost:%u/b", test_server_port (a), test_server_port (b));
  GstAmbiFeed *old;
  Receiver r;

  receiver_init (&r);
  receiver_start (&r, uris);
  old = receiver_get_feed (&r, 0);
  receiver_wait_for_lines (&r, old, 1);
  gst_ambi_fetcher_refresh (r.fetcher, old, 0);
  /* Both are tried; both are refused; the old connection goes on. */
  receiver_wait (&r, &r.n_ended, 2);
  fail_unless (receiver_get_feed (&r, 1)->another
      && receiver_get_feed (&r, 2)->another);
  receiver_wait_for_lines (&r, old, receiver_lines (&r, old) + 5);
  fail_unless_equals_int (receiver_read (&r, &r.n_connected), 3);
  fail_unless_equals_int (receiver_read (&r, &r.n_trouble), 0);

  /* And again, when it is told again. */
  gst_ambi_fetcher_refresh (r.fetcher, old, 0);
  receiver_wait (&r, &r.n_ended, 4);
  fail_unless_equals_int (receiver_read (&r, &r.n_open), 1);
  receiver_stop (&r);
  test_server_free (a);
  test_server_free (b);
  receiver_clear (&r);
}

GST_END_TEST;

/* What comes is of no use, the verifier says. */
GST_START_TEST (test_disconnect)
{
  TestServer *server = test_server_new ("good.pem", go_on, NULL);
  g_autofree gchar *uri = test_server_url (server, "m");
  Receiver r;

  receiver_init (&r);
  receiver_start (&r, uri);
  receiver_wait_for_lines (&r, receiver_get_feed (&r, 0), 1);
  gst_ambi_fetcher_disconnect (r.fetcher, receiver_get_feed (&r, 0));
  receiver_wait_for_lines (&r, receiver_get_feed (&r, 1), 1);
  fail_unless_equals_int (receiver_read (&r, &r.n_ended), 1);
  /* It was told by who found it out. */
  fail_unless_equals_int (receiver_read (&r, &r.n_trouble), 0);
  receiver_stop (&r);
  test_server_free (server);
  receiver_clear (&r);
}

GST_END_TEST;

/* The receiver wants no connection. */
GST_START_TEST (test_no_feed)
{
  TestServer *server = test_server_new ("good.pem", go_on, NULL);
  g_autofree gchar *uri = test_server_url (server, "m");
  Receiver r;

  receiver_init (&r);
  r.refuse = TRUE;
  receiver_start (&r, uri);
  receiver_wait (&r, &r.n_connected, 2);
  receiver_stop (&r);
  fail_unless_equals_int (r.n_ended, 0);
  test_server_free (server);
  receiver_clear (&r);
}

GST_END_TEST;

/* Started and stopped at all places: at once, while connecting, with manifests
 * coming, while waiting; nothing is left behind. */
GST_START_TEST (test_cycles)
{
  guint threads = 0, fds = 0;

  for (guint round = 0; round < 2; round++) {
    TestServer *server = test_server_new ("good.pem", go_on, NULL);
    SilentPort silent;
    gchar *uris[3];

    silent_port_open (&silent, FALSE);
    uris[0] = test_server_url (server, "m");
    uris[1] = g_strdup_printf ("ambi+tls://localhost:%u https://localhost:%u/",
        silent.port, silent.port);
    uris[2] = g_strdup_printf ("https://127.0.0.1:%u/", closed_port ());
    for (guint i = 0; i < (round == 0 ? 6 : 50); i++) {
      Receiver r;

      receiver_init (&r);
      receiver_start (&r, uris[i % 3]);
      if (i % 6 == 3)
        receiver_wait_for_lines (&r, receiver_get_feed (&r, 0), 1);
      else if (i % 6 == 5)
        receiver_wait (&r, &r.n_trouble, 1);
      else if (i % 2)
        run_for (2);
      receiver_stop (&r);
      receiver_clear (&r);
    }
    test_server_free (server);
    silent_port_close (&silent);
    if (round == 0) {
      threads = count_threads ();
      fds = count_fds ();
    }
    for (guint i = 0; i < G_N_ELEMENTS (uris); i++)
      g_free (uris[i]);
  }
  wait_for_threads (threads);
  wait_for_fds (fds);
}

GST_END_TEST;

/* Two threads tell news all the time, of feeds that are and are not. */
typedef struct
{
  Receiver *r;
  gint stop;
} Teller;

static gpointer
tell_news (gpointer data)
{
  Teller *t = data;

  for (guint i = 0; !g_atomic_int_get (&t->stop); i++) {
    GstAmbiFeed *feed = NULL;

    g_mutex_lock (&t->r->lock);
    if (t->r->feeds->len > 0)
      feed = t->r->feeds->pdata[i % t->r->feeds->len];
    g_mutex_unlock (&t->r->lock);
    gst_ambi_fetcher_data_flows (t->r->fetcher);
    if (feed != NULL && i % 3 == 0)
      gst_ambi_fetcher_refresh (t->r->fetcher, feed, 0);
    if (feed != NULL && i % 7 == 0)
      gst_ambi_fetcher_leave (t->r->fetcher, feed);
    if (feed != NULL && i % 11 == 0)
      gst_ambi_fetcher_disconnect (t->r->fetcher, feed);
    g_usleep (2000);
  }
  return NULL;
}

GST_START_TEST (test_news_from_threads)
{
  TestServer *a = test_server_new ("good.pem", go_on, NULL);
  TestServer *b = test_server_new ("good.pem", go_on_tls, NULL);
  g_autofree gchar *uris = g_strdup_printf ("https://localhost:%u/a "
      "ambi+tls://localhost:%u", test_server_port (a), test_server_port (b));
  GThread *threads[2];
  Receiver r;
  Teller teller = {.r = &r };

  receiver_init (&r);
  r.settings.first_wait = MS;
  receiver_start (&r, uris);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("teller", tell_news, &teller);
  receiver_wait (&r, &r.n_connected, 10);
  g_atomic_int_set (&teller.stop, 1);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  receiver_stop (&r);
  test_server_free (a);
  test_server_free (b);
  receiver_clear (&r);
}

GST_END_TEST;

static Suite *
ambifetcher_suite (void)
{
  Suite *s = suite_create ("ambifetcher");
  TCase *tc = tcase_create ("general");

  GST_DEBUG_CATEGORY_INIT (gst_ambi_verify_debug, "ambiverify", 0, "test");
  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, certificates_make, certificates_remove);
  tcase_add_test (tc, test_settings);
  tcase_add_test (tc, test_too_many);
  tcase_add_loop_test (tc, test_restart, 0, 2);
  tcase_add_test (tc, test_alternatives);
  tcase_add_loop_test (tc, test_trouble, 0, 4);
  tcase_add_test (tc, test_complete);
  tcase_add_test (tc, test_retry_after);
  tcase_add_loop_test (tc, test_stalled, 0, 2);
  tcase_add_loop_test (tc, test_not_stalled, 0, 2);
  tcase_add_loop_test (tc, test_no_answer, 0, 2);
  tcase_add_test (tc, test_transition);
  tcase_add_test (tc, test_transition_wrong_stream);
  tcase_add_test (tc, test_disconnect);
  tcase_add_test (tc, test_no_feed);
  tcase_add_test (tc, test_cycles);
  tcase_add_test (tc, test_news_from_threads);
  return s;
}

GST_CHECK_MAIN (ambifetcher);
