/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What libcurl's results mean, in words for the user.  Part of fetch.
 */
#pragma once

#include <curl/curl.h>

#include "outcome.h"

G_BEGIN_DECLS

/* A transfer that is over. */
typedef struct
{
  CURL *easy;
  CURLcode code;
  const gchar *detail;          /* libcurl's words, or empty */
  const gchar *ca_file;         /* or NULL */
  gboolean too_large;           /* a bound of ours ended it */
} fetch_ending;

/* *text is the sentence of fetch_callbacks' ended (). */
outcome fetch_explain (const fetch_ending * ending, gchar ** text);

/* "host" or "host:port" of a URL; NULL when it is none. */
gchar *fetch_url_host (const gchar * url);

G_END_DECLS
