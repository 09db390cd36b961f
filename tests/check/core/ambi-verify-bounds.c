/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The verifier under attack: floods of junk on the multicast path, manifests
 * of a hostile server, and what both cost in memory and work.
 */
#include <malloc.h>
#include <string.h>

#include "ambi-fixture.h"
#include "ambi-verify-private.h"

#define SECONDS(n) ((core_time) (n) * CORE_SECOND)
#define MSECONDS(n) ((core_time) (n) * CORE_MSECOND)

enum
{
  SIZE = AMBI_HELD_OVERHEAD + 4,
  JUNK = 1 << 24                /* payloads of an attacker begin here */
};

/* 0 where another allocator is in use. */
static size_t
allocated (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

/* Places looked at in all indexes so far. */
static uint64_t
work_of (const fixture * f)
{
  uint64_t probes = 0;

  for (unsigned i = 0; i < AMBI_PROFILES_MAX; i++)
    probes += f->verify->profiles[i].store.index.probes +
        f->verify->hold.places[i].index.probes;
  return probes;
}

/* How many of the sender's packets passed; the log is empty afterwards. */
static unsigned
take_passed (fixture * f)
{
  unsigned n = 0;

  for (unsigned i = 0; i < f->n_log; i++) {
    if (f->log[i].verdict != AMBI_PASS)
      continue;
    if (f->log[i].payload >= JUNK)
      fail ("junk passed");
    n++;
  }
  f->n_log = 0;
  return n;
}

/* A sender of 500 packets a second, an attacker of 5000; digests come so much
 * before their packets or behind them. */
static unsigned
play_flood (fixture * f, unsigned from, unsigned to, int digests_ahead)
{
  const unsigned junk = 10;
  unsigned passed = 0, next = from;

  for (unsigned i = from; i < to; i++) {
    for (; (int) next <= (int) i + digests_ahead && next < to; next++)
      fixture_digest_in (f, 0, next, next);
    for (unsigned k = 0; k < junk / 2; k++)
      fixture_packet_in (f, JUNK + i * junk + k);
    fixture_packet_in (f, i);
    for (unsigned k = junk / 2; k < junk; k++)
      fixture_packet_in (f, JUNK + i * junk + k);
    fixture_pass_time (f, MSECONDS (2));
    passed += take_passed (f);
  }
  for (; next < to; next++)
    fixture_digest_in (f, 0, next, next);
  return passed + take_passed (f);
}

/* Digests that are there before cost no packet, whatever the queue holds. */
GST_START_TEST (test_flood_digests_ahead)
{
  ambi_verify_config config = {.max_held_bytes = 100 * SIZE };
  fixture f;

  fixture_init (&f, &config);
  fixture_use (&f, 1, 0);
  fail_unless_equals_int (play_flood (&f, 0, 1000, 100), 1000);
  fail_unless (fixture_stats (&f)->rejected[AMBI_REASON_EVICTED] > 5000);
  fixture_clear (&f);
}

GST_END_TEST;

/* Digests 200 ms late: the queue has to hold what comes in that time. */
GST_START_TEST (test_flood_digests_late)
{
  ambi_verify_config config = {.max_held_bytes = 1300 * SIZE };
  fixture f;

  fixture_init (&f, &config);
  fixture_use (&f, 1, 0);
  fail_unless_equals_int (play_flood (&f, 0, 2000, -100), 2000);
  fail_unless (fixture_stats (&f)->rejected[AMBI_REASON_EVICTED] > 5000);
  fail_unless_equals_uint64 (fixture_stats (&f)->verified, 2000);
  fixture_clear (&f);
}

GST_END_TEST;

/* Copies of what has passed go first. */
GST_START_TEST (test_flood_of_copies)
{
  ambi_verify_config config = {.max_held_bytes = 20 * SIZE };
  fixture f;

  fixture_init (&f, &config);
  fixture_use (&f, 1, 0);
  fixture_digest_in (&f, 0, 0, 0);
  fixture_packet_in (&f, 0);
  for (uint32_t i = 1; i <= 10; i++)
    fixture_packet_in (&f, i);
  for (unsigned i = 0; i < 1000; i++)
    fixture_packet_in (&f, 0);
  for (uint32_t i = 1; i <= 10; i++)
    fixture_digest_in (&f, 0, i, i);
  fail_unless_equals_int (take_passed (&f), 11);
  fixture_clear (&f);
}

GST_END_TEST;

/* When there has been too little room for a while, packets wait no longer than
 * twice what others had to: junk goes by time, and the queue empties. */
GST_START_TEST (test_pressure)
{
  ambi_verify_config config = {.max_held_bytes = 2000 * SIZE };
  fixture f;

  fixture_init (&f, &config);
  fixture_use (&f, 1, 0);
  /* No pressure yet: only what does not fit goes. */
  play_flood (&f, 0, 400, -50);
  fail_unless (fixture_stats (&f)->packets_held > 1900);
  play_flood (&f, 400, 1400, -50);
  /* 100 ms of lag, so 200 ms of packets: 100 ticks of 11. */
  fail_unless (fixture_stats (&f)->packets_held < 1250);
  fail_unless (fixture_stats (&f)->packets_held > 800);
  fixture_pass_time (&f, SECONDS (12));
  f.n_log = 0;
  /* It is over: they wait their time again. */
  fixture_packet_in (&f, JUNK);
  fixture_pass_time (&f, SECONDS (2) - 1);
  fixture_expect_nothing (&f);
  fixture_pass_time (&f, 1);
  fixture_expect_dropped (&f, JUNK, AMBI_REASON_UNAUTHENTICATED);
  fixture_clear (&f);
}

GST_END_TEST;

/* Without any verified packet nothing is known of how long that takes. */
GST_START_TEST (test_no_pressure_before_first)
{
  ambi_verify_config config = {.max_held_bytes = 100 * SIZE };
  fixture f;

  fixture_init (&f, &config);
  for (unsigned i = 0; i < 2000; i++) {
    fixture_packet_in (&f, JUNK + i);
    fixture_pass_time (&f, MSECONDS (2));
  }
  fail_unless_equals_uint64 (fixture_stats (&f)->packets_held, 100);
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_too_large)
{
  ambi_verify_config config = {.max_held_bytes = SIZE - 1 };
  fixture f;

  fixture_init (&f, &config);
  fail_unless_equals_int (fixture_packet_in (&f, 1), AMBI_DROP);
  fixture_expect_dropped (&f, 1, AMBI_REASON_EVICTED);
  fixture_clear (&f);
}

GST_END_TEST;

/* What packets can make grow stays within max_held_bytes, with what is counted
 * for each. */
GST_START_TEST (test_memory_of_packets)
{
  const size_t max = 2 << 20;
  ambi_verify_config config = {.max_held_bytes = max };
  size_t before, most = 0;
  fixture f;

  fixture_init (&f, &config);
  for (uint32_t i = 0; i < AMBI_PROFILES_MAX; i++)
    fixture_use (&f, i, 0);
  before = allocated ();
  for (unsigned i = 0; i < 10000; i++) {
    fixture_packet_in (&f, JUNK + i);
    if (fixture_stats (&f)->bytes_held > max)
      fail ("%zu octets are held", fixture_stats (&f)->bytes_held);
    f.n_log = 0;
    if (i % 100 == 0)
      most = MAX (most, allocated ());
  }
  /* The test's own records of what is held are in there as well. */
  fail_unless (most <= before + max + (max / SIZE) * 64, "%zu octets",
      most - before);
  fixture_clear (&f);
}

GST_END_TEST;

/* Digests: as many as are allowed, whatever their numbers. */
GST_START_TEST (test_memory_of_digests)
{
  const unsigned max = 8000;
  ambi_verify_config config = {.max_digests = max };
  size_t before, most = 0;
  uint32_t seq = 0;
  fixture f;

  fixture_init (&f, &config);
  fixture_use (&f, 1, 0);
  before = allocated ();
  for (unsigned i = 0; i < 6 * max; i++) {
    fixture_digest_in (&f, 0, seq, i);
    if (i % 2)
      fixture_packet_in (&f, i);
    f.n_log = f.n_events = 0;
    if (fixture_stats (&f)->digests_held > max)
      fail ("%zu digests are held", fixture_stats (&f)->digests_held);
    seq += i % 7 == 0 ? UINT32_C (0x7fffffff) : 1;
    if (i % 1000 == 0)
      most = MAX (most, allocated ());
  }
  /* About 100 octets for each of those that wait and of those that were
   * used. */
  fail_unless (most <= before + 2 * max * 112, "%zu octets", most - before);
  fixture_clear (&f);
}

GST_END_TEST;

/* The work for a digest and its packet, with n other digests in the store, and
 * junk in the queue. */
static double
work_per_packet (unsigned n, unsigned junk)
{
  ambi_verify_config config = {.max_digests = n };
  const unsigned rounds = 2000;
  uint64_t before;
  fixture f;

  fixture_init (&f, &config);
  fixture_use (&f, 1, 0);
  for (unsigned i = 0; i < junk; i++)
    fixture_packet_in (&f, JUNK + i);
  for (unsigned i = 0; i < n - 1; i++)
    fixture_digest_in (&f, 0, i, i);
  before = work_of (&f);
  for (unsigned i = n; i < n + rounds; i++) {
    fixture_digest_in (&f, 0, i, i);
    fixture_packet_in (&f, i);
  }
  before = work_of (&f) - before;
  fail_unless_equals_int (take_passed (&f), rounds);
  fixture_clear (&f);
  return (double) before / rounds;
}

GST_START_TEST (test_work)
{
  double least = work_per_packet (100, 10);
  double most = work_per_packet (30000, 10000);

  fail_unless (least < 12 && most < 12, "%f, %f", least, most);
}

GST_END_TEST;

/* A manifest of one value, and packets of that. */
GST_START_TEST (test_work_of_alike)
{
  const unsigned n = AMBI_COUNT_MAX;
  uint64_t before;
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  before = work_of (&f);
  for (unsigned i = 0; i < 3000; i++)
    fixture_packet_in (&f, 7);
  for (unsigned i = 0; i < n; i++)
    fixture_digest_in (&f, 0, i, 7);
  for (unsigned i = 3000; i < n; i++)
    fixture_packet_in (&f, 7);
  fail_unless_equals_int (take_passed (&f), n);
  fail_unless_equals_int (fixture_packet_in (&f, 7), AMBI_HELD);
  fail_unless (work_of (&f) - before < 15 * n);
  fixture_clear (&f);
}

GST_END_TEST;

static Suite *
ambi_verify_bounds_suite (void)
{
  Suite *s = suite_create ("ambi-verify-bounds");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_flood_digests_ahead);
  tcase_add_test (tc, test_flood_digests_late);
  tcase_add_test (tc, test_flood_of_copies);
  tcase_add_test (tc, test_pressure);
  tcase_add_test (tc, test_no_pressure_before_first);
  tcase_add_test (tc, test_too_large);
  tcase_add_test (tc, test_memory_of_packets);
  tcase_add_test (tc, test_memory_of_digests);
  tcase_add_test (tc, test_work);
  tcase_add_test (tc, test_work_of_alike);
  return s;
}

GST_CHECK_MAIN (ambi_verify_bounds);
