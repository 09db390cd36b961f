/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The window of sequence numbers: it moves, wraps, jumps and grows.
 */
#include <gst/check/gstcheck.h>

#include "ambi-window.h"

static void
put (ambi_window * w, uint32_t seq)
{
  uint64_t bit;
  ambi_window_block *block = ambi_window_at (w, seq, &bit);

  block->used |= bit;
  *ambi_window_value (w, seq) = seq;
}

static bool
has (const ambi_window * w, uint32_t seq)
{
  uint64_t bit;
  const ambi_window_block *block = ambi_window_peek (w, seq, &bit);

  return block != NULL && (block->used & bit) != 0;
}

GST_START_TEST (test_after)
{
  static const struct
  {
    uint32_t a, b;
    bool after;
  } rows[] = {
    {1, 0, true},
    {0, 1, false},
    {5, 5, false},
    {0, UINT32_MAX, true},
    {UINT32_MAX, 0, false},
    {0x7fffffff, 0, true},
    {0x80000000, 0, false},
    {0, 0x80000000, false},
    {0, 0x80000001, true},
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    fail_unless (ambi_seq_after (rows[i].a, rows[i].b) == rows[i].after,
        "row %u", i);
}

GST_END_TEST;

/* Anywhere, and across the end of the numbers. */
GST_START_TEST (test_moves)
{
  static const uint32_t starts[] = { 0, 1, 63, 64, 0x7fffffc0, 0u - 30000 };

  for (unsigned i = 0; i < G_N_ELEMENTS (starts); i++) {
    uint32_t first = starts[i], behind;
    ambi_window w;

    fail_unless_equals_int (ambi_window_init (&w), CORE_OK);
    fail_if (ambi_window_is_stale (&w, first));
    fail_if (has (&w, first));
    for (uint32_t n = 0; n < 3 * AMBI_WINDOW_MIN; n += 3)
      put (&w, first + n);
    fail_unless_equals_int (w.size, AMBI_WINDOW_MIN);
    behind = w.top - w.size + AMBI_WINDOW_BLOCK;
    for (uint32_t seq = behind; seq != w.top + 1; seq++) {
      if (has (&w, seq) != ((seq - first) % 3 == 0) ||
          ambi_window_is_stale (&w, seq))
        fail ("%u of %u", seq - first, first);
    }
    fail_unless (ambi_window_is_stale (&w, w.top - w.size));
    fail_unless (ambi_window_is_stale (&w, first));
    fail_unless (ambi_window_is_stale (&w, w.top - 0x80000000));
    fail_if (has (&w, first));
    fail_if (ambi_window_is_stale (&w, w.top + 0x7fffffff));
    ambi_window_clear (&w);
  }
}

GST_END_TEST;

GST_START_TEST (test_jump)
{
  uint32_t near = 1000;
  uint32_t far = near + UINT32_C (0x7fffffff);
  const ambi_window_block *block;
  ambi_window w;
  uint64_t bit;

  fail_unless_equals_int (ambi_window_init (&w), CORE_OK);
  put (&w, near);
  put (&w, far);
  fail_unless (ambi_window_is_stale (&w, near));
  fail_if (has (&w, near));
  fail_unless (has (&w, far));
  /* This one has the place of the first: nothing is left of that. */
  put (&w, far + 1);
  fail_unless (ambi_window_value (&w, far + 1) == ambi_window_value (&w, near));
  block = ambi_window_peek (&w, far + 1, &bit);
  fail_unless (block->used == (bit | bit >> 1));
  ambi_window_clear (&w);
}

GST_END_TEST;

GST_START_TEST (test_peek_does_not_move)
{
  ambi_window w;
  uint64_t bit;

  fail_unless_equals_int (ambi_window_init (&w), CORE_OK);
  fail_unless (ambi_window_peek (&w, 5, &bit) == NULL);
  fail_if (w.started);
  put (&w, 5);
  fail_unless (ambi_window_peek (&w, 5000, &bit) == NULL);
  fail_unless_equals_int (w.top, 5);
  fail_unless (ambi_window_peek (&w, 6, &bit) != NULL);
  fail_unless_equals_int (w.top, 5);
  ambi_window_clear (&w);
}

GST_END_TEST;

GST_START_TEST (test_grow)
{
  ambi_window w;
  uint32_t first = 0u - 40000;

  fail_unless_equals_int (ambi_window_init (&w), CORE_OK);
  for (uint32_t n = 0; n < 100000; n += 2)
    put (&w, first + n);
  ambi_window_grow (&w, AMBI_WINDOW_MIN);
  fail_unless_equals_int (w.size, AMBI_WINDOW_MIN);
  ambi_window_grow (&w, AMBI_WINDOW_MIN + 1);
  fail_unless_equals_int (w.size, 2 * AMBI_WINDOW_MIN);
  for (uint32_t n = 100000 - AMBI_WINDOW_MIN + 64; n < 100000; n++) {
    if (has (&w, first + n) != (n % 2 == 0))
      fail ("%u", n);
    if (n % 2 == 0 && *ambi_window_value (&w, first + n) != first + n)
      fail ("the value of %u", n);
  }
  fail_if (has (&w, first));
  ambi_window_grow (&w, UINT32_MAX);
  fail_unless_equals_int (w.size, AMBI_WINDOW_MAX);
  fail_unless (has (&w, first + 99998));
  ambi_window_clear (&w);
}

GST_END_TEST;

GST_START_TEST (test_restart)
{
  ambi_window w;

  fail_unless_equals_int (ambi_window_init (&w), CORE_OK);
  put (&w, 1000000);
  fail_unless (ambi_window_is_stale (&w, 5));
  ambi_window_restart (&w);
  fail_if (has (&w, 1000000));
  fail_if (ambi_window_is_stale (&w, 5));
  put (&w, 5);
  fail_unless (has (&w, 5));
  fail_unless_equals_int (w.top, 5);
  ambi_window_clear (&w);
}

GST_END_TEST;

static Suite *
ambi_window_suite (void)
{
  Suite *s = suite_create ("ambi-window");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_after);
  tcase_add_test (tc, test_moves);
  tcase_add_test (tc, test_jump);
  tcase_add_test (tc, test_peek_does_not_move);
  tcase_add_test (tc, test_grow);
  tcase_add_test (tc, test_restart);
  return s;
}

GST_CHECK_MAIN (ambi_window);
