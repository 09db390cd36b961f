/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What a benchmark measures of its own process.
 */
#include "bench-measure.h"

#include <sys/resource.h>

static gint64
cpu_ns (const struct rusage *usage)
{
  return ((gint64) usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) *
      1000000000 + ((gint64) usage->ru_utime.tv_usec +
      usage->ru_stime.tv_usec) * 1000;
}

void
bench_sample (BenchSample * sample, guint64 packets)
{
  struct rusage all, own;

  getrusage (RUSAGE_SELF, &all);
  getrusage (RUSAGE_THREAD, &own);
  sample->packets = packets;
  sample->cpu_ns = cpu_ns (&all) - cpu_ns (&own);
  sample->time_us = g_get_monotonic_time ();
}
