/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The manifest streams that the verifier uses, each at a place of the plan,
 * and the digests they bring.
 */
#include "ambi-verify-private.h"

#include <string.h>

#define DEFAULT_DIGEST_HOLD_TIME (10 * CORE_SECOND)
#define BLACKOUT_CHECK (2 * CORE_SECOND)

static void
plan_changed (ambi_verify * v)
{
  v->plan.generation++;
  v->plan.n = 0;
  for (unsigned i = 0; i < AMBI_PROFILES_MAX; i++) {
    const ambi_profile *p = &v->profiles[i];

    v->plan.profile[i].stream_id = p->in_use ? p->stream_id : 0;
    v->plan.profile[i].algorithm = p->in_use ? p->algorithm : CORE_HASH_NONE;
    if (p->in_use)
      v->plan.n = i + 1;
  }
}

void
ambi_verify_get_plan (const ambi_verify * v, ambi_plan * plan)
{
  *plan = v->plan;
}

uint64_t
ambi_verify_generation (const ambi_verify * v)
{
  return v->plan.generation;
}

/* The oldest that somebody brings, or else the oldest. */
ambi_profile *
ambi_verify_in_charge (ambi_verify * v)
{
  for (unsigned i = 0; i < v->n_profiles; i++) {
    if (v->profiles[v->by_age[i]].users > 0)
      return &v->profiles[v->by_age[i]];
  }
  return v->n_profiles > 0 ? &v->profiles[v->by_age[0]] : NULL;
}

/*
 * Places
 */

static void
remove_profile (ambi_verify * v, unsigned i)
{
  unsigned place = v->by_age[i];
  ambi_profile *p = &v->profiles[place];

  ambi_store_clear (&p->store);
  core_hash_free (p->hash);
  memset (p, 0, sizeof (*p));
  ambi_hold_close (&v->hold, place);
  ambi_order_forget_profile (&v->order, place);
  v->n_profiles--;
  memmove (&v->by_age[i], &v->by_age[i + 1],
      (v->n_profiles - i) * sizeof (v->by_age[0]));
  plan_changed (v);
}

void
ambi_verify_retire (ambi_verify * v)
{
  for (unsigned i = v->n_profiles; i-- > 0;) {
    const ambi_profile *p = &v->profiles[v->by_age[i]];

    if (p->users == 0 && p->store.held.n == 0 && p->store.used.n == 0 &&
        p->store.kept.n == 0)
      remove_profile (v, i);
  }
}

/* What was read ahead of packets that never came must not stand in the way
 * for ever. */
static void
retire_ended (ambi_verify * v)
{
  for (unsigned i = 0; i < v->n_profiles; i++) {
    const ambi_profile *p = &v->profiles[v->by_age[i]];

    if (p->users == 0 && p->store.ended) {
      remove_profile (v, i);
      return;
    }
  }
}

/* Packets that were used since then are to be known as used to that one. */
static void
unsettle_others (ambi_verify * v, unsigned place, core_time since)
{
  for (unsigned i = 0; i < v->n_profiles; i++) {
    ambi_store *other = &v->profiles[v->by_age[i]].store;

    if (v->by_age[i] == place)
      continue;
    ambi_store_unsettle (other, place, since);
    ambi_store_blind_after (&v->profiles[place].store, other, since);
  }
  if (v->n_profiles > 1) {
    ambi_store_doubt (&v->profiles[place].store, v->now);
    v->profiles[place].in_doubt = true;
    ambi_verify_soon (v, v->profiles[place].store.doubt_until);
  }
}

void
ambi_verify_note_doubt (ambi_verify * v, ambi_profile * p)
{
  if (p->in_doubt && !ambi_store_in_doubt (&p->store, v->now))
    v->due = v->now;
}

static void
hash_held (ambi_verify * v, unsigned place)
{
  ambi_profile *p = &v->profiles[place];
  const ambi_hold *h = &v->hold;
  uint8_t digest[CORE_HASH_LEN_MAX];

  for (uint32_t n = h->held.first; n != AMBI_NONE; n = h->slots[n].links.next) {
    const ambi_packet *packet = &h->slots[n].packet;

    if ((packet->data == NULL && packet->len > 0) || !h->data ||
        ambi_packet_digest (p->hash, &packet->flow, p->stream_id,
            packet->data, packet->len, digest) != CORE_OK)
      continue;
    ambi_hold_set_digest (&v->hold, n, place,
        ambi_store_hash (&p->store, digest), digest);
  }
}

