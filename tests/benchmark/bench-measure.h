/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What a benchmark measures of its own process: CPU, wake-ups, memory, and the
 * distribution of delays.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Taken at one moment; the calling thread's own share is left out, so that who
 * looks on costs nothing. */
typedef struct
{
  guint64 packets;
  gint64 cpu_ns;                /* user and system */
  gint64 user_ns;
  gint64 wakeups;               /* voluntary context switches */
  guint64 allocations;          /* 0 unless bench-alloc is preloaded */
  gint64 time_us;
} BenchSample;

void bench_sample (BenchSample * sample, guint64 packets);

/* Largest resident size so far. */
guint64 bench_peak_kib (void);

/* Delays in bins of at most a 32nd of their value. */
#define BENCH_DELAY_BINS 2048

typedef struct
{
  guint64 n;
  guint64 bins[BENCH_DELAY_BINS];
} BenchDelays;

void bench_delays_add (BenchDelays * delays, guint64 ns);

/* The delay that this share (0 to 1) of them does not exceed. */
guint64 bench_delays_get (const BenchDelays * delays, double share);

G_END_DECLS
