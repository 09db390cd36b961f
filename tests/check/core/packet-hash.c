/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The hash of whole packets: every bit, the order, the length and the key
 * count, across the borders of words and blocks.  The mark: which bits count.
 */
#include <gst/check/gstcheck.h>
#include <stdlib.h>
#include <string.h>

#include "packet-hash.h"

static const uint8_t random_bytes[CORE_SIPHASH_KEY_LEN] = { 3, 1, 4, 1, 5, 9, 2,
  6, 5, 3, 5, 8, 9, 7, 9, 3
};

static const size_t lengths[] = { 0, 1, 7, 8, 9, 15, 16, 17, 31, 188, 1015,
  1316, 1535, 1536, 1537, 2047, 2048, 3072, 3073
};

static void
fill (uint8_t * data, size_t len)
{
  for (size_t i = 0; i < len; i++)
    data[i] = (uint8_t) (i * 31 + i / 251);
}

GST_START_TEST (test_bits)
{
  core_packet_hash_key key;

  core_packet_hash_init (&key, random_bytes);
  for (size_t i = 0; i < G_N_ELEMENTS (lengths); i++) {
    size_t len = lengths[i];
    /* exactly as long: a sanitizer sees a byte more */
    uint8_t *data = g_malloc (MAX (len, 1));
    uint64_t hash;

    fill (data, len);
    hash = core_packet_hash (&key, data, len);
    for (size_t at = 0; at < len; at++) {
      data[at] ^= (uint8_t) (1 << at % 8);
      fail_if (core_packet_hash (&key, data, len) == hash);
      data[at] ^= (uint8_t) (1 << at % 8);
    }
    fail_unless (core_packet_hash (&key, data, len) == hash);
    g_free (data);
  }
}

GST_END_TEST;

/* Zeros behind the end are no part of a shorter packet. */
GST_START_TEST (test_length)
{
  static const uint8_t zeros[2100];
  uint64_t seen[2100];
  unsigned collisions = 0;
  core_packet_hash_key key;

  core_packet_hash_init (&key, random_bytes);
  for (size_t len = 0; len < G_N_ELEMENTS (seen); len++) {
    seen[len] = core_packet_hash (&key, zeros, len);
    for (size_t i = 0; i < len; i++)
      collisions += seen[i] == seen[len];
  }
  fail_unless_equals_int (collisions, 0);
}

GST_END_TEST;

/* Words, pairs and blocks that change places are another packet. */
GST_START_TEST (test_order)
{
  static const size_t steps[] = { 8, 16, 1536 };
  core_packet_hash_key key;
  uint8_t data[4096], swapped[4096];

  core_packet_hash_init (&key, random_bytes);
  fill (data, sizeof (data));
  for (size_t i = 0; i < G_N_ELEMENTS (steps); i++) {
    size_t step = steps[i];

    memcpy (swapped, data + step, step);
    memcpy (swapped + step, data, step);
    memcpy (swapped + 2 * step, data + 2 * step, sizeof (data) - 2 * step);
    fail_if (core_packet_hash (&key, data, sizeof (data)) ==
        core_packet_hash (&key, swapped, sizeof (data)));
  }
}

GST_END_TEST;

GST_START_TEST (test_key)
{
  core_packet_hash_key key, other;
  uint8_t random[CORE_SIPHASH_KEY_LEN];
  uint8_t data[1316];

  fill (data, sizeof (data));
  core_packet_hash_init (&key, random_bytes);
  for (size_t i = 0; i < sizeof (random); i++) {
    memcpy (random, random_bytes, sizeof (random));
    random[i] ^= 1;
    core_packet_hash_init (&other, random);
    fail_if (core_packet_hash (&key, data, sizeof (data)) ==
        core_packet_hash (&other, data, sizeof (data)));
    fail_if (core_packet_mark (&key, data, sizeof (data)) ==
        core_packet_mark (&other, data, sizeof (data)));
  }
  for (size_t i = 0; i < CORE_PACKET_HASH_WORDS; i++)
    for (size_t j = 0; j < i; j++)
      fail_if (key.words[i] == key.words[j]);
}

GST_END_TEST;

/* Whether a mark is made of that byte, too. */
static bool
is_marked (size_t at, size_t len)
{
  size_t step = len / 11;

  return len <= 128 || at < 32 || at >= len - 16 ||
      (at >= step && at < 11 * step && at % step < 8);
}

