/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A bounded queue whose items leave a fixed time after they came.
 */
#pragma once

#include <gst/gst.h>

#include "core.h"

G_BEGIN_DECLS

typedef struct _GstAmbiDelay GstAmbiDelay;

/* received = pushed + held + the dropped ones, at every moment. */
typedef struct
{
  guint64 packets_received;
  guint64 bytes_received;
  guint64 packets_pushed;
  guint64 bytes_pushed;
  guint64 packets_held;
  guint64 bytes_held;
  guint64 times_full;           /* upstream had to wait */
  guint64 dropped_empty;
  guint64 dropped_too_big;
  guint64 dropped_unreadable;
  guint64 dropped_flushed;
} GstAmbiDelayStats;

typedef enum
{
  GST_AMBI_DROP_EMPTY,
  GST_AMBI_DROP_TOO_BIG,
  GST_AMBI_DROP_UNREADABLE
} GstAmbiDrop;

/* Functions may be called from any thread; one thread pushes, one pops. */
GstAmbiDelay *gst_ambi_delay_new (void);
void gst_ambi_delay_free (GstAmbiDelay * delay);

/* Empties the queue and its statistics.  max_bytes bounds what is held, with a
 * fixed amount for each packet besides its payload. */
void gst_ambi_delay_start (GstAmbiDelay * delay, core_time time,
    guint64 max_bytes);

/* For what comes from now on; the order stays. */
void gst_ambi_delay_set_time (GstAmbiDelay * delay, core_time time);

/* Waits until the queue has room for a buffer or list.  It is full when its
 * bytes are used up, or when it holds more of the stream, by time stamps, than
 * the delay explains: then what comes out does not keep up with what comes in.
 * Returns what the popping thread told, or FLUSHING. */
GstFlowReturn gst_ambi_delay_wait (GstAmbiDelay * delay,
    const GstMiniObject * data);

/* Takes a buffer, a list (which is not empty) or an event.  Data leave when
 * the delay is over, an event right behind what came before it.  Returns what
 * the popping thread told, or FLUSHING; without OK the item is dropped. */
GstFlowReturn gst_ambi_delay_push (GstAmbiDelay * delay, GstMiniObject * item,
    core_time arrival);

/* A buffer of that size does not go into the queue. */
void gst_ambi_delay_drop (GstAmbiDelay * delay, GstAmbiDrop reason, gsize size);

/* Waits for the next item that is to leave: (transfer full); NULL when
 * flushing. */
GstMiniObject *gst_ambi_delay_pop (GstAmbiDelay * delay);

/* The popping thread ends, and tells the pushing one why. */
void gst_ambi_delay_set_flow (GstAmbiDelay * delay, GstFlowReturn flow);

/* While flushing nobody waits.  The end of it forgets the flow. */
void gst_ambi_delay_set_flushing (GstAmbiDelay * delay, gboolean flushing);

/* Drops what is held.  Sticky events that outlive a flush are stored on the
 * pad, unless it is NULL. */
void gst_ambi_delay_clear (GstAmbiDelay * delay, GstPad * pad);

/* The time stood still from paused until now. */
void gst_ambi_delay_resume (GstAmbiDelay * delay, core_time paused,
    core_time now);

void gst_ambi_delay_get_stats (GstAmbiDelay * delay, GstAmbiDelayStats * stats);

G_END_DECLS
