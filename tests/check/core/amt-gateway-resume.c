/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The AMT gateway when the host moves or sleeps.
 */
#include "amt-gateway-test.h"

#define RELAY "198.51.100.1"
#define S1 "192.0.2.10"
#define G1 "232.1.1.1"

GST_START_TEST (test_network_changed)
{
  test_peer *p;
  test_bench *b = bench_active (&p);
  amt_message msg, again;

  amt_gateway_network_changed (b->gw, b->now);
  msg = bench_expect (b, AMT_REQUEST);
  amt_gateway_network_changed (b->gw, b->now);
  again = bench_expect (b, AMT_REQUEST);
  fail_unless (again.nonce != msg.nonce);
  fail_unless_equals_int (bench_answer (b, p, &msg), CORE_ERR_NONCE_MISMATCH);
  fail_unless_equals_int (bench_answer (b, p, &again), CORE_OK);
  bench_expect_update (b, "IS_IN(232.1.1.1=192.0.2.10)");
  bench_free (b);

  b = bench_new ();
  amt_gateway_network_changed (b->gw, b->now);
  bench_expect_nothing (b);
  bench_one_candidate (b, RELAY, true);
  bench_join (b, S1, G1, 5001);
  msg = bench_expect (b, AMT_RELAY_DISCOVERY);
  amt_gateway_network_changed (b->gw, b->now);
  fail_unless (bench_expect (b, AMT_RELAY_DISCOVERY).nonce != msg.nonce);
  /* Between rounds: no waiting. */
  for (unsigned i = 0; i < 3; i++) {
    b->now = amt_gateway_deadline (b->gw);
    amt_gateway_expire (b->gw, b->now);
    if (i < 2)
      bench_expect (b, AMT_RELAY_DISCOVERY);
  }
  bench_expect_nothing (b);
  amt_gateway_network_changed (b->gw, b->now);
  bench_expect (b, AMT_RELAY_DISCOVERY);
  bench_free (b);
}

GST_END_TEST;

GST_START_TEST (test_resume)
{
  test_peer *p;
  test_bench *b = bench_active (&p);
  amt_message msg;

  bench_wait_deadline (b, 1);
  bench_expect (b, AMT_MEMBERSHIP_UPDATE);
  b->now = SECONDS (3);
  fail_unless_equals_int (bench_feed_data (b, p), 1);

  /* Ten seconds of sleep are no silence. */
  b->now = SECONDS (13);
  amt_gateway_resume (b->gw, b->now);
  amt_gateway_expire (b->gw, b->now);
  bench_expect_nothing (b);
  fail_unless_equals_uint64 (amt_gateway_deadline (b->gw), SECONDS (17));

  /* After minutes the membership is asked for anew. */
  b->now = SECONDS (400);
  amt_gateway_resume (b->gw, b->now);
  msg = bench_expect (b, AMT_REQUEST);
  bench_expect_nothing (b);

  /* Asleep with a Request under way: the tries begin again. */
  b->now = SECONDS (1000);
  amt_gateway_resume (b->gw, b->now);
  amt_gateway_expire (b->gw, b->now);
  fail_unless (bench_expect (b, AMT_REQUEST).nonce != msg.nonce);
  bench_expect_nothing (b);
  bench_events (b);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), 0);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_SILENT, NULL), 0);
  bench_free (b);

  b = bench_new ();
  bench_one_candidate (b, RELAY, true);
  bench_join (b, S1, G1, 5001);
  msg = bench_expect (b, AMT_RELAY_DISCOVERY);
  b->now = SECONDS (1000);
  amt_gateway_resume (b->gw, b->now);
  amt_gateway_expire (b->gw, b->now);
  fail_unless (bench_expect (b, AMT_RELAY_DISCOVERY).nonce != msg.nonce);
  bench_expect_nothing (b);
  bench_free (b);
}

GST_END_TEST;

/* A caller that slept for minutes without telling, in every state. */
GST_START_TEST (test_late_now)
{
  test_bench *b = bench_new ();
  test_peer *p = bench_peer (b, RELAY);

  bench_one_candidate (b, RELAY, false);
  bench_join (b, S1, G1, 5001);
  for (unsigned i = 0; i < 50; i++) {
    unsigned sent = b->n_sent;

    b->now += SECONDS (300 + i);
    amt_gateway_expire (b->gw, b->now);
    bench_drain (b);
    fail_unless (b->n_sent - sent <= 4, "%u", b->n_sent - sent);
    fail_unless (amt_gateway_deadline (b->gw) > b->now);
  }
  fail_unless_equals_int (bench_state (b), AMT_GATEWAY_ACTIVE);
  p->down_from = b->now;
  for (unsigned i = 0; i < 50; i++) {
    unsigned sent = b->n_sent;

    b->now += SECONDS (300 + i);
    amt_gateway_expire (b->gw, b->now);
    bench_drain (b);
    fail_unless (b->n_sent - sent <= 2);
    fail_unless (amt_gateway_deadline (b->gw) > b->now);
  }

  /* Back is not possible; the end of time is not exceeded. */
  amt_gateway_expire (b->gw, 0);
  fail_unless (amt_gateway_deadline (b->gw) > b->now);
  b->now = CORE_TIME_NEVER;
  for (unsigned i = 0; i < 10; i++) {
    amt_gateway_expire (b->gw, b->now);
    bench_drain (b);
  }
  bench_free (b);
}

GST_END_TEST;

static Suite *
amt_gateway_resume_suite (void)
{
  Suite *s = suite_create ("amt-gateway-resume");
  TCase *tc = tcase_create ("rules");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_network_changed);
  tcase_add_test (tc, test_resume);
  tcase_add_test (tc, test_late_now);
  return s;
}

GST_CHECK_MAIN (amt_gateway_resume);
