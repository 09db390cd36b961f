/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What tests of ambihttpsink share.
 */
#include "httptest.h"

#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define DEADLINE (10 * G_TIME_SPAN_SECOND)

HttpFiles http_files;

/*
 * Certificates
 */

static const gchar script[] =
    "set -e; cd \"$0\"\n"
    "key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'\n"
    "openssl req -x509 $key -keyout ca.key -out ca.pem -days 2 "
    "-subj '/CN=Test CA' -addext basicConstraints=critical,CA:TRUE "
    "-addext keyUsage=critical,keyCertSign\n"
    "openssl req $key -keyout srv.key -out srv.csr -subj /CN=localhost\n"
    "echo 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1' >ext\n"
    "openssl x509 -req -in srv.csr -CA ca.pem -CAkey ca.key -CAcreateserial "
    "-days 2 -extfile ext -out srv.pem\n"
    "cat srv.pem srv.key >both.pem\n"
    "openssl pkcs8 -topk8 -in srv.key -out locked.key -passout pass:secret\n";

void
http_test_begin (void)
{
  const gchar *argv[] = { "sh", "-c", script, NULL, NULL };
  HttpFiles *f = &http_files;
  g_autofree gchar *output = NULL;
  gint status = -1;

  f->dir = g_dir_make_tmp ("ambihttpsink-XXXXXX", NULL);
  g_assert_nonnull (f->dir);
  argv[3] = f->dir;
  g_assert_true (g_spawn_sync (NULL, (gchar **) argv, NULL,
          G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, &output, &status, NULL));
  if (status != 0)
    g_error ("no certificates: %s", output);
  f->ca = g_build_filename (f->dir, "ca.pem", NULL);
  f->certificate = g_build_filename (f->dir, "srv.pem", NULL);
  f->key = g_build_filename (f->dir, "srv.key", NULL);
  f->both = g_build_filename (f->dir, "both.pem", NULL);
  f->other_key = g_build_filename (f->dir, "ca.key", NULL);
  f->encrypted_key = g_build_filename (f->dir, "locked.key", NULL);
  curl_global_init (CURL_GLOBAL_DEFAULT);
}

void
http_test_end (void)
{
  HttpFiles *f = &http_files;
  GDir *dir = g_dir_open (f->dir, 0, NULL);
  const gchar *name;

  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename (f->dir, name, NULL);

    g_unlink (path);
  }
  g_dir_close (dir);
  g_rmdir (f->dir);
  g_free (f->dir);
  g_free (f->ca);
  g_free (f->certificate);
  g_free (f->key);
  g_free (f->both);
  g_free (f->other_key);
  g_free (f->encrypted_key);
  curl_global_cleanup ();
}

/*
 * The sink
 */

GstElement *
http_sink_new (const gchar * first, ...)
{
  GstElement *sink = gst_element_factory_make ("ambihttpsink", NULL);
  va_list args;

  fail_unless (sink != NULL);
  g_object_set (sink, "address", "127.0.0.1", "port", 0, "certificate",
      http_files.certificate, "private-key", http_files.key, NULL);
  va_start (args, first);
  g_object_set_valist (G_OBJECT (sink), first, args);
  va_end (args);
  return sink;
}

GstHarness *
http_harness_new (GstElement * sink)
{
  GstHarness *h = gst_harness_new_with_element (sink, "sink", NULL);

  gst_object_unref (sink);
  gst_harness_set_src_caps_str (h,
      "application/ambi,stream-id=(gint64)1,hash-algorithm=sha-256");
  return h;
}

guint
http_port (GstElement * sink)
{
  guint port;

  g_object_get (sink, "used-port", &port, NULL);
  return port;
}

guint64
http_stat (GstElement * sink, const gchar * name)
{
  GstStructure *stats;
  guint64 value;

  g_object_get (sink, "stats", &stats, NULL);
  fail_unless_equals_string (gst_structure_get_name (stats),
      "application/x-multicast-stats");
  fail_unless (gst_structure_get_uint64 (stats, name, &value), "%s", name);
  gst_structure_free (stats);
  return value;
}