GST_START_TEST (test_mark_bits)
{
  static const size_t lengths[] = { 0, 1, 7, 8, 16, 17, 31, 32, 47, 48, 70, 127,
    128, 129, 130, 188, 1316, 1472, 9000
  };
  core_packet_hash_key key;

  core_packet_hash_init (&key, random_bytes);
  for (size_t i = 0; i < G_N_ELEMENTS (lengths); i++) {
    size_t len = lengths[i];
    /* exactly as long: a sanitizer sees a byte more */
    uint8_t *data = g_malloc (MAX (len, 1));
    uint64_t mark;

    fill (data, len);
    mark = core_packet_mark (&key, data, len);
    for (size_t at = 0; at < len; at++) {
      data[at] ^= (uint8_t) (1 << at % 8);
      fail_unless ((core_packet_mark (&key, data, len) != mark) ==
          is_marked (at, len), "byte %zu of %zu", at, len);
      data[at] ^= (uint8_t) (1 << at % 8);
    }
    fail_unless (core_packet_mark (&key, data, len) == mark);
    g_free (data);
  }
}

GST_END_TEST;

static int
compare_marks (const void *a, const void *b)
{
  const uint64_t *x = a, *y = b;

  return *x < *y ? -1 : *x > *y;
}

GST_START_TEST (test_mark_length)
{
  static const uint8_t zeros[2100];
  uint64_t seen[2100];
  core_packet_hash_key key;

  core_packet_hash_init (&key, random_bytes);
  for (size_t len = 0; len < G_N_ELEMENTS (seen); len++)
    seen[len] = core_packet_mark (&key, zeros, len);
  qsort (seen, G_N_ELEMENTS (seen), sizeof (seen[0]), compare_marks);
  for (size_t i = 1; i < G_N_ELEMENTS (seen); i++)
    fail_if (seen[i] == seen[i - 1]);
}

GST_END_TEST;

/* Wherever a counter stands, the low bits of the marks are as good as random:
 * as many packets as buckets, and few in one. */
GST_START_TEST (test_mark_buckets)
{
  enum
  { BUCKETS = 8192 };
  core_packet_hash_key key;

  core_packet_hash_init (&key, random_bytes);
  for (size_t at = 0; at <= 30; at++) {
    uint8_t packet[1316] = { 0 }, count[BUCKETS] = { 0 };
    unsigned empty = 0, most = 0;

    for (uint16_t i = 0; i < BUCKETS; i++) {
      memcpy (packet + at, &i, sizeof (i));
      count[core_packet_mark (&key, packet, sizeof (packet)) % BUCKETS]++;
    }
    for (size_t i = 0; i < BUCKETS; i++) {
      most = MAX (most, count[i]);
      empty += count[i] == 0;
    }
    fail_unless (most <= 12, "%u in one", most);
    /* 8192 / e = 3014 +- 43 */
    fail_unless (empty > 2750 && empty < 3280, "%u empty", empty);
  }
}

GST_END_TEST;

/* Where a packet lies is no part of it. */
GST_START_TEST (test_alignment)
{
  core_packet_hash_key key;
  uint8_t data[1316], moved[1316 + 16];

  core_packet_hash_init (&key, random_bytes);
  fill (data, sizeof (data));
  for (size_t i = 0; i < 16; i++) {
    memcpy (moved + i, data, sizeof (data));
    fail_unless (core_packet_hash (&key, data, sizeof (data)) ==
        core_packet_hash (&key, moved + i, sizeof (data)));
    fail_unless (core_packet_mark (&key, data, sizeof (data)) ==
        core_packet_mark (&key, moved + i, sizeof (data)));
  }
}

GST_END_TEST;

static Suite *
packet_hash_suite (void)
{
  Suite *s = suite_create ("packet-hash");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_bits);
  tcase_add_test (tc, test_length);
  tcase_add_test (tc, test_order);
  tcase_add_test (tc, test_key);
  tcase_add_test (tc, test_mark_bits);
  tcase_add_test (tc, test_mark_length);
  tcase_add_test (tc, test_mark_buckets);
  tcase_add_test (tc, test_alignment);
  return s;
}

GST_CHECK_MAIN (packet_hash);
