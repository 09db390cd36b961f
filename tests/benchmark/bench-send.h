/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Sends prepared datagrams at a given rate, with or without UDP_SEGMENT.
 */
#pragma once

#include <glib.h>
#include <sys/socket.h>

#include "addr.h"

G_BEGIN_DECLS

/* As many as one UDP_SEGMENT send may carry, if they are small enough. */
#define BENCH_BURST_MAX 64

/* Datagrams of one size, one behind the other, sent round and round. */
typedef struct
{
  guint8 *data;
  gsize size;                   /* of each */
  guint n;
  guint next;
} BenchRing;

/* A ring of MPEG-TS datagrams: a programme of one video.  head bytes
 * before each payload are left to the caller.  n: how many at least, no two of
 * which are the same; 0: as many as are enough to be sent round and round. */
void bench_ring_init (BenchRing * ring, gsize head, gsize payload, guint n);
void bench_ring_clear (BenchRing * ring);

/* Writes a file of the manifests of all datagrams of the ring, in order. */
void bench_write_manifests (const gchar * file, const BenchRing * ring,
    gsize head, const core_addr * from, const core_addr * to);

typedef struct
{
  int fd;
  gboolean gso;
  guint64 rate;                 /* datagrams a second */
  guint64 count;                /* of this run */
  guint burst;                  /* sent at once */
} BenchPace;

typedef struct
{
  guint64 sent;
  guint64 refused;              /* by the kernel */
  guint64 bursts_late;          /* by more than 1 ms */
  double seconds;
} BenchSent;

/* The largest burst of that size that one send carries. */
guint bench_burst_max (gsize size);

/* Sends to the addresses, to each of them every datagram. */
void bench_pace (const BenchPace * pace, BenchRing * ring,
    const struct sockaddr_storage *to, guint n_to, BenchSent * sent);

G_END_DECLS
