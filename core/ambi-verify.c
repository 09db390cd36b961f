/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Passes on the packets that a manifest vouches for: what becomes of each, and
 * when.
 */
#include "ambi-verify-private.h"

#include <stdlib.h>
#include <string.h>

enum
{
  DEFAULT_HELD_BYTES = 16 << 20,
  DEFAULT_DIGESTS = 1 << 18,
  MAX_DIGESTS = 1 << 24
};

#define DEFAULT_DATA_HOLD_TIME (2 * CORE_SECOND)
#define DEFAULT_REORDER_TIME CORE_SECOND
#define SUSTAINED CORE_SECOND   /* evictions for so long are pressure */
#define PRESSURE_TIME (10 * CORE_SECOND)        /* and that lasts */
#define LAG_TIME (15 * CORE_SECOND)
#define MIN_HOLD_TIME (50 * CORE_MSECOND)

static const char *const reason_names[AMBI_N_REASONS] = {
  [AMBI_REASON_NONE] = "none",
  [AMBI_REASON_UNAUTHENTICATED] = "unauthenticated",
  [AMBI_REASON_DUPLICATE] = "duplicate",
  [AMBI_REASON_EVICTED] = "evicted",
  [AMBI_REASON_LATE] = "late",
  [AMBI_REASON_NO_MEMORY] = "no-memory",
  [AMBI_REASON_FLUSHED] = "flushed",
};

const char *
ambi_reason_name (ambi_reason reason)
{
  size_t i = (size_t) reason;

  return i < AMBI_N_REASONS ? reason_names[i] : "unknown";
}

static void
set_defaults (ambi_verify_config * config)
{
  if (config->data_hold_time == 0)
    config->data_hold_time = DEFAULT_DATA_HOLD_TIME;
  if (config->reorder_time == 0)
    config->reorder_time = DEFAULT_REORDER_TIME;
  if (config->max_held_bytes == 0)
    config->max_held_bytes = DEFAULT_HELD_BYTES;
  if (config->max_digests == 0)
    config->max_digests = DEFAULT_DIGESTS;
  if (config->max_digests > MAX_DIGESTS)
    config->max_digests = MAX_DIGESTS;
  if (config->mode == AMBI_MODE_MONITOR)
    config->order = AMBI_ORDER_ARRIVAL;
}

int
ambi_verify_new (ambi_verify ** out, const ambi_verify_config * config,
    core_time now)
{
  ambi_verify *v;

  *out = NULL;
  if (config->random == NULL)
    return CORE_ERR_INVALID_ARGUMENT;
  v = calloc (1, sizeof (*v));
  if (v == NULL)
    return CORE_ERR_NO_MEMORY;
  v->config = *config;
  set_defaults (&v->config);
  v->now = now;
  v->due = CORE_TIME_NEVER;
  v->config.random (v->config.random_ctx, (uint8_t *) & v->key,
      sizeof (v->key));
  ambi_hold_init (&v->hold, v->config.max_held_bytes,
      v->config.mode == AMBI_MODE_ENFORCE);
  *out = v;
  return CORE_OK;
}

void
ambi_verify_free (ambi_verify * v)
{
  if (v == NULL)
    return;
  for (unsigned i = 0; i < v->n_profiles; i++) {
    ambi_profile *p = &v->profiles[v->by_age[i]];

    ambi_store_clear (&p->store);
    core_hash_free (p->hash);
  }
  ambi_hold_clear (&v->hold);
  ambi_order_clear (&v->order);
  explicit_bzero (v, sizeof (*v));
  free (v);
}

void
ambi_verify_set_data_hold_time (ambi_verify * v, core_time time)
{
  v->config.data_hold_time = time > 0 ? time : DEFAULT_DATA_HOLD_TIME;
}

void
ambi_verify_set_reorder_time (ambi_verify * v, core_time time)
{
  v->config.reorder_time = time > 0 ? time : DEFAULT_REORDER_TIME;
  for (unsigned i = 0; i < v->n_profiles; i++)
    ambi_loss_set_reorder_time (&v->profiles[v->by_age[i]].loss,
        v->config.reorder_time);
}

