/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Digests of the store whose packets are presumed to be lost.
 */
#include "ambi-store-private.h"

enum
{
  MAX_MARK_BLOCKS = 256         /* steps of one ambi_store_mark_late () */
};

static bool
mark_late (ambi_store * s, uint32_t n)
{
  ambi_entry *e = ambi_entry_of (s, n);

  if (e->late)
    return false;
  e->late = true;
  s->n_late++;
  return true;
}

bool
ambi_store_mark_one_late (ambi_store * s, uint32_t seq)
{
  uint32_t n;

  return ambi_store_look_up (s, seq, &n) == AMBI_SEQ_HELD && mark_late (s, n);
}

/* The numbers of one block that are not before from and not after to. */
static unsigned
mark_block (ambi_store * s, uint32_t from, uint32_t to)
{
  unsigned marked = 0;
  uint64_t bit, held;
  const ambi_window_block *block = ambi_window_peek (&s->window, from, &bit);

  if (block == NULL)
    return 0;
  held = block->held & ~(bit - 1);
  for (; held != 0; held &= held - 1) {
    uint32_t seq = (from & ~UINT32_C (63)) + (uint32_t) __builtin_ctzll (held);

    if (ambi_seq_after (seq, to))
      break;
    marked += mark_late (s, *ambi_window_value (&s->window, seq));
  }
  return marked;
}

/* Those of a jump that the window has left behind are passed over. */
unsigned
ambi_store_mark_late (ambi_store * s, uint32_t * from, uint32_t to)
{
  unsigned marked = 0;

  if (ambi_window_is_stale (&s->window, *from))
    *from = s->window.top - s->window.size;
  for (unsigned i = 0; i < MAX_MARK_BLOCKS && !ambi_seq_after (*from, to); i++) {
    marked += mark_block (s, *from, to);
    *from = (*from | 63) + 1;
  }
  if (ambi_seq_after (*from, to))
    *from = to + 1;
  return marked;
}
