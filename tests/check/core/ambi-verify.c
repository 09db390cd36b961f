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

static Suite *
ambi_verify_suite (void)
{
  Suite *s = suite_create ("ambi-verify");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_digest_first);
  tcase_add_test (tc, test_packet_first);
  tcase_add_test (tc, test_before_first_profile);
  return s;
}

GST_CHECK_MAIN (ambi_verify);
