/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Manifests over TLS and DTLS without HTTP: servers that are good, bad and
 * silent, and leaving them at once.
 */
#include "tlsstream.h"

#include <string.h>

#include "stopwatch.h"
#include "streamtest.h"

#define MS G_GUINT64_CONSTANT (1000000)

static gchar *
tls_uri (guint port)
{
  return g_strdup_printf ("ambi+tls://localhost:%u", port);
}

static void
say_three (TestPeer * peer, gpointer user)
{
  test_peer_print (peer, "abc");
}

static void
say_three_and_stay (TestPeer * peer, gpointer user)
{
  test_peer_print (peer, "abc");
  test_peer_stay (peer);
}

/* A megabyte, in pieces of all sizes. */
enum
{
  MUCH = 1000000
};

static guint8 *
make_much (void)
{
  guint8 *data = g_malloc (MUCH);

  for (gsize i = 0; i < MUCH; i++)
    data[i] = (guint8) (i * 31 >> 3);
  return data;
}

static void
say_much (TestPeer * peer, gpointer user)
{
  g_autofree guint8 *data = make_much ();
  gsize sent = 0;
  gboolean ok = TRUE;

  for (guint i = 0; sent < MUCH && ok; i++) {
    gsize len = MIN (1 + i * 997 % 30000, MUCH - sent);

    ok = test_peer_write (peer, data + sent, len);
    sent += len;
  }
}

GST_START_TEST (test_bytes)
{
  TestServer *server = test_server_new ("good.pem", say_much, NULL);
  StreamTest *t = stream_test_run (tls_uri (test_server_port (server)));
  g_autofree guint8 *data = make_much ();

  stream_test_expect (t, OUTCOME_COMPLETE, "");
  fail_unless_equals_uint64 (t->bytes->len, MUCH);
  fail_unless (memcmp (t->bytes->str, data, MUCH) == 0);
  stream_test_free (t);
  test_server_free (server);
}

GST_END_TEST;

/* A byte now and then: each is passed on when it comes. */
static void
say_slowly (TestPeer * peer, gpointer user)
{
  for (guint i = 0; i < 5 && test_peer_print (peer, "%c", 'a' + i); i++)
    if (!test_peer_pause (peer, 30))
      return;
  test_peer_stay (peer);
}

GST_START_TEST (test_slow)
{
  TestServer *server = test_server_new ("good.pem", say_slowly, NULL);
  StreamTest *t = stream_test_new (tls_uri (test_server_port (server)));

  /* It is for the connection alone. */
  t->request.connect_timeout = 5000 * MS;
  stream_test_open (t);
  for (guint i = 1; i <= 5; i++) {
    stream_test_wait_bytes (t, i);
    fail_unless_equals_uint64 (t->bytes->len, i);
  }
  fail_unless_equals_string (t->bytes->str, "abcde");
  stream_test_free (t);
  test_server_free (server);
}

GST_END_TEST;

/* The port is elsewhere than the name says; the certificate is for the name. */
GST_START_TEST (test_connect_to)
{
  TestServer *server = test_server_new ("good.pem", say_three, NULL);
  g_autofree gchar *where = g_strdup_printf ("127.0.0.1:%u",
      test_server_port (server));
  StreamTest *t = stream_test_new (g_strdup (__i__ ?
          "ambi+tls://manifests.example:7" : "ambi+tls://127.0.0.1:7"));

  t->request.connect_to = where;
  stream_test_open (t);
  wait_for_flag (&t->ended);
  stream_test_expect (t, OUTCOME_COMPLETE, "");
  fail_unless_equals_string (t->bytes->str, "abc");
  stream_test_free (t);

  t = stream_test_new (g_strdup ("ambi+tls://elsewhere.example:7"));
  t->request.connect_to = where;
  stream_test_open (t);
  wait_for_flag (&t->ended);
  stream_test_expect (t, OUTCOME_WRONG_HOST, "elsewhere.example:7: ");
  stream_test_free (t);
  test_server_free (server);
}

GST_END_TEST;

static void
blurt (TestPeer * peer, gpointer user)
{
  test_peer_print (peer, "this is no TLS at all\r\n");
}

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
  StreamTest *t = stream_test_run (tls_uri (test_server_port (server)));
  g_autofree gchar *host = g_strdup_printf ("localhost:%u: ",
      test_server_port (server));

  stream_test_expect (t, cases[__i__].result, cases[__i__].words);
  fail_unless (g_str_has_prefix (t->text, host), "%s", t->text);
  fail_if (t->started);
  stream_test_free (t);
  test_server_free (server);
}

