/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Decides which manifest server is to be connected to, and when.
 */
#include "ambi-follow.h"

#include <stdlib.h>

#define DEFAULT_CONNECT_TIMEOUT (10 * CORE_SECOND)
#define DEFAULT_IDLE_TIMEOUT (10 * CORE_SECOND)
#define DEFAULT_HEALTHY_TIME (60 * CORE_SECOND)
#define DEFAULT_FIRST_WAIT CORE_SECOND
#define DEFAULT_LONGEST_WAIT (60 * CORE_SECOND)
#define DEFAULT_LONGEST_RETRY_AFTER (300 * CORE_SECOND)

typedef enum
{
  SLOT_OFF,
  SLOT_WAITING,                 /* until start_at */
  SLOT_CONNECTING,
  SLOT_OPEN
} slot_state;

typedef struct
{
  slot_state state;
  unsigned uri;                 /* in use, to be used, or used last */
  uint64_t tried;               /* in this round: a bit for each URI */
  unsigned rounds;              /* without a healthy connection */
  core_time start_at;           /* of the next round */
  core_time since;              /* CONNECTING began */
  core_time healthy_since;      /* the first manifest, or NEVER */
  core_time packets_since;      /* the first packet after what was completed
                                   last, or NEVER */
  bool another;                 /* is to take over from the other slot */

  bool connect_due;             /* actions that were not taken yet */
  bool disconnect_due;
  ambi_follow_reason reason;
} follow_slot;

struct ambi_follow
{
  ambi_follow_config config;
  core_time now;
  core_time last_packets;
  core_time not_before[AMBI_FOLLOW_URIS_MAX];   /* as the servers asked for */
  follow_slot slots[AMBI_FOLLOW_SLOTS];
  ambi_follow_stats stats;
};

static void
set_default (core_time * field, core_time value)
{
  if (*field == 0)
    *field = value;
}

static void
tick (ambi_follow * follow, core_time now)
{
  if (now == CORE_TIME_NEVER)
    now--;
  if (now > follow->now)
    follow->now = now;
}

/* The time and up to a quarter of it, so that those who lost one server do not
 * come back all at once. */
static core_time
jittered (ambi_follow * follow, core_time time)
{
  uint8_t bytes[4];
  uint32_t value = 0;

  follow->config.random (follow->config.random_ctx, bytes, sizeof (bytes));
  for (size_t i = 0; i < sizeof (bytes); i++)
    value = value << 8 | bytes[i];
  return core_time_add (time,
      (core_time) ((double) (time / 4) * value / UINT32_MAX));
}

static uint64_t
bit (unsigned uri)
{
  return (uint64_t) 1 << uri;
}

static follow_slot *
other_slot (ambi_follow * follow, const follow_slot * slot)
{
  return &follow->slots[slot == &follow->slots[0] ? 1 : 0];
}

static bool
has_connection (const follow_slot * slot)
{
  return slot->state == SLOT_CONNECTING || slot->state == SLOT_OPEN;
}

static void
begin_connection (ambi_follow * follow, follow_slot * slot)
{
  slot->state = SLOT_CONNECTING;
  slot->tried |= bit (slot->uri);
  slot->since = follow->now;
  slot->healthy_since = CORE_TIME_NEVER;
  slot->packets_since = CORE_TIME_NEVER;
  slot->connect_due = true;
  follow->stats.connects++;
}

/* Nothing is to come of the slot's connection any more. */
static void
end_connection (ambi_follow * follow, follow_slot * slot,
    ambi_follow_reason reason)
{
  if (slot->state == SLOT_OPEN)
    follow->stats.open--;
  /* One that nobody has made needs not be broken. */
  if (reason != AMBI_FOLLOW_REASON_NONE && !slot->connect_due) {
    slot->disconnect_due = true;
    slot->reason = reason;
  }
  slot->connect_due = false;
  slot->state = SLOT_OFF;
}

/* The next URI that was not tried in this round and may be asked now. */
static bool
next_uri (const ambi_follow * follow, const follow_slot * slot, unsigned *uri)
{
  for (unsigned i = 1; i <= follow->config.n_uris; i++) {
    unsigned next = (slot->uri + i) % follow->config.n_uris;

    if (!(slot->tried & bit (next)) && follow->not_before[next] <= follow->now) {
      *uri = next;
      return true;
    }
  }
  return false;
}

/* How long all of them are left alone after a round. */
static core_time
round_wait (ambi_follow * follow, follow_slot * slot)
{
  core_time wait = follow->config.first_wait;

  for (unsigned i = 0; i < slot->rounds; i++) {
    if (wait >= follow->config.longest_wait / 2) {
      wait = follow->config.longest_wait;
      break;
    }
    wait *= 2;
  }
  slot->rounds++;
  return jittered (follow, wait);
}

static core_time
first_allowed (const ambi_follow * follow)
{
  core_time at = CORE_TIME_NEVER;

  for (unsigned i = 0; i < follow->config.n_uris; i++)
    if (follow->not_before[i] < at)
      at = follow->not_before[i];
  return at;
}

