/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The digest store: one value at a time, many of one value, its limits in
 * memory and work, and time.
 */
#include <string.h>

#include "ambi-fixture.h"
#include "ambi-store.h"

#define HOLD_TIME ((core_time) 1000)

static ambi_index_key key;

static void
setup_store (ambi_store * s, uint32_t max)
{
  ambi_store_config config = {.digest_len = CORE_SHA256_LEN,
    .hold_time = HOLD_TIME,.max = max,.key = &key
  };
  uint64_t random = 1;

  fixture_fill_random (&random, (uint8_t *) & key, sizeof (key));
  fail_unless_equals_int (ambi_store_init (s, &config), CORE_OK);
}

/* A digest that is told by a number. */
static const uint8_t *
digest_of (uint32_t n)
{
  static uint8_t digest[CORE_SHA256_LEN];

  memcpy (digest, &n, sizeof (n));
  return digest;
}

static bool
learn (ambi_store * s, uint32_t seq, uint32_t value, core_time now)
{
  const uint8_t *digest = digest_of (value);

  return ambi_store_learn (s, seq, ambi_store_hash (s, digest), digest, now);
}

static bool
find (ambi_store * s, uint32_t value, ambi_chain * chain)
{
  const uint8_t *digest = digest_of (value);

  return ambi_store_find (s, ambi_store_hash (s, digest), digest, chain);
}

static bool
is_held (ambi_store * s, uint32_t value)
{
  ambi_chain chain;

  return find (s, value, &chain) && ambi_store_chain_held (s, &chain);
}

/* Uses the next one of a value; returns its sequence number. */
static uint32_t
use (ambi_store * s, uint32_t value, core_time now)
{
  ambi_digest_info info;
  ambi_chain chain;

  if (!find (s, value, &chain) || !ambi_store_chain_held (s, &chain))
    fail ("%u is not held", value);
  ambi_store_use (s, &chain, now, &info);
  return info.seq;
}

static void
owe (ambi_store * s, uint32_t value, uint32_t place, core_time now)
{
  const uint8_t *digest = digest_of (value);

  ambi_store_owe (s, ambi_store_hash (s, digest), digest, place, now);
}

static ambi_seq_state
state_of (const ambi_store * s, uint32_t seq)
{
  uint32_t entry;

  return ambi_store_look_up (s, seq, &entry);
}

/* Everything is linked as it should be. */
static void
check_store (ambi_store * s)
{
  fail_unless (s->held.n <= s->config.max);
  fail_unless (s->used.n <= s->config.max);
  fail_unless_equals_int (s->held.n + s->used.n + s->free.n, s->fresh);
  fail_unless (s->n_late <= s->held.n);
  fail_unless (s->index.n <= s->held.n + s->used.n);
  fail_unless (s->index.n_slots * 5 >= s->index.n * 8);
}

GST_START_TEST (test_one)
{
  ambi_digest_info info;
  ambi_chain chain;
  ambi_store s;

  setup_store (&s, 10);
  fail_if (find (&s, 5, &chain));
  fail_unless_equals_int (state_of (&s, 100), AMBI_SEQ_NEW);
  fail_unless (ambi_store_deadline (&s) == CORE_TIME_NEVER);
  fail_unless (learn (&s, 100, 5, 20));
  fail_unless_equals_int (state_of (&s, 100), AMBI_SEQ_HELD);
  fail_unless_equals_uint64 (ambi_store_deadline (&s), 20 + HOLD_TIME);
  fail_unless (find (&s, 5, &chain));
  fail_unless (ambi_store_chain_held (&s, &chain));
  fail_unless (chain.used == AMBI_NONE);
  ambi_store_use (&s, &chain, 70, &info);
  fail_unless_equals_int (info.seq, 100);
  fail_unless_equals_uint64 (info.received, 20);
  fail_unless (info.alone);
  fail_if (is_held (&s, 5));
  fail_unless (find (&s, 5, &chain));
  fail_unless (chain.used != AMBI_NONE);
  fail_unless_equals_int (state_of (&s, 100), AMBI_SEQ_USED);
  check_store (&s);
  ambi_store_sweep (&s, 69 + HOLD_TIME, 0);
  fail_unless (find (&s, 5, &chain));
  ambi_store_sweep (&s, 70 + HOLD_TIME, 0);
  fail_if (find (&s, 5, &chain));
  /* It is used for good. */
  fail_unless_equals_int (state_of (&s, 100), AMBI_SEQ_USED);
  check_store (&s);
  ambi_store_clear (&s);
}

