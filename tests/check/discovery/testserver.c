/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Servers of the tests on loopback, the certificates they show, and waiting for
 * what they bring about.
 */
#include "testserver.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum
{
  WAIT_MS = 10000
};

/*
 * Certificates
 */

static gchar *folder;
static pid_t folder_owner;

const gchar *
certificates_path (const gchar * name)
{
  g_autofree gchar *path = g_build_filename (folder, name, NULL);

  return g_intern_string (path);
}

/* Words separated by spaces; no other quoting is needed. */
static void
run_openssl (const gchar * arguments)
{
  g_autofree gchar *line = g_strconcat ("openssl ", arguments, NULL);
  g_auto (GStrv) argv = g_strsplit (line, " ", -1);
  g_autofree gchar *output = NULL;
  GError *error = NULL;
  gint status;

  fail_unless (g_spawn_sync (folder, argv, NULL, G_SPAWN_SEARCH_PATH, NULL,
          NULL, NULL, &output, &status, &error), "%s",
      error ? error->message : "");
  fail_unless (g_spawn_check_wait_status (status, NULL), "%s: %s", line,
      output);
}

static void
put_file (const gchar * name, const gchar * text)
{
  fail_unless (g_file_set_contents (certificates_path (name), text, -1, NULL));
}

static void
make_authority (const gchar * name)
{
  g_autofree gchar *arguments =
      g_strdup_printf ("req -x509 -newkey ec -pkeyopt "
      "ec_paramgen_curve:prime256v1 -nodes -keyout %s.key -out %s.pem "
      "-days 30 -subj /CN=%s -addext basicConstraints=critical,CA:TRUE "
      "-addext keyUsage=critical,keyCertSign", name, name, name);

  run_openssl (arguments);
}

static void
make_certificate (const gchar * name, const gchar * authority,
    const gchar * extensions, gint days)
{
  g_autofree gchar *arguments =
      g_strdup_printf ("x509 -req -in server.csr -CA %s.pem -CAkey %s.key "
      "-set_serial %u -days %d -extfile %s -out %s", authority, authority,
      g_str_hash (name), days, extensions, name);
  g_autofree gchar *certificate = NULL, *key = NULL, *both = NULL;

  run_openssl (arguments);
  fail_unless (g_file_get_contents (certificates_path (name), &certificate,
          NULL, NULL));
  fail_unless (g_file_get_contents (certificates_path ("server.key"), &key,
          NULL, NULL));
  both = g_strconcat (certificate, key, NULL);
  put_file (name, both);
}

void
certificates_make (void)
{
  GError *error = NULL;

  folder = g_dir_make_tmp ("gst-multicast-XXXXXX", &error);
  fail_unless (folder != NULL, "%s", error ? error->message : "");
  folder_owner = getpid ();
  put_file ("server.ext",
      "subjectAltName=DNS:localhost,DNS:manifests.example,IP:127.0.0.1\n");
  put_file ("other.ext", "subjectAltName=DNS:other.example\n");
  make_authority ("ca");
  make_authority ("other-ca");
  run_openssl ("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
      "-keyout server.key -out server.csr -subj /CN=server");
  make_certificate ("good.pem", "ca", "server.ext", 30);
  make_certificate ("expired.pem", "ca", "server.ext", -1);
  make_certificate ("wrong-host.pem", "ca", "other.ext", 30);
  make_certificate ("unknown.pem", "other-ca", "server.ext", 30);
  /* Loads GIO's module here, and not anew in each test. */
  fail_unless (g_tls_backend_supports_tls (g_tls_backend_get_default ()),
      "GIO has no TLS");
}

static void
remove_folder (const gchar * path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *child = g_build_filename (path, name, NULL);

    if (g_file_test (child, G_FILE_TEST_IS_DIR))
      remove_folder (child);
    else
      g_unlink (child);
  }
  g_rmdir (path);
}

/* Whether a thread of a stream's is still on its way out. */
static gboolean
has_workers (void)
{
  GDir *dir = g_dir_open ("/proc/self/task", 0, NULL);
  gboolean found = FALSE;
  const gchar *name;

  while (!found && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_strconcat ("/proc/self/task/", name, "/comm",
        NULL);
    g_autofree gchar *comm = NULL;

    found = g_file_get_contents (path, &comm, NULL, NULL) &&
        g_str_has_prefix (comm, "mc-tls");
  }
  g_dir_close (dir);
  return found;
}

