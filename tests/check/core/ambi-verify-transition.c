/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * From one manifest stream to another (draft-ietf-mboned-ambi-05 §3.5): when to
 * look for one, when to leave, and that no packet passes under both.
 */
#include "ambi-fixture.h"

#define SECONDS(n) ((core_time) (n) * CORE_SECOND)
#define MSECONDS(n) ((core_time) (n) * CORE_MSECOND)

/* Passes time until there is an event; returns how long that took. */
static core_time
time_to_event (fixture * f, core_time at_most)
{
  core_time from = f->now;

  while (f->n_events == 0 && f->now < from + at_most) {
    core_time due = MIN (ambi_verify_deadline (f->verify), from + at_most);

    fixture_pass_time (f, due > f->now ? due - f->now : 0);
  }
  return f->now - from;
}

/* Spread over half of the time that is left. */
GST_START_TEST (test_refresh)
{
  core_time shortest = CORE_TIME_NEVER, longest = 0;

  for (unsigned seed = 0; seed < 200; seed++) {
    core_time begin, time;
    ambi_event event;
    fixture f;

    fixture_init (&f, NULL);
    f.random = seed;
    fixture_use (&f, 1, 0);
    fixture_manifest_in (&f, 0, 1, 0);
    fixture_expect_no_event (&f);
    begin = f.now;
    fixture_manifest_in (&f, 0, 2, 60);
    event = fixture_expect_event (&f, AMBI_EVENT_END);
    fail_unless_equals_uint64 (event.deadline, begin + SECONDS (60));
    time = time_to_event (&f, SECONDS (60));
    event = fixture_expect_event (&f, AMBI_EVENT_REFRESH);
    fail_unless_equals_int (event.profile, 0);
    fail_unless_equals_int (event.stream_id, 1);
    fail_unless_equals_uint64 (event.deadline, begin + SECONDS (60));
    fail_unless (time <= SECONDS (30));
    shortest = MIN (shortest, time);
    longest = MAX (longest, time);
    fixture_clear (&f);
  }
  fail_unless (shortest < SECONDS (2));
  fail_unless (longest > SECONDS (28));
}

GST_END_TEST;

/* At half of what remains, at least a second; after the end ever more seldom,
 * for the stream may live on. */
GST_START_TEST (test_retry)
{
  core_time end, next;
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  fixture_manifest_in (&f, 0, 1, 40);
  fixture_expect_event (&f, AMBI_EVENT_END);
  end = f.now + SECONDS (40);
  time_to_event (&f, SECONDS (20));
  while (f.now < end) {
    fixture_expect_event (&f, AMBI_EVENT_REFRESH);
    next = MAX ((end - f.now) / 2, SECONDS (1));
    fail_unless_equals_uint64 (time_to_event (&f, SECONDS (40)), next);
  }
  next = SECONDS (1);
  for (unsigned i = 0; i < 10; i++) {
    fixture_expect_event (&f, AMBI_EVENT_REFRESH);
    fail_unless_equals_uint64 (time_to_event (&f, SECONDS (100)), next);
    next = MIN (2 * next, SECONDS (60));
  }
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_only_shorter)
{
  ambi_event event;
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  fixture_manifest_in (&f, 0, 1, 1000);
  fixture_expect_event (&f, AMBI_EVENT_END);
  fixture_manifest_in (&f, 0, 2, 2000);
  fixture_expect_no_event (&f);
  fixture_manifest_in (&f, 0, 3, 4);
  fail_unless (time_to_event (&f, SECONDS (2)) <= SECONDS (2));
  event = fixture_expect_event (&f, AMBI_EVENT_REFRESH);
  fail_unless (event.deadline <= f.now + SECONDS (4));
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_cancelled)
{
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  fixture_manifest_in (&f, 0, 5, 60);
  fixture_expect_event (&f, AMBI_EVENT_END);
  /* One that was overtaken says nothing. */
  fixture_manifest_in (&f, 0, 4, 0);
  time_to_event (&f, SECONDS (31));
  fixture_expect_event (&f, AMBI_EVENT_REFRESH);
  fixture_manifest_in (&f, 0, 6, 0);
  time_to_event (&f, SECONDS (500));
  fixture_expect_no_event (&f);
  /* And once more, across the end of the numbers. */
  fixture_manifest_in (&f, 0, 0x80000000, 0);
  fixture_manifest_in (&f, 0, 0xffffffff, 60);
  fixture_expect_event (&f, AMBI_EVENT_END);
  fixture_manifest_in (&f, 0, 0, 0);
  time_to_event (&f, SECONDS (500));
  fixture_expect_no_event (&f);
  fixture_clear (&f);
}

