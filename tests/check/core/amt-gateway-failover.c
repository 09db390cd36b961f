/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The AMT gateway when relays fail, fall silent or are full.
 */
#include "amt-gateway-test.h"

#define RELAY "198.51.100.1"
#define RELAY_B "198.51.100.2"
#define S1 "192.0.2.10"
#define G1 "232.1.1.1"
#define S6 "2001:db8::10"
#define G6 "ff3e::8000:1"

GST_START_TEST (test_silence)
{
  /* Asked after 4, 8, 16 ... s, at most 120 s apart; data resets it. */
  static const double at[] = { 14, 22, 38, 70, 134, 254, 374 };
  amt_gateway_config config = {.refresh_max = SECONDS (100000) };
  test_bench *b = bench_new_full (config, 0);
  test_peer *p = bench_peer (b, RELAY);
  unsigned n = 0;

  p->query.query_interval = 31744;
  p->memory = SECONDS (100000);
  p->data_interval = SECONDS (2);
  bench_one_candidate (b, RELAY, false);
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (11));
  p->mute_data = true;
  bench_run (b, SECONDS (400));
  for (unsigned i = 0; i < b->n_events; i++)
    if (b->events[i].type == AMT_EVENT_SILENT) {
      fail_unless (n < G_N_ELEMENTS (at));
      fail_unless_equals_uint64 (b->event_times[i], SECONDS (at[n]));
      n++;
    }
  fail_unless_equals_int (n, G_N_ELEMENTS (at));
  fail_unless_equals_int (p->n_requests, 1 + n);
  fail_unless_equals_int (p->n_updates, 2 + n);

  p->mute_data = false;
  bench_run (b, SECONDS (410));
  p->mute_data = true;
  bench_run (b, SECONDS (414.1));
  fail_unless_equals_int (bench_count (b, AMT_EVENT_SILENT, NULL), n + 1);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), 0);
  bench_free (b);
}

GST_END_TEST;

/* A relay that brings data but no longer answers is kept, and asked on; when
 * the data ends too it is lost, even if it was asked in vain just before. */
GST_START_TEST (test_data_without_answers)
{
  test_bench *b = bench_new ();
  test_peer *p = bench_peer (b, RELAY);
  unsigned requests;

  b->random.waits = WAITS_LONGEST;
  p->memory = SECONDS (100000);
  bench_one_candidate (b, RELAY, false);
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (40));
  p->no_igmp = true;
  bench_run (b, SECONDS (400));
  requests = p->n_requests;
  fail_unless (requests >= 10 && requests < 60, "%u", requests);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), 0);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_CONNECTED, NULL), 1);

  p->mute_data = true;
  bench_run (b, SECONDS (400 + 4 + 7 + 2));
  fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), 1);
  p->no_igmp = false;
  p->mute_data = false;
  bench_run (b, SECONDS (430));
  fail_unless_equals_int (bench_count (b, AMT_EVENT_CONNECTED, NULL), 2);
  bench_free (b);
}

GST_END_TEST;

/* A relay that answers but never brings data. */
GST_START_TEST (test_no_data)
{
  static const char *const two[] = { RELAY, RELAY_B };
  static const double alone[] = { 4, 12, 28, 60, 124, 244 };
  amt_gateway_config config = {.refresh_max = SECONDS (100000) };
  amt_gateway_event_info ev = { 0 };
  test_bench *b = bench_new_full (config, 0);
  test_peer *p = bench_peer (b, RELAY);
  unsigned n = 0;

  b->random.waits = WAITS_LONGEST;
  p->query.query_interval = 31744;
  p->mute_data = true;
  bench_one_candidate (b, RELAY, false);
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (300));
  for (unsigned i = 1; i < b->n_sent; i++)
    if (b->sent[i].data[0] == AMT_REQUEST)
      fail_unless_equals_uint64 (b->sent[i].time, SECONDS (alone[n++]));
  fail_unless_equals_int (n, G_N_ELEMENTS (alone));
  fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), 0);
  bench_free (b);

  /* With another one to ask: after 4 s, and a farewell. */
  for (int trailer = 0; trailer < 2; trailer++) {
    test_peer *q;

    b = bench_new ();
    p = bench_peer (b, RELAY);
    q = bench_peer (b, RELAY_B);
    p->mute_data = true;
    p->trailer = trailer;
    bench_candidates (b, 2, two, false);
    bench_join (b, S1, G1, 5001);
    bench_run (b, SECONDS (170));
    fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, &ev), 1);
    fail_unless_equals_int (ev.reason, AMT_LOST_NO_DATA);
    fail_unless_equals_uint64 (q->first_update, SECONDS (4));
    fail_unless_equals_uint64 (b->first_data, SECONDS (4));
    fail_unless_equals_int (p->n_teardowns, trailer);
    if (!trailer)
      fail_unless_equals_int (p->n_joined, 0);
    fail_unless_equals_uint64 (amt_gateway_get_stats (b->gw)->failovers, 1);
    bench_free (b);
  }
}