/*
 * What becomes of a packet
 */

static void
give_dropped (ambi_verify * v, uint32_t n, ambi_reason reason)
{
  if (reason != AMBI_REASON_FLUSHED)
    v->stats.rejected[reason]++;
  if (v->config.mode == AMBI_MODE_MONITOR)
    ambi_hold_forget (&v->hold, n);     /* passed long ago */
  else
    ambi_hold_give (&v->hold, n, AMBI_DROP, reason, false);
}

static void
drop_held (ambi_verify * v, uint32_t n, ambi_reason reason)
{
  ambi_hold_take (&v->hold, n);
  give_dropped (v, n, reason);
}

/* Those whose turn has come. */
static void
release_waiting (ambi_verify * v)
{
  ambi_turn turn;
  uint32_t n;
  bool gap;

  while (ambi_order_pop (&v->order, &n, &turn, &gap)) {
    ambi_hold_take (&v->hold, n);
    if (turn == AMBI_TURN_NOW) {
      v->stats.verified++;
      ambi_hold_give (&v->hold, n, AMBI_PASS, AMBI_REASON_NONE, gap);
    } else {
      give_dropped (v, n, AMBI_REASON_LATE);
    }
  }
}

/* Packets that are late are given up. */
static void
release_gap (ambi_verify * v)
{
  ambi_order_skip (&v->order);
  release_waiting (v);
}

core_time
ambi_spell_note (ambi_spell * spell, core_time now)
{
  if (!spell->running || now - spell->last > CORE_SECOND)
    spell->since = now;
  spell->running = true;
  spell->last = now;
  return now - spell->since;
}

/* Oldest first: what is new may still get its digest; but a copy of what has
 * passed needs it least. */
static void
evict (ambi_verify * v)
{
  ambi_hold *h = &v->hold;

  drop_held (v, h->suspects.n > 0 ? h->suspects.first : h->held.first,
      AMBI_REASON_EVICTED);
  if (ambi_spell_note (&v->pressure.evictions, v->now) >= SUSTAINED)
    v->due = v->now;            /* the time to hold may be shorter now */
}

/* Those that wait for their turn are verified: they are never evicted, but
 * they may have no more than half of the room when others need it. */
static void
make_room (ambi_verify * v, size_t size)
{
  ambi_hold *h = &v->hold;
  size_t max = v->config.max_held_bytes;

  while (h->held_bytes + h->waiting_bytes + size > max) {
    if (h->waiting.n > 0 && (h->held.n == 0 || h->waiting_bytes > max / 2))
      release_gap (v);
    else if (h->held.n > 0)
      evict (v);
    else
      break;
  }
}

static core_time
longest_lag (ambi_verify * v)
{
  ambi_pressure *p = &v->pressure;

  if (v->now - p->lag_since >= LAG_TIME) {
    p->lag_before = v->now - p->lag_since < 2 * LAG_TIME ? p->lag : 0;
    p->lag = 0;
    p->lag_since = v->now;
  }
  return p->lag > p->lag_before ? p->lag : p->lag_before;
}

static void
note_lag (ambi_verify * v, core_time lag)
{
  longest_lag (v);
  if (lag > v->pressure.lag)
    v->pressure.lag = lag;
}

/* How long a packet may wait at most, NEVER without pressure: when there is
 * not enough room, long waits help only those who fill it. */
static core_time
pressed_hold_time (ambi_verify * v)
{
  const ambi_spell *e = &v->pressure.evictions;
  core_time time;

  if (!e->running || e->last - e->since < SUSTAINED ||
      v->now - e->last >= PRESSURE_TIME || !v->has_verified ||
      v->now - v->last_verified >= 2 * LAG_TIME)
    return CORE_TIME_NEVER;
  time = 2 * longest_lag (v);
  return time > MIN_HOLD_TIME ? time : MIN_HOLD_TIME;
}

