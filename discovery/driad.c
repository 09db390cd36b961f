/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Relay discovery: its life, and the relay in use.
 */
#include "driad-private.h"

#include <stdlib.h>
#include <string.h>

const char *
driad_way_name (driad_way way)
{
  static const char *const names[DRIAD_N_WAYS] =
      { "dns-sd", "anycast", "amtrelay" };

  return (unsigned) way < DRIAD_N_WAYS ? names[way] : "unknown";
}

const char *
driad_drop_name (driad_drop drop)
{
  static const char *const names[DRIAD_N_DROPS] = {
    "malformed", "unknown-type", "address", "bogus", "limit"
  };

  return (unsigned) drop < DRIAD_N_DROPS ? names[drop] : "unknown";
}

core_time
driad_later (core_time now, core_time wait)
{
  return wait < CORE_TIME_NEVER - now ? now + wait : CORE_TIME_NEVER;
}

core_time
driad_backoff (driad * d, core_time t0, unsigned n)
{
  core_time max = t0;
  uint32_t steps;

  for (unsigned i = 0; i < n && max < DRIAD_TMAX; i++)
    max *= 2;
  if (max > DRIAD_TMAX)
    max = DRIAD_TMAX;
  steps = (uint32_t) ((max - t0) / CORE_MSECOND);
  return t0 + dns_random (d->config.random, d->config.random_ctx,
      steps) * CORE_MSECOND;
}

uint32_t
driad_new_id (driad * d)
{
  return ++d->next_id;
}

void
driad_count (driad * d, driad_drop drop)
{
  d->stats.dropped[drop]++;
}

static void
tick (driad * d, core_time now)
{
  if (now > d->now)
    d->now = now;
}

static void
set_default (core_time * field, core_time value)
{
  if (*field == 0)
    *field = value;
}

static void
set_defaults (driad_config * c)
{
  set_default (&c->way_wait, 250 * CORE_MSECOND);
  set_default (&c->resolution_delay, 50 * CORE_MSECOND);
  set_default (&c->attempt_delay, 250 * CORE_MSECOND);
  set_default (&c->attempt_timeout, 10 * CORE_SECOND);
  set_default (&c->hold_down, 180 * CORE_SECOND);
  set_default (&c->limit_hold_down, 600 * CORE_SECOND);
  if (c->attempt_delay < 100 * CORE_MSECOND)
    c->attempt_delay = 100 * CORE_MSECOND;
  if (c->attempt_delay > 2 * CORE_SECOND)
    c->attempt_delay = 2 * CORE_SECOND;
  if (c->max_attempts == 0 || c->max_attempts > DRIAD_MAX_ATTEMPTS)
    c->max_attempts = DRIAD_MAX_ATTEMPTS;
}

static void
set_domains (driad * d, const char *const *domains, unsigned n)
{
  d->n_domains = 0;
  for (unsigned i = 0; i < n && d->n_domains < DRIAD_MAX_DOMAINS; i++)
    if (dns_name_join ("_amt._udp", domains[i], d->domains[d->n_domains]))
      d->n_domains++;
}

int
driad_new (driad ** out, const driad_config * config, core_time now)
{
  driad *d;

  *out = NULL;
  if (config->random == NULL)
    return CORE_ERR_INVALID_ARGUMENT;
  d = calloc (1, sizeof (*d));
  if (d == NULL)
    return CORE_ERR_NO_MEMORY;

  d->config = *config;
  set_defaults (&d->config);
  set_domains (d, config->domains, config->n_domains);
  d->config.domains = NULL;
  d->now = now;
  d->no_relay_rank = -1;
  d->traffic_at = d->wait_until = CORE_TIME_NEVER;
  *out = d;
  return CORE_OK;
}

void
driad_free (driad * d)
{
  free (d);
}

/* After every input. */
static void
step (driad * d)
{
  if (d->state == DRIAD_SEARCH || d->state == DRIAD_WAIT)
    driad_lookups_expire (d);
  driad_list_update (d);
  driad_race_step (d);
}

static void
search (driad * d)
{
  d->state = DRIAD_SEARCH;
  d->search_start = d->now;
  d->next_start = d->now;
  d->wait_until = CORE_TIME_NEVER;
  d->vain_rounds = 0;
  driad_relays_begin (d);
  driad_lookups_begin (d);
  driad_begin_round (d);
}

void
driad_start (driad * d, core_time now)
{
  tick (d, now);
  if (d->state == DRIAD_IDLE)
    search (d);
  step (d);
}

static void
forget_current (driad * d)
{
  d->has_current = false;
  d->lost_due = false;
  d->traffic_at = CORE_TIME_NEVER;
}

bool
driad_ask (driad * d, driad_question * q, core_time now)
{
  tick (d, now);
  memset (q, 0, sizeof (*q));
  return driad_route_ask (d, q) || driad_lookup_ask (d, q);
}

void
driad_answer (driad * d, uint32_t id, const dns_answer * answer, core_time now)
{
  tick (d, now);
  driad_lookup_answer (d, id, answer);
  step (d);
}

void
driad_route (driad * d, uint32_t id, const core_ip * from, core_time now)
{
  tick (d, now);
  driad_route_answer (d, id, from);
  step (d);
}

