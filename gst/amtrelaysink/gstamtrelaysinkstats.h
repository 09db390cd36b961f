/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The statistics of amtrelaysink as applications see them.
 */
#pragma once

#include <gst/gst.h>

#include "gstamtfanout.h"
#include "gstamtrelay.h"

G_BEGIN_DECLS

/* gateways is an array of GstAmtFanoutGateway; the port is the relay's, 0
 * while stopped. */
GstStructure *gst_amt_relay_sink_stats_new (const GstAmtFanoutCounters * counters,
    GArray * gateways, const GstAmtRelayStats * relay, guint port);

G_END_DECLS