GST_END_TEST;

GST_START_TEST (test_authorities)
{
  TestServer *server = test_server_new ("good.pem", say_three, NULL);
  StreamTest *t = stream_test_new (tls_uri (test_server_port (server)));

  t->request.ca_file = NULL;
  stream_test_open (t);
  wait_for_flag (&t->ended);
  stream_test_expect (t, OUTCOME_UNKNOWN_AUTHORITY, "not signed by a trusted");
  stream_test_free (t);

  t = stream_test_new (tls_uri (test_server_port (server)));
  t->request.ca_file = certificates_path ("missing.pem");
  stream_test_open (t);
  wait_for_flag (&t->ended);
  stream_test_expect (t, OUTCOME_CA_FILE, "missing.pem");
  stream_test_free (t);
  test_server_free (server);
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  static const gchar *const formats[] = {
    "ambi+tls://127.0.0.1:%u", "ambi+dtls://127.0.0.1:%u"
  };
  guint port = closed_port ();
  g_autofree gchar *words = g_strdup_printf ("127.0.0.1:%u: cannot connect",
      port);
  StreamTest *t = stream_test_run (__i__ ?
      g_strdup_printf (formats[1], port) : g_strdup_printf (formats[0], port));

  stream_test_expect (t, OUTCOME_REFUSED, words);
  stream_test_free (t);
}

GST_END_TEST;

/* A label of 64 characters, which no name has: no server is asked. */
GST_START_TEST (test_name)
{
  static const gchar name[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaa.invalid";
  StreamTest *t = stream_test_run (g_strdup_printf ("ambi+%s://%s:7",
          __i__ ? "dtls" : "tls", name));

  stream_test_expect (t, OUTCOME_NAME, "the name has no address");
  stream_test_free (t);
}

GST_END_TEST;

/* Nobody answers: to the connection, to the handshake, to DTLS. */
static gchar *
silent_uri (guint kind, guint port)
{
  return kind < 2 ? tls_uri (port) :
      g_strdup_printf ("ambi+dtls://localhost:%u", port);
}

static GSocket *
silent_udp (guint * port)
{
  g_autoptr (GSocketAddress) any =
      g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) bound = NULL;
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM,
      G_SOCKET_PROTOCOL_UDP, NULL);

  fail_unless (g_socket_bind (socket, any, TRUE, NULL));
  bound = g_socket_get_local_address (socket, NULL);
  *port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  return socket;
}

GST_START_TEST (test_connect_timeout)
{
  SilentPort silent;
  guint udp_port;
  GSocket *udp = silent_udp (&udp_port);
  gint64 before = g_get_monotonic_time ();
  StreamTest *t;

  silent_port_open (&silent, __i__ == 0);
  t = stream_test_new (silent_uri ((guint) __i__, __i__ < 2 ? silent.port :
          udp_port));
  t->request.connect_timeout = 200 * MS;
  stream_test_open (t);
  wait_for_flag (&t->ended);
  stream_test_expect (t, OUTCOME_TIMEOUT, "there is no connection");
  fail_unless (g_get_monotonic_time () - before >= 200000);
  stream_test_free (t);
  silent_port_close (&silent);
  g_object_unref (udp);
}

GST_END_TEST;

/* The server is there again after it was gone. */
GST_START_TEST (test_restart)
{
  TestServer *server = test_server_new ("good.pem", say_three_and_stay, NULL);
  guint port = test_server_port (server);
  StreamTest *t = stream_test_new (tls_uri (port));

  stream_test_open (t);
  stream_test_wait_bytes (t, 3);
  test_server_free (server);
  wait_for_flag (&t->ended);
  /* A server that ends closes the connection as it should. */
  stream_test_expect (t, OUTCOME_COMPLETE, "");
  stream_test_free (t);

  server = test_server_new_at (port, "good.pem", say_three_and_stay, NULL);
  t = stream_test_new (tls_uri (port));
  stream_test_open (t);
  stream_test_wait_bytes (t, 3);
  stream_test_free (t);
  test_server_free (server);
}

GST_END_TEST;