GST_END_TEST;

static void
digest_and_packet (fixture * f, unsigned place, uint32_t seq, uint32_t n)
{
  fixture_digest_in (f, place, seq, n);
  fixture_packet_in (f, n);
}

GST_START_TEST (test_leave_when_verified)
{
  ambi_event event;
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  digest_and_packet (&f, 0, 1, 1);
  fixture_manifest_in (&f, 0, 1, 60);
  fixture_expect_event (&f, AMBI_EVENT_END);
  time_to_event (&f, SECONDS (30));
  fixture_expect_event (&f, AMBI_EVENT_REFRESH);
  fixture_use (&f, 2, 0);
  fixture_pass_time (&f, SECONDS (5));
  fixture_expect_no_event (&f);
  digest_and_packet (&f, 0, 2, 2);
  fixture_expect_no_event (&f);
  digest_and_packet (&f, 1, 700, 3);
  event = fixture_expect_event (&f, AMBI_EVENT_LEAVE);
  fail_unless_equals_int (event.profile, 0);
  digest_and_packet (&f, 1, 701, 4);
  time_to_event (&f, SECONDS (100));
  fixture_expect_no_event (&f);
  fixture_clear (&f);
}

GST_END_TEST;

/* The other one's digest may come after its packet was passed. */
GST_START_TEST (test_leave_when_paid)
{
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  fixture_manifest_in (&f, 0, 1, 60);
  fixture_expect_event (&f, AMBI_EVENT_END);
  fixture_use (&f, 2, 0);
  digest_and_packet (&f, 0, 1, 1);
  fixture_expect_no_event (&f);
  fixture_digest_in (&f, 1, 500, 1);
  fixture_expect_event (&f, AMBI_EVENT_LEAVE);
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_leave_at_end)
{
  core_time end;
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  fixture_manifest_in (&f, 0, 1, 20);
  end = f.now + SECONDS (20);
  fixture_expect_event (&f, AMBI_EVENT_END);
  /* One that ends sooner does not take over. */
  fixture_use (&f, 2, 0);
  fixture_manifest_in (&f, 1, 1, 10);
  fixture_expect_event (&f, AMBI_EVENT_END);
  digest_and_packet (&f, 1, 1, 1);
  fixture_expect_no_event (&f);
  ambi_verify_release_profile (f.verify, 1, f.now);
  fixture_use (&f, 3, 0);
  time_to_event (&f, SECONDS (100));
  fail_unless_equals_uint64 (f.now, end);
  fixture_expect_event (&f, AMBI_EVENT_LEAVE);
  fixture_clear (&f);
}

GST_END_TEST;

/* What nobody brings any more is not told about. */
GST_START_TEST (test_released)
{
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  fixture_digest_in (&f, 0, 1, 1);
  fixture_manifest_in (&f, 0, 1, 20);
  fixture_expect_event (&f, AMBI_EVENT_END);
  ambi_verify_release_profile (f.verify, 0, f.now);
  fixture_pass_time (&f, SECONDS (9));
  fixture_use (&f, 1, 0);
  time_to_event (&f, SECONDS (100));
  fixture_expect_no_event (&f);
  fixture_clear (&f);
}

GST_END_TEST;

/*
 * Replays
 */

/* Used under the first one, vouched for by the second one before. */
GST_START_TEST (test_replay_both_known)
{
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  fixture_use (&f, 2, 0);
  fixture_digest_in (&f, 0, 1, 1);
  fixture_digest_in (&f, 1, 501, 1);
  fixture_packet_in (&f, 1);
  expect_passed (&f, 1);
  fail_unless_equals_int (fixture_packet_in (&f, 1), AMBI_HELD);
  fixture_clear (&f);
}

GST_END_TEST;

