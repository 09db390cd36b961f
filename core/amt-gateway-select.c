/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Which relay or discovery address the AMT gateway asks next.
 */
#include "amt-gateway-private.h"

#include <stdlib.h>

/* For so long after a relay that worked was last heard, waits between rounds
 * stay short: most outages are restarts. */
static const core_time quick_period = 30 * CORE_SECOND;
static const core_time quick_limit = 3 * CORE_SECOND;

static bool
same_candidate (const amt_relay_candidate * a, const amt_relay_candidate * b)
{
  return a->discovery == b->discovery && core_addr_equal (&a->addr, &b->addr);
}

static int
find_candidate (const amt_gateway * gw, const amt_relay_candidate * where)
{
  for (unsigned i = 0; i < gw->n_candidates; i++)
    if (same_candidate (&gw->candidates[i].where, where))
      return (int) i;
  return -1;
}

static bool
is_held (const amt_gateway * gw, const gateway_candidate * c)
{
  return c->held_until > gw->now;
}

/* The first that is neither held down nor tried in this round, else the one
 * whose hold-down ends first; -1 when all were tried. */
static int
next_candidate (const amt_gateway * gw)
{
  int best = -1;

  for (unsigned i = 0; i < gw->n_candidates; i++) {
    const gateway_candidate *c = &gw->candidates[i];

    if (c->tried)
      continue;
    if (!is_held (gw, c))
      return (int) i;
    if (best < 0 || c->held_until < gw->candidates[best].held_until)
      best = (int) i;
  }
  return best;
}

bool
gateway_has_alternative (const amt_gateway * gw)
{
  for (unsigned i = 0; i < gw->n_candidates; i++)
    if ((int) i != gw->current && !gw->candidates[i].tried &&
        !is_held (gw, &gw->candidates[i]))
      return true;
  return false;
}

static void
clear_tried (amt_gateway * gw)
{
  for (unsigned i = 0; i < gw->n_candidates; i++)
    gw->candidates[i].tried = false;
}

static core_time
round_wait (amt_gateway * gw)
{
  core_time limit = GATEWAY_TMAX;

  if (gw->last_good != CORE_TIME_NEVER &&
      gw->now - gw->last_good < quick_period)
    limit = quick_limit;
  return gateway_backoff (gw, GATEWAY_T0, gw->rounds, limit);
}

static void
choose (amt_gateway * gw)
{
  int next = next_candidate (gw);

  gw->start_at = gw->now;
  if (next < 0) {
    gateway_relay_event (gw, AMT_EVENT_NEED_CANDIDATES, AMT_LOST_NONE);
    gw->start_at = gateway_later (gw->now, round_wait (gw));
    if (gw->rounds < 32)
      gw->rounds++;
    clear_tried (gw);
    next = next_candidate (gw);
  }

  if (next < 0) {
    gw->current = -1;
    gw->start_at = CORE_TIME_NEVER;
    gateway_set_state (gw, AMT_GATEWAY_IDLE, NULL);
    return;
  }
  gw->current = next;
  gw->in_use = gw->candidates[next];
  gateway_set_state (gw, gw->in_use.where.discovery ? AMT_GATEWAY_DISCOVER :
      AMT_GATEWAY_REQUEST, &gw->in_use.where.addr);
  if (gw->start_at <= gw->now)
    gateway_start_chosen (gw);
}

void
gateway_start_chosen (amt_gateway * gw)
{
  gw->start_at = CORE_TIME_NEVER;
  if (gw->in_use.where.discovery)
    gateway_start_discovery (gw);
  else
    gateway_begin_relay (gw, &gw->in_use.where.addr);
}

void
gateway_start (amt_gateway * gw)
{
  if (gw->stats.state != AMT_GATEWAY_IDLE || gw->n_channels == 0 ||
      gw->n_candidates == 0)
    return;
  gw->rounds = 0;
  clear_tried (gw);
  choose (gw);
}

static void
stop_asking (amt_gateway * gw)
{
  gw->asking = -1;
  gw->request_send_due = false;
  gw->discovery_due = false;
  gw->discovery_waiting = false;
  gw->retry_at = CORE_TIME_NEVER;
  gw->icmp_at = CORE_TIME_NEVER;
  gw->silence_at = CORE_TIME_NEVER;
  gw->icmp_seen = false;
  for (int i = 0; i < GATEWAY_N_PROTOCOLS; i++) {
    gw->protocols[i].refresh_at = CORE_TIME_NEVER;
    gw->protocols[i].request_due = false;
  }
}

