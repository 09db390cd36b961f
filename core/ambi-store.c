/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The digests of one manifest stream: entries in blocks of memory that are
 * used again and again, found by digest or by sequence number, in lists by
 * time.
 */
#include "ambi-store-private.h"

#include <stdlib.h>
#include <string.h>

enum
{
  CACHE_LINE = 64,
  SWEEPS = 64                   /* in a hold time */
};

int
ambi_store_init (ambi_store * s, const ambi_store_config * config)
{
  size_t size = sizeof (ambi_entry) + config->digest_len;

  memset (s, 0, sizeof (*s));
  s->config = *config;
  s->stride = (size + 15) / 16 * 16;
  ambi_list_init (&s->held);
  ambi_list_init (&s->used);
  ambi_list_init (&s->kept);
  ambi_list_init (&s->free);
  return ambi_window_init (&s->window);
}

void
ambi_store_clear (ambi_store * s)
{
  for (size_t i = 0; i < s->n_chunks; i++)
    free (s->chunks[i]);
  free (s->chunks);
  ambi_index_clear (&s->index);
  ambi_window_clear (&s->window);
  memset (s, 0, sizeof (*s));
}

void
ambi_store_set_ended (ambi_store * s, bool ended, core_time now)
{
  if (s->ended && !ended)
    s->expire_base = now;
  s->ended = ended;
}

/*
 * Chains
 */

bool
ambi_store_has_digest (const ambi_store * s, uint32_t entry,
    const uint8_t * digest)
{
  return memcmp (ambi_entry_of (s, entry)->digest, digest,
      s->config.digest_len) == 0;
}

static void
load_chain (const ambi_store * s, ambi_chain * chain, uint32_t first)
{
  const ambi_entry *e = ambi_entry_of (s, first);

  if (e->state == AMBI_DIGEST_USED) {
    chain->open = AMBI_NONE;
    chain->used = first;
  } else {
    chain->open = first;
    chain->used = e->used;
  }
}

bool
ambi_store_find (ambi_store * s, uint32_t hash, const uint8_t * digest,
    ambi_chain * chain)
{
  uint32_t first;

  chain->hash = hash;
  chain->slot = 0;
  chain->open = chain->used = AMBI_NONE;
  while ((first = ambi_index_next (&s->index, hash, &chain->slot)) != AMBI_NONE) {
    if (ambi_store_has_digest (s, first, digest)) {
      load_chain (s, chain, first);
      return true;
    }
  }
  return false;
}

static void
prefetch_neighbours (const ambi_store * s, uint32_t n)
{
  const ambi_links *links = ambi_links_of (s, n);

  ambi_window_prefetch (&s->window, ambi_entry_of (s, n)->seq);
  if (links->prev != AMBI_NONE)
    __builtin_prefetch (ambi_links_of (s, links->prev), 1);
  if (links->next != AMBI_NONE)
    __builtin_prefetch (ambi_links_of (s, links->next), 1);
}

/* Each step needs what the one before has fetched for all of them. */
void
ambi_store_expect (const ambi_store * s, const uint32_t * hashes, size_t n)
{
  for (size_t i = 0; i < n; i++)
    ambi_index_prefetch (&s->index, hashes[i]);
  for (size_t i = 0; i < n; i++) {
    uint32_t first = ambi_index_guess (&s->index, hashes[i]);

    if (first == AMBI_NONE)
      continue;
    __builtin_prefetch (ambi_entry_of (s, first), 1);
    __builtin_prefetch (ambi_links_of (s, first), 1);
  }
  for (size_t i = 0; i < n; i++) {
    uint32_t first = ambi_index_guess (&s->index, hashes[i]);

    if (first != AMBI_NONE)
      prefetch_neighbours (s, first);
  }
}

/* Writes back what is first in a chain; before is what was. */
static void
save_chain (ambi_store * s, ambi_chain * chain, uint32_t before)
{
  uint32_t first = chain->open != AMBI_NONE ? chain->open : chain->used;

  if (chain->open != AMBI_NONE)
    ambi_entry_of (s, chain->open)->used = chain->used;
  if (first == before)
    return;
  if (before == AMBI_NONE) {
    ambi_index_add (&s->index, chain->hash, first);
  } else if (first == AMBI_NONE) {
    ambi_index_remove (&s->index, chain->slot);
  } else {
    ambi_index_set (&s->index, chain->slot, first);
  }
}

static uint32_t
first_of (const ambi_chain * chain)
{
  return chain->open != AMBI_NONE ? chain->open : chain->used;
}

