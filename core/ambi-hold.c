/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The packets that the verifier keeps.
 */
#include "ambi-hold.h"

#include <stdlib.h>
#include <string.h>

enum
{
  MIN_SLOTS = 64,
  SPARE_SLOTS = 64              /* for those that were decided on */
};

static void
list_init (ambi_hold_list * list)
{
  list->first = list->last = AMBI_NONE;
  list->n = 0;
}

static ambi_hold_links *
links_of (ambi_hold * h, const ambi_hold_list * list, uint32_t n)
{
  return list == &h->suspects ? &h->slots[n].alike : &h->slots[n].links;
}

static void
list_append (ambi_hold * h, ambi_hold_list * list, uint32_t n)
{
  ambi_hold_links *links = links_of (h, list, n);

  links->prev = list->last;
  links->next = AMBI_NONE;
  if (list->last != AMBI_NONE)
    links_of (h, list, list->last)->next = n;
  else
    list->first = n;
  list->last = n;
  list->n++;
}

static void
list_remove (ambi_hold * h, ambi_hold_list * list, uint32_t n)
{
  const ambi_hold_links *links = links_of (h, list, n);

  if (links->prev != AMBI_NONE)
    links_of (h, list, links->prev)->next = links->next;
  else
    list->first = links->next;
  if (links->next != AMBI_NONE)
    links_of (h, list, links->next)->prev = links->prev;
  else
    list->last = links->prev;
  list->n--;
}

void
ambi_hold_init (ambi_hold * h, size_t max_bytes, bool data)
{
  size_t max = max_bytes / AMBI_HELD_OVERHEAD + SPARE_SLOTS;

  memset (h, 0, sizeof (*h));
  h->max = max < AMBI_NONE / 4 ? (uint32_t) max : AMBI_NONE / 4;
  h->data = data;
  list_init (&h->free);
  list_init (&h->held);
  list_init (&h->suspects);
  list_init (&h->waiting);
  list_init (&h->out);
}

void
ambi_hold_clear (ambi_hold * h)
{
  for (unsigned i = 0; i < AMBI_PROFILES_MAX; i++)
    ambi_hold_close (h, i);
  free (h->slots);
  memset (h, 0, sizeof (*h));
}

/* Makes the arrays of a place as large as those of the slots are to be. */
static int
grow_place (ambi_hold_place * place, uint32_t capacity)
{
  uint8_t *digests;
  ambi_hold_node *nodes;

  if (capacity == 0)
    return CORE_OK;
  digests = reallocarray (place->digests, capacity, place->digest_len);
  if (digests == NULL)
    return CORE_ERR_NO_MEMORY;
  place->digests = digests;
  nodes = reallocarray (place->nodes, capacity, sizeof (*nodes));
  if (nodes == NULL)
    return CORE_ERR_NO_MEMORY;
  place->nodes = nodes;
  return ambi_index_reserve (&place->index, capacity - place->index.n);
}

int
ambi_hold_open (ambi_hold * h, unsigned place, size_t digest_len)
{
  ambi_hold_place *p = &h->places[place];

  p->digest_len = digest_len;
  if (grow_place (p, h->capacity) == CORE_OK)
    return CORE_OK;
  ambi_hold_close (h, place);
  return CORE_ERR_NO_MEMORY;
}

void
ambi_hold_close (ambi_hold * h, unsigned place)
{
  ambi_hold_place *p = &h->places[place];

  free (p->digests);
  free (p->nodes);
  ambi_index_clear (&p->index);
  memset (p, 0, sizeof (*p));
  for (uint32_t n = h->held.first; n != AMBI_NONE; n = h->slots[n].links.next)
    h->slots[n].places &= (uint8_t) ~ (1u << place);
}

static bool
grow (ambi_hold * h)
{
  uint32_t capacity = h->capacity > 0 ? h->capacity * 2 : MIN_SLOTS;
  ambi_slot *slots;

  if (capacity > h->max)
    capacity = h->max;
  if (capacity == h->capacity)
    return false;
  for (unsigned i = 0; i < AMBI_PROFILES_MAX; i++) {
    if (h->places[i].digest_len > 0 &&
        grow_place (&h->places[i], capacity) != CORE_OK)
      return false;
  }
  slots = reallocarray (h->slots, capacity, sizeof (*slots));
  if (slots == NULL)
    return false;
  h->slots = slots;
  h->capacity = capacity;
  return true;
}

size_t
ambi_hold_size (const ambi_hold * h, const ambi_packet * packet)
{
  return AMBI_HELD_OVERHEAD + (h->data ? packet->len : 0);
}

uint32_t
ambi_hold_new (ambi_hold * h, const ambi_packet * packet, core_time now)
{
  uint32_t n = h->free.first;
  ambi_slot *slot;

  if (n != AMBI_NONE)
    list_remove (h, &h->free, n);
  else if (h->fresh < h->capacity || grow (h))
    n = h->fresh++;
  else
    return AMBI_NONE;
  slot = &h->slots[n];
  memset (slot, 0, sizeof (*slot));
  slot->packet = *packet;
  slot->arrived = now;
  return n;
}

void
ambi_hold_keep (ambi_hold * h, uint32_t n, core_time until, bool suspect)
{
  ambi_slot *slot = &h->slots[n];

  if (h->held.n > 0 && h->slots[h->held.last].until > until)
    until = h->slots[h->held.last].until;
  slot->until = until;
  slot->state = AMBI_SLOT_HELD;
  slot->suspect = suspect;
  list_append (h, &h->held, n);
  if (suspect)
    list_append (h, &h->suspects, n);
  h->held_bytes += ambi_hold_size (h, &slot->packet);
}