/* The second one's digest comes later. */
GST_START_TEST (test_replay_owed)
{
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  fixture_use (&f, 2, 0);
  fixture_digest_in (&f, 0, 1, 1);
  fixture_packet_in (&f, 1);
  expect_passed (&f, 1);
  fixture_pass_time (&f, SECONDS (9));
  fixture_digest_in (&f, 1, 501, 1);
  fail_unless_equals_int (fixture_packet_in (&f, 1), AMBI_HELD);
  ambi_verify_release_profile (f.verify, 0, f.now);
  fixture_pass_time (&f, SECONDS (20));
  f.n_log = 0;
  fail_if (fixture_digest_in (&f, 1, 501, 1));
  fail_unless_equals_int (fixture_packet_in (&f, 1), AMBI_HELD);
  fixture_clear (&f);
}

GST_END_TEST;

/* The second one was not known yet. */
GST_START_TEST (test_replay_unsettled)
{
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  digest_and_packet (&f, 0, 1, 1);
  digest_and_packet (&f, 0, 2, 1);
  expect_passed (&f, 1, 1);
  fixture_use (&f, 2, 0);
  fixture_packet_in (&f, 1);
  for (uint32_t i = 0; i < 3; i++)
    fixture_digest_in (&f, 1, 501 + i, 1);
  /* The third one is a packet of its own. */
  expect_passed (&f, 1);
  fail_unless_equals_int (fixture_packet_in (&f, 1), AMBI_HELD);
  fixture_clear (&f);
}

GST_END_TEST;

/* The second one's digests come long after their packets, and wait for others as
 * long as any: a use is remembered until then. */
GST_START_TEST (test_replay_late_digests)
{
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  digest_and_packet (&f, 0, 1, 1);
  expect_passed (&f, 1);
  fixture_pass_time (&f, SECONDS (9));
  fixture_use (&f, 2, 0);
  fixture_digest_in (&f, 1, 501, 1);
  fixture_pass_time (&f, SECONDS (9));
  fail_unless_equals_int (fixture_packet_in (&f, 1), AMBI_HELD);
  fixture_clear (&f);
}

GST_END_TEST;

/* What passed before the second one was known is not lost with it, even if a
 * replay of one of those packets comes. */
GST_START_TEST (test_replay_loses_nothing)
{
  const ambi_verify_stats *stats;
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  for (uint32_t i = 1; i <= 3; i++)
    digest_and_packet (&f, 0, i, i);
  expect_passed (&f, 1, 2, 3);
  fixture_use (&f, 2, 0);
  for (uint32_t i = 1; i <= 3; i++)
    fixture_digest_in (&f, 1, 500 + i, i);
  fail_unless_equals_int (fixture_packet_in (&f, 1), AMBI_HELD);
  ambi_verify_release_profile (f.verify, 0, f.now);
  fixture_pass_time (&f, SECONDS (30));
  stats = ambi_verify_get_stats (f.verify);
  fail_unless_equals_uint64 (stats->lost, 0);
  fail_unless_equals_uint64 (stats->presumed_lost, 0);
  fixture_clear (&f);
}

GST_END_TEST;

/* Three of them know a packet: its use counts once. */
GST_START_TEST (test_replay_three)
{
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  fixture_use (&f, 2, 0);
  fixture_digest_in (&f, 0, 1, 1);
  fixture_digest_in (&f, 1, 501, 1);
  fixture_packet_in (&f, 1);
  expect_passed (&f, 1);
  fixture_use (&f, 3, 0);
  fixture_digest_in (&f, 2, 900, 1);
  fixture_digest_in (&f, 2, 901, 1);
  fixture_packet_in (&f, 1);
  expect_passed (&f, 1);
  fail_unless_equals_int (fixture_packet_in (&f, 1), AMBI_HELD);
  fixture_clear (&f);
}

GST_END_TEST;

/* One that was left and is used again knows nothing of what happened. */
GST_START_TEST (test_replay_after_break)
{
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  fixture_use (&f, 2, 0);
  fixture_digest_in (&f, 0, 1, 1);
  ambi_verify_release_profile (f.verify, 0, f.now);
  fixture_pass_time (&f, SECONDS (1));
  digest_and_packet (&f, 1, 502, 2);
  expect_passed (&f, 2);
  fixture_use (&f, 1, 0);
  fixture_digest_in (&f, 0, 2, 2);
  fail_unless_equals_int (fixture_packet_in (&f, 2), AMBI_HELD);
  fixture_clear (&f);
}

GST_END_TEST;

