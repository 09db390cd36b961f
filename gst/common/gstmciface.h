/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The interfaces on which a channel is to be joined.
 */
#pragma once

#include <gst/gst.h>
#include <net/if.h>

#include "gstmcchannel.h"

G_BEGIN_DECLS

typedef struct
{
  guint index;
  gchar name[IF_NAMESIZE];
  gboolean running;             /* up, and with a link */
  guint carrier_changes;
  guint addresses;              /* a digest of those that joins are sent from */
} GstMcIface;

/* The interfaces that the property multicast-iface names (by name or address,
 * comma list); NULL or empty: the one of the route to the source, or of that
 * to the group where the former does not leave the host.  all: each that is
 * named has to be there, else those that are not are left out.  Returns an
 * array of GstMcIface, or NULL with a GST_RESOURCE_ERROR that names the
 * property.
 * Returns: (transfer full) */
GArray *gst_mc_iface_find (const gchar * text, const GstMcChannel * channel,
    gboolean all, GError ** error);

/* How often the interface lost or got its link: the kernel may tell of a short
 * loss only when it is over. */
guint gst_mc_iface_carrier_changes (guint ifindex);

/* Fills out with the interface and local address by which datagrams to that
 * address leave; FALSE when there is no route. */
gboolean gst_mc_iface_route (const core_ip * to, guint * ifindex,
    core_ip * local);

/* Where the host is, as one number: its addresses but for loopback and
 * link-local ones, the links that have them, and the ways to n destinations. */
guint gst_mc_iface_host_digest (const core_ip * const *to, guint n);

G_END_DECLS
