/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * SCHEME://SOURCE@GROUP[:PORT][?PROPERTY=VALUE&...] and the properties it
 * stands for.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Sets source, group, port, multicast-iface where an address has a zone
 * ("[ff32::1%25eth0]"), and each property the query names.  Every writable
 * property that the object's own class installed can be named, except uri and
 * those the authority gives.  On error (GST_URI_ERROR, with a text that names
 * the key) nothing is changed. */
gboolean gst_mc_uri_apply (GObject * object, const gchar * scheme,
    const gchar * uri, GError ** error);

/* The URI for the object's properties, with those that differ from their
 * default in the query; NULL while source or group is not set.
 * Returns: (transfer full) (nullable) */
gchar *gst_mc_uri_build (GObject * object, const gchar * scheme);

G_END_DECLS