void
certificates_remove (void)
{
  gint64 deadline = g_get_monotonic_time () + WAIT_MS * 1000;

  /* What they hold is no leak. */
  while (has_workers () && g_get_monotonic_time () < deadline)
    g_usleep (1000);
  if (folder != NULL && folder_owner == getpid ())
    remove_folder (folder);
  g_clear_pointer (&folder, g_free);
}

/*
 * The server
 */

struct _TestPeer
{
  TestServer *server;
  GSocketConnection *tcp;
  GIOStream *stream;
  guint number;
};

struct _TestServer
{
  GSocket *socket;
  guint port;
  GTlsCertificate *certificate;
  GTlsDatabase *database;
  TestServerFunc func;
  gpointer user;
  GCancellable *cancellable;
  GThread *thread;
  GPtrArray *peers;             /* threads; the server thread's */
  gint n_peers;                 /* atomic */
};

/* It outlives a test that fails, and then libcheck's files, which fail_unless ()
 * writes to wherever it stands.  So neither it nor what it calls has any: the
 * program would end before it could say what has failed. */
static gpointer
peer_thread (gpointer data)
{
  TestPeer *peer = data;
  TestServer *server = peer->server;
  gboolean ok = TRUE;

  if (server->certificate) {
    /* No peer is asked who it is, but the system's authorities would be loaded
     * each time. */
    peer->stream =
        g_initable_new (g_tls_backend_get_server_connection_type
        (g_tls_backend_get_default ()), NULL, NULL, "base-io-stream",
        peer->tcp, "certificate", server->certificate, "database",
        server->database, NULL);
    ok = g_tls_connection_handshake (G_TLS_CONNECTION (peer->stream),
        server->cancellable, NULL);
  } else {
    peer->stream = g_object_ref (G_IO_STREAM (peer->tcp));
  }
  if (ok) {
    peer->number = (guint) g_atomic_int_add (&server->n_peers, 1);
    server->func (peer, server->user);
  }
  g_io_stream_close (peer->stream, NULL, NULL);
  g_object_unref (peer->stream);
  g_object_unref (peer->tcp);
  g_free (peer);
  return NULL;
}

static gpointer
server_thread (gpointer data)
{
  TestServer *server = data;
  GSocket *socket;

  while ((socket = g_socket_accept (server->socket, server->cancellable,
              NULL)) != NULL) {
    TestPeer *peer = g_new0 (TestPeer, 1);

    peer->server = server;
    peer->tcp = g_socket_connection_factory_create_connection (socket);
    g_object_unref (socket);
    g_ptr_array_add (server->peers, g_thread_new ("test-peer", peer_thread,
            peer));
  }
  return NULL;
}

TestServer *
test_server_new_at (guint port, const gchar * certificate, TestServerFunc func,
    gpointer user)
{
  TestServer *server = g_new0 (TestServer, 1);
  g_autoptr (GSocketAddress) address =
      g_inet_socket_address_new_from_string ("127.0.0.1", port);
  g_autoptr (GSocketAddress) bound = NULL;
  GError *error = NULL;

  server->func = func;
  server->user = user;
  server->cancellable = g_cancellable_new ();
  server->peers = g_ptr_array_new ();
  if (certificate) {
    server->certificate =
        g_tls_certificate_new_from_file (certificates_path (certificate),
        &error);
    fail_unless (server->certificate != NULL, "%s",
        error ? error->message : "");
    server->database =
        g_tls_file_database_new (certificates_path ("ca.pem"), NULL);
  }
  server->socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
      G_SOCKET_PROTOCOL_TCP, NULL);
  fail_unless (g_socket_bind (server->socket, address, TRUE, &error) &&
      g_socket_listen (server->socket, &error), "%s",
      error ? error->message : "");
  bound = g_socket_get_local_address (server->socket, NULL);
  server->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  server->thread = g_thread_new ("test-server", server_thread, server);
  return server;
}