void
driad_stop (driad * d, core_time now)
{
  tick (d, now);
  driad_lookups_abandon (d);
  driad_routes_abandon (d);
  driad_cancel_attempts (d);
  forget_current (d);
  d->silent_times = 0;
  d->nothing_due = false;
  d->wait_until = CORE_TIME_NEVER;
  d->state = DRIAD_IDLE;
}

static void
established (driad * d, const driad_candidate * candidate)
{
  driad_cancel_attempts (d);
  forget_current (d);
  d->has_current = true;
  d->current = *candidate;
  d->state = DRIAD_SETTLED;
  d->wait_until = CORE_TIME_NEVER;
  d->nothing_due = false;
  d->vain_rounds = 0;
}

bool
driad_attempt_ended (driad * d, uint32_t id, driad_result result, core_time now)
{
  driad_attempt *a = NULL;

  tick (d, now);
  for (unsigned i = 0; i < DRIAD_MAX_ATTEMPTS; i++)
    if (d->attempts[i].used && !d->attempts[i].cancel_due &&
        !d->attempts[i].start_due && d->attempts[i].id == id)
      a = &d->attempts[i];
  if (a == NULL)
    return false;

  a->used = false;
  if (result == DRIAD_ESTABLISHED) {
    established (d, &a->candidate);
  } else {
    driad_hold (d, &a->candidate.where, result == DRIAD_REFUSED ?
        AMT_LOST_LIMIT : AMT_LOST_NO_ANSWER);
    /* The next need not wait; but not all of them in one go (RFC 8305 §5). */
    d->next_start = driad_later (d->last_start, 10 * CORE_MSECOND);
  }
  step (d);
  return true;
}

static void
lose (driad * d, amt_lost_reason reason)
{
  driad_hold (d, &d->current.where, reason);
  forget_current (d);
  search (d);
}

void
driad_settle (driad * d, const amt_relay_candidate * where, core_time now)
{
  driad_candidate candidate = {.where = *where };

  tick (d, now);
  if (d->state == DRIAD_IDLE)
    return;
  for (unsigned i = 0; i < d->n_list; i++)
    if (driad_same_place (&d->list[i].where, where))
      candidate = d->list[i];
  established (d, &candidate);
  step (d);
}

void
driad_lost (driad * d, amt_lost_reason reason, core_time now)
{
  tick (d, now);
  if (d->state == DRIAD_SETTLED)
    lose (d, reason);
  step (d);
}

void
driad_joined (driad * d, core_time now)
{
  tick (d, now);
  if (d->state == DRIAD_SETTLED && d->traffic_at == CORE_TIME_NEVER)
    d->traffic_at = driad_later (d->now, driad_backoff (d, DRIAD_SILENCE_T0,
            d->silent_times));
}

void
driad_data (driad * d, core_time now)
{
  tick (d, now);
  if (d->state != DRIAD_SETTLED)
    return;
  d->traffic_at = CORE_TIME_NEVER;
  d->silent_times = 0;
}

void
driad_network_changed (driad * d, const char *const *domains,
    unsigned n_domains, core_time now)
{
  tick (d, now);
  if (domains != NULL)
    set_domains (d, domains, n_domains);
  driad_release_holds (d);
  driad_routes_again (d, true);
  driad_lookups_clear (d);
  if (d->state == DRIAD_IDLE)
    return;
  driad_cancel_attempts (d);
  forget_current (d);
  search (d);
  step (d);
}

static void
expire_current (driad * d)
{
  driad_candidate lost = d->current;

  if (d->state != DRIAD_SETTLED || d->traffic_at > d->now)
    return;
  if (d->silent_times < 32)
    d->silent_times++;
  lose (d, AMT_LOST_NO_DATA);
  d->lost_due = true;
  d->lost = lost;
}

void
driad_expire (driad * d, core_time now)
{
  tick (d, now);
  expire_current (d);
  driad_race_expire (d);
  step (d);
}

static core_time
earlier (core_time a, core_time b)
{
  return a < b ? a : b;
}

core_time
driad_deadline (const driad * d)
{
  core_time deadline = d->traffic_at;

  if (d->state == DRIAD_IDLE)
    return CORE_TIME_NEVER;
  deadline = earlier (deadline, driad_lookups_deadline (d));
  deadline = earlier (deadline, driad_list_deadline (d));
  return earlier (deadline, driad_race_deadline (d));
}

bool
driad_event (driad * d, driad_event_info * event)
{
  memset (event, 0, sizeof (*event));
  if (d->list_news) {
    d->list_news = false;
    event->type = DRIAD_EVENT_CANDIDATES;
    return true;
  }
  if (d->lost_due) {
    d->lost_due = false;
    event->type = DRIAD_EVENT_LOST;
    event->candidate = d->lost;
    event->reason = AMT_LOST_NO_DATA;
    return true;
  }
  if (driad_race_event (d, event))
    return true;
  if (d->nothing_due) {
    d->nothing_due = false;
    event->type = DRIAD_EVENT_NOTHING;
    event->reason_text = d->nothing_text;
    return true;
  }
  return false;
}

const driad_candidate *
driad_candidates (const driad * d, unsigned *n)
{
  *n = d->n_list;
  return d->list;
}

bool
driad_is_asking (const driad * d)
{
  return d->state != DRIAD_IDLE && (driad_lookups_pending (d, DRIAD_N_WAYS) ||
      driad_routes_pending (d));
}

driad_state
driad_get_state (const driad * d)
{
  return d->state;
}

const driad_stats *
driad_get_stats (const driad * d)
{
  return &d->stats;
}
