/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * One GET over HTTPS: a document that has a bound, or a response without an
 * end.
 *
 * A fetch lives in the thread-default main context of the thread that starts
 * it: its callbacks are called from there, and it is freed there.  It never
 * calls back from fetch_start () or fetch_free ().  Nothing blocks: names are
 * looked up on a thread of libcurl's, which nobody waits for.
 *
 * TLS 1.2 is the least; the certificate's chain and its host are checked, and
 * there is no way not to.  The user's proxies (https_proxy, no_proxy) are
 * used as libcurl does; through them TLS is still with the server.
 */
#pragma once

#include "outcome.h"

G_BEGIN_DECLS

/* Connections that fetches of a thread leave to each other.  None is used for
 * another host, or where other authorities are to vouch for it. */
typedef struct _fetch_pool fetch_pool;

/* Zero in a field means its default. */
typedef struct
{
  const gchar *url;             /* https:// */
  const gchar *accept;          /* media types; NULL: any */
  const gchar *if_none_match;   /* an ETag; NULL: none */
  gboolean no_cache;            /* past all caches */
  const gchar *ca_file;         /* PEM; NULL: the system's authorities */
  const gchar *connect_to;      /* HOST:PORT to connect to instead of the URL's,
                                   IPv6 in brackets; the certificate is still
                                   to be for the URL's host; NULL: no other */
  fetch_pool *pool;             /* whose connections are used; NULL: a new one
                                   is, and closed at the end */
  guint max_redirects;          /* https to https alone; 0: the redirect itself
                                   is the response */
  guint64 max_body;             /* octets; 0: no bound */
  guint64 max_header;           /* octets of all header lines; 0: 64 KiB */
  guint64 connect_timeout;      /* ns, with name and TLS; 0: 10 s */
  guint64 total_timeout;        /* ns; 0: none */
} fetch_request;

/* What came before the body; fields that were not sent are NULL.  Valid during
 * the call. */
typedef struct
{
  guint status;
  const gchar *url;             /* that answered, after redirects */
  gboolean delimited;           /* the end of the body will be told, and is not
                                   just that of the connection */
  const gchar *content_type;
  const gchar *cache_control;
  const gchar *retry_after;
  const gchar *location;
  const gchar *age;
  const gchar *expires;
  const gchar *date;
  const gchar *etag;
} fetch_response;

/* Any of them may free the fetch.  Those that are NULL are left out. */
typedef struct
{
  /* Once, before the body, whatever the status is. */
  void (*response) (gpointer user, const fetch_response * response);

  void (*body) (gpointer user, const guint8 * data, gsize len);

  /* Once, and nothing after it.  text: one sentence that names the host and
   * says what is wrong; empty for OUTCOME_COMPLETE. */
  void (*ended) (gpointer user, outcome result, const gchar * text);
} fetch_callbacks;

typedef struct _fetch fetch;

/* The request is copied.  What is wrong with it is told by ended (). */
fetch *fetch_start (const fetch_request * request,
    const fetch_callbacks * callbacks, gpointer user);

/* Ends it wherever it is, without waiting for the network; afterwards there is
 * no callback.  NULL is fine. */
void fetch_free (fetch * fetch);

/* For the thread-default main context.  keep_time: how long a few connections
 * stay open when there is no fetch, in ns.  response () and body () of one of
 * its fetches start no other one. */
fetch_pool *fetch_pool_new (guint64 keep_time);

/* Closes all of them, without waiting for the network; its fetches have been
 * freed.  NULL is fine. */
void fetch_pool_free (fetch_pool * pool);

/* What tests replace. */
typedef struct
{
  fetch *(*start) (const fetch_request * request,
      const fetch_callbacks * callbacks, gpointer user);
  void (*free) (fetch * fetch);
} fetch_methods;

/* fetch_start () and fetch_free (). */
extern const fetch_methods fetch_over_https;

G_END_DECLS
