/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The verifier and its caller's wishes: packets that are moved while they wait,
 * times that change, counters that add up.
 */
#include <string.h>

#include "ambi-fixture.h"

#define SECONDS(n) ((core_time) (n) * CORE_SECOND)
#define MSECONDS(n) ((core_time) (n) * CORE_MSECOND)

/* A new stream has what waits hashed again, from where it is now. */
GST_START_TEST (test_moved)
{
  uint8_t before[8] = "packet 1", after[8] = "packet 1";
  uint8_t digest[CORE_HASH_LEN_MAX];
  ambi_packet packet = {.data = before,.len = sizeof (before),.cookie = after };
  ambi_digests digests;
  ambi_output out;
  ambi_plan plan;
  fixture f;
  unsigned p;

  fixture_init (&f, NULL);
  packet.flow.src = core_ip_v4 ((const uint8_t[]) { 192, 0, 2, 1 });
  packet.flow.dst = core_ip_v4 ((const uint8_t[]) { 232, 1, 1, 1 });
  packet.flow.protocol = AMBI_PROTOCOL_UDP;
  ambi_verify_get_plan (f.verify, &plan);
  fail_unless_equals_int (ambi_hasher_follow (f.hasher, &plan), CORE_OK);
  fail_unless_equals_int (ambi_hasher_packet (f.hasher, &packet.flow, before,
          sizeof (before), &digests), CORE_OK);
  ambi_verify_packet (f.verify, &packet, &digests, f.now, &out);
  fail_unless_equals_int (out.verdict, AMBI_HELD);
  ambi_verify_moved (f.verify, after);
  memset (before, 0, sizeof (before));

  p = fixture_use (&f, 1, 0);
  fail_unless_equals_int (ambi_packet_digest (f.hash, &packet.flow, 1, after,
          sizeof (after), digest), CORE_OK);
  ambi_verify_digest (f.verify, p, 0, digest, f.now);
  fail_unless (ambi_verify_next (f.verify, &out));
  fail_unless_equals_int (out.verdict, AMBI_PASS);
  fail_unless (out.cookie == after);
  fixture_clear (&f);
}

GST_END_TEST;

/* What waits for its turn waits as long as it was told at first; what comes
 * later, for the new time. */
GST_START_TEST (test_reorder_time)
{
  ambi_verify_config config = {.order = AMBI_ORDER_SEQUENCE };
  fixture f;
  unsigned p;

  fixture_init (&f, &config);
  p = fixture_use (&f, 1, 0);
  for (uint32_t i = 0; i < 5; i++)
    fixture_digest_in (&f, p, i, i);
  fixture_packet_in (&f, 0);
  expect_passed (&f, 0);
  ambi_verify_set_reorder_time (f.verify, MSECONDS (10));
  fixture_packet_in (&f, 2);
  fixture_pass_time (&f, MSECONDS (9));
  fixture_expect_nothing (&f);
  fixture_pass_time (&f, MSECONDS (1));
  expect_passed (&f, 2);

  /* Presumed lost is what is missing for so long, too, to an eighth of the old
   * time. */
  fixture_pass_time (&f, MSECONDS (130));
  fail_unless_equals_uint64 (fixture_stats (&f)->presumed_lost, 1);

  ambi_verify_set_reorder_time (f.verify, 0);
  fixture_packet_in (&f, 4);
  fixture_pass_time (&f, MSECONDS (990));
  fixture_expect_nothing (&f);
  fixture_pass_time (&f, MSECONDS (10));
  expect_passed (&f, 4);
  fixture_clear (&f);
}

GST_END_TEST;

static void
expect_counters (const fixture * f, uint64_t verified, size_t held,
    uint64_t late)
{
  const ambi_verify_stats *stats = fixture_stats (f);

  fail_unless_equals_uint64 (stats->verified, verified);
  fail_unless_equals_uint64 (stats->packets_held, held);
  fail_unless_equals_uint64 (stats->rejected[AMBI_REASON_LATE], late);
}

/* A packet that waits for its turn is held, and is verified when it passes:
 * each one counts once. */
GST_START_TEST (test_counters)
{
  ambi_verify_config config = {.order = AMBI_ORDER_SEQUENCE };
  fixture f;
  unsigned p;

  fixture_init (&f, &config);
  p = fixture_use (&f, 1, 0);
  for (uint32_t i = 0; i < 5; i++)
    fixture_digest_in (&f, p, i, i);
  fixture_packet_in (&f, 0);
  fixture_packet_in (&f, 2);
  expect_counters (&f, 1, 1, 0);
  fixture_pass_time (&f, SECONDS (1));
  expect_counters (&f, 2, 0, 0);
  fixture_packet_in (&f, 1);
  expect_counters (&f, 2, 0, 1);
  fixture_packet_in (&f, 4);
  expect_counters (&f, 2, 1, 1);
  ambi_verify_reset (f.verify, f.now);
  fixture_drain (&f);
  expect_counters (&f, 2, 0, 1);
  fixture_clear (&f);
}

GST_END_TEST;

/* The announcement is told at once and once, the wish for another stream some
 * time later, or never. */
GST_START_TEST (test_end)
{
  ambi_event event;
  fixture f;
  unsigned p;

  fixture_init (&f, NULL);
  p = fixture_use (&f, 1, 0);
  fixture_manifest_in (&f, p, 0, 60);
  event = fixture_expect_event (&f, AMBI_EVENT_END);
  fail_unless_equals_int (event.stream_id, 1);
  fail_unless_equals_uint64 (event.deadline, f.now + SECONDS (60));
  fixture_manifest_in (&f, p, 1, 60);
  fixture_manifest_in (&f, p, 2, 30);
  fixture_pass_time (&f, SECONDS (15));
  fixture_expect_event (&f, AMBI_EVENT_REFRESH);

  /* The sender changes its mind twice. */
  fixture_manifest_in (&f, p, 3, 0);
  fixture_use (&f, 2, 0);
  fixture_manifest_in (&f, p, 4, 10);
  fixture_expect_event (&f, AMBI_EVENT_END);
  fixture_pass_time (&f, SECONDS (5));
  fixture_expect_no_event (&f);
  fixture_clear (&f);
}

GST_END_TEST;

static Suite *
ambi_verify_caller_suite (void)
{
  Suite *s = suite_create ("ambi-verify-caller");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_moved);
  tcase_add_test (tc, test_reorder_time);
  tcase_add_test (tc, test_counters);
  tcase_add_test (tc, test_end);
  return s;
}

GST_CHECK_MAIN (ambi_verify_caller);
