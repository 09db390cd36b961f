/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The index by keyed hash, against an array.
 */
#include <string.h>

#include "ambi-fixture.h"
#include "ambi-index.h"

enum
{
  N = 500
};

/* Looks for one value under a hash; returns how often it is there. */
static unsigned
count (ambi_index * index, uint32_t hash, uint32_t value)
{
  uint32_t slot = 0, found;
  unsigned n = 0;

  while ((found = ambi_index_next (index, hash, &slot)) != AMBI_NONE)
    n += found == value;
  return n;
}

static void
remove_value (ambi_index * index, uint32_t hash, uint32_t value)
{
  uint32_t slot = 0, found;

  while ((found = ambi_index_next (index, hash, &slot)) != AMBI_NONE) {
    if (found == value) {
      ambi_index_remove (index, slot);
      return;
    }
  }
  fail ("nothing to remove");
}

GST_START_TEST (test_empty)
{
  ambi_index index = { 0 };
  uint32_t slot = 0;

  fail_unless (ambi_index_next (&index, 1, &slot) == AMBI_NONE);
  fail_unless (ambi_index_guess (&index, 1) == AMBI_NONE);
  fail_unless_equals_int (ambi_index_reserve (&index, 0), CORE_OK);
  fail_unless (ambi_index_next (&index, 1, &slot) == AMBI_NONE);
  fail_unless (ambi_index_guess (&index, 1) == AMBI_NONE);
  fail_unless_equals_int (ambi_index_reserve (&index, UINT32_MAX),
      CORE_ERR_NO_MEMORY);
  ambi_index_clear (&index);
}

GST_END_TEST;

/* Few hashes, all of them at the end of the table, so that it wraps. */
GST_START_TEST (test_against_array)
{
  ambi_index index = { 0 };
  uint32_t hashes[N];
  bool there[N] = { false };
  uint64_t random = 1;

  for (unsigned i = 0; i < N; i++)
    hashes[i] = 0u - (uint32_t) (fixture_random (&random) % 90);
  for (unsigned step = 0; step < 5000; step++) {
    unsigned i = (unsigned) (fixture_random (&random) % N);

    if (there[i]) {
      remove_value (&index, hashes[i], i);
    } else {
      fail_unless_equals_int (ambi_index_reserve (&index, 1), CORE_OK);
      ambi_index_add (&index, hashes[i], i);
    }
    there[i] = !there[i];
    if (step % 50 > 0)
      continue;
    for (unsigned k = 0; k < N; k++) {
      if (count (&index, hashes[k], k) != there[k])
        fail ("value %u at step %u", k, step);
    }
  }
  ambi_index_clear (&index);
}

GST_END_TEST;

GST_START_TEST (test_set)
{
  ambi_index index = { 0 };
  uint32_t slot = 0;

  fail_unless_equals_int (ambi_index_reserve (&index, 2), CORE_OK);
  ambi_index_add (&index, 7, 1);
  ambi_index_add (&index, 7, 2);
  fail_unless_equals_int (ambi_index_next (&index, 7, &slot), 1);
  ambi_index_set (&index, slot, 3);
  fail_unless_equals_int (ambi_index_guess (&index, 7), 3);
  fail_unless_equals_int (ambi_index_next (&index, 7, &slot), 2);
  fail_unless (ambi_index_next (&index, 7, &slot) == AMBI_NONE);
  fail_unless_equals_int (count (&index, 7, 3), 1);
  ambi_index_clear (&index);
}

GST_END_TEST;

static double
probes_per_lookup (unsigned n)
{
  ambi_index_key key;
  ambi_index index = { 0 };
  uint64_t random = n, before;

  fixture_fill_random (&random, (uint8_t *) & key, sizeof (key));
  fail_unless_equals_int (ambi_index_reserve (&index, n), CORE_OK);
  for (int pass = 0; pass < 2; pass++) {
    before = index.probes;
    for (uint32_t i = 0; i < n; i++) {
      /* Digests as an enemy might choose them. */
      uint8_t digest[32] = { 0 };
      uint32_t slot = 0, hash;

      memcpy (digest + 4, &i, sizeof (i));
      hash = ambi_index_hash (&key, digest, sizeof (digest));
      if (pass == 0)
        ambi_index_add (&index, hash, i);
      else if (ambi_index_next (&index, hash, &slot) == AMBI_NONE)
        fail ("%u is missing", i);
    }
  }
  before = index.probes - before;
  ambi_index_clear (&index);
  return (double) before / n;
}

/* The same few slots, however many values there are. */
GST_START_TEST (test_work)
{
  fail_unless (probes_per_lookup (1000) < 2);
  fail_unless (probes_per_lookup (300000) < 2);
}

GST_END_TEST;

GST_START_TEST (test_hash)
{
  ambi_index_key key, other;
  uint8_t digest[CORE_HASH_LEN_MAX] = { 0 };
  uint64_t random = 1;
  uint32_t first;

  fixture_fill_random (&random, (uint8_t *) & key, sizeof (key));
  fixture_fill_random (&random, (uint8_t *) & other, sizeof (other));
  first = ambi_index_hash (&key, digest, sizeof (digest));
  fail_if (first == ambi_index_hash (&other, digest, sizeof (digest)));
  /* Every octet counts. */
  for (unsigned i = 0; i < sizeof (digest); i++) {
    digest[i] = 1;
    fail_if (first == ambi_index_hash (&key, digest, sizeof (digest)));
    digest[i] = 0;
  }
  fail_unless (first == ambi_index_hash (&key, digest, sizeof (digest)));
}

GST_END_TEST;

static Suite *
ambi_index_suite (void)
{
  Suite *s = suite_create ("ambi-index");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_empty);
  tcase_add_test (tc, test_against_array);
  tcase_add_test (tc, test_set);
  tcase_add_test (tc, test_work);
  tcase_add_test (tc, test_hash);
  return s;
}

GST_CHECK_MAIN (ambi_index);