GST_END_TEST;

/* Silent for 5 s, then back: data within 10 s of its return, whatever the
 * random waits, with and without ICMP errors, directly or through
 * discovery. */
GST_START_TEST (test_outage_of_single_relay)
{
  core_time worst = 0;

  for (unsigned seed = 0; seed < 400; seed++) {
    test_bench *b = bench_new ();
    test_peer *p = bench_peer (b, RELAY);
    bool discovery = seed % 4 >= 2;

    b->random.waits = seed < 8 ? WAITS_LONGEST : WAITS_RANDOM;
    b->random.seed = seed;
    p->icmp = seed % 2;
    p->data_interval = 100 * CORE_MSECOND;
    p->discovery = true;
    p->advertise = p->addr.ip;
    p->down_from = SECONDS (30) + seed * (SECONDS (25) / 400);
    p->down_until = p->down_from + SECONDS (5);
    bench_one_candidate (b, RELAY, discovery);
    bench_join (b, S1, G1, 5001);
    bench_run (b, p->down_from);
    fail_unless (b->n_data > 200);
    /* It comes back without its memory. */
    p->n_joined = 0;
    p->next_data = CORE_TIME_NEVER;
    b->first_data = CORE_TIME_NEVER;
    bench_run (b, p->down_until + SECONDS (20));
    fail_unless (b->first_data != CORE_TIME_NEVER);
    worst = MAX (worst, b->first_data - p->down_until);
    bench_free (b);
  }
  fail_unless (worst <= SECONDS (10), "%.3f s", (double) worst / 1e9);
  fail_unless (worst > SECONDS (1), "%.3f s", (double) worst / 1e9);
}

GST_END_TEST;

/* In the first 30 s of an outage of a relay that worked no wait exceeds 4 s,
 * also when each round ends soon. */
GST_START_TEST (test_quick_rounds)
{
  amt_gateway_config config = {.request_tries = 1 };
  test_bench *b = bench_new_full (config, 0);
  test_peer *p = bench_peer (b, RELAY);
  core_time last;

  b->random.waits = WAITS_LONGEST;
  bench_one_candidate (b, RELAY, false);
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (10));
  p->down_from = last = b->now;
  p->down_until = SECONDS (1000);
  b->n_sent = 0;
  bench_run (b, SECONDS (39));
  fail_unless (b->n_sent > 5);
  for (unsigned i = 0; i < b->n_sent; i++) {
    fail_unless (b->sent[i].time - last <= SECONDS (4));
    last = b->sent[i].time;
  }
  bench_run (b, SECONDS (300));
  fail_unless (b->sent[b->n_sent - 1].time - b->sent[b->n_sent - 2].time >
      SECONDS (30));
  bench_free (b);
}

GST_END_TEST;

/* The first of two dies after data flowed: an Update to the second within
 * 15 s. */
