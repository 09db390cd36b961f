/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The verifier by its rules: which packet passes, and when
 * (draft-ietf-mboned-ambi-05 §3.2).
 */
#include "ambi-fixture.h"

#define SECONDS(n) ((core_time) (n) * CORE_SECOND)
#define MSECONDS(n) ((core_time) (n) * CORE_MSECOND)

GST_START_TEST (test_digest_first)
{
  fixture f;
  unsigned p;

  fixture_init (&f, NULL);
  p = fixture_use (&f, 1, 0);
  fail_unless (fixture_digest_in (&f, p, 100, 7));
  fail_unless_equals_uint64 (fixture_stats (&f)->digests_held, 1);
  fixture_pass_time (&f, MSECONDS (300));
  fail_unless_equals_int (fixture_packet_in (&f, 7), AMBI_PASS);
  expect_passed (&f, 7);
  fail_unless_equals_uint64 (fixture_stats (&f)->verified, 1);
  fail_unless_equals_uint64 (fixture_stats (&f)->digests_held, 0);
  fail_unless_equals_int64 (fixture_stats (&f)->lead_average, MSECONDS (300));
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_packet_first)
{
  fixture f;
  unsigned p;

  fixture_init (&f, NULL);
  p = fixture_use (&f, 1, 0);
  fail_unless_equals_int (fixture_packet_in (&f, 7), AMBI_HELD);
  fail_unless_equals_uint64 (fixture_stats (&f)->packets_held, 1);
  fail_unless_equals_uint64 (fixture_stats (&f)->bytes_held,
      AMBI_HELD_OVERHEAD + 4);
  fixture_pass_time (&f, MSECONDS (300));
  fixture_expect_nothing (&f);
  fail_unless (fixture_digest_in (&f, p, 100, 7));
  expect_passed (&f, 7);
  fail_unless_equals_int64 (fixture_stats (&f)->lead_average,
      -(int64_t) MSECONDS (300));
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_before_first_profile)
{
  fixture f;
  unsigned p;

  fixture_init (&f, NULL);
  fixture_packet_in (&f, 7);
  fixture_packet_in (&f, 8);
  p = fixture_use (&f, 1, 0);
  fixture_digest_in (&f, p, 100, 7);
  expect_passed (&f, 7);
  fixture_pass_time (&f, SECONDS (2));
  fixture_expect_dropped (&f, 8, AMBI_REASON_UNAUTHENTICATED);
  fixture_clear (&f);
}

GST_END_TEST;


/* At the very time it is over. */
GST_START_TEST (test_expiry)
{
  fixture f;
  unsigned p;

  fixture_init (&f, NULL);
  p = fixture_use (&f, 1, 0);
  fixture_packet_in (&f, 1);
  fixture_pass_time (&f, SECONDS (2) - 1);
  fixture_digest_in (&f, p, 1, 1);
  expect_passed (&f, 1);
  fixture_packet_in (&f, 2);
  fixture_pass_time (&f, SECONDS (2));
  fixture_expect_dropped (&f, 2, AMBI_REASON_UNAUTHENTICATED);
  fixture_digest_in (&f, p, 2, 2);
  fixture_expect_nothing (&f);

  fixture_digest_in (&f, p, 3, 3);
  fixture_pass_time (&f, SECONDS (10) - 1);
  fixture_packet_in (&f, 3);
  expect_passed (&f, 3);
  fixture_digest_in (&f, p, 4, 4);
  fixture_pass_time (&f, SECONDS (10));
  fail_unless_equals_int (fixture_packet_in (&f, 4), AMBI_HELD);
  fixture_pass_time (&f, SECONDS (2));
  fixture_expect_dropped (&f, 4, AMBI_REASON_UNAUTHENTICATED);
  fixture_clear (&f);
}

GST_END_TEST;

