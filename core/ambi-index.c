/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * An index by keyed hash: linear probing, at most five eighths full, and no
 * traces of what was removed.
 */
#include "ambi-index.h"

#include <stdlib.h>
#include <string.h>

enum
{
  MIN_SLOTS = 64
};

/* The multilinear family (Carter and Wegman, 1979): the upper half of a sum of
 * products, modulo 2^64, is strongly universal. */
uint32_t
ambi_index_hash (const ambi_index_key * key, const uint8_t * digest, size_t len)
{
  uint64_t sum = key->words[0];
  uint32_t word;

  for (size_t i = 0; i < len / sizeof (word); i++) {
    memcpy (&word, digest + i * sizeof (word), sizeof (word));
    sum += key->words[i + 1] * word;
  }
  return (uint32_t) (sum >> 32);
}

void
ambi_index_clear (ambi_index * index)
{
  free (index->slots);
  memset (index, 0, sizeof (*index));
}

static ambi_index_slot *
new_slots (uint32_t n)
{
  ambi_index_slot *slots = reallocarray (NULL, n, sizeof (*slots));

  if (slots != NULL)
    memset (slots, 0xff, n * sizeof (*slots));
  return slots;
}

int
ambi_index_reserve (ambi_index * index, uint32_t n)
{
  ambi_index old = *index;
  uint32_t n_slots = old.n_slots > 0 ? old.n_slots : MIN_SLOTS;

  if (n > UINT32_MAX / 4 - old.n)
    return CORE_ERR_NO_MEMORY;
  while ((old.n + n) / 5 * 8 > n_slots)
    n_slots *= 2;
  if (n_slots == old.n_slots)
    return CORE_OK;
  index->slots = new_slots (n_slots);
  if (index->slots == NULL) {
    *index = old;
    return CORE_ERR_NO_MEMORY;
  }
  index->n_slots = n_slots;
  index->n = 0;
  for (uint32_t i = 0; i < old.n_slots; i++) {
    if (old.slots[i].value != AMBI_NONE)
      ambi_index_add (index, old.slots[i].hash, old.slots[i].value);
  }
  free (old.slots);
  return CORE_OK;
}

uint32_t
ambi_index_next (ambi_index * index, uint32_t hash, uint32_t * slot)
{
  uint32_t mask = index->n_slots - 1;
  uint32_t i = *slot > 0 ? *slot : hash;

  if (index->n == 0)
    return AMBI_NONE;
  for (;; i++) {
    const ambi_index_slot *s = &index->slots[i & mask];

    index->probes++;
    if (s->value == AMBI_NONE)
      return AMBI_NONE;
    if (s->hash == hash) {
      *slot = (i & mask) + 1;
      return s->value;
    }
  }
}

void
ambi_index_add (ambi_index * index, uint32_t hash, uint32_t value)
{
  uint32_t mask = index->n_slots - 1;
  uint32_t i = hash & mask;

  while (index->slots[i].value != AMBI_NONE) {
    index->probes++;
    i = (i + 1) & mask;
  }
  index->slots[i].hash = hash;
  index->slots[i].value = value;
  index->n++;
}

void
ambi_index_set (ambi_index * index, uint32_t slot, uint32_t value)
{
  index->slots[slot - 1].value = value;
}

/* Moves back what would not be found across the hole. */
void
ambi_index_remove (ambi_index * index, uint32_t slot)
{
  ambi_index_slot *slots = index->slots;
  uint32_t mask = index->n_slots - 1;
  uint32_t hole = slot - 1;

  for (uint32_t i = (hole + 1) & mask; slots[i].value != AMBI_NONE;
      i = (i + 1) & mask) {
    index->probes++;
    if (((i - slots[i].hash) & mask) >= ((i - hole) & mask)) {
      slots[hole] = slots[i];
      hole = i;
    }
  }
  slots[hole].value = AMBI_NONE;
  index->n--;
}
