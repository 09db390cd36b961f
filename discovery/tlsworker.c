/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The thread of a tlsstream, and the mailbox by which it hands over what it
 * reads.
 */
#include "tlsworker.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum
{
  READ_SIZE = 16 * 1024,        /* a TLS record */
  DATAGRAM_MAX = 64 * 1024
};

struct _tls_mailbox
{
  gint refs;                    /* atomic */
  GCancellable *cancellable;
  GSource *source;

  GMutex lock;                  /* all below */
  GCond taken;
  tls_mail mail;
  gboolean closed;
};

typedef struct
{
  tls_mailbox *mailbox;
  stream_transport transport;
  gchar *connect_to;
  gchar *ca_file;
  guint timeout;                /* s, for one address */
  GSocketConnectable *identity;

  gboolean reading;             /* the handshake is done */
  GTlsCertificateFlags flaws;   /* of the certificate, when it was refused */
} worker;

/*
 * The mailbox
 */

tls_mailbox *
tls_mailbox_new (GSource * source)
{
  tls_mailbox *mailbox = g_new0 (tls_mailbox, 1);

  mailbox->refs = 1;
  mailbox->cancellable = g_cancellable_new ();
  mailbox->source = g_source_ref (source);
  g_mutex_init (&mailbox->lock);
  g_cond_init (&mailbox->taken);
  return mailbox;
}

static void
mailbox_unref (tls_mailbox * mailbox)
{
  if (!g_atomic_int_dec_and_test (&mailbox->refs))
    return;
  g_free (mailbox->mail.detail);
  g_object_unref (mailbox->cancellable);
  g_source_unref (mailbox->source);
  g_cond_clear (&mailbox->taken);
  g_mutex_clear (&mailbox->lock);
  g_free (mailbox);
}

void
tls_mailbox_close (tls_mailbox * mailbox)
{
  g_mutex_lock (&mailbox->lock);
  mailbox->closed = TRUE;
  g_cond_signal (&mailbox->taken);
  g_mutex_unlock (&mailbox->lock);
  g_cancellable_cancel (mailbox->cancellable);
  mailbox_unref (mailbox);
}

gboolean
tls_mailbox_peek (tls_mailbox * mailbox, tls_mail * mail)
{
  g_mutex_lock (&mailbox->lock);
  *mail = mailbox->mail;
  g_mutex_unlock (&mailbox->lock);
  return mail->type != TLS_MAIL_NONE;
}

void
tls_mailbox_rest (tls_mailbox * mailbox, const tls_mail * done,
    gint64 ready_time)
{
  g_mutex_lock (&mailbox->lock);
  if (done->type != TLS_MAIL_NONE) {
    mailbox->mail.type = TLS_MAIL_NONE;
    g_cond_signal (&mailbox->taken);
  } else if (mailbox->mail.type != TLS_MAIL_NONE) {
    ready_time = 0;             /* it came since the last look */
  }
  g_source_set_ready_time (mailbox->source, ready_time);
  g_mutex_unlock (&mailbox->lock);
}

void
tls_mailbox_cancel (tls_mailbox * mailbox)
{
  g_cancellable_cancel (mailbox->cancellable);
}

/* Called under the lock. */
static void
put_mail (tls_mailbox * mailbox, const tls_mail * mail)
{
  mailbox->mail = *mail;
  g_source_set_ready_time (mailbox->source, 0);
}

/* The last mail; nobody waits until it is taken. */
static void
send_end (tls_mailbox * mailbox, outcome result, const gchar * detail)
{
  tls_mail mail = {.type = TLS_MAIL_ENDED,.result = result };

  g_mutex_lock (&mailbox->lock);
  if (!mailbox->closed) {
    mail.detail = g_strdup (detail);
    put_mail (mailbox, &mail);
  }
  g_mutex_unlock (&mailbox->lock);
}

void
tls_mailbox_refuse (tls_mailbox * mailbox, outcome result, const gchar * detail)
{
  send_end (mailbox, result, detail);
}

/* The worker: returns when the owner has taken it, or FALSE when there is no
 * owner any more. */
