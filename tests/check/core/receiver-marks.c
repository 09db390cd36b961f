/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What the receiver knows of packets that the tunnel brought while native was
 * away, and of those with the marks of others.
 */
#include "packet-hash.h"
#include "receiver-test.h"
#include "stopwatch.h"

static void
fill_alike (uint8_t data[1316], uint32_t n)
{
  memset (data, 0, 1316);
  memcpy (data + 650, &n, sizeof (n));
}

/* One whose mark is that of all others of the kind. */
static bool
alike (receiver * rx, receiver_path by, uint32_t n, core_time now)
{
  uint8_t data[1316];

  fill_alike (data, n);
  return receiver_packet (rx, by, data, sizeof (data), now);
}

/* The tunnel is wanted all the time. */
static receiver *
make_both (void)
{
  receiver_config config = {.native_timeout = 1000 * MS,
    .healthy_packets = UINT_MAX,.key = {7}
  };
  receiver *rx;

  fail_unless_equals_int (receiver_new (&rx, &config), CORE_OK);
  receiver_start (rx, false, 0);
  receiver_native (rx, true, 0);
  return rx;
}

/* The tunnel was alone, and native begins so many packets behind it: all are
 * known, and whatever the tunnel goes on to bring is passed. */
static const uint32_t lags[] = { 1, 50, 2000 };

#define ALONE 2500

GST_START_TEST (test_begin_behind)
{
  const uint32_t lag = lags[__i__];
  receiver *rx = make_both ();

  for (uint32_t i = 0; i < 2 * ALONE; i++) {
    core_time now = i * (MS / 10);

    check_packet (packet (rx, T, i, now), i);
    if (i >= ALONE)
      check_packet (!packet (rx, N, i - lag, now), i - lag);
  }
  fail_unless_equals_uint64 (receiver_duplicates (rx), ALONE);
  receiver_free (rx);
}

GST_END_TEST;

/* So many packets ahead of it: these are passed, and dropped when the tunnel
 * brings them. */
GST_START_TEST (test_begin_ahead)
{
  const uint32_t lag = lags[__i__];
  receiver *rx = make_both ();

  for (uint32_t i = 0; i < 2 * ALONE; i++) {
    core_time now = i * (MS / 10);

    check_packet (packet (rx, T, i, now) == (i < ALONE + lag), i);
    if (i >= ALONE)
      check_packet (packet (rx, N, i + lag, now), i + lag);
  }
  fail_unless_equals_uint64 (receiver_duplicates (rx), ALONE - lag);
  receiver_free (rx);
}

GST_END_TEST;

/* Native comes, is away for longer than packets are kept in mind, and comes
 * again behind what the tunnel brought in that time. */
GST_START_TEST (test_native_again)
{
  static const step steps[] = {
    {1000, O, 0, false, true, O},
    {1100, N, 1, true, true, N},
    {1150, T, 1, false, true, N},
    {1200, T, 2, true, true, N},
    {3099, T, 3, true, true, T},
    {3100, T, 4, true, true, T},
    {3500, T, 5, true, true, T},
    {3600, N, 3, false, true, T},
    {3610, N, 4, false, true, T},
    {3620, N, 5, false, true, T},
    {3630, N, 4, true, true, T},
    {3640, N, 6, true, true, T},
    {3650, T, 6, false, true, T},
    {3660, T, 7, true, true, T},
    {3670, N, 7, false, true, T}
  };
  receiver *rx = make ();

  receiver_start (rx, true, 0);
  play (rx, steps, G_N_ELEMENTS (steps));
  receiver_free (rx);
}

GST_END_TEST;

/* The tunnel is alone and brings the same bytes twice: two packets, of each of
 * which native may bring one. */
GST_START_TEST (test_same_bytes_alone)
{
  static const step steps[] = {
    {1000, O, 0, false, true, O},
    {1010, T, 1, true, true, T},
    {1011, T, 1, true, true, T},
    {1012, N, 1, false, true, T},
    {1013, T, 1, true, true, T},
    {1014, N, 1, false, true, T},
    {1015, N, 1, false, true, T},
    {1016, N, 1, true, true, T}
  };
  receiver *rx = make ();

  receiver_start (rx, true, 0);
  play (rx, steps, G_N_ELEMENTS (steps));
  receiver_free (rx);
}

GST_END_TEST;

/* How long a packet is kept in mind, to the nanosecond, whichever path brought
 * it. */
GST_START_TEST (test_kept_for)
{
  const core_time kept = 2000 * MS;
  receiver *rx = make_both ();
  core_time now = 5000 * MS;

  for (unsigned i = 0; i < 2; i++) {
    receiver_path first = i ? N : T, second = i ? T : N;

    receiver_start (rx, false, now);
    fail_unless (packet (rx, first, 1, now));
    fail_unless (packet (rx, first, 2, now));
    fail_if (packet (rx, second, 1, now + kept - 1));
    fail_unless (packet (rx, second, 2, now + kept));
    now += 2 * kept;
  }

  /* what was passed then is known in its turn */
  receiver_start (rx, false, now);
  fail_unless (packet (rx, N, 3, now));
  fail_unless (packet (rx, T, 3, now + kept));
  fail_if (packet (rx, N, 3, now + 2 * kept - 1));
  receiver_free (rx);
}