static int
open_profile (ambi_verify * v, unsigned place,
    const ambi_profile_config * config)
{
  ambi_profile *p = &v->profiles[place];
  ambi_store_config store = {.hold_time = config->digest_hold_time,
    .max = (uint32_t) v->config.max_digests,
    .key = &v->key
  };
  int ret;

  memset (p, 0, sizeof (*p));
  ret = core_hash_new (&p->hash, config->algorithm);
  if (ret != CORE_OK)
    return ret;
  store.digest_len = core_hash_len (config->algorithm);
  if (store.hold_time == 0)
    store.hold_time = DEFAULT_DIGEST_HOLD_TIME;
  ret = ambi_store_init (&p->store, &store);
  if (ret == CORE_OK)
    ret = ambi_hold_open (&v->hold, place, store.digest_len);
  if (ret != CORE_OK) {
    ambi_store_clear (&p->store);
    core_hash_free (p->hash);
    p->hash = NULL;
  }
  return ret;
}

static int
add_profile (ambi_verify * v, const ambi_profile_config * config,
    unsigned *place)
{
  ambi_profile *p;
  unsigned free_place = 0;
  int ret;

  if (v->n_profiles == AMBI_PROFILES_MAX)
    retire_ended (v);
  while (free_place < AMBI_PROFILES_MAX && v->profiles[free_place].in_use)
    free_place++;
  if (free_place == AMBI_PROFILES_MAX)
    return CORE_ERR_LIMIT;
  ret = open_profile (v, free_place, config);
  if (ret != CORE_OK)
    return ret;
  p = &v->profiles[free_place];
  p->in_use = true;
  p->users = 1;
  p->born = v->births++;
  p->stream_id = config->stream_id;
  p->algorithm = config->algorithm;
  ambi_loss_init (&p->loss, v->config.reorder_time);
  ambi_transition_init (&p->transition);
  v->by_age[v->n_profiles++] = free_place;
  hash_held (v, free_place);
  unsettle_others (v, free_place, 0);
  plan_changed (v);
  *place = free_place;
  return CORE_OK;
}

/* It may have been used by nobody for a while, or ended. */
static void
resume_profile (ambi_verify * v, unsigned place,
    const ambi_profile_config * config)
{
  ambi_profile *p = &v->profiles[place];

  if (p->users++ > 0)
    return;
  if (config->digest_hold_time > 0)
    p->store.config.hold_time = config->digest_hold_time;
  ambi_store_set_ended (&p->store, false, v->now);
  unsettle_others (v, place, p->left);
  v->due = v->now;              /* digests expire again */
}

int
ambi_verify_use_profile (ambi_verify * v, const ambi_profile_config * config,
    core_time now, unsigned *place)
{
  ambi_verify_expire (v, now);
  for (unsigned i = 0; i < v->n_profiles; i++) {
    const ambi_profile *p = &v->profiles[v->by_age[i]];

    if (p->stream_id != config->stream_id || p->algorithm != config->algorithm)
      continue;
    *place = v->by_age[i];
    resume_profile (v, *place, config);
    return CORE_OK;
  }
  return add_profile (v, config, place);
}

void
ambi_verify_release_profile (ambi_verify * v, unsigned place, core_time now)
{
  ambi_profile *p;

  ambi_verify_advance (v, now);
  p = ambi_verify_profile (v, place);
  if (p == NULL || p->users == 0)
    return;
  if (--p->users == 0) {
    p->left = v->now;
    ambi_verify_forget_events (p);
    ambi_verify_retire (v);
  }
  ambi_verify_count (v);
}

void
ambi_verify_end_profile (ambi_verify * v, unsigned place, core_time now)
{
  ambi_profile *p;

  ambi_verify_expire (v, now);
  p = ambi_verify_profile (v, place);
  if (p != NULL)
    ambi_store_set_ended (&p->store, true, v->now);
}

/*
 * Digests
 */

