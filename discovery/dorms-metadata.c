/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What DORMS says of one channel.
 */
#include "dorms-metadata.h"

#include <stdlib.h>
#include <string.h>

static const char *const skip_names[DORMS_N_SKIPS] = {
  [DORMS_SKIP_MISSING_ID] = "missing-id",
  [DORMS_SKIP_UNSUPPORTED_HASH] = "unsupported-hash",
  [DORMS_SKIP_UNSUPPORTED_HASH_BITS] = "unsupported-hash-bits",
  [DORMS_SKIP_NO_URI] = "no-uri",
  [DORMS_SKIP_DUPLICATE] = "duplicate",
  [DORMS_SKIP_LIMIT] = "limit",
  [DORMS_SKIP_BAD_PORT] = "bad-port",
  [DORMS_SKIP_BAD_RATE] = "bad-rate",
  [DORMS_SKIP_BAD_URI] = "bad-uri",
};

const char *
dorms_skip_name (dorms_skip reason)
{
  return (unsigned) reason < DORMS_N_SKIPS ? skip_names[reason] : "unknown";
}

void
dorms_metadata_free (dorms_metadata * metadata)
{
  if (metadata == NULL)
    return;
  for (unsigned i = 0; i < metadata->n_streams; i++)
    for (unsigned j = 0; j < metadata->streams[i].n_uris; j++)
      free (metadata->streams[i].uris[j]);
  free (metadata);
}

dorms_metadata *
dorms_metadata_copy (const dorms_metadata * metadata)
{
  dorms_metadata *copy = malloc (sizeof (*copy));
  bool complete = true;

  if (copy == NULL)
    return NULL;
  *copy = *metadata;
  for (unsigned i = 0; i < copy->n_streams; i++) {
    dorms_stream *stream = &copy->streams[i];

    for (unsigned j = 0; j < stream->n_uris; j++) {
      stream->uris[j] = strdup (stream->uris[j]);
      complete = complete && stream->uris[j] != NULL;
    }
  }
  if (!complete) {
    dorms_metadata_free (copy);
    return NULL;
  }
  return copy;
}

static bool
stream_equal (const dorms_stream * a, const dorms_stream * b)
{
  if (a->layer != b->layer || a->has_port != b->has_port ||
      a->port != b->port || a->id != b->id || a->hash != b->hash ||
      a->data_hold_ms != b->data_hold_ms ||
      a->digest_hold_ms != b->digest_hold_ms || a->expires != b->expires ||
      (a->expires && a->expiration != b->expiration) || a->n_uris != b->n_uris)
    return false;
  for (unsigned i = 0; i < a->n_uris; i++)
    if (strcmp (a->uris[i], b->uris[i]) != 0)
      return false;
  return true;
}

static bool
cbacc_equal (const dorms_cbacc * a, const dorms_cbacc * b)
{
  return a->max_bps == b->max_bps &&
      a->max_packet_size == b->max_packet_size &&
      a->data_rate_window_ms == b->data_rate_window_ms &&
      a->priority == b->priority;
}

bool
dorms_metadata_equal (const dorms_metadata * a, const dorms_metadata * b)
{
  if (!core_ip_equal (&a->source, &b->source) ||
      !core_ip_equal (&a->group, &b->group) || a->n_ports != b->n_ports ||
      memcmp (a->ports, b->ports, a->n_ports * sizeof (a->ports[0])) != 0 ||
      a->n_streams != b->n_streams || a->has_cbacc != b->has_cbacc ||
      (a->has_cbacc && !cbacc_equal (&a->cbacc, &b->cbacc)))
    return false;
  for (unsigned i = 0; i < a->n_streams; i++)
    if (!stream_equal (&a->streams[i], &b->streams[i]))
      return false;
  return true;
}

/* Whether a is to be used rather than b, which comes before it. */
static bool
is_better (const dorms_stream * a, const dorms_stream * b, int64_t now)
{
  bool a_over = a->expires && a->expiration <= now;
  bool b_over = b->expires && b->expiration <= now;

  if (a_over != b_over)
    return b_over;
  if (a->layer != b->layer)
    return a->layer == DORMS_LAYER_UDP;
  if (a->expires != b->expires)
    return b->expires;
  if (a->expires && a->expiration != b->expiration)
    return a->expiration > b->expiration;
  return core_hash_len (a->hash) > core_hash_len (b->hash);
}

const dorms_stream *
dorms_metadata_stream (const dorms_metadata * metadata, uint16_t port,
    int64_t now)
{
  const dorms_stream *best = NULL;

  for (unsigned i = 0; i < metadata->n_streams; i++) {
    const dorms_stream *stream = &metadata->streams[i];

    if (stream->has_port && stream->port != port)
      continue;
    if (best == NULL || is_better (stream, best, now))
      best = stream;
  }
  return best;
}

core_time
dorms_metadata_hold_time (const dorms_metadata * metadata)
{
  uint32_t ms = 0;

  for (unsigned i = 0; i < metadata->n_streams; i++)
    if (metadata->streams[i].digest_hold_ms > ms)
      ms = metadata->streams[i].digest_hold_ms;
  return ms * CORE_MSECOND;
}