static gboolean
send_mail (tls_mailbox * mailbox, tls_mail_type type, const guint8 * data,
    gsize len)
{
  tls_mail mail = {.type = type,.data = data,.len = len };
  gboolean open;

  g_mutex_lock (&mailbox->lock);
  if (!mailbox->closed)
    put_mail (mailbox, &mail);
  while (!mailbox->closed && mailbox->mail.type != TLS_MAIL_NONE)
    g_cond_wait (&mailbox->taken, &mailbox->lock);
  open = !mailbox->closed;
  g_mutex_unlock (&mailbox->lock);
  return open;
}

/*
 * What went wrong
 */

static outcome
flaws_outcome (GTlsCertificateFlags flaws)
{
  if (flaws & G_TLS_CERTIFICATE_UNKNOWN_CA)
    return OUTCOME_UNKNOWN_AUTHORITY;
  if (flaws & (G_TLS_CERTIFICATE_EXPIRED | G_TLS_CERTIFICATE_NOT_ACTIVATED))
    return OUTCOME_CERTIFICATE_EXPIRED;
  if (flaws & G_TLS_CERTIFICATE_BAD_IDENTITY)
    return OUTCOME_WRONG_HOST;
  return OUTCOME_BAD_CERTIFICATE;
}

static outcome
error_outcome (const worker * w, const GError * error)
{
  if (w->flaws != 0)
    return flaws_outcome (w->flaws);
  if (error->domain == G_RESOLVER_ERROR)
    return OUTCOME_NAME;
  if (w->reading)
    return OUTCOME_CUT;
  if (error->domain == G_TLS_ERROR)
    return OUTCOME_TLS;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return OUTCOME_TIMEOUT;
  if (error->domain == G_IO_ERROR)
    return OUTCOME_REFUSED;
  return OUTCOME_FAILED;
}

static void
report (worker * w, const GError * error)
{
  outcome result = OUTCOME_COMPLETE;
  const gchar *detail = NULL;

  if (error != NULL) {
    result = error_outcome (w, error);
    /* Of a certificate GIO says less than the outcome. */
    detail = w->flaws ? NULL : error->message;
  }
  send_end (w->mailbox, result, detail);
}

/*
 * TLS
 */

static gboolean
on_accept_certificate (GObject * connection, GTlsCertificate * certificate,
    GTlsCertificateFlags flaws, worker * w)
{
  w->flaws = flaws;
  return FALSE;
}

/* NULL: the system's authorities. */
static gboolean
load_database (worker * w, GTlsDatabase ** database)
{
  g_autofree gchar *path = NULL;
  g_autoptr (GError) error = NULL;

  *database = NULL;
  if (w->ca_file == NULL)
    return TRUE;
  /* A relative path only warns, and refuses every peer. */
  path = g_canonicalize_filename (w->ca_file, NULL);
  *database = g_tls_file_database_new (path, &error);
  if (*database == NULL)
    send_end (w->mailbox, OUTCOME_CA_FILE, error->message);
  return *database != NULL;
}

/* One of GIO's client connections.  A database that is set afterwards comes too
 * late: the system's was loaded, for nothing. */
static gpointer
new_connection (worker * w, GType type, const gchar * base_name, gpointer base,
    GTlsDatabase * database, GError ** error)
{
  if (database == NULL)
    return g_initable_new (type, NULL, error, base_name, base,
        "server-identity", w->identity, NULL);
  return g_initable_new (type, NULL, error, base_name, base,
      "server-identity", w->identity, "database", database, NULL);
}

/* A peer that vanished is noticed although nothing is sent to it. */
static void
set_up_keepalive (GSocket * socket)
{
  int fd = g_socket_get_fd (socket);
  const int idle = 30, interval = 10;

  g_socket_set_keepalive (socket, TRUE);
  if (setsockopt (fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof (idle)) < 0 ||
      setsockopt (fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval,
          sizeof (interval)) < 0)
    g_debug ("keep-alive of a manifest connection keeps its default times");
}

