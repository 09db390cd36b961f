/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Which manifest server is asked, and when.
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "ambi-follow.h"

#define MS CORE_MSECOND
#define S CORE_SECOND

/* What the random bytes of the test are: 0 for no jitter, 0xff for all. */
static uint8_t jitter;

static void
fill_random (void *ctx, uint8_t * buf, size_t len)
{
  memset (buf, jitter, len);
}

static ambi_follow *
make (unsigned n_uris)
{
  ambi_follow_config config = {.random = fill_random,.n_uris = n_uris };
  ambi_follow *follow;

  jitter = 0;
  fail_unless_equals_int (ambi_follow_new (&follow, &config, 0), CORE_OK);
  return follow;
}

static void
expect_connect (ambi_follow * follow, unsigned slot, unsigned uri, bool another)
{
  ambi_follow_action_info a;

  fail_unless (ambi_follow_action (follow, &a));
  fail_unless_equals_int (a.type, AMBI_FOLLOW_CONNECT);
  fail_unless_equals_int (a.slot, slot);
  fail_unless_equals_int (a.uri, uri);
  fail_unless_equals_int (a.another, another);
}

static void
expect_disconnect (ambi_follow * follow, unsigned slot,
    ambi_follow_reason reason)
{
  ambi_follow_action_info a;

  fail_unless (ambi_follow_action (follow, &a));
  fail_unless_equals_int (a.type, AMBI_FOLLOW_DISCONNECT);
  fail_unless_equals_int (a.slot, slot);
  fail_unless_equals_string (ambi_follow_reason_name (a.reason),
      ambi_follow_reason_name (reason));
}

static void
expect_nothing (ambi_follow * follow)
{
  ambi_follow_action_info a;

  fail_if (ambi_follow_action (follow, &a));
}

/* Nothing happens before that time, and then something is due. */
static void
wait_until (ambi_follow * follow, core_time at)
{
  fail_unless_equals_uint64 (ambi_follow_deadline (follow), at);
  ambi_follow_expire (follow, at - 1);
  expect_nothing (follow);
  ambi_follow_expire (follow, at);
}

/* A follow with one open connection, in slot 0, that brings manifests. */
static ambi_follow *
make_open (unsigned n_uris, core_time now)
{
  ambi_follow *follow = make (n_uris);

  expect_connect (follow, 0, 0, false);
  ambi_follow_connected (follow, 0, now);
  ambi_follow_progress (follow, 0, now);
  expect_nothing (follow);
  return follow;
}

/* Packets ten times a second, from one time to another. */
static void
packets (ambi_follow * follow, core_time from, core_time to)
{
  for (core_time now = from; now <= to; now += 100 * MS)
    ambi_follow_packets (follow, now);
}

GST_START_TEST (test_arguments)
{
  ambi_follow_config config = {.random = fill_random };
  ambi_follow *follow;

  fail_unless_equals_int (ambi_follow_new (&follow, &config, 0),
      CORE_ERR_INVALID_ARGUMENT);
  fail_unless (follow == NULL);
  config.n_uris = AMBI_FOLLOW_URIS_MAX + 1;
  fail_unless_equals_int (ambi_follow_new (&follow, &config, 0),
      CORE_ERR_INVALID_ARGUMENT);
  config.n_uris = 1;
  config.random = NULL;
  fail_unless_equals_int (ambi_follow_new (&follow, &config, 0),
      CORE_ERR_INVALID_ARGUMENT);
  ambi_follow_free (NULL);
}

GST_END_TEST;

/* One server that is never there: 1, 2, 4, ... 60, 60 s. */
GST_START_TEST (test_waits)
{
  static const unsigned waits[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };
  ambi_follow *follow = make (1);
  core_time now = 5 * S;

  for (unsigned i = 0; i < G_N_ELEMENTS (waits); i++) {
    expect_connect (follow, 0, 0, false);
    ambi_follow_ended (follow, 0, 0, now);
    expect_nothing (follow);
    now += waits[i] * S;
    wait_until (follow, now);
  }
  fail_unless_equals_uint64 (ambi_follow_get_stats (follow)->connects,
      G_N_ELEMENTS (waits) + 1);
  fail_unless_equals_uint64 (ambi_follow_get_stats (follow)->ends,
      G_N_ELEMENTS (waits));
  ambi_follow_free (follow);
}

