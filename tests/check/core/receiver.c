/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * When the receiver wants the tunnel, and what it passes of two paths.
 */
#include "receiver-test.h"

/* Native comes at once and goes on: no tunnel. */
GST_START_TEST (test_native)
{
  static const step steps[] = {
    {0, O, 0, false, false, O},
    {40, N, 1, true, false, N},
    {1039, N, 2, true, false, N},
    {2038, N, 2, true, false, N},
    {3037, O, 0, false, false, N},
    {3038, O, 0, false, true, N}
  };
  receiver *rx = make ();

  receiver_start (rx, true, 0);
  fail_unless_equals_uint64 (receiver_deadline (rx), 1000 * MS);
  play (rx, steps, G_N_ELEMENTS (steps));
  fail_unless_equals_uint64 (receiver_deadline (rx), CORE_TIME_NEVER);
  fail_unless_equals_uint64 (receiver_duplicates (rx), 0);
  receiver_free (rx);
}

GST_END_TEST;

/* Nothing, the tunnel, native appears behind it, takes over, falls silent. */
GST_START_TEST (test_there_and_back)
{
  static const step steps[] = {
    {999, O, 0, false, false, O},
    {1000, O, 0, false, true, O},
    {1100, T, 1, true, true, T},
    {1200, T, 2, true, true, T},
    {5000, T, 3, true, true, T},
    {5010, N, 3, false, true, T},
    {5500, T, 4, true, true, T},
    {5510, N, 4, false, true, T},
    {6000, T, 5, true, true, T},
    {6010, N, 5, false, false, N},
    {6500, N, 6, true, false, N},
    {7499, O, 0, false, false, N},
    {7500, O, 0, false, true, N},
    {7600, T, 7, true, true, T}
  };
  receiver *rx = make ();

  receiver_start (rx, true, 0);
  play (rx, steps, G_N_ELEMENTS (steps));
  fail_unless_equals_uint64 (receiver_duplicates (rx), 3);
  receiver_free (rx);
}

GST_END_TEST;

/* Either path is a fifth of a second behind at 20,000 packets a second. */
GST_START_TEST (test_far_behind)
{
  receiver_path ahead = __i__ ? N : T, behind = __i__ ? T : N;
  const uint32_t lag = 4000;
  receiver *rx = make ();

  receiver_start (rx, false, 0);
  receiver_native (rx, true, 0);
  for (uint32_t i = 0; i < 3 * lag; i++) {
    core_time now = i * (MS / 20);

    check_packet (packet (rx, ahead, i, now), i);
    if (i >= lag)
      check_packet (!packet (rx, behind, i - lag, now), i - lag);
  }
  fail_unless_equals_uint64 (receiver_duplicates (rx), 2 * lag);
  receiver_free (rx);
}

GST_END_TEST;

/* One path alone brings more than is kept in mind, then the other one the
 * same: all that is kept is known again, and nothing else. */
GST_START_TEST (test_long_alone)
{
  const uint32_t kept = 8192, n = 2 * kept + 100 + (uint32_t) __i__;
  const core_time us = CORE_MSECOND / 1000;
  receiver *rx = make ();
  core_time now = 0;

  receiver_start (rx, false, 0);
  receiver_native (rx, true, 0);
  for (uint32_t i = 0; i < n; i++)
    check_packet (packet (rx, T, i, now += us), i);
  for (uint32_t i = n - kept; i < n; i++)
    check_packet (!packet (rx, N, i, now += us), i);
  fail_unless (packet (rx, N, n - kept - 1, now += us));
  fail_unless_equals_uint64 (receiver_duplicates (rx), kept);
  receiver_free (rx);
}

GST_END_TEST;

/* Native is ahead of the tunnel: what the tunnel has yet to bring is passed
 * when native did not bring it. */
GST_START_TEST (test_native_ahead)
{
  static const step steps[] = {
    {1000, O, 0, false, true, O},
    {1100, T, 1, true, true, T},
    {1110, N, 4, true, true, T},
    {1120, T, 2, true, true, T},
    {1130, T, 3, true, true, T},
    {1140, T, 4, false, true, T},
    {1150, N, 5, true, true, T},
    {1160, T, 5, false, true, T}
  };
  receiver *rx = make ();

  receiver_start (rx, true, 0);
  play (rx, steps, G_N_ELEMENTS (steps));
  receiver_free (rx);
}