GST_END_TEST;

GST_START_TEST (test_expire)
{
  ambi_digest_info info;
  ambi_store s;
  uint32_t entry;

  setup_store (&s, 10);
  learn (&s, 1, 1, 0);
  learn (&s, 2, 2, 10);
  fail_unless_equals_int (ambi_store_look_up (&s, 1, &entry), AMBI_SEQ_HELD);
  fail_unless (ambi_store_has_digest (&s, entry, digest_of (1)));
  fail_if (ambi_store_has_digest (&s, entry, digest_of (2)));
  ambi_store_refresh (&s, entry, 20);
  fail_if (ambi_store_expire (&s, 9 + HOLD_TIME, &info));
  fail_unless (ambi_store_expire (&s, 10 + HOLD_TIME, &info));
  fail_unless_equals_int (info.seq, 2);
  fail_if (info.lost);
  fail_if (ambi_store_expire (&s, 19 + HOLD_TIME, &info));
  fail_unless_equals_int (state_of (&s, 2), AMBI_SEQ_GIVEN_UP);
  /* It comes again, and again in vain. */
  learn (&s, 2, 2, HOLD_TIME + 19);
  fail_unless (ambi_store_expire (&s, 3 * HOLD_TIME, &info));
  fail_unless_equals_int (info.seq, 1);
  fail_unless (ambi_store_expire (&s, 3 * HOLD_TIME, &info));
  fail_unless_equals_int (info.seq, 2);
  fail_unless (info.lost);
  check_store (&s);
  ambi_store_clear (&s);
}

GST_END_TEST;

/* Digests of a stream that ended wait; when it goes on, from then. */
GST_START_TEST (test_ended)
{
  ambi_digest_info info;
  ambi_store s;

  setup_store (&s, 10);
  learn (&s, 1, 1, 0);
  ambi_store_set_ended (&s, true, 5);
  fail_unless (ambi_store_deadline (&s) == CORE_TIME_NEVER);
  fail_if (ambi_store_expire (&s, 100 * HOLD_TIME, &info));
  ambi_store_set_ended (&s, false, 100 * HOLD_TIME);
  fail_if (ambi_store_expire (&s, 101 * HOLD_TIME - 1, &info));
  fail_unless_equals_uint64 (ambi_store_deadline (&s), 101 * HOLD_TIME);
  fail_unless (ambi_store_expire (&s, 101 * HOLD_TIME, &info));
  ambi_store_clear (&s);
}

GST_END_TEST;

/* By sequence number, in whatever order they came. */
GST_START_TEST (test_alike)
{
  static const uint32_t order[] = { 3, 1, 0, 5, 2, 4, UINT32_MAX };
  ambi_digest_info info;
  ambi_chain chain;
  ambi_store s;

  setup_store (&s, 100);
  for (unsigned i = 0; i < G_N_ELEMENTS (order); i++)
    fail_unless (learn (&s, order[i], 7, i));
  fail_unless_equals_int (s.index.n, 1);
  find (&s, 7, &chain);
  ambi_store_use (&s, &chain, 10, &info);
  fail_unless_equals_int (info.seq, UINT32_MAX);
  fail_if (info.alone);
  for (unsigned i = 0; i < 3; i++)
    fail_unless_equals_int (use (&s, 7, 10 + i), i);
  /* One goes from the middle. */
  fail_unless (ambi_store_expire (&s, HOLD_TIME, &info));
  fail_unless_equals_int (info.seq, 3);
  fail_unless_equals_int (use (&s, 7, 20), 4);
  fail_unless_equals_int (use (&s, 7, 20), 5);
  fail_if (is_held (&s, 7));
  fail_unless_equals_int (s.index.n, 1);
  ambi_store_sweep (&s, 20 + HOLD_TIME, 0);
  fail_unless_equals_int (s.index.n, 0);
  check_store (&s);
  ambi_store_clear (&s);
}

GST_END_TEST;

/* A manifest of one value and nothing else, in the worst order. */
GST_START_TEST (test_work_of_alike)
{
  enum
  { N = 32767 };
  uint64_t before;
  ambi_store s;

  setup_store (&s, N);
  before = s.index.probes;
  for (uint32_t i = N; i-- > 0;)
    fail_unless (learn (&s, i, 7, 0));
  for (uint32_t i = 0; i < N; i++)
    use (&s, 7, 1);
  ambi_store_sweep (&s, 1 + HOLD_TIME, 0);
  fail_unless (s.index.probes - before < 8 * N);
  check_store (&s);
  fail_unless_equals_int (s.used.n, 0);
  ambi_store_clear (&s);
}

