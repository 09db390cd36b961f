/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Receives datagrams in batches into memory that leaves as buffers without
 * being copied.
 */
#pragma once

#include <gst/gst.h>

#include "gstmcaddr.h"

G_BEGIN_DECLS

typedef struct _GstMcBatch GstMcBatch;

typedef struct
{
  const guint8 *data;
  gsize len;
  gboolean first;               /* else from, to and realtime are as before */
  core_addr from;
  core_ip to;                   /* IPv6, where the socket asks for it */
  gboolean truncated;           /* it is longer than mtu, or was cut by the
                                   kernel; len is what came */
  GstClockTime realtime;        /* kernel's arrival stamp, CLOCK_REALTIME, or
                                   GST_CLOCK_TIME_NONE; datagrams that came
                                   joined have one stamp */
} GstMcDatagram;

/* For size messages of the kernel at once.  gro: a message may be many
 * datagrams that the kernel has joined; without, the socket must not ask for
 * that. */
GstMcBatch *gst_mc_batch_new (guint size, gsize mtu, gboolean gro);
void gst_mc_batch_free (GstMcBatch * batch);

/* Takes what waits in the socket, up to the batch's size, without blocking.
 * Returns the number of datagrams, 0 when there are none (or only ICMP news),
 * or -errno when the socket is broken. */
gint gst_mc_batch_receive (GstMcBatch * batch, int fd);

/* Messages of the kernel that these were. */
guint gst_mc_batch_get_n_messages (const GstMcBatch * batch);

/* The next datagram of the last receive, valid until the next call; NULL when
 * there is none. */
const GstMcDatagram *gst_mc_batch_next (GstMcBatch * batch);

/* Takes that datagram out as a buffer of those of its bytes, once.
 * Returns: (transfer full) */
GstBuffer *gst_mc_batch_take (GstMcBatch * batch, const guint8 * data,
    gsize len);

/* Datagrams, or joins of such, that the kernel dropped because the socket's
 * buffer was full. */
guint64 gst_mc_batch_get_kernel_dropped (const GstMcBatch * batch);

G_END_DECLS