GST_START_TEST (test_failover)
{
  static const char *const two[] = { RELAY, RELAY_B };
  core_time worst = 0;

  for (unsigned seed = 0; seed < 400; seed++) {
    test_bench *b = bench_new ();
    test_peer *p = bench_peer (b, RELAY), *q = bench_peer (b, RELAY_B);

    b->random.waits = seed < 4 ? WAITS_LONGEST : WAITS_RANDOM;
    b->random.seed = seed;
    p->icmp = seed % 4 == 1;
    p->data_interval = q->data_interval = 100 * CORE_MSECOND;
    p->down_from = SECONDS (30) + seed * (SECONDS (25) / 400);
    bench_candidates (b, 2, two, false);
    bench_join (b, S1, G1, 5001);
    if (seed % 3 == 0)
      bench_join (b, S6, G6, 5001);
    bench_run (b, p->down_from + SECONDS (30));
    fail_unless (q->first_update != 0);
    worst = MAX (worst, q->first_update - p->down_from);
    fail_unless_equals_uint64 (amt_gateway_get_stats (b->gw)->failovers, 1);
    bench_free (b);
  }
  fail_unless (worst <= SECONDS (15), "%.3f s", (double) worst / 1e9);
  fail_unless (worst >= SECONDS (10), "%.3f s", (double) worst / 1e9);
}

GST_END_TEST;

/* The preferred relay is not tried again before its hold-down ends; all held:
 * the one that ends first. */
GST_START_TEST (test_hold_down)
{
  static const char *const two[] = { RELAY, RELAY_B };
  test_bench *b = bench_new ();
  test_peer *p = bench_peer (b, RELAY), *q = bench_peer (b, RELAY_B);
  unsigned p_lost;

  p->down_from = 0;
  p->down_until = SECONDS (3);
  bench_candidates (b, 2, two, false);
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (100));
  fail_unless_equals_int (p->n_lost, 3);
  fail_unless_equals_int (p->n_requests, 0);
  fail_unless (q->n_joined == 1);

  /* The second dies within the hold-down of the first. */
  q->down_from = b->now;
  bench_run (b, SECONDS (115));
  fail_unless_equals_int (p->n_joined, 1);
  p_lost = bench_count (b, AMT_EVENT_RELAY_LOST, NULL);
  fail_unless_equals_int (p_lost, 2);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_NEED_CANDIDATES, NULL), 0);
  bench_free (b);
}

GST_END_TEST;

/* Of three: one that is held is passed over for one that is not, and of those
 * held the one goes first whose time ends first, whatever their order. */
GST_START_TEST (test_hold_down_order)
{
  static const char *const three[] = { RELAY, RELAY_B, "198.51.100.3" };
  test_bench *b = bench_new ();
  test_peer *p = bench_peer (b, RELAY), *q = bench_peer (b, RELAY_B);
  test_peer *r = bench_peer (b, three[2]);

  p->limit = true;
  bench_candidates (b, 3, three, false);
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (20));
  fail_unless_equals_int (q->n_joined, 1);
  q->down_from = b->now;
  q->down_until = b->now + SECONDS (30);
  bench_run (b, SECONDS (60));
  fail_unless_equals_int (p->n_requests, 1);
  fail_unless_equals_int (r->n_joined, 1);

  q->n_joined = 0;
  r->down_from = b->now;
  bench_run (b, SECONDS (90));
  fail_unless_equals_int (p->n_requests, 1);
  fail_unless_equals_int (q->n_joined, 1);
  bench_free (b);
}

GST_END_TEST;

/* What a relay that was given up still sends is taken, but it says nothing of
 * the one that is asked instead. */
GST_START_TEST (test_late_data)
{
  static const char *const two[] = { RELAY, RELAY_B };
  test_bench *b = bench_new ();
  test_peer *p = bench_peer (b, RELAY);

  b->random.waits = WAITS_LONGEST;
  bench_candidates (b, 2, two, false);
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (10));
  p->down_from = b->now;
  while (bench_count (b, AMT_EVENT_RELAY_LOST, NULL) == 0)
    bench_run (b, b->now + SECONDS (1));
  b->n_events = 0;
  fail_unless_equals_int (bench_state (b), AMT_GATEWAY_REQUEST);
  fail_unless_equals_int (bench_feed_data (b, p), 1);
  for (unsigned i = 0; i < 20; i++) {
    b->now = amt_gateway_deadline (b->gw);
    amt_gateway_expire (b->gw, b->now);
    bench_drain (b);
  }
  fail_unless_equals_int (bench_count (b, AMT_EVENT_SILENT, NULL), 0);
  bench_free (b);
}

