/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Turns the kernel's wall-clock arrival stamps into running times.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct
{
  GstClockTime running;         /* at the last begin (); NONE without a clock */
  GstClockTime realtime;        /* likewise */
  GstClockTime last;            /* stamp handed out last */
} GstMcArrival;

void gst_mc_arrival_reset (GstMcArrival * arrival);

/* Reads both clocks: once per batch. */
void gst_mc_arrival_begin (GstMcArrival * arrival, GstElement * element);

/* The running time at which a datagram with that kernel stamp arrived.  Never
 * in the future, never before the one handed out last; a stamp that the wall
 * clock's jumps make absurd counts as now. */
GstClockTime gst_mc_arrival_stamp (GstMcArrival * arrival,
    GstClockTime realtime);

G_END_DECLS
