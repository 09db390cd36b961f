/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * URIs of manifest servers.  Part of stream.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  STREAM_HTTPS,
  STREAM_TLS,
  STREAM_DTLS
} stream_transport;

typedef struct
{
  stream_transport transport;
  gchar *host;                  /* IPv6 without brackets */
  guint16 port;                 /* 0: HTTPS without one */
} stream_uri;

/* Fails with a GIOErrorEnum whose text says what is wrong. */
gboolean stream_uri_parse (const gchar * text, stream_uri * uri,
    GError ** error);

void stream_uri_clear (stream_uri * uri);

/* "host" or "host:port", IPv6 in brackets. */
gchar *stream_uri_where (const stream_uri * uri);

G_END_DECLS
