/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * One run of amtsrc, from start to stop: receives the channel, and tells the
 * bus and downstream what becomes of it.
 */
#pragma once

#include <gst/base/gstbasesrc.h>

#include "gstamtsnapshot.h"
#include "gstmcoutput.h"

G_BEGIN_DECLS

typedef struct _GstAmtReceiver GstAmtReceiver;

/* Checks the settings and opens the socket; asks nothing of the network yet.
 * Fails with a GST_RESOURCE_ERROR that names the property and the remedy. */
GstAmtReceiver *gst_amt_receiver_new (GstBaseSrc * src,
    const GstAmtSettings * settings, GstPoll * poll, GError ** error);

/* Leaves the channel (one datagram or two, without waiting), tells the bus
 * and frees. */
void gst_amt_receiver_free (GstAmtReceiver * rx);

/* PLAYING began, or began again, at that Unix time. */
void gst_amt_receiver_resume (GstAmtReceiver * rx, GstClockTime resumed_at,
    core_time now);

/* Timers, lookups, control messages and what they mean to the user.  FALSE:
 * the stream cannot go on and an error was posted. */
gboolean gst_amt_receiver_step (GstAmtReceiver * rx, core_time now);

/* Until step () is next due, or GST_CLOCK_TIME_NONE. */
GstClockTime gst_amt_receiver_time_to_wait (GstAmtReceiver * rx,
    core_time now);

/* Takes a batch from the socket.  Returns the number of payloads that are now
 * in the output, or -1 when an error was posted. */
gint gst_amt_receiver_receive (GstAmtReceiver * rx, core_time now);

/* Where received payloads wait to be pushed. */
GstMcOutput *gst_amt_receiver_get_output (GstAmtReceiver * rx);

void gst_amt_receiver_get_snapshot (GstAmtReceiver * rx,
    GstAmtSnapshot * snapshot);

G_END_DECLS