void
http_wait_stat (GstElement * sink, const gchar * name, guint64 value)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;

  while (http_stat (sink, name) != value) {
    fail_unless (g_get_monotonic_time () < end, "%s is %" G_GUINT64_FORMAT
        ", not %" G_GUINT64_FORMAT, name, http_stat (sink, name), value);
    g_usleep (500);
  }
}

static guint8
byte_of (guint n, gsize i)
{
  return (guint8) (i == 0 ? 0xff : i < 4 ? (n >> 7 * (i - 1)) & 0x7f :
      (n + i) & 0x7f);
}

GstBuffer *
http_make_manifest (guint n, gsize len)
{
  guint8 *data = g_malloc (len);

  for (gsize i = 0; i < len; i++)
    data[i] = byte_of (n, i);
  return gst_buffer_new_wrapped (data, len);
}

void
http_push (GstHarness * h, guint first, guint count, gsize len)
{
  for (guint n = first; n < first + count; n++)
    fail_unless_equals_int (gst_harness_push (h, http_make_manifest (n, len)),
        GST_FLOW_OK);
}

/*
 * Clients
 */

static size_t
take_body (char *data, size_t size, size_t n, void *user)
{
  HttpClient *client = user;

  if (client->usleep > 0)
    g_usleep (client->usleep);
  g_mutex_lock (&client->lock);
  g_byte_array_append (client->body, (guint8 *) data, (guint) (size * n));
  g_cond_broadcast (&client->cond);
  g_mutex_unlock (&client->lock);
  return size * n;
}

static size_t
take_header (char *data, size_t size, size_t n, void *user)
{
  HttpClient *client = user;

  g_mutex_lock (&client->lock);
  g_string_append_len (client->headers, data, (gssize) (size * n));
  curl_easy_getinfo (client->curl, CURLINFO_RESPONSE_CODE, &client->status);
  g_cond_broadcast (&client->cond);
  g_mutex_unlock (&client->lock);
  return size * n;
}

static int
progress (void *user, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal,
    curl_off_t ulnow)
{
  HttpClient *client = user;

  return g_atomic_int_get (&client->cancel);
}

static gpointer
client_thread (gpointer data)
{
  HttpClient *client = data;
  CURLM *multi = curl_multi_init ();
  CURLMsg *message = NULL;
  int running = 1, left;

  curl_multi_add_handle (multi, client->curl);
  while (running && !g_atomic_int_get (&client->cancel)) {
    curl_multi_perform (multi, &running);
    if (running)
      curl_multi_poll (multi, NULL, 0, 10, NULL);
  }
  message = curl_multi_info_read (multi, &left);
  g_mutex_lock (&client->lock);
  client->result = message ? message->data.result : CURLE_ABORTED_BY_CALLBACK;
  curl_easy_getinfo (client->curl, CURLINFO_RESPONSE_CODE, &client->status);
  client->done = TRUE;
  g_cond_broadcast (&client->cond);
  g_mutex_unlock (&client->lock);
  curl_multi_remove_handle (multi, client->curl);
  curl_multi_cleanup (multi);
  return NULL;
}