GST_END_TEST;

/* A second outage of a relay is waited for as the first was, not longer. */
GST_START_TEST (test_second_outage)
{
  test_bench *b = bench_new ();
  test_peer *p = bench_peer (b, RELAY);
  core_time last, longest = 0;

  b->random.waits = WAITS_LONGEST;
  bench_one_candidate (b, RELAY, false);
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (10));
  p->down_from = b->now;
  p->down_until = SECONDS (600);
  bench_run (b, SECONDS (800));
  fail_unless_equals_int (p->n_joined, 1);
  fail_unless_equals_uint64 (amt_gateway_get_stats (b->gw)->failovers, 0);

  p->down_from = last = b->now;
  p->down_until = SECONDS (2000);
  b->n_sent = 0;
  bench_run (b, b->now + SECONDS (100));
  for (unsigned i = 0; i < b->n_sent; i++) {
    longest = MAX (longest, b->sent[i].time - last);
    last = b->sent[i].time;
  }
  longest = MAX (longest, b->now - last);
  fail_unless (longest < SECONDS (60), "%.3f s", (double) longest / 1e9);
  bench_free (b);
}

GST_END_TEST;

GST_START_TEST (test_limit_flag)
{
  static const char *const two[] = { RELAY, RELAY_B };
  test_bench *b = bench_new ();
  test_peer *p = bench_peer (b, RELAY), *q = bench_peer (b, RELAY_B);
  amt_gateway_event_info ev = { 0 };

  p->limit = true;
  bench_candidates (b, 2, two, false);
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (60));
  fail_unless_equals_int (p->n_updates, 0);
  fail_unless_equals_uint64 (b->first_data, 0);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, &ev), 1);
  fail_unless_equals_int (ev.reason, AMT_LOST_LIMIT);
  fail_unless_equals_uint64 (amt_gateway_get_stats (b->gw)->failovers, 0);
  fail_unless_equals_int (q->n_joined, 1);

  /* 300 s later the second dies: the first is still held but the last. */
  bench_run (b, SECONDS (300));
  fail_unless_equals_int (p->n_requests, 1);
  bench_free (b);

  /* Alone it is asked with growing waits, not in a loop. */
  b = bench_new ();
  p = bench_peer (b, RELAY);
  p->limit = true;
  b->random.waits = WAITS_LONGEST;
  bench_one_candidate (b, RELAY, false);
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (200));
  fail_unless (p->n_requests <= 8, "%u", p->n_requests);
  fail_unless_equals_int (p->n_updates, 0);
  bench_free (b);

  /* It forgot us, takes us for new and does not say so: the next one, if
   * there is a next one. */
  for (unsigned n = 1; n <= 2; n++) {
    b = bench_new ();
    p = bench_peer (b, RELAY);
    q = bench_peer (b, RELAY_B);
    bench_candidates (b, n, two, false);
    bench_join (b, S1, G1, 5001);
    bench_run (b, SECONDS (10));
    p->limit = true;
    bench_run (b, SECONDS (70));
    fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), 0);
    p->n_joined = 0;
    bench_run (b, SECONDS (75));
    fail_unless_equals_int (bench_count (b, AMT_EVENT_SILENT, NULL), 1);
    fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), 0);
    bench_run (b, SECONDS (100));
    fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), n - 1);
    fail_unless_equals_int (q->n_joined, n - 1);
    bench_free (b);
  }

  /* The endpoint changed: we are new to it. */
  b = bench_new ();
  p = bench_peer (b, RELAY);
  p->trailer = true;
  bench_one_candidate (b, RELAY, false);
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (10));
  p->limit = true;
  bench_run (b, SECONDS (55));
  fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), 0);
  p->seen.port++;
  bench_run (b, SECONDS (105));
  fail_unless (bench_count (b, AMT_EVENT_RELAY_LOST, &ev) >= 1);
  fail_unless_equals_int (ev.reason, AMT_LOST_LIMIT);
  bench_free (b);
}

GST_END_TEST;

