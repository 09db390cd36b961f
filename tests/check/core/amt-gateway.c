/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The AMT gateway's rules as scripts of time, input and expected output.
 */
#include "amt-gateway-test.h"

#define RELAY "198.51.100.1"
#define RELAY_B "198.51.100.2"
#define S1 "192.0.2.10"
#define S2 "192.0.2.11"
#define G1 "232.1.1.1"
#define G2 "232.1.1.2"
#define S6 "2001:db8::10"
#define G6 "ff3e::8000:1"

/* A gateway with one relay that has just taken the first Update of a
 * channel. */
static test_bench *
active (test_peer ** peer)
{
  test_bench *b = bench_new ();
  amt_message request;

  *peer = bench_peer (b, RELAY);
  bench_one_candidate (b, RELAY, false);
  fail_unless_equals_int (bench_join (b, S1, G1, 5001), 0);
  request = bench_expect (b, AMT_REQUEST);
  fail_unless_equals_int (bench_answer (b, *peer, &request), CORE_OK);
  bench_expect_update (b, "ALLOW(232.1.1.1=192.0.2.10)");
  bench_expect_nothing (b);
  return b;
}

static int
feed_data (test_bench * b, const test_peer * p)
{
  core_ip s = test_ip (S1), g = test_ip (G1);
  uint8_t buf[128];
  size_t len = test_data (&s, &g, 5001, buf + 100, 8, buf, sizeof (buf));

  return bench_receive (b, &p->addr, buf, len, NULL);
}

GST_START_TEST (test_arguments)
{
  amt_gateway_config config = { 0 };
  amt_gateway *gw;
  amt_relay_candidate c = {.addr = test_addr (RELAY, AMT_PORT) };
  test_bench *b;

  fail_unless_equals_int (amt_gateway_new (&gw, &config, 0),
      CORE_ERR_INVALID_ARGUMENT);
  fail_unless (gw == NULL);
  amt_gateway_free (NULL);

  config.max_channels = 2;
  config.max_candidates = 1;
  b = bench_new_full (config, 7);
  fail_unless_equals_int (bench_join (b, G1, G1, 1),
      CORE_ERR_INVALID_ARGUMENT);
  fail_unless_equals_int (bench_join (b, S1, S2, 1),
      CORE_ERR_INVALID_ARGUMENT);
  fail_unless_equals_int (bench_join (b, S1, G6, 1),
      CORE_ERR_INVALID_ARGUMENT);
  fail_unless_equals_int (bench_join (b, S1, G1, 1), 0);
  fail_unless_equals_int (bench_join (b, S2, G1, 1), 1);
  fail_unless_equals_int (bench_join (b, S2, G2, 1), CORE_ERR_LIMIT);
  amt_gateway_leave (b->gw, 0, b->now);
  amt_gateway_leave (b->gw, 0, b->now);
  amt_gateway_leave (b->gw, -1, b->now);
  amt_gateway_leave (b->gw, 99, b->now);
  fail_unless_equals_int (bench_join (b, S2, G2, 1), 0);

  fail_unless_equals_int (amt_gateway_set_candidates (b->gw, &c, 2, b->now),
      CORE_ERR_LIMIT);
  c.addr.port = 0;
  fail_unless_equals_int (amt_gateway_set_candidates (b->gw, &c, 1, b->now),
      CORE_ERR_INVALID_ARGUMENT);
  c.addr = test_addr (G1, AMT_PORT);
  fail_unless_equals_int (amt_gateway_set_candidates (b->gw, &c, 1, b->now),
      CORE_ERR_INVALID_ARGUMENT);
  fail_unless_equals_int (bench_state (b), AMT_GATEWAY_IDLE);
  fail_unless_equals_uint64 (amt_gateway_deadline (b->gw), CORE_TIME_NEVER);
  bench_expect_nothing (b);
  bench_free (b);

  fail_unless_equals_string (amt_gateway_state_name (AMT_GATEWAY_IDLE),
      "idle");
  fail_unless_equals_string (amt_gateway_state_name (AMT_GATEWAY_DISCOVER),
      "discover");
  fail_unless_equals_string (amt_gateway_state_name (AMT_GATEWAY_REQUEST),
      "request");
  fail_unless_equals_string (amt_gateway_state_name (AMT_GATEWAY_ACTIVE),
      "active");
}