GST_END_TEST;

/* The join is impossible: the tunnel at once; possible later; lost again. */
GST_START_TEST (test_impossible)
{
  receiver *rx = make ();

  receiver_start (rx, false, 0);
  fail_unless (receiver_wants_tunnel (rx));
  fail_unless (packet (rx, T, 1, 10 * MS));
  fail_unless_equals_int (receiver_delivery (rx), T);
  receiver_native (rx, true, 5000 * MS);
  fail_unless (receiver_wants_tunnel (rx));
  for (unsigned i = 0; i <= 10; i++)
    fail_unless (packet (rx, N, 2 + i, (5000 + i * 100) * MS));
  fail_if (receiver_wants_tunnel (rx));
  fail_unless_equals_int (receiver_delivery (rx), N);
  receiver_native (rx, false, 6050 * MS);
  fail_unless (receiver_wants_tunnel (rx));
  receiver_free (rx);
}

GST_END_TEST;

/* Packets with pauses in between, or too few, are not health. */
GST_START_TEST (test_not_healthy)
{
  static const step steps[] = {
    {1000, O, 0, false, true, O},
    {1100, T, 1, true, true, T},
    {2000, N, 2, true, true, T},
    {2900, N, 3, true, true, T},
    {3900, N, 4, true, true, T},
    {4899, N, 5, true, true, T},
    {4900, N, 6, true, false, N}
  };
  receiver *rx = make ();

  receiver_start (rx, true, 0);
  play (rx, steps, G_N_ELEMENTS (steps));
  receiver_free (rx);
}

GST_END_TEST;

/* The same bytes twice by one path are two packets; each is matched once. */
GST_START_TEST (test_same_bytes)
{
  static const step steps[] = {
    {1000, O, 0, false, true, O},
    {1010, T, 1, true, true, T},
    {1011, T, 1, true, true, T},
    {1012, N, 1, false, true, T},
    {1013, N, 1, false, true, T},
    {1014, N, 1, true, true, T},
    {1015, T, 1, false, true, T},
    {1016, T, 9, true, true, T},
    {3016, N, 9, true, true, T}
  };
  receiver *rx = make ();

  receiver_start (rx, true, 0);
  play (rx, steps, G_N_ELEMENTS (steps));
  receiver_free (rx);
}

GST_END_TEST;

/* A pause of the pipeline is no silence. */
GST_START_TEST (test_pause)
{
  receiver *rx = make ();

  receiver_start (rx, true, 0);
  fail_unless (packet (rx, N, 1, 10 * MS));
  receiver_resume (rx, 60000 * MS);
  receiver_expire (rx, 60000 * MS);
  fail_if (receiver_wants_tunnel (rx));
  fail_unless_equals_uint64 (receiver_deadline (rx), 61000 * MS);
  receiver_free (rx);
}

GST_END_TEST;

/* The port is another one: native has its time again before the tunnel is
 * wanted, and must prove its health anew; packets like those of the port before
 * are no duplicates. */
GST_START_TEST (test_other_port)
{
  static const step before[] = {
    {900, N, 1, true, false, N}
  };
  static const step alone[] = {
    {1000, O, 0, false, false, N},
    {1950, O, 0, false, true, N},
    {2000, T, 2, true, true, T},
    {2100, N, 3, true, true, T},
    {2600, N, 4, true, true, T}
  };
  static const step both[] = {
    {2700, T, 4, true, true, T},
    {2800, N, 2, true, true, T},
    {2900, T, 2, false, true, T},
    {3150, N, 5, true, true, T},
    {3700, N, 6, true, true, T},
    {3800, N, 7, true, false, N}
  };
  receiver *rx = make ();

  receiver_start (rx, true, 0);
  play (rx, before, G_N_ELEMENTS (before));
  receiver_other_port (rx, true, 950 * MS);
  play (rx, alone, G_N_ELEMENTS (alone));
  receiver_other_port (rx, true, 2650 * MS);
  play (rx, both, G_N_ELEMENTS (both));
  fail_unless_equals_uint64 (receiver_duplicates (rx), 1);

  /* It could not be joined there. */
  receiver_other_port (rx, false, 3900 * MS);
  fail_unless (receiver_wants_tunnel (rx));
  fail_unless (packet (rx, T, 7, 3950 * MS));
  fail_unless_equals_int (receiver_delivery (rx), T);
  receiver_free (rx);
}