/* A verified packet that is in no list gets its turn, or waits for it. */
static void
pass_slot (ambi_verify * v, uint32_t n, uint32_t place)
{
  bool gap;

  if (v->config.mode == AMBI_MODE_MONITOR) {
    v->stats.verified++;
    ambi_hold_forget (&v->hold, n);
    return;
  }
  if (v->config.order == AMBI_ORDER_ARRIVAL) {
    v->stats.verified++;
    ambi_hold_give (&v->hold, n, AMBI_PASS, AMBI_REASON_NONE, false);
    return;
  }
  switch (ambi_order_turn (&v->order, place, &gap)) {
    case AMBI_TURN_NOW:
      v->stats.verified++;
      ambi_hold_give (&v->hold, n, AMBI_PASS, AMBI_REASON_NONE, gap);
      release_waiting (v);
      break;
    case AMBI_TURN_WAIT:
      if (ambi_order_wait (&v->order, place, n) != CORE_OK) {
        give_dropped (v, n, AMBI_REASON_NO_MEMORY);
        break;
      }
      ambi_hold_wait (&v->hold, n, core_time_add (v->now,
              v->config.reorder_time));
      make_room (v, 0);
      break;
    case AMBI_TURN_LATE:
      give_dropped (v, n, AMBI_REASON_LATE);
      break;
  }
}

static void
note_verified (ambi_verify * v)
{
  v->has_verified = true;
  v->last_verified = v->now;
}

void
ambi_verify_release_held (ambi_verify * v, uint32_t n)
{
  ambi_packet_digests digests = { 0 };
  const ambi_slot *slot = &v->hold.slots[n];
  ambi_match match;

  for (unsigned i = 0; i < AMBI_PROFILES_MAX; i++)
    digests.digest[i] = ambi_hold_digest (&v->hold, n, i, &digests.hash[i]);
  ambi_verify_match (v, &digests, slot->arrived, &match);
  if (!match.verified)
    return;
  for (unsigned i = 0; i < AMBI_PROFILES_MAX; i++) {
    if (digests.digest[i] != NULL)
      ambi_hold_suspect_alike (&v->hold, n, i);
  }
  note_verified (v);
  note_lag (v, v->now - slot->arrived);
  ambi_hold_take (&v->hold, n);
  pass_slot (v, n, match.place);
}

/*
 * Packets
 */

static void
decide (ambi_output * out, ambi_verdict verdict, ambi_reason reason)
{
  out->verdict = verdict;
  out->reason = reason;
}

static void
drop_new (ambi_verify * v, ambi_output * out, ambi_reason reason)
{
  v->stats.rejected[reason]++;
  if (v->config.mode != AMBI_MODE_MONITOR)
    decide (out, AMBI_DROP, reason);
}

static void
hold_packet (ambi_verify * v, const ambi_packet * packet,
    const ambi_packet_digests * digests, bool suspect, ambi_output * out)
{
  size_t size = ambi_hold_size (&v->hold, packet);
  uint32_t n;

  if (size > v->config.max_held_bytes) {
    drop_new (v, out, AMBI_REASON_EVICTED);
    return;
  }
  make_room (v, size);
  n = ambi_hold_new (&v->hold, packet, v->now);
  if (n == AMBI_NONE) {
    drop_new (v, out, AMBI_REASON_NO_MEMORY);
    return;
  }
  v->last_held = n;
  ambi_hold_keep (&v->hold, n, core_time_add (v->now,
          v->config.data_hold_time), suspect);
  for (unsigned i = 0; i < AMBI_PROFILES_MAX; i++) {
    if (digests->digest[i] != NULL)
      ambi_hold_set_digest (&v->hold, n, i, digests->hash[i],
          digests->digest[i]);
  }
  ambi_verify_soon (v, v->hold.slots[n].until);
  if (v->config.mode != AMBI_MODE_MONITOR)
    decide (out, AMBI_HELD, AMBI_REASON_NONE);
}

