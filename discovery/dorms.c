/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Finds and keeps fresh the metadata of one channel: settings, questions,
 * time and events.  What an answer leads to is in dorms-answer.c, what
 * becomes of a round in dorms-round.c.
 */
#include "dorms-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const core_time question_timeout = 10 * CORE_SECOND;
static const core_time connect_timeout = 5 * CORE_SECOND;
static const core_time round_timeout = 60 * CORE_SECOND;
static const core_time refresh_spacing = CORE_SECOND;

core_time
dorms_later (core_time t, core_time wait)
{
  return wait > CORE_TIME_NEVER - t ? CORE_TIME_NEVER : t + wait;
}

uint32_t
dorms_draw (void *ctx, uint32_t max)
{
  dorms *d = ctx;
  uint8_t bytes[4];
  rd_cursor r;

  d->config.random (d->config.random_ctx, bytes, sizeof (bytes));
  rd_init (&r, bytes, sizeof (bytes));
  return (uint32_t) (((uint64_t) rd_u32 (&r) * ((uint64_t) max + 1)) >> 32);
}

core_time
dorms_jitter (dorms * d)
{
  return dorms_draw (d, 10000) * CORE_MSECOND;
}

const char *
dorms_state_name (dorms_state state)
{
  static const char *const names[] = { "none", "fresh", "stale", "withdrawn" };

  return (unsigned) state < 4 ? names[state] : "unknown";
}

static void
tick (dorms * d, core_time now)
{
  if (now > d->now)
    d->now = now;
}

/*
 * Settings
 */

static int
take_config (dorms * d, const dorms_config * config)
{
  if (config->random == NULL || config->servers == NULL ||
      !core_ip_is_unicast (&config->source) ||
      !core_ip_is_multicast (&config->group) ||
      config->source.family != config->group.family)
    return CORE_ERR_INVALID_ARGUMENT;
  d->config = *config;
  if (config->port == 0)
    d->config.port = 443;
  if (config->server != NULL) {
    if (!dorms_host_is_valid (config->server))
      return CORE_ERR_INVALID_ARGUMENT;
    strcpy (d->server, config->server);
  }
  /* The caller's text is not looked at again. */
  d->config.server = config->server != NULL ? d->server : NULL;
  return CORE_OK;
}

int
dorms_new (dorms ** out, const dorms_config * config, core_time now)
{
  dorms *d = calloc (1, sizeof (*d));
  int ret;

  *out = NULL;
  if (d == NULL)
    return CORE_ERR_NO_MEMORY;
  ret = take_config (d, config);
  if (ret != CORE_OK) {
    free (d);
    return ret;
  }
  d->now = now;
  d->wake_at = now;
  d->stale_at = CORE_TIME_NEVER;
  d->drop_at = CORE_TIME_NEVER;
  *out = d;
  dorms_expire (d, now);
  return CORE_OK;
}

void
dorms_free (dorms * d)
{
  if (d == NULL)
    return;
  dorms_metadata_free (d->metadata);
  free (d);
}

/*
 * Questions
 */

static void
new_question (dorms * d, dorms_phase phase, dorms_ask ask)
{
  unsigned id = d->question.id + 1;

  d->phase = phase;
  memset (&d->question, 0, sizeof (d->question));
  d->question.id = id;
  d->question.ask = ask;
  d->question_due = true;
  d->open = false;
}

static void
ask_srv (dorms * d)
{
  new_question (d, DORMS_PHASE_SRV, DORMS_ASK_SRV);
  dorms_srv_name (&d->config.source, d->question.name);
}

void
dorms_ask_get (dorms * d, dorms_phase phase, const char *path,
    const char *accept, size_t max_body)
{
  dorms_question *q = &d->question;

  new_question (d, phase, DORMS_ASK_GET);
  strcpy (q->host, d->target.host);
  q->port = d->target.port;
  snprintf (q->path, sizeof (q->path), "%s", path);
  q->accept = accept;
  q->max_body = max_body;
  if (phase == DORMS_PHASE_METADATA) {
    char url[DORMS_URL_MAX];

    q->no_cache = d->bypass;
    d->again = false;
    dorms_question_url (q, url);
    if (d->metadata != NULL && strcmp (url, d->etag_url) == 0)
      strcpy (q->etag, d->etag);
  }
}

bool
dorms_question_next (dorms * d, dorms_question * out, core_time now)
{
  core_time end = dorms_later (d->round_started, round_timeout);

  tick (d, now);
  if (!d->question_due)
    return false;
  d->question_due = false;
  d->open = true;
  d->open_until = dorms_later (d->now, question_timeout);
  if (d->open_until > end)
    d->open_until = end > d->now ? end : d->now;
  d->question.timeout = d->open_until - d->now;
  d->question.connect_timeout = d->question.timeout < connect_timeout ?
      d->question.timeout : connect_timeout;
  *out = d->question;
  return true;
}

