/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The addresses of a channel, as properties give them.
 */
#pragma once

#include <gst/gst.h>

#include "addr.h"

G_BEGIN_DECLS

/* Parse the property "source" or "group", or both, which have to be of one
 * family.  Fail with GST_RESOURCE_ERROR_SETTINGS and a text that names the
 * property and the remedy. */
gboolean gst_mc_flow_parse_source (const gchar * text, core_ip * out,
    GError ** error);
gboolean gst_mc_flow_parse_group (const gchar * text, core_ip * out,
    GError ** error);
gboolean gst_mc_flow_parse (const gchar * source, const gchar * group,
    core_ip * src, core_ip * dst, GError ** error);

/* Sets a GST_RESOURCE_ERROR_SETTINGS; always FALSE. */
gboolean gst_mc_settings_error (GError ** error, const gchar * format, ...)
G_GNUC_PRINTF (2, 3);

G_END_DECLS