GST_END_TEST;

/* T0 = 1 s, doubling, random below; the same nonce in one cycle. */
static void
check_retries (bool discovery, test_waits waits, const double *at, unsigned n)
{
  test_bench *b = bench_new ();
  amt_type type = discovery ? AMT_RELAY_DISCOVERY : AMT_REQUEST;
  amt_message first_try;

  b->random.waits = waits;
  bench_one_candidate (b, RELAY, discovery);
  bench_join (b, S1, G1, 5001);
  fail_unless_equals_int (bench_state (b), discovery ? AMT_GATEWAY_DISCOVER :
      AMT_GATEWAY_REQUEST);
  first_try = bench_expect (b, type);
  for (unsigned i = 0; i < n; i++) {
    amt_message msg;

    bench_expect_nothing (b);
    bench_wait_deadline (b, SECONDS (at[i]));
    bench_events (b);
    if ((i + 1) % 4 == 3) {
      /* Lost after the third wait; asked again after a pause. */
      bench_expect_nothing (b);
      fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL),
          (i + 2) / 4);
      fail_unless_equals_int (bench_count (b, AMT_EVENT_NEED_CANDIDATES, NULL),
          (i + 2) / 4);
      continue;
    }
    msg = bench_expect (b, type);
    fail_unless ((msg.nonce == first_try.nonce) == (i < 3));
  }
  bench_free (b);
}

GST_START_TEST (test_retries)
{
  static const double shortest[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
  /* tries 1, 2, 4; rounds 1, 2, 4 */
  static const double longest[] =
      { 1, 3, 7, 8, 9, 11, 15, 17, 18, 20, 24, 28 };

  for (int discovery = 0; discovery < 2; discovery++) {
    check_retries (discovery, WAITS_SHORTEST, shortest, 12);
    check_retries (discovery, WAITS_LONGEST, longest, 12);
  }
}

GST_END_TEST;

/* The waits between rounds end at 120 s. */
GST_START_TEST (test_round_limit)
{
  test_bench *b = bench_new ();
  core_time last = 0, longest = 0;

  b->random.waits = WAITS_LONGEST;
  bench_one_candidate (b, RELAY, false);
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (7200));
  for (unsigned i = 0; i < b->n_sent; i++) {
    longest = MAX (longest, b->sent[i].time - last);
    last = b->sent[i].time;
  }
  fail_unless_equals_uint64 (longest, SECONDS (124));
  fail_unless (SECONDS (7200) - last <= SECONDS (124));
  bench_free (b);
}

GST_END_TEST;

GST_START_TEST (test_give_up)
{
  amt_gateway_config config = {.give_up = SECONDS (30) };
  test_bench *b = bench_new_full (config, SECONDS (5));
  amt_gateway_event_info ev = { 0 };
  test_peer *p;

  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (34.9));
  fail_unless_equals_int (bench_count (b, AMT_EVENT_GAVE_UP, NULL), 0);
  bench_run (b, SECONDS (500));
  fail_unless_equals_int (bench_count (b, AMT_EVENT_GAVE_UP, &ev), 1);
  fail_unless_equals_int (ev.reason, AMT_LOST_NO_ANSWER);
  bench_free (b);

  /* Any Query ends it for good. */
  b = bench_new_full (config, 0);
  p = bench_peer (b, RELAY);
  p->down_from = SECONDS (20);
  p->down_until = SECONDS (1000);
  bench_one_candidate (b, RELAY, false);
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (500));
  fail_unless_equals_int (bench_count (b, AMT_EVENT_GAVE_UP, NULL), 0);
  fail_unless (amt_gateway_get_stats (b->gw)->ever_connected);
  bench_free (b);

  /* Leaving ends it until the next join; sleep does not count. */
  b = bench_new_full (config, 0);
  bench_join (b, S1, G1, 5001);
  amt_gateway_leave (b->gw, 0, SECONDS (10));
  fail_unless_equals_uint64 (amt_gateway_deadline (b->gw), CORE_TIME_NEVER);
  b->now = SECONDS (20);
  bench_join (b, S1, G1, 5001);
  bench_wait_deadline (b, SECONDS (50) - 0);
  bench_events (b);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_GAVE_UP, NULL), 1);
  bench_free (b);

  b = bench_new_full (config, 0);
  bench_join (b, S1, G1, 5001);
  b->now = SECONDS (100);
  amt_gateway_resume (b->gw, b->now);
  fail_unless_equals_uint64 (amt_gateway_deadline (b->gw), SECONDS (130));
  bench_free (b);
}