void
gateway_lose (amt_gateway * gw, amt_lost_reason reason)
{
  core_time hold = reason == AMT_LOST_LIMIT ? gw->config.limit_hold_down :
      gw->config.hold_down;

  gateway_relay_event (gw, AMT_EVENT_RELAY_LOST, reason);
  gw->last_lost = reason;
  stop_asking (gw);
  gateway_reset_reports (gw);
  if (gw->told) {
    gw->moving = true;
    gw->left = gw->relay;
  }
  gw->told = false;
  gw->connected = false;
  gw->data_seen = false;

  if (gw->current >= 0) {
    gw->candidates[gw->current].held_until = gateway_later (gw->now, hold);
    gw->candidates[gw->current].tried = true;
  }
  choose (gw);
}

void
gateway_note_reported (amt_gateway * gw)
{
  if (gw->told)
    return;
  gw->told = true;
  if (gw->moving && !gateway_same_endpoint (&gw->left, &gw->relay))
    gw->stats.failovers++;
  gw->moving = false;
  gw->rounds = 0;
  clear_tried (gw);
  gateway_arm_silence (gw);
  gateway_relay_event (gw, AMT_EVENT_REPORTED, AMT_LOST_NONE);
}

void
gateway_go_idle (amt_gateway * gw)
{
  stop_asking (gw);
  gateway_reset_reports (gw);
  gateway_forget_reported (gw);
  gw->start_at = CORE_TIME_NEVER;
  if (gw->give_up_at != CORE_TIME_NEVER) {
    gw->give_up_at = CORE_TIME_NEVER;
    gw->give_up_started = false;
  }
  gw->last_lost = AMT_LOST_NONE;
  gw->current = -1;
  gw->connected = false;
  gw->told = false;
  gw->data_seen = false;
  gw->moving = false;
  gw->leaving = false;
  gw->teardown_due = false;
  gateway_set_state (gw, AMT_GATEWAY_IDLE, NULL);
}

/* What is known of a candidate outlives a list that names it again. */
static void
carry_over (const amt_gateway * gw, gateway_candidate * c)
{
  int known = find_candidate (gw, &c->where);

  if (known >= 0)
    *c = gw->candidates[known];
  else if (gw->stats.state != AMT_GATEWAY_IDLE &&
      same_candidate (&gw->in_use.where, &c->where))
    c->linux_p = gw->in_use.linux_p;
}

/* One that has not answered, and nobody names any more. */
static void
give_up_asking (amt_gateway * gw)
{
  stop_asking (gw);
  clear_tried (gw);
  choose (gw);
}

int
amt_gateway_set_candidates (amt_gateway * gw,
    const amt_relay_candidate * candidates, unsigned n, core_time now)
{
  gateway_candidate *list = NULL;

  gateway_tick (gw, now);
  if (n > gw->config.max_candidates)
    return CORE_ERR_LIMIT;
  for (unsigned i = 0; i < n; i++)
    if (!core_ip_is_unicast (&candidates[i].addr.ip) ||
        candidates[i].addr.port == 0)
      return CORE_ERR_INVALID_ARGUMENT;
  if (n > 0) {
    list = calloc (n, sizeof (*list));
    if (list == NULL)
      return CORE_ERR_NO_MEMORY;
  }

  for (unsigned i = 0; i < n; i++) {
    list[i].where = candidates[i];
    carry_over (gw, &list[i]);
  }
  free (gw->candidates);
  gw->candidates = list;
  gw->n_candidates = n;
  gw->current = gw->stats.state != AMT_GATEWAY_IDLE || gw->leaving ?
      find_candidate (gw, &gw->in_use.where) : -1;

  if (gw->current < 0 && gw->stats.state != AMT_GATEWAY_IDLE &&
      !gw->connected && !gw->leaving)
    give_up_asking (gw);
  /* Between two rounds something new is worth asking at once. */
  else if (gw->start_at != CORE_TIME_NEVER && gateway_has_alternative (gw))
    choose (gw);
  else
    gateway_start (gw);
  return CORE_OK;
}