GST_END_TEST;

/* In packets of few bytes each one counts, and how many there are. */
GST_START_TEST (test_short)
{
  uint8_t data[80] = { 0 };
  receiver *rx = make_both ();

  for (size_t len = 0; len <= 70; len++) {
    receiver_start (rx, false, 0);
    fail_unless (receiver_packet (rx, T, data, len, 0));
    fail_unless (receiver_packet (rx, N, data, len + 1, 0));
    if (len > 0)
      fail_unless (receiver_packet (rx, N, data, len - 1, 0));
    for (size_t i = 0; i < len; i++) {
      data[i] = 1;
      fail_unless (receiver_packet (rx, N, data, len, 0));
      data[i] = 0;
    }
    fail_if (receiver_packet (rx, N, data, len, 0));
    fail_unless (receiver_packet (rx, N, data, len, 0));
  }
  receiver_free (rx);
}

GST_END_TEST;

/* All packets have one mark, and native begins so many of them ahead of the
 * tunnel, or behind it: each is passed once, also when native takes over.  Where
 * it is ahead, native ones are dropped for others. */
static const int offsets[] = { -300, -1, 0, 1, 300 };

GST_START_TEST (test_alike)
{
  enum
  { BEGIN = 1000, END = 8000 };
  static uint8_t passed[END + 300];
  const int offset = offsets[__i__];
  receiver *rx = make ();
  unsigned early = 0;

  memset (passed, 0, sizeof (passed));
  receiver_start (rx, false, 0);
  receiver_native (rx, true, 0);
  for (int i = 0; i < END; i++) {
    core_time now = (core_time) i * MS;

    if (receiver_wants_tunnel (rx))
      passed[i] += alike (rx, T, (uint32_t) i, now);
    if (i >= BEGIN) {
      bool pass = alike (rx, N, (uint32_t) (i + offset), now);

      passed[i + offset] += pass;
      early += passed[i + offset] == 0;
    }
  }
  for (int i = 0; i < END - 300; i++)
    check_packet (passed[i] == 1, i);
  fail_unless (offset <= 0 || early > 0);
  fail_if (receiver_wants_tunnel (rx));
  receiver_free (rx);
}

GST_END_TEST;

GST_START_TEST (test_alike_marks)
{
  uint8_t one[1316], other[1316];
  core_packet_hash_key key;

  core_packet_hash_init (&key, (const uint8_t[CORE_SIPHASH_KEY_LEN]) { 7 });
  fill_alike (one, 1);
  fill_alike (other, 0xffffffff);
  fail_unless (core_packet_mark (&key, one, sizeof (one)) ==
      core_packet_mark (&key, other, sizeof (other)));
}

GST_END_TEST;

/* Once native alone is wanted the tunnel brings nothing anymore that would make
 * up for a packet dropped for another one.  What it still brings, as it is not
 * left at once, is known. */
GST_START_TEST (test_taken_over)
{
  receiver *rx = make ();

  receiver_start (rx, false, 0);
  receiver_native (rx, true, 0);
  fail_unless (alike (rx, T, 1, 900 * MS));
  for (uint32_t i = 0; i <= 10; i++)
    fail_unless (packet (rx, N, 10 + i, (1000 + i * 100) * MS));
  fail_if (receiver_wants_tunnel (rx));
  fail_unless (alike (rx, N, 2, 2100 * MS));
  fail_if (alike (rx, T, 2, 2101 * MS));
  receiver_free (rx);
}

GST_END_TEST;

/* Packets that are further apart than they are kept in mind, but no further than
 * native may be silent, by the tunnel first: native takes over all the same. */
GST_START_TEST (test_slow)
{
  receiver_config config = {.native_timeout = 10000 * MS,.key = {7}
  };
  const core_time interval = 3000 * MS;
  receiver *rx;

  fail_unless_equals_int (receiver_new (&rx, &config), CORE_OK);
  receiver_start (rx, false, 0);
  receiver_native (rx, true, 0);
  for (uint32_t i = 0; i < 3; i++) {
    fail_unless (receiver_wants_tunnel (rx));
    fail_unless (packet (rx, T, i, i * interval));
    fail_if (packet (rx, N, i, i * interval + 10 * MS));
  }
  fail_if (receiver_wants_tunnel (rx));
  receiver_free (rx);
}

GST_END_TEST;

/* A pause of native longer than packets are kept in mind, but not too long to
 * take over: what the tunnel brought meanwhile is known all the same. */
