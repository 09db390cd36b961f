/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * One GET over HTTPS, by libcurl, in the main context of the caller.
 *
 * libcurl says which sockets and which time it waits for; a GSource waits for
 * them and hands back what happened.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "fetch.h"

#include <curl/curl.h>
#include <string.h>

#include "fetch-error.h"

#define DEFAULT_MAX_HEADER (64 * 1024)
#define DEFAULT_CONNECT_TIMEOUT (10 * G_GUINT64_CONSTANT (1000000000))

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

/* A socket of libcurl's that is waited for. */
typedef struct
{
  curl_socket_t fd;
  gpointer tag;
} watch;

typedef struct
{
  curl_socket_t fd;
  int what;                     /* CURL_CSELECT_... */
} readiness;

typedef struct
{
  GSource parent;
  fetch *owner;
} fetch_source;

struct _fetch
{
  fetch_callbacks callbacks;
  gpointer user;

  /* of the request */
  gchar *ca_file;
  guint max_redirects;
  guint64 max_body;
  guint64 max_header;

  GSource *source;
  GArray *watches;
  CURLM *multi;                 /* NULL when it is over */
  CURL *easy;
  struct curl_slist *headers;
  struct curl_slist *connect_to;
  char detail[CURL_ERROR_SIZE];

  gchar *fields[N_FIELDS];
  guint64 header_octets;
  guint64 body_octets;
  gboolean responded;
  gboolean too_large;

