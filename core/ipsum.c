/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The Internet checksum.
 */
#include "ipsum.h"

#include <string.h>

static uint64_t
load64 (const uint8_t * p)
{
  uint64_t v;

  memcpy (&v, p, sizeof (v));
  return v;
}

/* One's-complement addition of 64 bits. */
static uint64_t
add64 (uint64_t a, uint64_t b)
{
  a += b;
  return a + (a < b);
}

/* Sums over whole words are taken in the machine's byte order: they do not mind
 * the grouping nor the order of the bytes (RFC 1071 §2). */

#ifdef __GNUC__
typedef uint64_t lanes __attribute__((vector_size (32)));

/* Over all whole pairs of lanes, as this runs over every payload: of each word
 * the halves by themselves, so that nothing is carried.  No length of 32 bits
 * makes a lane overflow. */
static inline __attribute__((always_inline)) uint64_t
sum_vectors (const uint8_t * data, size_t len)
{
  lanes low = { 0 }, high = { 0 }, low2 = { 0 }, high2 = { 0 };
  lanes words, words2;

  for (size_t i = 0; i + 2 * sizeof (lanes) <= len; i += 2 * sizeof (lanes)) {
    memcpy (&words, data + i, sizeof (words));
    memcpy (&words2, data + i + sizeof (words), sizeof (words2));
    low += words & 0xffffffff;
    high += words >> 32;
    low2 += words2 & 0xffffffff;
    high2 += words2 >> 32;
  }
  low += low2 + high + high2;
  return low[0] + low[1] + low[2] + low[3];
}

#if (defined (__x86_64__) || defined (__i386__)) && !defined (IP_SUM_NO_AVX2)
#define IP_SUM_AVX2

/* The same, where a register holds a vector. */
static __attribute__((target ("avx2"))) uint64_t
sum_vectors_avx2 (const uint8_t * data, size_t len)
{
  return sum_vectors (data, len);
}
#endif

static uint64_t
sum_lanes (const uint8_t * data, size_t len)
{
#ifdef IP_SUM_AVX2
  if (__builtin_cpu_supports ("avx2"))
    return sum_vectors_avx2 (data, len);
#endif
  return sum_vectors (data, len);
}

static size_t
whole_lanes (size_t len)
{
  return len - len % (2 * sizeof (lanes));
}
#else
static uint64_t
sum_lanes (const uint8_t * data, size_t len)
{
  return 0;
}

static size_t
whole_lanes (size_t len)
{
  return 0;
}
#endif

/* A last odd byte is padded with zero. */
static uint64_t
sum_rest (const uint8_t * data, size_t len)
{
  uint8_t last[2] = { 0 };
  uint64_t sum = 0;
  uint32_t v32;
  uint16_t v16;

  if (len & 4) {
    memcpy (&v32, data, sizeof (v32));
    data += sizeof (v32);
    sum += v32;
  }
  if (len & 2) {
    memcpy (&v16, data, sizeof (v16));
    data += sizeof (v16);
    sum += v16;
  }
  if (len & 1) {
    last[0] = *data;
    memcpy (&v16, last, sizeof (v16));
    sum += v16;
  }
  return sum;
}

static uint16_t
fold (uint64_t sum)
{
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t) ((sum & 0xffff) + (sum >> 16));
}

uint32_t
ip_sum (const uint8_t * data, size_t len, uint32_t sum)
{
  size_t i = whole_lanes (len);
  uint64_t wide = i > 0 ? sum_lanes (data, i) : 0;
  uint16_t folded;
  uint8_t bytes[2];

  for (; i + 8 <= len; i += 8)
    wide = add64 (wide, load64 (data + i));
  if (i < len)
    wide = add64 (wide, sum_rest (data + i, len - i));
  folded = fold (wide);
  memcpy (bytes, &folded, sizeof (bytes));
  return fold ((uint64_t) sum + (uint32_t) (bytes[0] << 8 | bytes[1]));
}

uint16_t
ip_sum_finish (uint32_t sum)
{
  while (sum >> 16)
    sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t) ~ sum;
}

bool
ip_sum_v4_header_ok (const uint8_t header[20])
{
  uint32_t words[5];
  uint64_t sum = 0;

  memcpy (words, header, sizeof (words));
  for (size_t i = 0; i < sizeof (words) / sizeof (words[0]); i++)
    sum += words[i];
  return fold (sum) == 0xffff;
}

uint32_t
ip_pseudo_sum (const core_ip * src, const core_ip * dst, uint8_t protocol,
    size_t length)
{
  uint32_t sum = protocol;

  sum += (uint32_t) (length >> 16) + (uint32_t) (length & 0xffff);
  sum = ip_sum (src->bytes, core_ip_len (src), sum);
  return ip_sum (dst->bytes, core_ip_len (dst), sum);
}
