/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Servers of the tests on loopback, the certificates they show, and waiting for
 * what they bring about.
 */
#pragma once

#include <gio/gio.h>
#include <gst/check/gstcheck.h>

#include "usage.h"

/*
 * Certificates, for localhost, manifests.example and 127.0.0.1
 */

/* An unchecked fixture: made once, before tests are forked. */
void certificates_make (void);
void certificates_remove (void);

/* The path of: "ca.pem", the authority; "good.pem", "expired.pem",
 * "wrong-host.pem" and "unknown.pem", certificates with their key; or of any
 * other file in the same folder.  Belongs to the tests. */
const gchar *certificates_path (const gchar * name);

/*
 * A server in a thread of the test's, with a thread for each peer
 */

typedef struct _TestServer TestServer;
typedef struct _TestPeer TestPeer;

/* Runs until it returns, which closes the connection. */
typedef void (*TestServerFunc) (TestPeer * peer, gpointer user);

/* certificate: a name as above, or NULL for no TLS. */
TestServer *test_server_new (const gchar * certificate, TestServerFunc func,
    gpointer user);

/* Listens on a port that was another one's, or on any (0). */
TestServer *test_server_new_at (guint port, const gchar * certificate,
    TestServerFunc func, gpointer user);
void test_server_free (TestServer * server);
guint test_server_port (const TestServer * server);

/* Peers whose function was called. */
guint test_server_n_peers (const TestServer * server);

/* "https://localhost:PORT/PATH"; to be freed. */
gchar *test_server_url (const TestServer * server, const gchar * path);

/* The rest is for the functions.  What a peer sent up to an empty line; NULL
 * when it left. */
gchar *test_peer_read_request (TestPeer * peer);

/* FALSE when the peer left or the server is to end. */
gboolean test_peer_write (TestPeer * peer, gconstpointer data, gsize len);
gboolean test_peer_print (TestPeer * peer, const gchar * format, ...)
G_GNUC_PRINTF (2, 3);

/* Waits so long, or until the server is to end: FALSE. */
gboolean test_peer_pause (TestPeer * peer, guint ms);

/* Waits until the server is to end. */
void test_peer_stay (TestPeer * peer);

guint test_peer_number (const TestPeer * peer);
GIOStream *test_peer_stream (const TestPeer * peer);

/* A port of this host that takes connections, or does not even do that, and
 * never says anything. */
typedef struct
{
  guint port;
  int fds[4];
} SilentPort;

void silent_port_open (SilentPort * silent, gboolean full);
void silent_port_close (SilentPort * silent);

/* A port on which nobody listens; the same one each time. */
guint closed_port (void);

/* One that a program that is started next can have. */
guint free_port (void);

/*
 * Programs
 */

/* Starts a program; its output goes to the file of that name among the
 * certificates'. */
GPid program_start (const gchar * log, const gchar * const *argv);
void program_stop (GPid pid);

/* Waits until the log has the text, and returns what follows it in that line;
 * to be freed. */
gchar *program_wait_for (const gchar * log, const gchar * text);

/* Waits until somebody listens there. */
void wait_for_port (guint port);

/*
 * Waiting, in the default main context; these fail the test after 10 s
 */

void wait_for_flag (const gboolean * flag);
void wait_for_count (const guint * count, guint n);

/* Runs the main context for so long. */
void run_for (guint ms);