static CURL *
curl_new (const gchar * url)
{
  CURL *curl = curl_easy_init ();

  curl_easy_setopt (curl, CURLOPT_URL, url);
  curl_easy_setopt (curl, CURLOPT_CAINFO, http_files.ca);
  curl_easy_setopt (curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt (curl, CURLOPT_NOPROXY, "*");
  return curl;
}

HttpClient *
http_client_new (guint port, const gchar * path)
{
  HttpClient *client = g_new0 (HttpClient, 1);

  g_snprintf (client->url, sizeof (client->url), "https://127.0.0.1:%u%s",
      port, path);
  g_mutex_init (&client->lock);
  g_cond_init (&client->cond);
  client->body = g_byte_array_new ();
  client->headers = g_string_new (NULL);
  client->curl = curl_new (client->url);
  curl_easy_setopt (client->curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt (client->curl, CURLOPT_WRITEDATA, client);
  curl_easy_setopt (client->curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt (client->curl, CURLOPT_HEADERDATA, client);
  curl_easy_setopt (client->curl, CURLOPT_XFERINFOFUNCTION, progress);
  curl_easy_setopt (client->curl, CURLOPT_XFERINFODATA, client);
  curl_easy_setopt (client->curl, CURLOPT_NOPROGRESS, 0L);
  return client;
}

void
http_client_start (HttpClient * client)
{
  client->thread = g_thread_new ("client", client_thread, client);
}

static gboolean
has_headers (const HttpClient * client)
{
  return client->done || strstr (client->headers->str, "\r\n\r\n") != NULL;
}

static void
wait_for_client (HttpClient * client, gsize bytes, gboolean headers,
    gboolean done)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;

  g_mutex_lock (&client->lock);
  while (client->body->len < bytes || (headers && !has_headers (client)) ||
      (done && !client->done)) {
    fail_if (client->done && client->body->len < bytes,
        "only %u bytes of %" G_GSIZE_FORMAT ", result %d", client->body->len,
        bytes, client->result);
    fail_unless (g_cond_wait_until (&client->cond, &client->lock, end),
        "only %u bytes of %" G_GSIZE_FORMAT, client->body->len, bytes);
  }
  g_mutex_unlock (&client->lock);
}

HttpClient *
http_client_connect (GstElement * sink, const gchar * path)
{
  HttpClient *client = http_client_new (http_port (sink), path);

  http_client_start (client);
  wait_for_client (client, 0, TRUE, FALSE);
  return client;
}

void
http_client_wait_bytes (HttpClient * client, gsize n)
{
  wait_for_client (client, n, FALSE, FALSE);
}

void
http_client_wait_done (HttpClient * client)
{
  wait_for_client (client, 0, FALSE, TRUE);
}

void
http_client_expect (HttpClient * client, guint first, guint count, gsize len)
{
  http_client_wait_bytes (client, count * len);
  g_mutex_lock (&client->lock);
  for (gsize i = 0; i < count * len; i++)
    if (client->body->data[i] != byte_of (first + (guint) (i / len), i % len))
      fail ("byte %" G_GSIZE_FORMAT " is wrong", i);
  g_mutex_unlock (&client->lock);
}

void
http_client_free (HttpClient * client)
{
  g_atomic_int_set (&client->cancel, 1);
  g_thread_join (client->thread);
  curl_easy_cleanup (client->curl);
  g_byte_array_unref (client->body);
  g_string_free (client->headers, TRUE);
  g_cond_clear (&client->cond);
  g_mutex_clear (&client->lock);
  g_free (client);
}

/*
 * Clients that do not read
 */

static int
shrink (void *user, curl_socket_t fd, curlsocktype purpose)
{
  int bytes = 4096;

  setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof (bytes));
  return CURL_SOCKOPT_OK;
}

CURL *
http_silent_new (guint port, const gchar * path)
{
  g_autofree gchar *url = g_strdup_printf ("https://127.0.0.1:%u/", port);
  g_autofree gchar *request =
      g_strdup_printf ("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
  CURL *curl = curl_new (url);
  size_t sent = 0;

  curl_easy_setopt (curl, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt (curl, CURLOPT_SOCKOPTFUNCTION, shrink);
  fail_unless_equals_int (curl_easy_perform (curl), CURLE_OK);
  fail_unless_equals_int (curl_easy_send (curl, request, strlen (request),
          &sent), CURLE_OK);
  fail_unless_equals_int (sent, strlen (request));
  return curl;
}

void
http_silent_wait_closed (CURL * silent)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;
  CURLcode code = CURLE_OK;
  curl_socket_t fd;
  gchar buf[4096];
  size_t n = 1;

  curl_easy_getinfo (silent, CURLINFO_ACTIVESOCKET, &fd);
  while (code == CURLE_AGAIN || (code == CURLE_OK && n > 0)) {
    struct pollfd pfd = { fd, POLLIN, 0 };

    fail_unless (g_get_monotonic_time () < end, "still open");
    if (code == CURLE_AGAIN)
      poll (&pfd, 1, 100);
    code = curl_easy_recv (silent, buf, sizeof (buf), &n);
  }
}
