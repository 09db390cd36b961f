/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What is known of each sequence number in a window below the highest one.
 */
#include "ambi-window.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK AMBI_WINDOW_BLOCK
#define BLOCKS_MASK (UINT32_MAX / BLOCK)

static int
allocate (ambi_window * w, uint32_t size)
{
  ambi_window_block *blocks = calloc (size / BLOCK, sizeof (*blocks));
  uint32_t *values = calloc (size, sizeof (*values));

  if (blocks == NULL || values == NULL) {
    free (blocks);
    free (values);
    return CORE_ERR_NO_MEMORY;
  }
  w->blocks = blocks;
  w->values = values;
  w->size = size;
  return CORE_OK;
}

int
ambi_window_init (ambi_window * w)
{
  memset (w, 0, sizeof (*w));
  return allocate (w, AMBI_WINDOW_MIN);
}

void
ambi_window_clear (ambi_window * w)
{
  free (w->blocks);
  free (w->values);
  memset (w, 0, sizeof (*w));
}

void
ambi_window_restart (ambi_window * w)
{
  memset (w->blocks, 0, w->size / BLOCK * sizeof (*w->blocks));
  w->started = false;
}

/* Number n of a block is stored as n + 1: 0 is that of no block. */
static ambi_window_block *
slot_of (const ambi_window * w, uint32_t seq)
{
  return &w->blocks[(seq / BLOCK) & (w->size / BLOCK - 1)];
}

static bool
is_of (const ambi_window_block * block, uint32_t seq)
{
  return block->tag == seq / BLOCK + 1;
}

void
ambi_window_grow (ambi_window * w, uint32_t size)
{
  ambi_window old = *w;
  uint32_t wanted = old.size;

  while (wanted < size && wanted < AMBI_WINDOW_MAX)
    wanted *= 2;
  if (wanted == old.size || allocate (w, wanted) != CORE_OK)
    return;
  for (uint32_t i = 0; i < old.size / BLOCK; i++) {
    const ambi_window_block *block = &old.blocks[i];
    uint32_t seq = (block->tag - 1) * BLOCK;

    if (block->tag == 0 || ambi_window_is_stale (&old, seq))
      continue;
    *slot_of (w, seq) = *block;
    memcpy (ambi_window_value (w, seq), ambi_window_value (&old, seq),
        BLOCK * sizeof (*w->values));
  }
  ambi_window_clear (&old);
}

/* By whole blocks: the lowest must not share its place with the top one. */
bool
ambi_window_is_stale (const ambi_window * w, uint32_t seq)
{
  uint32_t behind = (w->top / BLOCK - seq / BLOCK) & BLOCKS_MASK;

  return w->started && !ambi_seq_after (seq, w->top) &&
      behind >= w->size / BLOCK;
}

ambi_window_block *
ambi_window_at (ambi_window * w, uint32_t seq, uint64_t * bit)
{
  ambi_window_block *block = slot_of (w, seq);

  if (!w->started || ambi_seq_after (seq, w->top)) {
    w->started = true;
    w->top = seq;
  }
  if (!is_of (block, seq)) {
    memset (block, 0, sizeof (*block));
    block->tag = seq / BLOCK + 1;
  }
  *bit = UINT64_C (1) << seq % BLOCK;
  return block;
}

ambi_window_block *
ambi_window_peek (const ambi_window * w, uint32_t seq, uint64_t * bit)
{
  ambi_window_block *block = slot_of (w, seq);

  *bit = UINT64_C (1) << seq % BLOCK;
  return w->started && is_of (block, seq) ? block : NULL;
}