/* Most packets need no slot. */
static void
pass_packet (ambi_verify * v, const ambi_packet * packet, uint32_t place,
    ambi_output * out)
{
  uint32_t n;

  note_verified (v);
  if (v->config.order == AMBI_ORDER_ARRIVAL) {
    v->stats.verified++;
    return;
  }
  if (v->hold.passes == 0) {
    switch (ambi_order_turn (&v->order, place, &out->gap)) {
      case AMBI_TURN_NOW:
        v->stats.verified++;
        release_waiting (v);
        return;
      case AMBI_TURN_LATE:
        drop_new (v, out, AMBI_REASON_LATE);
        return;
      case AMBI_TURN_WAIT:
        break;
    }
  }
  n = ambi_hold_new (&v->hold, packet, v->now);
  if (n == AMBI_NONE) {
    drop_new (v, out, AMBI_REASON_NO_MEMORY);
    return;
  }
  v->last_held = n;
  decide (out, AMBI_HELD, AMBI_REASON_NONE);
  pass_slot (v, n, place);
}

void
ambi_verify_expect (const ambi_verify * v, const ambi_digests * digests,
    size_t n)
{
  uint32_t hashes[AMBI_EXPECT_MAX];

  if (n > AMBI_EXPECT_MAX)
    n = AMBI_EXPECT_MAX;
  for (unsigned i = 0; i < v->n_profiles; i++) {
    unsigned place = v->by_age[i];
    const ambi_store *store = &v->profiles[place].store;

    for (size_t k = 0; k < n; k++)
      hashes[k] = ambi_store_hash (store, digests[k].bytes[place]);
    ambi_store_expect (store, hashes, n);
  }
}

void
ambi_verify_packet (ambi_verify * v, const ambi_packet * packet,
    const ambi_digests * digests, core_time now, ambi_output * out)
{
  ambi_packet_digests d = { 0 };
  ambi_match match;

  out->cookie = packet->cookie;
  out->gap = false;
  decide (out, AMBI_PASS, AMBI_REASON_NONE);
  ambi_verify_advance (v, now);
  if (digests->generation != v->plan.generation) {
    decide (out, AMBI_PLAN_CHANGED, AMBI_REASON_NONE);
    return;
  }
  v->stats.packets++;
  for (unsigned i = 0; i < v->n_profiles; i++) {
    unsigned place = v->by_age[i];

    d.digest[place] = digests->bytes[place];
    d.hash[place] = ambi_store_hash (&v->profiles[place].store,
        digests->bytes[place]);
  }
  ambi_verify_match (v, &d, v->now, &match);
  if (match.verified)
    pass_packet (v, packet, match.place, out);
  else
    hold_packet (v, packet, &d, match.suspect, out);
  ambi_verify_count (v);
}

void
ambi_verify_moved (ambi_verify * v, const uint8_t * data)
{
  if (v->last_held < v->hold.fresh)
    v->hold.slots[v->last_held].packet.data = data;
}

bool
ambi_verify_next (ambi_verify * v, ambi_output * out)
{
  return ambi_hold_next (&v->hold, out);
}

void
ambi_verify_reset (ambi_verify * v, core_time now)
{
  ambi_verify_advance (v, now);
  ambi_order_restart (&v->order);
  while (v->hold.waiting.n > 0)
    drop_held (v, v->hold.waiting.first, AMBI_REASON_FLUSHED);
  while (v->hold.held.n > 0)
    drop_held (v, v->hold.held.first, AMBI_REASON_FLUSHED);
  ambi_verify_count (v);
}

/*
 * Time
 */

static void
expire_profile (ambi_verify * v, ambi_profile * p)
{
  ambi_digest_info info;

  while (ambi_store_expire (&p->store, v->now, &info)) {
    if (ambi_loss_expired (&p->loss, &info, v->now) &&
        p == ambi_verify_in_charge (v))
      v->stats.lost++;
  }
  ambi_loss_advance (&p->loss, &p->store, v->now);
  ambi_verify_expire_transition (v, p);
}

