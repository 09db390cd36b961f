/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * One packet against the digests of all profiles.  A digest is used once, in
 * all of them: what one of them does not know yet, it owes
 * (draft-ietf-mboned-ambi-05 §3.2).
 */
#include "ambi-verify-private.h"

#include <string.h>

/* Where the digests of a packet are found.  The arrays have no meaning where it
 * has no digest, or none of it was used. */
typedef struct
{
  ambi_verify *v;
  const ambi_packet_digests *digests;
  unsigned used;                /* places, a bit each */
  ambi_chain chains[AMBI_PROFILES_MAX];
  ambi_digest_info info[AMBI_PROFILES_MAX];
} search;

static void
find (search * s, unsigned place)
{
  ambi_store_find (&s->v->profiles[place].store, s->digests->hash[place],
      s->digests->digest[place], &s->chains[place]);
}

static bool
is_held (const search * s, unsigned place)
{
  return s->digests->digest[place] != NULL &&
      ambi_store_chain_held (&s->v->profiles[place].store, &s->chains[place]);
}

static void
use (search * s, unsigned place)
{
  ambi_verify *v = s->v;
  ambi_profile *p = &v->profiles[place];

  ambi_store_use (&p->store, &s->chains[place], v->now, &s->info[place]);
  ambi_verify_note_use (v, p);
  ambi_verify_note_doubt (v, p);
}

static void
receive (search * s, unsigned place)
{
  ambi_verify *v = s->v;

  s->used |= 1u << place;
  use (s, place);
  ambi_loss_received (&v->profiles[place].loss, &s->info[place], v->now);
}

/* The place in the output of a packet that was used, told by another. */
static void
relate_settled (search * s, unsigned place, unsigned other, uint32_t seq)
{
  ambi_order_state *order = &s->v->order;

  if (ambi_order_knows (order, other) && s->info[place].alone)
    ambi_order_relate (order, place, s->info[place].seq,
        ambi_order_place (order, other, seq));
}

/* Packets that were used before a profile was known may come again, and this
 * time it vouches for them: such a use is made up for, with all who know of
 * it. */
static bool
settle (search * s, unsigned place)
{
  ambi_verify *v = s->v;
  unsigned other = AMBI_PROFILES_MAX;
  uint32_t seq = 0;

  for (unsigned i = 0; i < v->n_profiles; i++) {
    unsigned n = v->by_age[i];

    if (n != place && s->digests->digest[n] != NULL &&
        ambi_store_settle (&v->profiles[n].store, &s->chains[n], place, &seq)) {
      if (v->profiles[n].store.settled)
        v->due = v->now;        /* it may be forgotten */
      other = n;
    }
  }
  if (other == AMBI_PROFILES_MAX)
    return false;
  use (s, place);
  /* Numbers before the first packet do not count, and this was none: it would
   * make lost ones of all that passed before the profile was known. */
  if (v->profiles[place].loss.joined)
    ambi_loss_received (&v->profiles[place].loss, &s->info[place], v->now);
  relate_settled (s, place, other, seq);
  find (s, place);
  return true;
}

/* The oldest profile that vouches for the packet; AMBI_PROFILES_MAX if none
 * does. */
static unsigned
find_voucher (search * s)
{
  ambi_verify *v = s->v;

  for (unsigned i = 0; i < v->n_profiles; i++) {
    unsigned place = v->by_age[i];

    while (is_held (s, place)) {
      if (!settle (s, place))
        return place;
    }
  }
  return AMBI_PROFILES_MAX;
}

/* The packet's place in the output, and what it tells of the numbers of the
 * profiles.  Packets that are alike tell nothing. */
static uint32_t
place_in_output (search * s, unsigned voucher)
{
  ambi_order_state *order = &s->v->order;
  unsigned known = voucher;
  uint32_t place;

  for (unsigned i = 0; i < AMBI_PROFILES_MAX; i++) {
    if ((s->used & 1u << i) && !ambi_order_knows (order, known) &&
        ambi_order_knows (order, i))
      known = i;
  }
  place = ambi_order_place (order, known, s->info[known].seq);
  for (unsigned i = 0; i < AMBI_PROFILES_MAX; i++) {
    if ((s->used & 1u << i) && i != known && s->info[i].alone)
      ambi_order_relate (order, i, s->info[i].seq, place);
  }
  return place;
}

static void
use_everywhere (search * s, unsigned voucher, ambi_match * match)
{
  ambi_verify *v = s->v;

  for (unsigned i = 0; i < v->n_profiles; i++) {
    if (is_held (s, v->by_age[i]))
      receive (s, v->by_age[i]);
  }
  if (v->config.order == AMBI_ORDER_SEQUENCE)
    match->place = place_in_output (s, voucher);
  for (unsigned i = 0; i < v->n_profiles; i++) {
    unsigned place = v->by_age[i];
    ambi_profile *p = &v->profiles[place];

    if (!(s->used & 1u << place) && s->digests->digest[place] != NULL &&
        p->users > 0)
      ambi_store_owe (&p->store, s->digests->hash[place],
          s->digests->digest[place], match->place, v->now);
  }
}

/* How long the digest came before the packet, or behind it. */
static int64_t
lead_of (core_time digest, core_time packet)
{
  return packet >= digest ? (int64_t) (packet - digest) :
      -(int64_t) (digest - packet);
}

/* Of a use that was forgotten too early, another profile might come to vouch
 * again: it must not, until it would be too late. */
void
ambi_verify_note_forgotten (ambi_verify * v, ambi_store * store)
{
  if (store->unsettled_lost == 0)
    return;
  for (unsigned i = 0; i < AMBI_PROFILES_MAX; i++) {
    ambi_profile *p = ambi_verify_profile (v, i);

    if ((store->unsettled_lost & 1u << i) && p != NULL)
      ambi_store_distrust (&p->store, v->now);
  }
  store->unsettled_lost = 0;
}

/* What this leads to, and when the first of it is to be done. */
static void
finish (ambi_verify * v)
{
  for (unsigned i = 0; i < v->n_profiles; i++) {
    ambi_store *store = &v->profiles[v->by_age[i]].store;

    ambi_verify_note_forgotten (v, store);
    ambi_verify_soon (v, core_time_add (v->now, store->config.hold_time));
  }
  ambi_verify_soon (v, core_time_add (v->now, v->config.reorder_time));
}

void
ambi_verify_match (ambi_verify * v, const ambi_packet_digests * digests,
    core_time arrived, ambi_match * match)
{
  unsigned voucher;
  search s;

  s.v = v;
  s.digests = digests;
  s.used = 0;
  memset (match, 0, sizeof (*match));
  for (unsigned i = 0; i < v->n_profiles; i++) {
    unsigned place = v->by_age[i];

    if (digests->digest[place] == NULL)
      continue;
    find (&s, place);
    match->suspect |= s.chains[place].used != AMBI_NONE ||
        ambi_store_chain_owed (&v->profiles[place].store, &s.chains[place]);
  }
  voucher = find_voucher (&s);
  if (voucher == AMBI_PROFILES_MAX)
    return;
  match->verified = true;
  use_everywhere (&s, voucher, match);
  ambi_loss_lead (&v->profiles[voucher].loss,
      lead_of (s.info[voucher].received, arrived));
  finish (v);
}
