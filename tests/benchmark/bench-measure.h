/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What a benchmark measures of its own process.
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
  gint64 time_us;
} BenchSample;

void bench_sample (BenchSample * sample, guint64 packets);

G_END_DECLS