static GSocketConnection *
connect_tcp (worker * w, GError ** error)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  GSocketConnection *connection;

  g_socket_client_set_enable_proxy (client, FALSE);
  /* One address after the other; a silent one must leave time for the next. */
  g_socket_client_set_timeout (client, w->timeout);
  if (w->connect_to)
    connection = g_socket_client_connect_to_host (client, w->connect_to, 0,
        w->mailbox->cancellable, error);
  else
    connection = g_socket_client_connect (client, w->identity,
        w->mailbox->cancellable, error);
  if (connection != NULL) {
    GSocket *socket = g_socket_connection_get_socket (connection);

    g_socket_set_timeout (socket, 0);
    set_up_keepalive (socket);
  }
  return connection;
}

static GTlsConnection *
shake_hands_tls (worker * w, GTlsDatabase * database, GError ** error)
{
  g_autoptr (GSocketConnection) tcp = connect_tcp (w, error);
  g_autoptr (GIOStream) tls = NULL;

  if (tcp == NULL)
    return NULL;
  tls = new_connection (w,
      g_tls_backend_get_client_connection_type (g_tls_backend_get_default ()),
      "base-io-stream", tcp, database, error);
  if (tls == NULL)
    return NULL;
  /* A manifest says itself where it ends, and each digest counts as soon as it
   * is there: a server need not say good-bye. */
  g_tls_connection_set_require_close_notify (G_TLS_CONNECTION (tls), FALSE);
  g_signal_connect (tls, "accept-certificate",
      G_CALLBACK (on_accept_certificate), w);
  if (!g_tls_connection_handshake (G_TLS_CONNECTION (tls),
          w->mailbox->cancellable, error))
    return NULL;
  return G_TLS_CONNECTION (g_steal_pointer (&tls));
}

static void
run_tls (worker * w, GTlsDatabase * database)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GTlsConnection) tls = shake_hands_tls (w, database, &error);
  g_autofree guint8 *buffer = g_malloc (READ_SIZE);
  GInputStream *input;
  gssize n = 0;

  if (tls != NULL) {
    w->reading = TRUE;
    input = g_io_stream_get_input_stream (G_IO_STREAM (tls));
    if (!send_mail (w->mailbox, TLS_MAIL_STARTED, NULL, 0))
      return;
    while ((n = g_input_stream_read (input, buffer, READ_SIZE,
                w->mailbox->cancellable, &error)) > 0)
      if (!send_mail (w->mailbox, TLS_MAIL_BYTES, buffer, (gsize) n))
        return;
  }
  report (w, error);
}

/*
 * DTLS
 */

static GDatagramBased *
connect_udp (GSocketAddress * address, GError ** error)
{
  g_autoptr (GSocket) socket =
      g_socket_new (g_socket_address_get_family (address),
      G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, error);

  if (socket == NULL || !g_socket_connect (socket, address, NULL, error))
    return NULL;
  return G_DATAGRAM_BASED (g_steal_pointer (&socket));
}

static GDtlsConnection *
shake_hands_dtls (worker * w, GTlsDatabase * database,
    GSocketAddress * address, GError ** error)
{
  g_autoptr (GDatagramBased) udp = connect_udp (address, error);
  g_autoptr (GDatagramBased) dtls = NULL;

  if (udp == NULL)
    return NULL;
  dtls = new_connection (w,
      g_tls_backend_get_dtls_client_connection_type (g_tls_backend_get_default
          ()), "base-socket", udp, database, error);
  if (dtls == NULL)
    return NULL;
  g_dtls_connection_set_require_close_notify (G_DTLS_CONNECTION (dtls), FALSE);
  g_signal_connect (dtls, "accept-certificate",
      G_CALLBACK (on_accept_certificate), w);
  if (!g_dtls_connection_handshake (G_DTLS_CONNECTION (dtls),
          w->mailbox->cancellable, error))
    return NULL;
  return G_DTLS_CONNECTION (g_steal_pointer (&dtls));
}