GST_END_TEST;

/* Native flaps each 3 s for an hour: each packet once, and no more than two
 * moves each time. */
GST_START_TEST (test_flapping)
{
  receiver *rx = make ();
  receiver_path before = O;
  unsigned moves = 0;
  uint32_t n = 0;

  receiver_start (rx, true, 0);
  for (core_time ms = 1; ms < 3600000; ms += 20) {
    core_time now = ms * MS;
    bool native_up = ms % 6000 < 3000, native = false, tunnel = false;
    bool open;

    receiver_expire (rx, now);
    open = receiver_wants_tunnel (rx);
    n++;
    if (native_up)
      native = packet (rx, N, n, now);
    if (open)
      tunnel = packet (rx, T, n, now);
    check_packet (!(native && tunnel), n);
    check_packet (native || tunnel || (!native_up && !open), n);
    moves += receiver_delivery (rx) != before;
    before = receiver_delivery (rx);
  }
  fail_unless (moves > 1100 && moves <= 1200, "%u", moves);
  receiver_free (rx);
}

GST_END_TEST;

/* Two paths with delays and losses of their own, chosen by chance: nothing is
 * passed twice, and what a path brings while it is open is passed. */
#define PACKETS 4000

typedef struct
{
  core_time at;
  receiver_path by;
  uint32_t number;
} arrival;

static int
compare (const void *a, const void *b)
{
  const arrival *x = a, *y = b;

  return x->at < y->at ? -1 : x->at > y->at ? 1 : (int) x->by - (int) y->by;
}

GST_START_TEST (test_random)
{
  static arrival arrivals[2 * PACKETS];
  static uint8_t passed[PACKETS], brought[PACKETS];
  GRand *random = g_rand_new_with_seed ((guint32) __i__);
  core_time delay[3] = { 0, (core_time) g_rand_int_range (random, 0, 200),
    (core_time) g_rand_int_range (random, 0, 200)
  };
  receiver *rx = make ();
  bool up[3] = { false, g_rand_boolean (random), true };
  unsigned n = 0;

  memset (passed, 0, sizeof (passed));
  memset (brought, 0, sizeof (brought));
  for (uint32_t i = 0; i < PACKETS; i++) {
    for (receiver_path p = N; p <= T; p++) {
      arrival a = { (i * 5 + delay[p]) * MS, p, i };

      if (g_rand_int_range (random, 0, 400) == 0)
        up[p] = !up[p];
      if (up[p] && g_rand_int_range (random, 0, 50) != 0)
        arrivals[n++] = a;
    }
  }
  qsort (arrivals, n, sizeof (arrivals[0]), compare);

  receiver_start (rx, true, 0);
  for (unsigned i = 0; i < n; i++) {
    const arrival *a = &arrivals[i];

    receiver_expire (rx, a->at);
    if (a->by == T && !receiver_wants_tunnel (rx))
      continue;
    brought[a->number] = 1;
    passed[a->number] += packet (rx, a->by, a->number, a->at);
  }
  for (unsigned i = 0; i < PACKETS; i++)
    check_packet (passed[i] == brought[i], i);
  receiver_free (rx);
  g_rand_free (random);
}

GST_END_TEST;

static Suite *
receiver_suite (void)
{
  Suite *s = suite_create ("receiver");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_native);
  tcase_add_test (tc, test_there_and_back);
  tcase_add_loop_test (tc, test_far_behind, 0, 2);
  tcase_add_loop_test (tc, test_long_alone, 0, 2);
  tcase_add_test (tc, test_native_ahead);
  tcase_add_test (tc, test_impossible);
  tcase_add_test (tc, test_not_healthy);
  tcase_add_test (tc, test_same_bytes);
  tcase_add_test (tc, test_pause);
  tcase_add_test (tc, test_other_port);
  tcase_add_test (tc, test_flapping);
  tcase_add_loop_test (tc, test_random, 0, 100);
  return s;
}

GST_CHECK_MAIN (receiver);