GST_START_TEST (test_pause)
{
  receiver_config config = {.native_timeout = 5000 * MS,.key = {7}
  };
  static const step steps[] = {
    {1000, N, 1, true, true, N},
    {1010, N, 2, true, true, N},
    {1020, N, 3, true, true, N},
    {2900, T, 4, true, true, N},
    {3050, T, 5, true, true, N},
    {3100, N, 4, false, false, N},
    {3150, N, 5, false, false, N},
    {3160, N, 6, true, false, N},
  };
  receiver *rx;

  fail_unless_equals_int (receiver_new (&rx, &config), CORE_OK);
  receiver_start (rx, false, 0);
  receiver_native (rx, true, 0);
  play (rx, steps, G_N_ELEMENTS (steps));
  receiver_free (rx);
}

GST_END_TEST;

/* Microseconds that packets of native take which the tunnel does not bring. */
static gint64
time_native (bool same_bytes)
{
  receiver *rx = make_both ();
  Stopwatch watch;
  gint64 us;

  stopwatch_start (&watch);
  for (uint32_t i = 0; i < 20000; i++) {
    if (i % 1000 == 0)
      packet (rx, T, 100000 + i, MS);
    packet (rx, N, same_bytes ? 1 : i, MS);
  }
  us = stopwatch_us (&watch);
  fail_unless_equals_uint64 (receiver_duplicates (rx), 0);
  receiver_free (rx);
  return us;
}

/* The same bytes again and again, of which thousands are kept, are looked for
 * as fast as any others. */
GST_START_TEST (test_flood)
{
  gint64 usual = time_native (false), flood = time_native (true);

  fail_unless (flood < 20 * usual, "%d us, usually %d", (int) flood,
      (int) usual);
}

GST_END_TEST;

/* What the receiver does, but with the bytes themselves, on paths that fall
 * silent by chance, lose packets, and bring some bytes again and again. */
typedef struct
{
  core_time at;
  uint32_t number;
  receiver_path by;
  bool alone;                   /* native was away */
  bool used;
} record;

typedef struct
{
  record records[6000];
  unsigned n;
  core_time native_at;
} model;

static bool
model_packet (model * m, receiver_path by, uint32_t number, core_time now)
{
  bool away = m->native_at == CORE_TIME_NEVER ||
      now - m->native_at >= 2000 * MS;
  record mine = { now, number, by, by == T && away, false };
  record *found = NULL;

  /* The oldest of those of which a hash was kept, else of the others. */
  for (unsigned i = m->n; i > 0 && now - m->records[i - 1].at < 2000 * MS; i--) {
    record *r = &m->records[i - 1];

    if (!r->used && r->by != by && r->number == number &&
        (!r->alone || found == NULL || found->alone))
      found = r;
  }
  if (by == N)
    m->native_at = now;
  if (found)
    found->used = true;
  else
    m->records[m->n++] = mine;
  return found == NULL;
}

GST_START_TEST (test_model)
{
  static model m;
  GRand *random = g_rand_new_with_seed ((guint32) __i__);
  const uint32_t delay[] = { 0, (uint32_t) g_rand_int_range (random, 0, 60),
    (uint32_t) g_rand_int_range (random, 0, 60)
  };
  bool up[] = { false, false, true };
  receiver *rx = make_both ();
  core_time now = 0;
  unsigned marked = 0;

  m.n = 0;
  m.native_at = CORE_TIME_NEVER;
  for (uint32_t i = 60; i < 3000; i++) {
    bool jump = g_rand_int_range (random, 0, 60) == 0;

    now += (core_time) g_rand_int_range (random, 0, jump ? 3000 : 20) * MS;
    for (receiver_path p = N; p <= T; p++) {
      uint32_t number = i - delay[p];

      if (number % 16 == 0)
        number = 7;
      if (g_rand_int_range (random, 0, 120) == 0)
        up[p] = !up[p];
      if (!up[p] || g_rand_int_range (random, 0, 20) == 0)
        continue;
      check_packet (packet (rx, p, number, now) ==
          model_packet (&m, p, number, now), number);
    }
  }
  for (unsigned i = 0; i < m.n; i++)
    marked += m.records[i].alone && m.records[i].used;
  fail_unless (marked > 0);
  receiver_free (rx);
  g_rand_free (random);
}

GST_END_TEST;

static Suite *
receiver_marks_suite (void)
{
  Suite *s = suite_create ("receiver-marks");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_begin_behind, 0, G_N_ELEMENTS (lags));
  tcase_add_loop_test (tc, test_begin_ahead, 0, G_N_ELEMENTS (lags));
  tcase_add_test (tc, test_native_again);
  tcase_add_test (tc, test_same_bytes_alone);
  tcase_add_test (tc, test_kept_for);
  tcase_add_test (tc, test_short);
  tcase_add_test (tc, test_alike_marks);
  tcase_add_loop_test (tc, test_alike, 0, G_N_ELEMENTS (offsets));
  tcase_add_test (tc, test_taken_over);
  tcase_add_test (tc, test_slow);
  tcase_add_test (tc, test_pause);
  tcase_add_test (tc, test_flood);
  tcase_add_loop_test (tc, test_model, 0, 12);
  return s;
}

GST_CHECK_MAIN (receiver_marks);
