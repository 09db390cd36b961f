/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * How long something takes, whatever else the host is busy with.
 */
#ifndef STOPWATCH_H
#define STOPWATCH_H

#include <glib.h>

G_BEGIN_DECLS

#define STOPWATCH_THREADS 128

typedef struct
{
  gint64 start;
  guint n;
  struct
  {
    guint64 id;
    gint64 waited;
  } threads[STOPWATCH_THREADS];
} Stopwatch;

void stopwatch_start (Stopwatch * watch);

/* The microseconds since then, without those for which threads of this process
 * could have run but waited for a processor.  What sleeps, or waits for somebody
 * or something else, counts in full. */
gint64 stopwatch_us (const Stopwatch * watch);

G_END_DECLS
#endif