GST_END_TEST;

GST_START_TEST (test_events_and_stats)
{
  static const amt_gateway_event_type expected[] = { AMT_EVENT_CONNECTING,
    AMT_EVENT_CONNECTING, AMT_EVENT_CONNECTED, AMT_EVENT_REPORTED,
    AMT_EVENT_PORT_LEARNT
  };
  test_bench *b = bench_new ();
  test_peer *d = bench_peer (b, RELAY_B);
  test_peer *p = bench_peer (b, RELAY);
  const amt_gateway_stats *s = amt_gateway_get_stats (b->gw);

  d->discovery = true;
  d->advertise = p->addr.ip;
  bench_one_candidate (b, RELAY_B, true);
  bench_join (b, S1, G1, 0);
  bench_run (b, SECONDS (1));
  fail_unless_equals_int (b->n_events, G_N_ELEMENTS (expected));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    fail_unless_equals_int (b->events[i].type, expected[i]);
  fail_unless (b->events[0].discovery && !b->events[1].discovery);
  fail_unless (core_addr_equal (&b->events[0].relay, &d->addr));
  fail_unless (core_addr_equal (&b->events[1].relay, &p->addr));
  fail_unless_equals_int (b->events[4].channel, 0);
  fail_unless_equals_int (b->events[4].channel_port, 5001);

  fail_unless_equals_int (s->state, AMT_GATEWAY_ACTIVE);
  fail_unless (core_addr_equal (&s->relay, &p->addr));
  fail_unless_equals_uint64 (s->requests_sent, 1);
  /* Discovery, Request, Update and its repeat. */
  fail_unless_equals_uint64 (s->control_sent, 4);
  fail_unless_equals_uint64 (s->control_received, 2);
  fail_unless_equals_uint64 (s->data_accepted, b->n_data);
  fail_unless_equals_uint64 (s->data_bytes, 32 * b->n_data);
  fail_unless_equals_uint64 (s->last_data, b->last_data);
  fail_unless_equals_uint64 (s->failovers, 0);
  bench_free (b);
}

GST_END_TEST;

GST_START_TEST (test_events_overflow)
{
  test_bench *b = bench_new ();
  amt_gateway_event_info ev, last = { 0 };
  unsigned n = 0;

  bench_one_candidate (b, RELAY, false);
  bench_join (b, S1, G1, 5001);
  for (unsigned i = 0; i < 2000; i++) {
    while (bench_send_one (b) != NULL);
    b->now = amt_gateway_deadline (b->gw);
    amt_gateway_expire (b->gw, b->now);
  }
  while (amt_gateway_event (b->gw, &ev)) {
    n++;
    last = ev;
  }
  fail_unless_equals_int (n, 32);
  fail_unless (amt_gateway_get_stats (b->gw)->events_lost > 100);
  fail_unless (last.type != 0);
  bench_free (b);
}

GST_END_TEST;

/* The refresh keeps the old pair in use until the answer comes, and no data
 * is refused meanwhile. */
