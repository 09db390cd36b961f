/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Relay discovery: attempts side by side, hold-down, and when discovery begins
 * anew.
 */
#include "driad-test.h"

#include <string.h>

#include "vectors.h"

#define AMTRELAY DNS_TYPE_AMTRELAY
#define R1 "198.51.100.1"
#define R2 "198.51.100.2"
#define R3 "198.51.100.3"

/* AMTRELAY alone, with three relays in this order. */
static void
start_three (discovery * t)
{
  discovery_init (t);
  t->config.without[DRIAD_ANYCAST] = true;
  discovery_start (t);
  discovery_answer (t, REVERSE, AMTRELAY, RECORDS ("1 1 1 " R1, "2 1 1 " R2,
          "3 1 1 " R3));
}

/* RFC 8305 §5: not at once, 250 ms apart, whatever goes on before. */
GST_START_TEST (test_stagger)
{
  discovery t;

  start_three (&t);
  discovery_expect_attempt (&t, R1);
  discovery_expect_no_attempt (&t);
  discovery_run (&t, 249 * MS);
  discovery_expect_no_attempt (&t);
  discovery_run (&t, 250 * MS);
  discovery_expect_attempt (&t, R2);
  discovery_run (&t, 499 * MS);
  discovery_expect_no_attempt (&t);
  discovery_run (&t, 500 * MS);
  discovery_expect_attempt (&t, R3);
  fail_unless_equals_int (driad_get_stats (t.d)->attempts, 3);
  discovery_free (&t);
}

GST_END_TEST;

static const struct
{
  core_time asked;
  core_time used;
} delays[] = {
  {0, 250 * MS},
  {MS, 100 * MS},
  {300 * MS, 300 * MS},
  {10 * SEC, 2 * SEC},
};

GST_START_TEST (test_delay_limits)
{
  discovery t;

  discovery_init (&t);
  t.config.attempt_delay = delays[__i__].asked;
  discovery_start (&t);
  discovery_expect_attempt (&t, "192.52.193.1");
  discovery_run (&t, delays[__i__].used - 1);
  discovery_expect_no_attempt (&t);
  discovery_run (&t, delays[__i__].used);
  discovery_expect_attempt (&t, "2001:3::1");
  discovery_free (&t);
}

GST_END_TEST;

/* After a failure the next need not wait, but 10 ms it must. */
GST_START_TEST (test_failure)
{
  discovery t;
  uint32_t attempt, later;

  start_three (&t);
  attempt = discovery_expect_attempt (&t, R1);
  fail_unless (discovery_end (&t, attempt, DRIAD_FAILED));
  discovery_expect_no_attempt (&t);
  discovery_run (&t, 10 * MS);
  later = discovery_expect_attempt (&t, R2);
  discovery_run (&t, 100 * MS);
  discovery_expect_no_attempt (&t);
  fail_unless (discovery_end (&t, later, DRIAD_FAILED));
  discovery_expect_attempt (&t, R3);
  /* Its end was told. */
  fail_if (discovery_end (&t, attempt, DRIAD_ESTABLISHED));
  discovery_free (&t);
}

GST_END_TEST;

/* The first to be established ends the others (RFC 8777 §3.2.1). */
GST_START_TEST (test_established)
{
  discovery t;
  uint32_t attempt, later;

  start_three (&t);
  attempt = discovery_expect_attempt (&t, R1);
  discovery_run (&t, 300 * MS);
  later = discovery_expect_attempt (&t, R2);
  fail_unless (discovery_end (&t, later, DRIAD_ESTABLISHED));
  fail_unless_equals_int (discovery_expect (&t,
          DRIAD_EVENT_CANCEL)->info.attempt, attempt);
  fail_unless_equals_int (driad_get_state (t.d), DRIAD_SETTLED);
  fail_if (discovery_end (&t, attempt, DRIAD_ESTABLISHED));
  /* A healthy tunnel is kept: nothing is asked, nothing is tried
   * (RFC 8777 §3.3.3), for days. */
  fail_unless (driad_deadline (t.d) == CORE_TIME_NEVER);
  discovery_run (&t, 3 * 86400 * SEC);
  discovery_expect_no_attempt (&t);
  fail_unless_equals_int (discovery_count_open (&t), 0);
  discovery_free (&t);
}

GST_END_TEST;