/* The slot has no connection: the next URI at once, or after a wait.  Beside
 * another connection a slot makes one round, and waits to be asked for the
 * next. */
static void
try_next (ambi_follow * follow, follow_slot * slot)
{
  bool alone = other_slot (follow, slot)->state == SLOT_OFF;
  core_time allowed = first_allowed (follow);

  if (next_uri (follow, slot, &slot->uri)) {
    begin_connection (follow, slot);
    return;
  }
  if (!alone)
    slot->rounds = 0;
  slot->start_at = core_time_add (follow->now, round_wait (follow, slot));
  if (slot->start_at < allowed)
    slot->start_at = allowed;
  slot->state = alone ? SLOT_WAITING : SLOT_OFF;
}

static void
begin_round (ambi_follow * follow, follow_slot * slot)
{
  slot->tried = 0;
  try_next (follow, slot);
}

/* A connection ended that was to last.  If another one was to take over from
 * it, that goes on alone, and takes whatever it gets. */
static void
lose_connection (ambi_follow * follow, follow_slot * slot,
    ambi_follow_reason reason)
{
  follow_slot *other = other_slot (follow, slot);

  end_connection (follow, slot, reason);
  follow->stats.ends++;
  if (other->state != SLOT_OFF && other->another) {
    slot->start_at = follow->now;
    slot->rounds = 0;
    other->another = false;
    return;
  }
  if (other->state == SLOT_OFF)
    slot->another = false;
  try_next (follow, slot);
}

int
ambi_follow_new (ambi_follow ** out, const ambi_follow_config * config,
    core_time now)
{
  ambi_follow *follow;

  *out = NULL;
  if (config->random == NULL || config->n_uris == 0 ||
      config->n_uris > AMBI_FOLLOW_URIS_MAX)
    return CORE_ERR_INVALID_ARGUMENT;
  follow = calloc (1, sizeof (*follow));
  if (follow == NULL)
    return CORE_ERR_NO_MEMORY;

  follow->config = *config;
  set_default (&follow->config.connect_timeout, DEFAULT_CONNECT_TIMEOUT);
  set_default (&follow->config.idle_timeout, DEFAULT_IDLE_TIMEOUT);
  set_default (&follow->config.healthy_time, DEFAULT_HEALTHY_TIME);
  set_default (&follow->config.first_wait, DEFAULT_FIRST_WAIT);
  set_default (&follow->config.longest_wait, DEFAULT_LONGEST_WAIT);
  set_default (&follow->config.longest_retry_after,
      DEFAULT_LONGEST_RETRY_AFTER);
  tick (follow, now);
  begin_connection (follow, &follow->slots[0]);
  *out = follow;
  return CORE_OK;
}

void
ambi_follow_free (ambi_follow * follow)
{
  free (follow);
}

/* NULL when there is nothing of which news could be. */
static follow_slot *
connection (ambi_follow * follow, unsigned slot)
{
  if (slot >= AMBI_FOLLOW_SLOTS || !has_connection (&follow->slots[slot]))
    return NULL;
  return &follow->slots[slot];
}

void
ambi_follow_connected (ambi_follow * follow, unsigned slot, core_time now)
{
  follow_slot *s = connection (follow, slot);

  tick (follow, now);
  if (s == NULL || s->state == SLOT_OPEN)
    return;
  s->state = SLOT_OPEN;
  s->packets_since = CORE_TIME_NEVER;
  follow->stats.open++;
}

void
ambi_follow_progress (ambi_follow * follow, unsigned slot, core_time now)
{
  follow_slot *s = connection (follow, slot);

  tick (follow, now);
  if (s == NULL)
    return;
  s->packets_since = CORE_TIME_NEVER;
  if (s->healthy_since == CORE_TIME_NEVER)
    s->healthy_since = follow->now;
  if (follow->now - s->healthy_since >= follow->config.healthy_time) {
    s->rounds = 0;
    s->tried = bit (s->uri);
  }
}

void
ambi_follow_ended (ambi_follow * follow, unsigned slot, core_time retry_after,
    core_time now)
{
  follow_slot *s = connection (follow, slot);

  tick (follow, now);
  if (s == NULL)
    return;
  if (retry_after > follow->config.longest_retry_after)
    retry_after = follow->config.longest_retry_after;
  if (retry_after > 0)
    follow->not_before[s->uri] =
        core_time_add (follow->now, jittered (follow, retry_after));
  lose_connection (follow, s, AMBI_FOLLOW_REASON_NONE);
}

void
ambi_follow_packets (ambi_follow * follow, core_time now)
{
  tick (follow, now);
  follow->last_packets = follow->now;
  for (unsigned i = 0; i < AMBI_FOLLOW_SLOTS; i++)
    if (follow->slots[i].packets_since == CORE_TIME_NEVER)
      follow->slots[i].packets_since = follow->now;
}

