/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The hash of whole packets: every bit, the order, the length and the key
 * count, across the borders of words and blocks.
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
  }
  for (size_t i = 0; i < CORE_PACKET_HASH_WORDS; i++)
    for (size_t j = 0; j < i; j++)
      fail_if (key.words[i] == key.words[j]);
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
  tcase_add_test (tc, test_alignment);
  return s;
}

GST_CHECK_MAIN (packet_hash);
