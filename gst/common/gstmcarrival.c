/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Turns the kernel's wall-clock arrival stamps into running times.
 */
#include "gstmcarrival.h"

/* A datagram that waited longer than this in the socket is less likely than a
 * wall clock that was set. */
#define OLDEST (10 * GST_SECOND)

void
gst_mc_arrival_reset (GstMcArrival * arrival)
{
  arrival->running = GST_CLOCK_TIME_NONE;
  arrival->realtime = GST_CLOCK_TIME_NONE;
  arrival->last = 0;
}

/* As gst_element_get_current_running_time () says it, with one lock. */
static GstClockTime
running_time (GstElement * element)
{
  GstClockTime base_time, now;
  GstClock *clock;

  GST_OBJECT_LOCK (element);
  base_time = element->base_time;
  clock = element->clock ? gst_object_ref (element->clock) : NULL;
  GST_OBJECT_UNLOCK (element);
  if (clock == NULL)
    return GST_CLOCK_TIME_NONE;
  now = gst_clock_get_time (clock);
  gst_object_unref (clock);
  return GST_CLOCK_TIME_IS_VALID (base_time) && now >= base_time ?
      now - base_time : GST_CLOCK_TIME_NONE;
}

void
gst_mc_arrival_begin (GstMcArrival * arrival, GstElement * element)
{
  arrival->running = running_time (element);
  arrival->realtime = (GstClockTime) g_get_real_time () * GST_USECOND;
}

GstClockTime
gst_mc_arrival_stamp (GstMcArrival * arrival, GstClockTime realtime)
{
  GstClockTime stamp = arrival->running;

  if (!GST_CLOCK_TIME_IS_VALID (stamp))
    return GST_CLOCK_TIME_NONE;

  if (GST_CLOCK_TIME_IS_VALID (realtime) && realtime < arrival->realtime) {
    GstClockTime age = arrival->realtime - realtime;

    if (age <= OLDEST)
      stamp -= MIN (age, stamp);
  }
  arrival->last = MAX (arrival->last, stamp);
  return arrival->last;
}
