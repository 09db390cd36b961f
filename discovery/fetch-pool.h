/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Transfers of libcurl's in a main context, and the connections that they leave
 * to each other.  Part of fetch.
 */
#pragma once

#include <curl/curl.h>

#include "fetch.h"

G_BEGIN_DECLS

/* Begins a transfer, but not at once.  Not to be called by a callback of
 * libcurl's. */
void fetch_pool_add (fetch_pool * pool, CURL * easy, fetch * owner);

/* Breaks the transfer off if it is not over.  Likewise. */
void fetch_pool_remove (fetch_pool * pool, CURL * easy);

/* Calls fetch_over () soon, without a transfer. */
void fetch_pool_call (fetch_pool * pool, fetch * owner);

/* FALSE: the fetch may go now; otherwise the pool is at work and calls
 * fetch_destroy () when it is not any more. */
gboolean fetch_pool_defer (fetch_pool * pool, fetch * owner);

/* What the pool calls: the transfer is over, and removed by this. */
void fetch_over (fetch * fetch, CURLcode code);
void fetch_destroy (fetch * fetch);

G_END_DECLS