/* A caller that is late with the time must not let old things through. */
GST_START_TEST (test_late_caller)
{
  fixture f;
  unsigned p;

  fixture_init (&f, NULL);
  p = fixture_use (&f, 1, 0);
  fixture_digest_in (&f, p, 1, 1);
  fixture_packet_in (&f, 2);
  f.now += SECONDS (600);
  fail_unless_equals_int (fixture_packet_in (&f, 1), AMBI_HELD);
  fixture_expect_dropped (&f, 2, AMBI_REASON_UNAUTHENTICATED);
  /* Nor does time go back. */
  f.now -= SECONDS (600);
  fixture_digest_in (&f, p, 3, 3);
  f.now += SECONDS (602);
  ambi_verify_expire (f.verify, f.now);
  fixture_drain (&f);
  fixture_expect_dropped (&f, 1, AMBI_REASON_UNAUTHENTICATED);
  fixture_packet_in (&f, 3);
  expect_passed (&f, 3);
  fixture_clear (&f);
}

GST_END_TEST;

/* AMBI §3.2: the latest reception counts. */
GST_START_TEST (test_repeat_resets_expiry)
{
  fixture f;
  unsigned p;

  fixture_init (&f, NULL);
  p = fixture_use (&f, 1, 0);
  fixture_digest_in (&f, p, 1, 1);
  fixture_pass_time (&f, SECONDS (9));
  fail_if (fixture_digest_in (&f, p, 1, 1));
  fixture_pass_time (&f, SECONDS (10) - 1);
  fixture_packet_in (&f, 1);
  expect_passed (&f, 1);
  fixture_clear (&f);
}

GST_END_TEST;

/* Neither in the hold-down nor after it. */
GST_START_TEST (test_repeat_does_not_reopen)
{
  fixture f;
  unsigned p;

  fixture_init (&f, NULL);
  p = fixture_use (&f, 1, 0);
  fixture_digest_in (&f, p, 1, 1);
  fixture_packet_in (&f, 1);
  expect_passed (&f, 1);
  for (unsigned i = 0; i < 8; i++) {
    fail_if (fixture_digest_in (&f, p, 1, 1));
    fail_unless_equals_int (fixture_packet_in (&f, 1), AMBI_HELD);
    fixture_pass_time (&f, SECONDS (6));
    fixture_expect_dropped (&f, 1, i < 2 ? AMBI_REASON_DUPLICATE :
        AMBI_REASON_UNAUTHENTICATED);
  }
  fixture_clear (&f);
}

GST_END_TEST;

