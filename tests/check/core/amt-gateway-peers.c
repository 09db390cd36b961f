/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The AMT gateway against the habits of relays in the field.
 */
#include "amt-gateway-test.h"

#define RELAY "198.51.100.1"
#define S1 "192.0.2.10"
#define S2 "192.0.2.11"
#define G1 "232.1.1.1"
#define S6 "2001:db8::10"
#define G6 "ff3e::8000:1"

static test_bench *
with_relay (test_peer ** peer)
{
  test_bench *b = bench_new ();

  *peer = bench_peer (b, RELAY);
  bench_one_candidate (b, RELAY, false);
  return b;
}

/* The Juniper lineage: no Router Alert, QQIC 20, a memory of 60 s, no answer
 * to nonce 0, no Teardown. */
GST_START_TEST (test_amtrelayd_v4)
{
  test_peer *p;
  test_bench *b = with_relay (&p);

  p->no_alert = true;
  p->strict_nonce = true;
  p->no_mld = true;
  p->query.query_interval = 20;
  p->memory = SECONDS (60);
  b->random.n_script = 2;       /* 0, 0, then the counter */
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (600));
  fail_unless_equals_uint64 (b->first_data, 0);
  fail_unless (b->n_data >= 600 * 50 - 1);
  fail_unless_equals_int (p->n_requests, 31);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_SILENT, NULL), 0);
  bench_free (b);
}

GST_END_TEST;

/* Random numbers that are nothing but zero do not hang it. */
GST_START_TEST (test_zero_random)
{
  test_peer *p;
  test_bench *b = with_relay (&p);

  p->strict_nonce = true;
  b->random.n_script = 8;
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (1));
  fail_unless_equals_int (p->n_joined, 1);
  bench_free (b);
}

GST_END_TEST;

/* Its IPv6 instance: source ::, QQIC 5, QRV 0, S = 1. */
GST_START_TEST (test_amtrelayd_v6)
{
  test_peer *p;
  test_bench *b = with_relay (&p);

  p->unspecified_source = true;
  p->s_flag_qrv0 = true;
  p->query.query_interval = 5;
  p->no_igmp = true;
  p->memory = SECONDS (60);
  bench_join (b, S6, G6, 5001);
  bench_run (b, SECONDS (60));
  fail_unless_equals_uint64 (b->first_data, 0);
  fail_unless_equals_int (p->n_requests, 13);
  /* QRV 0 is the default, 2: one repeat. */
  fail_unless_equals_int (p->n_updates, 13 + 1);
  bench_free (b);
}

GST_END_TEST;

/* 60 s memory with QQIC 125: refreshed in time all the same. */
GST_START_TEST (test_short_memory)
{
  test_peer *p;
  test_bench *b = with_relay (&p);

  p->memory = SECONDS (60);
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (1000));
  fail_unless (b->n_data >= 1000 * 50 - 1);
  bench_free (b);
}

GST_END_TEST;

/* Linux: P at 0x80 and nothing else.  The second try gets through, and later
 * cycles begin with what worked. */
GST_START_TEST (test_linux_mld)
{
  test_peer *p;
  test_bench *b = with_relay (&p);
  unsigned requests;

  p->linux_relay = true;
  bench_join (b, S6, G6, 5001);
  bench_run (b, SECONDS (10));
  fail_unless_equals_int (p->n_requests, 2);
  fail_unless_equals_uint64 (b->first_data, SECONDS (1));
  bench_run (b, SECONDS (220));
  fail_unless_equals_int (p->n_requests, 2 + 4);
  fail_unless_equals_int (p->n_refused, 0);

  /* It is remembered for the relay across its loss. */
  requests = p->n_requests;
  p->down_from = b->now;
  p->down_until = b->now + SECONDS (9);
  p->n_joined = 0;
  bench_run (b, SECONDS (240));
  fail_unless_equals_int (p->n_requests, requests + 1);
  fail_unless_equals_int (p->n_joined, 1);
  bench_free (b);
}

GST_END_TEST;

/* An RFC relay that lost one Request: 0x80 asks it for IGMP, which is no
 * answer; the third try has the RFC's flag again. */
