/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * AMBI manifests on the wire (draft-ietf-mboned-ambi-05 §3.3): an incremental
 * parser of a stream of manifests, and a builder.
 */
#pragma once

#include "digest.h"

enum
{
  AMBI_COUNT_MAX = 32767,       /* digests in one manifest */
  AMBI_HEADER_LEN = 14,         /* without TLVs */
  AMBI_TLV_REFRESH_DEADLINE = 128
};

/* The fields of one manifest's header. */
typedef struct
{
  uint32_t stream_id;
  uint32_t manifest_seq;
  uint32_t first_packet_seq;
  uint16_t count;               /* digests, 0 to AMBI_COUNT_MAX */
  uint16_t refresh_deadline;    /* seconds; 0 = stable */
} ambi_manifest;

typedef enum
{
  AMBI_ITEM_NONE,               /* all octets taken, more are needed */
  AMBI_ITEM_STREAM_ID,          /* the first four octets of a manifest: its id */
  AMBI_ITEM_MANIFEST,           /* header and TLVs are complete */
  AMBI_ITEM_DIGEST,             /* the next digest of it */
  AMBI_ITEM_END,                /* its last digest was given */
  AMBI_ITEM_WRONG_STREAM_ID,    /* fatal: disconnect (§3.3.1) */
  AMBI_ITEM_TLV_OVERFLOW        /* fatal: disconnect (§3.3.1.6) */
} ambi_item_type;

typedef struct
{
  ambi_item_type type;
  uint32_t seq;                 /* of a DIGEST */
  const uint8_t *digest;        /* in the input if it lies whole there, else in
                                   the parser; valid until the next call */
  const ambi_manifest *manifest;        /* all but NONE; likewise.  Before
                                           MANIFEST only the id is of use */
  bool bad_refresh_length;      /* MANIFEST: a Refresh Deadline was ignored for
                                   its length */
} ambi_item;

/* Parser state: a header, a TLV header, one digest.  The members are private,
 * but the size is known so that it can stand in a struct. */
typedef struct
{
  size_t digest_len;
  int64_t expected_id;          /* -1: that of the first manifest */
  int state;
  ambi_item_type failure;
  ambi_manifest manifest;
  uint8_t partial[CORE_HASH_LEN_MAX];
  size_t have;                  /* octets in partial */
  size_t tlv_left;              /* octets of TLV Space not yet taken */
  size_t value_left;            /* octets of the value at hand */
  uint8_t tlv_type;
  bool bad_refresh_length;
  uint16_t given;               /* digests */
  uint64_t tlv_octets;          /* taken since the beginning, for limits */
} ambi_parser;

/* stream_id -1 takes the id of the first manifest as that of all.  The
 * algorithm must be one that core_hash_len () knows. */
void ambi_parser_init (ambi_parser * parser, int64_t stream_id,
    core_hash_algorithm algorithm);

/* Takes octets from *data up to and including those that complete the next
 * item, and moves *data and *len behind them.  Call until the type is NONE.
 * After a fatal item the parser gives only that item until it is initialised
 * anew. */
void ambi_parser_next (ambi_parser * parser, const uint8_t ** data,
    size_t *len, ambi_item * item);

/* Whether the octets taken so far end between two manifests. */
bool ambi_parser_at_boundary (const ambi_parser * parser);

/* -1 while it is not known. */
int64_t ambi_parser_stream_id (const ambi_parser * parser);

/* Octets of a manifest with so many digests. */
size_t ambi_manifest_size (const ambi_manifest * manifest, size_t digest_len);

/* Writes a manifest: T = 0 unless there is a refresh deadline.  digests are
 * manifest->count digests one behind the other.  Returns its length, or 0 when
 * cap is too small or the count too large. */
size_t ambi_manifest_build (const ambi_manifest * manifest,
    const uint8_t * digests, size_t digest_len, uint8_t * buf, size_t cap);
