/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Finds and keeps fresh the metadata of one channel: the servers one after
 * the other, and what becomes of a round.
 */
#include "dorms-private.h"

#include "http-headers.h"

#include <stdio.h>
#include <string.h>

/* draft-ietf-mboned-cbacc §2.1.7 */
static const core_time default_freshness = 30 * CORE_SECOND;
static const core_time freshness_min = 10 * CORE_SECOND;
static const core_time freshness_max = 24 * 3600 * CORE_SECOND;
/* How much longer old metadata is good enough for new connections. */
static const core_time stale_grace = 600 * CORE_SECOND;
static const core_time backoff_max = 60 * CORE_SECOND;
static const core_time retry_after_max = 300 * CORE_SECOND;
/* What was denied is not asked for again before that. */
static const core_time negative_time = 30 * CORE_SECOND;

dorms_server *
dorms_target_server (dorms * d)
{
  return dorms_servers_get (d->config.servers, d->target.host,
      d->target.port, d->now);
}

/*
 * Telling
 */

void
dorms_tell_metadata (dorms * d)
{
  dorms_event *event = dorms_add_event (d, DORMS_EVENT_METADATA);

  event->state = d->state;
  event->unknown_revisions = d->unknown_revisions;
  if (d->phase == DORMS_PHASE_IDLE && d->wake_at > d->now)
    event->refresh_in = d->wake_at - d->now;
}

/* The body of a refusal, for the log: cut, and without control characters. */
static void
quote_body (const dorms_http_answer * answer, char says[DORMS_SAYS_MAX])
{
  size_t n = 0;

  for (size_t i = 0; i < answer->body_len && n < DORMS_SAYS_MAX - 1; i++)
    if (answer->body[i] >= ' ' && answer->body[i] <= '~')
      says[n++] = (char) answer->body[i];
  says[n] = '\0';
}

static void
tell_error (dorms * d, dorms_code code, const dorms_http_answer * answer,
    bool last, core_time retry_in)
{
  dorms_event *event = dorms_add_event (d, DORMS_EVENT_ERROR);
  const char *who = event->server[0] != '\0' ? event->server :
      "the name service";
  char status[40] = "";
  const char *detail = NULL;

  if (answer != NULL && answer->result == DORMS_HTTP_RESPONSE) {
    event->status = answer->status;
    snprintf (status, sizeof (status), " (HTTP status %u)", answer->status);
    if (answer->status != 200)
      quote_body (answer, event->says);
  } else if (answer != NULL) {
    detail = answer->detail;
  }
  event->code = code;
  event->last = last;
  event->retry_in = retry_in;
  snprintf (event->text, sizeof (event->text), "%s %s%s%s%s", who,
      dorms_code_text (code), status, detail != NULL ? ": " : "",
      detail != NULL ? detail : "");
}

/*
 * Failure
 */

/* 1, 2, 4 .. 60 s, and up to a quarter more. */
static core_time
backoff (dorms * d)
{
  core_time wait = d->failures < 6 ? CORE_SECOND << d->failures : backoff_max;

  return wait + wait / 1000 * dorms_draw (d, 250);
}

static void
sleep_for (dorms * d, core_time wait)
{
  d->phase = DORMS_PHASE_IDLE;
  d->question_due = false;
  d->open = false;
  d->wake_at = dorms_later (d->now, wait);
}

static bool
is_plain_no (dorms_code code)
{
  return code == DORMS_NO_SERVICE || code == DORMS_NO_METADATA;
}

/* An outage is waited for with growing patience; a plain no is believed. */
static core_time
failure_wait (dorms * d, dorms_code code)
{
  core_time wait;

  if (is_plain_no (code))
    return negative_time + dorms_jitter (d);
  wait = backoff (d);
  return wait > d->retry_after ? wait : d->retry_after;
}

void
dorms_fail_round (dorms * d, dorms_code code, const dorms_http_answer * answer)
{
  core_time wait = failure_wait (d, code);

  if (is_plain_no (code))
    d->failures = 1;
  else if (d->failures < 32)
    d->failures++;
  sleep_for (d, wait);
  tell_error (d, code, answer, true, wait);
}

static void
note_bad_answer (dorms * d, dorms_code code)
{
  dorms_server *server = dorms_target_server (d);
  bool ignore = false;

  if (server == NULL)
    return;
  switch (code) {
    case DORMS_NO_RESTCONF_ROOT:
    case DORMS_VERSION_MISMATCH:
    case DORMS_BAD_CONTENT_TYPE:
      ignore = true;
      break;
    case DORMS_BAD_JSON:
    case DORMS_BAD_METADATA:
    case DORMS_TOO_LARGE:
    case DORMS_REDIRECT_REFUSED:
      ignore = ++server->bad_answers >= DORMS_BAD_ANSWERS_MAX;
      break;
    default:
      break;
  }
  /* What the user configured is never ignored, only asked less often. */
  if (ignore && d->server[0] == '\0')
    dorms_servers_ignore (d->config.servers, d->target.host, d->target.port,
        d->now);
  else if (ignore)
    server->has_root = server->has_library = false;
}

