/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What is missing of one manifest stream.
 */
#include "ambi-loss.h"

#include <string.h>

enum
{
  REORDER_PARTS = 8,            /* how exactly reorder_time is kept */
  LEAD_WEIGHT = 16,
  RATIO_SECONDS = 5
};

#define LEARNED_INTERVAL (250 * CORE_MSECOND)
#define BLACKOUT (2 * CORE_SECOND)
#define MAX_SINCE_JOIN (UINT32_C (1) << 30)
#define MAX_LEAD (10 * CORE_SECOND)

static void
put_mark (ambi_marks * m, uint32_t seq, core_time now)
{
  unsigned last = (m->first + m->n - 1) % AMBI_LOSS_MARKS;

  if (m->n > 0 && now < m->marks[last].end) {
    if (ambi_seq_after (seq, m->marks[last].seq))
      m->marks[last].seq = seq;
    return;
  }
  if (m->n == AMBI_LOSS_MARKS) {
    m->first = (m->first + 1) % AMBI_LOSS_MARKS;
    m->n--;
  }
  last = (m->first + m->n++) % AMBI_LOSS_MARKS;
  m->marks[last].end = core_time_add (now / m->interval * m->interval,
      m->interval);
  m->marks[last].seq = seq;
}

/* The next one that is older than that. */
static bool
take_mark (ambi_marks * m, core_time age, core_time now, uint32_t * seq)
{
  if (m->n == 0 || core_time_add (m->marks[m->first].end, age) > now)
    return false;
  *seq = m->marks[m->first].seq;
  m->first = (m->first + 1) % AMBI_LOSS_MARKS;
  m->n--;
  return true;
}

static core_time
next_mark (const ambi_marks * m, core_time age)
{
  return m->n > 0 ? core_time_add (m->marks[m->first].end, age) :
      CORE_TIME_NEVER;
}

void
ambi_loss_set_reorder_time (ambi_loss * l, core_time time)
{
  l->reorder_time = time;
  l->verified.interval = time / REORDER_PARTS;
  if (l->verified.interval == 0)
    l->verified.interval = 1;
}

void
ambi_loss_init (ambi_loss * l, core_time reorder_time)
{
  memset (l, 0, sizeof (*l));
  ambi_loss_set_reorder_time (l, reorder_time);
  l->learned.interval = LEARNED_INTERVAL;
}

void
ambi_loss_restart (ambi_loss * l)
{
  l->joined = false;
  l->has_ripe = false;
  l->unknown = 0;
  l->verified.n = 0;
  l->learned.n = 0;
}

int64_t
ambi_loss_learn (ambi_loss * l, const ambi_store * store, uint32_t seq,
    ambi_seq_state state, core_time now)
{
  const ambi_window *w = &store->window;

  put_mark (&l->learned, seq, now);
  if (!l->joined || !w->started)
    return 0;
  if (ambi_seq_after (seq, w->top)) {
    l->unknown += seq - w->top - 1;
    return (int64_t) (seq - w->top - 1);
  }
  if (state != AMBI_SEQ_NEW || l->unknown == 0 || ambi_seq_after (l->join, seq))
    return 0;
  l->unknown--;
  return -1;
}

bool
ambi_loss_is_late (const ambi_loss * l, uint32_t seq)
{
  return l->joined && !ambi_seq_after (l->join, seq) &&
      ambi_seq_after (l->frontier, seq);
}

/* The second at hand; what was in its place is long past. */
static unsigned
this_second (ambi_loss * l, core_time now)
{
  uint64_t second = now / CORE_SECOND;
  unsigned i = (unsigned) (second % AMBI_LOSS_SECONDS);

  if (l->seconds[i].second != second) {
    l->seconds[i].second = second;
    l->seconds[i].missing = 0;
    l->seconds[i].received = 0;
  }
  return i;
}

void
ambi_loss_late (ambi_loss * l, unsigned n, core_time now)
{
  if (n > 0)
    l->seconds[this_second (l, now)].missing += n;
}

