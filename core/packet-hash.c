/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A fast keyed hash of whole packets.
 *
 * Each block of a packet goes through NH, the inner hash of UMAC (RFC 4418
 * §5.2), here with words of 64 bits: the sum of products of two words with
 * their keys added.  The few numbers that come of it go through SipHash.
 */
#include "packet-hash.h"

#include <string.h>

enum
{
  PAIR = 16,                    /* bytes of two words */
  BLOCK = CORE_PACKET_HASH_WORDS * 8,

  /* Of what a mark is made: bytes at the beginning, where headers count
   * packets, and at the end, and words between them. */
  MARK_HEAD = 32,
  MARK_TAIL = 16,
  MARK_WORDS = 10,
  MARK_BYTES = MARK_HEAD + MARK_TAIL + 8 * MARK_WORDS
};

typedef struct
{
  uint64_t low;
  uint64_t high;
} wide;

static void
add_wide (wide * sum, uint64_t low, uint64_t high)
{
  sum->low += low;
  sum->high += high + (sum->low < low);
}

static void
add_product (wide * sum, uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
  unsigned __int128 product = (unsigned __int128) a * b;
  uint64_t low = (uint64_t) product;
  uint64_t high = (uint64_t) (product >> 64);
#else
  uint64_t a0 = (uint32_t) a, a1 = a >> 32;
  uint64_t b0 = (uint32_t) b, b1 = b >> 32;
  uint64_t middle = a1 * b0 + (a0 * b0 >> 32);
  uint64_t cross = a0 * b1 + (uint32_t) middle;
  uint64_t low = a * b;
  uint64_t high = a1 * b1 + (middle >> 32) + (cross >> 32);
#endif

  add_wide (sum, low, high);
}

static void
add_words (wide * sum, const uint8_t * first, const uint8_t * second,
    const uint64_t * key)
{
  uint64_t words[2];

  memcpy (&words[0], first, 8);
  memcpy (&words[1], second, 8);
  add_product (sum, words[0] + key[0], words[1] + key[1]);
}

static void
add_pair (wide * sum, const uint8_t * data, const uint64_t * key)
{
  add_words (sum, data, data + 8, key);
}

/* A last pair that is not whole is filled up with zeros: the length, which is
 * hashed too, tells it from one that had them. */
static wide
hash_block (const uint64_t * key, const uint8_t * data, size_t len)
{
  wide sum = { 0, 0 }, other = { 0, 0 };
  uint8_t rest[PAIR] = { 0 };
  size_t i;

  /* Two sums at once: each waits for its own carry only. */
  for (i = 0; i + 2 * PAIR <= len; i += 2 * PAIR) {
    add_pair (&sum, data + i, key + i / 8);
    add_pair (&other, data + i + PAIR, key + i / 8 + 2);
  }
  add_wide (&sum, other.low, other.high);
  for (; i + PAIR <= len; i += PAIR)
    add_pair (&sum, data + i, key + i / 8);
  if (i < len) {
    memcpy (rest, data + i, len - i);
    add_pair (&sum, rest, key + i / 8);
  }
  return sum;
}

void
core_packet_hash_init (core_packet_hash_key * key,
    const uint8_t random[CORE_SIPHASH_KEY_LEN])
{
  memcpy (key->siphash, random, CORE_SIPHASH_KEY_LEN);
  for (size_t i = 0; i < CORE_PACKET_HASH_WORDS; i++) {
    uint8_t number = (uint8_t) i;

    key->words[i] = core_siphash (random, &number, 1);
  }
}

uint64_t
core_packet_hash (const core_packet_hash_key * key, const uint8_t * data,
    size_t len)
{
  /* What came of all blocks before, the next block, the length. */
  uint64_t state[4] = { 0, 0, 0, len };

  for (size_t at = 0;; at += BLOCK) {
    size_t n = len - at < BLOCK ? len - at : BLOCK;
    wide sum = hash_block (key->words, data + at, n);

    state[1] = sum.low;
    state[2] = sum.high;
    state[0] = core_siphash (key->siphash, (const uint8_t *) state,
        sizeof (state));
    if (len - at <= BLOCK)
      return state[0];
  }
}

/* Of a packet of up to MARK_BYTES: all of them.  hash_block () would no longer be
 * part of its one caller, and slower. */
static wide
hash_short (const uint64_t * key, const uint8_t * data, size_t len)
{
  uint8_t filled[MARK_BYTES] = { 0 };
  wide sum = { 0, 0 };

  if (len > 0)
    memcpy (filled, data, len);
  for (size_t i = 0; i < len; i += PAIR)
    add_pair (&sum, filled + i, key + i / 8);
  return sum;
}

/* Of one of more. */
static wide
sample (const uint64_t * key, const uint8_t * data, size_t len)
{
  size_t step = len / (MARK_WORDS + 1);
  wide sum = { 0, 0 };

  for (size_t i = 0; i < MARK_HEAD; i += PAIR, key += 2)
    add_pair (&sum, data + i, key);
  for (size_t i = 1; i < MARK_WORDS; i += 2, key += 2)
    add_words (&sum, data + i * step, data + (i + 1) * step, key);
  add_pair (&sum, data + len - MARK_TAIL, key);
  return sum;
}

uint64_t
core_packet_mark (const core_packet_hash_key * key, const uint8_t * data,
    size_t len)
{
  const uint64_t *last = &key->words[MARK_BYTES / 8];
  wide sum = len > MARK_BYTES ? sample (key->words, data, len) :
      hash_short (key->words, data, len);
  uint64_t mark;

  add_product (&sum, len + last[0], last[1]);
  /* Every bit of the sums counts in the low ones of the mark. */
  mark = (sum.low ^ sum.high) * UINT64_C (0x9e3779b97f4a7c15);
  return mark ^ mark >> 32;
}
