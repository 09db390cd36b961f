/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * ambihttpsink: settings, answers, what clients get, streams that end.
 */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ambi-wire.h"
#include "httptest.h"

#define MS GST_MSECOND
#define PATH "/stream.ambi"

/*
 * Settings
 */

GST_START_TEST (test_properties)
{
  GstElement *sink = gst_element_factory_make ("ambihttpsink", NULL);
  gchar *address, *path, *certificate, *key;
  guint port, used, max_clients;
  guint64 history, max_lag, max_bytes;
  gboolean sync, async;

  g_object_get (sink, "address", &address, "port", &port, "used-port", &used,
      "path", &path, "certificate", &certificate, "private-key", &key,
      "max-clients", &max_clients, "history", &history, "max-lag", &max_lag,
      "max-bytes", &max_bytes, "sync", &sync, "async", &async, NULL);
  fail_unless (address == NULL && certificate == NULL && key == NULL);
  fail_unless_equals_int (port, 8443);
  fail_unless_equals_int (used, 0);
  fail_unless_equals_string (path, "/stream.ambi");
  fail_unless_equals_int (max_clients, 1024);
  fail_unless_equals_uint64 (history, 2 * GST_SECOND);
  fail_unless_equals_uint64 (max_lag, 10 * GST_SECOND);
  fail_unless_equals_uint64 (max_bytes, 64 * 1024 * 1024);
  fail_if (sync || async);
  g_free (path);

  g_object_set (sink, "address", "::1", "port", 1, "path", "/a", "certificate",
      "b", "private-key", "c", "max-clients", 2, "history", (guint64) 0,
      "max-lag", 100 * MS, "max-bytes", G_GUINT64_CONSTANT (4096), NULL);
  g_object_get (sink, "address", &address, "port", &port, "path", &path,
      "certificate", &certificate, "private-key", &key, "max-clients",
      &max_clients, "history", &history, "max-lag", &max_lag, "max-bytes",
      &max_bytes, NULL);
  fail_unless_equals_string (address, "::1");
  fail_unless_equals_int (port, 1);
  fail_unless_equals_string (path, "/a");
  fail_unless_equals_string (certificate, "b");
  fail_unless_equals_string (key, "c");
  fail_unless_equals_int (max_clients, 2);
  fail_unless_equals_uint64 (history, 0);
  fail_unless_equals_uint64 (max_lag, 100 * MS);
  fail_unless_equals_uint64 (max_bytes, 4096);
  g_free (address);
  g_free (path);
  g_free (certificate);
  g_free (key);
  gst_object_unref (sink);
}

GST_END_TEST;

/* The sink must not start, for a reason that names the property. */
static void
expect_start_error (GstElement * sink, gint code, const gchar * property)
{
  GstBus *bus = gst_bus_new ();
  GError *error = NULL;
  GstMessage *message;

  gst_element_set_bus (sink, bus);
  fail_unless_equals_int (gst_element_set_state (sink, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL, "no error for %s", property);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR, code), "%s: %s",
      property, error->message);
  fail_unless (strstr (error->message, property) != NULL, "%s: %s", property,
      error->message);
  g_error_free (error);
  gst_message_unref (message);
  gst_element_set_state (sink, GST_STATE_NULL);
  gst_element_set_bus (sink, NULL);
  gst_object_unref (bus);
}

/* Which file of those that were made is given; NULL stands for the text. */
typedef struct
{
  gchar **certificate_file;
  const gchar *certificate;
  gchar **key_file;
  const gchar *key;
  const gchar *named;
} BadFiles;

