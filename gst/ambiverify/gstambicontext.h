/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What a packet was received under: the caps and the segment that were in
 * force when it came.  A packet that waits may be passed on after they have
 * changed.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Counts references; does not change. */
typedef struct
{
  GstEvent *caps;               /* NULL: none so far */
  GstEvent *segment;            /* likewise */
} GstAmbiContext;

/* Returns: (transfer full): one without caps and segment */
GstAmbiContext *gst_ambi_context_new (void);

/* The same with another caps or segment event; any other is a copy.
 * Returns: (transfer full) */
GstAmbiContext *gst_ambi_context_with (const GstAmbiContext * context,
    GstEvent * event);

GstAmbiContext *gst_ambi_context_ref (GstAmbiContext * context);

/* NULL is fine. */
void gst_ambi_context_unref (GstAmbiContext * context);

G_END_DECLS
