/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Pieces of the "application/x-multicast-stats" structure.
 */
#include "gstmcstats.h"

void
gst_mc_stats_set_drops (GstStructure * stats, const gchar * prefix,
    const core_error * reasons, const uint64_t * counts)
{
  for (; *reasons != CORE_OK; reasons++) {
    g_autofree gchar *name =
        g_strdup_printf ("%s-%s", prefix, core_error_name (*reasons));

    gst_structure_set (stats, name, G_TYPE_UINT64, counts[-*reasons], NULL);
  }
}
