/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Loss: what is late, lost or not covered, and the ratio of it, in a stream of
 * 100 packets a second whose digests come half a second ahead.
 */
#include <string.h>

#include "ambi-fixture.h"
#include "ambi-loss.h"

#define MSECONDS(n) ((core_time) (n) * CORE_MSECOND)
#define REORDER MSECONDS (1000)
#define HOLD_TIME MSECONDS (10000)
#define PERIOD MSECONDS (10)
#define AHEAD 50                /* digests */

typedef struct
{
  ambi_store store;
  ambi_loss loss;
  ambi_index_key key;
  core_time now;
  uint32_t base;
  unsigned sent;
  int64_t unknown;
  unsigned lost;
} stream;

static void
setup_stream (stream * s, uint32_t base)
{
  ambi_store_config config = {.digest_len = CORE_SHA256_LEN,
    .hold_time = HOLD_TIME,.max = 10000,.key = &s->key
  };

  memset (s, 0, sizeof (*s));
  s->now = MSECONDS (5000);
  s->base = base;
  fail_unless_equals_int (ambi_store_init (&s->store, &config), CORE_OK);
  ambi_loss_init (&s->loss, REORDER);
}

static void
clear_stream (stream * s)
{
  ambi_store_clear (&s->store);
}

static void
learn (stream * s, unsigned n)
{
  uint8_t digest[CORE_SHA256_LEN] = { 0 };
  uint32_t seq = s->base + n, entry;
  ambi_seq_state state = ambi_store_look_up (&s->store, seq, &entry);

  memcpy (digest, &n, sizeof (n));
  s->unknown += ambi_loss_learn (&s->loss, &s->store, seq, state, s->now);
  fail_unless (ambi_store_learn (&s->store, seq, n, digest, s->now));
  if (ambi_loss_is_late (&s->loss, seq) &&
      ambi_store_mark_one_late (&s->store, seq))
    ambi_loss_late (&s->loss, 1, s->now);
}

static void
receive (stream * s, unsigned n)
{
  uint8_t digest[CORE_SHA256_LEN] = { 0 };
  ambi_digest_info info;
  ambi_chain chain;

  memcpy (digest, &n, sizeof (n));
  fail_unless (ambi_store_find (&s->store, n, digest, &chain));
  ambi_store_use (&s->store, &chain, s->now, &info);
  ambi_loss_received (&s->loss, &info, s->now);
}

static void
pass_time (stream * s, core_time time)
{
  core_time until = s->now + time, due;
  ambi_digest_info info;

  do {
    due = MIN (ambi_loss_deadline (&s->loss, &s->store, s->now),
        ambi_store_deadline (&s->store));
    s->now = MIN (MAX (due, s->now + 1), until);
    while (ambi_store_expire (&s->store, s->now, &info))
      s->lost += ambi_loss_expired (&s->loss, &info, s->now);
    ambi_store_sweep (&s->store, s->now, 0);
    ambi_loss_advance (&s->loss, &s->store, s->now);
  } while (s->now < until);
}

/* Sends n packets; every drop-th is lost (0: none), or all of them. */
static void
send (stream * s, unsigned n, unsigned drop, bool all)
{
  for (unsigned end = s->sent + n; s->sent < end; s->sent++) {
    if (s->sent == 0) {
      for (unsigned i = 0; i < AHEAD; i++)
        learn (s, i);
    }
    learn (s, s->sent + AHEAD);
    if (!all && (drop == 0 || s->sent % drop != 1))
      receive (s, s->sent);
    pass_time (s, PERIOD);
  }
}

GST_START_TEST (test_none)
{
  stream s;

  setup_stream (&s, 0u - 500);
  send (&s, 1000, 0, false);
  fail_unless_equals_int (s.store.n_late, 0);
  fail_unless_equals_int (s.lost, 0);
  fail_unless_equals_int64 (s.unknown, 0);
  fail_unless (ambi_loss_ratio (&s.loss, s.now) == 0);
  /* What is ahead of the packets expires in the end, and is lost. */
  pass_time (&s, 2 * HOLD_TIME);
  fail_unless_equals_int (s.lost, AHEAD);
  clear_stream (&s);
}

GST_END_TEST;

/* One of ten: late after the reorder time, lost after the hold time. */
GST_START_TEST (test_ratio)
{
  static const uint32_t bases[] = { 0, 0u - 500, 0x7fffff00 };

  for (unsigned i = 0; i < G_N_ELEMENTS (bases); i++) {
    stream s;

    setup_stream (&s, bases[i]);
    send (&s, 900, 10, false);
    fail_unless (s.store.n_late >= 75 && s.store.n_late <= 81,
        "%u late", s.store.n_late);
    fail_unless_equals_int (s.lost, 0);
    fail_unless (ambi_loss_ratio (&s.loss, s.now) > 0.08);
    fail_unless (ambi_loss_ratio (&s.loss, s.now) < 0.12);
    send (&s, 600, 10, false);
    fail_unless (s.lost >= 50 && s.lost <= 60, "%u lost", s.lost);
    fail_unless (s.store.n_late >= 85 && s.store.n_late <= 92);
    send (&s, 800, 0, false);
    fail_unless (ambi_loss_ratio (&s.loss, s.now) == 0);
    send (&s, 400, 0, false);
    fail_unless_equals_int (s.lost, 150);
    fail_unless_equals_int (s.store.n_late, 0);
    clear_stream (&s);
  }
}

GST_END_TEST;

