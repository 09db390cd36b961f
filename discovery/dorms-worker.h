/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The thread that puts the questions of the metadata cache to the DNS and to
 * HTTPS servers: one in a process.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Has the questions of dorms_cache_get_default () answered until as many
 * releases.  FALSE: the library was built without libcurl. */
gboolean dorms_worker_hold (void);

/* The last one ends the thread, without waiting for the network.  Not to be
 * called with a lock that a dorms_notify_func takes. */
void dorms_worker_release (void);

G_END_DECLS
