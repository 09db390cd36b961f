/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Relay discovery: attempts side by side (RFC 8305 §5, RFC 8777 §3.2), and
 * relays that are left alone for a while.
 */
#include "driad-private.h"

#include <string.h>

bool
driad_same_place (const amt_relay_candidate * a, const amt_relay_candidate * b)
{
  return a->discovery == b->discovery && core_addr_equal (&a->addr, &b->addr);
}

/* --- what is remembered of a place --- */

static driad_memory *
recall (driad * d, const amt_relay_candidate * where)
{
  for (unsigned i = 0; i < DRIAD_MAX_HOLDS; i++)
    if (d->memory[i].used && driad_same_place (&d->memory[i].where, where))
      return &d->memory[i];
  return NULL;
}

/* A free one, or one that matters least: not of this round, its hold-down the
 * first to end. */
static driad_memory *
remember (driad * d, const amt_relay_candidate * where)
{
  driad_memory *m = recall (d, where), *least = NULL;

  if (m != NULL)
    return m;
  for (unsigned i = 0; i < DRIAD_MAX_HOLDS; i++) {
    m = &d->memory[i];
    if (!m->used) {
      least = m;
      break;
    }
    if (least == NULL || (m->tried_in < d->round) > (least->tried_in < d->round)
        || ((m->tried_in < d->round) == (least->tried_in < d->round) &&
            m->until < least->until))
      least = m;
  }
  memset (least, 0, sizeof (*least));
  least->used = true;
  least->where = *where;
  return least;
}

core_time
driad_held_until (const driad * d, const amt_relay_candidate * where)
{
  for (unsigned i = 0; i < DRIAD_MAX_HOLDS; i++)
    if (d->memory[i].used && driad_same_place (&d->memory[i].where, where))
      return d->memory[i].until > d->now ? d->memory[i].until : 0;
  return 0;
}

void
driad_hold (driad * d, const amt_relay_candidate * where,
    amt_lost_reason reason)
{
  driad_memory *m = remember (d, where);

  m->until = driad_later (d->now, reason == AMT_LOST_LIMIT ?
      d->config.limit_hold_down : d->config.hold_down);
  m->reason = reason;
}

void
driad_release_holds (driad * d)
{
  for (unsigned i = 0; i < DRIAD_MAX_HOLDS; i++)
    if (d->memory[i].reason != AMT_LOST_LIMIT)
      d->memory[i].until = 0;
}

/* --- rounds --- */

void
driad_begin_round (driad * d)
{
  d->round++;
  driad_routes_again (d, false);
}

static const char *
why_nothing (const driad * d)
{
  if (d->n_list > 0)
    return "no relay answered";
  if (d->no_relay_rank >= 0)
    return "the source is published to be used without a relay";
  if (driad_lookup_is_bogus (d))
    return "the answers about relays failed DNSSEC validation";
  for (unsigned i = 0; i < DRIAD_ALL_RELAYS; i++)
    if (d->relays[i].used && d->relays[i].route == ROUTE_NONE)
      return "there is no route to any relay";
  return "no relay was found";
}

static void
end_round (driad * d)
{
  d->stats.rounds++;
  if (d->vain_rounds < 32)
    d->vain_rounds++;
  d->state = DRIAD_WAIT;
  d->wait_until = driad_later (d->now, driad_backoff (d, DRIAD_T0,
          d->vain_rounds));
  /* Rounds in which nothing was tried are not worth a word each. */
  if (d->vain_rounds == 1 || d->nothing_text != why_nothing (d) ||
      d->stats.attempts != d->attempts_told)
    d->nothing_due = true;
  d->nothing_text = why_nothing (d);
  d->attempts_told = d->stats.attempts;
}

/* --- attempts --- */

static bool
is_running (const driad_attempt * a)
{
  return a->used && !a->cancel_due;
}

static unsigned
count_running (const driad * d)
{
  unsigned n = 0;

  for (unsigned i = 0; i < DRIAD_MAX_ATTEMPTS; i++)
    n += is_running (&d->attempts[i]);
  return n;
}

static driad_attempt *
free_attempt (driad * d)
{
  for (unsigned i = 0; i < DRIAD_MAX_ATTEMPTS; i++)
    if (!d->attempts[i].used)
      return &d->attempts[i];
  return NULL;
}

static bool
was_tried (const driad * d, const amt_relay_candidate * where)
{
  for (unsigned i = 0; i < DRIAD_MAX_HOLDS; i++)
    if (d->memory[i].used && driad_same_place (&d->memory[i].where, where))
      return d->memory[i].tried_in == d->round;
  return false;
}