GST_END_TEST;

/* Slots looked at for one digest that comes, is used and is forgotten, in a
 * store that stays full. */
static double
probes_per_digest (uint32_t n)
{
  uint64_t before;
  ambi_store s;
  uint32_t i;
  double probes;

  setup_store (&s, n);
  for (i = 0; i < n; i++)
    learn (&s, i, i, 0);
  before = s.index.probes;
  for (; i < 3 * n; i++) {
    use (&s, i - n, 0);
    learn (&s, i, i, 0);
  }
  probes = (double) (s.index.probes - before) / (2 * n);
  fail_unless_equals_int (s.held.n, n);
  fail_unless_equals_int (s.used.n, n);
  fail_unless_equals_uint64 (s.overflowed, 0);
  check_store (&s);
  ambi_store_clear (&s);
  return probes;
}

GST_START_TEST (test_work_of_many)
{
  fail_unless (probes_per_digest (1000) < 12);
  fail_unless (probes_per_digest (60000) < 12);
}

GST_END_TEST;

/* Memory grows with use, and what is too much goes: of those that wait the
 * nearest to their end. */
GST_START_TEST (test_bounds)
{
  ambi_digest_info info;
  ambi_store s;
  uint32_t i;

  setup_store (&s, 5000);
  fail_unless_equals_int (s.n_chunks, 0);
  for (i = 0; i < 1000; i++)
    learn (&s, i, i, i);
  fail_unless_equals_int (s.n_chunks, 1);
  for (; i < 20000; i++)
    learn (&s, i, i, 1000);
  check_store (&s);
  fail_unless_equals_int (s.held.n, 5000);
  fail_unless_equals_uint64 (s.overflowed, 15000);
  fail_unless (s.n_chunks <= 5);
  fail_if (is_held (&s, 14999));
  fail_unless (is_held (&s, 15000));
  for (i = 15000; i < 20000; i++)
    use (&s, i, 1000);
  for (; i < 30000; i++) {
    learn (&s, i, i, 1001);
    use (&s, i, 1001);
  }
  for (; i < 40000; i++)
    learn (&s, i, i, 1002);
  check_store (&s);
  fail_unless (s.n_chunks <= 10);
  fail_unless (s.window.size == AMBI_WINDOW_MIN);
  while (ambi_store_expire (&s, 1002 + HOLD_TIME, &info));
  ambi_store_sweep (&s, 1001 + HOLD_TIME, 0);
  fail_unless_equals_int (s.held.n + s.used.n, 0);
  fail_unless_equals_int (s.index.n, 0);
  check_store (&s);
  ambi_store_clear (&s);
}

GST_END_TEST;

/* Numbers that jump as far as they can. */
GST_START_TEST (test_jumps)
{
  ambi_digest_info info;
  ambi_store s;
  uint32_t seq = 0;

  setup_store (&s, 1000);
  for (uint32_t i = 0; i < 5000; i++) {
    fail_unless (learn (&s, seq, i, i));
    fail_unless_equals_int (state_of (&s, seq), AMBI_SEQ_HELD);
    fail_unless_equals_int (state_of (&s, seq - AMBI_WINDOW_MAX),
        AMBI_SEQ_STALE);
    if (i % 3 == 0)
      use (&s, i, i);
    while (ambi_store_expire (&s, i, &info));
    ambi_store_sweep (&s, i, 0);
    seq += i % 5 == 0 ? 1 : UINT32_C (0x7fffffff);
  }
  check_store (&s);
  fail_unless_equals_int (s.window.size, AMBI_WINDOW_MIN);
  fail_unless (s.n_chunks <= 2);
  ambi_store_clear (&s);
}

GST_END_TEST;

/* Held ones that the window left behind can still be used. */
GST_START_TEST (test_left_behind)
{
  ambi_store s;

  setup_store (&s, 1000);
  learn (&s, 5, 5, 0);
  learn (&s, 6, 6, 0);
  learn (&s, 5 + AMBI_WINDOW_MIN, 7, 0);
  fail_unless_equals_int (state_of (&s, 5), AMBI_SEQ_STALE);
  fail_unless_equals_int (use (&s, 5, 1), 5);
  fail_unless_equals_int (state_of (&s, 5 + AMBI_WINDOW_MIN), AMBI_SEQ_HELD);
  ambi_store_sweep (&s, 1 + HOLD_TIME, 0);
  fail_unless_equals_int (state_of (&s, 5 + AMBI_WINDOW_MIN), AMBI_SEQ_HELD);
  fail_unless_equals_int (use (&s, 7, 1), 5 + AMBI_WINDOW_MIN);
  check_store (&s);
  ambi_store_clear (&s);
}

