/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The sender's order: turns, gaps, wrap, and streams with numbers of their
 * own.
 */
#include <gst/check/gstcheck.h>

#include "ambi-fixture.h"
#include "ambi-order.h"

static ambi_turn
turn_of (ambi_order_state * o, uint32_t place)
{
  bool gap;

  return ambi_order_turn (o, place, &gap);
}

static void
expect_pop (ambi_order_state * o, uint32_t packet, bool gap)
{
  ambi_turn turn;
  uint32_t got;
  bool got_gap;

  fail_unless (ambi_order_pop (o, &got, &turn, &got_gap));
  fail_unless_equals_int (turn, AMBI_TURN_NOW);
  fail_unless_equals_int (got, packet);
  fail_unless (got_gap == gap);
}

static void
expect_no_pop (ambi_order_state * o)
{
  ambi_turn turn;
  uint32_t packet;
  bool gap;

  fail_if (ambi_order_pop (o, &packet, &turn, &gap));
}

GST_START_TEST (test_turns)
{
  ambi_order_state o = { 0 };

  fail_unless_equals_int (turn_of (&o, 100), AMBI_TURN_NOW);
  fail_unless_equals_int (turn_of (&o, 101), AMBI_TURN_NOW);
  fail_unless_equals_int (turn_of (&o, 103), AMBI_TURN_WAIT);
  fail_unless_equals_int (turn_of (&o, 103), AMBI_TURN_WAIT);
  fail_unless_equals_int (turn_of (&o, 101), AMBI_TURN_LATE);
  fail_unless_equals_int (turn_of (&o, 99), AMBI_TURN_LATE);
  fail_unless_equals_int (turn_of (&o, 102), AMBI_TURN_NOW);
  fail_unless_equals_int (turn_of (&o, 103), AMBI_TURN_NOW);
  ambi_order_clear (&o);
}

GST_END_TEST;

GST_START_TEST (test_wait)
{
  ambi_order_state o = { 0 };

  turn_of (&o, UINT32_MAX - 2);
  fail_unless_equals_int (ambi_order_wait (&o, 1, 11), CORE_OK);
  fail_unless_equals_int (ambi_order_wait (&o, UINT32_MAX, 15), CORE_OK);
  fail_unless_equals_int (ambi_order_wait (&o, 0, 10), CORE_OK);
  expect_no_pop (&o);
  fail_unless_equals_int (turn_of (&o, UINT32_MAX - 1), AMBI_TURN_NOW);
  expect_pop (&o, 15, false);
  expect_pop (&o, 10, false);
  expect_pop (&o, 11, false);
  expect_no_pop (&o);
  ambi_order_clear (&o);
}

GST_END_TEST;

GST_START_TEST (test_skip)
{
  ambi_order_state o = { 0 };
  bool gap;

  turn_of (&o, 10);
  ambi_order_skip (&o);         /* nothing waits: nothing is given up */
  fail_unless_equals_int (turn_of (&o, 11), AMBI_TURN_NOW);
  fail_unless_equals_int (ambi_order_wait (&o, 15, 1), CORE_OK);
  fail_unless_equals_int (ambi_order_wait (&o, 16, 2), CORE_OK);
  fail_unless_equals_int (ambi_order_wait (&o, 18, 3), CORE_OK);
  ambi_order_skip (&o);
  expect_pop (&o, 1, true);
  expect_pop (&o, 2, false);
  expect_no_pop (&o);
  fail_unless_equals_int (turn_of (&o, 14), AMBI_TURN_LATE);
  fail_unless_equals_int (ambi_order_turn (&o, 17, &gap), AMBI_TURN_NOW);
  fail_if (gap);
  expect_pop (&o, 3, false);
  ambi_order_clear (&o);
}

GST_END_TEST;

/* Two with one number: the second is late, and does not stay for ever. */
GST_START_TEST (test_same_place)
{
  ambi_order_state o = { 0 };
  ambi_turn turn;
  uint32_t packet;
  bool gap;

  turn_of (&o, 10);
  fail_unless_equals_int (ambi_order_wait (&o, 12, 1), CORE_OK);
  fail_unless_equals_int (ambi_order_wait (&o, 12, 2), CORE_OK);
  fail_unless_equals_int (turn_of (&o, 11), AMBI_TURN_NOW);
  fail_unless (ambi_order_pop (&o, &packet, &turn, &gap));
  fail_unless_equals_int (turn, AMBI_TURN_NOW);
  fail_unless (ambi_order_pop (&o, &packet, &turn, &gap));
  fail_unless_equals_int (turn, AMBI_TURN_LATE);
  expect_no_pop (&o);
  ambi_order_clear (&o);
}

GST_END_TEST;

GST_START_TEST (test_many)
{
  enum
  { N = 3000 };
  ambi_order_state o = { 0 };
  uint32_t places[N], lowest = 0u - N / 2;
  uint64_t random = 1;

  turn_of (&o, lowest - 1);
  for (unsigned i = 0; i < N; i++) {
    unsigned k = (unsigned) (fixture_random (&random) % (i + 1));

    places[i] = places[k];
    places[k] = i;
  }
  for (unsigned i = 0; i < N; i++)
    fail_unless_equals_int (ambi_order_wait (&o, lowest + places[i],
            places[i]), CORE_OK);
  for (unsigned i = 0; i < N; i++)
    expect_pop (&o, i, false);
  expect_no_pop (&o);
  ambi_order_clear (&o);
}

GST_END_TEST;

GST_START_TEST (test_profiles)
{
  ambi_order_state o = { 0 };

  /* The first one's numbers are those of the output. */
  fail_if (ambi_order_knows (&o, 0));
  fail_unless_equals_int (ambi_order_place (&o, 0, 100), 100);
  fail_unless (ambi_order_knows (&o, 0));
  turn_of (&o, 100);
  /* A packet of both tells how the other's belong to them. */
  ambi_order_relate (&o, 1, 5000, 101);
  fail_unless_equals_int (ambi_order_place (&o, 1, 5001), 102);
  fail_unless_equals_int (turn_of (&o, 101), AMBI_TURN_NOW);
  fail_unless_equals_int (turn_of (&o, 110), AMBI_TURN_WAIT);
  /* With nothing to tell, it is taken to follow the newest. */
  fail_unless_equals_int (ambi_order_place (&o, 2, 7), 111);
  fail_unless_equals_int (ambi_order_place (&o, 2, 8), 112);
  ambi_order_forget_profile (&o, 1);
  fail_if (ambi_order_knows (&o, 1));
  fail_unless (ambi_order_knows (&o, 2));

  ambi_order_restart (&o);
  fail_if (ambi_order_knows (&o, 0));
  fail_unless_equals_int (turn_of (&o, 3), AMBI_TURN_NOW);
  ambi_order_clear (&o);
}

GST_END_TEST;

static Suite *
ambi_order_suite (void)
{
  Suite *s = suite_create ("ambi-order");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_turns);
  tcase_add_test (tc, test_wait);
  tcase_add_test (tc, test_skip);
  tcase_add_test (tc, test_same_place);
  tcase_add_test (tc, test_many);
  tcase_add_test (tc, test_profiles);
  return s;
}

GST_CHECK_MAIN (ambi_order);