GST_END_TEST;

/* Up to a quarter is added to each. */
GST_START_TEST (test_jitter)
{
  ambi_follow *follow = make (1);
  core_time at;

  expect_connect (follow, 0, 0, false);
  jitter = 0xff;
  ambi_follow_ended (follow, 0, 0, 0);
  wait_until (follow, 1250 * MS);
  expect_connect (follow, 0, 0, false);
  jitter = 0x80;
  ambi_follow_ended (follow, 0, 0, 2 * S);
  at = ambi_follow_deadline (follow);
  fail_unless (at >= 4250 * MS && at < 4251 * MS);
  ambi_follow_free (follow);
}

GST_END_TEST;

/* Alternatives are tried at once, each once a round. */
GST_START_TEST (test_alternatives)
{
  ambi_follow *follow = make (3);
  core_time now = 0;

  for (unsigned round = 0; round < 3; round++) {
    for (unsigned uri = 0; uri < 3; uri++) {
      expect_connect (follow, 0, uri, false);
      expect_nothing (follow);
      ambi_follow_ended (follow, 0, 0, now);
    }
    expect_nothing (follow);
    now += (1 << round) * S;
    wait_until (follow, now);
  }
  ambi_follow_free (follow);
}

GST_END_TEST;

/* A connection that brought manifests for a minute begins a new round; one
 * that did not goes on with the old one. */
GST_START_TEST (test_healthy)
{
  core_time lasts = __i__ ? 60 * S : 60 * S - 1;
  ambi_follow *follow = make (2);
  core_time now = 0;

  for (unsigned i = 0; i < 2; i++) {
    expect_connect (follow, 0, i, false);
    ambi_follow_ended (follow, 0, 0, now);
  }
  now += S;
  wait_until (follow, now);
  expect_connect (follow, 0, 0, false);
  ambi_follow_ended (follow, 0, 0, now);
  expect_connect (follow, 0, 1, false);
  ambi_follow_connected (follow, 0, now);
  ambi_follow_progress (follow, 0, now);
  now += lasts;
  ambi_follow_progress (follow, 0, now);
  ambi_follow_ended (follow, 0, 0, now);

  if (lasts == 60 * S) {
    expect_connect (follow, 0, 0, false);
    ambi_follow_ended (follow, 0, 0, now);
    wait_until (follow, now + S);
  } else {
    wait_until (follow, now + 2 * S);
  }
  expect_connect (follow, 0, __i__ ? 1 : 0, false);
  ambi_follow_free (follow);
}

GST_END_TEST;

/* The server says when it may be asked again; the other one may be at once. */
GST_START_TEST (test_retry_after)
{
  ambi_follow *follow = make (2);

  expect_connect (follow, 0, 0, false);
  ambi_follow_ended (follow, 0, 100 * S, 0);
  expect_connect (follow, 0, 1, false);
  ambi_follow_ended (follow, 0, 0, S);
  wait_until (follow, 2 * S);
  expect_connect (follow, 0, 1, false);
  ambi_follow_ended (follow, 0, 1000 * S, 3 * S);
  expect_nothing (follow);
  /* Both have to be left alone; the first is free before the second, whose
   * wish is cut to five minutes. */
  wait_until (follow, 100 * S);
  expect_connect (follow, 0, 0, false);
  ambi_follow_ended (follow, 0, 400 * S, 101 * S);
  wait_until (follow, 303 * S);
  expect_connect (follow, 0, 1, false);
  ambi_follow_free (follow);
}

GST_END_TEST;