static bool
has_next_target (const dorms * d)
{
  for (unsigned i = d->next_target; i < d->n_targets; i++)
    if (d->server[0] != '\0' || !dorms_servers_is_ignored (d->config.servers,
            d->targets[i].host, d->targets[i].port, d->now))
      return true;
  return false;
}

void
dorms_fail_target (dorms * d, dorms_code code, const dorms_http_answer * answer)
{
  core_time wished = 0;

  note_bad_answer (d, code);
  if (answer != NULL && code == DORMS_UNREACHABLE)
    wished = http_retry_after (answer->retry_after, answer->date) * CORE_SECOND;
  if (wished > retry_after_max)
    wished = retry_after_max;
  if (wished > d->retry_after)
    d->retry_after = wished;

  if (code == DORMS_NO_MEMORY || !has_next_target (d)) {
    dorms_fail_round (d, code, answer);
    return;
  }
  tell_error (d, code, answer, false, 0);
  dorms_next_target (d);
}

/*
 * The next target
 */

void
dorms_next_target (dorms * d)
{
  static const dorms_http_answer ignored = {
    .result = DORMS_HTTP_UNREACHABLE,
    .detail = "it is left alone, as its last answers were of no use",
  };
  dorms_server *server;

  while (d->next_target < d->n_targets) {
    d->target = d->targets[d->next_target++];
    if (d->server[0] != '\0' || !dorms_servers_is_ignored (d->config.servers,
            d->target.host, d->target.port, d->now)) {
      server = dorms_target_server (d);
      d->root_was_known = server != NULL && server->has_root;
      d->forms_tried = 0;
      d->unknown_revisions = 0;
      dorms_continue_target (d);
      return;
    }
  }
  /* All are being ignored, which is as good as unreachable. */
  dorms_fail_round (d, DORMS_UNREACHABLE, &ignored);
}

/*
 * Success
 */

static core_time
freshness (const dorms_http_answer * answer)
{
  uint64_t seconds;
  core_time time;

  if (!http_freshness (answer->cache_control, answer->age, answer->expires,
          answer->date, &seconds) || seconds == 0)
    return default_freshness;
  time = seconds * CORE_SECOND;
  if (time < freshness_min)
    return freshness_min;
  return time < freshness_max ? time : freshness_max;
}

static void
keep_etag (dorms * d, const char *etag)
{
  d->etag[0] = '\0';
  d->etag_url[0] = '\0';
  if (etag == NULL || etag[0] == '\0' || strlen (etag) >= sizeof (d->etag))
    return;
  for (const char *c = etag; *c != '\0'; c++)
    if (*c < ' ' || *c > '~')
      return;
  strcpy (d->etag, etag);
  dorms_question_url (&d->question, d->etag_url);
}

void
dorms_succeed (dorms * d, dorms_metadata * metadata,
    const dorms_http_answer * answer)
{
  core_time fresh = freshness (answer);
  dorms_server *server = dorms_target_server (d);
  bool news = d->state != DORMS_STATE_FRESH || d->failures > 0;

  if (server != NULL) {
    server->bad_answers = 0;
    server->form = d->form;
  }
  if (metadata != NULL) {
    news = news || !dorms_metadata_equal (metadata, d->metadata);
    dorms_metadata_free (d->metadata);
    d->metadata = metadata;
    keep_etag (d, answer->etag);
  }
  d->failures = 0;
  d->bypass = d->again;
  d->state = DORMS_STATE_FRESH;
  d->drop_at = CORE_TIME_NEVER;
  d->stale_at = dorms_later (d->now, fresh + stale_grace);
  sleep_for (d, d->again ? dorms_soonest_refresh (d) - d->now :
      fresh + dorms_jitter (d));
  d->again = false;
  if (news)
    dorms_tell_metadata (d);
}

/*
 * Withdrawal
 */

void
dorms_drop_metadata (dorms * d)
{
  d->drop_at = CORE_TIME_NEVER;
  dorms_metadata_free (d->metadata);
  d->metadata = NULL;
  d->etag[0] = '\0';
  d->etag_url[0] = '\0';
  d->state = DORMS_STATE_NONE;
  dorms_tell_metadata (d);
}

void
dorms_deny_metadata (dorms * d, const dorms_http_answer * answer)
{
  dorms_server *server = dorms_target_server (d);

  /* Perhaps its resources moved since: look where they are the next time. */
  if (server != NULL && d->root_was_known)
    server->has_root = false;
  dorms_fail_round (d, DORMS_NO_METADATA, answer);
  if (d->metadata == NULL || d->state == DORMS_STATE_WITHDRAWN)
    return;
  d->state = DORMS_STATE_WITHDRAWN;
  d->stale_at = CORE_TIME_NEVER;
  d->drop_at = dorms_later (d->now, dorms_metadata_hold_time (d->metadata));
  dorms_tell_metadata (d);
}
