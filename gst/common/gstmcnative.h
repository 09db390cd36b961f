/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Native multicast as a path: a socket that joins the channel on the host's
 * own interfaces.
 */
#pragma once

#include "gstmcpath.h"
#include "gstmcpoll.h"
#include "gstmcsettings.h"

G_BEGIN_DECLS

typedef struct _GstMcNative GstMcNative;

/* Checks the interfaces the user named; asks nothing of the network yet.
 * may_learn: a port of 0 is no error, it will be known before join ().  Fails
 * with a GST_RESOURCE_ERROR that names the property and the remedy.
 * Returns: (transfer full): to be given to a receiver as its path */
GstMcNative *gst_mc_native_new (GstMcTell * tell, GstMcPoll * poll,
    const GstMcSettings * settings, gboolean may_learn, GError ** error);

GstMcPath *gst_mc_native_get_path (GstMcNative * native);

/* Counters that no other path has. */
typedef struct
{
  guint64 wrong_group;
  guint64 wrong_source;
  guint64 rejoins;
} GstMcNativeStats;

void gst_mc_native_get_stats (const GstMcNative * native,
    GstMcNativeStats * stats);

/* Adds them to the statistics of a source. */
void gst_mc_native_add_stats (const GstMcNativeStats * native,
    GstStructure * stats);

G_END_DECLS