void
ambi_loss_received (ambi_loss * l, const ambi_digest_info * info, core_time now)
{
  unsigned i = this_second (l, now);

  if (!l->joined) {
    l->joined = true;
    l->join = l->frontier = l->target = info->seq;
  }
  l->last_verified = now;
  if (ambi_seq_after (l->join, info->seq))
    return;
  /* Where it began says nothing after half of the number space. */
  if (info->seq - l->join > MAX_SINCE_JOIN)
    l->join = info->seq - MAX_SINCE_JOIN / 2;
  l->seconds[i].received++;
  if (info->late)
    l->seconds[i].missing--;
  put_mark (&l->verified, info->seq, now);
}

bool
ambi_loss_expired (ambi_loss * l, const ambi_digest_info * info, core_time now)
{
  if (!l->joined || ambi_seq_after (l->join, info->seq) || info->lost)
    return false;
  if (!info->late)
    l->seconds[this_second (l, now)].missing++;
  return true;
}

void
ambi_loss_lead (ambi_loss * l, int64_t lead)
{
  if (!l->has_lead) {
    l->has_lead = true;
    l->lead_min = l->lead_max = l->lead_average = lead;
    return;
  }
  if (lead < l->lead_min)
    l->lead_min = lead;
  if (lead > l->lead_max)
    l->lead_max = lead;
  l->lead_average += (lead - l->lead_average) / LEAD_WEIGHT;
}

/* How long a digest may wait in a blackout before its packet is missed. */
static core_time
patience (const ambi_loss * l)
{
  core_time lead = l->lead_average > 0 ? (core_time) l->lead_average : 0;

  return BLACKOUT + (lead < MAX_LEAD ? lead : MAX_LEAD);
}

/* Behind what was verified some time ago.  When nothing is any more, behind
 * what was learned long ago. */
static void
set_target (ambi_loss * l, core_time now)
{
  uint32_t seq;

  while (take_mark (&l->verified, l->reorder_time, now, &seq)) {
    if (!ambi_seq_after (l->target, seq))
      l->target = seq + 1;
  }
  while (take_mark (&l->learned, patience (l), now, &seq)) {
    if (!l->has_ripe || ambi_seq_after (seq, l->ripe))
      l->ripe = seq;
    l->has_ripe = true;
  }
  if (l->has_ripe && now >= core_time_add (l->last_verified, BLACKOUT) &&
      !ambi_seq_after (l->target, l->ripe))
    l->target = l->ripe + 1;
}

void
ambi_loss_advance (ambi_loss * l, ambi_store * store, core_time now)
{
  if (!l->joined)
    return;
  set_target (l, now);
  if (ambi_seq_after (l->frontier, l->target))
    l->frontier = l->target;    /* two jumps, half of the number space */
  if (l->frontier != l->target)
    ambi_loss_late (l, ambi_store_mark_late (store, &l->frontier,
            l->target - 1), now);
}

core_time
ambi_loss_deadline (const ambi_loss * l, const ambi_store * store,
    core_time now)
{
  core_time blackout, next;

  if (!l->joined)
    return CORE_TIME_NEVER;
  if (l->frontier != l->target)
    return core_time_add (now, CORE_MSECOND);   /* the rest of a jump */
  next = next_mark (&l->verified, l->reorder_time);
  blackout = core_time_add (l->last_verified, BLACKOUT);
  if (!(l->has_ripe && !ambi_seq_after (l->target, l->ripe))) {
    core_time ripe = next_mark (&l->learned, patience (l));

    if (blackout < ripe)
      blackout = ripe;
  }
  if (store->held.n > store->n_late && blackout < next)
    next = blackout;
  return next;
}

/* What came after all was taken off again, maybe in another second. */
double
ambi_loss_ratio (const ambi_loss * l, core_time now)
{
  uint64_t second = now / CORE_SECOND;
  uint64_t received = 0;
  int64_t missing = 0;

  for (unsigned i = 0; i < AMBI_LOSS_SECONDS; i++) {
    if (l->seconds[i].second > second ||
        second - l->seconds[i].second >= RATIO_SECONDS)
      continue;
    received += l->seconds[i].received;
    missing += l->seconds[i].missing;
  }
  if (missing <= 0)
    return 0;
  return (double) missing / ((double) missing + (double) received);
}
