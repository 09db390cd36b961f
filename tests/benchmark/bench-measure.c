/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What a benchmark measures of its own process.
 */
#include "bench-measure.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/resource.h>

#define SUB_BITS 5
#define SUB_BINS (1u << SUB_BITS)

static gint64
to_ns (const struct timeval *time)
{
  return (gint64) time->tv_sec * 1000000000 + (gint64) time->tv_usec * 1000;
}

void
bench_sample (BenchSample * sample, guint64 packets)
{
  /* A function of bench-alloc.c. */
  guint64 (*count) (void) =
      (guint64 (*)(void)) dlsym (RTLD_DEFAULT, "bench_allocations");
  struct rusage all, own;

  getrusage (RUSAGE_SELF, &all);
  getrusage (RUSAGE_THREAD, &own);
  sample->packets = packets;
  sample->user_ns = to_ns (&all.ru_utime) - to_ns (&own.ru_utime);
  sample->cpu_ns = sample->user_ns + to_ns (&all.ru_stime) -
      to_ns (&own.ru_stime);
  sample->wakeups = all.ru_nvcsw - own.ru_nvcsw;
  sample->allocations = count ? count () : 0;
  sample->time_us = g_get_monotonic_time ();
}

guint64
bench_peak_kib (void)
{
  g_autofree gchar *status = NULL;
  const gchar *line;

  /* getrusage () would tell of the program before exec () too. */
  if (!g_file_get_contents ("/proc/self/status", &status, NULL, NULL))
    return 0;
  line = strstr (status, "VmHWM:");
  return line ? g_ascii_strtoull (line + 6, NULL, 10) : 0;
}

void
bench_delays_add (BenchDelays * delays, guint64 ns)
{
  guint shift = 0;

  while (ns >> shift >= 2 * SUB_BINS)
    shift++;
  delays->bins[MIN (shift * SUB_BINS + (guint) (ns >> shift),
          BENCH_DELAY_BINS - 1)]++;
  delays->n++;
}

guint64
bench_delays_get (const BenchDelays * delays, double share)
{
  guint64 wanted = (guint64) (share * (double) delays->n);
  guint64 seen = 0;
  guint bin;

  for (bin = 0; bin < BENCH_DELAY_BINS - 1; bin++) {
    seen += delays->bins[bin];
    if (seen > wanted)
      break;
  }
  if (bin < 2 * SUB_BINS)
    return bin;
  return (guint64) (SUB_BINS + bin % SUB_BINS) << (bin / SUB_BINS - 1);
}