static const BadFiles bad_files[] = {
  {NULL, NULL, &http_files.key, NULL, "\"certificate\""},
  {NULL, "", &http_files.key, NULL, "\"certificate\""},
  {NULL, "/nonexistent.pem", &http_files.key, NULL, "\"certificate\""},
  {&http_files.key, NULL, &http_files.key, NULL, "\"certificate\""},
  {&http_files.certificate, NULL, NULL, "/nonexistent.key", "\"private-key\""},
  {&http_files.certificate, NULL, NULL, NULL, "\"private-key\""},
  {&http_files.certificate, NULL, &http_files.certificate, NULL,
      "\"private-key\""},
  {&http_files.certificate, NULL, &http_files.encrypted_key, NULL,
      "\"private-key\""},
  {&http_files.certificate, NULL, &http_files.other_key, NULL,
      "\"private-key\""}
};

GST_START_TEST (test_bad_files)
{
  const BadFiles *bad = &bad_files[__i__];
  guint fds = count_fds ();
  GstElement *sink = http_sink_new ("certificate",
      bad->certificate_file ? *bad->certificate_file : bad->certificate,
      "private-key", bad->key_file ? *bad->key_file : bad->key, NULL);

  expect_start_error (sink, GST_RESOURCE_ERROR_SETTINGS, bad->named);
  fail_unless_equals_int (count_fds (), fds);

  /* A failed start leaves nothing behind. */
  g_object_set (sink, "certificate", http_files.both, "private-key", NULL,
      NULL);
  fail_unless_equals_int (gst_element_set_state (sink, GST_STATE_PAUSED),
      GST_STATE_CHANGE_SUCCESS);
  gst_element_set_state (sink, GST_STATE_NULL);
  fail_unless_equals_int (count_fds (), fds);
  gst_object_unref (sink);
}

GST_END_TEST;

static const struct
{
  const gchar *property;
  const gchar *value;
} bad_settings[] = {
  {"address", "localhost"},
  {"address", "232.1.1.1"},
  {"address", "192.0.2.77"},
  {"address", "2001:db8::77"},
  {"path", NULL},
  {"path", ""},
  {"path", "stream.ambi"},
  {"path", "/a?b"},
  {"path", "/a b"}
};

GST_START_TEST (test_bad_settings)
{
  GstElement *sink = http_sink_new (bad_settings[__i__].property,
      bad_settings[__i__].value, NULL);

  expect_start_error (sink, GST_RESOURCE_ERROR_SETTINGS,
      bad_settings[__i__].property);
  gst_object_unref (sink);
}

GST_END_TEST;

GST_START_TEST (test_port_in_use)
{
  struct sockaddr_in name = {.sin_family = AF_INET };
  socklen_t len = sizeof (name);
  gint fd = socket (AF_INET, SOCK_STREAM, 0);
  GstElement *sink = http_sink_new ("max-clients", 10, NULL);

  name.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  fail_unless (bind (fd, (struct sockaddr *) &name, len) == 0);
  fail_unless (listen (fd, 1) == 0);
  getsockname (fd, (struct sockaddr *) &name, &len);
  g_object_set (sink, "port", ntohs (name.sin_port), NULL);
  expect_start_error (sink, GST_RESOURCE_ERROR_OPEN_WRITE, "\"port\"");

  close (fd);
  fail_unless_equals_int (gst_element_set_state (sink, GST_STATE_PAUSED),
      GST_STATE_CHANGE_SUCCESS);
  fail_unless_equals_int (http_port (sink), ntohs (name.sin_port));
  gst_element_set_state (sink, GST_STATE_NULL);
  fail_unless_equals_int (http_port (sink), 0);
  gst_object_unref (sink);
}

GST_END_TEST;

/* Nobody waits for manifests before a pipeline plays. */
GST_START_TEST (test_no_preroll)
{
  GstElement *sink = http_sink_new ("max-clients", 10, NULL);

  fail_unless_equals_int (gst_element_set_state (sink, GST_STATE_PAUSED),
      GST_STATE_CHANGE_SUCCESS);
  fail_unless_equals_int (gst_element_set_state (sink, GST_STATE_PLAYING),
      GST_STATE_CHANGE_SUCCESS);
  gst_element_set_state (sink, GST_STATE_NULL);
  gst_object_unref (sink);
}

