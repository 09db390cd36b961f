/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The sender's order: a heap of the packets that wait for their turn.
 */
#include "ambi-order.h"

#include "ambi-window.h"

#include <stdlib.h>
#include <string.h>

enum
{
  MIN_ITEMS = 64
};

void
ambi_order_clear (ambi_order_state * o)
{
  free (o->heap);
  memset (o, 0, sizeof (*o));
}

void
ambi_order_restart (ambi_order_state * o)
{
  o->started = false;
  o->gap = false;
  o->n = 0;
  for (unsigned i = 0; i < AMBI_PROFILES_MAX; i++)
    ambi_order_forget_profile (o, i);
}

void
ambi_order_forget_profile (ambi_order_state * o, unsigned profile)
{
  o->profile[profile].known = false;
}

bool
ambi_order_knows (const ambi_order_state * o, unsigned profile)
{
  return o->profile[profile].known;
}

void
ambi_order_relate (ambi_order_state * o, unsigned profile, uint32_t seq,
    uint32_t place)
{
  o->profile[profile].known = true;
  o->profile[profile].offset = place - seq;
}

uint32_t
ambi_order_place (ambi_order_state * o, unsigned profile, uint32_t seq)
{
  if (!o->profile[profile].known)
    ambi_order_relate (o, profile, seq, o->started ? o->newest + 1 : seq);
  return seq + o->profile[profile].offset;
}

ambi_turn
ambi_order_turn (ambi_order_state * o, uint32_t place, bool *gap)
{
  if (!o->started) {
    o->started = true;
    o->next = o->newest = place;
  }
  if (ambi_seq_after (place, o->newest))
    o->newest = place;
  if (place != o->next)
    return ambi_seq_after (place, o->next) ? AMBI_TURN_WAIT : AMBI_TURN_LATE;
  *gap = o->gap;
  o->gap = false;
  o->next++;
  return AMBI_TURN_NOW;
}

/* All of them are within half of the number space after next. */
static bool
comes_before (const ambi_order_item * a, const ambi_order_item * b)
{
  return ambi_seq_after (b->seq, a->seq);
}

static int
grow (ambi_order_state * o)
{
  uint32_t capacity = o->capacity > 0 ? o->capacity * 2 : MIN_ITEMS;
  ambi_order_item *heap;

  if (o->n < o->capacity)
    return CORE_OK;
  heap = reallocarray (o->heap, capacity, sizeof (*heap));
  if (heap == NULL)
    return CORE_ERR_NO_MEMORY;
  o->heap = heap;
  o->capacity = capacity;
  return CORE_OK;
}

int
ambi_order_wait (ambi_order_state * o, uint32_t place, uint32_t packet)
{
  ambi_order_item item = { place, packet };
  uint32_t i = o->n;

  if (grow (o) != CORE_OK)
    return CORE_ERR_NO_MEMORY;
  o->n++;
  while (i > 0 && comes_before (&item, &o->heap[(i - 1) / 2])) {
    o->heap[i] = o->heap[(i - 1) / 2];
    i = (i - 1) / 2;
  }
  o->heap[i] = item;
  return CORE_OK;
}

static void
remove_first (ambi_order_state * o)
{
  ambi_order_item item = o->heap[--o->n];
  uint32_t i = 0;

  for (;;) {
    uint32_t child = 2 * i + 1;

    if (child >= o->n)
      break;
    if (child + 1 < o->n && comes_before (&o->heap[child + 1], &o->heap[child]))
      child++;
    if (!comes_before (&o->heap[child], &item))
      break;
    o->heap[i] = o->heap[child];
    i = child;
  }
  o->heap[i] = item;
}

bool
ambi_order_pop (ambi_order_state * o, uint32_t * packet, ambi_turn * turn,
    bool *gap)
{
  *gap = false;
  if (o->n == 0)
    return false;
  *turn = ambi_order_turn (o, o->heap[0].seq, gap);
  if (*turn == AMBI_TURN_WAIT)
    return false;
  *packet = o->heap[0].packet;
  remove_first (o);
  return true;
}

void
ambi_order_skip (ambi_order_state * o)
{
  if (o->n == 0 || o->heap[0].seq == o->next)
    return;
  o->next = o->heap[0].seq;
  o->gap = true;
}
