/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The last manifests, and cursors that read them as one stream of bytes.
 */
#include "gstambiring.h"

#include <string.h>

/* What a manifest costs besides its bytes. */
#define OVERHEAD 512

typedef struct
{
  GstBuffer *manifest;
  gsize size;
  core_time time;
} Record;

void
gst_ambi_ring_init (GstAmbiRing * ring, core_time keep, guint64 max_bytes)
{
  memset (ring, 0, sizeof (*ring));
  ring->records = gst_queue_array_new_for_struct (sizeof (Record), 64);
  ring->keep = keep;
  ring->max_bytes = max_bytes;
}

static void
drop_oldest (GstAmbiRing * ring)
{
  Record *record = gst_queue_array_pop_head_struct (ring->records);

  ring->bytes -= record->size + OVERHEAD;
  ring->first++;
  gst_buffer_unref (record->manifest);
}

void
gst_ambi_ring_clear (GstAmbiRing * ring)
{
  while (!gst_queue_array_is_empty (ring->records))
    drop_oldest (ring);
  g_clear_pointer (&ring->records, gst_queue_array_free);
}

gboolean
gst_ambi_ring_push (GstAmbiRing * ring, GstBuffer * manifest, core_time now)
{
  Record record = { manifest, gst_buffer_get_size (manifest), now };
  const Record *oldest;

  if (record.size + OVERHEAD > ring->max_bytes)
    return FALSE;
  gst_buffer_ref (manifest);
  gst_queue_array_push_tail_struct (ring->records, &record);
  ring->bytes += record.size + OVERHEAD;
  while ((oldest = gst_queue_array_peek_head_struct (ring->records)) != NULL &&
      (now - oldest->time > ring->keep || ring->bytes > ring->max_bytes))
    drop_oldest (ring);
  return TRUE;
}

guint
gst_ambi_ring_n_manifests (const GstAmbiRing * ring)
{
  return gst_queue_array_get_length (ring->records);
}

guint64
gst_ambi_ring_next (const GstAmbiRing * ring)
{
  return ring->first + gst_ambi_ring_n_manifests (ring);
}

static const Record *
record_at (const GstAmbiRing * ring, guint64 seq)
{
  return gst_queue_array_peek_nth_struct (ring->records,
      (guint) (seq - ring->first));
}

guint64
gst_ambi_ring_since (const GstAmbiRing * ring, core_time time)
{
  guint64 seq = gst_ambi_ring_next (ring);

  while (seq > ring->first && record_at (ring, seq - 1)->time >= time)
    seq--;
  return seq;
}

core_time
gst_ambi_ring_lag (const GstAmbiRing * ring, const GstAmbiCursor * cursor,
    core_time now)
{
  if (cursor->seq < ring->first)
    return CORE_TIME_NEVER;
  if (cursor->seq >= gst_ambi_ring_next (ring))
    return 0;
  return now - record_at (ring, cursor->seq)->time;
}

gsize
gst_ambi_ring_read (const GstAmbiRing * ring, GstAmbiCursor * cursor,
    guint64 end, guint8 * out, gsize len)
{
  gsize total = 0;

  end = MIN (end, gst_ambi_ring_next (ring));
  while (cursor->seq < end && total < len) {
    const Record *record = record_at (ring, cursor->seq);
    gsize n = MIN (len - total, record->size - cursor->offset);

    gst_buffer_extract (record->manifest, cursor->offset, out + total, n);
    total += n;
    cursor->offset += n;
    if (cursor->offset == record->size) {
      cursor->seq++;
      cursor->offset = 0;
    }
  }
  return total;
}
