/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * SipHash-2-4.
 */
#include "siphash.h"

typedef struct
{
  uint64_t v0, v1, v2, v3;
} sip_state;

static uint64_t
rotl (uint64_t x, unsigned b)
{
  return x << b | x >> (64 - b);
}

static uint64_t
load_le (const uint8_t * p, size_t n)
{
  uint64_t v = 0;

  for (size_t i = 0; i < n; i++)
    v |= (uint64_t) p[i] << (8 * i);
  return v;
}

/* Written out, so that compilers make one load of it. */
static uint64_t
load_word (const uint8_t * p)
{
  return (uint64_t) p[0] | (uint64_t) p[1] << 8 | (uint64_t) p[2] << 16 |
      (uint64_t) p[3] << 24 | (uint64_t) p[4] << 32 | (uint64_t) p[5] << 40 |
      (uint64_t) p[6] << 48 | (uint64_t) p[7] << 56;
}

static void
sip_rounds (sip_state * s, unsigned n)
{
  while (n-- > 0) {
    s->v0 += s->v1;
    s->v1 = rotl (s->v1, 13) ^ s->v0;
    s->v0 = rotl (s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotl (s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotl (s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotl (s->v1, 17) ^ s->v2;
    s->v2 = rotl (s->v2, 32);
  }
}

static void
sip_word (sip_state * s, uint64_t word)
{
  s->v3 ^= word;
  sip_rounds (s, 2);
  s->v0 ^= word;
}

uint64_t
core_siphash (const uint8_t key[CORE_SIPHASH_KEY_LEN], const uint8_t * data,
    size_t len)
{
  uint64_t k0 = load_word (key);
  uint64_t k1 = load_word (key + 8);
  sip_state s = {
    k0 ^ UINT64_C (0x736f6d6570736575), k1 ^ UINT64_C (0x646f72616e646f6d),
    k0 ^ UINT64_C (0x6c7967656e657261), k1 ^ UINT64_C (0x7465646279746573)
  };
  size_t whole = len & ~(size_t) 7;

  for (size_t i = 0; i < whole; i += 8)
    sip_word (&s, load_word (data + i));
  sip_word (&s, load_le (data + whole, len - whole) | (uint64_t) len << 56);
  s.v2 ^= 0xff;
  sip_rounds (&s, 4);
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
