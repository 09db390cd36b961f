/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What DORMS says of one channel (draft-ietf-mboned-dorms-08 §2.3.4 with the
 * modules ietf-ambi and ietf-cbacc).
 */
#pragma once

#include "addr.h"
#include "digest.h"

enum
{
  DORMS_PORTS_MAX = 64,
  DORMS_STREAMS_MAX = 64,
  DORMS_SKIPPED_MAX = 64,
  DORMS_URIS_MAX = 8,           /* of a manifest stream */
  DORMS_URI_LEN_MAX = 1024,
  DORMS_HOLD_MS_MAX = 60000
};

typedef enum
{
  DORMS_LAYER_UDP,
  DORMS_LAYER_IP
} dorms_layer;

/* A manifest stream that vouches for the channel (ietf-ambi). */
typedef struct
{
  dorms_layer layer;
  bool has_port;                /* it covers that UDP port alone, else all */
  uint16_t port;
  uint32_t id;
  core_hash_algorithm hash;
  uint32_t data_hold_ms;
  uint32_t digest_hold_ms;
  bool expires;
  int64_t expiration;           /* seconds since 1970, UTC */
  unsigned n_uris;
  char *uris[DORMS_URIS_MAX];   /* https, ambi+tls or ambi+dtls; alternatives */
} dorms_stream;

/* The rate that the sender promises not to exceed (ietf-cbacc). */
typedef struct
{
  uint64_t max_bps;             /* bit/s, 1 kbit being 1000 bit */
  uint32_t max_packet_size;
  uint32_t data_rate_window_ms;
  uint32_t priority;            /* among the sender's channels; higher is kept
                                   longer */
} dorms_cbacc;

/* Why a part of an answer is left out. */
typedef enum
{
  DORMS_SKIP_MISSING_ID,
  DORMS_SKIP_UNSUPPORTED_HASH,
  DORMS_SKIP_UNSUPPORTED_HASH_BITS,
  DORMS_SKIP_NO_URI,
  DORMS_SKIP_DUPLICATE,         /* a stream, port or group that came before */
  DORMS_SKIP_LIMIT,             /* one more than we keep */
  DORMS_SKIP_BAD_PORT,          /* a whole udp-stream */
  DORMS_SKIP_BAD_RATE,          /* cbacc without a rate */
  DORMS_SKIP_BAD_URI,           /* one URI */
  DORMS_N_SKIPS
} dorms_skip;

/* Kebab-case ("missing-id"); never NULL. */
const char *dorms_skip_name (dorms_skip reason);

/* A manifest stream that is left out. */
typedef struct
{
  bool has_id;
  uint32_t id;
  dorms_skip reason;
} dorms_skipped;

typedef struct
{
  core_ip source;
  core_ip group;
  bool not_ssm;                 /* the group is outside 232/8 and ff3x::/32 */
  unsigned n_ports;
  uint16_t ports[DORMS_PORTS_MAX];
  unsigned n_streams;
  dorms_stream streams[DORMS_STREAMS_MAX];
  bool has_cbacc;
  dorms_cbacc cbacc;
  unsigned n_skipped;
  dorms_skipped skipped[DORMS_SKIPPED_MAX];
  unsigned n_skips[DORMS_N_SKIPS];      /* all of them, by reason */
} dorms_metadata;

void dorms_metadata_free (dorms_metadata * metadata);

/* A copy of its own; NULL without memory. */
dorms_metadata *dorms_metadata_copy (const dorms_metadata * metadata);

/* Whether both say the same of the channel; what was left out does not
 * count. */
bool dorms_metadata_equal (const dorms_metadata * a, const dorms_metadata * b);

/* The manifest stream to use for packets to that port (AMBI §3.5 and §2): of
 * the UDP layer before the IP layer, one without an expiration before the one
 * that lasts longest, then the longest digest, then the document's order.  One
 * that has expired at the time now (seconds since 1970) is the last resort.
 * NULL when none covers the port. */
const dorms_stream *dorms_metadata_stream (const dorms_metadata * metadata,
    uint16_t port, int64_t now);

/* The longest digest hold time of all streams: what they vouched for is good
 * so long after the metadata was withdrawn. */
core_time dorms_metadata_hold_time (const dorms_metadata * metadata);
