/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What the caller is told about manifest streams: that one will end
 * (draft-ietf-mboned-ambi-05 §3.5), that another has taken over, and that one
 * brings nothing of use.
 */
#include "ambi-verify-private.h"

#include <string.h>

enum
{
  MAX_EMPTY_MANIFESTS = 1000    /* in a second */
};

#define MIN_RETRY CORE_SECOND
#define MAX_RETRY (60 * CORE_SECOND)
#define REPEATS_TIME (10 * CORE_SECOND)

/*
 * Streams that end
 */

void
ambi_transition_init (ambi_transition * t)
{
  memset (t, 0, sizeof (*t));
  t->end = t->leave_at = t->ask_at = CORE_TIME_NEVER;
}

core_time
ambi_transition_deadline (const ambi_transition * t)
{
  return t->leave_at < t->ask_at ? t->leave_at : t->ask_at;
}

/* Whether that one is used and will be there for longer. */
static bool
succeeds (const ambi_profile * other, const ambi_profile * p)
{
  return other != p && other->users > 0 &&
      other->transition.end > p->transition.end;
}

static bool
has_successor (const ambi_verify * v, const ambi_profile * p)
{
  for (unsigned i = 0; i < v->n_profiles; i++) {
    if (succeeds (&v->profiles[v->by_age[i]], p))
      return true;
  }
  return false;
}

/* From 0 to that, both included. */
static core_time
random_up_to (ambi_verify * v, core_time max)
{
  uint64_t random;

  v->config.random (v->config.random_ctx, (uint8_t *) & random,
      sizeof (random));
  return random % (max + 1);
}

/* Receivers ask the metadata server at times of their own, within half of what
 * is left. */
static void
announce_end (ambi_verify * v, ambi_profile * p, uint16_t seconds)
{
  ambi_transition *t = &p->transition;
  core_time left = seconds * CORE_SECOND;
  core_time end = core_time_add (v->now, left);

  if (t->left || end >= t->end)
    return;
  p->tell_end |= t->end == CORE_TIME_NEVER;
  t->end = t->leave_at = end;
  if (!t->asked && (t->ask_at == CORE_TIME_NEVER ||
          t->ask_at - v->now > left / 2))
    t->ask_at = core_time_add (v->now, random_up_to (v, left / 2));
  ambi_verify_soon (v, ambi_transition_deadline (t));
}

/* The sender changed its mind.  A receiver that has another stream already
 * goes on with that. */
static void
cancel_end (ambi_verify * v, ambi_profile * p)
{
  if (p->transition.end == CORE_TIME_NEVER || p->transition.left ||
      (p->transition.asked && has_successor (v, p)))
    return;
  ambi_transition_init (&p->transition);
  p->tell_end = p->tell_refresh = false;
}

static void
leave (ambi_profile * p)
{
  p->transition.left = true;
  p->transition.leave_at = p->transition.ask_at = CORE_TIME_NEVER;
  p->tell_leave = true;
  p->tell_refresh = false;
}

void
ambi_verify_note_use (ambi_verify * v, const ambi_profile * profile)
{
  for (unsigned i = 0; i < v->n_profiles; i++) {
    ambi_profile *p = &v->profiles[v->by_age[i]];

    if (p->users > 0 && p->transition.end != CORE_TIME_NEVER &&
        !p->transition.left && succeeds (profile, p))
      leave (p);
  }
}

/* Again at half of what remains; after the end, when the stream lives on with
 * nothing to replace it, ever more seldom. */
static core_time
next_interval (ambi_transition * t, core_time now)
{
  if (now < t->end) {
    core_time half = (t->end - now) / 2;

    return half > MIN_RETRY ? half : MIN_RETRY;
  }
  t->interval = t->interval < MIN_RETRY ? MIN_RETRY : t->interval * 2;
  if (t->interval > MAX_RETRY)
    t->interval = MAX_RETRY;
  return t->interval;
}