GST_START_TEST (test_refresh)
{
  test_peer *p;
  test_bench *b = active (&p);
  amt_message request, again, update;

  bench_wait_deadline (b, 1);
  bench_expect_update (b, "ALLOW(232.1.1.1=192.0.2.10)");
  for (unsigned t = 3; t < 50; t += 3) {
    b->now = SECONDS (t);
    fail_unless_equals_int (feed_data (b, p), 1);
  }
  bench_wait_deadline (b, SECONDS (50));
  request = bench_expect (b, AMT_REQUEST);
  fail_unless_equals_int (feed_data (b, p), 1);

  bench_wait_deadline (b, SECONDS (51));
  again = bench_expect (b, AMT_REQUEST);
  fail_unless_equals_int (again.nonce, request.nonce);
  fail_unless_equals_int (bench_join (b, S2, G1, 5001), 1);
  update = bench_expect_update (b, "ALLOW(232.1.1.1=192.0.2.11)");
  fail_unless (update.nonce != request.nonce);
  fail_unless_equals_int (update.mac[0], 1);

  fail_unless_equals_int (bench_answer (b, p, &request), CORE_OK);
  fail_unless_equals_int (bench_answer (b, p, &request), CORE_ERR_NOT_WAITING);
  update = bench_expect_update (b, "IS_IN(232.1.1.1=192.0.2.10,192.0.2.11)");
  fail_unless_equals_int (update.nonce, request.nonce);
  fail_unless_equals_int (update.mac[0], 2);
  /* The pending repeat carries the new pair; IS_IN is not repeated. */
  bench_wait_deadline (b, SECONDS (51) + 1);
  update = bench_expect_update (b, "ALLOW(232.1.1.1=192.0.2.11)");
  fail_unless_equals_int (update.nonce, request.nonce);
  bench_wait_deadline (b, SECONDS (54));
  bench_free (b);
}

GST_END_TEST;

GST_START_TEST (test_query_interval)
{
  static const struct
  {
    unsigned qqi;
    double refresh_max, expected;
  } cases[] = {
    {125, 0, 50}, {20, 0, 20}, {5, 0, 5}, {125, 100, 100}, {3584, 0, 50},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    amt_gateway_config config = {.refresh_max = SECONDS (cases[i].refresh_max)
    };
    test_bench *b = bench_new_full (config, 0);
    test_peer *p = bench_peer (b, RELAY);

    p->query.query_interval = cases[i].qqi;
    bench_one_candidate (b, RELAY, false);
    bench_join (b, S1, G1, 5001);
    bench_run (b, SECONDS (300));
    fail_unless_equals_int (p->n_requests, 1 + 300 / (int) cases[i].expected);
    fail_unless_equals_uint64 (p->last_request,
        SECONDS (cases[i].expected * (300 / (int) cases[i].expected)));
    bench_free (b);
  }
}

GST_END_TEST;

/* Robustness n: n reports, the later ones at random times. */
GST_START_TEST (test_robustness)
{
  for (unsigned rv = 1; rv <= 7; rv++) {
    test_bench *b = bench_new ();
    test_peer *p = bench_peer (b, RELAY);

    p->query.robustness = (uint8_t) rv;
    b->random.waits = WAITS_LONGEST;
    bench_one_candidate (b, RELAY, false);
    bench_join (b, S1, G1, 5001);
    bench_run (b, SECONDS (rv - 1) - 1 + (rv == 1));
    fail_unless_equals_int (p->n_updates, MAX (1, rv - 1));
    bench_run (b, SECONDS (20));
    fail_unless_equals_int (p->n_updates, rv);
    bench_free (b);
  }
}

GST_END_TEST;

GST_START_TEST (test_membership_changes)
{
  test_peer *p;
  test_bench *b = active (&p);

  /* The pending repeat is merged into the next change. */
  fail_unless_equals_int (bench_join (b, S2, G1, 5001), 1);
  bench_expect_update (b, "ALLOW(232.1.1.1=192.0.2.10,192.0.2.11)");
  bench_expect_nothing (b);

  /* Allowed, then blocked while pending: its current state. */
  amt_gateway_leave (b->gw, 1, b->now);
  bench_expect_update (b, "BLOCK(232.1.1.1=192.0.2.11)");
  /* And back again. */
  fail_unless_equals_int (bench_join (b, S2, G1, 5001), 1);
  bench_expect_update (b, "ALLOW(232.1.1.1=192.0.2.11)");
  amt_gateway_leave (b->gw, 1, b->now);
  bench_expect_update (b, "BLOCK(232.1.1.1=192.0.2.11)");
  bench_wait_deadline (b, 1);
  bench_expect_update (b, "BLOCK(232.1.1.1=192.0.2.11)");
  bench_wait_deadline (b, SECONDS (4));
  fail_unless_equals_int (bench_expect (b, AMT_REQUEST).type, AMT_REQUEST);

  /* Joined and left before anything was sent: nothing to tell. */
  fail_unless_equals_int (bench_join (b, S2, G2, 5001), 1);
  amt_gateway_leave (b->gw, 1, b->now);
  bench_expect_nothing (b);

  /* Switching sources is one report. */
  fail_unless_equals_int (bench_join (b, S2, G1, 5001), 1);
  amt_gateway_leave (b->gw, 0, b->now);
  bench_expect_update (b,
      "ALLOW(232.1.1.1=192.0.2.11) BLOCK(232.1.1.1=192.0.2.10)");
  bench_expect_nothing (b);
  bench_free (b);
}

