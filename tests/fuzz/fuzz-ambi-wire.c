/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Fuzzes the manifest parser: cut anyhow, the octets give the items that they
 * give as a whole.  What is complete is rebuilt and parsed again.
 */
#include "fuzz.h"

#include "ambi-wire.h"

/* Input: two bytes, then the octets of a stream.
 *   0     algorithm (a place in the list below), ANY_ID
 *   1     seed of the lengths of the pieces; 0: single octets */
enum
{
  HEAD = 2,
  ALGORITHM_MASK = 0x07,
  ANY_ID = 0x08
};

static const core_hash_algorithm algorithms[] = {
  CORE_HASH_SHA_256, CORE_HASH_SHA_384, CORE_HASH_SHA_512, CORE_HASH_SHA_224,
  CORE_HASH_SHAKE_128, CORE_HASH_SHAKE_256, CORE_HASH_SHA_256,
  CORE_HASH_SHA_256
};

static bool
is_fatal (const ambi_item * item)
{
  return item->type == AMBI_ITEM_WRONG_STREAM_ID ||
      item->type == AMBI_ITEM_TLV_OVERFLOW;
}

static void
check_same_manifest (const ambi_manifest * a, const ambi_manifest * b)
{
  FUZZ_CHECK (a->stream_id == b->stream_id);
  FUZZ_CHECK (a->manifest_seq == b->manifest_seq);
  FUZZ_CHECK (a->first_packet_seq == b->first_packet_seq);
  FUZZ_CHECK (a->count == b->count && a->count <= AMBI_COUNT_MAX);
  FUZZ_CHECK (a->refresh_deadline == b->refresh_deadline);
}

static void
check_same (const ambi_item * a, const ambi_item * b, size_t digest_len)
{
  FUZZ_CHECK (a->type == b->type && a->seq == b->seq);
  FUZZ_CHECK (a->bad_refresh_length == b->bad_refresh_length);
  FUZZ_CHECK ((a->digest != NULL) == (a->type == AMBI_ITEM_DIGEST));
  if (a->digest != NULL)
    FUZZ_CHECK (memcmp (a->digest, b->digest, digest_len) == 0);
  if (a->manifest != NULL)
    check_same_manifest (a->manifest, b->manifest);
}

/* Builds a manifest that has just ended at end. */
static void
check_rebuilt (const ambi_manifest * manifest, const uint8_t * end,
    core_hash_algorithm algorithm)
{
  size_t digest_len = core_hash_len (algorithm);
  size_t size = ambi_manifest_size (manifest, digest_len), left = size;
  const uint8_t *digests = end - manifest->count * digest_len;
  uint8_t *built = malloc (size);
  const uint8_t *at = built;
  ambi_parser parser;
  ambi_item item;

  FUZZ_CHECK (built != NULL);
  FUZZ_CHECK (ambi_manifest_build (manifest, digests, digest_len, built,
          size - 1) == 0);
  FUZZ_CHECK (ambi_manifest_build (manifest, digests, digest_len, built,
          size) == size);
  ambi_parser_init (&parser, manifest->stream_id, algorithm);
  do {
    ambi_parser_next (&parser, &at, &left, &item);
    FUZZ_CHECK (item.type != AMBI_ITEM_NONE && !is_fatal (&item));
    if (item.type == AMBI_ITEM_DIGEST) {
      FUZZ_CHECK (memcmp (item.digest, digests, digest_len) == 0);
      digests += digest_len;
    }
  } while (item.type != AMBI_ITEM_END);
  check_same_manifest (item.manifest, manifest);
  FUZZ_CHECK (left == 0 && digests == end);
  FUZZ_CHECK (ambi_parser_at_boundary (&parser));
  free (built);
}

/* The length of the next piece. */
static size_t
next_piece (uint32_t * seed, size_t left)
{
  size_t n = 1;

  if (*seed != 0) {
    *seed = *seed * 1664525u + 1013904223u;
    n = (*seed >> 24) % 71;
  }
  return n < left ? n : left;
}

/* Takes the items of one piece, each of which is the next one of the whole.
 * Returns false after a fatal one. */
static bool
feed (ambi_parser * parser, const uint8_t * piece, size_t len,
    ambi_parser * whole, const uint8_t ** at, size_t *left)
{
  uint8_t *copy = fuzz_copy (piece, len);
  const uint8_t *data = copy;
  const ambi_item none = { 0 };
  ambi_item item, other;

  for (;;) {
    ambi_parser_next (parser, &data, &len, &item);
    if (item.type == AMBI_ITEM_NONE)
      break;
    ambi_parser_next (whole, at, left, &other);
    check_same (&item, &other, whole->digest_len);
    FUZZ_CHECK (*at == piece + (data - copy));
    if (is_fatal (&item))
      break;
  }
  FUZZ_CHECK (len == 0 || item.type != AMBI_ITEM_NONE);
  if (item.type == AMBI_ITEM_NONE)
    check_same (&item, &none, 0);
  free (copy);
  return item.type == AMBI_ITEM_NONE;
}

static void
check_pieces (const uint8_t * data, size_t size, int64_t id,
    core_hash_algorithm algorithm, uint32_t seed)
{
  ambi_parser parser, whole;
  const uint8_t *at = data, *end = data + size;
  size_t left = size;
  bool alive = true;

  ambi_parser_init (&parser, id, algorithm);
  ambi_parser_init (&whole, id, algorithm);
  while (alive && data < end) {
    size_t n = next_piece (&seed, (size_t) (end - data));

    alive = feed (&parser, data, n, &whole, &at, &left);
    data += n;
  }
  FUZZ_CHECK (parser.tlv_octets <= size);
  FUZZ_CHECK (ambi_parser_stream_id (&parser) ==
      ambi_parser_stream_id (&whole));
  FUZZ_CHECK (alive || !ambi_parser_at_boundary (&parser));
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  core_hash_algorithm algorithm;
  const uint8_t *at;
  size_t left;
  ambi_parser parser;
  ambi_item item;
  int64_t id;

  if (size < HEAD)
    return 0;
  at = data + HEAD;
  left = size - HEAD;
  algorithm = algorithms[data[0] & ALGORITHM_MASK];
  id = data[0] & ANY_ID ? -1 : 1;
  check_pieces (at, left, id, algorithm, data[1]);

  ambi_parser_init (&parser, id, algorithm);
  do {
    ambi_parser_next (&parser, &at, &left, &item);
    FUZZ_CHECK (at + left == data + size);
    if (item.type == AMBI_ITEM_END)
      check_rebuilt (item.manifest, at, algorithm);
  } while (item.type != AMBI_ITEM_NONE && !is_fatal (&item));
  FUZZ_CHECK (left == 0 || is_fatal (&item));
  return 0;
}
