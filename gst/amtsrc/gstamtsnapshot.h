/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What amtsrc's statistics are made of.
 */
#pragma once

#include "gstamttunnel.h"

G_BEGIN_DECLS

typedef struct
{
  GstAmtTunnelStats tunnel;
  guint64 packets_pushed;
  guint64 packets_flushed;
  GstClockTime last_packet;     /* Unix time, or GST_CLOCK_TIME_NONE */
  guint receive_buffer;
  core_time join_latency;
  gboolean running;
} GstAmtSnapshot;

/* The property stats; its fields are described at the element.
 * Returns: (transfer full) */
GstStructure *gst_amt_snapshot_to_structure (const GstAmtSnapshot * snapshot);

G_END_DECLS
