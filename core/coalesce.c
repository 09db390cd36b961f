/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Whether to let messages of the network collect for a moment.
 */
#include "coalesce.h"

/* Messages that must come within the time that one waits. */
#define WORTH 8

/* How long things are counted before one judges, and how long that is good. */
#define COUNT_FOR (10 * CORE_MSECOND)
#define COLLECT_FOR CORE_SECOND

void
core_coalesce_init (core_coalesce * c, core_time time, unsigned limit)
{
  c->time = time;
  c->limit = limit;
  c->since = 0;
  c->messages = 0;
  c->takes = 0;
  c->collecting = false;
  c->until = 0;
}

static void
judge (core_coalesce * c, core_time now)
{
  core_time elapsed = now - c->since;
  bool dense;

  if (elapsed < COUNT_FOR)
    return;
  dense = c->messages >= elapsed / (c->time / WORTH + 1);
  if (c->collecting) {
    c->collecting = dense && now < c->until;
  } else {
    /* Waiting makes one take of two: what comes in bursts has less anyway. */
    c->collecting = dense && c->takes >= elapsed / (c->time / 2 + 1);
    c->until = now + COLLECT_FOR;
  }
  c->since = now;
  c->messages = 0;
  c->takes = 0;
}

core_time
core_coalesce_note (core_coalesce * c, unsigned messages, core_time now)
{
  if (c->time == 0)
    return now;
  c->messages += messages;
  c->takes += messages > 0;
  judge (c, now);
  /* There may be more than could be taken. */
  if (!c->collecting || messages == 0 || messages >= c->limit)
    return now;
  return now + c->time;
}