  gchar *refusal;               /* why it was not begun */
  gboolean busy;                /* libcurl is at work, or a callback */
  gboolean freed;               /* by a callback: the rest waits until it is
                                   over */
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

/* The connection is closed, the sockets with it. */
static void
end_transfer (fetch * f)
{
  if (f->multi == NULL)
    return;
  curl_multi_remove_handle (f->multi, f->easy);
  curl_easy_cleanup (f->easy);
  curl_multi_cleanup (f->multi);
  f->multi = NULL;
  f->easy = NULL;
  for (guint i = 0; i < f->watches->len; i++)
    g_source_remove_unix_fd (f->source,
        g_array_index (f->watches, watch, i).tag);
  g_array_set_size (f->watches, 0);
  g_source_set_ready_time (f->source, -1);
}

static void
destroy (fetch * f)
{
  end_transfer (f);
  curl_slist_free_all (f->headers);
  curl_slist_free_all (f->connect_to);
  g_source_destroy (f->source);
  g_source_unref (f->source);
  g_array_unref (f->watches);
  clear_fields (f);
  g_free (f->refusal);
  g_free (f->ca_file);
  g_free (f);
}

/*
 * What libcurl calls
 */

static int
on_socket (CURL * easy, curl_socket_t fd, int what, void *user, void *unused)
{
  fetch *f = user;
  GIOCondition condition = G_IO_ERR | G_IO_HUP;
  watch added = { fd, NULL };
  guint i = 0;

  while (i < f->watches->len && g_array_index (f->watches, watch, i).fd != fd)
    i++;
  if (i < f->watches->len) {
    g_source_remove_unix_fd (f->source,
        g_array_index (f->watches, watch, i).tag);
    g_array_remove_index_fast (f->watches, i);
  }
  if (what == CURL_POLL_REMOVE)
    return 0;

  if (what & CURL_POLL_IN)
    condition |= G_IO_IN;
  if (what & CURL_POLL_OUT)
    condition |= G_IO_OUT;
  added.tag = g_source_add_unix_fd (f->source, fd, condition);
  g_array_append_val (f->watches, added);
  return 0;
}

static int
on_timer (CURLM * multi, long timeout_ms, void *user)
{
  fetch *f = user;

  g_source_set_ready_time (f->source, timeout_ms < 0 ? -1 :
      g_get_monotonic_time () + (gint64) timeout_ms * 1000);
  return 0;
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

/*
 * The source
 */

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

static void
refuse (fetch * f)
{
  g_autofree gchar *text = g_steal_pointer (&f->refusal);

  g_source_set_ready_time (f->source, -1);
  if (f->callbacks.ended)
    f->callbacks.ended (f->user, OUTCOME_BAD_URI, text);
}

static GArray *
take_readiness (fetch * f)
{
  GArray *ready = g_array_new (FALSE, FALSE, sizeof (readiness));

  for (guint i = 0; i < f->watches->len; i++) {
    watch *w = &g_array_index (f->watches, watch, i);
    GIOCondition condition = g_source_query_unix_fd (f->source, w->tag);
    readiness r = { w->fd, 0 };

    if (condition & G_IO_IN)
      r.what |= CURL_CSELECT_IN;
    if (condition & G_IO_OUT)
      r.what |= CURL_CSELECT_OUT;
    if (condition & (G_IO_ERR | G_IO_HUP | G_IO_NVAL))
      r.what |= CURL_CSELECT_ERR;
    if (r.what)
      g_array_append_val (ready, r);
  }
  return ready;
}

/* Lets libcurl work on what happened, and calls back meanwhile. */
static void
work (fetch * f)
{
  g_autoptr (GArray) ready = take_readiness (f);
  gint64 due = g_source_get_ready_time (f->source);
  CURLMsg *message;
  int running, left;

  if (due >= 0 && due <= g_get_monotonic_time ()) {
    /* libcurl sets it anew when there is something else to wait for. */
    g_source_set_ready_time (f->source, -1);
    curl_multi_socket_action (f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
  }
  for (guint i = 0; i < ready->len && !f->freed; i++) {
    readiness *r = &g_array_index (ready, readiness, i);

    curl_multi_socket_action (f->multi, r->fd, r->what, &running);
  }
  if (f->freed)
    return;
  message = curl_multi_info_read (f->multi, &left);
  if (message != NULL && message->msg == CURLMSG_DONE)
    finish (f, message->data.result);
}

static gboolean
on_dispatch (GSource * source, GSourceFunc unused, gpointer unused_data)
{
  fetch *f = ((fetch_source *) source)->owner;

  f->busy = TRUE;
  if (f->refusal != NULL)
    refuse (f);
  else if (f->multi != NULL)
    work (f);
  f->busy = FALSE;
  if (f->freed)
    destroy (f);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {.dispatch = on_dispatch };

/*
 * Life
 */

/* libcurl's milliseconds, never 0, which is its default. */
static long
to_ms (guint64 time)
{
  return (long) CLAMP (time / 1000000, 1, G_MAXINT);
}

static gboolean
check_url (const gchar * url, gchar ** refusal)
{
  CURLU *parts = curl_url ();
  CURLUcode code = CURLUE_OUT_OF_MEMORY;
  char *scheme = NULL;
  gboolean ok = FALSE;

  if (parts != NULL)
    code = curl_url_set (parts, CURLUPART_URL, url, CURLU_DISALLOW_USER);
  if (code != CURLUE_OK)
    *refusal = g_strdup_printf ("%s: not a URL: %s", url,
        curl_url_strerror (code));
  else if (curl_url_get (parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
      strcmp (scheme, "https") != 0)
    *refusal = g_strdup_printf ("%s: only https is fetched", url);
  else
    ok = TRUE;
  curl_free (scheme);
  curl_url_cleanup (parts);
  return ok;
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

static void
set_up_callbacks (fetch * f)
{
  curl_easy_setopt (f->easy, CURLOPT_ERRORBUFFER, f->detail);
  curl_easy_setopt (f->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt (f->easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt (f->easy, CURLOPT_HEADERDATA, f);
  curl_easy_setopt (f->easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt (f->easy, CURLOPT_WRITEDATA, f);
  curl_multi_setopt (f->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt (f->multi, CURLMOPT_SOCKETDATA, f);
  curl_multi_setopt (f->multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt (f->multi, CURLMOPT_TIMERDATA, f);
}

static void
set_up_transfer (fetch * f, const fetch_request * request)
{
  f->easy = curl_easy_init ();
  f->multi = curl_multi_init ();
  g_assert (f->easy != NULL && f->multi != NULL);       /* as g_new () */

  curl_easy_setopt (f->easy, CURLOPT_URL, request->url);
  if (request->connect_to) {
    f->connect_to = connect_to_list (request->url, request->connect_to);
    curl_easy_setopt (f->easy, CURLOPT_CONNECT_TO, f->connect_to);
  }
  set_up_headers (f, request);
  set_up_security (f);
  set_up_bounds (f, request);
  set_up_callbacks (f);
  /* Nothing is begun here: the timer is set to now. */
  curl_multi_add_handle (f->multi, f->easy);
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
  f->watches = g_array_new (FALSE, FALSE, sizeof (watch));
  f->source = g_source_new (&source_funcs, sizeof (fetch_source));
  ((fetch_source *) f->source)->owner = f;
  g_source_set_static_name (f->source, "fetch");

  if (!g_once (&once, init_curl, NULL)) {
    f->refusal = g_strdup ("libcurl cannot be initialised");
    g_source_set_ready_time (f->source, 0);
  } else if (!check_url (request->url, &f->refusal)) {
    g_source_set_ready_time (f->source, 0);
  } else {
    set_up_transfer (f, request);
  }
  g_source_attach (f->source, g_main_context_get_thread_default ());
  return f;
}

void
fetch_free (fetch * fetch)
{
  if (fetch == NULL)
    return;
  if (fetch->busy)
    fetch->freed = TRUE;
  else
    destroy (fetch);
}

const fetch_methods fetch_over_https = { fetch_start, fetch_free };
