/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The last manifests, and cursors that read them as one stream of bytes.
 */
#pragma once

#include <gst/base/gstqueuearray.h>
#include <gst/gst.h>

#include "core.h"

G_BEGIN_DECLS

/* The members are private.  There is no lock: the owner has one. */
typedef struct
{
  GstQueueArray *records;
  guint64 first;                /* number of the oldest record */
  guint64 bytes;                /* of memory, see max_bytes */
  guint64 max_bytes;
  core_time keep;
} GstAmbiRing;

/* Where somebody reads; seq is the number of a manifest. */
typedef struct
{
  guint64 seq;
  gsize offset;
} GstAmbiCursor;

/* Manifests are kept for that time; earlier ones go when there are more than
 * max_bytes, with a fixed amount for each besides its own. */
void gst_ambi_ring_init (GstAmbiRing * ring, core_time keep,
    guint64 max_bytes);
void gst_ambi_ring_clear (GstAmbiRing * ring);

/* Takes a reference.  FALSE: it is too big for the ring. */
gboolean gst_ambi_ring_push (GstAmbiRing * ring, GstBuffer * manifest,
    core_time now);

/* The number of the next manifest to come. */
guint64 gst_ambi_ring_next (const GstAmbiRing * ring);

/* The number of the first manifest that came at that time or later. */
guint64 gst_ambi_ring_since (const GstAmbiRing * ring, core_time time);

/* How long ago the manifest came that the cursor reads next: 0 when there is
 * none yet, NEVER when it has gone. */
core_time gst_ambi_ring_lag (const GstAmbiRing * ring,
    const GstAmbiCursor * cursor, core_time now);

/* Reads up to len bytes of the manifests before number end, and moves the
 * cursor, whose manifest must not have gone. */
gsize gst_ambi_ring_read (const GstAmbiRing * ring, GstAmbiCursor * cursor,
    guint64 end, guint8 * out, gsize len);

guint gst_ambi_ring_n_manifests (const GstAmbiRing * ring);

G_END_DECLS
