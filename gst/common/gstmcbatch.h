/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Receives datagrams in batches into buffers of a pool, which leave it
 * without being copied.
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
  core_addr from;
  core_ip to;                   /* where the socket asks for it, see there */
  gboolean truncated;           /* it was longer than a slot; len is what came */
  GstClockTime realtime;        /* kernel's arrival stamp, CLOCK_REALTIME, or
                                   GST_CLOCK_TIME_NONE */
} GstMcDatagram;

/* size slots of slot_bytes each.  NULL when the pool cannot be set up. */
GstMcBatch *gst_mc_batch_new (guint size, gsize slot_bytes);
void gst_mc_batch_free (GstMcBatch * batch);

/* Takes what waits in the socket, up to the batch's size, without blocking.
 * Returns the number of datagrams, 0 when there are none (or only ICMP news),
 * or -errno when the socket is broken. */
gint gst_mc_batch_receive (GstMcBatch * batch, int fd);

/* Looks at datagram i of the last receive. */
void gst_mc_batch_get (GstMcBatch * batch, guint i, GstMcDatagram * out);

/* Takes datagram i out as a buffer of its bytes [offset, offset + len).
 * Returns: (transfer full) */
GstBuffer *gst_mc_batch_take (GstMcBatch * batch, guint i, gsize offset,
    gsize len);

/* Datagrams the kernel dropped because the socket's buffer was full. */
guint64 gst_mc_batch_get_kernel_dropped (const GstMcBatch * batch);

G_END_DECLS