GST_START_TEST (test_unreachable)
{
  static const char *const two[] = { RELAY, RELAY_B };
  core_addr other = test_addr (RELAY_B, AMT_PORT);
  core_addr stranger = test_addr ("192.0.2.99", AMT_PORT);
  core_addr relay = test_addr (RELAY, AMT_PORT);
  test_bench *b = bench_new ();
  amt_gateway_event_info ev = { 0 };
  test_peer *p;

  /* While asked: the next one at once. */
  bench_candidates (b, 2, two, false);
  bench_join (b, S1, G1, 5001);
  bench_expect (b, AMT_REQUEST);
  amt_gateway_unreachable (b->gw, &stranger, b->now);
  amt_gateway_unreachable (b->gw, &other, b->now);
  bench_expect_nothing (b);
  amt_gateway_unreachable (b->gw, &relay, b->now);
  bench_events (b);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, &ev), 1);
  fail_unless_equals_int (ev.reason, AMT_LOST_UNREACHABLE);
  bench_expect (b, AMT_REQUEST);
  fail_unless (core_addr_equal (&b->sent[1].to, &other));
  /* The last one keeps its tries. */
  amt_gateway_unreachable (b->gw, &other, b->now);
  bench_expect_nothing (b);
  bench_wait_deadline (b, SECONDS (1));
  bench_expect (b, AMT_REQUEST);
  bench_wait_deadline (b, SECONDS (2));
  bench_expect (b, AMT_REQUEST);
  bench_wait_deadline (b, SECONDS (3));
  bench_free (b);

  /* Active: a new cycle, once a second at most; not lost. */
  b = bench_active (&p);
  amt_gateway_unreachable (b->gw, &stranger, b->now);
  bench_expect_nothing (b);
  b->now = CORE_MSECOND * 100;
  amt_gateway_expire (b->gw, b->now);
  bench_expect_update (b, "ALLOW(232.1.1.1=192.0.2.10)");
  amt_gateway_unreachable (b->gw, &relay, b->now);
  bench_expect_nothing (b);
  bench_wait_deadline (b, SECONDS (1));
  bench_expect (b, AMT_REQUEST);
  bench_events (b);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), 0);
  b->now = SECONDS (3);
  fail_unless_equals_int (bench_feed_data (b, p), 1);
  amt_gateway_unreachable (b->gw, &relay, b->now);
  fail_unless_equals_int (bench_state (b), AMT_GATEWAY_ACTIVE);
  bench_free (b);

  /* An error while data flows does not lose the relay, one in silence does. */
  b = bench_active (&p);
  bench_candidates (b, 2, two, false);
  fail_unless_equals_int (bench_feed_data (b, p), 1);
  amt_gateway_network_changed (b->gw, b->now);
  bench_expect (b, AMT_REQUEST);
  amt_gateway_unreachable (b->gw, &relay, SECONDS (3.9));
  bench_events (b);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), 0);
  amt_gateway_unreachable (b->gw, &relay, SECONDS (4));
  bench_events (b);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), 1);
  bench_free (b);

  b = bench_active (&p);
  b->now = SECONDS (3);
  amt_gateway_expire (b->gw, b->now);
  bench_expect (b, AMT_MEMBERSHIP_UPDATE);
  amt_gateway_unreachable (b->gw, &relay, b->now);
  bench_expect (b, AMT_REQUEST);
  bench_free (b);
}

GST_END_TEST;

static Suite *
amt_gateway_failover_suite (void)
{
  Suite *s = suite_create ("amt-gateway-failover");
  TCase *tc = tcase_create ("rules");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_silence);
  tcase_add_test (tc, test_data_without_answers);
  tcase_add_test (tc, test_no_data);
  tcase_add_test (tc, test_outage_of_single_relay);
  tcase_add_test (tc, test_quick_rounds);
  tcase_add_test (tc, test_failover);
  tcase_add_test (tc, test_hold_down);
  tcase_add_test (tc, test_hold_down_order);
  tcase_add_test (tc, test_late_data);
  tcase_add_test (tc, test_second_outage);
  tcase_add_test (tc, test_limit_flag);
  tcase_add_test (tc, test_unreachable);
  return s;
}

GST_CHECK_MAIN (amt_gateway_failover);
