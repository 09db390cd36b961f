/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * One GET over HTTPS, by libcurl.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "fetch.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "fetch-error.h"
#include "fetch-pool.h"

#define DEFAULT_MAX_HEADER (64 * 1024)
#define DEFAULT_CONNECT_TIMEOUT (10 * G_GUINT64_CONSTANT (1000000000))

/* s: so old, authorities are read anew, and servers have to show anew who they
 * are. */
#define MAX_AUTHORITIES_AGE 60L
#define MAX_CONNECTION_AGE 600L

/* The header fields that matter. */
enum
{
  FIELD_CONTENT_TYPE,
  FIELD_CACHE_CONTROL,
  FIELD_RETRY_AFTER,
  FIELD_LOCATION,
  FIELD_AGE,
  FIELD_EXPIRES,
  FIELD_DATE,
  FIELD_ETAG,
  FIELD_TRANSFER_ENCODING,      /* not passed on itself */
  FIELD_CONTENT_LENGTH,         /* likewise */
  N_FIELDS
};

static const gchar *const field_names[N_FIELDS] = {
  "content-type", "cache-control", "retry-after", "location", "age",
  "expires", "date", "etag", "transfer-encoding", "content-length"
};

struct _fetch
{
  fetch_callbacks callbacks;
  gpointer user;

  /* of the request */
  gchar *ca_file;
  guint max_redirects;
  guint64 max_body;
  guint64 max_header;

  fetch_pool *pool;
  gboolean owns_pool;
  CURL *easy;                   /* NULL when it is over */
  int user_timeout;             /* ms */
  struct curl_slist *headers;
  struct curl_slist *connect_to;
  char detail[CURL_ERROR_SIZE];

  gchar *fields[N_FIELDS];
  guint64 header_octets;
  guint64 body_octets;
  gboolean responded;
  gboolean too_large;

  gchar *refusal;               /* why it was not begun */
  gboolean freed;               /* by a callback, and not called any more: the
                                   rest waits until it is over */
};