void
ambi_verify_expire_transition (ambi_verify * v, ambi_profile * p)
{
  ambi_transition *t = &p->transition;

  if (v->now >= t->leave_at) {
    t->leave_at = CORE_TIME_NEVER;
    if (has_successor (v, p)) {
      leave (p);
      return;
    }
  }
  if (v->now < t->ask_at)
    return;
  if (!has_successor (v, p)) {
    t->asked = true;
    p->tell_refresh = true;
  }
  t->ask_at = core_time_add (v->now, next_interval (t, v->now));
}

/*
 * Streams that are of no use
 */

bool
ambi_verify_note_stale (ambi_verify * v, ambi_profile * p)
{
  ambi_spell *stale = &p->stale;

  if (!stale->running)
    stale->since = v->now;
  stale->running = true;
  if (v->now - stale->since < p->store.config.hold_time)
    return false;
  stale->running = false;
  p->tell_trouble = AMBI_TROUBLE_STALE;
  return true;
}

void
ambi_verify_note_overflow (ambi_verify * v, ambi_profile * p)
{
  if (ambi_spell_note (&p->overflow, v->now) < p->store.config.hold_time)
    return;
  p->overflow.running = false;
  p->tell_trouble = AMBI_TROUBLE_OVERFLOW;
}

/* Those that list what is known are suffered for longer: a connection that is
 * made again begins with the manifests of some seconds, maybe thousands. */
static void
note_manifest (ambi_verify * v, ambi_profile * p)
{
  core_time period = p->repeats ? REPEATS_TIME : CORE_SECOND;

  if (p->empty_manifests == 0 || v->now - p->empty_since >= period) {
    p->empty_since = v->now;
    p->empty_manifests = 0;
    p->repeats = false;
  }
  if (++p->empty_manifests <= MAX_EMPTY_MANIFESTS * (period / CORE_SECOND))
    return;
  p->empty_manifests = 0;
  p->tell_trouble = AMBI_TROUBLE_EMPTY;
}

void
ambi_verify_manifest (ambi_verify * v, unsigned place,
    const ambi_manifest * manifest, core_time now)
{
  uint32_t seq = manifest->manifest_seq;
  ambi_profile *p;
  bool newer;

  ambi_verify_advance (v, now);
  p = ambi_verify_profile (v, place);
  if (p == NULL)
    return;
  newer = !p->has_manifest || ambi_seq_after (seq, p->manifest_seq);
  v->stats.manifests++;
  if (newer && p->has_manifest)
    v->stats.manifests_lost += seq - p->manifest_seq - 1;
  if (newer)
    p->manifest_seq = seq;
  p->has_manifest = true;
  note_manifest (v, p);
  if (manifest->refresh_deadline > 0)
    announce_end (v, p, manifest->refresh_deadline);
  else if (newer)
    cancel_end (v, p);
  ambi_verify_count (v);
}

/*
 * Events
 */

void
ambi_verify_forget_events (ambi_profile * p)
{
  ambi_transition_init (&p->transition);
  p->tell_end = p->tell_refresh = p->tell_leave = false;
  p->tell_trouble = AMBI_TROUBLE_NONE;
}

static bool
take_event (ambi_profile * p, ambi_event * event)
{
  if (p->tell_trouble != AMBI_TROUBLE_NONE) {
    event->type = AMBI_EVENT_DISCONNECT;
    event->trouble = p->tell_trouble;
    p->tell_trouble = AMBI_TROUBLE_NONE;
  } else if (p->tell_leave) {
    event->type = AMBI_EVENT_LEAVE;
    p->tell_leave = false;
  } else if (p->tell_end) {
    event->type = AMBI_EVENT_END;
    event->deadline = p->transition.end;
    p->tell_end = false;
  } else if (p->tell_refresh) {
    event->type = AMBI_EVENT_REFRESH;
    event->deadline = p->transition.end;
    p->tell_refresh = false;
  } else {
    return false;
  }
  return true;
}

bool
ambi_verify_event (ambi_verify * v, ambi_event * event)
{
  memset (event, 0, sizeof (*event));
  for (unsigned i = 0; i < v->n_profiles; i++) {
    ambi_profile *p = &v->profiles[v->by_age[i]];

    if (!take_event (p, event))
      continue;
    event->profile = v->by_age[i];
    event->stream_id = p->stream_id;
    return true;
  }
  return false;
}