GST_END_TEST;

/* Two jumps later the window is where it was. */
GST_START_TEST (test_left_behind_and_back)
{
  const uint32_t jump = 0x7ffffe00;
  ambi_digest_info info;
  ambi_store s;

  setup_store (&s, 1000);
  learn (&s, 5, 5, 0);
  learn (&s, 6, 6, 0);
  learn (&s, 5 + jump, 7, 1);
  fail_unless_equals_int (state_of (&s, 5), AMBI_SEQ_STALE);
  fail_unless_equals_int (use (&s, 5, 1), 5);
  fail_unless (ambi_store_expire (&s, HOLD_TIME, &info));
  fail_unless_equals_int (info.seq, 6);
  learn (&s, 5 + jump + jump, 8, HOLD_TIME);
  fail_unless_equals_int (state_of (&s, 5), AMBI_SEQ_USED);
  fail_unless_equals_int (state_of (&s, 6), AMBI_SEQ_GIVEN_UP);
  check_store (&s);
  ambi_store_clear (&s);
}

GST_END_TEST;

GST_START_TEST (test_owed)
{
  ambi_digest_info info;
  ambi_chain chain;
  ambi_store s;

  setup_store (&s, 10);
  owe (&s, 5, 77, 10);
  owe (&s, 5, 78, 11);
  find (&s, 5, &chain);
  fail_if (ambi_store_chain_held (&s, &chain));
  fail_unless (ambi_store_chain_owed (&s, &chain));
  ambi_store_pay (&s, &chain, 100, 20, &info);
  fail_unless_equals_int (info.seq, 77);
  fail_unless_equals_int (state_of (&s, 100), AMBI_SEQ_USED);
  find (&s, 5, &chain);
  fail_unless (ambi_store_chain_owed (&s, &chain));
  ambi_store_sweep (&s, 11 + HOLD_TIME, 0);
  find (&s, 5, &chain);
  fail_if (ambi_store_chain_owed (&s, &chain));
  fail_unless (chain.used != AMBI_NONE);
  check_store (&s);
  ambi_store_clear (&s);
}

GST_END_TEST;

/* When it forgot what it owes, it trusts nothing until that is over. */
GST_START_TEST (test_owed_too_much)
{
  ambi_store s;

  setup_store (&s, 3);
  for (uint32_t i = 0; i < 4; i++)
    owe (&s, i, i, 10 + i);
  fail_unless_equals_int (s.used.n, 3);
  fail_if (learn (&s, 1, 0, 13));
  fail_if (learn (&s, 1, 0, 9 + HOLD_TIME));
  fail_unless (learn (&s, 1, 0, 10 + HOLD_TIME));
  check_store (&s);
  ambi_store_clear (&s);
}

GST_END_TEST;

GST_START_TEST (test_settle)
{
  ambi_chain chain;
  ambi_store s;
  uint32_t seq = 0;

  setup_store (&s, 10);
  for (uint32_t i = 0; i < 4; i++) {
    learn (&s, i, 5, 0);
    use (&s, 5, 10 * i);
  }
  find (&s, 5, &chain);
  fail_if (ambi_store_settle (&s, &chain, 2, &seq));
  ambi_store_unsettle (&s, 2, 20);
  /* What is used from now on is not meant. */
  learn (&s, 4, 5, 50);
  use (&s, 5, 50);
  find (&s, 5, &chain);
  fail_if (ambi_store_settle (&s, &chain, 1, &seq));
  for (uint32_t i = 2; i < 4; i++) {
    find (&s, 5, &chain);
    fail_unless (ambi_store_settle (&s, &chain, 2, &seq));
    fail_unless_equals_int (seq, i);
  }
  find (&s, 5, &chain);
  fail_if (ambi_store_settle (&s, &chain, 2, &seq));
  check_store (&s);
  ambi_store_clear (&s);
}

GST_END_TEST;