void
dorms_question_url (const dorms_question * question, char url[DORMS_URL_MAX])
{
  if (question->port == 443)
    snprintf (url, DORMS_URL_MAX, "https://%s%s", question->host,
        question->path);
  else
    snprintf (url, DORMS_URL_MAX, "https://%s:%u%s", question->host,
        question->port, question->path);
}

bool
dorms_is_open (const dorms * d, unsigned id)
{
  return d->open && d->question.id == id;
}

/*
 * Events
 */

dorms_event *
dorms_add_event (dorms * d, dorms_event_type type)
{
  dorms_event *event;

  /* A caller that does not take them loses the oldest. */
  if (d->n_events == DORMS_EVENTS_MAX) {
    d->first_event = (d->first_event + 1) % DORMS_EVENTS_MAX;
    d->n_events--;
  }
  event = &d->events[(d->first_event + d->n_events) % DORMS_EVENTS_MAX];
  d->n_events++;
  memset (event, 0, sizeof (*event));
  event->type = type;
  if (d->target.host[0] != '\0')
    snprintf (event->server, sizeof (event->server), "%s:%u",
        d->target.host, d->target.port);
  return event;
}

bool
dorms_event_next (dorms * d, dorms_event * out)
{
  if (d->n_events == 0)
    return false;
  *out = d->events[d->first_event];
  d->first_event = (d->first_event + 1) % DORMS_EVENTS_MAX;
  d->n_events--;
  return true;
}

const dorms_metadata *
dorms_get_metadata (const dorms * d)
{
  return d->metadata;
}

dorms_state
dorms_get_state (const dorms * d)
{
  return d->state;
}

core_time
dorms_refresh_time (const dorms * d)
{
  return d->phase == DORMS_PHASE_IDLE ? d->wake_at : CORE_TIME_NEVER;
}

/*
 * Time
 */

static void
begin_round (dorms * d)
{
  static const dorms_http_answer forbidden = {
    .result = DORMS_HTTP_UNREACHABLE,
    .detail = "the settings say not to ask it",
  };
  bool need_srv = d->server[0] == '\0' || d->config.require_srv_match;

  d->round_started = d->now;
  d->retry_after = 0;
  d->next_target = 0;
  d->target.host[0] = '\0';
  if (d->targets_known && d->now >= d->srv_until)
    d->targets_known = false;
  if (need_srv && d->config.trust == DORMS_TRUST_OFF) {
    dorms_fail_round (d, d->server[0] == '\0' ? DORMS_NO_SERVICE :
        DORMS_SRV_MISMATCH, &forbidden);
  } else if (need_srv && !d->targets_known) {
    ask_srv (d);
  } else {
    if (!need_srv) {
      strcpy (d->targets[0].host, d->server);
      d->targets[0].port = d->config.port;
      d->n_targets = 1;
    }
    dorms_next_target (d);
  }
}

core_time
dorms_soonest_refresh (const dorms * d)
{
  core_time at = dorms_later (d->round_started, refresh_spacing);

  return at > d->now ? at : d->now;
}

void
dorms_refresh (dorms * d, core_time now)
{
  core_time at;

  tick (d, now);
  d->bypass = true;
  if (d->phase == DORMS_PHASE_METADATA) {
    /* The answer may have been written before the change. */
    d->again = d->open;
    d->question.no_cache = true;
  } else if (d->phase == DORMS_PHASE_IDLE && d->failures == 0) {
    at = dorms_soonest_refresh (d);
    if (at < d->wake_at)
      d->wake_at = at;
    dorms_expire (d, now);
  }
}

core_time
dorms_deadline (const dorms * d)
{
  core_time at = CORE_TIME_NEVER;

  if (d->phase == DORMS_PHASE_IDLE)
    at = d->wake_at;
  else if (d->open)
    at = d->open_until;
  if (d->stale_at < at)
    at = d->stale_at;
  return d->drop_at < at ? d->drop_at : at;
}

/* Nobody answered in time. */
static void
end_question (dorms * d)
{
  static const dorms_http_answer silence = {
    .result = DORMS_HTTP_UNREACHABLE,
    .detail = "there was no answer in time",
  };

  d->open = false;
  if (d->phase == DORMS_PHASE_SRV ||
      d->now >= dorms_later (d->round_started, round_timeout))
    dorms_fail_round (d, DORMS_UNREACHABLE, &silence);
  else
    dorms_fail_target (d, DORMS_UNREACHABLE, &silence);
}

void
dorms_expire (dorms * d, core_time now)
{
  tick (d, now);
  if (d->now >= d->drop_at)
    dorms_drop_metadata (d);
  if (d->now >= d->stale_at) {
    d->stale_at = CORE_TIME_NEVER;
    d->state = DORMS_STATE_STALE;
    dorms_tell_metadata (d);
  }
  if (d->open && d->now >= d->open_until)
    end_question (d);
  if (d->phase == DORMS_PHASE_IDLE && d->now >= d->wake_at)
    begin_round (d);
}