/* More uses than can be remembered: the second one has to wait. */
GST_START_TEST (test_replay_forgotten)
{
  ambi_verify_config config = {.max_digests = 4 };
  fixture f;

  fixture_init (&f, &config);
  fixture_use (&f, 1, 0);
  for (uint32_t i = 0; i < 4; i++)
    digest_and_packet (&f, 0, i, i);
  fixture_use (&f, 2, 0);
  digest_and_packet (&f, 0, 4, 4);
  f.n_log = 0;
  fail_if (fixture_digest_in (&f, 1, 500, 0));
  fail_unless_equals_int (fixture_packet_in (&f, 0), AMBI_HELD);
  fail_unless_equals_uint64 (fixture_stats (&f)->digests_overflowed, 1);
  fixture_pass_time (&f, SECONDS (10));
  f.n_log = 0;
  fail_unless (fixture_digest_in (&f, 1, 600, 50));
  fixture_packet_in (&f, 50);
  expect_passed (&f, 50);
  fixture_clear (&f);
}

GST_END_TEST;

/* A digest that came late waits for longer than a use is remembered, and not
 * even repeating it for ever helps. */
GST_START_TEST (test_replay_outlives)
{
  fixture f;

  for (unsigned repeats = 0; repeats < 40; repeats += 39) {
    fixture_init (&f, NULL);
    fixture_use (&f, 1, 0);
    digest_and_packet (&f, 0, 1, 1);
    expect_passed (&f, 1);
    fixture_use (&f, 2, 0);
    fixture_pass_time (&f, SECONDS (9));
    fixture_digest_in (&f, 1, 501, 1);
    fixture_digest_in (&f, 1, 502, 2);
    for (unsigned i = 0; i < repeats; i++) {
      fixture_pass_time (&f, SECONDS (1));
      fixture_digest_in (&f, 1, 501, 1);
      if (fixture_packet_in (&f, 1 + 1000 * (i % 2)) != AMBI_HELD)
        fail ("passed again after %u repeats", i);
    }
    fixture_pass_time (&f, SECONDS (3));
    f.n_log = 0;
    if (repeats == 0) {
      fail_unless_equals_int (fixture_packet_in (&f, 1), AMBI_HELD);
      fixture_packet_in (&f, 2);
      expect_passed (&f, 2);
    }
    fixture_clear (&f);
  }
}

GST_END_TEST;

/* Nor is a use remembered for ever. */
GST_START_TEST (test_doubt_ends)
{
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  digest_and_packet (&f, 0, 1, 1);
  fixture_use (&f, 2, 0);
  ambi_verify_release_profile (f.verify, 0, f.now);
  fixture_digest_in (&f, 1, 501, 2);
  fixture_pass_time (&f, SECONDS (30));
  f.n_log = 0;
  digest_and_packet (&f, 1, 502, 1);
  expect_passed (&f, 1);
  /* Its place is free. */
  fail_unless_equals_int (fixture_use (&f, 3, 0), 0);
  fixture_clear (&f);
}

GST_END_TEST;

/* Uses were forgotten before the second one was known. */
GST_START_TEST (test_replay_forgotten_before)
{
  ambi_verify_config config = {.max_digests = 4 };
  fixture f;

  fixture_init (&f, &config);
  fixture_use (&f, 1, 0);
  for (uint32_t i = 0; i < 6; i++)
    digest_and_packet (&f, 0, i, i);
  f.n_log = 0;
  fixture_use (&f, 2, 0);
  fixture_digest_in (&f, 1, 500, 0);
  fail_unless_equals_int (fixture_packet_in (&f, 0), AMBI_HELD);
  fixture_pass_time (&f, SECONDS (10));
  f.n_log = 0;
  digest_and_packet (&f, 1, 510, 10);
  expect_passed (&f, 10);
  fixture_clear (&f);
}

GST_END_TEST;

/* The second one has a digest of a use that has to be forgotten: it must not
 * vouch for it. */
GST_START_TEST (test_replay_forgotten_after)
{
  ambi_verify_config config = {.max_digests = 4 };
  fixture f;

  fixture_init (&f, &config);
  fixture_use (&f, 1, 0);
  digest_and_packet (&f, 0, 0, 0);
  fixture_use (&f, 2, 0);
  fail_unless (fixture_digest_in (&f, 1, 500, 0));
  for (uint32_t i = 1; i < 6; i++)
    digest_and_packet (&f, 0, i, i);
  f.n_log = 0;
  fail_unless_equals_int (fixture_packet_in (&f, 0), AMBI_HELD);
  fixture_clear (&f);
}

GST_END_TEST;

/*
 * Statistics
 */