static uint8_t *
digest_of (const ambi_hold_place * p, uint32_t n)
{
  return p->digests + n * p->digest_len;
}

/* The first packet of that digest, and where the index has it. */
static uint32_t
find_first (ambi_hold_place * p, uint32_t hash, const uint8_t * digest,
    uint32_t * slot)
{
  uint32_t n;

  *slot = 0;
  while ((n = ambi_index_next (&p->index, hash, slot)) != AMBI_NONE &&
      memcmp (digest_of (p, n), digest, p->digest_len) != 0);
  return n;
}

void
ambi_hold_set_digest (ambi_hold * h, uint32_t n, unsigned place,
    uint32_t hash, const uint8_t * digest)
{
  ambi_hold_place *p = &h->places[place];
  ambi_hold_node *node = &p->nodes[n];
  uint32_t slot, first = find_first (p, hash, digest, &slot);

  memcpy (digest_of (p, n), digest, p->digest_len);
  h->slots[n].places |= (uint8_t) (1u << place);
  node->hash = hash;
  if (first == AMBI_NONE) {
    node->same.prev = node->same.next = n;
    ambi_index_add (&p->index, hash, n);
    return;
  }
  node->same.prev = p->nodes[first].same.prev;
  node->same.next = first;
  p->nodes[node->same.prev].same.next = n;
  p->nodes[first].same.prev = n;
}

const uint8_t *
ambi_hold_digest (const ambi_hold * h, uint32_t n, unsigned place,
    uint32_t * hash)
{
  const ambi_hold_place *p = &h->places[place];

  if (!(h->slots[n].places & 1u << place))
    return NULL;
  *hash = p->nodes[n].hash;
  return digest_of (p, n);
}

uint32_t
ambi_hold_find (ambi_hold * h, unsigned place, uint32_t hash,
    const uint8_t * digest)
{
  uint32_t slot;

  return find_first (&h->places[place], hash, digest, &slot);
}

/* Each is made a suspect once.  Those behind one that is are suspects as a
 * rule, and to look at them all again and again would take too long. */
void
ambi_hold_suspect_alike (ambi_hold * h, uint32_t n, unsigned place)
{
  const ambi_hold_node *nodes = h->places[place].nodes;

  for (uint32_t i = nodes[n].same.next; i != n && !h->slots[i].suspect;
      i = nodes[i].same.next) {
    h->slots[i].suspect = true;
    list_append (h, &h->suspects, i);
  }
}

static void
leave_place (ambi_hold_place * p, uint32_t n)
{
  const ambi_hold_node *node = &p->nodes[n];
  uint32_t slot, first = find_first (p, node->hash, digest_of (p, n), &slot);

  if (node->same.next == n) {
    ambi_index_remove (&p->index, slot);
    return;
  }
  p->nodes[node->same.prev].same.next = node->same.next;
  p->nodes[node->same.next].same.prev = node->same.prev;
  if (first == n)
    ambi_index_set (&p->index, slot, node->same.next);
}

void
ambi_hold_take (ambi_hold * h, uint32_t n)
{
  ambi_slot *slot = &h->slots[n];
  size_t size = ambi_hold_size (h, &slot->packet);

  if (slot->state == AMBI_SLOT_WAITING) {
    list_remove (h, &h->waiting, n);
    h->waiting_bytes -= size;
    slot->state = AMBI_SLOT_FREE;
    return;
  }
  for (unsigned i = 0; i < AMBI_PROFILES_MAX; i++) {
    if (slot->places & 1u << i)
      leave_place (&h->places[i], n);
  }
  slot->places = 0;
  list_remove (h, &h->held, n);
  if (slot->suspect)
    list_remove (h, &h->suspects, n);
  h->held_bytes -= size;
  slot->state = AMBI_SLOT_FREE;
}

void
ambi_hold_wait (ambi_hold * h, uint32_t n, core_time until)
{
  h->slots[n].until = until;
  h->slots[n].state = AMBI_SLOT_WAITING;
  list_append (h, &h->waiting, n);
  h->waiting_bytes += ambi_hold_size (h, &h->slots[n].packet);
}

void
ambi_hold_give (ambi_hold * h, uint32_t n, ambi_verdict verdict,
    ambi_reason reason, bool gap)
{
  ambi_slot *slot = &h->slots[n];

  slot->state = AMBI_SLOT_OUT;
  slot->verdict = (uint8_t) verdict;
  slot->reason = (uint8_t) reason;
  slot->gap = gap;
  list_append (h, &h->out, n);
  h->passes += verdict == AMBI_PASS;
}

void
ambi_hold_forget (ambi_hold * h, uint32_t n)
{
  h->slots[n].state = AMBI_SLOT_FREE;
  list_append (h, &h->free, n);
}

bool
ambi_hold_next (ambi_hold * h, ambi_output * out)
{
  uint32_t n = h->out.first;
  const ambi_slot *slot;

  if (n == AMBI_NONE)
    return false;
  slot = &h->slots[n];
  out->verdict = (ambi_verdict) slot->verdict;
  out->reason = (ambi_reason) slot->reason;
  out->cookie = slot->packet.cookie;
  out->gap = slot->gap;
  h->passes -= slot->verdict == AMBI_PASS;
  list_remove (h, &h->out, n);
  ambi_hold_forget (h, n);
  return true;
}
