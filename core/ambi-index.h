/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * An index by keyed hash: 32 bits of the hash of something lead to its number.
 * Open addressing, one cache line for almost every look-up.  Private to the
 * verifier.
 */
#pragma once

#include "digest.h"

#define AMBI_NONE UINT32_MAX    /* no such number */

enum
{
  AMBI_INDEX_WORDS = CORE_HASH_LEN_MAX / 4
};

/* Random words. */
typedef struct
{
  uint64_t words[AMBI_INDEX_WORDS + 1];
} ambi_index_key;

/* A hash of digests of one length, which is a multiple of 4: whoever chose
 * them, without the key, two fall on one hash with a probability of 2^-32. */
uint32_t ambi_index_hash (const ambi_index_key * key, const uint8_t * digest,
    size_t len);

typedef struct
{
  uint32_t hash;
  uint32_t value;               /* AMBI_NONE: nothing here */
} ambi_index_slot;

/* All zero is an empty index. */
typedef struct
{
  ambi_index_slot *slots;
  uint32_t n_slots;             /* 0 or a power of two */
  uint32_t n;
  uint64_t probes;              /* slots looked at so far */
} ambi_index;

void ambi_index_clear (ambi_index * index);

/* Makes sure that n more values can be added.  Returns CORE_OK or
 * CORE_ERR_NO_MEMORY; nothing has changed then. */
int ambi_index_reserve (ambi_index * index, uint32_t n);

/* The values under a hash, one after the other: *slot is 0 at first, and 1
 * more than the place of the value that was returned afterwards; AMBI_NONE
 * ends them.  Values of other hashes are never among them. */
uint32_t ambi_index_next (ambi_index * index, uint32_t hash, uint32_t * slot);

/* A look-up of that hash will follow. */
static inline void
ambi_index_prefetch (const ambi_index * index, uint32_t hash)
{
  if (index->n_slots > 0)
    __builtin_prefetch (&index->slots[hash & (index->n_slots - 1)]);
}

/* The value that is likely to be the first under a hash. */
static inline uint32_t
ambi_index_guess (const ambi_index * index, uint32_t hash)
{
  return index->n_slots > 0 ?
      index->slots[hash & (index->n_slots - 1)].value : AMBI_NONE;
}

/* Needs ambi_index_reserve () before. */
void ambi_index_add (ambi_index * index, uint32_t hash, uint32_t value);

/* slot as ambi_index_next () left it. */
void ambi_index_set (ambi_index * index, uint32_t slot, uint32_t value);
void ambi_index_remove (ambi_index * index, uint32_t slot);