/* One whose start nobody was told of needs no end. */
GST_START_TEST (test_untold_attempt)
{
  discovery t;
  driad_event_info info;

  discovery_init (&t);
  t.config.without[DRIAD_AMTRELAY] = true;
  fail_unless_equals_int (driad_new (&t.d, &t.config, 0), CORE_OK);
  driad_start (t.d, 0);
  for (driad_question q; driad_ask (t.d, &q, 0);) {
    core_ip from = vector_ip_literal ("198.51.100.2");

    driad_route (t.d, q.id, &from, 0);
  }
  fail_unless_equals_int (driad_get_stats (t.d)->attempts, 1);
  driad_stop (t.d, 0);
  while (driad_event (t.d, &info))
    fail_unless_equals_int (info.type, DRIAD_EVENT_CANDIDATES);
  discovery_free (&t);
}

GST_END_TEST;

GST_START_TEST (test_side_by_side)
{
  discovery t;
  uint32_t attempt;

  discovery_init (&t);
  t.config.without[DRIAD_ANYCAST] = true;
  t.config.max_attempts = 2;
  discovery_start (&t);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("1 1 1 " R1, "2 1 1 " R2,
          "3 1 1 " R3));
  attempt = discovery_expect_attempt (&t, R1);
  discovery_run (&t, 9 * SEC);
  discovery_expect_attempt (&t, R2);
  discovery_expect_no_attempt (&t);
  /* No answer for 10 s ends the first; that makes room. */
  discovery_run (&t, 10 * SEC);
  fail_unless_equals_int (discovery_expect (&t,
          DRIAD_EVENT_CANCEL)->info.attempt, attempt);
  discovery_expect_attempt (&t, R3);
  fail_if (discovery_end (&t, attempt, DRIAD_ESTABLISHED));
  discovery_free (&t);
}

GST_END_TEST;

/* Answers are used as they come; what is better goes before what was not yet
 * tried (RFC 8777 §3.2.2, RFC 8305 §6). */
GST_START_TEST (test_late_answers)
{
  discovery t;

  discovery_init (&t);
  discovery_start (&t);
  discovery_expect_attempt (&t, "192.52.193.1");
  discovery_run (&t, 100 * MS);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("2 1 3 slow.example",
          "3 1 1 " R3));
  discovery_run (&t, 250 * MS);
  discovery_expect_attempt (&t, "2001:3::1");
  discovery_run (&t, 400 * MS);
  discovery_answer (&t, "slow.example", DNS_TYPE_AAAA, NO_RECORDS);
  discovery_answer (&t, "slow.example", DNS_TYPE_A, RECORDS (R2));
  discovery_run (&t, 500 * MS);
  discovery_expect_attempt (&t, R2);
  discovery_run (&t, 750 * MS);
  discovery_expect_attempt (&t, R3);
  discovery_free (&t);
}

GST_END_TEST;

/* An address that is withdrawn while it is tried goes on. */
GST_START_TEST (test_withdrawn)
{
  discovery t;
  uint32_t attempt;

  discovery_init (&t);
  t.config.without[DRIAD_ANYCAST] = true;
  t.config.attempt_timeout = 3600 * SEC;
  discovery_start (&t);
  discovery_answer_with (&t, REVERSE, AMTRELAY, &(answer_options) {
      .ttl = 30}
      , RECORDS ("1 1 1 " R1));
  attempt = discovery_expect_attempt (&t, R1);
  discovery_run (&t, 30 * SEC);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("1 1 1 " R2));
  discovery_expect_attempt (&t, R2);
  fail_if (discovery_saw (&t, DRIAD_EVENT_CANCEL));
  fail_unless (discovery_end (&t, attempt, DRIAD_ESTABLISHED));
  discovery_free (&t);
}

GST_END_TEST;

/* Ends the next attempt at an address, after the time it takes to come. */
static void
end_next (discovery * t, const char *address, driad_result result)
{
  while (!discovery_saw (t, DRIAD_EVENT_ATTEMPT)) {
    fail_unless (driad_deadline (t->d) != CORE_TIME_NEVER);
    discovery_run (t, driad_deadline (t->d));
  }
  fail_unless (discovery_end (t, discovery_expect_attempt (t, address),
          result));
}

/* RFC 8777 §3.3.5: 10 minutes for a relay that is full, 3 for one that is
 * gone. */