/* A packet that another stream vouched for has this digest. */
static void
pay (ambi_verify * v, unsigned place, ambi_chain * chain, uint32_t seq)
{
  ambi_profile *p = &v->profiles[place];
  ambi_digest_info info;

  ambi_store_pay (&p->store, chain, seq, v->now, &info);
  if (v->config.order == AMBI_ORDER_SEQUENCE && info.alone)
    ambi_order_relate (&v->order, place, seq, info.seq);
  info.seq = seq;
  ambi_loss_received (&p->loss, &info, v->now);
  ambi_verify_note_use (v, p);
}

static bool
learn (ambi_verify * v, unsigned place, uint32_t seq, uint32_t hash,
    const uint8_t * digest)
{
  ambi_profile *p = &v->profiles[place];
  ambi_chain chain;
  uint32_t n;

  ambi_store_find (&p->store, hash, digest, &chain);
  if (ambi_store_chain_owed (&p->store, &chain)) {
    pay (v, place, &chain, seq);
    return true;
  }
  if (!ambi_store_learn (&p->store, seq, hash, digest, v->now)) {
    v->stats.digests_overflowed++;
    return false;
  }
  if (ambi_loss_is_late (&p->loss, seq) &&
      ambi_store_mark_one_late (&p->store, seq))
    ambi_loss_late (&p->loss, 1, v->now);
  ambi_verify_note_forgotten (v, &p->store);
  n = ambi_hold_find (&v->hold, place, hash, digest);
  if (n != AMBI_NONE)
    ambi_verify_release_held (v, n);
  return true;
}

/* What is not covered by any manifest is neither lost nor received. */
static void
count_unknown (ambi_verify * v, ambi_profile * p, uint32_t seq,
    ambi_seq_state state)
{
  int64_t more = ambi_loss_learn (&p->loss, &p->store, seq, state, v->now);

  if (p != ambi_verify_in_charge (v))
    return;
  if (more >= 0)
    v->unknown += (uint64_t) more;
  else if (v->unknown > 0)
    v->unknown--;
  if (v->stats.unknown < v->unknown)
    v->stats.unknown = v->unknown;
}

static bool
take_digest (ambi_verify * v, unsigned place, uint32_t seq,
    const uint8_t * digest)
{
  ambi_profile *p = &v->profiles[place];
  uint32_t entry;
  ambi_seq_state state = ambi_store_look_up (&p->store, seq, &entry);

  if (state != AMBI_SEQ_STALE)
    p->stale.running = false;
  switch (state) {
    case AMBI_SEQ_STALE:
      v->stats.digests_stale++;
      if (ambi_verify_note_stale (v, p)) {
        ambi_store_restart (&p->store);
        ambi_loss_restart (&p->loss);
        p->has_manifest = false;
        ambi_order_forget_profile (&v->order, place);
      }
      return false;
    case AMBI_SEQ_USED:
      return false;
    case AMBI_SEQ_HELD:
      if (ambi_store_has_digest (&p->store, entry, digest)) {
        ambi_store_refresh (&p->store, entry, v->now);
        return false;
      }
      v->stats.digests_conflicting++;
      ambi_store_forget (&p->store, entry);
      break;
    case AMBI_SEQ_NEW:
    case AMBI_SEQ_GIVEN_UP:
      if (!ambi_store_is_blind (&p->store, v->now))
        count_unknown (v, p, seq, state);
      break;
  }
  return learn (v, place, seq, ambi_store_hash (&p->store, digest), digest);
}

bool
ambi_verify_digest (ambi_verify * v, unsigned place, uint32_t seq,
    const uint8_t * digest, core_time now)
{
  ambi_profile *p;
  bool news;

  ambi_verify_advance (v, now);
  p = ambi_verify_profile (v, place);
  if (p == NULL)
    return false;
  v->stats.digests++;
  if (p->store.ended)           /* others bring it too, or go on */
    ambi_store_set_ended (&p->store, false, v->now);
  news = take_digest (v, place, seq, digest);
  if (news)
    p->empty_manifests = 0;
  else
    p->repeats = true;
  if (p->store.overflowed != p->overflowed) {
    v->stats.digests_overflowed += p->store.overflowed - p->overflowed;
    p->overflowed = p->store.overflowed;
    ambi_verify_note_overflow (v, p);
  }
  ambi_verify_soon (v, core_time_add (v->now, p->store.config.hold_time));
  ambi_verify_soon (v, core_time_add (v->now, BLACKOUT_CHECK));
  ambi_verify_note_doubt (v, p);
  ambi_verify_count (v);
  return news;
}
