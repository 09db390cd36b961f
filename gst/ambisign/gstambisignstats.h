/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The statistics of ambisign as applications see them.
 */
#pragma once

#include <gst/gst.h>

#include "gstambidelay.h"
#include "gstambisigner.h"

G_BEGIN_DECLS

/* stream_id is -1 while stopped.
 * Returns: (transfer full) */
GstStructure *gst_ambi_sign_stats_new (const GstAmbiDelayStats * delay,
    const GstAmbiSignerStats * signer, gint64 stream_id);

G_END_DECLS