void
ambi_follow_refresh (ambi_follow * follow, unsigned slot, core_time now)
{
  follow_slot *old = connection (follow, slot);
  follow_slot *next;

  tick (follow, now);
  if (old == NULL)
    return;
  next = other_slot (follow, old);
  if (next->state != SLOT_OFF)
    return;
  next->uri = old->uri;
  next->another = true;
  if (next->start_at > follow->now)
    next->state = SLOT_WAITING;
  else
    begin_round (follow, next);
}

void
ambi_follow_leave (ambi_follow * follow, unsigned slot, core_time now)
{
  follow_slot *s = connection (follow, slot);
  follow_slot *other;

  tick (follow, now);
  if (s == NULL)
    return;
  other = other_slot (follow, s);
  end_connection (follow, s, AMBI_FOLLOW_REASON_LEFT);
  s->start_at = follow->now;
  s->rounds = 0;
  if (other->state == SLOT_OFF)
    try_next (follow, s);       /* what had taken over is gone already */
  else
    other->another = false;
}

void
ambi_follow_disconnect (ambi_follow * follow, unsigned slot, core_time now)
{
  follow_slot *s = connection (follow, slot);

  tick (follow, now);
  if (s != NULL)
    lose_connection (follow, s, AMBI_FOLLOW_REASON_USELESS);
}

bool
ambi_follow_action (ambi_follow * follow, ambi_follow_action_info * action)
{
  for (unsigned i = 0; i < AMBI_FOLLOW_SLOTS; i++) {
    follow_slot *s = &follow->slots[i];

    if (!s->disconnect_due && !s->connect_due)
      continue;
    *action = (ambi_follow_action_info) {
    .slot = i};
    if (s->disconnect_due) {
      action->type = AMBI_FOLLOW_DISCONNECT;
      action->reason = s->reason;
      s->disconnect_due = false;
    } else {
      action->type = AMBI_FOLLOW_CONNECT;
      action->uri = s->uri;
      action->another = s->another;
      s->connect_due = false;
    }
    return true;
  }
  return false;
}

static core_time
slot_deadline (const ambi_follow * follow, const follow_slot * slot)
{
  switch (slot->state) {
    case SLOT_WAITING:
      return slot->start_at;
    case SLOT_CONNECTING:
      return core_time_add (slot->since, follow->config.connect_timeout);
    case SLOT_OPEN:
      if (slot->packets_since == CORE_TIME_NEVER)
        return CORE_TIME_NEVER;
      return core_time_add (slot->packets_since, follow->config.idle_timeout);
    default:
      return CORE_TIME_NEVER;
  }
}

core_time
ambi_follow_deadline (const ambi_follow * follow)
{
  core_time deadline = CORE_TIME_NEVER;

  for (unsigned i = 0; i < AMBI_FOLLOW_SLOTS; i++) {
    core_time at = slot_deadline (follow, &follow->slots[i]);

    if (at < deadline)
      deadline = at;
  }
  return deadline;
}

/* Whether packets came until lately, and not a few at the beginning: a sender
 * that pauses sends no manifests. */
static bool
packets_arrive (const ambi_follow * follow, const follow_slot * slot)
{
  return follow->last_packets >= core_time_add (slot->packets_since,
      follow->config.idle_timeout / 2);
}

static void
expire_slot (ambi_follow * follow, follow_slot * slot)
{
  switch (slot->state) {
    case SLOT_WAITING:
      begin_round (follow, slot);
      break;
    case SLOT_CONNECTING:
      follow->stats.no_answer++;
      lose_connection (follow, slot, AMBI_FOLLOW_REASON_NO_ANSWER);
      break;
    case SLOT_OPEN:
      if (packets_arrive (follow, slot)) {
        follow->stats.stalled++;
        lose_connection (follow, slot, AMBI_FOLLOW_REASON_STALLED);
      } else {
        slot->packets_since = CORE_TIME_NEVER;
      }
      break;
    default:
      break;
  }
}

void
ambi_follow_expire (ambi_follow * follow, core_time now)
{
  tick (follow, now);
  for (unsigned i = 0; i < AMBI_FOLLOW_SLOTS; i++)
    if (slot_deadline (follow, &follow->slots[i]) <= follow->now)
      expire_slot (follow, &follow->slots[i]);
}

const ambi_follow_stats *
ambi_follow_get_stats (const ambi_follow * follow)
{
  return &follow->stats;
}

const char *
ambi_follow_reason_name (ambi_follow_reason reason)
{
  switch (reason) {
    case AMBI_FOLLOW_REASON_NO_ANSWER:
      return "no-answer";
    case AMBI_FOLLOW_REASON_STALLED:
      return "stalled";
    case AMBI_FOLLOW_REASON_LEFT:
      return "left";
    case AMBI_FOLLOW_REASON_USELESS:
      return "useless";
    default:
      return "none";
  }
}