GST_START_TEST (test_rfc_after_loss)
{
  test_peer *p;
  test_bench *b = with_relay (&p);

  p->down_from = 0;
  p->down_until = SECONDS (0.5);
  bench_join (b, S6, G6, 5001);
  bench_run (b, SECONDS (10));
  fail_unless_equals_int (p->n_requests, 2);
  fail_unless_equals_uint64 (b->first_data, SECONDS (2));
  fail_unless_equals_uint64 (amt_gateway_get_stats
      (b->gw)->control_dropped[-CORE_ERR_INNER_PROTOCOL_MISMATCH], 1);
  bench_free (b);
}

GST_END_TEST;

/* Linux keeps one pair per tunnel: each Update must carry that of the last
 * Request, of either protocol. */
GST_START_TEST (test_linux_both_families)
{
  test_peer *p;
  test_bench *b = with_relay (&p);
  int c4, c6;

  p->linux_relay = true;
  c4 = bench_join (b, S1, G1, 5001);
  c6 = bench_join (b, S6, G6, 5001);
  bench_run (b, SECONDS (30));
  fail_unless_equals_int (p->n_joined, 2);
  fail_unless_equals_int (p->n_refused, 0);

  bench_join (b, S2, G1, 5001);
  bench_run (b, SECONDS (40));
  fail_unless_equals_int (p->n_joined, 3);
  bench_join (b, S6, "ff3e::8000:2", 5001);
  bench_join (b, S1, "232.1.1.2", 5001);
  bench_run (b, SECONDS (50));
  fail_unless_equals_int (p->n_joined, 5);
  bench_run (b, SECONDS (500));
  fail_unless_equals_int (p->n_refused, 0);
  fail_unless_equals_int (p->n_joined, 5);
  fail_unless (p->n_requests < 60, "%u", p->n_requests);

  amt_gateway_leave (b->gw, c6, b->now);
  amt_gateway_leave (b->gw, c4, b->now);
  bench_run (b, SECONDS (510));
  fail_unless_equals_int (p->n_joined, 3);
  for (int i = 0; i < 8; i++)
    amt_gateway_leave (b->gw, i, b->now);
  bench_run (b, SECONDS (600));
  /* Nothing is asked for the sake of leaving: a BLOCK with a void pair. */
  fail_unless (p->n_refused <= 2, "%u", p->n_refused);
  fail_unless_equals_uint64 (amt_gateway_deadline (b->gw), CORE_TIME_NEVER);
  bench_free (b);
}

GST_END_TEST;

/* At most one Request is under way. */
GST_START_TEST (test_serialised)
{
  test_peer *p;
  test_bench *b = with_relay (&p);
  amt_message msg;

  bench_join (b, S6, G6, 5001);
  bench_join (b, S1, G1, 5001);
  msg = bench_expect (b, AMT_REQUEST);
  fail_unless_equals_int (msg.p, AMT_P_RFC);
  bench_expect_nothing (b);
  fail_unless_equals_int (bench_answer (b, p, &msg), CORE_OK);
  bench_expect_update (b, "ALLOW(ff3e::8000:1=2001:db8::10)");
  msg = bench_expect (b, AMT_REQUEST);
  fail_unless_equals_int (msg.p, AMT_P_NONE);
  bench_expect_nothing (b);
  fail_unless_equals_int (bench_answer (b, p, &msg), CORE_OK);
  bench_expect_update (b, "ALLOW(232.1.1.1=192.0.2.10)");
  bench_expect_nothing (b);

  /* A protocol that nobody needs any more is not waited for. */
  amt_gateway_network_changed (b->gw, b->now);
  fail_unless_equals_int (bench_expect (b, AMT_REQUEST).p, AMT_P_NONE);
  amt_gateway_leave (b->gw, 1, b->now);
  bench_expect_update (b, "BLOCK(232.1.1.1=192.0.2.10)");
  fail_unless_equals_int (bench_expect (b, AMT_REQUEST).p, AMT_P_RFC);
  bench_free (b);
}

GST_END_TEST;

/* A relay with one protocol only serves that one; it is lost when that one
 * fails. */
GST_START_TEST (test_one_protocol)
{
  for (int mld = 0; mld < 2; mld++) {
    test_peer *p;
    test_bench *b = with_relay (&p);
    unsigned at_60;

    b->random.waits = WAITS_LONGEST;
    p->no_mld = !mld;
    p->no_igmp = mld;
    p->data_interval = 100 * CORE_MSECOND;
    bench_join (b, S1, G1, 5001);
    bench_join (b, S6, G6, 5001);
    bench_run (b, SECONDS (60));
    fail_unless_equals_int (p->n_joined, 1);
    fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), 0);
    at_60 = p->n_requests;
    bench_run (b, SECONDS (1000));
    fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), 0);
    fail_unless (b->last_data >= SECONDS (999.8));
    /* The other one is asked for ever less. */
    fail_unless (p->n_requests - at_60 < 70, "%u", p->n_requests - at_60);

    p->down_from = b->now;
    bench_run (b, SECONDS (1030));
    fail_unless (bench_count (b, AMT_EVENT_RELAY_LOST, NULL) >= 1);
    bench_free (b);
  }
}