GST_START_TEST (test_hold_down)
{
  discovery t;
  core_time start;

  start_three (&t);
  end_next (&t, R1, DRIAD_REFUSED);
  end_next (&t, R2, DRIAD_FAILED);
  end_next (&t, R3, DRIAD_ESTABLISHED);
  start = t.now;
  discovery_expect_list (&t, "amtrelay 3 D 198.51.100.3:2268, "
      "amtrelay 2 D 198.51.100.2:2268, amtrelay 1 D 198.51.100.1:2268");

  discovery_run (&t, start + 180 * SEC);
  discovery_expect_list (&t, "amtrelay 2 D 198.51.100.2:2268, "
      "amtrelay 3 D 198.51.100.3:2268, amtrelay 1 D 198.51.100.1:2268");
  discovery_run (&t, start + 599 * SEC);
  driad_lost (t.d, AMT_LOST_NO_ANSWER, t.now);
  discovery_drain (&t);
  end_next (&t, R2, DRIAD_ESTABLISHED);
  discovery_run (&t, start + 601 * SEC);
  discovery_expect_list (&t, "amtrelay 1 D 198.51.100.1:2268, "
      "amtrelay 2 D 198.51.100.2:2268, amtrelay 3 D 198.51.100.3:2268");
  discovery_free (&t);
}

GST_END_TEST;

/* Hold-down never bars the last one left: in order of its end, one after
 * another, once nothing else is to be hoped for. */
GST_START_TEST (test_all_held)
{
  discovery t;

  start_three (&t);
  end_next (&t, R1, DRIAD_REFUSED);
  end_next (&t, R2, DRIAD_FAILED);
  end_next (&t, R3, DRIAD_ESTABLISHED);
  driad_lost (t.d, AMT_LOST_NO_ANSWER, t.now);
  discovery_drain (&t);
  end_next (&t, R2, DRIAD_FAILED);
  /* R3 was lost before R2 failed again; R1 is full. */
  end_next (&t, R3, DRIAD_FAILED);
  end_next (&t, R1, DRIAD_FAILED);
  fail_unless (strstr (discovery_expect (&t,
              DRIAD_EVENT_NOTHING)->info.reason_text, "answered") != NULL);
  fail_unless_equals_int (driad_get_state (t.d), DRIAD_WAIT);
  end_next (&t, R2, DRIAD_ESTABLISHED);
  discovery_free (&t);
}

GST_END_TEST;

/* A single relay is asked again and again, ever less often. */
GST_START_TEST (test_rounds)
{
  discovery t;
  core_time limit = SEC;

  discovery_init (&t);
  t.config.without[DRIAD_ANYCAST] = true;
  discovery_start (&t);
  discovery_answer_with (&t, REVERSE, AMTRELAY, &(answer_options) {
      .ttl = 86400}
      , RECORDS ("1 1 1 " R1));
  for (int i = 0; i < 12; i++) {
    core_time ended, waited;

    end_next (&t, R1, i % 2 ? DRIAD_REFUSED : DRIAD_FAILED);
    ended = t.now;
    limit = MIN (2 * limit, 120 * SEC);
    fail_unless_equals_int (driad_get_state (t.d), DRIAD_WAIT);
    discovery_run (&t, ended + 999 * MS);
    discovery_expect_no_attempt (&t);
    while (!discovery_saw (&t, DRIAD_EVENT_ATTEMPT))
      discovery_run (&t, driad_deadline (t.d));
    waited = t.now - ended;
    fail_unless (waited >= SEC && waited <= limit);
  }
  fail_unless_equals_int (driad_get_stats (t.d)->rounds, 12);
  discovery_free (&t);
}

GST_END_TEST;

/* Between two rounds something new is tried at once. */
GST_START_TEST (test_new_while_waiting)
{
  discovery t;

  discovery_init (&t);
  t.config.without[DRIAD_ANYCAST] = true;
  t.fixed_random = UINT32_MAX;
  discovery_start (&t);
  discovery_fail (&t, REVERSE, AMTRELAY, DNS_STATUS_FAILED);
  fail_unless_equals_int (driad_get_state (t.d), DRIAD_WAIT);
  discovery_expect (&t, DRIAD_EVENT_NOTHING);
  while (!discovery_is_asked (&t, REVERSE, AMTRELAY))
    discovery_run (&t, driad_deadline (t.d));
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("1 1 1 " R1));
  discovery_expect_attempt (&t, R1);
  fail_unless_equals_int (driad_get_state (t.d), DRIAD_SEARCH);
  discovery_free (&t);
}

GST_END_TEST;