static const driad_candidate *
first_untried (const driad * d, unsigned from, unsigned to)
{
  for (unsigned i = from; i < to; i++)
    if (!was_tried (d, &d->list[i].where))
      return &d->list[i];
  return NULL;
}

/* Nothing more is to be expected of this round. */
static bool
is_complete (const driad * d)
{
  return count_running (d) == 0 && !driad_lookups_pending (d, DRIAD_N_WAYS) &&
      !driad_routes_pending (d) && driad_list_deadline (d) == CORE_TIME_NEVER;
}

/* A relay in hold-down gets its turn when there is no other. */
static const driad_candidate *
next_candidate (const driad * d)
{
  const driad_candidate *c = first_untried (d, 0, d->n_free);

  if (c == NULL && is_complete (d))
    c = first_untried (d, d->n_free, d->n_list);
  return c;
}

/* Routes are answered at once, and the order depends on them. */
static bool
may_start (const driad * d)
{
  return d->state == DRIAD_SEARCH && !driad_routes_pending (d) &&
      count_running (d) < d->config.max_attempts;
}

static void
start_attempt (driad * d, driad_attempt * a, const driad_candidate * c)
{
  memset (a, 0, sizeof (*a));
  a->used = true;
  a->start_due = true;
  a->id = driad_new_id (d);
  a->candidate = *c;
  a->deadline = driad_later (d->now, d->config.attempt_timeout);
  remember (d, &c->where)->tried_in = d->round;
  d->last_start = d->now;
  d->next_start = driad_later (d->now, d->config.attempt_delay);
  d->stats.attempts++;
}

void
driad_race_step (driad * d)
{
  /* Between two rounds something new is worth trying at once. */
  if (d->state == DRIAD_WAIT && first_untried (d, 0, d->n_free) != NULL) {
    d->state = DRIAD_SEARCH;
    d->wait_until = CORE_TIME_NEVER;
    d->nothing_due = false;
  }

  if (may_start (d) && d->next_start <= d->now) {
    const driad_candidate *c = next_candidate (d);
    driad_attempt *a = free_attempt (d);

    if (c != NULL && a != NULL)
      start_attempt (d, a, c);
  }
  if (d->state == DRIAD_SEARCH && is_complete (d) && next_candidate (d) == NULL)
    end_round (d);
}

/* An attempt that nobody was told of needs no end. */
static void
cancel (driad_attempt * a)
{
  if (a->start_due)
    a->used = false;
  else
    a->cancel_due = true;
}

void
driad_cancel_attempts (driad * d)
{
  for (unsigned i = 0; i < DRIAD_MAX_ATTEMPTS; i++)
    if (d->attempts[i].used)
      cancel (&d->attempts[i]);
}

void
driad_race_expire (driad * d)
{
  for (unsigned i = 0; i < DRIAD_MAX_ATTEMPTS; i++) {
    driad_attempt *a = &d->attempts[i];

    if (!is_running (a) || a->deadline > d->now)
      continue;
    driad_hold (d, &a->candidate.where, AMT_LOST_NO_ANSWER);
    cancel (a);
  }
  if (d->state == DRIAD_WAIT && d->wait_until <= d->now) {
    d->state = DRIAD_SEARCH;
    d->wait_until = CORE_TIME_NEVER;
    d->next_start = d->now;
    driad_begin_round (d);
  }
}

core_time
driad_race_deadline (const driad * d)
{
  core_time deadline = d->wait_until;

  for (unsigned i = 0; i < DRIAD_MAX_ATTEMPTS; i++)
    if (is_running (&d->attempts[i]) && d->attempts[i].deadline < deadline)
      deadline = d->attempts[i].deadline;
  if (may_start (d) && next_candidate (d) != NULL && d->next_start < deadline)
    deadline = d->next_start;
  return deadline;
}

bool
driad_race_event (driad * d, driad_event_info * event)
{
  for (unsigned i = 0; i < DRIAD_MAX_ATTEMPTS; i++) {
    driad_attempt *a = &d->attempts[i];

    if (!a->used || (!a->cancel_due && !a->start_due))
      continue;
    event->type = a->cancel_due ? DRIAD_EVENT_CANCEL : DRIAD_EVENT_ATTEMPT;
    event->attempt = a->id;
    event->candidate = a->candidate;
    if (a->cancel_due)
      a->used = false;
    a->start_due = false;
    return true;
  }
  return false;
}