GST_END_TEST;

/* Two ports of one (S,G) are one membership. */
GST_START_TEST (test_shared_membership)
{
  test_peer *p;
  test_bench *b = active (&p);

  bench_wait_deadline (b, 1);
  bench_expect_update (b, "ALLOW(232.1.1.1=192.0.2.10)");
  fail_unless_equals_int (bench_join (b, S1, G1, 5002), 1);
  bench_expect_nothing (b);
  amt_gateway_leave (b->gw, 0, b->now);
  bench_expect_nothing (b);
  fail_unless_equals_int (feed_data (b, p), CORE_ERR_PORT_NOT_SUBSCRIBED);
  amt_gateway_leave (b->gw, 1, b->now);
  bench_expect_update (b, "BLOCK(232.1.1.1=192.0.2.10)");
  fail_unless_equals_int (feed_data (b, p), CORE_ERR_GROUP_NOT_SUBSCRIBED);
  bench_free (b);
}

GST_END_TEST;

/* The last channel: BLOCK, its repeat, Teardown if possible, silence. */
GST_START_TEST (test_last_leave)
{
  for (int trailer = 0; trailer < 2; trailer++) {
    test_bench *b = bench_new ();
    test_peer *p = bench_peer (b, RELAY);
    unsigned sent;

    p->trailer = trailer;
    bench_one_candidate (b, RELAY, false);
    bench_join (b, S1, G1, 5001);
    bench_run (b, SECONDS (10));
    sent = b->n_sent;
    amt_gateway_leave (b->gw, 0, b->now);
    fail_unless_equals_int (bench_state (b), AMT_GATEWAY_IDLE);
    bench_run (b, SECONDS (500));
    fail_unless_equals_int (b->n_sent, sent + 2 + (unsigned) trailer);
    fail_unless_equals_int (p->n_joined, 0);
    fail_unless_equals_int (p->n_teardowns, trailer);
    fail_unless_equals_uint64 (amt_gateway_deadline (b->gw), CORE_TIME_NEVER);

    /* And from the start. */
    bench_join (b, S1, G1, 5001);
    b->first_data = CORE_TIME_NEVER;
    bench_run (b, SECONDS (501));
    fail_unless (b->first_data <= SECONDS (500.02));
    bench_free (b);
  }
}

GST_END_TEST;

/* A channel change: the tunnel stays as it is. */
GST_START_TEST (test_rejoin_while_leaving)
{
  test_peer *p;
  test_bench *b = active (&p);

  amt_gateway_leave (b->gw, 0, b->now);
  fail_unless_equals_int (bench_join (b, S2, G2, 5001), 0);
  fail_unless_equals_int (bench_state (b), AMT_GATEWAY_ACTIVE);
  bench_expect_update (b,
      "ALLOW(232.1.1.2=192.0.2.11) BLOCK(232.1.1.1=192.0.2.10)");
  bench_wait_deadline (b, 1);
  bench_expect_update (b,
      "ALLOW(232.1.1.2=192.0.2.11) BLOCK(232.1.1.1=192.0.2.10)");
  bench_expect_nothing (b);
  bench_wait_deadline (b, SECONDS (4));
  bench_expect (b, AMT_REQUEST);
  bench_free (b);
}

GST_END_TEST;

