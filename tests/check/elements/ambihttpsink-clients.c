/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * ambihttpsink: clients that are slow, silent, many; starting and stopping.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "httptest.h"
#include "stopwatch.h"

#define MS GST_MSECOND
#define PATH "/stream.ambi"

/* One client never reads, one is slow, one is as fast as it can be.  The first
 * is cut off and costs the others nothing. */
GST_START_TEST (test_silent_and_slow)
{
  const guint total = 90;
  const gsize len = 100000;
  GstHarness *h = http_harness_new (http_sink_new ("max-lag", 1000 * MS, NULL));
  HttpClient *slow = http_client_new (http_port (h->element), PATH);
  HttpClient *fast = http_client_connect (h->element, PATH);
  CURL *silent = http_silent_new (http_port (h->element), PATH);

  slow->usleep = 200;
  http_client_start (slow);
  http_wait_stat (h->element, "clients", 3);
  for (guint n = 0; n < total; n++) {
    http_push (h, n, 1, len);
    g_usleep (12000);           /* the stream lasts longer than the lag */
    /* However slow it is here, it is a bit behind, and no more. */
    if (n > 5)
      http_client_wait_bytes (slow, (n - 5) * len);
  }
  http_wait_stat (h->element, "clients-cut", 1);
  http_wait_stat (h->element, "clients", 2);
  http_client_expect (fast, 0, total, len);
  http_client_expect (slow, 0, total, len);
  http_silent_wait_closed (silent);
  curl_easy_cleanup (silent);
  http_client_free (slow);
  http_client_free (fast);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* What a client has not read is no more there: it is cut off long before it is
 * too late, and whoever is up to date is not. */
GST_START_TEST (test_overrun)
{
  GstHarness *h = http_harness_new (http_sink_new ("max-lag", 60 * GST_SECOND,
          "max-bytes", G_GUINT64_CONSTANT (1000000), NULL));
  HttpClient *client = http_client_connect (h->element, PATH);
  CURL *silent = http_silent_new (http_port (h->element), PATH);

  http_wait_stat (h->element, "clients", 2);
  for (guint n = 0; n < 30; n++) {
    http_push (h, n, 1, 100000);
    http_client_wait_bytes (client, (n + 1) * 100000);
  }
  http_wait_stat (h->element, "clients-cut", 1);
  fail_unless_equals_uint64 (http_stat (h->element, "clients"), 1);
  http_client_expect (client, 0, 30, 100000);
  http_silent_wait_closed (silent);
  curl_easy_cleanup (silent);
  http_client_free (client);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* The stream stands still, or has ended: nothing pushes any more, and yet a
 * client that does not read is cut off. */
GST_START_TEST (test_silent_after_the_end)
{
  GstHarness *h = http_harness_new (http_sink_new ("max-lag", 100 * MS, NULL));
  CURL *silent = http_silent_new (http_port (h->element), PATH);

  http_wait_stat (h->element, "clients", 1);
  http_push (h, 0, 10, 500000);
  if (__i__)
    gst_harness_push_event (h, gst_event_new_eos ());
  http_wait_stat (h->element, "clients-cut", 1);
  fail_unless_equals_uint64 (http_stat (h->element, "clients"), 0);
  http_silent_wait_closed (silent);
  curl_easy_cleanup (silent);
  gst_harness_teardown (h);
}

GST_END_TEST;

static gint
tcp_connect (guint port)
{
  struct sockaddr_in name = {.sin_family = AF_INET };
  gint fd = socket (AF_INET, SOCK_STREAM, 0);

  name.sin_port = htons ((guint16) port);
  name.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  fail_unless (connect (fd, (struct sockaddr *) &name, sizeof (name)) == 0);
  return fd;
}

/* What comes back must not be any of the stream; then the end. */
static void
expect_closed (gint fd)
{
  struct pollfd pfd = { fd, POLLIN, 0 };
  gchar buf[4096];
  gssize n;

  do {
    fail_unless (poll (&pfd, 1, 5000) == 1, "still open");
    n = recv (fd, buf, sizeof (buf), 0);
    fail_if (n > 0 && memmem (buf, (gsize) n, "200 OK", 6) != NULL);
  } while (n > 0);
  close (fd);
}

static gint64
cpu_time (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC +
      usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

/* Connections that never become requests end, and do no harm: neither do they
 * keep the server busy until they end, after a second. */
GST_START_TEST (test_no_request)
{
  static const gchar *const sent[] = {
    "", "GET " PATH " HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "\x16\x03\x01\xff\xff", "\x16\x03\x01\x02", "\r\n\r\n"
  };
  GstHarness *h = http_harness_new (http_sink_new ("max-lag", 1 * GST_SECOND,
          NULL));
  gint fds[G_N_ELEMENTS (sent)];
  HttpClient *client;
  gint64 cpu;

  for (guint i = 0; i < G_N_ELEMENTS (sent); i++) {
    fds[i] = tcp_connect (http_port (h->element));
    fail_unless (send (fds[i], sent[i], strlen (sent[i]), 0) >= 0);
  }
  client = http_client_connect (h->element, PATH);
  http_push (h, 0, 5, 1000);
  http_client_expect (client, 0, 5, 1000);
  cpu = cpu_time ();
  for (guint i = 0; i < G_N_ELEMENTS (sent); i++)
    expect_closed (fds[i]);
  fail_unless (cpu_time () - cpu < 500000, "%" G_GINT64_FORMAT " us of CPU",
      cpu_time () - cpu);
  fail_unless_equals_uint64 (http_stat (h->element, "clients-served"), 1);
  http_client_free (client);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Headers that do not end are refused when they have filled what there is for
 * them. */
GST_START_TEST (test_endless_headers)
{
  GstHarness *h = http_harness_new (http_sink_new ("max-clients", 10, NULL));
  HttpClient *client = http_client_new (http_port (h->element), PATH);
  struct curl_slist *headers = NULL;

  for (guint i = 0; i < 200; i++) {
    g_autofree gchar *line = g_strdup_printf ("X-%u: %0200u", i, i);

    headers = curl_slist_append (headers, line);
  }
  curl_easy_setopt (client->curl, CURLOPT_HTTPHEADER, headers);
  http_client_start (client);
  http_client_wait_done (client);
  fail_if (client->status == 200);
  fail_unless_equals_uint64 (http_stat (h->element, "clients-served"), 0);
  http_client_free (client);
  curl_slist_free_all (headers);
  gst_harness_teardown (h);
}

GST_END_TEST;

/*
 * Many
 */

/* Fewer under sanitizers, where a handshake takes fifty times as long. */
static guint
how_many (void)
{
  const gchar *text = g_getenv ("MC_HTTP_CLIENTS");

  return text != NULL ? (guint) g_ascii_strtoull (text, NULL, 10) : 200;
}

typedef struct
{
  CURL *curl;
  gsize received;
  gboolean wrong;
} One;

static size_t
count_body (char *data, size_t size, size_t n, void *user)
{
  One *one = user;

  /* Manifests begin with 0xff and have that nowhere else. */
  one->wrong |= one->received == 0 && (guint8) data[0] != 0xff;
  one->received += size * n;
  return size * n;
}

/* All of them in one thread, until each has so many bytes or time is up. */
static void
run_many (CURLM * multi, One * ones, guint many, gsize wanted)
{
  gint64 end = g_get_monotonic_time () + 15 * G_TIME_SPAN_SECOND;
  guint left = many;
  int running;

  while (left > 0) {
    fail_unless (g_get_monotonic_time () < end, "%u clients have too little",
        left);
    curl_multi_perform (multi, &running);
    fail_unless_equals_int (running, many);
    left = 0;
    for (guint i = 0; i < many; i++)
      left += ones[i].received < wanted;
    if (left > 0)
      curl_multi_poll (multi, NULL, 0, 10, NULL);
  }
}

GST_START_TEST (test_many)
{
  GstHarness *h = http_harness_new (http_sink_new ("history", 60 * GST_SECOND,
          "max-lag", 60 * GST_SECOND, NULL));
  gchar *url = g_strdup_printf ("https://127.0.0.1:%u" PATH,
      http_port (h->element));
  CURLM *multi = curl_multi_init ();
  const guint many = how_many ();
  One *ones = g_new0 (One, many);
  guint fds = count_fds ();
  Stopwatch watch;

  http_push (h, 0, 1, 1000);
  for (guint i = 0; i < many; i++) {
    ones[i].curl = curl_easy_init ();
    curl_easy_setopt (ones[i].curl, CURLOPT_URL, url);
    curl_easy_setopt (ones[i].curl, CURLOPT_CAINFO, http_files.ca);
    curl_easy_setopt (ones[i].curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt (ones[i].curl, CURLOPT_WRITEFUNCTION, count_body);
    curl_easy_setopt (ones[i].curl, CURLOPT_WRITEDATA, &ones[i]);
    curl_multi_add_handle (multi, ones[i].curl);
  }
  run_many (multi, ones, many, 1000);
  fail_unless_equals_uint64 (http_stat (h->element, "clients"), many);
  for (guint n = 1; n < 10; n++) {
    http_push (h, n, 1, 1000);
    run_many (multi, ones, many, (n + 1) * 1000);
  }
  fail_unless_equals_uint64 (http_stat (h->element, "bytes-sent"),
      many * 10000);

  /* None is waited for. */
  stopwatch_start (&watch);
  gst_element_set_state (h->element, GST_STATE_NULL);
  fail_unless (stopwatch_us (&watch) < 500000);
  for (guint i = 0; i < many; i++) {
    fail_unless_equals_int (ones[i].received, 10000);
    fail_if (ones[i].wrong);
    curl_multi_remove_handle (multi, ones[i].curl);
    curl_easy_cleanup (ones[i].curl);
  }
  curl_multi_cleanup (multi);
  fail_unless (count_fds () <= fds);
  g_free (ones);
  g_free (url);
  gst_harness_teardown (h);
}

GST_END_TEST;

/*
 * Starting and stopping
 */

/* Clients of all kinds when the sink stops, time and again on one port. */
GST_START_TEST (test_restart)
{
  GstHarness *h = http_harness_new (http_sink_new ("max-clients", 10, NULL));
  guint fds = 0;

  g_object_set (h->element, "port", http_port (h->element), NULL);
  for (guint i = 0; i < 8; i++) {
    HttpClient *waiting, *reading;
    CURL *silent;
    Stopwatch watch;
    gint idle;

    http_push (h, 0, 4, 500000);
    reading = http_client_connect (h->element, PATH);
    silent = http_silent_new (http_port (h->element), PATH);
    idle = tcp_connect (http_port (h->element));
    waiting = http_client_connect (h->element, PATH);
    http_client_expect (waiting, 0, 4, 500000);
    http_wait_stat (h->element, "clients", 3);

    stopwatch_start (&watch);
    gst_element_set_state (h->element, GST_STATE_NULL);
    fail_unless (stopwatch_us (&watch) < 500000);
    http_client_wait_done (waiting);
    http_client_wait_done (reading);
    fail_unless (waiting->result != CURLE_OK);
    http_client_free (waiting);
    http_client_free (reading);
    curl_easy_cleanup (silent);
    close (idle);

    fail_unless_equals_uint64 (http_stat (h->element, "manifests-in"), 4);
    fail_unless_equals_uint64 (http_stat (h->element, "clients"), 0);
    gst_element_set_state (h->element, GST_STATE_PLAYING);
    gst_harness_push_event (h, gst_event_new_stream_start ("again"));
    gst_harness_set_src_caps_str (h, "application/ambi");
    if (i == 0)
      fds = count_fds ();
  }
  fail_unless_equals_int (count_fds (), fds);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Clients come and go, manifests are pushed, the sink stops and starts, and
 * another one shares its port. */
typedef struct
{
  GstElement *sink;
  guint port;
  gint stop;
  gint served;
} Storm;

static gpointer
client_storm (gpointer data)
{
  Storm *storm = data;

  for (guint i = 0; !g_atomic_int_get (&storm->stop); i++) {
    HttpClient *client = http_client_new (storm->port, i % 5 ? PATH : "/b");
    gint64 end = g_get_monotonic_time () + i % 7 * 2000;

    http_client_start (client);
    g_mutex_lock (&client->lock);
    /* Every seventh one stays until it is served or refused. */
    while (client->body->len == 0 && !client->done &&
        (i % 7 == 0 || g_get_monotonic_time () < end))
      g_cond_wait_until (&client->cond, &client->lock,
          g_get_monotonic_time () + 2000);
    if (client->body->len > 0)
      g_atomic_int_inc (&storm->served);
    g_mutex_unlock (&client->lock);
    http_client_free (client);
  }
  return NULL;
}

static gpointer
stats_storm (gpointer data)
{
  Storm *storm = data;

  /* The checks of GstCheck are for one thread. */
  while (!g_atomic_int_get (&storm->stop)) {
    guint64 clients, served;
    GstStructure *stats;

    g_object_get (storm->sink, "stats", &stats, NULL);
    g_assert_true (gst_structure_get (stats, "clients", G_TYPE_UINT64,
            &clients, "clients-served", G_TYPE_UINT64, &served, NULL));
    g_assert_cmpuint (clients, <=, served);
    gst_structure_free (stats);
    g_usleep (500);
  }
  return NULL;
}

GST_START_TEST (test_storm)
{
  GstHarness *h = http_harness_new (http_sink_new ("max-clients", 10, NULL));
  guint port = http_port (h->element);
  GstHarness *other = http_harness_new (http_sink_new ("path", "/b", "port",
          port, NULL));
  Storm storm = { h->element, port, 0, 0 };
  gint64 end = g_get_monotonic_time () + 10 * G_TIME_SPAN_SECOND;
  GThread *threads[4];

  g_object_set (h->element, "port", port, NULL);
  for (guint i = 0; i < 3; i++)
    threads[i] = g_thread_new ("clients", client_storm, &storm);
  threads[3] = g_thread_new ("stats", stats_storm, &storm);
  for (guint i = 0; i < 30 || g_atomic_int_get (&storm.served) < 5; i++) {
    fail_unless (g_get_monotonic_time () < end, "%d clients were served",
        g_atomic_int_get (&storm.served));
    http_push (h, 0, 20, 5000);
    http_push (other, 0, 20, 5000);
    g_usleep (5000);            /* load */
    if (i % 16 == 15)
      gst_element_set_state (other->element, GST_STATE_READY);
    if (i % 8 == 7)
      gst_element_set_state (h->element, GST_STATE_READY);
    gst_element_set_state (h->element, GST_STATE_PLAYING);
    gst_element_set_state (other->element, GST_STATE_PLAYING);
    gst_harness_push_event (h, gst_event_new_stream_start ("again"));
    gst_harness_set_src_caps_str (h, "application/ambi");
    gst_harness_push_event (other, gst_event_new_stream_start ("again"));
    gst_harness_set_src_caps_str (other, "application/ambi");
  }
  g_atomic_int_set (&storm.stop, 1);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  gst_harness_teardown (other);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
ambihttpsink_clients_suite (void)
{
  Suite *s = suite_create ("ambihttpsink-clients");
  TCase *tc = tcase_create ("hostile");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_silent_and_slow);
  tcase_add_test (tc, test_overrun);
  tcase_add_loop_test (tc, test_silent_after_the_end, 0, 2);
  tcase_add_test (tc, test_no_request);
  tcase_add_test (tc, test_endless_headers);

  tc = tcase_create ("many");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_many);
  tcase_add_test (tc, test_restart);
  tcase_add_test (tc, test_storm);
  return s;
}

int
main (int argc, char **argv)
{
  int failed;

  gst_check_init (&argc, &argv);
  http_test_begin ();
  failed = gst_check_run_suite (ambihttpsink_clients_suite (),
      "ambihttpsink-clients", __FILE__);
  http_test_end ();
  return failed;
}
