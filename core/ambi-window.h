/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What is known of each sequence number in a window below the highest one
 * (draft-ietf-mboned-ambi-05 §3.3.1.2).  The window moves without being
 * cleared, whatever the distance.  Private to the verifier.
 */
#pragma once

#include "ambi-index.h"

enum
{
  AMBI_WINDOW_MIN = 1 << 16,
  AMBI_WINDOW_MAX = 1 << 22,
  AMBI_WINDOW_BLOCK = 64
};

/* Of 64 sequence numbers, a bit each. */
typedef struct
{
  uint64_t known;               /* there was a digest for it */
  uint64_t held;                /* its digest waits for a packet */
  uint64_t used;                /* a packet came: never again */
  uint32_t tag;                 /* which 64 they are */
} ambi_window_block;

typedef struct
{
  ambi_window_block *blocks;
  uint32_t *values;             /* by sequence number, while held */
  uint32_t size;                /* sequence numbers, a power of two */
  bool started;
  uint32_t top;                 /* the highest one */
} ambi_window;

/* Returns CORE_OK or CORE_ERR_NO_MEMORY. */
int ambi_window_init (ambi_window * w);
void ambi_window_clear (ambi_window * w);

/* Makes room for so many sequence numbers, if it can. */
void ambi_window_grow (ambi_window * w, uint32_t size);

/* Forgets everything. */
void ambi_window_restart (ambi_window * w);

/* Serial number arithmetic (RFC 1982). */
static inline bool
ambi_seq_after (uint32_t a, uint32_t b)
{
  return a != b && a - b < UINT32_C (0x80000000);
}

/* Whether it is too old for anything to be known of it. */
bool ambi_window_is_stale (const ambi_window * w, uint32_t seq);

/* The block of a sequence number that is not stale; the window moves when it
 * is after the top.  *bit is its bit in there. */
ambi_window_block *ambi_window_at (ambi_window * w, uint32_t seq,
    uint64_t * bit);

/* The block of a sequence number, NULL when nothing is known of any in it; the
 * window does not move.  What is stale may be known all the same, and has to be
 * kept right: two jumps, and it is not stale any more. */
ambi_window_block *ambi_window_peek (const ambi_window * w, uint32_t seq,
    uint64_t * bit);

static inline uint32_t *
ambi_window_value (const ambi_window * w, uint32_t seq)
{
  return &w->values[seq & (w->size - 1)];
}

/* What is known of a sequence number will be changed. */
static inline void
ambi_window_prefetch (const ambi_window * w, uint32_t seq)
{
  __builtin_prefetch (&w->blocks[(seq / AMBI_WINDOW_BLOCK) &
          (w->size / AMBI_WINDOW_BLOCK - 1)], 1);
}
