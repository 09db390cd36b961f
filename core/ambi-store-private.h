/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The inside of the digest store: entries, their lists and their rings, shared
 * by its files.
 */
#pragma once

#include "ambi-store.h"

enum
{
  AMBI_CHUNK = 1024,            /* entries */
  AMBI_MAX_SHIFT = 16           /* steps to the right place in a chain */
};

/* The links stand apart from the entries: neighbours in a list are mostly
 * neighbours here, so that a list costs one cache line and not three. */
struct ambi_chunk
{
  ambi_links links[AMBI_CHUNK];
  uint8_t entries[];
};

static inline ambi_links *
ambi_links_of (const ambi_store * s, uint32_t n)
{
  return &s->chunks[n / AMBI_CHUNK]->links[n % AMBI_CHUNK];
}

static inline ambi_entry *
ambi_entry_of (const ambi_store * s, uint32_t n)
{
  return (ambi_entry *) (void *) &s->chunks[n / AMBI_CHUNK]->entries[n %
      AMBI_CHUNK * s->stride];
}

static inline void
ambi_list_init (ambi_list * list)
{
  list->first = list->last = AMBI_NONE;
  list->n = 0;
}

static inline void
ambi_list_append (ambi_store * s, ambi_list * list, uint32_t n)
{
  ambi_links *links = ambi_links_of (s, n);

  links->prev = list->last;
  links->next = AMBI_NONE;
  if (list->last != AMBI_NONE)
    ambi_links_of (s, list->last)->next = n;
  else
    list->first = n;
  list->last = n;
  list->n++;
}

static inline void
ambi_list_remove (ambi_store * s, ambi_list * list, uint32_t n)
{
  const ambi_links *links = ambi_links_of (s, n);

  if (links->prev != AMBI_NONE)
    ambi_links_of (s, links->prev)->next = links->next;
  else
    list->first = links->next;
  if (links->next != AMBI_NONE)
    ambi_links_of (s, links->next)->prev = links->prev;
  else
    list->last = links->prev;
  list->n--;
}

/* A ring is known by its first entry, before which stands its last. */
static inline void
ambi_ring_insert_before (ambi_store * s, uint32_t n, uint32_t next)
{
  ambi_entry *e = ambi_entry_of (s, n);
  ambi_entry *after = ambi_entry_of (s, next);

  e->same_prev = after->same_prev;
  e->same_next = next;
  ambi_entry_of (s, e->same_prev)->same_next = n;
  after->same_prev = n;
}

static inline void
ambi_ring_append (ambi_store * s, uint32_t * first, uint32_t n)
{
  ambi_entry *e = ambi_entry_of (s, n);

  if (*first != AMBI_NONE) {
    ambi_ring_insert_before (s, n, *first);
    return;
  }
  e->same_prev = e->same_next = n;
  *first = n;
}

static inline void
ambi_ring_remove (ambi_store * s, uint32_t * first, uint32_t n)
{
  const ambi_entry *e = ambi_entry_of (s, n);

  if (e->same_next == n) {
    *first = AMBI_NONE;
    return;
  }
  ambi_entry_of (s, e->same_prev)->same_next = e->same_next;
  ambi_entry_of (s, e->same_next)->same_prev = e->same_prev;
  if (*first == n)
    *first = e->same_next;
}

/* By sequence number.  Digests come in that order or nearly so; who sends
 * them in another gets what he deserves after a few steps. */
static inline void
ambi_ring_insert_sorted (ambi_store * s, uint32_t * first, uint32_t n)
{
  uint32_t seq = ambi_entry_of (s, n)->seq;
  uint32_t next, before;

  if (*first == AMBI_NONE) {
    ambi_ring_append (s, first, n);
    return;
  }
  next = *first;
  for (unsigned i = 0; i < AMBI_MAX_SHIFT; i++) {
    before = ambi_entry_of (s, next)->same_prev;
    if (!ambi_seq_after (ambi_entry_of (s, before)->seq, seq))
      break;
    next = before;
    if (next == *first) {
      *first = n;
      break;
    }
  }
  ambi_ring_insert_before (s, n, next);
}
