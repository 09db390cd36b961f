/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The tunnel as a path: what happens to it, as the user is to hear of it.
 */
#pragma once

#include "gstamttunnel.h"
#include "gstmcreceiver.h"

G_BEGIN_DECLS

typedef struct _GstAmtPath GstAmtPath;

/* Opens the tunnel's socket; asks nothing of the network yet.  Fails with a
 * GST_RESOURCE_ERROR that names the property and the remedy.
 * Returns: (transfer full): to be given to the receiver as its path */
GstAmtPath *gst_amt_path_new (GstMcReceiver * receiver,
    const GstMcSettings * common, const GstAmtSettings * settings,
    GError ** error);

GstMcPath *gst_amt_path_get_path (GstAmtPath * self);

void gst_amt_path_get_stats (const GstAmtPath * self,
    GstAmtTunnelStats * stats);

G_END_DECLS