/* Packets that are alike need a digest each. */
GST_START_TEST (test_alike)
{
  fixture f;
  unsigned p;

  fixture_init (&f, NULL);
  p = fixture_use (&f, 1, 0);
  fixture_digest_in (&f, p, 1, 7);
  fixture_digest_in (&f, p, 2, 7);
  fixture_packet_in (&f, 7);
  fixture_packet_in (&f, 7);
  expect_passed (&f, 7, 7);
  fail_unless_equals_int (fixture_packet_in (&f, 7), AMBI_HELD);
  fixture_digest_in (&f, p, 3, 7);
  expect_passed (&f, 7);
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_wrap)
{
  fixture f;
  unsigned p;

  fixture_init (&f, NULL);
  p = fixture_use (&f, 1, 0);
  for (uint32_t i = 0; i < 10; i++)
    fixture_digest_in (&f, p, 0u - 5 + i, i);
  for (uint32_t i = 0; i < 10; i++)
    fixture_packet_in (&f, i);
  expect_passed (&f, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  for (uint32_t i = 0; i < 10; i++)
    fail_if (fixture_digest_in (&f, p, 0u - 5 + i, i));
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_conflict)
{
  fixture f;
  unsigned p;

  fixture_init (&f, NULL);
  p = fixture_use (&f, 1, 0);
  fixture_packet_in (&f, 8);
  fixture_digest_in (&f, p, 1, 7);
  fail_unless (fixture_digest_in (&f, p, 1, 8));
  expect_passed (&f, 8);
  fail_unless_equals_uint64 (fixture_stats (&f)->digests_conflicting, 1);
  fail_unless_equals_int (fixture_packet_in (&f, 7), AMBI_HELD);
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_stale)
{
  fixture f;
  ambi_event event;
  unsigned p;

  fixture_init (&f, NULL);
  p = fixture_use (&f, 1, 0);
  fixture_digest_in (&f, p, 1000000, 1);
  fixture_packet_in (&f, 1);
  expect_passed (&f, 1);
  for (unsigned i = 0; i < 100; i++) {
    fail_if (fixture_digest_in (&f, p, i, 2));
    fixture_pass_time (&f, MSECONDS (100));
  }
  fixture_expect_no_event (&f);
  /* One that is not stale shows that the sender goes on. */
  fixture_digest_in (&f, p, 1000001, 3);
  for (unsigned i = 0; i <= 100; i++) {
    fixture_expect_no_event (&f);
    fail_if (fixture_digest_in (&f, p, i, 2));
    fixture_pass_time (&f, MSECONDS (100));
  }
  event = fixture_expect_event (&f, AMBI_EVENT_DISCONNECT);
  fail_unless_equals_int (event.trouble, AMBI_TROUBLE_STALE);
  fail_unless_equals_int (event.profile, p);
  fail_unless_equals_int (event.stream_id, 1);
  fail_unless_equals_uint64 (fixture_stats (&f)->digests_stale, 201);
  /* And it begins anew. */
  fail_unless (fixture_digest_in (&f, p, 5, 2));
  fixture_packet_in (&f, 2);
  expect_passed (&f, 2);
  fixture_clear (&f);
}

GST_END_TEST;

/* A connection that is made again brings what was there before. */
GST_START_TEST (test_reconnect)
{
  fixture f;
  unsigned p;

  fixture_init (&f, NULL);
  p = fixture_use (&f, 1, 0);
  fixture_digest_in (&f, p, 1, 1);
  fixture_digest_in (&f, p, 2, 2);
  fixture_packet_in (&f, 1);
  ambi_verify_release_profile (f.verify, p, f.now);
  fixture_pass_time (&f, SECONDS (1));
  fixture_packet_in (&f, 2);
  expect_passed (&f, 1, 2);
  fail_unless_equals_int (fixture_use (&f, 1, 0), p);
  fail_if (fixture_digest_in (&f, p, 1, 1));
  fail_if (fixture_digest_in (&f, p, 2, 2));
  fail_unless_equals_int (fixture_packet_in (&f, 1), AMBI_HELD);
  fail_unless_equals_int (fixture_packet_in (&f, 2), AMBI_HELD);
  fixture_clear (&f);
}

GST_END_TEST;

/* A place becomes free when nothing of it is left. */
GST_START_TEST (test_places)
{
  ambi_profile_config config = {.stream_id = 99,
    .algorithm = CORE_HASH_SHA_256
  };
  fixture f;
  ambi_plan plan;
  uint64_t generation;
  unsigned p;

  fixture_init (&f, NULL);
  for (unsigned i = 0; i < AMBI_PROFILES_MAX; i++)
    fail_unless_equals_int (fixture_use (&f, i, 0), i);
  fail_unless_equals_int (ambi_verify_use_profile (f.verify, &config, f.now,
          &p), CORE_ERR_LIMIT);
  fixture_digest_in (&f, 1, 5, 5);
  generation = ambi_verify_generation (f.verify);
  ambi_verify_release_profile (f.verify, 1, f.now);
  fail_unless_equals_uint64 (ambi_verify_generation (f.verify), generation);
  fixture_pass_time (&f, SECONDS (10));
  fail_unless (ambi_verify_generation (f.verify) > generation);
  ambi_verify_get_plan (f.verify, &plan);
  fail_unless_equals_int (plan.n, AMBI_PROFILES_MAX);
  fail_unless_equals_int (plan.profile[1].algorithm, CORE_HASH_NONE);
  fail_unless_equals_int (plan.profile[2].stream_id, 2);
  fail_unless_equals_int (fixture_use (&f, 99, 0), 1);
  /* Another hash is another profile, and needs a place of its own. */
  config.algorithm = CORE_HASH_SHA_512;
  fail_unless_equals_int (ambi_verify_use_profile (f.verify, &config, f.now,
          &p), CORE_ERR_LIMIT);
  ambi_verify_release_profile (f.verify, 3, f.now);
  ambi_verify_get_plan (f.verify, &plan);
  fail_unless_equals_int (plan.n, 3);
  config.algorithm = CORE_HASH_NONE;
  fail_unless_equals_int (ambi_verify_use_profile (f.verify, &config, f.now,
          &p), CORE_ERR_INVALID_ARGUMENT);
  /* What is not there is not used. */
  fail_if (ambi_verify_digest (f.verify, 3, 1, (const uint8_t *) "", f.now));
  fail_if (ambi_verify_digest (f.verify, 77, 1, (const uint8_t *) "", f.now));
  ambi_verify_release_profile (f.verify, 77, f.now);
  ambi_verify_end_profile (f.verify, 77, f.now);
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_users)
{
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  fixture_use (&f, 1, 0);
  ambi_verify_release_profile (f.verify, 0, f.now);
  fixture_digest_in (&f, 0, 1, 1);
  fixture_packet_in (&f, 1);
  expect_passed (&f, 1);
  ambi_verify_release_profile (f.verify, 0, f.now);
  ambi_verify_release_profile (f.verify, 0, f.now);     /* one too many */
  fail_unless_equals_int (fixture_use (&f, 1, 0), 0);
  fixture_clear (&f);
}

GST_END_TEST;

/* A stream that was read ahead waits for its packets; in the end, when a place
 * is needed, no longer. */
GST_START_TEST (test_ended)
{
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  for (uint32_t i = 0; i < 3; i++)
    fixture_digest_in (&f, 0, i, i);
  ambi_verify_end_profile (f.verify, 0, f.now);
  ambi_verify_release_profile (f.verify, 0, f.now);
  fixture_pass_time (&f, SECONDS (1000));
  fixture_packet_in (&f, 0);
  expect_passed (&f, 0);
  for (uint32_t i = 1; i < AMBI_PROFILES_MAX; i++)
    fail_unless_equals_int (fixture_use (&f, 1 + i, 0), i);
  fixture_packet_in (&f, 1);
  expect_passed (&f, 1);
  fail_unless_equals_int (fixture_use (&f, 77, 0), 0);
  fail_unless_equals_int (fixture_packet_in (&f, 2), AMBI_HELD);
  fixture_clear (&f);
}

GST_END_TEST;

/* One of two connections ended: the other one goes on, and its digests are to
 * expire. */
GST_START_TEST (test_ended_for_one)
{
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  fixture_use (&f, 1, 0);
  fixture_digest_in (&f, 0, 1, 1);
  ambi_verify_end_profile (f.verify, 0, f.now);
  ambi_verify_release_profile (f.verify, 0, f.now);
  fixture_digest_in (&f, 0, 2, 2);
  fixture_pass_time (&f, SECONDS (11));
  fail_unless_equals_uint64 (fixture_stats (&f)->digests_held, 0);
  fail_unless_equals_int (fixture_packet_in (&f, 2), AMBI_HELD);
  fixture_clear (&f);
}

GST_END_TEST;

/* Every call that takes the time leaves counters that add up. */
GST_START_TEST (test_counters_of_late_calls)
{
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  fixture_packet_in (&f, 1);
  f.now += SECONDS (3);
  fixture_use (&f, 2, 0);
  fixture_expect_dropped (&f, 1, AMBI_REASON_UNAUTHENTICATED);
  fail_unless_equals_uint64 (fixture_stats (&f)->packets_held, 0);
  fixture_packet_in (&f, 2);
  f.now += SECONDS (3);
  ambi_verify_end_profile (f.verify, 0, f.now);
  fail_unless_equals_uint64 (fixture_stats (&f)->packets_held, 0);
  fail_unless_equals_uint64 (fixture_stats (&f)->bytes_held, 0);
  fixture_clear (&f);
}

GST_END_TEST;

/* Nothing is let through at the end. */
GST_START_TEST (test_reset)
{
  fixture f;
  unsigned p;

  fixture_init (&f, NULL);
  p = fixture_use (&f, 1, 0);
  fixture_digest_in (&f, p, 1, 1);
  fixture_packet_in (&f, 2);
  fixture_packet_in (&f, 3);
  ambi_verify_reset (f.verify, f.now);
  fixture_drain (&f);
  fail_unless_equals_int (f.n_log, 2);
  for (unsigned i = 0; i < 2; i++) {
    fail_unless_equals_int (f.log[i].verdict, AMBI_DROP);
    fail_unless_equals_int (f.log[i].reason, AMBI_REASON_FLUSHED);
    fail_unless_equals_int (f.log[i].payload, 2 + i);
  }
  f.n_log = 0;
  for (unsigned i = 0; i < AMBI_N_REASONS; i++)
    fail_unless_equals_uint64 (fixture_stats (&f)->rejected[i], 0);
  fail_unless_equals_uint64 (fixture_stats (&f)->bytes_held, 0);
  fixture_packet_in (&f, 1);
  expect_passed (&f, 1);
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_monitor)
{
  ambi_verify_config config = {.mode = AMBI_MODE_MONITOR,
    .order = AMBI_ORDER_SEQUENCE
  };
  fixture f;
  unsigned p;

  fixture_init (&f, &config);
  fixture_packet_in (&f, 9);    /* before there is anything to judge by */
  p = fixture_use (&f, 1, 0);
  fixture_packet_in (&f, 2);
  fixture_packet_in (&f, 1);
  fixture_packet_in (&f, 1);
  expect_passed (&f, 9, 2, 1, 1);
  fail_unless_equals_uint64 (fixture_stats (&f)->packets_held, 4);
  fail_unless_equals_uint64 (fixture_stats (&f)->bytes_held,
      4 * AMBI_HELD_OVERHEAD);
  fail_unless_equals_uint64 (fixture_stats (&f)->verified, 0);
  fixture_digest_in (&f, p, 1, 1);
  fail_unless_equals_uint64 (fixture_stats (&f)->verified, 1);
  fixture_digest_in (&f, p, 2, 2);
  fixture_digest_in (&f, p, 9, 9);
  fixture_pass_time (&f, SECONDS (2));
  fixture_expect_nothing (&f);
  fail_unless_equals_uint64 (fixture_stats (&f)->verified, 2);
  fail_unless_equals_uint64 (fixture_stats (&f)->rejected
      [AMBI_REASON_DUPLICATE], 1);
  fail_unless_equals_uint64 (fixture_stats (&f)->rejected
      [AMBI_REASON_UNAUTHENTICATED], 1);
  fail_unless_equals_uint64 (fixture_stats (&f)->packets_held, 0);
  fixture_packet_in (&f, 5);
  expect_passed (&f, 5);
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_hold_time_changes)
{
  fixture f;

  fixture_init (&f, NULL);
  fixture_use (&f, 1, 0);
  fixture_packet_in (&f, 1);
  ambi_verify_set_data_hold_time (f.verify, MSECONDS (500));
  fixture_pass_time (&f, SECONDS (1));
  fixture_packet_in (&f, 2);
  fixture_pass_time (&f, SECONDS (1));
  fail_unless_equals_int (f.n_log, 2);
  f.n_log = 0;
  fixture_packet_in (&f, 3);
  fixture_pass_time (&f, MSECONDS (500) - 1);
  fixture_expect_nothing (&f);
  fixture_pass_time (&f, 1);
  fixture_expect_dropped (&f, 3, AMBI_REASON_UNAUTHENTICATED);
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_plan_changed)
{
  ambi_profile_config config = {.stream_id = 2,
    .algorithm = CORE_HASH_SHA_256
  };
  ambi_packet packet = {.cookie = &config };
  ambi_digests digests = { 0 };
  ambi_output out;
  unsigned p;
  fixture f;

  fixture_init (&f, NULL);
  digests.generation = ambi_verify_generation (f.verify);
  fail_unless_equals_int (ambi_verify_use_profile (f.verify, &config, f.now,
          &p), CORE_OK);
  ambi_verify_packet (f.verify, &packet, &digests, f.now, &out);
  fail_unless_equals_int (out.verdict, AMBI_PLAN_CHANGED);
  fail_unless (out.cookie == &config);
  fail_unless_equals_uint64 (fixture_stats (&f)->packets, 0);
  fail_if (ambi_verify_next (f.verify, &out));
  fixture_clear (&f);
}

GST_END_TEST;

/* What is held may lie somewhere else afterwards. */
GST_START_TEST (test_moved)
{
  static const uint8_t copy[] = { 7, 0, 0, 0 };
  fixture f;

  fixture_init (&f, NULL);
  ambi_verify_moved (f.verify, copy);   /* nothing is held */
  fixture_packet_in (&f, 5);
  ambi_verify_moved (f.verify, copy);
  fixture_use (&f, 1, 0);
  fixture_digest_in (&f, 0, 1, 5);
  fixture_expect_nothing (&f);
  fixture_digest_in (&f, 0, 2, 7);
  expect_passed (&f, 5);
  fixture_clear (&f);
}

GST_END_TEST;

/* As for the data hold time: what waits keeps its time. */
GST_START_TEST (test_reorder_time_changes)
{
  ambi_verify_config config = {.order = AMBI_ORDER_SEQUENCE };
  fixture f;

  fixture_init (&f, &config);
  fixture_use (&f, 1, 0);
  for (uint32_t i = 0; i < 10; i++)
    fixture_digest_in (&f, 0, i, i);
  fixture_packet_in (&f, 0);
  fixture_packet_in (&f, 2);
  ambi_verify_set_reorder_time (f.verify, MSECONDS (100));
  expect_passed (&f, 0);
  fixture_pass_time (&f, SECONDS (1) - 1);
  fixture_expect_nothing (&f);
  fixture_pass_time (&f, 1);
  expect_passed (&f, 2);
  fixture_packet_in (&f, 5);
  fixture_pass_time (&f, MSECONDS (100));
  expect_passed (&f, 5);
  fixture_pass_time (&f, MSECONDS (200));
  fail_unless_equals_uint64 (fixture_stats (&f)->presumed_lost, 3);
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_config)
{
  ambi_verify_config config = { 0 };
  ambi_verify *verify = (ambi_verify *) & config;

  fail_unless_equals_int (ambi_verify_new (&verify, &config, 0),
      CORE_ERR_INVALID_ARGUMENT);
  fail_unless (verify == NULL);
  ambi_verify_free (NULL);
  fail_unless_equals_string (ambi_reason_name (AMBI_REASON_NO_MEMORY),
      "no-memory");
  for (unsigned i = 0; i < AMBI_N_REASONS; i++)
    fail_unless (ambi_reason_name ((ambi_reason) i) != NULL);
  fail_unless_equals_string (ambi_reason_name ((ambi_reason) 99), "unknown");
}

GST_END_TEST;

/* What is announced is only fetched. */
GST_START_TEST (test_expect)
{
  ambi_digests digests[70] = { {0} };
  fixture f;
  unsigned p;

  fixture_init (&f, NULL);
  ambi_verify_expect (f.verify, digests, 1);
  p = fixture_use (&f, 1, 0);
  ambi_verify_expect (f.verify, digests, G_N_ELEMENTS (digests));
  fixture_digest_in (&f, p, 1, 1);
  ambi_verify_expect (f.verify, digests, G_N_ELEMENTS (digests));
  fixture_packet_in (&f, 1);
  expect_passed (&f, 1);
  fixture_clear (&f);
}

GST_END_TEST;

static Suite *
ambi_verify_suite (void)
{
  Suite *s = suite_create ("ambi-verify");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_digest_first);
  tcase_add_test (tc, test_packet_first);
  tcase_add_test (tc, test_before_first_profile);
  tcase_add_test (tc, test_expiry);
  tcase_add_test (tc, test_late_caller);
  tcase_add_test (tc, test_repeat_resets_expiry);
  tcase_add_test (tc, test_repeat_does_not_reopen);
  tcase_add_test (tc, test_alike);
  tcase_add_test (tc, test_wrap);
  tcase_add_test (tc, test_conflict);
  tcase_add_test (tc, test_stale);
  tcase_add_test (tc, test_reconnect);
  tcase_add_test (tc, test_places);
  tcase_add_test (tc, test_users);
  tcase_add_test (tc, test_ended);
  tcase_add_test (tc, test_ended_for_one);
  tcase_add_test (tc, test_counters_of_late_calls);
  tcase_add_test (tc, test_reset);
  tcase_add_test (tc, test_monitor);
  tcase_add_test (tc, test_hold_time_changes);
  tcase_add_test (tc, test_plan_changed);
  tcase_add_test (tc, test_moved);
  tcase_add_test (tc, test_reorder_time_changes);
  tcase_add_test (tc, test_config);
  tcase_add_test (tc, test_expect);
  return s;
}

GST_CHECK_MAIN (ambi_verify);