/* Another implementation of TLS. */
GST_START_TEST (test_openssl)
{
  const gchar *argv[] = { "openssl", "s_server", "-accept", "127.0.0.1:0",
    "-cert", "good.pem", "-www", NULL, NULL
  };
  g_autofree gchar *port = NULL;
  StreamTest *t;
  GPid pid;

  argv[7] = __i__ == 0 ? "-tls1_3" : "-tls1_2";
  if (__i__ == 2) {
    argv[7] = "-tls1_1";
    argv[6] = "-cipher=ALL:@SECLEVEL=0";
  }
  pid = program_start ("s_server.log", argv);
  port = program_wait_for ("s_server.log", "ACCEPT 127.0.0.1:");
  t = stream_test_new (g_strdup_printf ("ambi+tls://localhost:%s", port));
  stream_test_open (t);
  if (__i__ < 2) {
    wait_for_flag (&t->started);
  } else {
    wait_for_flag (&t->ended);
    stream_test_expect (t, OUTCOME_TLS, "no TLS that is accepted");
  }
  stream_test_free (t);
  program_stop (pid);
}

GST_END_TEST;

/*
 * DTLS
 */

/* A server for one client. */
typedef struct
{
  GSocket *socket;
  guint port;
  const gchar *certificate;
  GCancellable *cancellable;
  GThread *thread;
  gboolean good_bye;            /* the client said so */
} DtlsServer;

static const gsize datagram_sizes[] = { 14, 1350, 1, 700, 46 };

static gpointer
dtls_thread (gpointer data)
{
  DtlsServer *server = data;
  g_autoptr (GTlsCertificate) certificate =
      g_tls_certificate_new_from_file (certificates_path (server->certificate),
      NULL);
  g_autoptr (GTlsDatabase) database =
      g_tls_file_database_new (certificates_path ("ca.pem"), NULL);
  g_autoptr (GSocketAddress) peer = NULL;
  g_autoptr (GDatagramBased) dtls = NULL;
  guint8 buffer[2048];
  GInputVector in = { buffer, sizeof (buffer) };
  gint flags = G_SOCKET_MSG_PEEK;

  if (!g_socket_condition_wait (server->socket, G_IO_IN, server->cancellable,
          NULL) ||
      g_socket_receive_message (server->socket, &peer, &in, 1, NULL, NULL,
          &flags, NULL, NULL) < 0 ||
      !g_socket_connect (server->socket, peer, NULL, NULL))
    return NULL;
  dtls = g_initable_new (g_tls_backend_get_dtls_server_connection_type
      (g_tls_backend_get_default ()), NULL, NULL, "base-socket", server->socket,
      "certificate", certificate, "database", database, NULL);
  if (!g_dtls_connection_handshake (G_DTLS_CONNECTION (dtls),
          server->cancellable, NULL))
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (datagram_sizes); i++) {
    GOutputVector vector = { buffer, datagram_sizes[i] };
    GOutputMessage message = { NULL, &vector, 1, 0, NULL, 0 };

    memset (buffer, (int) i, sizeof (buffer));
    g_datagram_based_send_messages (dtls, &message, 1, 0, -1,
        server->cancellable, NULL);
  }
  {
    GInputMessage message = { NULL, &in, 1, 0, 0, NULL, NULL };

    server->good_bye = g_datagram_based_receive_messages (dtls, &message, 1, 0,
        -1, server->cancellable, NULL) >= 0;
  }
  return NULL;
}

static void
dtls_server_start (DtlsServer * server, const gchar * certificate)
{
  server->socket = silent_udp (&server->port);
  server->certificate = certificate;
  server->good_bye = FALSE;
  server->cancellable = g_cancellable_new ();
  server->thread = g_thread_new ("test-dtls", dtls_thread, server);
}

static void
dtls_server_stop (DtlsServer * server, gboolean cancel)
{
  if (cancel)
    g_cancellable_cancel (server->cancellable);
  g_thread_join (server->thread);
  g_object_unref (server->socket);
  g_object_unref (server->cancellable);
}

/* Each datagram is passed on by itself, and the server is told good-bye. */
GST_START_TEST (test_datagrams)
{
  DtlsServer server;
  StreamTest *t;
  const guint n = G_N_ELEMENTS (datagram_sizes);

  dtls_server_start (&server, "good.pem");
  t = stream_test_new (g_strdup_printf ("ambi+dtls://localhost:%u",
          server.port));
  stream_test_open (t);
  wait_for_count (&t->n_datagrams, n);
  for (guint i = 0; i < n; i++) {
    gsize len;
    const guint8 *data = g_bytes_get_data (g_ptr_array_index (t->datagrams, i),
        &len);

    fail_unless_equals_uint64 (len, datagram_sizes[i]);
    fail_unless (data[0] == i && data[len - 1] == i);
  }
  fail_unless_equals_uint64 (t->bytes->len, 0);
  stream_test_free (t);
  dtls_server_stop (&server, FALSE);
  fail_unless (server.good_bye);
}

GST_END_TEST;