TestServer *
test_server_new (const gchar * certificate, TestServerFunc func, gpointer user)
{
  return test_server_new_at (0, certificate, func, user);
}

void
test_server_free (TestServer * server)
{
  g_cancellable_cancel (server->cancellable);
  g_thread_join (server->thread);
  for (guint i = 0; i < server->peers->len; i++)
    g_thread_join (g_ptr_array_index (server->peers, i));
  g_ptr_array_unref (server->peers);
  g_object_unref (server->socket);
  g_object_unref (server->cancellable);
  g_clear_object (&server->certificate);
  g_clear_object (&server->database);
  g_free (server);
}

guint
test_server_port (const TestServer * server)
{
  return server->port;
}

guint
test_server_n_peers (const TestServer * server)
{
  return (guint) g_atomic_int_get (&server->n_peers);
}

gchar *
test_server_url (const TestServer * server, const gchar * path)
{
  return g_strdup_printf ("https://localhost:%u/%s", server->port, path);
}

gchar *
test_peer_read_request (TestPeer * peer)
{
  GInputStream *input = g_io_stream_get_input_stream (peer->stream);
  GString *text = g_string_new (NULL);
  gchar c;

  while (!g_str_has_suffix (text->str, "\r\n\r\n")) {
    if (g_input_stream_read (input, &c, 1, peer->server->cancellable,
            NULL) != 1) {
      g_string_free (text, TRUE);
      return NULL;
    }
    g_string_append_c (text, c);
  }
  return g_string_free (text, FALSE);
}

gboolean
test_peer_write (TestPeer * peer, gconstpointer data, gsize len)
{
  GOutputStream *output = g_io_stream_get_output_stream (peer->stream);

  return g_output_stream_write_all (output, data, len, NULL,
      peer->server->cancellable, NULL);
}

gboolean
test_peer_print (TestPeer * peer, const gchar * format, ...)
{
  g_autofree gchar *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  return test_peer_write (peer, text, strlen (text));
}

gboolean
test_peer_pause (TestPeer * peer, guint ms)
{
  GPollFD fd;

  /* See peer_thread (). */
  g_assert_true (g_cancellable_make_pollfd (peer->server->cancellable, &fd));
  g_poll (&fd, 1, (gint) ms);
  g_cancellable_release_fd (peer->server->cancellable);
  return !g_cancellable_is_cancelled (peer->server->cancellable);
}

void
test_peer_stay (TestPeer * peer)
{
  while (test_peer_pause (peer, WAIT_MS))
    continue;
}

guint
test_peer_number (const TestPeer * peer)
{
  return peer->number;
}

GIOStream *
test_peer_stream (const TestPeer * peer)
{
  return peer->stream;
}

/*
 * Ports that say nothing
 */

static int
listen_on (guint * port, int backlog)
{
  struct sockaddr_in address = {.sin_family = AF_INET };
  socklen_t len = sizeof (address);
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  fail_unless (fd >= 0 && bind (fd, (struct sockaddr *) &address, len) == 0 &&
      listen (fd, backlog) == 0 &&
      getsockname (fd, (struct sockaddr *) &address, &len) == 0);
  *port = ntohs (address.sin_port);
  return fd;
}

/* A queue of length 0 takes one connection, and some kernels a second one;
 * what comes then gets no answer at all. */