/* One that is late and comes was not lost. */
GST_START_TEST (test_comes_after_all)
{
  stream s;

  setup_stream (&s, 0);
  send (&s, 100, 0, false);
  send (&s, 1, 0, true);
  send (&s, 99, 0, false);
  fail_unless_equals_int (s.store.n_late, 0);
  send (&s, 20, 0, false);
  fail_unless_equals_int (s.store.n_late, 1);
  fail_unless (ambi_loss_ratio (&s.loss, s.now) > 0);
  receive (&s, 100);
  fail_unless_equals_int (s.store.n_late, 0);
  fail_unless (ambi_loss_ratio (&s.loss, s.now) == 0);
  send (&s, 2000, 0, false);
  fail_unless_equals_int (s.lost, 0);
  clear_stream (&s);
}

GST_END_TEST;

/* Before the first packet nothing is missing. */
GST_START_TEST (test_before_join)
{
  stream s;

  setup_stream (&s, 0);
  send (&s, 300, 0, true);
  send (&s, 1500, 0, false);
  fail_unless_equals_int (s.store.n_late, 0);
  fail_unless_equals_int (s.lost, 0);
  clear_stream (&s);
}

GST_END_TEST;

/* No packet at all: what is missing shows after two seconds and the lead. */
GST_START_TEST (test_blackout)
{
  stream s;

  setup_stream (&s, 0);
  send (&s, 500, 0, false);
  ambi_loss_lead (&s.loss, (int64_t) (AHEAD * PERIOD));
  send (&s, 190, 0, true);
  fail_unless_equals_int (s.store.n_late, 0);
  send (&s, 110, 0, true);
  fail_unless (s.store.n_late >= 70, "%u late", s.store.n_late);
  fail_unless (s.store.n_late <= 100, "%u late", s.store.n_late);
  send (&s, 100, 0, true);
  fail_unless (ambi_loss_ratio (&s.loss, s.now) > 0.5);
  /* When it is over, the hole stays lost. */
  send (&s, 1500, 0, false);
  fail_unless_equals_int (s.lost, 400);
  fail_unless_equals_int (s.store.n_late, 0);
  fail_unless (ambi_loss_ratio (&s.loss, s.now) == 0);
  clear_stream (&s);
}

GST_END_TEST;

GST_START_TEST (test_unknown)
{
  stream s;

  setup_stream (&s, 0u - 2);
  learn (&s, 0);
  learn (&s, 3);
  fail_unless_equals_int64 (s.unknown, 0);
  receive (&s, 0);
  learn (&s, 10);
  fail_unless_equals_int64 (s.unknown, 6);
  /* A manifest that was overtaken. */
  learn (&s, 5);
  learn (&s, 6);
  fail_unless_equals_int64 (s.unknown, 4);
  clear_stream (&s);
}

GST_END_TEST;

/* A digest that comes when its packet is given up is late at once. */
GST_START_TEST (test_late_digest)
{
  stream s;

  setup_stream (&s, 0);
  learn (&s, 0);
  learn (&s, 2);
  receive (&s, 0);
  receive (&s, 2);
  pass_time (&s, 2 * REORDER);
  fail_unless_equals_int (s.store.n_late, 0);
  learn (&s, 1);
  fail_unless_equals_int (s.store.n_late, 1);
  clear_stream (&s);
}

GST_END_TEST;

/* Half of the number space later the beginning means nothing any more. */
GST_START_TEST (test_long_after_join)
{
  stream s;

  setup_stream (&s, 0);
  for (unsigned n = 0; n < 40; n++) {
    learn (&s, n * 0x10000000u);
    receive (&s, n * 0x10000000u);
    pass_time (&s, 2 * REORDER);
  }
  learn (&s, 39 * 0x10000000u + 1);
  learn (&s, 39 * 0x10000000u + 2);
  receive (&s, 39 * 0x10000000u + 2);
  pass_time (&s, 2 * REORDER);
  fail_unless_equals_int (s.store.n_late, 1);
  pass_time (&s, HOLD_TIME);
  fail_unless_equals_int (s.lost, 1);
  clear_stream (&s);
}

GST_END_TEST;

GST_START_TEST (test_restart)
{
  stream s;

  setup_stream (&s, 1000000);
  send (&s, 200, 10, false);
  ambi_store_restart (&s.store);
  ambi_loss_restart (&s.loss);
  s.base = 5;
  s.sent = 0;
  send (&s, 300, 0, false);
  fail_unless_equals_int (s.store.n_late, 0);
  fail_unless_equals_int (s.lost, 0);
  clear_stream (&s);
}

GST_END_TEST;

GST_START_TEST (test_lead)
{
  ambi_loss l;

  ambi_loss_init (&l, REORDER);
  ambi_loss_lead (&l, 100);
  fail_unless_equals_int64 (l.lead_average, 100);
  for (unsigned i = 0; i < 200; i++)
    ambi_loss_lead (&l, -1000);
  ambi_loss_lead (&l, 500);
  fail_unless_equals_int64 (l.lead_min, -1000);
  fail_unless_equals_int64 (l.lead_max, 500);
  fail_unless (l.lead_average < -850 && l.lead_average > -1000);
}

GST_END_TEST;

static Suite *
ambi_loss_suite (void)
{
  Suite *s = suite_create ("ambi-loss");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_none);
  tcase_add_test (tc, test_ratio);
  tcase_add_test (tc, test_comes_after_all);
  tcase_add_test (tc, test_before_join);
  tcase_add_test (tc, test_blackout);
  tcase_add_test (tc, test_unknown);
  tcase_add_test (tc, test_late_digest);
  tcase_add_test (tc, test_long_after_join);
  tcase_add_test (tc, test_restart);
  tcase_add_test (tc, test_lead);
  return s;
}

GST_CHECK_MAIN (ambi_loss);
