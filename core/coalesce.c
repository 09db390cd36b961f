/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Whether to let messages of the network collect for a moment.
 */
#include "coalesce.h"

/* What must come within the time that one waits, to be worth it. */
#define WORTH 8

/* How long they are counted before one judges. */
#define COUNT_FOR (10 * CORE_MSECOND)

void
core_coalesce_init (core_coalesce * c, core_time time, unsigned limit)
{
  c->time = time;
  c->limit = limit;
  c->since = 0;
  c->messages = 0;
  c->dense = false;
}

static void
judge (core_coalesce * c, core_time now)
{
  core_time elapsed = now - c->since;

  if (elapsed < COUNT_FOR)
    return;
  c->dense = c->messages >= elapsed / (c->time / WORTH + 1);
  c->since = now;
  c->messages = 0;
}

core_time
core_coalesce_note (core_coalesce * c, unsigned messages, core_time now)
{
  if (c->time == 0)
    return now;
  c->messages += messages;
  judge (c, now);
  /* There may be more than could be taken. */
  if (!c->dense || messages == 0 || messages >= c->limit)
    return now;
  return now + c->time;
}
