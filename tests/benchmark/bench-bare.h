/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Receivers that do nothing but receive: what the kernel alone costs.
 */
#pragma once

#include "bench-measure.h"

G_BEGIN_DECLS

typedef struct
{
  int fd;
  gboolean gro;                 /* UDP_GRO, else recvmmsg () of small slots */
  BenchDelays *delays;          /* NULL: not wanted */
  void (*push) (gpointer data, guint packets);  /* at each wake-up, or NULL */
  gpointer push_data;
  guint64 packets;              /* atomic */
} BenchBare;

/* Opens a socket on the port, of a group or of all addresses, and receives in
 * a thread, until the process ends. */
void bench_bare_start (BenchBare * bare, const gchar * group, guint16 port);

G_END_DECLS
