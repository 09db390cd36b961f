/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A connection to a manifest server, whatever its transport
 * (draft-ietf-mboned-ambi-05 §4): https://, ambi+tls://, ambi+dtls://.
 *
 * A stream lives in the thread-default main context of the thread that opens
 * it: its callbacks are called from there, and it is closed there.  It never
 * calls back from stream_open () or stream_close ().
 */
#pragma once

#include "outcome.h"

G_BEGIN_DECLS

/* The media type of manifests over HTTPS. */
#define STREAM_MEDIA_TYPE "application/ambi"

enum
{
  STREAM_MAX_REDIRECTS = 3
};

/* Zero in a field means its default. */
typedef struct
{
  const gchar *uri;
  const gchar *ca_file;         /* PEM; NULL: the system's authorities */
  const gchar *connect_to;      /* HOST:PORT to connect to instead of the URI's;
                                   the certificate is still to be for the URI's
                                   host; NULL: no other */
  guint64 connect_timeout;      /* ns, with name and TLS; 0: 10 s */
} stream_request;

/* Valid during the call. */
typedef struct
{
  outcome result;
  gboolean whole;               /* OUTCOME_COMPLETE: the server said that this
                                   was all, and did not just leave */
  guint status;                 /* of OUTCOME_STATUS */
  guint64 retry_after;          /* ns; 0: the server did not say */
  const gchar *text;            /* one sentence that names the host; empty for
                                   OUTCOME_COMPLETE */
} stream_end;

/* Any of them may close the stream. */
typedef struct
{
  /* Once: the server is who it should be, and accepted. */
  void (*started) (gpointer user);

  /* Octets of manifests back to back, cut anyhow. */
  void (*bytes) (gpointer user, const guint8 * data, gsize len);

  /* One manifest. */
  void (*datagram) (gpointer user, const guint8 * data, gsize len);

  /* Once, and nothing after it. */
  void (*ended) (gpointer user, const stream_end * end);
} stream_callbacks;

typedef struct _stream stream;

/* Whether the URI has one of the schemes and what it needs; if not, *error says
 * what is wrong. */
gboolean stream_uri_is_valid (const gchar * uri, GError ** error);

/* The request is copied.  What is wrong with it is told by ended (). */
stream *stream_open (const stream_request * request,
    const stream_callbacks * callbacks, gpointer user);

/* Ends it wherever it is, without waiting for the network; afterwards there is
 * no callback.  NULL is fine. */
void stream_close (stream * stream);

/* What tests replace. */
typedef struct
{
  stream *(*open) (const stream_request * request,
      const stream_callbacks * callbacks, gpointer user);
  void (*close) (stream * stream);
} stream_methods;

/* stream_open () and stream_close (). */
extern const stream_methods stream_over_network;

G_END_DECLS
