/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The packets that are kept: found by digest at several places, in the order
 * they came, and given back once.
 */
#include <string.h>

#include "ambi-fixture.h"
#include "ambi-hold.h"

enum
{
  MAX_BYTES = 64 * 1024,
  LEN = 100
};

static const uint8_t *
digest_of (uint32_t n)
{
  static uint8_t digest[CORE_HASH_LEN_MAX];

  memcpy (digest, &n, sizeof (n));
  return digest;
}

/* Keeps a packet whose digest at places 0 and 1 is told by a number. */
static uint32_t
keep (ambi_hold * h, uint32_t value, core_time now, core_time until,
    bool suspect)
{
  ambi_packet packet = {.len = LEN,.cookie = GUINT_TO_POINTER (value) };
  uint32_t n = ambi_hold_new (h, &packet, now);

  fail_if (n == AMBI_NONE);
  ambi_hold_keep (h, n, until, suspect);
  for (unsigned i = 0; i < 2; i++) {
    if (h->places[i].digest_len > 0)
      ambi_hold_set_digest (h, n, i, value % 7, digest_of (value));
  }
  return n;
}

static uint32_t
find (ambi_hold * h, unsigned place, uint32_t value)
{
  return ambi_hold_find (h, place, value % 7, digest_of (value));
}

static void
expect_next (ambi_hold * h, uint32_t value, ambi_verdict verdict,
    ambi_reason reason)
{
  ambi_output out;

  fail_unless (ambi_hold_next (h, &out));
  fail_unless_equals_int (GPOINTER_TO_UINT (out.cookie), value);
  fail_unless_equals_int (out.verdict, verdict);
  fail_unless_equals_int (out.reason, reason);
}

static void
setup_hold (ambi_hold * h)
{
  ambi_hold_init (h, MAX_BYTES, true);
  fail_unless_equals_int (ambi_hold_open (h, 0, 32), CORE_OK);
  fail_unless_equals_int (ambi_hold_open (h, 1, 64), CORE_OK);
}

GST_START_TEST (test_find)
{
  ambi_output out;
  ambi_hold h;
  uint32_t a, b, c;

  setup_hold (&h);
  fail_unless (find (&h, 0, 1) == AMBI_NONE);
  a = keep (&h, 1, 0, 10, false);
  b = keep (&h, 8, 0, 10, false);       /* the same hash */
  c = keep (&h, 1, 0, 10, false);
  for (unsigned place = 0; place < 2; place++) {
    fail_unless_equals_int (find (&h, place, 1), a);
    fail_unless_equals_int (find (&h, place, 8), b);
    fail_unless (find (&h, place, 15) == AMBI_NONE);
  }
  fail_unless_equals_int (h.held_bytes, 3 * (LEN + AMBI_HELD_OVERHEAD));
  ambi_hold_take (&h, a);
  ambi_hold_give (&h, a, AMBI_PASS, AMBI_REASON_NONE, true);
  fail_unless_equals_int (h.passes, 1);
  fail_unless_equals_int (find (&h, 1, 1), c);
  ambi_hold_take (&h, c);
  ambi_hold_give (&h, c, AMBI_DROP, AMBI_REASON_EVICTED, false);
  fail_unless (find (&h, 0, 1) == AMBI_NONE);
  fail_unless_equals_int (find (&h, 0, 8), b);
  ambi_hold_take (&h, b);
  ambi_hold_forget (&h, b);
  fail_unless_equals_int (h.held_bytes, 0);
  expect_next (&h, 1, AMBI_PASS, AMBI_REASON_NONE);
  fail_unless_equals_int (h.passes, 0);
  expect_next (&h, 1, AMBI_DROP, AMBI_REASON_EVICTED);
  fail_if (ambi_hold_next (&h, &out));
  fail_unless_equals_int (h.places[0].index.n, 0);
  ambi_hold_clear (&h);
}

GST_END_TEST;

/* A place that comes later has no digest of what is held, one that goes takes
 * its digests along. */
GST_START_TEST (test_places)
{
  ambi_hold h;
  uint32_t hash, n;

  ambi_hold_init (&h, MAX_BYTES, true);
  n = keep (&h, 1, 0, 10, false);
  fail_unless (ambi_hold_digest (&h, n, 0, &hash) == NULL);
  fail_unless_equals_int (ambi_hold_open (&h, 0, 32), CORE_OK);
  fail_unless (ambi_hold_digest (&h, n, 0, &hash) == NULL);
  ambi_hold_set_digest (&h, n, 0, 3, digest_of (1));
  fail_unless (memcmp (ambi_hold_digest (&h, n, 0, &hash), digest_of (1),
          32) == 0);
  fail_unless_equals_int (hash, 3);
  ambi_hold_close (&h, 0);
  fail_unless (ambi_hold_digest (&h, n, 0, &hash) == NULL);
  fail_unless_equals_int (ambi_hold_open (&h, 0, 16), CORE_OK);
  ambi_hold_take (&h, n);
  ambi_hold_forget (&h, n);
  ambi_hold_clear (&h);
}

GST_END_TEST;