/* What has to go before it is settled is told. */
GST_START_TEST (test_unsettled_lost)
{
  ambi_store s;

  setup_store (&s, 2);
  for (uint32_t i = 0; i < 2; i++) {
    learn (&s, i, i, 0);
    use (&s, i, 0);
  }
  ambi_store_unsettle (&s, 3, 0);
  fail_unless_equals_int (s.unsettled_lost, 0);
  learn (&s, 2, 2, 0);
  use (&s, 2, 0);
  fail_unless_equals_int (s.unsettled_lost, 1 << 3);
  ambi_store_clear (&s);
}

GST_END_TEST;

GST_START_TEST (test_conflict)
{
  ambi_store s;
  uint32_t entry;

  setup_store (&s, 10);
  learn (&s, 1, 5, 0);
  fail_unless_equals_int (ambi_store_look_up (&s, 1, &entry), AMBI_SEQ_HELD);
  ambi_store_forget (&s, entry);
  fail_if (is_held (&s, 5));
  fail_unless_equals_int (state_of (&s, 1), AMBI_SEQ_NEW);
  learn (&s, 1, 6, 0);
  fail_unless (is_held (&s, 6));
  check_store (&s);
  ambi_store_clear (&s);
}

GST_END_TEST;

GST_START_TEST (test_late)
{
  uint32_t from = 0u - 100;
  ambi_digest_info info;
  unsigned marked = 0;
  ambi_store s;

  setup_store (&s, 1000);
  for (uint32_t i = 0; i < 300; i++) {
    learn (&s, 0u - 150 + i, i, i);
    if (i % 2)
      use (&s, i, i);
  }
  fail_unless_equals_int (ambi_store_mark_late (&s, &from, 49), 75);
  fail_unless_equals_int (from, 50);
  fail_unless_equals_int (s.n_late, 75);
  from = 0u - 100;
  fail_unless_equals_int (ambi_store_mark_late (&s, &from, 49), 0);
  fail_unless (ambi_store_mark_one_late (&s, 50));
  fail_if (ambi_store_mark_one_late (&s, 50));
  fail_if (ambi_store_mark_one_late (&s, 51));
  fail_unless_equals_int (s.n_late, 76);
  while (ambi_store_expire (&s, 2 * HOLD_TIME, &info))
    marked += info.late;
  fail_unless_equals_int (marked, 76);
  fail_unless_equals_int (s.n_late, 0);
  check_store (&s);
  ambi_store_clear (&s);
}

GST_END_TEST;

/* A jump is gone over in bounded steps. */
GST_START_TEST (test_late_after_jump)
{
  uint32_t from = 1, to = UINT32_C (0x70000000);
  unsigned steps = 0, marked = 0;
  ambi_store s;

  setup_store (&s, 10);
  learn (&s, 1, 1, 0);
  learn (&s, to, 2, 0);
  while (from != to + 1) {
    marked += ambi_store_mark_late (&s, &from, to);
    fail_unless (steps++ < 8);
  }
  fail_unless_equals_int (marked, 1);
  ambi_store_clear (&s);
}

GST_END_TEST;

GST_START_TEST (test_restart)
{
  ambi_chain chain;
  ambi_store s;

  setup_store (&s, 10);
  learn (&s, 1000000, 1, 0);
  learn (&s, 1000001, 2, 0);
  use (&s, 1, 0);
  ambi_store_restart (&s);
  fail_if (is_held (&s, 2));
  fail_unless (find (&s, 1, &chain));
  fail_unless_equals_int (state_of (&s, 5), AMBI_SEQ_NEW);
  fail_unless (learn (&s, 5, 3, 0));
  check_store (&s);
  ambi_store_clear (&s);
}

GST_END_TEST;

static Suite *
ambi_store_suite (void)
{
  Suite *s = suite_create ("ambi-store");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_one);
  tcase_add_test (tc, test_expire);
  tcase_add_test (tc, test_ended);
  tcase_add_test (tc, test_alike);
  tcase_add_test (tc, test_work_of_alike);
  tcase_add_test (tc, test_work_of_many);
  tcase_add_test (tc, test_bounds);
  tcase_add_test (tc, test_jumps);
  tcase_add_test (tc, test_left_behind);
  tcase_add_test (tc, test_left_behind_and_back);
  tcase_add_test (tc, test_owed);
  tcase_add_test (tc, test_owed_too_much);
  tcase_add_test (tc, test_settle);
  tcase_add_test (tc, test_unsettled_lost);
  tcase_add_test (tc, test_conflict);
  tcase_add_test (tc, test_late);
  tcase_add_test (tc, test_late_after_jump);
  tcase_add_test (tc, test_restart);
  return s;
}

GST_CHECK_MAIN (ambi_store);
