/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The latency of an element that holds what passes.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Answers a latency query with that of upstream of the sink pad and, when that
 * is live, as much as is held on top.  FALSE: upstream does not know. */
gboolean gst_mc_latency_query (GstPad * sink, GstQuery * query,
    GstClockTime held);

G_END_DECLS