GST_START_TEST (test_stop)
{
  test_peer *p;
  test_bench *b = active (&p);
  unsigned events;

  bench_events (b);
  events = b->n_events;
  amt_gateway_stop (b->gw, b->now);
  amt_gateway_stop (b->gw, b->now);
  bench_expect_update (b, "BLOCK(232.1.1.1=192.0.2.10)");
  bench_expect_nothing (b);
  fail_unless_equals_uint64 (amt_gateway_deadline (b->gw), CORE_TIME_NEVER);
  bench_run (b, SECONDS (1000));
  bench_expect_nothing (b);
  fail_unless_equals_int (b->n_events, events);
  fail_unless_equals_int (bench_state (b), AMT_GATEWAY_IDLE);
  bench_free (b);

  /* Joined again before the farewell was sent: first that, then anew. */
  b = active (&p);
  amt_gateway_stop (b->gw, b->now);
  fail_unless_equals_int (bench_join (b, S1, G1, 5001), 0);
  bench_expect_update (b, "BLOCK(232.1.1.1=192.0.2.10)");
  bench_expect (b, AMT_REQUEST);
  fail_unless_equals_int (feed_data (b, p), 1);
  bench_free (b);

  /* In every earlier state nothing is to be said. */
  b = bench_new ();
  bench_one_candidate (b, RELAY, true);
  bench_join (b, S1, G1, 5001);
  amt_gateway_stop (b->gw, b->now);
  bench_expect_nothing (b);
  bench_join (b, S1, G1, 5001);
  bench_expect (b, AMT_RELAY_DISCOVERY);
  amt_gateway_stop (b->gw, b->now);
  bench_expect_nothing (b);
  fail_unless_equals_uint64 (amt_gateway_deadline (b->gw), CORE_TIME_NEVER);
  bench_free (b);
}

GST_END_TEST;

/* 300 channels of both families: every Update fits, all are joined, refreshed
 * and left. */
GST_START_TEST (test_many_channels)
{
  test_bench *b = bench_new ();
  test_peer *p = bench_peer (b, RELAY);
  amt_channel c = { 0 };

  bench_one_candidate (b, RELAY, false);
  p->data_interval = SECONDS (1);
  for (unsigned i = 0; i < 300; i++) {
    c.source = test_ip (i % 2 ? S1 : S6);
    c.group = test_ip (i % 2 ? G1 : G6);
    c.source.bytes[i % 2 ? 3 : 15] = (uint8_t) (i / 10 + 1);
    c.group.bytes[i % 2 ? 3 : 15] = (uint8_t) (i % 10 + 1);
    c.port = 5001;
    fail_unless_equals_int (amt_gateway_join (b->gw, &c, b->now), (int) i);
  }
  bench_run (b, SECONDS (10));
  fail_unless_equals_int (p->n_joined, 300);
  /* One report of 150 IPv4 channels is one datagram, of IPv6 three. */
  fail_unless_equals_int (p->n_updates, 2 * (1 + 3));
  bench_run (b, SECONDS (60));
  fail_unless_equals_int (p->n_updates, 3 * (1 + 3));
  fail_unless_equals_int (p->n_requests, 4);
  fail_unless (b->n_data >= 300 * 58);

  for (int i = 0; i < 300; i++)
    amt_gateway_leave (b->gw, i, b->now);
  bench_run (b, SECONDS (100));
  fail_unless_equals_int (p->n_joined, 0);
  bench_free (b);
}

GST_END_TEST;

/* Churn at the limit: members that wait to be blocked do not pile up. */
GST_START_TEST (test_bounded_members)
{
  amt_gateway_config config = {.max_channels = 3 };
  test_bench *b = bench_new_full (config, 0);
  test_peer *p = bench_peer (b, RELAY);
  char group[32];

  p->query.robustness = 7;
  bench_one_candidate (b, RELAY, false);
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (2));
  for (unsigned i = 0; i < 100; i++) {
    int c;

    g_snprintf (group, sizeof (group), "232.2.0.%u", i);
    c = bench_join (b, S1, group, 5001);
    fail_unless (c >= 0);
    bench_drain (b);
    amt_gateway_leave (b->gw, c, b->now);
  }
  bench_run (b, SECONDS (10));
  fail_unless_equals_int (p->n_joined, 1);

  /* Also when nobody sends. */
  for (unsigned i = 0; i < 1000; i++) {
    g_snprintf (group, sizeof (group), "232.3.%u.%u", i / 256, i % 256);
    amt_gateway_leave (b->gw, bench_join (b, S1, group, 5001), b->now);
    amt_gateway_leave (b->gw, bench_join (b, S1, group, 5001), b->now);
  }
  bench_run (b, SECONDS (20));
  fail_unless_equals_int (p->n_joined, 1);
  bench_free (b);
}