/* What one may not learn was listed all the same. */
GST_START_TEST (test_unknown_while_blind)
{
  ambi_verify_config config = {.max_digests = 4 };
  fixture f;

  fixture_init (&f, &config);
  fixture_use (&f, 1, 0);
  for (uint32_t i = 0; i < 4; i++)
    digest_and_packet (&f, 0, i, i);
  fixture_use (&f, 2, 0);
  digest_and_packet (&f, 0, 4, 4);
  fixture_digest_in (&f, 1, 499, 4);    /* it knows where it joined */
  ambi_verify_release_profile (f.verify, 0, f.now);
  for (uint32_t i = 0; i < 10; i++)
    fail_if (fixture_digest_in (&f, 1, 500 + i, 50 + i));
  fail_unless_equals_uint64 (fixture_stats (&f)->unknown, 0);
  fixture_clear (&f);
}

GST_END_TEST;

/* Manifests that were late fill a gap; what was told of it stays told. */
GST_START_TEST (test_unknown_only_grows)
{
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  digest_and_packet (&f, 0, 1, 1);
  fixture_digest_in (&f, 0, 5, 5);
  fail_unless_equals_uint64 (fixture_stats (&f)->unknown, 3);
  fixture_digest_in (&f, 0, 2, 2);
  fixture_digest_in (&f, 0, 3, 3);
  fail_unless_equals_uint64 (fixture_stats (&f)->unknown, 3);
  fixture_digest_in (&f, 0, 8, 8);
  fail_unless_equals_uint64 (fixture_stats (&f)->unknown, 3);
  fixture_digest_in (&f, 0, 10, 10);
  fail_unless_equals_uint64 (fixture_stats (&f)->unknown, 4);
  fixture_clear (&f);
}

GST_END_TEST;

/* Loss counts in the stream that is used longest. */
GST_START_TEST (test_in_charge)
{
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  fixture_use (&f, 2, 0);
  digest_and_packet (&f, 0, 1, 1);
  digest_and_packet (&f, 1, 501, 2);
  fixture_digest_in (&f, 0, 2, 2);
  fixture_digest_in (&f, 0, 3, 3);
  for (uint32_t i = 0; i < 5; i++)
    fixture_digest_in (&f, 1, 502 + i, 3 + i);
  fixture_digest_in (&f, 0, 6, 4);
  fixture_packet_in (&f, 4);
  fail_unless_equals_uint64 (fixture_stats (&f)->unknown, 2);
  fixture_pass_time (&f, SECONDS (3));
  fail_unless_equals_uint64 (fixture_stats (&f)->presumed_lost, 1);
  fail_unless (ambi_verify_loss_ratio (f.verify, f.now) > 0.2);
  fixture_pass_time (&f, SECONDS (8));
  fail_unless_equals_uint64 (fixture_stats (&f)->lost, 1);
  fail_unless_equals_uint64 (fixture_stats (&f)->presumed_lost, 0);
  ambi_verify_release_profile (f.verify, 0, f.now);
  for (uint32_t i = 0; i < 2; i++)
    fixture_digest_in (&f, 1, 510 + i, 10 + i);
  fixture_pass_time (&f, SECONDS (10));
  fail_unless_equals_uint64 (fixture_stats (&f)->lost, 3);
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_manifests_lost)
{
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  fixture_manifest_in (&f, 0, UINT32_MAX, 0);
  fixture_manifest_in (&f, 0, 0, 0);
  fail_unless_equals_uint64 (fixture_stats (&f)->manifests_lost, 0);
  fixture_manifest_in (&f, 0, 3, 0);
  fixture_manifest_in (&f, 0, 2, 0);
  fixture_manifest_in (&f, 0, 4, 0);
  fail_unless_equals_uint64 (fixture_stats (&f)->manifests_lost, 2);
  fail_unless_equals_uint64 (fixture_stats (&f)->manifests, 5);
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_empty_manifests)
{
  ambi_event event;
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  for (unsigned i = 0; i < 3000; i++) {
    if (i % 900 == 0)
      fixture_digest_in (&f, 0, i, i);
    fixture_manifest_in (&f, 0, i, 0);
  }
  fixture_expect_no_event (&f);
  for (unsigned i = 0; i < 2000; i++) {
    fixture_manifest_in (&f, 0, 3000 + i, 0);
    fixture_pass_time (&f, MSECONDS (2));
  }
  fixture_expect_no_event (&f);
  for (unsigned i = 0; i < 1001; i++)
    fixture_manifest_in (&f, 0, 5000 + i, 0);
  event = fixture_expect_event (&f, AMBI_EVENT_DISCONNECT);
  fail_unless_equals_int (event.trouble, AMBI_TROUBLE_EMPTY);
  fixture_clear (&f);
}

