/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Blocks of memory that are filled once and leave as buffers of their parts.
 * A block comes back with its buffers when all of them have been given up
 * downstream, so that nothing is allocated as long as as many come back as go.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct _GstMcBlockPool GstMcBlockPool;
typedef struct _GstMcBlock GstMcBlock;

/* Blocks of size bytes; keep: how many of those that came back are kept.
 * limit: how many there may be at all, 0: any number.  When all of them are
 * away, parts leave as copies, so that whoever keeps a part of each block keeps
 * no more than that and those. */
GstMcBlockPool *gst_mc_block_pool_new (gsize size, guint keep, guint limit);

/* Blocks that are still out are freed when they come back. */
void gst_mc_block_pool_free (GstMcBlockPool * pool);

/* A block whose bytes nobody else looks at.  To be called by one thread, the one
 * that takes parts; what it has not released must be less than the limit.
 * Returns: (transfer full): to be released */
GstMcBlock *gst_mc_block_pool_acquire (GstMcBlockPool * pool);

guint8 *gst_mc_block_get_data (const GstMcBlock * block);

/* Whether a part has been taken and was no copy. */
gboolean gst_mc_block_is_used (const GstMcBlock * block);

/* Takes the part [offset, offset + len) out as a buffer.  writable: no other
 * part is near, so that whoever gets the buffer may change and enlarge it; else
 * it is read-only as shared memory is.  The buffer may bring a
 * GstNetAddressMeta from its last life.  Returns: (transfer full) */
GstBuffer *gst_mc_block_take (GstMcBlock * block, gsize offset, gsize len,
    gboolean writable);

/* n parts will be taken soon: loads what that will touch. */
void gst_mc_block_prefetch (const GstMcBlock * block, guint n);

/* No more parts will be taken. */
void gst_mc_block_release (GstMcBlock * block);

G_END_DECLS
