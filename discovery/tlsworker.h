/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The thread of a tlsstream, and the mailbox by which it hands over what it
 * reads.  Part of tlsstream.
 */
#pragma once

#include <gio/gio.h>

#include "outcome.h"
#include "stream-uri.h"

G_BEGIN_DECLS

typedef enum
{
  TLS_MAIL_NONE,
  TLS_MAIL_STARTED,
  TLS_MAIL_BYTES,
  TLS_MAIL_DATAGRAM,
  TLS_MAIL_ENDED
} tls_mail_type;

typedef struct
{
  tls_mail_type type;
  const guint8 *data;           /* the worker's */
  gsize len;
  outcome result;               /* of ENDED */
  gchar *detail;                /* likewise; the mailbox's; may be NULL */
} tls_mail;

/* Belongs to the owner and to the worker. */
typedef struct _tls_mailbox tls_mailbox;

/* The source is made ready whenever there is mail. */
tls_mailbox *tls_mailbox_new (GSource * source);

/* The owner: no mail any more.  The worker is cancelled, and ends whenever it
 * notices.  Gives up the owner's reference. */
void tls_mailbox_close (tls_mailbox * mailbox);

/* The owner: what is there, valid until tls_mailbox_rest (). */
gboolean tls_mailbox_peek (tls_mailbox * mailbox, tls_mail * mail);

/* The owner: what was peeked at is done with; the source is ready again at that
 * time (-1: never) or with the next mail. */
void tls_mailbox_rest (tls_mailbox * mailbox, const tls_mail * done,
    gint64 ready_time);

/* The owner: the worker is to end. */
void tls_mailbox_cancel (tls_mailbox * mailbox);

/* The owner, instead of starting a worker: the stream is over. */
void tls_mailbox_refuse (tls_mailbox * mailbox, outcome result,
    const gchar * detail);

/* Starts the worker of a URI that is not HTTPS.  connect_to and ca_file may be
 * NULL. */
void tls_worker_start (tls_mailbox * mailbox, const stream_uri * uri,
    const gchar * connect_to, const gchar * ca_file, guint64 connect_timeout);

G_END_DECLS