GST_END_TEST;

/* A server begins with what it sent lately: a fast stream has thousands of
 * manifests in that time, of which a receiver that comes back knows all. */
GST_START_TEST (test_known_manifests)
{
  ambi_event event;
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  for (uint32_t i = 0; i < 5000; i++) {
    fixture_manifest_in (&f, 0, i, 0);
    fixture_digest_in (&f, 0, i, i);
  }
  ambi_verify_release_profile (f.verify, 0, f.now);
  fixture_use (&f, 1, 0);
  for (uint32_t i = 0; i < 5000; i++) {
    fixture_manifest_in (&f, 0, i, 0);
    fixture_digest_in (&f, 0, i, i);
  }
  fixture_expect_no_event (&f);
  fixture_packet_in (&f, 4999);
  expect_passed (&f, 4999);
  /* But not for ever. */
  for (uint32_t i = 0; i < 6000; i++) {
    fixture_manifest_in (&f, 0, i, 0);
    fixture_digest_in (&f, 0, 1, 1);
  }
  event = fixture_expect_event (&f, AMBI_EVENT_DISCONNECT);
  fail_unless_equals_int (event.trouble, AMBI_TROUBLE_EMPTY);
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_overflow)
{
  ambi_verify_config config = {.max_digests = 100 };
  ambi_event event;
  fixture f;
  uint32_t n = 0;

  fixture_init (&f, &config);
  fixture_use (&f, 1, 0);
  for (; n < 110; n++)
    fixture_digest_in (&f, 0, n, n);
  fail_unless_equals_uint64 (fixture_stats (&f)->digests_overflowed, 10);
  fail_unless_equals_uint64 (fixture_stats (&f)->digests_held, 100);
  fail_unless_equals_int (fixture_packet_in (&f, 9), AMBI_HELD);
  fail_unless_equals_int (fixture_packet_in (&f, 10), AMBI_PASS);
  for (unsigned i = 0; i < 100; i++) {
    fixture_expect_no_event (&f);
    fixture_pass_time (&f, MSECONDS (100));
    for (unsigned k = 0; k < 5; k++, n++)
      fixture_digest_in (&f, 0, n, n);
  }
  event = fixture_expect_event (&f, AMBI_EVENT_DISCONNECT);
  fail_unless_equals_int (event.trouble, AMBI_TROUBLE_OVERFLOW);
  fixture_clear (&f);
}

GST_END_TEST;

static Suite *
ambi_verify_transition_suite (void)
{
  Suite *s = suite_create ("ambi-verify-transition");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_refresh);
  tcase_add_test (tc, test_retry);
  tcase_add_test (tc, test_only_shorter);
  tcase_add_test (tc, test_cancelled);
  tcase_add_test (tc, test_leave_when_verified);
  tcase_add_test (tc, test_leave_when_paid);
  tcase_add_test (tc, test_leave_at_end);
  tcase_add_test (tc, test_released);
  tcase_add_test (tc, test_replay_both_known);
  tcase_add_test (tc, test_replay_owed);
  tcase_add_test (tc, test_replay_unsettled);
  tcase_add_test (tc, test_replay_late_digests);
  tcase_add_test (tc, test_replay_loses_nothing);
  tcase_add_test (tc, test_replay_three);
  tcase_add_test (tc, test_replay_after_break);
  tcase_add_test (tc, test_replay_forgotten);
  tcase_add_test (tc, test_replay_outlives);
  tcase_add_test (tc, test_doubt_ends);
  tcase_add_test (tc, test_replay_forgotten_before);
  tcase_add_test (tc, test_replay_forgotten_after);
  tcase_add_test (tc, test_unknown_while_blind);
  tcase_add_test (tc, test_unknown_only_grows);
  tcase_add_test (tc, test_in_charge);
  tcase_add_test (tc, test_manifests_lost);
  tcase_add_test (tc, test_empty_manifests);
  tcase_add_test (tc, test_known_manifests);
  tcase_add_test (tc, test_overflow);
  return s;
}

GST_CHECK_MAIN (ambi_verify_transition);