void
silent_port_open (SilentPort * silent, gboolean full)
{
  struct sockaddr_in address = {.sin_family = AF_INET };

  for (guint i = 0; i < G_N_ELEMENTS (silent->fds); i++)
    silent->fds[i] = -1;
  silent->fds[0] = listen_on (&silent->port, full ? 0 : 64);
  if (!full)
    return;
  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  address.sin_port = htons ((guint16) silent->port);
  for (guint i = 1; i < G_N_ELEMENTS (silent->fds); i++) {
    silent->fds[i] = socket (AF_INET,
        SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    connect (silent->fds[i], (struct sockaddr *) &address, sizeof (address));
  }
}

void
silent_port_close (SilentPort * silent)
{
  for (guint i = 0; i < G_N_ELEMENTS (silent->fds); i++)
    if (silent->fds[i] >= 0)
      close (silent->fds[i]);
}

guint
free_port (void)
{
  guint port;

  close (listen_on (&port, 1));
  return port;
}

/* Sockets that are bound keep others from the port; this one does not listen,
 * and that of UDP hears one peer only, which is none. */
guint
closed_port (void)
{
  static int tcp = -1, udp = -1;
  static struct sockaddr_in address;
  struct sockaddr_in nobody = {.sin_family = AF_INET };
  socklen_t len = sizeof (address);

  nobody.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  nobody.sin_port = htons (9);
  while (udp < 0) {
    address = nobody;
    address.sin_port = 0;
    tcp = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    udp = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    fail_unless (bind (tcp, (struct sockaddr *) &address, len) == 0 &&
        getsockname (tcp, (struct sockaddr *) &address, &len) == 0);
    if (bind (udp, (struct sockaddr *) &address, len) == 0 &&
        connect (udp, (struct sockaddr *) &nobody, len) == 0)
      break;
    close (tcp);
    close (udp);
    udp = -1;
  }
  return ntohs (address.sin_port);
}

/*
 * Programs
 */

GPid
program_start (const gchar * log, const gchar * const *argv)
{
  GError *error = NULL;
  GPid pid;
  int fd = creat (certificates_path (log), 0600);

  fail_unless (fd >= 0);
  fail_unless (g_spawn_async_with_pipes_and_fds (folder, argv, NULL,
          G_SPAWN_SEARCH_PATH_FROM_ENVP | G_SPAWN_SEARCH_PATH |
          G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, -1, fd, fd, NULL, NULL, 0,
          &pid, NULL, NULL, NULL, &error), "%s: %s", argv[0],
      error ? error->message : "");
  close (fd);
  return pid;
}

void
program_stop (GPid pid)
{
  kill (pid, SIGTERM);
  waitpid (pid, NULL, 0);
  g_spawn_close_pid (pid);
}

gchar *
program_wait_for (const gchar * log, const gchar * text)
{
  gint64 deadline = g_get_monotonic_time () + WAIT_MS * 1000;
  g_autofree gchar *content = NULL;
  const gchar *found;

  do {
    g_clear_pointer (&content, g_free);
    fail_unless (g_get_monotonic_time () < deadline, "no \"%s\" in %s", text,
        log);
    fail_unless (g_file_get_contents (certificates_path (log), &content, NULL,
            NULL));
    found = strstr (content, text);
    if (found == NULL || strchr (found, '\n') == NULL) {
      found = NULL;
      g_usleep (2000);
    }
  } while (found == NULL);
  found += strlen (text);
  return g_strndup (found, strcspn (found, "\n"));
}

void
wait_for_port (guint port)
{
  gint64 deadline = g_get_monotonic_time () + WAIT_MS * 1000;
  struct sockaddr_in address = {.sin_family = AF_INET };
  gboolean there = FALSE;

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  address.sin_port = htons ((guint16) port);
  while (!there) {
    int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    there = connect (fd, (struct sockaddr *) &address, sizeof (address)) == 0;
    close (fd);
    fail_unless (g_get_monotonic_time () < deadline, "nobody listens");
    if (!there)
      g_usleep (2000);
  }
}

/*
 * Waiting
 */

static gboolean
raise_flag (gpointer flag)
{
  *(gboolean *) flag = TRUE;
  return G_SOURCE_REMOVE;
}

void
wait_for_flag (const gboolean * flag)
{
  gboolean late = FALSE;
  guint timer = g_timeout_add (WAIT_MS, raise_flag, &late);

  while (!*flag && !late)
    g_main_context_iteration (NULL, TRUE);
  fail_if (late, "waited in vain");
  g_source_remove (timer);
}

void
wait_for_count (const guint * count, guint n)
{
  gboolean late = FALSE;
  guint timer = g_timeout_add (WAIT_MS, raise_flag, &late);

  while (*count < n && !late)
    g_main_context_iteration (NULL, TRUE);
  fail_if (late, "waited in vain: %u of %u", *count, n);
  g_source_remove (timer);
}

void
run_for (guint ms)
{
  gboolean over = FALSE;

  g_timeout_add (ms, raise_flag, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
}
