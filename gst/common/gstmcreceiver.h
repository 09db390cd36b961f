/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * One run of a source, from start to stop: receives the channel by its paths
 * and knows the sender's address.
 */
#pragma once

#include <gst/base/gstbasesrc.h>

#include "gstmcmetadata.h"
#include "gstmcoutput.h"
#include "gstmcpath.h"
#include "gstmcpoll.h"
#include "gstmcsettings.h"

G_BEGIN_DECLS

typedef struct _GstMcReceiver GstMcReceiver;

/* Counters of a run, taken together. */
typedef struct
{
  GstMcPathStats path;          /* of all paths */
  const gchar *delivery;
  guint64 duplicates;           /* dropped: the other path brought them */
  guint64 packets_pushed;
  guint64 packets_flushed;      /* dropped: the element was being stopped */
  guint64 paused;               /* dropped: came while paused */
  guint64 empty;                /* dropped: no payload */
  GstClockTime last_packet;     /* Unix time, or GST_CLOCK_TIME_NONE */
  core_time join_latency;
  GstMcMetadataStats metadata;
  gboolean running;
} GstMcSnapshot;

/* Checks the channel's settings; asks nothing of the network yet.  A sender's
 * name must have led to an address within lookup_timeout (0: try for ever).
 * Fails with a GST_RESOURCE_ERROR that names the property and the remedy. */
GstMcReceiver *gst_mc_receiver_new (GstBaseSrc * src,
    const GstMcSettings * settings, const gchar * delivery,
    guint64 lookup_timeout, GstMcPoll * poll, GError ** error);

/* Leaves the channel without waiting, tells the bus and frees. */
void gst_mc_receiver_free (GstMcReceiver * rx);

/* What a path needs before it can be opened. */
GstMcTell *gst_mc_receiver_get_tell (GstMcReceiver * rx);
GstMcPoll *gst_mc_receiver_get_poll (GstMcReceiver * rx);

/* An eventfd: adding to it wakes the poll. */
int gst_mc_receiver_get_wake_fd (GstMcReceiver * rx);

/* Whether a port of 0 may become known without a packet. */
gboolean gst_mc_receiver_may_learn_port (const GstMcReceiver * rx);

/* Takes the path, the only one. */
void gst_mc_receiver_set_path (GstMcReceiver * rx, GstMcPath * path);

/* Takes a native path that is preferred, and a tunnel for when that is silent
 * for so long. */
void gst_mc_receiver_set_paths (GstMcReceiver * rx, GstMcPath * native,
    GstMcPath * tunnel, core_time native_timeout);

/* PLAYING began, or began again, at that Unix time. */
void gst_mc_receiver_resume (GstMcReceiver * rx, GstClockTime resumed_at,
    core_time now);

/* Timers, lookups, control messages and what they mean to the user.  FALSE:
 * the stream cannot go on and an error was posted. */
gboolean gst_mc_receiver_step (GstMcReceiver * rx, core_time now);

/* Until step () is next due, or GST_CLOCK_TIME_NONE. */
GstClockTime gst_mc_receiver_time_to_wait (GstMcReceiver * rx, core_time now);

/* Takes a batch from the sockets; n_ready: how many descriptors the poll found
 * ready.  Steps too, unless payloads are all there is to see to.  Returns the
 * number of payloads that are now in the output, or -1 when an error was
 * posted. */
gint gst_mc_receiver_receive (GstMcReceiver * rx, gint n_ready, core_time now);

/* When to look for the next: later than now where messages come so close one
 * behind the other that a wake-up for each would cost more than it is worth. */
core_time gst_mc_receiver_get_receive_at (const GstMcReceiver * rx);

/* Where received payloads wait to be pushed. */
GstMcOutput *gst_mc_receiver_get_output (GstMcReceiver * rx);

void gst_mc_receiver_get_snapshot (const GstMcReceiver * rx,
    GstMcSnapshot * snapshot);

G_END_DECLS