GST_END_TEST;

/*
 * Answers
 */

static void
expect_header (HttpClient * client, const gchar * line)
{
  fail_unless (strstr (client->headers->str, line) != NULL, "no \"%s\" in %s",
      line, client->headers->str);
}

/* That a client has left shows when manifests are sent to it. */
static void
push_until_clients (GstHarness * h, guint64 wanted)
{
  gint64 end = g_get_monotonic_time () + 5 * G_TIME_SPAN_SECOND;

  while (http_stat (h->element, "clients") != wanted) {
    fail_unless (g_get_monotonic_time () < end);
    http_push (h, 999, 1, 500);
    g_usleep (1000);
  }
}

GST_START_TEST (test_get)
{
  GstHarness *h = http_harness_new (http_sink_new ("history", (guint64) 0,
          NULL));
  HttpClient *client = http_client_connect (h->element, PATH);

  /* The answer comes before there is anything to send. */
  fail_unless_equals_int (client->status, 200);
  expect_header (client, "Content-Type: application/ambi\r\n");
  expect_header (client, "Cache-Control: no-store\r\n");
  expect_header (client, "Transfer-Encoding: chunked\r\n");
  fail_unless_equals_uint64 (http_stat (h->element, "clients"), 1);
  http_push (h, 0, 100, 500);
  http_client_expect (client, 0, 100, 500);
  fail_unless_equals_uint64 (http_stat (h->element, "manifests-in"), 100);
  fail_unless_equals_uint64 (http_stat (h->element, "bytes-in"), 50000);
  fail_unless_equals_uint64 (http_stat (h->element, "bytes-sent"), 50000);
  http_client_free (client);
  push_until_clients (h, 0);
  fail_unless_equals_uint64 (http_stat (h->element, "clients-served"), 1);
  fail_unless_equals_uint64 (http_stat (h->element, "clients-cut"), 0);
  fail_unless_equals_uint64 (http_stat (h->element, "clients-ended"), 0);
  gst_harness_teardown (h);
}

GST_END_TEST;

static const struct
{
  const gchar *method;
  const gchar *path;
  glong status;
  const gchar *header;
} answers[] = {
  {"HEAD", PATH, 200, "Content-Type: application/ambi\r\n"},
  {"HEAD", "/other", 404, "HTTP/1.1 404"},
  {"GET", "/", 404, "Cache-Control: no-store\r\n"},
  {"GET", PATH "/", 404, "HTTP/1.1 404"},
  {"GET", "/../stream.ambi", 404, "HTTP/1.1 404"},
  {"DELETE", PATH, 405, "Allow: GET, HEAD\r\n"},
  {"POST", PATH, 405, "Allow: GET, HEAD\r\n"},
  {"BREW", "/other", 405, "Allow: GET, HEAD\r\n"}
};

