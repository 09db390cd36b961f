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

/* What comes again and again. */
typedef struct
{
  unsigned messages;            /* in a burst */
  core_time apart;              /* in it; 0: all at once */
  core_time period;
} pattern;

typedef struct
{
  core_coalesce *c;
  core_time count_from;
  core_time next;               /* take */
  core_time first;              /* of those that wait */
  unsigned waiting;
  unsigned takes;
  core_time longest;
  bool wrong;
} reader;

static void
take (reader * r, core_time now)
{
  if (now >= r->count_from) {
    r->takes++;
    r->longest = MAX (r->longest, now - r->first);
  }
  r->next = core_coalesce_note (r->c, r->waiting, now);
  r->wrong |= r->next != now && r->next != now + TIME;
  r->waiting = 0;
}

static void
add (reader * r, core_time now)
{
  /* what waited until then */
  if (r->waiting > 0 && r->next > r->first && r->next <= now)
    take (r, r->next);
  if (r->waiting++ == 0)
    r->first = now;
}

/* For a second, each message is taken at once or when it was said.  Returns how
 * many times any were taken in its second half. */
static unsigned
run (core_coalesce * c, core_time start, const pattern * p, core_time * longest)
{
  reader r = {.c = c,.count_from = start + CORE_SECOND / 2 };

  for (core_time burst = start; burst < start + CORE_SECOND; burst += p->period) {
    for (unsigned i = 0; i < p->messages; i++) {
      core_time now = burst + i * p->apart;

      add (&r, now);
      /* those that come at one time are taken at one time */
      if (now >= r.next && (p->apart > 0 || i + 1 == p->messages))
        take (&r, now);
    }
  }
  fail_if (r.wrong);
  *longest = r.longest;
  return r.takes;
}

GST_START_TEST (test_patterns)
{
  static const struct
  {
    pattern pattern;
    unsigned takes;             /* a second, about */
    bool waits;
  } rows[] = {
    {{1, 0, CORE_SECOND / 10}, 10, false},
    {{1, 0, CORE_SECOND / 1000}, 1000, false},
    {{1, 0, CORE_SECOND / 10000}, 10000, false},
    {{1, 0, CORE_SECOND / 30000}, 30000, false},
    {{1, 0, CORE_SECOND / 40000}, 4000, true},
    {{1, 0, CORE_SECOND / 100000}, 4000, true},
    {{1, 0, CORE_SECOND / 200000}, 4000, true},
    /* bursts, at once and drawn out */
    {{48, 0, 480 * US}, 2083, false},
    {{60, 0, 200 * US}, 5000, false},
    {{48, 4 * US, 480 * US}, 4000, true},
    {{10, 20 * US, CORE_SECOND / 100}, 1000, false},
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    core_coalesce c;
    core_time longest;
    unsigned takes, wanted = rows[i].takes / 2;

    core_coalesce_init (&c, TIME, LIMIT);
    takes = run (&c, 7 * CORE_SECOND, &rows[i].pattern, &longest);
    fail_unless (takes * 8 + 8 >= wanted * 7 && takes * 8 <= wanted * 9 + 8,
        "row %u: %u times in half a second", i, takes);
    if (rows[i].waits)
      fail_unless (longest > 0 && longest <= TIME);
    else
      fail_unless (longest == 0);

    /* never, if nobody wants it */
    core_coalesce_init (&c, 0, LIMIT);
    fail_unless (core_coalesce_note (&c, 5, 123) == 123);
    run (&c, 7 * CORE_SECOND, &rows[i].pattern, &longest);
    fail_unless (longest == 0);
  }
}

GST_END_TEST;

static const pattern dense = { 1, 0, CORE_SECOND / 100000 };

/* What was is forgotten when it is no more. */
GST_START_TEST (test_changes)
{
  static const pattern sparse = { 1, 0, CORE_SECOND / 10000 };
  static const pattern bursts = { 48, 0, 480 * US };
  core_time longest, now = 20 * CORE_SECOND;
  core_coalesce c;

  core_coalesce_init (&c, TIME, LIMIT);
  run (&c, CORE_SECOND, &dense, &longest);
  fail_unless (longest > 0);
  run (&c, 2 * CORE_SECOND, &sparse, &longest);
  fail_unless (longest == 0);
  run (&c, 3 * CORE_SECOND, &dense, &longest);
  fail_unless (longest > 0);
  /* as many messages, but in fewer takes */
  run (&c, 4 * CORE_SECOND, &bursts, &longest);
  run (&c, 5 * CORE_SECOND, &bursts, &longest);
  fail_unless (longest == 0);

  run (&c, 6 * CORE_SECOND, &dense, &longest);
  fail_unless (longest > 0);
  /* nothing was there: look without delay when something comes */
  fail_unless (core_coalesce_note (&c, 0, now - 5) == now - 5);
  fail_unless (core_coalesce_note (&c, 3, now) == now);
}

GST_END_TEST;

/* As many as can be taken at once: there may be more. */
GST_START_TEST (test_limit)
{
  core_time longest, now = 2 * CORE_SECOND;
  core_coalesce c;

  core_coalesce_init (&c, TIME, LIMIT);
  run (&c, CORE_SECOND, &dense, &longest);
  fail_unless (core_coalesce_note (&c, LIMIT - 1, now) == now + TIME);
  fail_unless (core_coalesce_note (&c, LIMIT, now) == now);
  fail_unless (core_coalesce_note (&c, LIMIT + 1, now) == now);
}

GST_END_TEST;

/* Times that are hardly any are worth no waiting, whatever comes; and there is
 * no overflow with very long ones. */
GST_START_TEST (test_extremes)
{
  static const core_time times[] =
      { 1, 7, 8, CORE_SECOND, CORE_TIME_NEVER / 4 };
  const core_time begin = CORE_TIME_NEVER / 4, end = begin + 11 * CORE_MSECOND;

  for (unsigned i = 0; i < G_N_ELEMENTS (times); i++) {
    core_coalesce c;

    core_coalesce_init (&c, times[i], UINT32_MAX);
    fail_unless (core_coalesce_note (&c, 1, begin) == begin);
    fail_unless (core_coalesce_note (&c, UINT32_MAX - 1, end) ==
        (i < 3 ? end : end + times[i]));
  }
}

GST_END_TEST;

static Suite *
coalesce_suite (void)
{
  Suite *s = suite_create ("coalesce");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_patterns);
  tcase_add_test (tc, test_changes);
  tcase_add_test (tc, test_limit);
  tcase_add_test (tc, test_extremes);
  return s;
}

GST_CHECK_MAIN (coalesce);