/* RFC 8777 §3.3 #4: no answer to Requests.  The answers still hold. */
GST_START_TEST (test_lost)
{
  discovery t;

  start_three (&t);
  end_next (&t, R1, DRIAD_ESTABLISHED);
  t.now = 1800 * SEC;
  driad_lost (t.d, AMT_LOST_UNREACHABLE, t.now);
  discovery_drain (&t);
  discovery_expect_attempt (&t, R2);
  fail_unless_equals_int (discovery_count_open (&t), 0);
  fail_if (discovery_saw (&t, DRIAD_EVENT_LOST));
  discovery_free (&t);
}

GST_END_TEST;

/* And when they do not, what is known is tried while it is asked for anew. */
GST_START_TEST (test_lost_late)
{
  discovery t;

  start_three (&t);
  end_next (&t, R1, DRIAD_ESTABLISHED);
  t.now = 7200 * SEC;
  driad_lost (t.d, AMT_LOST_NO_ANSWER, t.now);
  discovery_drain (&t);
  discovery_expect_attempt (&t, R2);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("1 1 1 203.0.113.1"));
  discovery_run (&t, t.now + 250 * MS);
  discovery_expect_attempt (&t, "203.0.113.1");
  discovery_free (&t);
}

GST_END_TEST;

/* However many are dead, the next begins after 250 ms (RFC 8305 §5). */
GST_START_TEST (test_many_dead)
{
  discovery t;

  discovery_init (&t);
  discovery_start (&t);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("1 1 1 198.51.100.1",
          "2 1 1 198.51.100.2", "3 1 1 198.51.100.3", "4 1 1 198.51.100.4"));
  discovery_run (&t, 5 * 250 * MS);
  discovery_expect_attempt (&t, "192.52.193.1");
  discovery_expect_attempt (&t, "2001:3::1");
  for (char last = '1'; last <= '4'; last++) {
    g_autofree gchar *address = g_strdup_printf ("198.51.100.%c", last);

    discovery_expect_attempt (&t, address);
  }
  discovery_free (&t);
}

GST_END_TEST;

/* RFC 8777 §3.3.4.1: silence of [T0, min (T0*2^n, Tmax)], T0 = 4 s. */
GST_START_TEST (test_silence)
{
  discovery t;
  core_time limit = 4 * SEC;

  discovery_init (&t);
  t.config.without[DRIAD_ANYCAST] = true;
  discovery_start (&t);
  discovery_answer_with (&t, REVERSE, AMTRELAY, &(answer_options) {
      .ttl = 86400}
      , RECORDS ("1 1 1 " R1));
  for (int n = 0; n < 9; n++) {
    core_time joined;
    const noted_event *event;

    /* The last one left, held down: it is tried again. */
    end_next (&t, R1, DRIAD_ESTABLISHED);
    joined = t.now;
    driad_joined (t.d, joined);
    discovery_run (&t, joined + 4 * SEC - 1);
    fail_if (discovery_saw (&t, DRIAD_EVENT_LOST));
    driad_joined (t.d, t.now);
    while (!discovery_saw (&t, DRIAD_EVENT_LOST))
      discovery_run (&t, driad_deadline (t.d));
    fail_unless (t.now - joined <= limit);
    event = discovery_expect (&t, DRIAD_EVENT_LOST);
    fail_unless_equals_int (event->info.reason, AMT_LOST_NO_DATA);
    fail_unless_equals_int (event->info.candidate.rank, 1);
    limit = MIN (2 * limit, 120 * SEC);
  }
  discovery_free (&t);
}

GST_END_TEST;

/* The silent relay is held down, others come first; data ends it all. */
GST_START_TEST (test_silence_with_others)
{
  discovery t;
  core_time joined;

  start_three (&t);
  end_next (&t, R1, DRIAD_ESTABLISHED);
  driad_joined (t.d, t.now);
  discovery_run (&t, 4 * SEC);
  discovery_expect (&t, DRIAD_EVENT_LOST);
  end_next (&t, R2, DRIAD_ESTABLISHED);
  driad_joined (t.d, t.now);
  driad_data (t.d, t.now + SEC);
  discovery_run (&t, 170 * SEC);
  fail_if (discovery_saw (&t, DRIAD_EVENT_LOST));

  /* n is 0 again. */
  driad_lost (t.d, AMT_LOST_NO_ANSWER, t.now);
  discovery_drain (&t);
  end_next (&t, R3, DRIAD_ESTABLISHED);
  driad_joined (t.d, t.now);
  joined = t.now;
  discovery_run (&t, joined + 4 * SEC);
  fail_unless (discovery_expect (&t, DRIAD_EVENT_LOST)->at == joined + 4 * SEC);
  discovery_free (&t);
}

GST_END_TEST;

