/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Gives datagrams for many gateways to the kernel: many gateways in one call,
 * and many datagrams for one gateway in one message where the kernel cuts it.
 */
#pragma once

#include <gst/gst.h>
#include <sys/uio.h>

#include "amt-relay.h"
#include "gstamtsocket.h"

G_BEGIN_DECLS

enum
{
  /* What every kernel with UDP_SEGMENT takes in one message. */
  GST_AMT_SEGMENTS_MAX = 64,
  /* Pieces of memory of a datagram: the prefix and the payload. */
  GST_AMT_PIECES = 2
};

/* One gateway and how to reach it.  Must stay where it is until what was
 * added for it is flushed. */
typedef struct
{
  amt_relay_target at;
  GstAmtRoute route;
  gboolean one_by_one;          /* the system refused segments */
  guint64 packets_sent;         /* relaxed atomics, one writer */
  guint64 bytes_sent;
} GstAmtTarget;

/* Relaxed atomics, one writer; packets are datagrams to one gateway. */
typedef struct
{
  guint64 packets_sent;
  guint64 bytes_sent;           /* of their payloads */
  guint64 dropped_send_buffer_full;
  guint64 dropped_send_failed;
  guint64 segments_refused;     /* gateways that became one_by_one */
} GstAmtSenderCounters;

/* Adds to a relaxed atomic counter that has one writer. */
static inline void
gst_amt_count (guint64 * counter, guint64 n)
{
  __atomic_store_n (counter, *counter + n, __ATOMIC_RELAXED);
}

/* Called in the streaming thread when sending was interrupted: whether to go
 * on (GST_FLOW_OK) or what to return instead. */
typedef GstFlowReturn (*GstAmtSenderPause) (GstElement * element);

typedef struct _GstAmtSender GstAmtSender;

/* The element is what pause () is called with. */
GstAmtSender *gst_amt_sender_new (GstElement * element,
    GstAmtSenderPause pause, GstAmtSenderCounters * counters);
void gst_amt_sender_free (GstAmtSender * sender);

/* Begins anew. */
void gst_amt_sender_start (GstAmtSender * sender);

/* Makes sending return soon, until it is set to FALSE again. */
void gst_amt_sender_set_flushing (GstAmtSender * sender, gboolean flushing);

/* From here to the next call at most 100 ms are waited for room in all. */
void gst_amt_sender_begin (GstAmtSender * sender);

/* Adds n (up to GST_AMT_SEGMENTS_MAX) datagrams to one gateway, each of
 * GST_AMT_PIECES pieces.  They have one size, only the last may be shorter;
 * more than one needs a socket that takes segments.  May send what was added
 * so far, by fd, which must be the same until everything is flushed. */
GstFlowReturn gst_amt_sender_add (GstAmtSender * sender, gint fd,
    GstAmtTarget * target, struct iovec *pieces, guint n);

/* Sends the rest.  Nothing that goes wrong on the network is an error. */
GstFlowReturn gst_amt_sender_flush (GstAmtSender * sender, gint fd);

/* The payload of a datagram that was bigger than an interface takes, since
 * the start, or 0. */
gsize gst_amt_sender_too_big (GstAmtSender * sender);

G_END_DECLS