/* The wait of a round is not shortened by a Retry-After of a second. */
GST_START_TEST (test_short_retry_after)
{
  ambi_follow *follow = make (1);

  expect_connect (follow, 0, 0, false);
  ambi_follow_ended (follow, 0, 0, 0);
  wait_until (follow, S);
  expect_connect (follow, 0, 0, false);
  ambi_follow_ended (follow, 0, S, S);
  wait_until (follow, 3 * S);
  expect_connect (follow, 0, 0, false);
  jitter = 0xff;
  ambi_follow_ended (follow, 0, 8 * S, 3 * S);
  wait_until (follow, 13 * S);
  ambi_follow_free (follow);
}

GST_END_TEST;

/* A server that takes the connection and says nothing. */
GST_START_TEST (test_no_answer)
{
  ambi_follow *follow = make (2);

  expect_connect (follow, 0, 0, false);
  wait_until (follow, 10 * S);
  expect_disconnect (follow, 0, AMBI_FOLLOW_REASON_NO_ANSWER);
  expect_connect (follow, 0, 1, false);
  ambi_follow_connected (follow, 0, 11 * S);
  fail_unless_equals_uint64 (ambi_follow_deadline (follow), CORE_TIME_NEVER);
  fail_unless_equals_uint64 (ambi_follow_get_stats (follow)->no_answer, 1);
  fail_unless_equals_int (ambi_follow_get_stats (follow)->open, 1);
  ambi_follow_free (follow);
}

GST_END_TEST;

/* Packets arrive, manifests do not, for ten seconds since the first packet
 * that none came for. */
GST_START_TEST (test_stalled)
{
  ambi_follow *follow = make_open (2, 0);

  packets (follow, 100 * S, 105 * S);
  ambi_follow_progress (follow, 0, 106 * S);
  fail_unless_equals_uint64 (ambi_follow_deadline (follow), CORE_TIME_NEVER);
  packets (follow, 107 * S, 116900 * MS);
  wait_until (follow, 117 * S);
  expect_disconnect (follow, 0, AMBI_FOLLOW_REASON_STALLED);
  expect_connect (follow, 0, 1, false);
  expect_nothing (follow);
  fail_unless_equals_uint64 (ambi_follow_get_stats (follow)->stalled, 1);
  fail_unless_equals_int (ambi_follow_get_stats (follow)->open, 0);
  ambi_follow_free (follow);
}

GST_END_TEST;

/* A connection that brings nothing from the beginning is stalled too; packets
 * from before it was made do not count. */
GST_START_TEST (test_stalled_at_once)
{
  ambi_follow *follow = make (1);

  expect_connect (follow, 0, 0, false);
  packets (follow, 0, 9 * S);
  ambi_follow_connected (follow, 0, 9 * S);
  packets (follow, 9100 * MS, 19 * S);
  wait_until (follow, 19100 * MS);
  expect_disconnect (follow, 0, AMBI_FOLLOW_REASON_STALLED);
  expect_nothing (follow);
  fail_unless_equals_uint64 (ambi_follow_deadline (follow), 20100 * MS);
  ambi_follow_free (follow);
}

GST_END_TEST;

/* A sender that pauses sends no manifests: a few packets, and silence. */
GST_START_TEST (test_pause)
{
  ambi_follow *follow = make_open (1, 0);

  packets (follow, S, 5 * S);
  wait_until (follow, 11 * S);
  expect_nothing (follow);
  fail_unless_equals_uint64 (ambi_follow_deadline (follow), CORE_TIME_NEVER);
  /* An hour later it goes on, and has ten seconds. */
  packets (follow, 3600 * S, 3606 * S);
  wait_until (follow, 3610 * S);
  expect_disconnect (follow, 0, AMBI_FOLLOW_REASON_STALLED);
  ambi_follow_free (follow);
}

GST_END_TEST;

/* The end of the stream is announced: a second connection, to the next URI or
 * the same one anew, brings another stream; the first one stays until then. */