GST_START_TEST (test_suspects)
{
  ambi_hold h;
  uint32_t n[5];

  setup_hold (&h);
  for (unsigned i = 0; i < 5; i++)
    n[i] = keep (&h, i == 2 ? 2 : 1, 0, 10, i == 4);
  fail_unless_equals_int (h.suspects.n, 1);
  ambi_hold_suspect_alike (&h, n[0], 0);
  ambi_hold_take (&h, n[0]);
  ambi_hold_forget (&h, n[0]);
  fail_unless_equals_int (h.suspects.n, 3);
  fail_unless (h.slots[n[1]].suspect && !h.slots[n[2]].suspect &&
      h.slots[n[3]].suspect);
  fail_unless_equals_int (h.suspects.first, n[4]);
  for (unsigned i = 1; i < 5; i++) {
    ambi_hold_take (&h, n[i]);
    ambi_hold_forget (&h, n[i]);
  }
  fail_unless_equals_int (h.suspects.n, 0);
  ambi_hold_clear (&h);
}

GST_END_TEST;

/* None goes before one that came earlier, whatever time it was given. */
GST_START_TEST (test_times)
{
  ambi_hold h;
  uint32_t a, b;

  setup_hold (&h);
  a = keep (&h, 1, 0, 100, false);
  b = keep (&h, 2, 10, 50, false);
  fail_unless_equals_uint64 (h.slots[a].until, 100);
  fail_unless_equals_uint64 (h.slots[b].until, 100);
  ambi_hold_clear (&h);
}

GST_END_TEST;

GST_START_TEST (test_waiting)
{
  ambi_packet packet = {.len = LEN,.cookie = GUINT_TO_POINTER (9) };
  ambi_hold h;
  uint32_t n;

  setup_hold (&h);
  n = ambi_hold_new (&h, &packet, 0);
  ambi_hold_wait (&h, n, 5);
  fail_unless_equals_int (h.waiting.n, 1);
  fail_unless_equals_int (h.waiting_bytes, LEN + AMBI_HELD_OVERHEAD);
  ambi_hold_take (&h, n);
  ambi_hold_give (&h, n, AMBI_PASS, AMBI_REASON_NONE, false);
  fail_unless_equals_int (h.waiting_bytes, 0);
  expect_next (&h, 9, AMBI_PASS, AMBI_REASON_NONE);
  ambi_hold_clear (&h);
}

GST_END_TEST;

/* Slots grow up to what the bytes allow, and are used again. */
GST_START_TEST (test_bounds)
{
  ambi_packet packet = {.len = 0 };
  ambi_hold h;
  uint32_t n = 0, max;

  setup_hold (&h);
  fail_unless_equals_int (h.capacity, 0);
  for (unsigned i = 0; i < 10000; i++) {
    n = keep (&h, i, 0, 0, false);
    ambi_hold_take (&h, n);
    ambi_hold_forget (&h, n);
  }
  fail_unless (h.capacity <= 64);
  max = MAX_BYTES / AMBI_HELD_OVERHEAD;
  for (unsigned i = 0; (n = ambi_hold_new (&h, &packet, 0)) != AMBI_NONE; i++) {
    ambi_hold_keep (&h, n, 0, false);
    ambi_hold_set_digest (&h, n, 1, i, digest_of (i));
  }
  fail_unless (h.held.n >= max && h.held.n <= max + 64);
  fail_unless_equals_int (h.places[1].index.n, h.held.n);
  ambi_hold_clear (&h);
}

GST_END_TEST;

GST_START_TEST (test_without_data)
{
  ambi_packet packet = {.len = LEN };
  ambi_hold h;

  ambi_hold_init (&h, MAX_BYTES, false);
  fail_unless_equals_int (ambi_hold_size (&h, &packet), AMBI_HELD_OVERHEAD);
  ambi_hold_clear (&h);
}

GST_END_TEST;

/* Copies of one packet cost no more than others. */
GST_START_TEST (test_work_of_alike)
{
  enum
  { N = 2000 };
  ambi_packet packet = {.len = 0 };
  uint64_t before;
  ambi_hold h;

  ambi_hold_init (&h, N * AMBI_HELD_OVERHEAD, true);
  fail_unless_equals_int (ambi_hold_open (&h, 0, 32), CORE_OK);
  for (unsigned i = 0; i < N; i++) {
    uint32_t n = ambi_hold_new (&h, &packet, 0);

    ambi_hold_keep (&h, n, 0, false);
    ambi_hold_set_digest (&h, n, 0, 5, digest_of (5));
  }
  before = h.places[0].index.probes;
  for (unsigned i = 0; i < N; i++) {
    uint32_t n = ambi_hold_find (&h, 0, 5, digest_of (5));

    ambi_hold_suspect_alike (&h, n, 0);
    ambi_hold_take (&h, n);
    ambi_hold_forget (&h, n);
  }
  fail_unless (h.places[0].index.probes - before < 4 * N);
  fail_unless_equals_int (h.held.n + h.suspects.n, 0);
  ambi_hold_clear (&h);
}

GST_END_TEST;

static Suite *
ambi_hold_suite (void)
{
  Suite *s = suite_create ("ambi-hold");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_find);
  tcase_add_test (tc, test_places);
  tcase_add_test (tc, test_suspects);
  tcase_add_test (tc, test_times);
  tcase_add_test (tc, test_waiting);
  tcase_add_test (tc, test_bounds);
  tcase_add_test (tc, test_without_data);
  tcase_add_test (tc, test_work_of_alike);
  return s;
}

GST_CHECK_MAIN (ambi_hold);