/* Without driad_joined () nobody watches. */
GST_START_TEST (test_no_watch)
{
  discovery t;

  start_three (&t);
  driad_joined (t.d, t.now);
  driad_data (t.d, t.now);
  end_next (&t, R1, DRIAD_ESTABLISHED);
  fail_unless (driad_deadline (t.d) == CORE_TIME_NEVER);
  discovery_free (&t);
}

GST_END_TEST;

/* RFC 8777 §3.3 #7: everything is asked and tried anew; what was learnt of
 * relays on the other network does not count here (RFC 8305 §4), but that one
 * is full does. */
GST_START_TEST (test_network_change)
{
  discovery t;
  const char *domain = "elsewhere.example";

  start_three (&t);
  end_next (&t, R1, DRIAD_REFUSED);
  end_next (&t, R2, DRIAD_FAILED);
  end_next (&t, R3, DRIAD_ESTABLISHED);
  discovery_run (&t, t.now + SEC);
  driad_network_changed (t.d, &domain, 1, t.now);
  discovery_drain (&t);
  discovery_question (&t, "_amt._udp.elsewhere.example", DNS_TYPE_PTR);
  discovery_answer (&t, "_amt._udp.elsewhere.example", DNS_TYPE_PTR,
      NO_RECORDS);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("1 1 1 " R1, "2 1 1 " R2,
          "3 1 1 " R3));
  discovery_expect_list (&t, "amtrelay 2 D 198.51.100.2:2268, "
      "amtrelay 3 D 198.51.100.3:2268, amtrelay 1 D 198.51.100.1:2268");
  end_next (&t, R2, DRIAD_ESTABLISHED);

  /* Without a word about domains they stay. */
  driad_network_changed (t.d, NULL, 0, t.now);
  discovery_drain (&t);
  discovery_question (&t, "_amt._udp.elsewhere.example", DNS_TYPE_PTR);
  discovery_free (&t);
}

GST_END_TEST;

/* Attempts of the old network end. */
GST_START_TEST (test_network_change_while_searching)
{
  discovery t;
  uint32_t attempt;

  start_three (&t);
  attempt = discovery_expect_attempt (&t, R1);
  driad_network_changed (t.d, NULL, 0, t.now);
  discovery_drain (&t);
  fail_unless_equals_int (discovery_expect (&t,
          DRIAD_EVENT_CANCEL)->info.attempt, attempt);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("1 1 1 " R1));
  discovery_expect_attempt (&t, R1);
  discovery_free (&t);
}

GST_END_TEST;

/* The caller uses another relay of the list than the one that is attempted. */
GST_START_TEST (test_settle_while_searching)
{
  discovery t;
  amt_relay_candidate second;
  uint32_t attempt;
  unsigned n;

  start_three (&t);
  discovery_expect (&t, DRIAD_EVENT_CANDIDATES);
  attempt = discovery_expect_attempt (&t, R1);
  second = driad_candidates (t.d, &n)[1].where;
  driad_settle (t.d, &second, t.now);
  discovery_drain (&t);
  fail_unless_equals_int (discovery_expect (&t,
          DRIAD_EVENT_CANCEL)->info.attempt, attempt);
  fail_unless (driad_deadline (t.d) == CORE_TIME_NEVER);

  t.now = 5000 * SEC;
  driad_lost (t.d, AMT_LOST_LIMIT, t.now);
  discovery_drain (&t);
  fail_unless (discovery_is_asked (&t, REVERSE, AMTRELAY));
  discovery_fail (&t, REVERSE, AMTRELAY, DNS_STATUS_TIMEOUT);
  fail_unless_equals_int (driad_get_state (t.d), DRIAD_SEARCH);
  /* Without the one that was lost. */
  discovery_run (&t, t.now + SEC);
  discovery_expect_attempt (&t, R1);
  discovery_expect_attempt (&t, R3);
  discovery_expect_no_attempt (&t);
  discovery_free (&t);
}

GST_END_TEST;

/* The caller found a relay by itself between two rounds. */
GST_START_TEST (test_settle_while_waiting)
{
  amt_relay_candidate own = {.discovery = false };
  discovery t;

  discovery_init (&t);
  t.config.without[DRIAD_ANYCAST] = true;
  discovery_start (&t);
  discovery_answer (&t, REVERSE, AMTRELAY, NO_RECORDS);
  fail_unless_equals_int (driad_get_state (t.d), DRIAD_WAIT);
  own.addr.ip = vector_ip_literal (R1);
  own.addr.port = 2268;
  driad_settle (t.d, &own, t.now);
  discovery_drain (&t);
  fail_unless (driad_deadline (t.d) == CORE_TIME_NEVER);
  discovery_free (&t);
}