GST_START_TEST (test_transition)
{
  unsigned n_uris = __i__ + 1, next = __i__ ? 1 : 0;
  ambi_follow *follow = make_open (n_uris, 0);

  ambi_follow_refresh (follow, 1, S);
  expect_nothing (follow);
  ambi_follow_refresh (follow, 0, S);
  expect_connect (follow, 1, next, true);
  ambi_follow_refresh (follow, 0, S);
  ambi_follow_refresh (follow, 1, S);
  expect_nothing (follow);
  ambi_follow_connected (follow, 1, 2 * S);
  ambi_follow_progress (follow, 1, 2 * S);
  ambi_follow_progress (follow, 0, 3 * S);
  expect_nothing (follow);
  fail_unless_equals_int (ambi_follow_get_stats (follow)->open, 2);
  ambi_follow_leave (follow, 0, 4 * S);
  expect_disconnect (follow, 0, AMBI_FOLLOW_REASON_LEFT);
  expect_nothing (follow);
  fail_unless_equals_int (ambi_follow_get_stats (follow)->open, 1);
  fail_unless_equals_uint64 (ambi_follow_deadline (follow), CORE_TIME_NEVER);

  /* And back, into the slot that became free. */
  ambi_follow_refresh (follow, 1, 5 * S);
  expect_connect (follow, 0, 0, true);
  ambi_follow_free (follow);
}

GST_END_TEST;

/* Servers that have no other stream: one round at each announcement, and not
 * sooner than a second after the last one; the old connection lives on. */
GST_START_TEST (test_no_other_stream)
{
  ambi_follow *follow = make_open (2, 0);
  core_time now = 0;

  ambi_follow_refresh (follow, 0, now);
  for (unsigned i = 0; i < 8; i++) {
    expect_connect (follow, 1, 1, true);
    ambi_follow_ended (follow, 1, 0, now);
    expect_connect (follow, 1, 0, true);
    ambi_follow_connected (follow, 1, now);
    ambi_follow_ended (follow, 1, 0, now);
    expect_nothing (follow);
    fail_unless_equals_uint64 (ambi_follow_deadline (follow), CORE_TIME_NEVER);
    if (i % 2) {
      /* At once is too soon. */
      ambi_follow_refresh (follow, 0, now + 1);
      expect_nothing (follow);
      now += S;
      wait_until (follow, now);
    } else {
      now += 5 * S;
      ambi_follow_refresh (follow, 0, now);
    }
  }
  ambi_follow_free (follow);
}

GST_END_TEST;

/* A server that wants to be left alone is, in a transition too. */
GST_START_TEST (test_transition_retry_after)
{
  ambi_follow *follow = make_open (1, 0);

  ambi_follow_refresh (follow, 0, 0);
  expect_connect (follow, 1, 0, true);
  ambi_follow_ended (follow, 1, 20 * S, 0);
  ambi_follow_refresh (follow, 0, 2 * S);
  expect_nothing (follow);
  wait_until (follow, 20 * S);
  expect_connect (follow, 1, 0, true);
  ambi_follow_free (follow);
}

GST_END_TEST;

/* The old connection ends before the new one has taken over: that goes on
 * alone, and need not bring another stream any more. */
GST_START_TEST (test_old_ends)
{
  ambi_follow *follow = make_open (2, 0);

  ambi_follow_refresh (follow, 0, S);
  expect_connect (follow, 1, 1, true);
  ambi_follow_ended (follow, 0, 0, 2 * S);
  expect_nothing (follow);
  ambi_follow_ended (follow, 1, 0, 3 * S);
  expect_connect (follow, 1, 0, false);
  ambi_follow_ended (follow, 1, 0, 3 * S);
  wait_until (follow, 4 * S);
  expect_connect (follow, 1, 1, false);
  ambi_follow_free (follow);
}

GST_END_TEST;

/* The new connection ends although it had brought its stream: then there is
 * the old one, or, when that was left, none: on with the list. */