static gpointer
init_curl (gpointer unused)
{
  return GINT_TO_POINTER (curl_global_init (CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

static void
clear_fields (fetch * f)
{
  for (guint i = 0; i < N_FIELDS; i++)
    g_clear_pointer (&f->fields[i], g_free);
}

static void
end_transfer (fetch * f)
{
  if (f->easy == NULL)
    return;
  fetch_pool_remove (f->pool, f->easy);
  curl_easy_cleanup (f->easy);
  f->easy = NULL;
}

void
fetch_destroy (fetch * f)
{
  end_transfer (f);
  if (f->owns_pool)
    fetch_pool_free (f->pool);
  curl_slist_free_all (f->headers);
  curl_slist_free_all (f->connect_to);
  clear_fields (f);
  g_free (f->refusal);
  g_free (f->ca_file);
  g_free (f);
}

/*
 * What libcurl calls
 */

/* What a server does not even acknowledge for so long says that the way to it
 * is gone; libcurl then asks over a new connection, if that was an old one. */
static int
on_new_socket (void *user, curl_socket_t fd, curlsocktype purpose)
{
  fetch *f = user;

  setsockopt (fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &f->user_timeout,
      sizeof (f->user_timeout));
  return CURL_SOCKOPT_OK;
}

/* Of a field that is given twice, the first counts, unless it is a list, which
 * may be spread over several (RFC 9110 §5.3). */
static void
set_field (fetch * f, guint field, const gchar * value)
{
  gchar *before = f->fields[field];

  if (before != NULL && field != FIELD_CACHE_CONTROL)
    return;
  f->fields[field] = before == NULL ? g_strdup (value) :
      g_strconcat (before, ", ", value, NULL);
  g_free (before);
}

static void
take_field (fetch * f, const char *line, size_t len)
{
  const char *colon = memchr (line, ':', len);

  if (colon == NULL)
    return;
  for (guint i = 0; i < N_FIELDS; i++) {
    size_t name_len = strlen (field_names[i]);
    g_autofree gchar *value = NULL;

    if ((size_t) (colon - line) != name_len ||
        g_ascii_strncasecmp (line, field_names[i], name_len) != 0)
      continue;
    value = g_strndup (colon + 1, len - name_len - 1);
    set_field (f, i, g_strstrip (value));
  }
}

/* From HTTP/2 on it always is (RFC 9113 §8.1). */
static gboolean
is_delimited (fetch * f)
{
  long version = 0;

  curl_easy_getinfo (f->easy, CURLINFO_HTTP_VERSION, &version);
  return version >= CURL_HTTP_VERSION_2_0 ||
      f->fields[FIELD_TRANSFER_ENCODING] != NULL ||
      f->fields[FIELD_CONTENT_LENGTH] != NULL;
}

/* The header of a response is complete.  Interim ones and those of redirects
 * that libcurl follows, or fails to, are not the caller's. */
static void
take_response (fetch * f)
{
  fetch_response response = {.content_type = f->fields[FIELD_CONTENT_TYPE],
    .cache_control = f->fields[FIELD_CACHE_CONTROL],
    .retry_after = f->fields[FIELD_RETRY_AFTER],
    .location = f->fields[FIELD_LOCATION],.age = f->fields[FIELD_AGE],
    .expires = f->fields[FIELD_EXPIRES],.date = f->fields[FIELD_DATE],.etag =
        f->fields[FIELD_ETAG]
  };
  char *url = NULL;
  long status = 0;

  curl_easy_getinfo (f->easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo (f->easy, CURLINFO_EFFECTIVE_URL, &url);
  if (status < 200)
    return;
  if (status / 100 == 3 && response.location != NULL && f->max_redirects > 0)
    return;
  f->responded = TRUE;
  response.status = (guint) status;
  response.url = url;
  response.delimited = is_delimited (f);
  if (f->callbacks.response)
    f->callbacks.response (f->user, &response);
}

static size_t
on_header (char *line, size_t size, size_t n, void *user)
{
  fetch *f = user;
  size_t len = size * n;
  size_t text_len = len;

  if (f->freed)
    return 0;
  f->header_octets += len;
  if (f->header_octets > f->max_header) {
    f->too_large = TRUE;
    return 0;
  }
  while (text_len > 0 && strchr ("\r\n", line[text_len - 1]) != NULL)
    text_len--;
  /* Trailers come behind the body. */
  if (f->responded)
    return len;
  if (text_len == 0)
    take_response (f);
  else if (text_len >= 5 && memcmp (line, "HTTP/", 5) == 0)
    clear_fields (f);
  else
    take_field (f, line, text_len);
  return f->freed ? 0 : len;
}

static size_t
on_body (char *data, size_t size, size_t n, void *user)
{
  fetch *f = user;
  size_t len = size * n;

  if (f->freed)
    return 0;
  if (!f->responded)
    return len;                 /* of a redirect */
  if (f->max_body > 0 && len > f->max_body - f->body_octets) {
    f->too_large = TRUE;
    return 0;
  }
  f->body_octets += len;
  if (f->callbacks.body)
    f->callbacks.body (f->user, (const guint8 *) data, len);
  return f->freed ? 0 : len;
}

static void
finish (fetch * f, CURLcode code)
{
  fetch_ending ending = {.easy = f->easy,.code = code,.detail = f->detail,
    .ca_file = f->ca_file,.too_large = f->too_large
  };
  g_autofree gchar *text = NULL;
  outcome result = fetch_explain (&ending, &text);

  end_transfer (f);
  if (f->callbacks.ended)
    f->callbacks.ended (f->user, result, text);
}

void
fetch_over (fetch * f, CURLcode code)
{
  if (f->freed)
    end_transfer (f);
  else if (f->refusal == NULL)
    finish (f, code);
  else if (f->callbacks.ended)
    f->callbacks.ended (f->user, OUTCOME_BAD_URI, f->refusal);
}

/*
 * Life
 */

/* libcurl's milliseconds, never 0, which is its default. */
static long
to_ms (guint64 time)
{
  return (long) CLAMP (time / 1000000, 1, G_MAXINT);
}

/* refusal: why it is none of ours */
static void
check_url (const gchar * url, gchar ** refusal)
{
  CURLU *parts = curl_url ();
  CURLUcode code = CURLUE_OUT_OF_MEMORY;
  char *scheme = NULL;

  if (parts != NULL)
    code = curl_url_set (parts, CURLUPART_URL, url, CURLU_DISALLOW_USER);
  if (code != CURLUE_OK)
    *refusal = g_strdup_printf ("%s: not a URL: %s", url,
        curl_url_strerror (code));
  else if (curl_url_get (parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
      strcmp (scheme, "https") != 0)
    *refusal = g_strdup_printf ("%s: only https is fetched", url);
  curl_free (scheme);
  curl_url_cleanup (parts);
}

/* "HOST:PORT:TARGET" for CURLOPT_CONNECT_TO: no other host of a redirect is
 * meant. */
static struct curl_slist *
connect_to_list (const gchar * url, const gchar * target)
{
  CURLU *parts = curl_url ();
  char *host = NULL, *port = NULL;
  struct curl_slist *list = NULL;

  if (parts != NULL && curl_url_set (parts, CURLUPART_URL, url, 0) == CURLUE_OK
      && curl_url_get (parts, CURLUPART_HOST, &host, 0) == CURLUE_OK
      && curl_url_get (parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
      CURLUE_OK) {
    g_autofree gchar *line = g_strdup_printf ("%s:%s:%s", host, port, target);

    list = curl_slist_append (NULL, line);
  }
  curl_free (host);
  curl_free (port);
  curl_url_cleanup (parts);
  return list;
}

static void
set_up_headers (fetch * f, const fetch_request * request)
{
  f->headers = curl_slist_append (NULL, "Accept-Encoding: identity");
  if (request->accept) {
    g_autofree gchar *line = g_strdup_printf ("Accept: %s", request->accept);

    f->headers = curl_slist_append (f->headers, line);
  }
  if (request->if_none_match) {
    g_autofree gchar *line = g_strdup_printf ("If-None-Match: %s",
        request->if_none_match);

    f->headers = curl_slist_append (f->headers, line);
  }
  if (request->no_cache)
    f->headers = curl_slist_append (f->headers, "Cache-Control: no-cache");
  curl_easy_setopt (f->easy, CURLOPT_HTTPHEADER, f->headers);
  /* Without the version: what is asked for tells enough of who asks. */
  curl_easy_setopt (f->easy, CURLOPT_USERAGENT, PACKAGE);
}

static void
set_up_security (fetch * f)
{
  curl_easy_setopt (f->easy, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt (f->easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
  curl_easy_setopt (f->easy, CURLOPT_SSLVERSION,
      (long) CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt (f->easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt (f->easy, CURLOPT_SSL_VERIFYHOST, 2L);
  if (f->ca_file) {
    /* The file alone, not the system's folder beside it. */
    curl_easy_setopt (f->easy, CURLOPT_CAINFO, f->ca_file);
    curl_easy_setopt (f->easy, CURLOPT_CAPATH, NULL);
  }
}

static void
set_up_bounds (fetch * f, const fetch_request * request)
{
  guint64 connect_timeout = request->connect_timeout;

  if (connect_timeout == 0)
    connect_timeout = DEFAULT_CONNECT_TIMEOUT;
  curl_easy_setopt (f->easy, CURLOPT_CONNECTTIMEOUT_MS,
      to_ms (connect_timeout));
  if (request->total_timeout > 0)
    curl_easy_setopt (f->easy, CURLOPT_TIMEOUT_MS,
        to_ms (request->total_timeout));
  if (f->max_body > 0)
    curl_easy_setopt (f->easy, CURLOPT_MAXFILESIZE_LARGE,
        (curl_off_t) MIN (f->max_body, G_MAXINT64));
  curl_easy_setopt (f->easy, CURLOPT_FOLLOWLOCATION,
      (long) (f->max_redirects > 0));
  curl_easy_setopt (f->easy, CURLOPT_MAXREDIRS, (long) f->max_redirects);
  /* A peer that vanished is noticed although nothing is sent to it. */
  curl_easy_setopt (f->easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt (f->easy, CURLOPT_TCP_KEEPIDLE, 30L);
  curl_easy_setopt (f->easy, CURLOPT_TCP_KEEPINTVL, 10L);
  /* No signals; and no waiting for the thread that looks up a name, which
   * cleans up after itself. */
  curl_easy_setopt (f->easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt (f->easy, CURLOPT_QUICK_EXIT, 1L);
}

/* For what others leave behind, and leave to others. */
static void
set_up_sharing (fetch * f, const fetch_request * request)
{
  guint64 connect_timeout = request->connect_timeout;

  if (connect_timeout == 0)
    connect_timeout = DEFAULT_CONNECT_TIMEOUT;
  f->user_timeout = (int) to_ms (connect_timeout);
  curl_easy_setopt (f->easy, CURLOPT_SOCKOPTFUNCTION, on_new_socket);
  curl_easy_setopt (f->easy, CURLOPT_SOCKOPTDATA, f);
  curl_easy_setopt (f->easy, CURLOPT_CA_CACHE_TIMEOUT, MAX_AUTHORITIES_AGE);
  curl_easy_setopt (f->easy, CURLOPT_MAXLIFETIME_CONN, MAX_CONNECTION_AGE);
  /* The network may be another one now, with other addresses. */
  curl_easy_setopt (f->easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
}

static void
set_up_callbacks (fetch * f)
{
  curl_easy_setopt (f->easy, CURLOPT_ERRORBUFFER, f->detail);
  curl_easy_setopt (f->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt (f->easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt (f->easy, CURLOPT_HEADERDATA, f);
  curl_easy_setopt (f->easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt (f->easy, CURLOPT_WRITEDATA, f);
}

static void
set_up_transfer (fetch * f, const fetch_request * request)
{
  f->easy = curl_easy_init ();
  g_assert (f->easy != NULL);   /* as g_new () */

  curl_easy_setopt (f->easy, CURLOPT_URL, request->url);
  if (request->connect_to) {
    f->connect_to = connect_to_list (request->url, request->connect_to);
    curl_easy_setopt (f->easy, CURLOPT_CONNECT_TO, f->connect_to);
  }
  set_up_headers (f, request);
  set_up_security (f);
  set_up_bounds (f, request);
  set_up_callbacks (f);
  if (!f->owns_pool)
    set_up_sharing (f, request);
  fetch_pool_add (f->pool, f->easy, f);
}

fetch *
fetch_start (const fetch_request * request, const fetch_callbacks * callbacks,
    gpointer user)
{
  static GOnce once = G_ONCE_INIT;
  fetch *f = g_new0 (fetch, 1);

  f->callbacks = *callbacks;
  f->user = user;
  f->ca_file = g_strdup (request->ca_file);
  f->max_redirects = request->max_redirects;
  f->max_body = request->max_body;
  f->max_header = request->max_header ? request->max_header :
      DEFAULT_MAX_HEADER;
  if (!g_once (&once, init_curl, NULL))
    f->refusal = g_strdup ("libcurl cannot be initialised");
  else
    check_url (request->url, &f->refusal);
  f->owns_pool = request->pool == NULL || f->refusal != NULL;
  f->pool = f->owns_pool ? fetch_pool_new (0) : request->pool;
  if (f->refusal != NULL)
    fetch_pool_call (f->pool, f);
  else
    set_up_transfer (f, request);
  return f;
}

void
fetch_free (fetch * fetch)
{
  if (fetch == NULL)
    return;
  if (fetch_pool_defer (fetch->pool, fetch))
    fetch->freed = TRUE;
  else
    fetch_destroy (fetch);
}

const fetch_methods fetch_over_https = { fetch_start, fetch_free };