GST_END_TEST;

GST_START_TEST (test_stop_and_start)
{
  discovery t;
  uint32_t attempt;

  start_three (&t);
  attempt = discovery_expect_attempt (&t, R1);
  driad_stop (t.d, t.now);
  discovery_drain (&t);
  discovery_expect (&t, DRIAD_EVENT_CANCEL);
  fail_if (discovery_end (&t, attempt, DRIAD_ESTABLISHED));
  fail_unless (driad_deadline (t.d) == CORE_TIME_NEVER);
  fail_if (driad_is_asking (t.d));
  driad_settle (t.d, &(amt_relay_candidate) {
      0}, t.now);
  driad_lost (t.d, AMT_LOST_NO_ANSWER, t.now);
  driad_network_changed (t.d, NULL, 0, t.now);
  discovery_drain (&t);
  fail_unless_equals_int (driad_get_state (t.d), DRIAD_IDLE);

  driad_start (t.d, t.now);
  driad_start (t.d, t.now);
  discovery_drain (&t);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("1 1 1 " R1));
  discovery_expect_attempt (&t, R1);
  discovery_expect_no_attempt (&t);
  discovery_free (&t);
}

GST_END_TEST;

/* The caller slept for a day, and its clock was read wrongly. */
GST_START_TEST (test_late_time)
{
  discovery t;

  start_three (&t);
  discovery_expect_attempt (&t, R1);
  t.now = 86400 * SEC;
  driad_expire (t.d, t.now);
  discovery_drain (&t);
  discovery_expect (&t, DRIAD_EVENT_CANCEL);
  discovery_expect_attempt (&t, R2);
  driad_expire (t.d, 5);
  driad_start (t.d, 0);
  discovery_drain (&t);
  discovery_expect_no_attempt (&t);
  discovery_free (&t);
}

GST_END_TEST;

/* More places come and go than are remembered. */
GST_START_TEST (test_memory)
{
  discovery t;

  discovery_init (&t);
  t.config.without[DRIAD_ANYCAST] = true;
  t.config.hold_down = 86400 * SEC;
  discovery_start (&t);
  for (unsigned i = 1; i <= 200; i++) {
    char *record = g_strdup_printf ("1 1 1 198.51.100.%u", i);
    char *address = g_strdup_printf ("198.51.100.%u", i);

    while (!discovery_is_asked (&t, REVERSE, AMTRELAY))
      discovery_run (&t, driad_deadline (t.d));
    t.questions[0] = *discovery_question (&t, REVERSE, AMTRELAY);
    t.n_questions = 1;
    t.n_events = t.n_seen = 0;
    discovery_answer_with (&t, REVERSE, AMTRELAY, &(answer_options) {
        .ttl = 30}
        , RECORDS (record));
    end_next (&t, address, DRIAD_FAILED);
    g_free (record);
    g_free (address);
  }
  discovery_free (&t);
}

GST_END_TEST;

static Suite *
driad_race_suite (void)
{
  Suite *s = suite_create ("driad-race");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_stagger);
  tcase_add_loop_test (tc, test_delay_limits, 0, G_N_ELEMENTS (delays));
  tcase_add_test (tc, test_failure);
  tcase_add_test (tc, test_established);
  tcase_add_test (tc, test_untold_attempt);
  tcase_add_test (tc, test_side_by_side);
  tcase_add_test (tc, test_many_dead);
  tcase_add_test (tc, test_late_answers);
  tcase_add_test (tc, test_withdrawn);
  tcase_add_test (tc, test_hold_down);
  tcase_add_test (tc, test_all_held);
  tcase_add_test (tc, test_rounds);
  tcase_add_test (tc, test_new_while_waiting);
  tcase_add_test (tc, test_lost);
  tcase_add_test (tc, test_lost_late);
  tcase_add_test (tc, test_silence);
  tcase_add_test (tc, test_silence_with_others);
  tcase_add_test (tc, test_no_watch);
  tcase_add_test (tc, test_network_change);
  tcase_add_test (tc, test_network_change_while_searching);
  tcase_add_test (tc, test_settle_while_searching);
  tcase_add_test (tc, test_settle_while_waiting);
  tcase_add_test (tc, test_stop_and_start);
  tcase_add_test (tc, test_late_time);
  tcase_add_test (tc, test_memory);
  return s;
}

GST_CHECK_MAIN (driad_race);
