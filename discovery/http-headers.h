/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What header fields of an HTTP answer mean for whoever asks again (RFC 9110,
 * RFC 9111).  Fields that are absent are NULL; what is malformed counts as
 * absent.  No answer is longer than 1,000,000,000 s.
 */
#pragma once

#include "core.h"

/* IMF-fixdate ("Sun, 06 Nov 1994 08:49:37 GMT") in seconds since 1970. */
bool http_date (const char *text, int64_t * out);

/* For how many seconds the answer is fresh still: max-age less Age, else
 * Expires less Date.  FALSE when it does not say, or is not to be kept. */
bool http_freshness (const char *cache_control, const char *age,
    const char *expires, const char *date, uint64_t * seconds);

/* The seconds of Retry-After, or 0. */
uint64_t http_retry_after (const char *retry_after, const char *date);

/* Whether a media type, whose parameters do not matter, is that one. */
bool http_media_type_is (const char *content_type, const char *type);