GST_START_TEST (test_new_ends)
{
  ambi_follow *follow = make_open (1, 0);

  ambi_follow_refresh (follow, 0, S);
  expect_connect (follow, 1, 0, true);
  ambi_follow_connected (follow, 1, S);
  ambi_follow_progress (follow, 1, S);
  ambi_follow_ended (follow, 1, 0, 2 * S);
  expect_nothing (follow);
  ambi_follow_leave (follow, 0, 3 * S);
  expect_disconnect (follow, 0, AMBI_FOLLOW_REASON_LEFT);
  expect_nothing (follow);
  wait_until (follow, 4 * S);
  expect_connect (follow, 0, 0, false);
  ambi_follow_free (follow);
}

GST_END_TEST;

/* The verifier finds no use in what comes. */
GST_START_TEST (test_useless)
{
  ambi_follow *follow = make_open (1, 0);

  ambi_follow_disconnect (follow, 1, S);
  expect_nothing (follow);
  ambi_follow_disconnect (follow, 0, S);
  expect_disconnect (follow, 0, AMBI_FOLLOW_REASON_USELESS);
  expect_nothing (follow);
  wait_until (follow, 2 * S);
  expect_connect (follow, 0, 0, false);
  ambi_follow_free (follow);
}

GST_END_TEST;

/* News of slots without a connection, and a time that goes back. */
GST_START_TEST (test_odd_news)
{
  ambi_follow *follow = make_open (2, 10 * S);

  ambi_follow_connected (follow, 1, 0);
  ambi_follow_progress (follow, 1, 0);
  ambi_follow_ended (follow, 1, 0, 0);
  ambi_follow_ended (follow, 77, 0, 0);
  ambi_follow_connected (follow, 0, 0);
  ambi_follow_leave (follow, 1, 0);
  expect_nothing (follow);
  fail_unless_equals_int (ambi_follow_get_stats (follow)->open, 1);

  /* A connection that was not made yet is not broken. */
  ambi_follow_ended (follow, 0, 0, 10 * S);
  ambi_follow_expire (follow, 20 * S);
  expect_nothing (follow);
  wait_until (follow, 21 * S);
  expect_connect (follow, 0, 0, false);

  /* A caller that slept for a year. */
  ambi_follow_expire (follow, CORE_TIME_NEVER);
  expect_disconnect (follow, 0, AMBI_FOLLOW_REASON_NO_ANSWER);
  ambi_follow_free (follow);
}

GST_END_TEST;

GST_START_TEST (test_names)
{
  fail_unless_equals_string (ambi_follow_reason_name
      (AMBI_FOLLOW_REASON_NO_ANSWER), "no-answer");
  fail_unless_equals_string (ambi_follow_reason_name
      (AMBI_FOLLOW_REASON_STALLED), "stalled");
  fail_unless_equals_string (ambi_follow_reason_name
      (AMBI_FOLLOW_REASON_LEFT), "left");
  fail_unless_equals_string (ambi_follow_reason_name
      (AMBI_FOLLOW_REASON_USELESS), "useless");
  fail_unless_equals_string (ambi_follow_reason_name
      (AMBI_FOLLOW_REASON_NONE), "none");
}

GST_END_TEST;

static Suite *
ambi_follow_suite (void)
{
  Suite *s = suite_create ("ambi-follow");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_arguments);
  tcase_add_test (tc, test_waits);
  tcase_add_test (tc, test_jitter);
  tcase_add_test (tc, test_alternatives);
  tcase_add_loop_test (tc, test_healthy, 0, 2);
  tcase_add_test (tc, test_retry_after);
  tcase_add_test (tc, test_short_retry_after);
  tcase_add_test (tc, test_no_answer);
  tcase_add_test (tc, test_stalled);
  tcase_add_test (tc, test_stalled_at_once);
  tcase_add_test (tc, test_pause);
  tcase_add_loop_test (tc, test_transition, 0, 2);
  tcase_add_test (tc, test_no_other_stream);
  tcase_add_test (tc, test_transition_retry_after);
  tcase_add_test (tc, test_old_ends);
  tcase_add_test (tc, test_new_ends);
  tcase_add_test (tc, test_useless);
  tcase_add_test (tc, test_odd_news);
  tcase_add_test (tc, test_names);
  return s;
}

GST_CHECK_MAIN (ambi_follow);