bool
ambi_store_chain_held (const ambi_store * s, const ambi_chain * chain)
{
  return chain->open != AMBI_NONE &&
      ambi_entry_of (s, chain->open)->state == AMBI_DIGEST_HELD;
}

bool
ambi_store_chain_owed (const ambi_store * s, const ambi_chain * chain)
{
  return chain->open != AMBI_NONE &&
      ambi_entry_of (s, chain->open)->state == AMBI_DIGEST_OWED;
}

/*
 * Entries
 */

static void
clear_late (ambi_store * s, ambi_entry * e)
{
  s->n_late -= e->late;
  e->late = false;
}

static void
clear_doubt (ambi_store * s, ambi_entry * e)
{
  s->n_doubtful -= e->unsettled != 0;
  e->unsettled = 0;
}

/* The block that knows of a HELD entry; NULL when the window has left it
 * behind, or a new digest has taken its place. */
static ambi_window_block *
block_of (const ambi_store * s, uint32_t n, uint64_t * bit)
{
  uint32_t seq = ambi_entry_of (s, n)->seq;
  ambi_window_block *block = ambi_window_peek (&s->window, seq, bit);

  return block != NULL && (block->held & *bit) != 0 &&
      *ambi_window_value (&s->window, seq) == n ? block : NULL;
}

static void
free_entry (ambi_store * s, uint32_t n)
{
  ambi_entry *e = ambi_entry_of (s, n);
  ambi_window_block *block;
  ambi_chain chain;
  uint32_t before;
  uint64_t bit;

  ambi_store_find (s, e->hash, e->digest, &chain);
  before = first_of (&chain);
  if (e->state == AMBI_DIGEST_USED)
    ambi_ring_remove (s, &chain.used, n);
  else
    ambi_ring_remove (s, &chain.open, n);
  save_chain (s, &chain, before);
  if (e->state == AMBI_DIGEST_HELD) {
    block = block_of (s, n, &bit);
    if (block != NULL)
      block->held &= ~bit;
    clear_late (s, e);
    clear_doubt (s, e);
    ambi_list_remove (s, &s->held, n);
  } else {
    ambi_list_remove (s, e->late ? &s->kept : &s->used, n);
  }
  ambi_list_append (s, &s->free, n);
}

void
ambi_store_blind (ambi_store * s, core_time now)
{
  core_time until = core_time_add (now, s->config.hold_time);

  if (until > s->blind_until)
    s->blind_until = until;
}

bool
ambi_store_is_blind (const ambi_store * s, core_time now)
{
  return now < s->blind_until;
}

void
ambi_store_blind_after (ambi_store * s, const ambi_store * other,
    core_time since)
{
  if (other->has_forgotten && other->forgotten >= since)
    ambi_store_blind (s, other->forgotten);
}

void
ambi_store_distrust (ambi_store * s, core_time now)
{
  uint32_t n = s->held.first;

  ambi_store_blind (s, now);
  while (s->n_doubtful > 0) {
    uint32_t next = ambi_links_of (s, n)->next;

    if (ambi_entry_of (s, n)->unsettled) {
      s->overflowed++;
      free_entry (s, n);
    }
    n = next;
  }
}

void
ambi_store_doubt (ambi_store * s, core_time now)
{
  s->doubt_until = core_time_add (now, s->config.hold_time);
}

bool
ambi_store_in_doubt (const ambi_store * s, core_time now)
{
  return s->n_doubtful > 0 || now < s->doubt_until;
}

/* The oldest used ones go one after the other: gets what that takes while
 * there is other work, of one its place in the index, of the next itself. */
static void
prefetch_used (const ambi_store * s)
{
  uint32_t n = s->used.first, next;

  if (n == AMBI_NONE)
    return;
  ambi_index_prefetch (&s->index, ambi_entry_of (s, n)->hash);
  next = ambi_links_of (s, n)->next;
  if (next != AMBI_NONE) {
    __builtin_prefetch (ambi_entry_of (s, next));
    __builtin_prefetch (ambi_links_of (s, next));
  }
}

static void
free_used (ambi_store * s)
{
  free_entry (s, s->used.first);
  prefetch_used (s);
}

/* A use that is forgotten before its time could happen again: its digest may
 * still come to the stream that owed it, or to one that does not know of it.
 * Those must not learn any more until it would be too late. */
