/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The relays a user named, their names looked up, as candidates for the
 * gateway.
 */
#pragma once

#include <gst/gst.h>

#include "amt-gateway.h"

G_BEGIN_DECLS

typedef struct _GstAmtRelays GstAmtRelays;

#define GST_AMT_RELAYS_MAX_CANDIDATES 64

/* Parses the property relay: a comma list of HOST[:PORT], IPv6 in brackets
 * when a port follows.  Fails with a GST_RESOURCE_ERROR that names the
 * property.  element is for progress
 * messages; wake_fd is an eventfd that lookups add to. */
GstAmtRelays *gst_amt_relays_new (GstElement * element, const gchar * text,
    guint default_port, gboolean discovery, int wake_fd, GError ** error);
void gst_amt_relays_free (GstAmtRelays * relays);

/* Whether one of them is of that family, or a name that may lead to one. */
gboolean gst_amt_relays_may_be (const GstAmtRelays * relays,
    core_family family);

/* Asks for all names again: all candidates were tried in vain. */
void gst_amt_relays_refresh (GstAmtRelays * relays, core_time now);

/* Starts and collects lookups.  TRUE when there is a new list of candidates
 * (which may be the first). */
gboolean gst_amt_relays_update (GstAmtRelays * relays, core_time now);

core_time gst_amt_relays_deadline (const GstAmtRelays * relays);

const amt_relay_candidate *gst_amt_relays_get (const GstAmtRelays * relays,
    guint * n);

/* Why there is no candidate at all, or NULL; for the error message. */
const gchar *gst_amt_relays_get_problem (const GstAmtRelays * relays);

G_END_DECLS
