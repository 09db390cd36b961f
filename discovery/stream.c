/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A connection to a manifest server, whatever its transport; and manifests over
 * HTTPS (draft-ietf-mboned-ambi-05 §4.2): a response without an end, of the
 * right status and media type.
 */
#include "stream.h"

#include <curl/curl.h>
#include <string.h>

#include "fetch.h"
#include "stream-uri.h"
#include "tlsstream.h"

#define SECOND G_GUINT64_CONSTANT (1000000000)

struct _stream
{
  stream_callbacks callbacks;
  gpointer user;
  tlsstream *tls;               /* one of the two */
  fetch *https;
  gchar *where;
  gboolean delimited;           /* the response */
};

gboolean
stream_uri_is_valid (const gchar * text, GError ** error)
{
  stream_uri uri;
  gboolean valid = stream_uri_parse (text, &uri, error);

  stream_uri_clear (&uri);
  return valid;
}

/* The last that is done with the stream: the callback may close it.  What else
 * the response has is not waited for. */
static void
end_https (stream * s, const stream_end * end)
{
  fetch_free (g_steal_pointer (&s->https));
  if (s->callbacks.ended)
    s->callbacks.ended (s->user, end);
}

/* Seconds, or a date that is compared with the server's own clock (RFC 9110
 * §10.2.3).  0 for what is neither. */
static guint64
parse_retry_after (const gchar * value, const gchar * date)
{
  guint64 seconds;
  time_t at, now;

  if (value == NULL)
    return 0;
  if (g_ascii_string_to_unsigned (value, 10, 0, G_MAXUINT32, &seconds, NULL))
    return seconds * SECOND;
  at = curl_getdate (value, NULL);
  now = date ? curl_getdate (date, NULL) : -1;
  if (now < 0)
    now = (time_t) (g_get_real_time () / G_USEC_PER_SEC);
  return at > now ? (guint64) (at - now) * SECOND : 0;
}

/* Parameters are ignored. */
static gboolean
is_manifests (const gchar * content_type)
{
  gsize len;

  if (content_type == NULL)
    return FALSE;
  len = strcspn (content_type, "; \t");
  return len == strlen (STREAM_MEDIA_TYPE) &&
      g_ascii_strncasecmp (content_type, STREAM_MEDIA_TYPE, len) == 0;
}

static void
refuse_status (stream * s, const fetch_response * response)
{
  g_autofree gchar *detail = g_strdup_printf ("HTTP status %u",
      response->status);
  g_autofree gchar *text = outcome_text (OUTCOME_STATUS, s->where, detail);
  stream_end end = {.result = OUTCOME_STATUS,.status = response->status,
    .text = text
  };

  end.retry_after = parse_retry_after (response->retry_after, response->date);
  end_https (s, &end);
}

static void
refuse_media_type (stream * s, const fetch_response * response)
{
  /* What a server says is shown as what can be shown, and not all of it. */
  g_autofree gchar *type = g_strndup (response->content_type ?
      response->content_type : "none", 100);
  g_autofree gchar *shown = g_strescape (type, NULL);
  g_autofree gchar *detail = g_strdup_printf ("the media type is %s, not "
      STREAM_MEDIA_TYPE, shown);
  g_autofree gchar *text = outcome_text (OUTCOME_MEDIA_TYPE, s->where, detail);
  stream_end end = {.result = OUTCOME_MEDIA_TYPE,.text = text };

  end_https (s, &end);
}

static void
on_response (gpointer user, const fetch_response * response)
{
  stream *s = user;

  s->delimited = response->delimited;
  if (response->status != 200)
    refuse_status (s, response);
  else if (!is_manifests (response->content_type))
    refuse_media_type (s, response);
  else if (s->callbacks.started)
    s->callbacks.started (s->user);
}

static void
on_body (gpointer user, const guint8 * data, gsize len)
{
  stream *s = user;

  if (s->callbacks.bytes)
    s->callbacks.bytes (s->user, data, len);
}

static void
on_ended (gpointer user, outcome result, const gchar * text)
{
  stream *s = user;
  stream_end end = {.result = result,.text = text };

  end.whole = result == OUTCOME_COMPLETE && s->delimited;
  end_https (s, &end);
}

static fetch *
open_https (stream * s, const stream_request * request)
{
  static const fetch_callbacks callbacks = {
    .response = on_response,.body = on_body,.ended = on_ended
  };
  const fetch_request fetch = {.url = request->uri,
    .accept = STREAM_MEDIA_TYPE,.ca_file = request->ca_file,
    .connect_to = request->connect_to,.max_redirects = STREAM_MAX_REDIRECTS,
    .connect_timeout = request->connect_timeout
  };

  return fetch_start (&fetch, &callbacks, s);
}

stream *
stream_open (const stream_request * request,
    const stream_callbacks * callbacks, gpointer user)
{
  stream *s = g_new0 (stream, 1);
  stream_uri uri;

  s->callbacks = *callbacks;
  s->user = user;
  if (stream_uri_parse (request->uri, &uri, NULL) &&
      uri.transport == STREAM_HTTPS) {
    s->where = stream_uri_where (&uri);
    s->https = open_https (s, request);
  } else {
    /* What is no URI at all is told by it, too. */
    s->tls = tlsstream_open (request, callbacks, user);
  }
  stream_uri_clear (&uri);
  return s;
}

void
stream_close (stream * stream)
{
  if (stream == NULL)
    return;
  tlsstream_close (stream->tls);
  fetch_free (stream->https);
  g_free (stream->where);
  g_free (stream);
}

const stream_methods stream_over_network = { stream_open, stream_close };
