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
  fail_unless_equals_int (bench_join (b, G1, G1, 1), CORE_ERR_INVALID_ARGUMENT);
  fail_unless_equals_int (bench_join (b, S1, S2, 1), CORE_ERR_INVALID_ARGUMENT);
  fail_unless_equals_int (bench_join (b, S1, G6, 1), CORE_ERR_INVALID_ARGUMENT);
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

  fail_unless_equals_string (amt_gateway_state_name (AMT_GATEWAY_IDLE), "idle");
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
  static const double longest[] = { 1, 3, 7, 8, 9, 11, 15, 17, 18, 20, 24, 28 };

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

  /* A relay that takes nobody is of no use, and that is the reason told. */
  b = bench_new_full (config, 0);
  p = bench_peer (b, RELAY);
  p->limit = true;
  bench_one_candidate (b, RELAY, false);
  bench_join (b, S1, G1, 5001);
  bench_run (b, SECONDS (29.9));
  fail_unless_equals_int (bench_count (b, AMT_EVENT_GAVE_UP, NULL), 0);
  bench_run (b, SECONDS (60));
  fail_unless_equals_int (bench_count (b, AMT_EVENT_GAVE_UP, &ev), 1);
  fail_unless_equals_int (ev.reason, AMT_LOST_LIMIT);
  fail_if (amt_gateway_get_stats (b->gw)->ever_connected);
  bench_free (b);

  /* Any other Query ends it for good. */
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
  test_bench *b = bench_active (&p);
  amt_message request, again, update;

  bench_wait_deadline (b, 1);
  bench_expect_update (b, "ALLOW(232.1.1.1=192.0.2.10)");
  for (unsigned t = 3; t < 50; t += 3) {
    b->now = SECONDS (t);
    fail_unless_equals_int (bench_feed_data (b, p), 1);
  }
  bench_wait_deadline (b, SECONDS (50));
  request = bench_expect (b, AMT_REQUEST);
  fail_unless_equals_int (bench_feed_data (b, p), 1);

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
  test_bench *b = bench_active (&p);

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
  test_bench *b = bench_active (&p);

  bench_wait_deadline (b, 1);
  bench_expect_update (b, "ALLOW(232.1.1.1=192.0.2.10)");
  fail_unless_equals_int (bench_join (b, S1, G1, 5002), 1);
  bench_expect_nothing (b);
  amt_gateway_leave (b->gw, 0, b->now);
  bench_expect_nothing (b);
  fail_unless_equals_int (bench_feed_data (b, p), CORE_ERR_PORT_NOT_SUBSCRIBED);
  amt_gateway_leave (b->gw, 1, b->now);
  bench_expect_update (b, "BLOCK(232.1.1.1=192.0.2.10)");
  fail_unless_equals_int (bench_feed_data (b, p),
      CORE_ERR_GROUP_NOT_SUBSCRIBED);
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
  test_bench *b = bench_active (&p);

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
  test_bench *b = bench_active (&p);
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
  b = bench_active (&p);
  amt_gateway_stop (b->gw, b->now);
  fail_unless_equals_int (bench_join (b, S1, G1, 5001), 0);
  bench_expect_update (b, "BLOCK(232.1.1.1=192.0.2.10)");
  bench_expect (b, AMT_REQUEST);
  fail_unless_equals_int (bench_feed_data (b, p), 1);
  bench_free (b);

  /* With a Request pending because of an ICMP error. */
  b = bench_active (&p);
  amt_gateway_unreachable (b->gw, &p->addr, b->now);
  amt_gateway_stop (b->gw, b->now);
  bench_expect_update (b, "BLOCK(232.1.1.1=192.0.2.10)");
  bench_expect_nothing (b);
  fail_unless_equals_uint64 (amt_gateway_deadline (b->gw), CORE_TIME_NEVER);
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

/* All of them are blocked when the gateway stops. */
GST_START_TEST (test_stop_many_channels)
{
  test_bench *b = bench_new ();
  test_peer *p = bench_peer (b, RELAY);
  amt_channel c = {.source = test_ip (S6),.group = test_ip (G6),.port = 5001 };

  bench_one_candidate (b, RELAY, false);
  p->mute_data = true;
  for (unsigned i = 0; i < 150; i++) {
    c.group.bytes[15] = (uint8_t) i;
    fail_unless_equals_int (bench_join (b, S1, G1, 5001) < 0, 0);
    fail_unless_equals_int (amt_gateway_join (b->gw, &c, b->now) < 0, 0);
  }
  bench_run (b, SECONDS (3));
  fail_unless_equals_int (p->n_joined, 151);
  p->n_updates = 0;
  amt_gateway_stop (b->gw, b->now);
  bench_drain (b);
  fail_unless_equals_int (p->n_joined, 0);
  fail_unless (p->n_updates > 2);
  bench_free (b);
}

GST_END_TEST;

/* What was left while its relay was lost is blocked when it is back. */
GST_START_TEST (test_left_while_lost)
{
  test_bench *b = bench_new ();
  test_peer *p = bench_peer (b, RELAY);
  int second;

  bench_one_candidate (b, RELAY, false);
  bench_join (b, S1, G1, 5001);
  second = bench_join (b, S2, G1, 5001);
  bench_run (b, SECONDS (10));
  fail_unless_equals_int (p->n_joined, 2);
  p->down_from = b->now;
  while (bench_count (b, AMT_EVENT_RELAY_LOST, NULL) == 0)
    bench_run (b, b->now + SECONDS (1));
  amt_gateway_leave (b->gw, second, b->now);
  p->down_until = b->now;
  bench_run (b, b->now + SECONDS (10));
  fail_unless_equals_int (p->n_joined, 1);
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

/* Somebody knows a better relay: the one in use gets a farewell. */
GST_START_TEST (test_move)
{
  test_bench *b = bench_new ();
  test_peer *p = bench_peer (b, RELAY), *q = bench_peer (b, RELAY_B);
  amt_gateway_event_info ev = { 0 };

  amt_gateway_move (b->gw, AMT_LOST_NO_DATA, b->now);
  bench_one_candidate (b, RELAY, false);
  amt_gateway_move (b->gw, AMT_LOST_NO_DATA, b->now);
  bench_join (b, S1, G1, 5001);
  amt_gateway_move (b->gw, AMT_LOST_NO_DATA, b->now);
  bench_run (b, SECONDS (1));
  fail_unless_equals_int (p->n_joined, 1);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), 0);

  bench_one_candidate (b, RELAY_B, false);
  amt_gateway_move (b->gw, AMT_LOST_NETWORK_CHANGED, b->now);
  bench_run (b, SECONDS (2));
  fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, &ev), 1);
  fail_unless_equals_int (ev.reason, AMT_LOST_NETWORK_CHANGED);
  fail_unless_equals_int (p->n_joined, 0);
  fail_unless_equals_int (q->n_joined, 1);
  fail_unless_equals_uint64 (amt_gateway_get_stats (b->gw)->failovers, 1);
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
  tcase_add_test (tc, test_stop_many_channels);
  tcase_add_test (tc, test_left_while_lost);
  tcase_add_test (tc, test_bounded_members);
  tcase_add_test (tc, test_move);
  return s;
}

GST_CHECK_MAIN (amt_gateway);