GST_END_TEST;

/* Neither protocol is answered: lost after both were tried. */
GST_START_TEST (test_no_protocol)
{
  test_peer *p;
  test_bench *b = with_relay (&p);

  p->no_igmp = p->no_mld = true;
  bench_join (b, S1, G1, 5001);
  bench_join (b, S6, G6, 5001);
  bench_run (b, SECONDS (5.5));
  fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), 0);
  bench_run (b, SECONDS (6));
  fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), 1);
  bench_free (b);
}

GST_END_TEST;

/* A NAT gives us another port: Teardown of the old endpoint, Updates from the
 * new one, for both protocols. */
GST_START_TEST (test_nat_rebinding)
{
  test_peer *p;
  test_bench *b = with_relay (&p);
  core_addr old;

  p->trailer = true;
  old = p->seen;
  bench_join (b, S1, G1, 5001);
  bench_join (b, S6, G6, 5001);
  bench_run (b, SECONDS (20));
  fail_unless_equals_int (p->n_joined, 2);
  fail_unless_equals_int (p->n_teardowns, 0);

  p->seen.port = 50999;
  p->n_joined = 0;
  bench_run (b, SECONDS (30));
  fail_unless_equals_int (p->n_joined, 2);
  fail_unless_equals_int (p->n_teardowns, 1);
  old = amt_gateway_field_get (&p->last_teardown.gateway);
  fail_unless_equals_int (old.port, 50001);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_ADDRESS_CHANGED, NULL), 1);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), 0);

  /* An unchanged endpoint is no news. */
  p->n_teardowns = 0;
  bench_run (b, SECONDS (300));
  fail_unless_equals_int (p->n_teardowns, 0);
  bench_free (b);
}

GST_END_TEST;

/* Loss, duplication and delay of everything, over many seeds: it ends up
 * joined and gets data. */
GST_START_TEST (test_lossy)
{
  for (unsigned seed = 1; seed <= 300; seed++) {
    test_peer *p;
    test_bench *b = with_relay (&p);
    test_random dice = {.seed = seed };
    core_time end = SECONDS (120);

    b->random.waits = WAITS_RANDOM;
    b->random.seed = seed;
    p->linux_relay = seed % 3 == 0;
    p->trailer = seed % 3 == 1;
    p->data_interval = SECONDS (1);
    bench_join (b, S1, G1, 5001);
    if (seed % 2)
      bench_join (b, S6, G6, 5001);
    /* Down for a random part of each second. */
    for (core_time t = 0; t < end; t += SECONDS (1)) {
      p->down_from = t + test_random_next (&dice) % SECONDS (1);
      p->down_until = p->down_from + test_random_next (&dice) % SECONDS (0.6);
      bench_run (b, t + SECONDS (1));
    }
    p->down_until = p->down_from;
    bench_run (b, end + SECONDS (300));
    fail_unless_equals_int (p->n_joined, 1 + seed % 2);
    fail_unless (b->last_data >= end + SECONDS (298));
    bench_free (b);
  }
}

GST_END_TEST;

static Suite *
amt_gateway_peers_suite (void)
{
  Suite *s = suite_create ("amt-gateway-peers");
  TCase *tc = tcase_create ("peers");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_amtrelayd_v4);
  tcase_add_test (tc, test_zero_random);
  tcase_add_test (tc, test_amtrelayd_v6);
  tcase_add_test (tc, test_short_memory);
  tcase_add_test (tc, test_linux_mld);
  tcase_add_test (tc, test_rfc_after_loss);
  tcase_add_test (tc, test_linux_both_families);
  tcase_add_test (tc, test_serialised);
  tcase_add_test (tc, test_one_protocol);
  tcase_add_test (tc, test_no_protocol);
  tcase_add_test (tc, test_nat_rebinding);
  tcase_add_test (tc, test_lossy);
  return s;
}

GST_CHECK_MAIN (amt_gateway_peers);