static void
evict_used (ambi_store * s)
{
  uint32_t n = s->kept.n > 0 ? s->kept.first : s->used.first;
  const ambi_entry *e = ambi_entry_of (s, n);

  if (e->state == AMBI_DIGEST_OWED)
    ambi_store_blind (s, e->time);
  if (e->state == AMBI_DIGEST_USED && (!s->has_forgotten ||
          e->time > s->forgotten)) {
    s->has_forgotten = true;
    s->forgotten = e->time;
  }
  s->unsettled_lost |= e->unsettled;
  if (s->kept.n > 0)
    free_entry (s, n);
  else
    free_used (s);
}

static void
evict_held (ambi_store * s)
{
  s->overflowed++;
  free_entry (s, s->held.first);
}

/* Memory follows use, a chunk at a time. */
static bool
add_chunk (ambi_store * s)
{
  size_t size = sizeof (ambi_chunk) + AMBI_CHUNK * s->stride;
  uint32_t capacity = (uint32_t) s->n_chunks * AMBI_CHUNK;
  ambi_chunk **chunks;

  if (ambi_index_reserve (&s->index,
          capacity + AMBI_CHUNK - s->index.n) != CORE_OK)
    return false;
  chunks = reallocarray (s->chunks, s->n_chunks + 1, sizeof (*chunks));
  if (chunks == NULL)
    return false;
  s->chunks = chunks;
  chunks[s->n_chunks] = aligned_alloc (CACHE_LINE,
      (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
  if (chunks[s->n_chunks] == NULL)
    return false;
  s->n_chunks++;
  ambi_window_grow (&s->window, capacity + AMBI_CHUNK);
  return true;
}

static uint32_t
n_used (const ambi_store * s)
{
  return s->used.n + s->kept.n;
}

/* Without memory for more, the oldest ones have to go. */
static uint32_t
take_entry (ambi_store * s)
{
  uint32_t n = s->free.first;

  if (n == AMBI_NONE && (s->fresh < s->n_chunks * AMBI_CHUNK || add_chunk (s)))
    return s->fresh++;
  if (n == AMBI_NONE && n_used (s) > 0)
    evict_used (s);
  else if (n == AMBI_NONE && s->held.n > 0)
    evict_held (s);
  n = s->free.first;
  if (n != AMBI_NONE)
    ambi_list_remove (s, &s->free, n);
  return n;
}

/* Makes an entry with room within the limits; AMBI_NONE without memory. */
static uint32_t
new_entry (ambi_store * s, ambi_digest_state state, uint32_t hash,
    const uint8_t * digest, core_time now)
{
  ambi_entry *e;
  uint32_t n;

  if (state == AMBI_DIGEST_HELD && s->held.n >= s->config.max)
    evict_held (s);
  if (state != AMBI_DIGEST_HELD && n_used (s) >= s->config.max)
    evict_used (s);
  n = take_entry (s);
  if (n == AMBI_NONE)
    return AMBI_NONE;
  e = ambi_entry_of (s, n);
  memset (e, 0, sizeof (*e));
  e->time = now;
  e->hash = hash;
  e->state = (uint8_t) state;
  e->used = AMBI_NONE;
  if (state == AMBI_DIGEST_HELD && now < s->doubt_until) {
    e->unsettled = true;
    s->n_doubtful++;
  }
  memcpy (e->digest, digest, s->config.digest_len);
  ambi_list_append (s, state == AMBI_DIGEST_HELD ? &s->held : &s->used, n);
  return n;
}

/*
 * Digests that come
 */

ambi_seq_state
ambi_store_look_up (const ambi_store * s, uint32_t seq, uint32_t * entry)
{
  uint64_t bit;
  const ambi_window_block *block;

  *entry = AMBI_NONE;
  if (ambi_window_is_stale (&s->window, seq))
    return AMBI_SEQ_STALE;
  block = ambi_window_peek (&s->window, seq, &bit);
  if (block == NULL)
    return AMBI_SEQ_NEW;
  if (block->used & bit)
    return AMBI_SEQ_USED;
  if (!(block->held & bit))
    return block->known & bit ? AMBI_SEQ_GIVEN_UP : AMBI_SEQ_NEW;
  *entry = *ambi_window_value (&s->window, seq);
  return AMBI_SEQ_HELD;
}

void
ambi_store_refresh (ambi_store * s, uint32_t entry, core_time now)
{
  ambi_entry *e = ambi_entry_of (s, entry);

  if (e->unsettled)
    return;
  e->time = now;
  ambi_list_remove (s, &s->held, entry);
  ambi_list_append (s, &s->held, entry);
}

void
ambi_store_forget (ambi_store * s, uint32_t entry)
{
  uint64_t bit;
  ambi_window_block *block = block_of (s, entry, &bit);

  if (block != NULL)
    block->known &= ~bit;
  free_entry (s, entry);
}

static void
enter_window (ambi_store * s, uint32_t seq, uint32_t entry)
{
  uint64_t bit;
  ambi_window_block *block = ambi_window_at (&s->window, seq, &bit);
  ambi_entry *e = ambi_entry_of (s, entry);

  if (e->state == AMBI_DIGEST_HELD) {
    /* Known and yet neither held nor used: it has been given up. */
    e->lost = (block->known & bit) != 0;
    block->held |= bit;
    *ambi_window_value (&s->window, seq) = entry;
  } else {
    block->held &= ~bit;
    block->used |= bit;
  }
  block->known |= bit;
}

bool
ambi_store_learn (ambi_store * s, uint32_t seq, uint32_t hash,
    const uint8_t * digest, core_time now)
{
  ambi_chain chain;
  uint32_t n, before;

  if (now < s->blind_until)
    return false;
  /* First, because what makes room may be of the same value. */
  n = new_entry (s, AMBI_DIGEST_HELD, hash, digest, now);
  if (n == AMBI_NONE)
    return false;
  ambi_entry_of (s, n)->seq = seq;
  enter_window (s, seq, n);
  ambi_store_find (s, hash, digest, &chain);
  before = first_of (&chain);
  ambi_ring_insert_sorted (s, &chain.open, n);
  save_chain (s, &chain, before);
  return true;
}

static void
get_info (const ambi_store * s, uint32_t n, ambi_digest_info * info)
{
  const ambi_entry *e = ambi_entry_of (s, n);

  info->seq = e->seq;
  info->received = e->time;
  info->late = e->late;
  info->lost = e->lost;
  info->alone = e->same_next == n && e->used == AMBI_NONE;
}

/* What was open in a chain becomes used. */
static void
move_to_used (ambi_store * s, ambi_chain * chain, core_time now)
{
  uint32_t n = chain->open;
  ambi_entry *e = ambi_entry_of (s, n);

  ambi_ring_remove (s, &chain->open, n);
  e->state = AMBI_DIGEST_USED;
  e->used = AMBI_NONE;
  e->time = now;
  ambi_ring_append (s, &chain->used, n);
  save_chain (s, chain, n);
  ambi_list_append (s, &s->used, n);
}

void
ambi_store_pay (ambi_store * s, ambi_chain * chain, uint32_t seq,
    core_time now, ambi_digest_info * info)
{
  uint32_t n = chain->open;

  get_info (s, n, info);
  ambi_list_remove (s, &s->used, n);
  ambi_entry_of (s, n)->seq = seq;
  move_to_used (s, chain, now);
  enter_window (s, seq, n);
}

/*
 * Packets that come
 */

void
ambi_store_use (ambi_store * s, ambi_chain * chain, core_time now,
    ambi_digest_info * info)
{
  uint32_t n = chain->open;
  ambi_window_block *block;
  uint64_t bit;

  get_info (s, n, info);
  block = ambi_window_peek (&s->window, info->seq, &bit);
  if (block != NULL) {
    block->held &= ~bit;
    block->used |= bit;
  }
  clear_late (s, ambi_entry_of (s, n));
  clear_doubt (s, ambi_entry_of (s, n));
  ambi_list_remove (s, &s->held, n);
  move_to_used (s, chain, now);
  if (n_used (s) > s->config.max)
    evict_used (s);
}

void
ambi_store_owe (ambi_store * s, uint32_t hash, const uint8_t * digest,
    uint32_t place_in_output, core_time now)
{
  uint32_t n = new_entry (s, AMBI_DIGEST_OWED, hash, digest, now);
  ambi_chain chain;
  uint32_t before;

  if (n == AMBI_NONE) {
    ambi_store_blind (s, now);
    return;
  }
  ambi_entry_of (s, n)->seq = place_in_output;
  ambi_store_find (s, hash, digest, &chain);
  before = first_of (&chain);
  ambi_ring_append (s, &chain.open, n);
  save_chain (s, &chain, before);
}

/* Makes it the first used one of its chain. */
static void
move_to_front (ambi_store * s, uint32_t n)
{
  const ambi_entry *e = ambi_entry_of (s, n);
  ambi_chain chain;
  uint32_t before;

  ambi_store_find (s, e->hash, e->digest, &chain);
  if (chain.used == n)
    return;
  before = first_of (&chain);
  ambi_ring_remove (s, &chain.used, n);
  ambi_ring_insert_before (s, n, chain.used);
  chain.used = n;
  save_chain (s, &chain, before);
}

/* From the last to the first, so that they keep their order at the front. */
static void
unsettle (ambi_store * s, const ambi_list * list, unsigned place,
    core_time since)
{
  for (uint32_t n = list->last; n != AMBI_NONE; n = ambi_links_of (s, n)->prev) {
    ambi_entry *e = ambi_entry_of (s, n);

    if (e->time < since)
      break;
    if (e->state != AMBI_DIGEST_USED)
      continue;
    e->unsettled |= (uint8_t) (1u << place);
    move_to_front (s, n);
  }
}

void
ambi_store_unsettle (ambi_store * s, unsigned place, core_time since)
{
  unsettle (s, &s->used, place, since);
  unsettle (s, &s->kept, place, since);
}

/* The unsettled ones of a chain are its first, and one that is settled with
 * everybody goes behind the others. */
bool
ambi_store_settle (ambi_store * s, ambi_chain * chain, unsigned place,
    uint32_t * seq)
{
  uint8_t bit = (uint8_t) (1u << place);
  uint32_t n = chain->used;
  uint32_t before = first_of (chain);
  ambi_entry *e;

  for (unsigned i = 0; n != AMBI_NONE; i++) {
    e = ambi_entry_of (s, n);
    if (e->unsettled == 0)
      return false;
    if ((e->unsettled & bit) || i == AMBI_MAX_SHIFT)
      break;
    n = e->same_next == chain->used ? AMBI_NONE : e->same_next;
  }
  if (n == AMBI_NONE)
    return false;
  *seq = e->seq;
  e->unsettled &= (uint8_t) ~ bit;
  s->settled |= e->late;
  if (e->unsettled == 0) {
    ambi_ring_remove (s, &chain->used, n);
    ambi_ring_append (s, &chain->used, n);
    save_chain (s, chain, before);
  }
  return true;
}

/*
 * Time
 */

static core_time
held_until (const ambi_store * s, const ambi_entry * e)
{
  core_time base = e->time > s->expire_base ? e->time : s->expire_base;

  return s->ended ? CORE_TIME_NEVER : core_time_add (base, s->config.hold_time);
}

static core_time
used_until (const ambi_store * s, const ambi_entry * e)
{
  return core_time_add (e->time, s->config.hold_time);
}

bool
ambi_store_expire (ambi_store * s, core_time now, ambi_digest_info * info)
{
  uint32_t n = s->held.first;

  if (n == AMBI_NONE || held_until (s, ambi_entry_of (s, n)) > now)
    return false;
  get_info (s, n, info);
  free_entry (s, n);
  return true;
}

/* All of them, which is worth while when some may go. */
static void
sweep_kept (ambi_store * s, unsigned in_doubt)
{
  uint32_t next;

  if (s->settled || (s->kept_for & ~in_doubt) != 0) {
    for (uint32_t n = s->kept.first; n != AMBI_NONE; n = next) {
      next = ambi_links_of (s, n)->next;
      if (!(ambi_entry_of (s, n)->unsettled & in_doubt))
        free_entry (s, n);
    }
  }
  s->settled = false;
}

void
ambi_store_sweep (ambi_store * s, core_time now, unsigned in_doubt)
{
  if (s->kept.n > 0)
    sweep_kept (s, in_doubt);
  s->kept_for = in_doubt;
  while (s->used.first != AMBI_NONE &&
      used_until (s, ambi_entry_of (s, s->used.first)) <= now) {
    uint32_t n = s->used.first;
    ambi_entry *e = ambi_entry_of (s, n);

    if (e->state == AMBI_DIGEST_USED && (e->unsettled & in_doubt)) {
      e->late = true;
      ambi_list_remove (s, &s->used, n);
      ambi_list_append (s, &s->kept, n);
    } else {
      free_used (s);
    }
  }
}

void
ambi_store_restart (ambi_store * s)
{
  while (s->held.first != AMBI_NONE)
    free_entry (s, s->held.first);
  ambi_window_restart (&s->window);
}

/* Used ones may stay a little longer: so they go in batches. */
core_time
ambi_store_deadline (const ambi_store * s)
{
  core_time held = CORE_TIME_NEVER, used = CORE_TIME_NEVER;

  if (s->held.n > 0)
    held = held_until (s, ambi_entry_of (s, s->held.first));
  if (s->used.n > 0)
    used = core_time_add (used_until (s, ambi_entry_of (s, s->used.first)),
        s->config.hold_time / SWEEPS);
  return held < used ? held : used;
}
