/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The verifier in the sender's order: gaps and their time, full queues, and
 * streams that number the packets each in its own way.  Packet n of the sender
 * is the payload n.
 *
 * MC_MODEL_SEEDS sets how many scripts are played, MC_MODEL_FIRST the first.
 */
#include "ambi-fixture.h"

#define SECONDS(n) ((core_time) (n) * CORE_SECOND)
#define MSECONDS(n) ((core_time) (n) * CORE_MSECOND)

enum
{
  DEFAULT_SEEDS = 300,
  SIZE = AMBI_HELD_OVERHEAD + 4
};

static void
setup_sequence (fixture * f, size_t max_held_bytes)
{
  ambi_verify_config config = {.order = AMBI_ORDER_SEQUENCE,
    .max_held_bytes = max_held_bytes
  };

  fixture_init (f, &config);
}

static void
digests_in (fixture * f, unsigned place, uint32_t base, unsigned from,
    unsigned to)
{
  for (unsigned i = from; i < to; i++)
    fixture_digest_in (f, place, base + i, i);
}

GST_START_TEST (test_in_order)
{
  fixture f;

  setup_sequence (&f, 0);
  digests_in (&f, fixture_use (&f, 1, 0), 0u - 2, 0, 5);
  for (uint32_t i = 0; i < 5; i++)
    fail_unless_equals_int (fixture_packet_in (&f, i), AMBI_PASS);
  for (unsigned i = 0; i < 5; i++)
    fail_if (f.log[i].gap);
  expect_passed (&f, 0, 1, 2, 3, 4);
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_gap_fills)
{
  fixture f;

  setup_sequence (&f, 0);
  digests_in (&f, fixture_use (&f, 1, 0), 100, 0, 6);
  fixture_packet_in (&f, 0);
  fail_unless_equals_int (fixture_packet_in (&f, 3), AMBI_HELD);
  fail_unless_equals_int (fixture_packet_in (&f, 2), AMBI_HELD);
  fail_unless_equals_uint64 (fixture_stats (&f)->packets_held, 2);
  fail_unless_equals_uint64 (fixture_stats (&f)->bytes_held, 2 * SIZE);
  fail_unless_equals_int (fixture_packet_in (&f, 5), AMBI_HELD);
  expect_passed (&f, 0);
  fail_unless_equals_int (fixture_packet_in (&f, 1), AMBI_PASS);
  expect_passed (&f, 1, 2, 3);
  fail_unless_equals_int (fixture_packet_in (&f, 4), AMBI_PASS);
  fail_if (f.log[0].gap || f.log[1].gap);
  expect_passed (&f, 4, 5);
  fail_unless_equals_uint64 (fixture_stats (&f)->verified, 6);
  fixture_clear (&f);
}

GST_END_TEST;

/* The reorder time counts from the first packet behind the gap. */
GST_START_TEST (test_gap_is_given_up)
{
  fixture f;

  setup_sequence (&f, 0);
  digests_in (&f, fixture_use (&f, 1, 0), 100, 0, 10);
  fixture_packet_in (&f, 0);
  fixture_packet_in (&f, 5);
  fixture_pass_time (&f, MSECONDS (900));
  fixture_packet_in (&f, 3);
  fixture_packet_in (&f, 8);
  expect_passed (&f, 0);
  fixture_pass_time (&f, MSECONDS (100) - 1);
  fixture_expect_nothing (&f);
  fixture_pass_time (&f, 1);
  /* No packet waits longer, wherever the gaps are. */
  fail_unless (f.log[0].gap && f.log[1].gap);
  expect_passed (&f, 3, 5);
  fail_unless_equals_int (fixture_packet_in (&f, 4), AMBI_DROP);
  fixture_expect_dropped (&f, 4, AMBI_REASON_LATE);
  fail_unless_equals_int (fixture_packet_in (&f, 6), AMBI_PASS);
  fail_if (f.log[0].gap);
  expect_passed (&f, 6);
  fixture_pass_time (&f, MSECONDS (900));
  fail_unless (f.log[0].gap);
  expect_passed (&f, 8);
  fail_unless_equals_uint64 (fixture_stats (&f)->verified, 5);
  fail_unless_equals_uint64 (fixture_stats (&f)->rejected[AMBI_REASON_LATE], 1);
  fixture_clear (&f);
}

GST_END_TEST;

/* Packets that wait for digests get their turn, too. */
GST_START_TEST (test_digests_late)
{
  fixture f;
  unsigned p;

  setup_sequence (&f, 0);
  p = fixture_use (&f, 1, 0);
  digests_in (&f, p, 0, 0, 1);
  for (uint32_t i = 0; i < 4; i++)
    fixture_packet_in (&f, i);
  fixture_digest_in (&f, p, 3, 3);
  fixture_digest_in (&f, p, 2, 2);
  expect_passed (&f, 0);
  fixture_digest_in (&f, p, 1, 1);
  expect_passed (&f, 1, 2, 3);
  fixture_clear (&f);
}

GST_END_TEST;

