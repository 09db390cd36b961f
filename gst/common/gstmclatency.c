/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The latency of an element that holds what passes.
 */
#include "gstmclatency.h"

gboolean
gst_mc_latency_query (GstPad * sink, GstQuery * query, GstClockTime held)
{
  GstClockTime min, max;
  gboolean live;

  if (!gst_pad_peer_query (sink, query))
    return FALSE;
  gst_query_parse_latency (query, &live, &min, &max);
  if (live) {
    min += held;
    if (GST_CLOCK_TIME_IS_VALID (max))
      max += held;
    gst_query_set_latency (query, live, min, max);
  }
  return TRUE;
}
