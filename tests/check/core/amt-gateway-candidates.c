/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The AMT gateway when a list of relays is another one, or leads to relays by
 * way of a discovery address.
 */
#include "amt-gateway-test.h"

#define RELAY "198.51.100.1"
#define RELAY_B "198.51.100.2"
#define S1 "192.0.2.10"
#define G1 "232.1.1.1"

/* A discovery address that is refused; one whose answers are wrong. */
GST_START_TEST (test_discovery)
{
  static const char *const two[] = { RELAY, "127.0.0.1" };
  core_addr relay = test_addr (RELAY, AMT_PORT);
  core_addr loopback = test_addr ("127.0.0.1", AMT_PORT);
  test_bench *b = bench_new ();
  amt_message msg, answer = {.type = AMT_RELAY_ADVERTISEMENT };
  uint8_t buf[64];
  size_t len;

  bench_candidates (b, 2, two, true);
  bench_join (b, S1, G1, 5001);
  msg = bench_expect (b, AMT_RELAY_DISCOVERY);
  fail_unless (msg.nonce != 0);
  answer.nonce = msg.nonce;
  answer.relay = test_ip ("127.0.0.2");
  len = amt_build (buf, sizeof (buf), &answer);
  fail_unless_equals_int (bench_receive (b, &relay, buf, len, NULL),
      CORE_ERR_RELAY_ADDRESS_NOT_UNICAST);

  amt_gateway_unreachable (b->gw, &relay, b->now);
  msg = bench_expect (b, AMT_RELAY_DISCOVERY);
  fail_unless_equals_int (bench_receive (b, &loopback, buf, len, NULL),
      CORE_ERR_NONCE_MISMATCH);
  answer.nonce = msg.nonce;
  len = amt_build (buf, sizeof (buf), &answer);
  fail_unless_equals_int (bench_receive (b, &loopback, buf, len, NULL),
      CORE_OK);
  bench_expect (b, AMT_REQUEST);
  fail_unless (core_ip_equal (&b->sent[2].to.ip, &answer.relay));
  fail_unless_equals_int (b->sent[2].to.port, AMT_PORT);
  /* One is enough. */
  fail_unless_equals_int (bench_receive (b, &loopback, buf, len, NULL),
      CORE_ERR_NOT_WAITING);
  bench_free (b);

  /* An IPv4-mapped relay address is not an IPv6 one. */
  b = bench_new ();
  bench_one_candidate (b, "2001:3::1", true);
  bench_join (b, S1, G1, 5001);
  answer.nonce = bench_expect (b, AMT_RELAY_DISCOVERY).nonce;
  memset (&answer.relay, 0, sizeof (answer.relay));
  answer.relay.family = CORE_FAMILY_V6;
  answer.relay.bytes[10] = answer.relay.bytes[11] = 0xff;
  answer.relay.bytes[12] = 127;
  answer.relay.bytes[15] = 1;
  len = amt_build (buf, sizeof (buf), &answer);
  relay = test_addr ("2001:3::1", AMT_PORT);
  fail_unless_equals_int (bench_receive (b, &relay, buf, len, NULL),
      CORE_ERR_RELAY_ADDRESS_NOT_UNICAST);
  bench_free (b);
}

GST_END_TEST;

/* The relay of a discovery is lost: discovery is asked again and names
 * another. */
GST_START_TEST (test_rediscovery)
{
  test_bench *b = bench_new ();
  test_peer *d = bench_peer (b, "192.52.193.1");
  test_peer *p = bench_peer (b, RELAY), *q = bench_peer (b, RELAY_B);

  d->discovery = true;
  d->advertise = p->addr.ip;
  bench_one_candidate (b, "192.52.193.1", true);
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (20));
  fail_unless_equals_int (d->n_discoveries, 1);
  p->down_from = b->now;
  d->advertise = q->addr.ip;
  bench_run (b, SECONDS (40));
  fail_unless_equals_int (d->n_discoveries, 2);
  fail_unless_equals_int (q->n_joined, 1);
  fail_unless_equals_uint64 (amt_gateway_get_stats (b->gw)->failovers, 1);
  bench_free (b);
}

GST_END_TEST;

