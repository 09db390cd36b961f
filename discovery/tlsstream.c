/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Manifests over TLS or DTLS without HTTP, by GIO.
 *
 * A worker thread connects and reads, and puts what comes into a mailbox with
 * room for one thing; the source of the caller's main context takes it out.
 * Whoever closes the stream cancels the worker and leaves: it ends by itself.
 */
#include "tlsstream.h"

#include <gio/gio.h>

#include "stream-uri.h"
#include "tlsworker.h"

#define DEFAULT_CONNECT_TIMEOUT (10 * G_GUINT64_CONSTANT (1000000000))

typedef struct
{
  GSource parent;
  tlsstream *owner;
} tls_source;

struct _tlsstream
{
  stream_callbacks callbacks;
  gpointer user;
  gchar *where;

  GSource *source;
  tls_mailbox *mailbox;
  gint64 deadline;              /* until it is started; -1 from then on */
  gboolean over;
  gboolean busy;                /* in a callback */
  gboolean freed;               /* by it */
};

static void
destroy (tlsstream * s)
{
  tls_mailbox_close (s->mailbox);
  g_source_destroy (s->source);
  g_source_unref (s->source);
  g_free (s->where);
  g_free (s);
}

static void
end (tlsstream * s, outcome result, const gchar * detail)
{
  g_autofree gchar *text = outcome_text (result, s->where, detail);
  stream_end end = {.result = result,.text = text };

  s->over = TRUE;
  s->deadline = -1;
  if (s->callbacks.ended)
    s->callbacks.ended (s->user, &end);
}

static void
deliver (tlsstream * s, const tls_mail * mail)
{
  switch (mail->type) {
    case TLS_MAIL_STARTED:
      s->deadline = -1;
      if (s->callbacks.started)
        s->callbacks.started (s->user);
      break;
    case TLS_MAIL_BYTES:
      if (s->callbacks.bytes)
        s->callbacks.bytes (s->user, mail->data, mail->len);
      break;
    case TLS_MAIL_DATAGRAM:
      if (s->callbacks.datagram)
        s->callbacks.datagram (s->user, mail->data, mail->len);
      break;
    case TLS_MAIL_ENDED:
      end (s, mail->result, mail->detail);
      break;
    default:
      break;
  }
}

static gboolean
on_dispatch (GSource * source, GSourceFunc unused, gpointer unused_data)
{
  tlsstream *s = ((tls_source *) source)->owner;
  tls_mail mail;

  s->busy = TRUE;
  if (tls_mailbox_peek (s->mailbox, &mail)) {
    if (!s->over)
      deliver (s, &mail);
  } else if (s->deadline >= 0 && s->deadline <= g_get_monotonic_time ()) {
    tls_mailbox_cancel (s->mailbox);
    end (s, OUTCOME_TIMEOUT, "there is no connection");
  }
  s->busy = FALSE;
  if (s->freed) {
    destroy (s);
    return G_SOURCE_REMOVE;
  }
  tls_mailbox_rest (s->mailbox, &mail, s->deadline);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {.dispatch = on_dispatch };

tlsstream *
tlsstream_open (const stream_request * request,
    const stream_callbacks * callbacks, gpointer user)
{
  tlsstream *s = g_new0 (tlsstream, 1);
  guint64 timeout = request->connect_timeout;
  g_autoptr (GError) error = NULL;
  stream_uri uri;

  if (timeout == 0)
    timeout = DEFAULT_CONNECT_TIMEOUT;
  s->callbacks = *callbacks;
  s->user = user;
  s->deadline = g_get_monotonic_time () + (gint64) MIN (timeout / 1000,
      G_MAXINT64 / 2);
  s->source = g_source_new (&source_funcs, sizeof (tls_source));
  ((tls_source *) s->source)->owner = s;
  g_source_set_static_name (s->source, "tlsstream");
  g_source_set_ready_time (s->source, s->deadline);
  s->mailbox = tls_mailbox_new (s->source);
  /* Only from then on GLib locks what another thread changes. */
  g_source_attach (s->source, g_main_context_get_thread_default ());

  if (!stream_uri_parse (request->uri, &uri, &error)) {
    s->where = g_strdup (request->uri);
    tls_mailbox_refuse (s->mailbox, OUTCOME_BAD_URI, error->message);
  } else if (uri.transport == STREAM_HTTPS) {
    s->where = g_strdup (request->uri);
    tls_mailbox_refuse (s->mailbox, OUTCOME_BAD_URI, "this is HTTP");
  } else {
    s->where = stream_uri_where (&uri);
    tls_worker_start (s->mailbox, &uri, request->connect_to, request->ca_file,
        timeout);
  }
  stream_uri_clear (&uri);
  return s;
}

void
tlsstream_close (tlsstream * stream)
{
  if (stream == NULL)
    return;
  if (stream->busy)
    stream->freed = TRUE;
  else
    destroy (stream);
}