/* After all of them, for what expired is in doubt no more. */
static void
sweep_profiles (ambi_verify * v)
{
  unsigned in_doubt = 0;

  for (unsigned i = 0; i < v->n_profiles; i++) {
    ambi_profile *p = &v->profiles[v->by_age[i]];

    p->in_doubt = ambi_store_in_doubt (&p->store, v->now);
    if (p->in_doubt)
      in_doubt |= 1u << v->by_age[i];
  }
  for (unsigned i = 0; i < v->n_profiles; i++)
    ambi_store_sweep (&v->profiles[v->by_age[i]].store, v->now, in_doubt);
}

/* When the oldest packet has to go; NEVER when there is none. */
static core_time
held_until (ambi_verify * v)
{
  const ambi_slot *slot;
  core_time pressed;

  if (v->hold.held.n == 0)
    return CORE_TIME_NEVER;
  slot = &v->hold.slots[v->hold.held.first];
  pressed = core_time_add (slot->arrived, pressed_hold_time (v));
  return pressed < slot->until ? pressed : slot->until;
}

static void
expire_held (ambi_verify * v)
{
  while (held_until (v) <= v->now) {
    uint32_t n = v->hold.held.first;
    const ambi_slot *slot = &v->hold.slots[n];

    if (slot->until > v->now)
      drop_held (v, n, AMBI_REASON_EVICTED);
    else
      drop_held (v, n, slot->suspect ? AMBI_REASON_DUPLICATE :
          AMBI_REASON_UNAUTHENTICATED);
  }
}

static core_time
waiting_until (const ambi_verify * v)
{
  return v->hold.waiting.n > 0 ?
      v->hold.slots[v->hold.waiting.first].until : CORE_TIME_NEVER;
}

static void
set_due (ambi_verify * v)
{
  v->due = held_until (v);
  ambi_verify_soon (v, waiting_until (v));
  for (unsigned i = 0; i < v->n_profiles; i++) {
    ambi_profile *p = &v->profiles[v->by_age[i]];

    ambi_verify_soon (v, ambi_store_deadline (&p->store));
    if (p->store.doubt_until > v->now)
      ambi_verify_soon (v, p->store.doubt_until);
    ambi_verify_soon (v, ambi_loss_deadline (&p->loss, &p->store, v->now));
    ambi_verify_soon (v, ambi_transition_deadline (&p->transition));
  }
}

void
ambi_verify_advance (ambi_verify * v, core_time now)
{
  if (now > v->now)
    v->now = now;
  if (v->now < v->due)
    return;
  for (unsigned i = 0; i < v->n_profiles; i++)
    expire_profile (v, &v->profiles[v->by_age[i]]);
  sweep_profiles (v);
  expire_held (v);
  while (waiting_until (v) <= v->now)
    release_gap (v);
  ambi_verify_retire (v);
  set_due (v);
  ambi_verify_count (v);
}

core_time
ambi_verify_deadline (const ambi_verify * v)
{
  return v->due;
}

void
ambi_verify_expire (ambi_verify * v, core_time now)
{
  ambi_verify_advance (v, now);
}

/*
 * Statistics
 */

void
ambi_verify_count (ambi_verify * v)
{
  ambi_profile *p = ambi_verify_in_charge (v);
  ambi_verify_stats *stats = &v->stats;

  stats->packets_held = v->hold.held.n + v->hold.waiting.n;
  stats->bytes_held = v->hold.held_bytes + v->hold.waiting_bytes;
  stats->digests_held = 0;
  for (unsigned i = 0; i < v->n_profiles; i++)
    stats->digests_held += v->profiles[v->by_age[i]].store.held.n;
  if (p == NULL) {
    stats->presumed_lost = 0;
    return;
  }
  stats->presumed_lost = p->store.n_late;
  if (p->loss.has_lead) {
    stats->lead_min = p->loss.lead_min;
    stats->lead_max = p->loss.lead_max;
    stats->lead_average = p->loss.lead_average;
  }
}

const ambi_verify_stats *
ambi_verify_get_stats (const ambi_verify * v)
{
  return &v->stats;
}

double
ambi_verify_loss_ratio (const ambi_verify * v, core_time now)
{
  const ambi_profile *p = ambi_verify_in_charge ((ambi_verify *) (void *) v);

  return p != NULL ? ambi_loss_ratio (&p->loss, now) : 0;
}