GST_START_TEST (test_set_candidates)
{
  static const char *const two[] = { RELAY, RELAY_B };
  test_bench *b = bench_new ();
  test_peer *p = bench_peer (b, RELAY), *q = bench_peer (b, RELAY_B);

  b->random.waits = WAITS_LONGEST;

  /* Channels first, names later. */
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (100));
  fail_unless_equals_int (b->n_sent, 0);
  bench_one_candidate (b, RELAY, false);
  bench_run (b, SECONDS (110));
  fail_unless_equals_int (p->n_joined, 1);

  /* The relay in use stays, even if it is no longer listed, until lost. */
  bench_one_candidate (b, RELAY_B, false);
  bench_run (b, SECONDS (120));
  fail_unless_equals_int (q->n_requests, 0);
  p->down_from = b->now;
  bench_run (b, SECONDS (140));
  fail_unless_equals_int (q->n_joined, 1);

  /* Between rounds a new one is asked at once, known ones are not. */
  q->down_from = b->now;
  q->down_until = SECONDS (10000);
  bench_run (b, SECONDS (2000));
  fail_unless (amt_gateway_deadline (b->gw) > b->now);
  p->down_until = b->now;
  bench_one_candidate (b, RELAY_B, false);
  bench_expect_nothing (b);
  bench_candidates (b, 2, two, false);
  if (bench_state (b) != AMT_GATEWAY_ACTIVE)
    bench_run (b, b->now + SECONDS (8));
  fail_unless_equals_int (p->n_joined, 1);

  /* None at all while lost: it asks for some. */
  p->down_from = b->now;
  p->down_until = SECONDS (10000);
  bench_candidates (b, 0, two, false);
  b->n_events = 0;
  bench_run (b, b->now + SECONDS (60));
  fail_unless_equals_int (bench_state (b), AMT_GATEWAY_IDLE);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_NEED_CANDIDATES, NULL), 1);
  bench_free (b);
}

GST_END_TEST;

GST_START_TEST (test_lose_the_last)
{
  const amt_gateway_config config = {.lose_the_last = true };

  for (unsigned i = 0; i < 2; i++) {
    test_bench *b = i == 0 ? bench_new () : bench_new_full (config, 0);
    test_peer *p = bench_peer (b, RELAY);

    p->down_from = 0;
    p->down_until = SECONDS (10000);
    bench_one_candidate (b, RELAY, false);
    bench_join (b, S1, G1, 5001);
    bench_run (b, SECONDS (0.1));
    amt_gateway_unreachable (b->gw, &p->addr, b->now);
    bench_events (b);
    fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), i);
    bench_free (b);
  }
}

GST_END_TEST;

/* One that is only being asked goes with the list, whether it worked before or
 * not. */
GST_START_TEST (test_set_candidates_while_asking)
{
  test_bench *b = bench_new ();
  test_peer *p = bench_peer (b, RELAY), *q = bench_peer (b, RELAY_B);

  p->down_from = 0;
  p->down_until = SECONDS (10000);
  bench_one_candidate (b, RELAY, false);
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (0.5));
  fail_unless_equals_int (bench_state (b), AMT_GATEWAY_REQUEST);
  bench_one_candidate (b, RELAY_B, false);
  bench_run (b, SECONDS (0.6));
  fail_unless_equals_int (bench_state (b), AMT_GATEWAY_ACTIVE);
  fail_unless_equals_int (q->n_joined, 1);

  /* Lost, and nobody else is known: nothing is asked until somebody is. */
  q->down_from = b->now;
  q->down_until = SECONDS (10000);
  while (bench_count (b, AMT_EVENT_RELAY_LOST, NULL) == 0)
    bench_run (b, b->now + SECONDS (0.1));
  bench_candidates (b, 0, NULL, false);
  fail_unless_equals_int (bench_state (b), AMT_GATEWAY_IDLE);
  bench_expect_nothing (b);
  p->down_until = b->now;
  bench_one_candidate (b, RELAY, false);
  bench_run (b, b->now + SECONDS (0.1));
  fail_unless_equals_int (bench_state (b), AMT_GATEWAY_ACTIVE);
  fail_unless_equals_int (p->n_joined, 1);
  bench_free (b);
}

GST_END_TEST;

static Suite *
amt_gateway_candidates_suite (void)
{
  Suite *s = suite_create ("amt-gateway-candidates");
  TCase *tc = tcase_create ("rules");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_discovery);
  tcase_add_test (tc, test_rediscovery);
  tcase_add_test (tc, test_set_candidates);
  tcase_add_test (tc, test_lose_the_last);
  tcase_add_test (tc, test_set_candidates_while_asking);
  return s;
}

GST_CHECK_MAIN (amt_gateway_candidates);
