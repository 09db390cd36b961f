/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * When messages are let collect.
 */
#include <gst/check/gstcheck.h>

#include "coalesce.h"

#define US (CORE_MSECOND / 1000)
#define TIME (250 * US)
#define LIMIT 64

/* Messages at a steady rate, each of them taken at once or when it was said;
 * returns how many times any were taken in the second half of a second. */
static unsigned
run (core_coalesce * c, unsigned rate, core_time * longest)
{
  core_time gap = CORE_SECOND / rate, start = 7 * CORE_SECOND, next = 0;
  unsigned wakeups = 0, waiting = 0;
  core_time first = 0;

  *longest = 0;
  for (core_time now = start; now < start + CORE_SECOND; now += gap) {
    if (waiting++ == 0)
      first = now;
    if (now < next)
      continue;
    if (now - start > CORE_SECOND / 2) {
      wakeups++;
      *longest = MAX (*longest, now - first);
    }
    next = core_coalesce_note (c, waiting, now);
    fail_unless (next == now || next == now + TIME);
    waiting = 0;
  }
  return wakeups;
}

GST_START_TEST (test_rates)
{
  static const struct
  {
    unsigned rate;
    unsigned wakeups;           /* a second, about */
  } rows[] = {
    {1, 1}, {1000, 1000}, {10000, 10000}, {30000, 30000}, {40000, 4000},
    {100000, 4000}, {200000, 4000}
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    core_coalesce c;
    core_time longest;
    unsigned wakeups, wanted = rows[i].wakeups / 2;

    core_coalesce_init (&c, TIME, LIMIT);
    wakeups = run (&c, rows[i].rate, &longest);
    fail_unless (wakeups >= wanted * 9 / 10 && wakeups <= wanted + wanted / 10,
        "%u a second: %u times in half a second", rows[i].rate, wakeups);
    fail_unless (longest <= TIME);
    fail_unless (rows[i].rate > 30000 || longest == 0);

    /* never, if nobody wants it */
    core_coalesce_init (&c, 0, LIMIT);
    fail_unless (core_coalesce_note (&c, 5, 123) == 123);
    wakeups = run (&c, rows[i].rate, &longest);
    fail_unless (longest == 0);
  }
}

GST_END_TEST;

/* Many packets in one message are no many messages; and after a silence
 * nothing is as it was. */
GST_START_TEST (test_changes)
{
  core_coalesce c;
  core_time longest, now = 20 * CORE_SECOND;

  core_coalesce_init (&c, TIME, LIMIT);
  run (&c, 100000, &longest);
  fail_unless (longest > 0);
  /* nothing was there: look without delay when something comes */
  fail_unless (core_coalesce_note (&c, 0, now - 5) == now - 5);
  fail_unless (core_coalesce_note (&c, 3, now) == now);

  run (&c, 100000, &longest);
  now = 8 * CORE_SECOND;
  fail_unless (core_coalesce_note (&c, LIMIT - 1, now) == now + TIME);
  fail_unless (core_coalesce_note (&c, LIMIT, now) == now);
  fail_unless (core_coalesce_note (&c, LIMIT + 1, now) == now);
}

GST_END_TEST;

/* Times that are hardly any, or very long. */
GST_START_TEST (test_extremes)
{
  static const core_time times[] = { 1, 7, 8, CORE_SECOND, CORE_TIME_NEVER / 4 };

  for (unsigned i = 0; i < G_N_ELEMENTS (times); i++) {
    core_coalesce c;
    core_time next = 0;

    core_coalesce_init (&c, times[i], UINT32_MAX);
    next = core_coalesce_note (&c, 1, CORE_TIME_NEVER / 4);
    fail_unless (next == CORE_TIME_NEVER / 4);
    next = core_coalesce_note (&c, UINT32_MAX - 1,
        CORE_TIME_NEVER / 4 + 11 * CORE_MSECOND);
    fail_unless (next == CORE_TIME_NEVER / 4 + 11 * CORE_MSECOND + times[i]);
  }
}

GST_END_TEST;

static Suite *
coalesce_suite (void)
{
  Suite *s = suite_create ("coalesce");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_rates);
  tcase_add_test (tc, test_changes);
  tcase_add_test (tc, test_extremes);
  return s;
}

GST_CHECK_MAIN (coalesce);