GST_START_TEST (test_dtls_certificates)
{
  static const gchar *const certificates[] = {
    "expired.pem", "wrong-host.pem", "unknown.pem"
  };
  static const outcome results[] = {
    OUTCOME_CERTIFICATE_EXPIRED, OUTCOME_WRONG_HOST, OUTCOME_UNKNOWN_AUTHORITY
  };
  DtlsServer server;
  StreamTest *t;

  dtls_server_start (&server, certificates[__i__]);
  t = stream_test_run (g_strdup_printf ("ambi+dtls://localhost:%u",
          server.port));
  stream_test_expect (t, results[__i__], "the certificate is");
  fail_if (t->started);
  stream_test_free (t);
  dtls_server_stop (&server, TRUE);
}

GST_END_TEST;

/*
 * Leaving
 */

GST_START_TEST (test_close_in_callback)
{
  TestServer *server = test_server_new ("good.pem", say_three, NULL);
  StreamTest *t = stream_test_new (tls_uri (test_server_port (server)));
  guint n = (guint) __i__;

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

/* Everywhere: at once, connecting, shaking hands (TLS, DTLS), reading, and
 * with something in the mailbox that nobody took. */
GST_START_TEST (test_close_anywhere)
{
  TestServer *server = test_server_new ("good.pem", say_much, NULL);
  SilentPort full, silent;
  guint udp_port;
  GSocket *udp = silent_udp (&udp_port);
  guint ports[6];
  Stopwatch watch;
  StreamTest *t;

  silent_port_open (&full, TRUE);
  silent_port_open (&silent, FALSE);
  ports[0] = ports[4] = ports[5] = test_server_port (server);
  ports[1] = full.port;
  ports[2] = silent.port;
  ports[3] = udp_port;
  t = stream_test_new (silent_uri (__i__ == 3 ? 2 : 0, ports[__i__]));
  stream_test_open (t);
  if (__i__ >= 4)
    wait_for_flag (&t->started);
  else if (__i__ > 0)
    run_for (50);
  if (__i__ == 5)
    g_usleep (20000);           /* the worker waits for us meanwhile */
  stopwatch_start (&watch);
  stream_test_close (t);
  fail_unless (stopwatch_us (&watch) < 100000);
  run_for (20);
  fail_if (t->ended);
  stream_test_free (t);
  test_server_free (server);
  silent_port_close (&full);
  silent_port_close (&silent);
  g_object_unref (udp);
}

GST_END_TEST;

/* Fifty times: no thread and no file is left. */
GST_START_TEST (test_cycles)
{
  guint threads = 0, fds = 0;

  for (guint round = 0; round < 2; round++) {
    TestServer *server = test_server_new ("good.pem", say_three_and_stay, NULL);
    SilentPort silent;

    silent_port_open (&silent, FALSE);
    for (guint i = 0; i < 50; i++) {
      StreamTest *t = stream_test_new (tls_uri (i % 2 ? silent.port :
              test_server_port (server)));

      stream_test_open (t);
      for (guint n = 0; n < i % 5; n++)
        g_main_context_iteration (NULL, FALSE);
      if (i % 10 == 0)
        stream_test_wait_bytes (t, 3);
      stream_test_free (t);
    }
    test_server_free (server);
    silent_port_close (&silent);
    if (round == 0) {
      /* GIO keeps some idle threads for a while. */
      threads = count_threads ();
      fds = count_fds ();
    }
  }
  wait_for_threads (threads);
  wait_for_fds (fds);
}

GST_END_TEST;

static Suite *
tlsstream_suite (void)
{
  Suite *s = suite_create ("tlsstream");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, certificates_make, certificates_remove);
  tcase_add_test (tc, test_bytes);
  tcase_add_test (tc, test_slow);
  tcase_add_loop_test (tc, test_connect_to, 0, 2);
  tcase_add_loop_test (tc, test_certificates, 0, 4);
  tcase_add_test (tc, test_authorities);
  tcase_add_loop_test (tc, test_refused, 0, 2);
  tcase_add_loop_test (tc, test_name, 0, 2);
  tcase_add_loop_test (tc, test_connect_timeout, 0, 3);
  tcase_add_test (tc, test_restart);
  tcase_add_loop_test (tc, test_openssl, 0, 3);
  tcase_add_test (tc, test_datagrams);
  tcase_add_loop_test (tc, test_dtls_certificates, 0, 3);
  tcase_add_loop_test (tc, test_close_in_callback, 1, 4);
  tcase_add_loop_test (tc, test_close_anywhere, 0, 6);
  tcase_add_test (tc, test_cycles);
  return s;
}

GST_CHECK_MAIN (tlsstream);