/* Verified packets are never dropped for want of room. */
GST_START_TEST (test_full)
{
  fixture f;

  setup_sequence (&f, 8 * SIZE);
  digests_in (&f, fixture_use (&f, 1, 0), 0, 0, 40);
  fixture_packet_in (&f, 0);
  for (uint32_t i = 2; i < 10; i++)
    fixture_packet_in (&f, i);
  expect_passed (&f, 0);
  fixture_packet_in (&f, 11);
  fail_unless (f.log[0].gap);
  expect_passed (&f, 2, 3, 4, 5, 6, 7, 8, 9);
  fail_unless_equals_uint64 (fixture_stats (&f)->packets_held, 1);
  fixture_packet_in (&f, 10);
  expect_passed (&f, 10, 11);
  fixture_clear (&f);
}

GST_END_TEST;

/* They may have half of the room when others need it. */
GST_START_TEST (test_full_of_others)
{
  fixture f;

  setup_sequence (&f, 8 * SIZE);
  digests_in (&f, fixture_use (&f, 1, 0), 0, 0, 40);
  fixture_packet_in (&f, 0);
  for (uint32_t i = 2; i < 6; i++)
    fixture_packet_in (&f, i);
  expect_passed (&f, 0);
  for (uint32_t i = 0; i < 8; i++)
    fixture_packet_in (&f, 1000 + i);
  fail_unless_equals_int (f.n_log, 4);
  for (uint32_t i = 0; i < 4; i++) {
    fail_unless_equals_int (f.log[i].reason, AMBI_REASON_EVICTED);
    fail_unless_equals_int (f.log[i].payload, 1000 + i);
  }
  f.n_log = 0;
  fail_unless_equals_uint64 (fixture_stats (&f)->bytes_held, 8 * SIZE);
  fixture_packet_in (&f, 6);
  fail_unless (f.log[0].gap);
  expect_passed (&f, 2, 3, 4, 5, 6);
  fail_unless_equals_uint64 (fixture_stats (&f)->packets_held, 4);
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_reset)
{
  fixture f;

  setup_sequence (&f, 0);
  digests_in (&f, fixture_use (&f, 1, 0), 0, 0, 40);
  fixture_packet_in (&f, 5);
  fixture_packet_in (&f, 8);
  fixture_packet_in (&f, 1000);
  expect_passed (&f, 5);
  ambi_verify_reset (f.verify, f.now);
  fixture_drain (&f);
  fail_unless_equals_int (f.n_log, 2);
  f.n_log = 0;
  /* What was before is not late any more. */
  fixture_packet_in (&f, 2);
  fixture_packet_in (&f, 3);
  expect_passed (&f, 2, 3);
  fixture_clear (&f);
}

GST_END_TEST;

/* From one stream to the next, by packets that both vouch for. */
GST_START_TEST (test_translate)
{
  fixture f;
  unsigned a, b;

  setup_sequence (&f, 0);
  a = fixture_use (&f, 1, 0);
  digests_in (&f, a, 100, 0, 6);
  fixture_packet_in (&f, 0);
  b = fixture_use (&f, 2, 0);
  digests_in (&f, b, 0u - 3, 1, 12);
  fixture_packet_in (&f, 1);
  fixture_packet_in (&f, 2);
  expect_passed (&f, 0, 1, 2);
  /* From here on only the second one, and not in order. */
  fixture_packet_in (&f, 8);
  fixture_packet_in (&f, 4);
  fixture_packet_in (&f, 7);
  fixture_packet_in (&f, 6);
  fixture_packet_in (&f, 5);
  fixture_expect_nothing (&f);
  fixture_packet_in (&f, 3);
  expect_passed (&f, 3, 4, 5, 6, 7, 8);
  fixture_clear (&f);
}

GST_END_TEST;

/* The second one's digests come behind the packets. */
GST_START_TEST (test_translate_late)
{
  fixture f;
  unsigned a, b;

  setup_sequence (&f, 0);
  a = fixture_use (&f, 1, 0);
  b = fixture_use (&f, 2, 0);
  digests_in (&f, a, 100, 0, 3);
  for (uint32_t i = 0; i < 3; i++)
    fixture_packet_in (&f, i);
  digests_in (&f, b, 7000, 2, 9);
  expect_passed (&f, 0, 1, 2);
  fixture_packet_in (&f, 5);
  fixture_packet_in (&f, 4);
  fixture_packet_in (&f, 3);
  expect_passed (&f, 3, 4, 5);
  fixture_clear (&f);
}

GST_END_TEST;

/* With nothing in common, the second one goes on where the first one stopped. */
GST_START_TEST (test_no_overlap)
{
  fixture f;
  unsigned a, b;

  setup_sequence (&f, 0);
  a = fixture_use (&f, 1, 0);
  digests_in (&f, a, 100, 0, 3);
  for (uint32_t i = 0; i < 3; i++)
    fixture_packet_in (&f, i);
  b = fixture_use (&f, 2, 0);
  digests_in (&f, b, 5, 10, 15);
  fixture_packet_in (&f, 10);
  fixture_packet_in (&f, 12);
  fixture_packet_in (&f, 11);
  expect_passed (&f, 0, 1, 2, 10, 11, 12);
  fixture_clear (&f);
}

