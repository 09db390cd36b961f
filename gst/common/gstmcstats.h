/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Pieces of the "application/x-multicast-stats" structure.
 */
#pragma once

#include <gst/gst.h>

#include "core.h"
#include "gstmcreceiver.h"

G_BEGIN_DECLS

#define GST_MC_STATS_NAME "application/x-multicast-stats"
/* The fields that the statistics of all sources have; delivery is said as long
 * as there is none.
 * Returns: (transfer full) */
GstStructure *gst_mc_stats_new (const GstMcSnapshot * snapshot,
    const gchar * delivery);

/* Adds one guint64 field "PREFIX-REASON" for each of the reasons (ended by
 * CORE_OK), with its count from a table indexed by -reason. */
void gst_mc_stats_set_drops (GstStructure * stats, const gchar * prefix,
    const core_error * reasons, const uint64_t * counts);

G_END_DECLS