/* The first of the host's addresses that answers. */
static GDtlsConnection *
find_dtls (worker * w, GTlsDatabase * database, GError ** error)
{
  g_autoptr (GSocketConnectable) other = NULL;
  g_autoptr (GSocketAddressEnumerator) addresses = NULL;
  GDtlsConnection *dtls = NULL;
  GCancellable *cancellable = w->mailbox->cancellable;

  if (w->connect_to) {
    other = g_network_address_parse (w->connect_to, 0, error);
    if (other == NULL)
      return NULL;
  }
  addresses = g_socket_connectable_enumerate (other ? other : w->identity);
  while (dtls == NULL && w->flaws == 0 &&
      !g_cancellable_is_cancelled (cancellable)) {
    g_autoptr (GError) lookup_error = NULL;
    g_autoptr (GSocketAddress) address =
        g_socket_address_enumerator_next (addresses, cancellable,
        &lookup_error);

    if (address == NULL) {
      if (*error == NULL)
        g_propagate_error (error, g_steal_pointer (&lookup_error));
      break;
    }
    g_clear_error (error);
    dtls = shake_hands_dtls (w, database, address, error);
  }
  if (dtls == NULL && *error == NULL)
    g_set_error (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND,
        "there is no address");
  return dtls;
}

static gssize
receive (worker * w, GDtlsConnection * dtls, guint8 * buffer, GError ** error)
{
  GInputVector vector = { buffer, DATAGRAM_MAX };
  GInputMessage message = {.vectors = &vector,.num_vectors = 1 };
  gint n = g_datagram_based_receive_messages (G_DATAGRAM_BASED (dtls),
      &message, 1, 0, -1, w->mailbox->cancellable, error);

  return n > 0 ? (gssize) message.bytes_received : n;
}

static void
run_dtls (worker * w, GTlsDatabase * database)
{
  g_autoptr (GError) error = NULL;
  GDtlsConnection *dtls = find_dtls (w, database, &error);
  g_autofree guint8 *buffer = g_malloc (DATAGRAM_MAX);
  gboolean open = TRUE;
  gssize n;

  if (dtls != NULL) {
    w->reading = TRUE;
    open = send_mail (w->mailbox, TLS_MAIL_STARTED, NULL, 0);
    while (open && (n = receive (w, dtls, buffer, &error)) > 0)
      open = send_mail (w->mailbox, TLS_MAIL_DATAGRAM, buffer, (gsize) n);
    /* Without this the server would go on sending. */
    g_dtls_connection_close (dtls, NULL, NULL);
    g_object_unref (dtls);
  }
  if (open)
    report (w, error);
}

/*
 * The thread
 */

static void
worker_free (worker * w)
{
  mailbox_unref (w->mailbox);
  g_object_unref (w->identity);
  g_free (w->connect_to);
  g_free (w->ca_file);
  g_free (w);
}

static gpointer
run (gpointer data)
{
  worker *w = data;
  g_autoptr (GTlsDatabase) database = NULL;

  if (!g_tls_backend_supports_tls (g_tls_backend_get_default ()))
    send_end (w->mailbox, OUTCOME_TLS, "GIO has none; is glib-networking "
        "installed?");
  else if (!load_database (w, &database))
    g_debug ("%s holds no authorities", w->ca_file);
  else if (w->transport == STREAM_TLS)
    run_tls (w, database);
  else
    run_dtls (w, database);
  worker_free (w);
  return NULL;
}

void
tls_worker_start (tls_mailbox * mailbox, const stream_uri * uri,
    const gchar * connect_to, const gchar * ca_file, guint64 connect_timeout)
{
  worker *w = g_new0 (worker, 1);
  g_autoptr (GError) error = NULL;
  GThread *thread;

  w->mailbox = mailbox;
  g_atomic_int_inc (&mailbox->refs);
  w->transport = uri->transport;
  w->identity = g_network_address_new (uri->host, uri->port);
  w->connect_to = g_strdup (connect_to);
  w->ca_file = g_strdup (ca_file);
  w->timeout = (guint) CLAMP (connect_timeout / 3 / G_GUINT64_CONSTANT
      (1000000000), 1, 3600);
  thread = g_thread_try_new ("mc-tls", run, w, &error);
  if (thread == NULL) {
    send_end (mailbox, OUTCOME_FAILED, error->message);
    worker_free (w);
    return;
  }
  g_thread_unref (thread);
}