GST_END_TEST;

/*
 * Any order
 */

typedef struct
{
  fixture f;
  uint64_t random;
  unsigned n;                   /* packets of the sender */
  unsigned arrived;             /* at the verifier, copies too */
  bool junk;
} script;

static unsigned
below (script * s, unsigned n)
{
  return (unsigned) (fixture_random (&s->random) % n);
}

/* What came out so far is in the sender's order, each packet once. */
static void
check_order (script * s, unsigned seed)
{
  int64_t last = -1;

  for (unsigned i = 0; i < s->f.n_log; i++) {
    const fixture_output *o = &s->f.log[i];

    if (o->verdict != AMBI_PASS)
      continue;
    if ((int64_t) o->payload <= last || o->payload >= s->n)
      fail ("seed %u: %u behind %d", seed, o->payload, (int) last);
    if (o->gap != (last >= 0 && o->payload != last + 1))
      fail ("seed %u: a wrong gap before %u", seed, o->payload);
    last = o->payload;
  }
}

static unsigned
count_passed (const script * s)
{
  unsigned n = 0;

  for (unsigned i = 0; i < s->f.n_log; i++)
    n += s->f.log[i].verdict == AMBI_PASS;
  return n;
}

/* Packets are displaced by up to so many, each comes once or more; the digests
 * of two streams come ahead of them by up to so many, or behind. */
static void
play (script * s, unsigned seed)
{
  uint32_t base[2];
  unsigned next[2] = { 0, 0 }, place[2], displaced;
  int ahead[2];

  s->random = seed;
  s->n = 100 + below (s, 200);
  s->arrived = 0;
  displaced = 1 + below (s, 20);
  setup_sequence (&s->f, 0);
  for (unsigned p = 0; p < 2; p++) {
    base[p] = below (s, 2) ? 0u - below (s, s->n) : (uint32_t)
        fixture_random (&s->random);
    place[p] = fixture_use (&s->f, 1 + p, 0);
    ahead[p] = (int) below (s, 60) - 20;
  }
  for (unsigned i = 0; i < s->n; i += displaced) {
    unsigned order[20], n = MIN (displaced, s->n - i);

    for (unsigned p = 0; p < 2; p++) {
      for (; (int) next[p] < (int) (i + n) + ahead[p] && next[p] < s->n;
          next[p]++)
        fixture_digest_in (&s->f, place[p], base[p] + next[p], next[p]);
    }
    for (unsigned k = 0; k < n; k++) {
      unsigned other = below (s, k + 1);

      order[k] = order[other];
      order[other] = i + k;
    }
    for (unsigned k = 0; k < n; k++) {
      /* The first one has to be the first: what is before it is late. */
      if (i == 0 && k == 0)
        fixture_packet_in (&s->f, 0);
      for (unsigned copies = 1 + below (s, 2); copies > 0; copies--)
        fixture_packet_in (&s->f, order[k]);
      if (s->junk)
        fixture_packet_in (&s->f, s->n + below (s, 100));
      fixture_pass_time (&s->f, MSECONDS (2));
    }
  }
  for (unsigned p = 0; p < 2; p++) {
    for (; next[p] < s->n; next[p]++)
      fixture_digest_in (&s->f, place[p], base[p] + next[p], next[p]);
  }
  fixture_pass_time (&s->f, SECONDS (3));
}

static unsigned
setting (const char *name, unsigned otherwise)
{
  const char *text = g_getenv (name);

  return text != NULL ? (unsigned) g_ascii_strtoull (text, NULL, 10) :
      otherwise;
}

/* Nothing is lost on the way: every packet comes out, once and in order. */
GST_START_TEST (test_any_order)
{
  unsigned first = setting ("MC_MODEL_FIRST", 0);
  unsigned n = setting ("MC_MODEL_SEEDS", DEFAULT_SEEDS);
  script s;

  for (unsigned seed = first; seed < first + n; seed++) {
    s.junk = seed % 2 == 0;
    play (&s, seed);
    check_order (&s, seed);
    if (count_passed (&s) != s.n)
      fail ("seed %u: %u of %u passed", seed, count_passed (&s), s.n);
    fixture_clear (&s.f);
  }
}

GST_END_TEST;

static Suite *
ambi_verify_order_suite (void)
{
  Suite *s = suite_create ("ambi-verify-order");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_in_order);
  tcase_add_test (tc, test_gap_fills);
  tcase_add_test (tc, test_gap_is_given_up);
  tcase_add_test (tc, test_digests_late);
  tcase_add_test (tc, test_full);
  tcase_add_test (tc, test_full_of_others);
  tcase_add_test (tc, test_reset);
  tcase_add_test (tc, test_translate);
  tcase_add_test (tc, test_translate_late);
  tcase_add_test (tc, test_no_overlap);
  tcase_add_test (tc, test_any_order);
  return s;
}

GST_CHECK_MAIN (ambi_verify_order);
