/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Looks up a host name on a thread of its own and wakes whoever polls.
 */
#pragma once

#include <gio/gio.h>

#include "addr.h"

G_BEGIN_DECLS

typedef struct _GstMcLookup GstMcLookup;

/* Starts at once; when done, adds 1 to the eventfd wake_fd. */
GstMcLookup *gst_mc_lookup_new (const gchar * name, int wake_fd);

/* Cancels if need be.  Does not wait for the network. */
void gst_mc_lookup_free (GstMcLookup * lookup);

/* TRUE when done; then *ips is an array of core_ip in the system's order of
 * preference, or NULL and *error set.  Both belong to the lookup. */
gboolean gst_mc_lookup_poll (GstMcLookup * lookup, const GArray ** ips,
    const GError ** error);

G_END_DECLS