GST_START_TEST (test_answers)
{
  GstHarness *h = http_harness_new (http_sink_new ("max-clients", 10, NULL));
  const gchar *method = answers[__i__].method;
  HttpClient *client = http_client_new (http_port (h->element),
      answers[__i__].path);

  curl_easy_setopt (client->curl, CURLOPT_PATH_AS_IS, 1L);
  if (g_str_equal (method, "HEAD"))
    curl_easy_setopt (client->curl, CURLOPT_NOBODY, 1L);
  else if (g_str_equal (method, "POST"))
    curl_easy_setopt (client->curl, CURLOPT_POSTFIELDS, "something");
  else
    curl_easy_setopt (client->curl, CURLOPT_CUSTOMREQUEST, method);
  http_push (h, 0, 1, 100);
  http_client_start (client);
  http_client_wait_done (client);
  fail_unless_equals_int (client->result, CURLE_OK);
  fail_unless_equals_int (client->status, answers[__i__].status);
  fail_unless_equals_int (client->body->len, 0);
  expect_header (client, answers[__i__].header);
  fail_unless_equals_uint64 (http_stat (h->element, "refused-not-found"),
      client->status == 404);
  fail_unless_equals_uint64 (http_stat (h->element, "refused-method"),
      client->status == 405);
  fail_unless_equals_uint64 (http_stat (h->element, "clients-served"), 0);
  http_client_free (client);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* A body that comes with the request is not looked at. */
GST_START_TEST (test_get_with_body_and_query)
{
  GstHarness *h = http_harness_new (http_sink_new ("max-clients", 10, NULL));
  HttpClient *client = http_client_new (http_port (h->element), PATH "?a=b");

  curl_easy_setopt (client->curl, CURLOPT_POSTFIELDS, "something");
  curl_easy_setopt (client->curl, CURLOPT_CUSTOMREQUEST, "GET");
  http_push (h, 0, 3, 100);
  http_client_start (client);
  http_client_expect (client, 0, 3, 100);
  fail_unless_equals_int (client->status, 200);
  http_client_free (client);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_max_clients)
{
  GstHarness *h = http_harness_new (http_sink_new ("max-clients", 2, NULL));
  HttpClient *a = http_client_connect (h->element, PATH);
  HttpClient *b = http_client_connect (h->element, PATH);
  HttpClient *c = http_client_connect (h->element, PATH);
  gint64 end = g_get_monotonic_time () + 5 * G_TIME_SPAN_SECOND;
  glong status;

  fail_unless_equals_int (a->status, 200);
  fail_unless_equals_int (b->status, 200);
  fail_unless_equals_int (c->status, 503);
  expect_header (c, "Retry-After: 10\r\n");
  fail_unless_equals_uint64 (http_stat (h->element, "refused-full"), 1);
  http_client_free (c);

  /* Who has left makes room though there is nothing to send. */
  http_client_free (a);
  do {
    fail_unless (g_get_monotonic_time () < end);
    g_usleep (10000);
    a = http_client_connect (h->element, PATH);
    status = a->status;
    if (status != 200)
      http_client_free (a);
  } while (status == 503);
  fail_unless_equals_int (status, 200);
  fail_unless_equals_uint64 (http_stat (h->element, "clients"), 2);
  http_push (h, 0, 5, 1000);
  http_client_expect (a, 0, 5, 1000);
  http_client_expect (b, 0, 5, 1000);
  http_client_free (a);
  http_client_free (b);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_tls_versions)
{
  static const struct
  {
    glong version;
    gboolean ok;
  } versions[] = {
    {CURL_SSLVERSION_TLSv1_3 | CURL_SSLVERSION_MAX_TLSv1_3, TRUE},
    {CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_2, TRUE},
    {CURL_SSLVERSION_TLSv1_1 | CURL_SSLVERSION_MAX_TLSv1_1, FALSE},
    {CURL_SSLVERSION_TLSv1_0 | CURL_SSLVERSION_MAX_TLSv1_0, FALSE}
  };
  GstHarness *h = http_harness_new (http_sink_new ("certificate",
          http_files.both, "private-key", NULL, NULL));
  HttpClient *client = http_client_new (http_port (h->element), "/other");

  /* The client would be content with less. */
  curl_easy_setopt (client->curl, CURLOPT_SSL_CIPHER_LIST,
      "DEFAULT@SECLEVEL=0");
  curl_easy_setopt (client->curl, CURLOPT_SSLVERSION, versions[__i__].version);
  http_client_start (client);
  http_client_wait_done (client);
  fail_unless_equals_int (client->result, versions[__i__].ok ? CURLE_OK :
      CURLE_SSL_CONNECT_ERROR);
  fail_unless_equals_int (client->status, versions[__i__].ok ? 404 : 0);
  http_client_free (client);
  gst_harness_teardown (h);
}

GST_END_TEST;

/*
 * What clients get
 */

GST_START_TEST (test_join_mid_stream)
{
  GstHarness *h = http_harness_new (http_sink_new ("history", (guint64) 0,
          NULL));
  HttpClient *a = http_client_connect (h->element, PATH);
  HttpClient *b;

  http_push (h, 0, 10, 700);
  http_client_expect (a, 0, 10, 700);
  b = http_client_connect (h->element, PATH);
  http_push (h, 10, 30, 700);
  http_client_expect (a, 0, 40, 700);
  http_client_expect (b, 10, 30, 700);
  http_client_free (a);
  http_client_free (b);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Who connects gets what came in the time before, and no more. */
GST_START_TEST (test_history)
{
  GstHarness *h = http_harness_new (http_sink_new ("history", 1000 * MS,
          NULL));
  HttpClient *client;

  http_push (h, 0, 5, 700);
  g_usleep (1010000);           /* the history's length */
  http_push (h, 5, 3, 700);
  client = http_client_connect (h->element, PATH);
  http_push (h, 8, 2, 700);
  http_client_expect (client, 5, 5, 700);
  fail_unless_equals_uint64 (http_stat (h->element, "bytes-sent"), 3500);
  http_client_free (client);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Manifests of all sizes, which chunks do not respect. */
GST_START_TEST (test_large_manifests)
{
  const gsize len = 1114095;
  GstHarness *h = http_harness_new (http_sink_new ("max-clients", 10, NULL));
  HttpClient *client;

  http_push (h, 0, 3, len);
  client = http_client_connect (h->element, PATH);
  http_push (h, 3, 3, len);
  http_client_expect (client, 0, 6, len);
  http_client_free (client);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_bounded_memory)
{
  GstHarness *h = http_harness_new (http_sink_new ("max-bytes",
          G_GUINT64_CONSTANT (10000), NULL));
  GstBus *bus = gst_bus_new ();
  HttpClient *client;
  GstMessage *message;

  gst_element_set_bus (h->element, bus);
  http_push (h, 0, 20, 1000);
  http_push (h, 99, 2, 9489);
  fail_unless_equals_int (gst_harness_push (h, gst_buffer_new ()), GST_FLOW_OK);
  fail_unless_equals_uint64 (http_stat (h->element, "dropped-too-big"), 2);
  fail_unless_equals_uint64 (http_stat (h->element, "dropped-empty"), 1);
  fail_unless_equals_uint64 (http_stat (h->element, "buffered-manifests"), 6);
  fail_unless_equals_uint64 (http_stat (h->element, "buffered-bytes"),
      6 * 1512);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING);
  fail_unless (message != NULL);
  gst_message_unref (message);
  fail_unless (gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING) == NULL);

  /* The history is what is left. */
  client = http_client_connect (h->element, PATH);
  http_client_expect (client, 14, 6, 1000);
  http_push (h, 101, 1, 9488);
  http_client_wait_bytes (client, 6000 + 9488);
  http_client_free (client);
  gst_element_set_bus (h->element, NULL);
  gst_object_unref (bus);
  gst_harness_teardown (h);
}

GST_END_TEST;

/*
 * Streams that end
 */

GST_START_TEST (test_eos)
{
  GstHarness *h = http_harness_new (http_sink_new ("max-clients", 10, NULL));
  HttpClient *a = http_client_connect (h->element, PATH);
  HttpClient *b;

  http_push (h, 0, 200, 5000);
  fail_unless (gst_harness_push_event (h, gst_event_new_eos ()));
  http_client_wait_done (a);
  fail_unless_equals_int (a->result, CURLE_OK);
  http_client_expect (a, 0, 200, 5000);
  fail_unless_equals_int (a->body->len, 1000000);

  /* Who comes late gets the history, because packets may still be late. */
  b = http_client_connect (h->element, PATH);
  http_client_wait_done (b);
  fail_unless_equals_int (b->result, CURLE_OK);
  fail_unless_equals_int (b->status, 200);
  http_client_expect (b, 0, 200, 5000);
  fail_unless_equals_int (b->body->len, 1000000);
  http_wait_stat (h->element, "clients-ended", 2);
  fail_unless_equals_uint64 (http_stat (h->element, "clients"), 0);
  fail_unless_equals_uint64 (http_stat (h->element, "clients-cut"), 0);
  http_client_free (a);
  http_client_free (b);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_connect_after_eos)
{
  GstHarness *h = http_harness_new (http_sink_new ("history", (guint64) 0,
          NULL));
  GstSegment segment;
  HttpClient *client;

  http_push (h, 0, 1, 100);
  fail_unless (gst_harness_push_event (h, gst_event_new_eos ()));
  client = http_client_connect (h->element, PATH);
  fail_unless_equals_int (client->status, 503);
  http_client_free (client);

  /* A stream that begins anew is served again. */
  gst_harness_push_event (h, gst_event_new_flush_start ());
  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  http_push (h, 1, 1, 100);
  client = http_client_connect (h->element, PATH);
  fail_unless_equals_int (client->status, 200);
  http_push (h, 2, 2, 100);
  http_client_expect (client, 2, 2, 100);
  http_client_free (client);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Manifests of two streams never come by one connection: their digests may have
 * another length. */
static const gchar *const other_streams[] = {
  "application/ambi,stream-id=(gint64)2,hash-algorithm=sha-256",
  "application/ambi,stream-id=(gint64)1,hash-algorithm=sha-384",
  "application/ambi,stream-id=(gint64)1",
  "application/ambi"
};

GST_START_TEST (test_another_stream)
{
  GstHarness *h = http_harness_new (http_sink_new ("max-clients", 10, NULL));
  HttpClient *a = http_client_connect (h->element, PATH);
  HttpClient *b;

  http_push (h, 0, 5, 1000);
  /* The same once more is no change. */
  gst_harness_set_src_caps_str (h, "application/ambi,stream-id=(gint64)1,"
      "hash-algorithm=sha-256,more=(int)1");
  http_push (h, 5, 5, 1000);
  gst_harness_set_src_caps_str (h, other_streams[__i__]);
  http_push (h, 100, 3, 1000);
  http_client_wait_done (a);
  fail_unless_equals_int (a->result, CURLE_OK);
  http_client_expect (a, 0, 10, 1000);
  fail_unless_equals_int (a->body->len, 10000);

  b = http_client_connect (h->element, PATH);
  http_client_expect (b, 100, 3, 1000);
  http_client_free (a);
  http_client_free (b);
  gst_harness_teardown (h);
}

GST_END_TEST;

/*
 * Shared ports
 */

GST_START_TEST (test_shared_port)
{
  GstHarness *h = http_harness_new (http_sink_new ("path", "/old", NULL));
  GstElement *other = http_sink_new ("path", "/old", "port",
      http_port (h->element), NULL);
  HttpClient *a, *b;
  GstHarness *h2;
  guint port = http_port (h->element);

  expect_start_error (other, GST_RESOURCE_ERROR_SETTINGS, "\"path\"");
  g_object_set (other, "path", "/new", "certificate", http_files.both, NULL);
  expect_start_error (other, GST_RESOURCE_ERROR_SETTINGS, "\"certificate\"");
  g_object_set (other, "certificate", http_files.certificate, NULL);
  h2 = http_harness_new (other);
  fail_unless_equals_int (http_port (h2->element), port);

  a = http_client_connect (h->element, "/old");
  b = http_client_connect (h->element, "/new");
  http_push (h, 0, 5, 1000);
  http_push (h2, 50, 5, 1000);
  http_client_expect (a, 0, 5, 1000);
  http_client_expect (b, 50, 5, 1000);
  fail_unless_equals_uint64 (http_stat (h->element, "clients"), 1);
  fail_unless_equals_uint64 (http_stat (h2->element, "clients"), 1);

  /* The one that opened the port goes; its clients with it. */
  gst_harness_teardown (h);
  http_client_wait_done (a);
  fail_unless (a->result != CURLE_OK);
  http_client_free (a);
  http_push (h2, 55, 5, 1000);
  http_client_expect (b, 50, 10, 1000);
  a = http_client_connect (h2->element, "/old");
  fail_unless_equals_int (a->status, 404);
  http_client_free (a);
  http_client_free (b);
  gst_harness_teardown (h2);
}

GST_END_TEST;

/*
 * Behind ambisign
 */

GST_START_TEST (test_with_ambisign)
{
  GstElement *pipeline = gst_parse_launch ("videotestsrc is-live=true "
      "num-buffers=30 ! video/x-raw,format=GRAY8,width=16,height=16,"
      "framerate=100/1 ! ambisign name=s source=192.0.2.1 group=232.1.1.1 "
      "delay=200000000 packets-per-manifest=7 ! fakesink s.manifest ! "
      "ambihttpsink name=h address=127.0.0.1 port=0", NULL);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "h");
  guint listed = 0;
  HttpClient *client;
  ambi_parser parser;
  const guint8 *data;
  ambi_item item;
  gsize left;

  g_object_set (sink, "certificate", http_files.both, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  client = http_client_connect (sink, PATH);
  http_client_wait_done (client);
  fail_unless_equals_int (client->result, CURLE_OK);
  ambi_parser_init (&parser, -1, CORE_HASH_SHA_256);
  data = client->body->data;
  left = client->body->len;
  do {
    ambi_parser_next (&parser, &data, &left, &item);
    fail_if (item.type == AMBI_ITEM_WRONG_STREAM_ID ||
        item.type == AMBI_ITEM_TLV_OVERFLOW);
    if (item.type == AMBI_ITEM_DIGEST)
      fail_unless_equals_int (item.seq, listed++);
  } while (item.type != AMBI_ITEM_NONE);
  fail_unless (ambi_parser_at_boundary (&parser));
  fail_unless_equals_int (listed, 30);
  http_client_free (client);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
}

GST_END_TEST;

static Suite *
ambihttpsink_suite (void)
{
  Suite *s = suite_create ("ambihttpsink");
  TCase *tc = tcase_create ("settings");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_properties);
  tcase_add_loop_test (tc, test_bad_files, 0, G_N_ELEMENTS (bad_files));
  tcase_add_loop_test (tc, test_bad_settings, 0, G_N_ELEMENTS (bad_settings));
  tcase_add_test (tc, test_port_in_use);
  tcase_add_test (tc, test_no_preroll);

  tc = tcase_create ("answers");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_get);
  tcase_add_loop_test (tc, test_answers, 0, G_N_ELEMENTS (answers));
  tcase_add_test (tc, test_get_with_body_and_query);
  tcase_add_test (tc, test_max_clients);
  tcase_add_loop_test (tc, test_tls_versions, 0, 4);

  tc = tcase_create ("streams");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_join_mid_stream);
  tcase_add_test (tc, test_history);
  tcase_add_test (tc, test_large_manifests);
  tcase_add_test (tc, test_bounded_memory);
  tcase_add_test (tc, test_eos);
  tcase_add_test (tc, test_connect_after_eos);
  tcase_add_loop_test (tc, test_another_stream, 0,
      G_N_ELEMENTS (other_streams));
  tcase_add_test (tc, test_shared_port);
  tcase_add_test (tc, test_with_ambisign);
  return s;
}

int
main (int argc, char **argv)
{
  int failed;

  gst_check_init (&argc, &argv);
  http_test_begin ();
  failed = gst_check_run_suite (ambihttpsink_suite (), "ambihttpsink",
      __FILE__);
  http_test_end ();
  return failed;
}
