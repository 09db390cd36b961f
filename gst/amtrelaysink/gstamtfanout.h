/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * From buffers to gateways: encapsulates the datagrams of one channel and
 * sends each to every gateway that joined it.
 */
#pragma once

#include <gst/gst.h>

#include "gstamtrelay.h"
#include "gstamtsender.h"
#include "ipudp.h"

G_BEGIN_DECLS

typedef struct
{
  ipudp_flow flow;
  gint outer_tos;               /* -1 = leave */
  guint mtu;
} GstAmtFanoutSettings;

/* Only the streaming thread writes; anybody may read. */
typedef struct
{
  guint64 packets_in;
  guint64 bytes_in;
  guint64 dropped_empty;
  guint64 dropped_too_big;
  GstAmtSenderCounters sender;
} GstAmtFanoutCounters;

/* What one gateway got. */
typedef struct
{
  core_addr gateway;
  guint64 packets_sent;
  guint64 bytes_sent;
} GstAmtFanoutGateway;

typedef struct _GstAmtFanout GstAmtFanout;

/* The element posts the warnings and is what pause () is called with. */
GstAmtFanout *gst_amt_fanout_new (GstElement * element,
    GstAmtSenderPause pause);
void gst_amt_fanout_free (GstAmtFanout * fanout);

/* Begins anew with all counters 0.  The relay must stay until the end. */
void gst_amt_fanout_start (GstAmtFanout * fanout, GstAmtRelay * relay,
    const GstAmtFanoutSettings * settings);

/* Forgets the relay and the gateways; the counters stay. */
void gst_amt_fanout_stop (GstAmtFanout * fanout);

/* Makes sending return soon, until it is set to FALSE again. */
void gst_amt_fanout_set_flushing (GstAmtFanout * fanout, gboolean flushing);

/* Sends one buffer or all of a list.  Nothing that goes wrong on the network
 * is an error. */
GstFlowReturn gst_amt_fanout_push (GstAmtFanout * fanout, GstBuffer * buffer);
GstFlowReturn gst_amt_fanout_push_list (GstAmtFanout * fanout,
    GstBufferList * list);

void gst_amt_fanout_get_counters (GstAmtFanout * fanout,
    GstAmtFanoutCounters * counters);

/* The gateways that get the channel now, as an array of GstAmtFanoutGateway.
 * Must not be called while the fanout is being stopped. */
GArray *gst_amt_fanout_get_gateways (GstAmtFanout * fanout);

G_END_DECLS