GST_END_TEST;

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
  b = active (&p);
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
  fail_unless_equals_int (feed_data (b, p), 1);
  amt_gateway_unreachable (b->gw, &relay, b->now);
  fail_unless_equals_int (bench_state (b), AMT_GATEWAY_ACTIVE);
  bench_free (b);

  /* An error while data flows does not lose the relay, one in silence does. */
  b = active (&p);
  bench_candidates (b, 2, two, false);
  fail_unless_equals_int (feed_data (b, p), 1);
  amt_gateway_network_changed (b->gw, b->now);
  bench_expect (b, AMT_REQUEST);
  amt_gateway_unreachable (b->gw, &relay, SECONDS (3.9));
  bench_events (b);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), 0);
  amt_gateway_unreachable (b->gw, &relay, SECONDS (4));
  bench_events (b);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), 1);
  bench_free (b);

  b = active (&p);
  b->now = SECONDS (3);
  amt_gateway_expire (b->gw, b->now);
  bench_expect (b, AMT_MEMBERSHIP_UPDATE);
  amt_gateway_unreachable (b->gw, &relay, b->now);
  bench_expect (b, AMT_REQUEST);
  bench_free (b);
}

GST_END_TEST;

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

GST_START_TEST (test_network_changed)
{
  test_peer *p;
  test_bench *b = active (&p);
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
  test_bench *b = active (&p);
  amt_message msg;

  bench_wait_deadline (b, 1);
  bench_expect (b, AMT_MEMBERSHIP_UPDATE);
  b->now = SECONDS (3);
  fail_unless_equals_int (feed_data (b, p), 1);

  /* Ten seconds of sleep are no silence. */
  b->now = SECONDS (13);
  amt_gateway_resume (b->gw, b->now);
  amt_gateway_expire (b->gw, b->now);
  bench_expect_nothing (b);
  fail_unless_equals_uint64 (amt_gateway_deadline (b->gw), SECONDS (17));

  /* After minutes the membership is asked for anew. */
  b->now = SECONDS (400);
  amt_gateway_resume (b->gw, b->now);
  amt_gateway_expire (b->gw, b->now);
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
amt_gateway_suite (void)
{
  Suite *s = suite_create ("amt-gateway");
  TCase *tc = tcase_create ("rules");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_arguments);
  tcase_add_test (tc, test_retries);
  tcase_add_test (tc, test_round_limit);
  tcase_add_test (tc, test_give_up);
  tcase_add_test (tc, test_events_and_stats);
  tcase_add_test (tc, test_events_overflow);
  tcase_add_test (tc, test_refresh);
  tcase_add_test (tc, test_query_interval);
  tcase_add_test (tc, test_robustness);
  tcase_add_test (tc, test_membership_changes);
  tcase_add_test (tc, test_shared_membership);
  tcase_add_test (tc, test_last_leave);
  tcase_add_test (tc, test_rejoin_while_leaving);
  tcase_add_test (tc, test_stop);
  tcase_add_test (tc, test_many_channels);
  tcase_add_test (tc, test_bounded_members);
  tcase_add_test (tc, test_silence);
  tcase_add_test (tc, test_no_data);
  tcase_add_test (tc, test_outage_of_single_relay);
  tcase_add_test (tc, test_quick_rounds);
  tcase_add_test (tc, test_failover);
  tcase_add_test (tc, test_hold_down);
  tcase_add_test (tc, test_limit_flag);
  tcase_add_test (tc, test_unreachable);
  tcase_add_test (tc, test_discovery);
  tcase_add_test (tc, test_rediscovery);
  tcase_add_test (tc, test_set_candidates);
  tcase_add_test (tc, test_network_changed);
  tcase_add_test (tc, test_resume);
  tcase_add_test (tc, test_late_now);
  return s;
}

GST_CHECK_MAIN (amt_gateway);
