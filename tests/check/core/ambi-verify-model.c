/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The verifier against a model of its rules that is slow and simple: plain
 * arrays that are looked through from end to end.  A sender's packets and the
 * digests of up to three manifest streams come in any order, are lost,
 * repeated and replayed, and every step has to have the same outcome in both.
 *
 * Time is counted in nanoseconds, a hold time is some tens of them.
 *
 * MC_MODEL_SEEDS sets how many scripts are played, MC_MODEL_FIRST the first.
 */
#include "ambi-fixture.h"

#include <string.h>

enum
{
  DEFAULT_SEEDS = 2000,
  STEPS = 300,
  N_SENT = 64,                  /* packets of the sender */
  N_JUNK = 4,
  N_PLACES = 3,
  MAX_DIGESTS = 4096,
  MAX_PACKETS = 1024,
  MAX_USED = 4096,
  PACKET_SIZE = AMBI_HELD_OVERHEAD + 4,
  WINDOW_BLOCKS = 1024
};

typedef enum
{
  HELD,
  OWED,
  USED
} state;

/* One digest of one profile. */
typedef struct
{
  unsigned place;
  state state;
  uint32_t seq;
  uint32_t payload;
  core_time time;
  unsigned unsettled;           /* places, a bit each */
  bool in_doubt;
} digest;

typedef struct
{
  uint32_t payload;
  core_time until;
  unsigned suspect;             /* 0: no; else in the order they became one */
} packet;

typedef struct
{
  bool in_use;
  unsigned users;
  unsigned age;
  core_time left;
  core_time hold_time;
  core_time doubt_until;
  uint32_t first_seq;           /* of the sender's first packet */
  bool started;
  uint32_t top;
  uint32_t used[MAX_USED];      /* sequence numbers, never again */
  unsigned n_used;
  bool stale;                   /* nothing but stale ones since then */
  core_time stale_since;
} profile;

typedef struct
{
  core_time now;
  core_time hold_time;
  size_t max_bytes;
  digest digests[MAX_DIGESTS];  /* in the order of their times */
  unsigned n_digests;
  packet packets[MAX_PACKETS];  /* held, by arrival */
  unsigned n_packets;
  unsigned n_suspects;          /* so far */
  profile profiles[N_PLACES];
  unsigned ages;

  fixture_output log[MAX_PACKETS];
  unsigned n_log;
  uint64_t verified, stale, conflicts;
  uint64_t rejected[AMBI_N_REASONS];
} model;

typedef struct
{
  fixture f;
  model m;
  uint64_t random;
  uint32_t payloads[N_SENT];
  unsigned next;                /* that the sender sends */
  unsigned next_digest[N_PLACES];
  uint32_t streams;
} world;

static unsigned current_seed;

/* As fail_unless (), which tells the runner of each success. */
#define NEED(condition) \
  do { \
    if (!(condition)) \
      fail ("seed %u: %s", current_seed, #condition); \
  } while (0)

static unsigned
below (world * w, unsigned n)
{
  return (unsigned) (fixture_random (&w->random) % n);
}

static bool
chance (world * w, unsigned percent)
{
  return below (w, 100) < percent;
}

static bool
after (uint32_t a, uint32_t b)
{
  return a != b && a - b < UINT32_C (0x80000000);
}

/*
 * The model
 */

static void
model_log (model * m, uint32_t payload, ambi_verdict verdict,
    ambi_reason reason)
{
  fixture_output *o = &m->log[m->n_log++];

  o->payload = payload;
  o->verdict = verdict;
  o->reason = reason;
  if (verdict == AMBI_PASS)
    m->verified++;
  else
    m->rejected[reason]++;
}

static void
remove_digest (model * m, unsigned i)
{
  m->n_digests--;
  memmove (&m->digests[i], &m->digests[i + 1],
      (m->n_digests - i) * sizeof (digest));
}

/* The list is in the order of time, so what changes goes to its end. */
static digest *
add_digest (model * m, unsigned place, state s, uint32_t seq, uint32_t payload)
{
  digest *d = &m->digests[m->n_digests++];

  NEED (m->n_digests < MAX_DIGESTS);
  d->place = place;
  d->state = s;
  d->seq = seq;
  d->payload = payload;
  d->time = m->now;
  d->unsettled = 0;
  d->in_doubt = s == HELD && m->now < m->profiles[place].doubt_until;
  return d;
}

static bool
is_old (const model * m, const digest * d)
{
  return d->time + m->profiles[d->place].hold_time <= m->now;
}

/* Of streams that may list again what was used before them. */
static unsigned
places_in_doubt (const model * m)
{
  unsigned places = 0;

  for (unsigned p = 0; p < N_PLACES; p++) {
    if (m->profiles[p].in_use && m->now < m->profiles[p].doubt_until)
      places |= 1u << p;
  }
  for (unsigned i = 0; i < m->n_digests; i++) {
    if (m->digests[i].in_doubt)
      places |= 1u << m->digests[i].place;
  }
  return places;
}

static void
remove_packet (model * m, unsigned i)
{
  m->n_packets--;
  memmove (&m->packets[i], &m->packets[i + 1],
      (m->n_packets - i) * sizeof (packet));
}

static void
model_retire (model * m)
{
  for (unsigned p = 0; p < N_PLACES; p++) {
    unsigned left = 0;

    for (unsigned i = 0; i < m->n_digests; i++)
      left += m->digests[i].place == p;
    if (m->profiles[p].users == 0 && left == 0)
      m->profiles[p].in_use = false;
  }
}

static void
model_expire (model * m, core_time now)
{
  unsigned in_doubt;

  m->now = now;
  for (unsigned i = m->n_digests; i-- > 0;) {
    if (m->digests[i].state == HELD && is_old (m, &m->digests[i]))
      remove_digest (m, i);
  }
  in_doubt = places_in_doubt (m);
  for (unsigned i = m->n_digests; i-- > 0;) {
    if (is_old (m, &m->digests[i]) && !(m->digests[i].unsettled & in_doubt))
      remove_digest (m, i);
  }
  while (m->n_packets > 0 && m->packets[0].until <= now) {
    model_log (m, m->packets[0].payload, AMBI_DROP, m->packets[0].suspect ?
        AMBI_REASON_DUPLICATE : AMBI_REASON_UNAUTHENTICATED);
    remove_packet (m, 0);
  }
  model_retire (m);
}

/* The one with the lowest sequence number, or for OWED the oldest. */
static int
find_digest (const model * m, unsigned place, state s, uint32_t payload)
{
  int found = -1;

  for (unsigned i = 0; i < m->n_digests; i++) {
    const digest *d = &m->digests[i];

    if (d->place != place || d->state != s || d->payload != payload)
      continue;
    if (found < 0 || (s == HELD && after (m->digests[found].seq, d->seq)))
      found = (int) i;
  }
  return found;
}

static void
model_use (model * m, int i)
{
  digest d = m->digests[i];
  profile *p = &m->profiles[d.place];

  NEED (p->n_used < MAX_USED);
  p->used[p->n_used++] = d.seq;
  remove_digest (m, (unsigned) i);
  add_digest (m, d.place, USED, d.seq, d.payload);
}

static bool
model_settle (model * m, unsigned place, uint32_t payload)
{
  bool settled = false;

  for (unsigned other = 0; other < N_PLACES; other++) {
    for (unsigned i = 0; i < m->n_digests; i++) {
      digest *d = &m->digests[i];

      if (d->place == other && other != place && d->state == USED &&
          d->payload == payload && (d->unsettled & 1u << place)) {
        d->unsettled &= ~(1u << place);
        settled = true;
        break;
      }
    }
  }
  return settled;
}

/* Places in use, the oldest first. */
static unsigned
by_age (const model * m, unsigned places[N_PLACES])
{
  unsigned n = 0;

  for (unsigned p = 0; p < N_PLACES; p++) {
    unsigned i = n;

    if (!m->profiles[p].in_use)
      continue;
    for (; i > 0 && m->profiles[places[i - 1]].age > m->profiles[p].age; i--)
      places[i] = places[i - 1];
    places[i] = p;
    n++;
  }
  return n;
}

/* Whether the packet may pass now. */
static bool
model_match (model * m, uint32_t payload)
{
  unsigned places[N_PLACES], n = by_age (m, places);
  bool verified = false;
  int i;

  for (unsigned p = 0; p < n && !verified; p++) {
    while ((i = find_digest (m, places[p], HELD, payload)) >= 0) {
      verified = !model_settle (m, places[p], payload);
      if (verified)
        break;
      model_use (m, i);
    }
  }
  if (!verified)
    return false;
  for (unsigned p = 0; p < n; p++) {
    i = find_digest (m, places[p], HELD, payload);
    if (i >= 0)
      model_use (m, i);
    else if (m->profiles[places[p]].users > 0)
      add_digest (m, places[p], OWED, 0, payload);
  }
  return true;
}

static void
model_evict (model * m)
{
  unsigned first = 0;

  for (unsigned i = 0; i < m->n_packets; i++) {
    if (m->packets[i].suspect > 0 && (m->packets[first].suspect == 0 ||
            m->packets[i].suspect < m->packets[first].suspect))
      first = i;
  }
  model_log (m, m->packets[first].payload, AMBI_DROP, AMBI_REASON_EVICTED);
  remove_packet (m, first);
}

static void
model_packet (model * m, uint32_t payload)
{
  packet *held;
  bool suspect = false;

  for (unsigned i = 0; i < m->n_digests; i++)
    suspect |= m->digests[i].state != HELD && m->digests[i].payload == payload;
  if (model_match (m, payload)) {
    model_log (m, payload, AMBI_PASS, AMBI_REASON_NONE);
    return;
  }
  while ((m->n_packets + 1) * PACKET_SIZE > m->max_bytes)
    model_evict (m);
  held = &m->packets[m->n_packets++];
  NEED (m->n_packets < MAX_PACKETS);
  held->payload = payload;
  held->until = m->now + m->hold_time;
  held->suspect = suspect ? ++m->n_suspects : 0;
}

static bool
is_stale (const profile * p, uint32_t seq)
{
  return p->started && !after (seq, p->top) &&
      ((p->top / 64 - seq / 64) & (UINT32_MAX / 64)) >= WINDOW_BLOCKS;
}

static bool
was_used (const profile * p, uint32_t seq)
{
  for (unsigned i = 0; i < p->n_used; i++) {
    if (p->used[i] == seq)
      return true;
  }
  return false;
}

static void
model_release_held (model * m, uint32_t payload)
{
  for (unsigned i = 0; i < m->n_packets; i++) {
    if (m->packets[i].payload != payload)
      continue;
    if (!model_match (m, payload))
      return;
    remove_packet (m, i);
    model_log (m, payload, AMBI_PASS, AMBI_REASON_NONE);
    for (; i < m->n_packets; i++) {
      if (m->packets[i].payload != payload)
        continue;
      if (m->packets[i].suspect)
        break;
      m->packets[i].suspect = ++m->n_suspects;
    }
    return;
  }
}

/* A sender that goes on with numbers of long ago has begun anew. */
static void
model_stale (model * m, unsigned place)
{
  profile *p = &m->profiles[place];

  if (!p->stale)
    p->stale_since = m->now;
  p->stale = true;
  if (m->now - p->stale_since < p->hold_time)
    return;
  p->stale = p->started = false;
  p->n_used = 0;
  for (unsigned i = m->n_digests; i-- > 0;) {
    if (m->digests[i].place == place && m->digests[i].state == HELD)
      remove_digest (m, i);
  }
}

/* Returns whether the digest is news. */
static bool
model_digest (model * m, unsigned place, uint32_t seq, uint32_t payload)
{
  profile *p = &m->profiles[place];
  int i;

  if (is_stale (p, seq)) {
    m->stale++;
    model_stale (m, place);
    return false;
  }
  p->stale = false;
  if (was_used (p, seq))
    return false;
  for (i = 0; i < (int) m->n_digests; i++) {
    digest d = m->digests[i];

    if (d.place != place || d.state != HELD || d.seq != seq)
      continue;
    if (d.payload == payload && d.in_doubt)
      return false;
    remove_digest (m, (unsigned) i);
    if (d.payload == payload) {
      add_digest (m, place, HELD, seq, payload);
      return false;
    }
    m->conflicts++;
    break;
  }
  if (!p->started || after (seq, p->top))
    p->top = seq;
  p->started = true;
  i = find_digest (m, place, OWED, payload);
  if (i >= 0) {
    m->digests[i].seq = seq;
    model_use (m, i);
    return true;
  }
  add_digest (m, place, HELD, seq, payload);
  model_release_held (m, payload);
  return true;
}

static void
model_unsettle (model * m, unsigned place, core_time since)
{
  for (unsigned i = 0; i < m->n_digests; i++) {
    digest *d = &m->digests[i];

    if (d->place != place && d->state == USED && d->time >= since)
      d->unsettled |= 1u << place;
  }
  for (unsigned p = 0; p < N_PLACES; p++) {
    if (p != place && m->profiles[p].in_use)
      m->profiles[place].doubt_until = m->now + m->profiles[place].hold_time;
  }
}

/*
 * Both
 */

static void
compare (world * w)
{
  const ambi_verify_stats *stats = fixture_stats (&w->f);
  model *m = &w->m;
  unsigned held = 0;

  NEED (w->f.n_log == m->n_log);
  for (unsigned i = 0; i < m->n_log; i++) {
    NEED (w->f.log[i].payload == m->log[i].payload);
    NEED (w->f.log[i].verdict == m->log[i].verdict);
    NEED (w->f.log[i].reason == m->log[i].reason);
  }
  w->f.n_log = m->n_log = w->f.n_events = 0;
  NEED (stats->verified == m->verified);
  for (unsigned i = 0; i < AMBI_N_REASONS; i++)
    NEED (stats->rejected[i] == m->rejected[i]);
  for (unsigned i = 0; i < m->n_digests; i++)
    held += m->digests[i].state == HELD;
  NEED (stats->digests_held == held);
  NEED (stats->packets_held == m->n_packets);
  NEED (stats->bytes_held == m->n_packets * PACKET_SIZE);
  NEED (stats->digests_stale == m->stale);
  NEED (stats->digests_conflicting == m->conflicts);
  NEED (stats->digests_overflowed == 0);
}

static void
pass_time (world * w, core_time time)
{
  fixture_pass_time (&w->f, time);
  model_expire (&w->m, w->f.now);
}

static void
packet_in (world * w, uint32_t payload)
{
  model_expire (&w->m, w->f.now);
  model_packet (&w->m, payload);
  fixture_packet_in (&w->f, payload);
}

static void
digest_in (world * w, unsigned place, unsigned i)
{
  uint32_t seq = w->m.profiles[place].first_seq + i;
  uint32_t payload = w->payloads[i];
  bool news;

  if (chance (w, 2))
    payload = below (w, N_SENT);
  if (chance (w, 1))
    seq += chance (w, 50) ? 100000 : 0x7fff0000;
  model_expire (&w->m, w->f.now);
  news = model_digest (&w->m, place, seq, payload);
  NEED (fixture_digest_in (&w->f, place, seq, payload) == news);
}

static void
use_profile (world * w, unsigned place, bool again)
{
  profile *p = &w->m.profiles[place];

  if (again) {
    NEED (fixture_use (&w->f, w->f.streams[place], p->hold_time) == place);
    if (p->users++ == 0)
      model_unsettle (&w->m, place, p->left);
    return;
  }
  memset (p, 0, sizeof (*p));
  p->in_use = true;
  p->users = 1;
  p->age = w->m.ages++;
  p->hold_time = 1 + below (w, 60);
  p->first_seq = (uint32_t) fixture_random (&w->random);
  if (chance (w, 50))
    p->first_seq = 0u - below (w, N_SENT);
  w->next_digest[place] = chance (w, 50) ? 0 : w->next;
  NEED (fixture_use (&w->f, ++w->streams, p->hold_time) == place);
  model_unsettle (&w->m, place, 0);
}

static void
change_profile (world * w)
{
  unsigned place = below (w, N_PLACES);
  profile *p = &w->m.profiles[place];

  model_expire (&w->m, w->f.now);
  if (!p->in_use) {
    /* A free place before it would be taken instead. */
    for (unsigned i = 0; i < place; i++) {
      if (!w->m.profiles[i].in_use)
        return;
    }
    use_profile (w, place, false);
  } else if (p->users > 0 && chance (w, 50)) {
    ambi_verify_release_profile (w->f.verify, place, w->f.now);
    if (--p->users == 0)
      p->left = w->f.now;
    model_retire (&w->m);
  } else {
    use_profile (w, place, true);
  }
}

static void
step (world * w)
{
  unsigned place = below (w, N_PLACES);

  switch (below (w, 12)) {
    case 0:
    case 1:
    case 2:
      if (w->next < N_SENT)
        packet_in (w, w->payloads[w->next++]);
      break;
    case 3:
      if (w->next > 0)          /* a replay, or one that was overtaken */
        packet_in (w, w->payloads[below (w, w->next)]);
      break;
    case 4:
      packet_in (w, chance (w, 50) ? 1000 + below (w, N_JUNK) :
          w->payloads[below (w, N_SENT)]);
      break;
    case 5:
      if (w->next < N_SENT)     /* lost, or late */
        w->next++;
      break;
    case 6:
      pass_time (w, below (w, 8));
      break;
    case 7:
      if (chance (w, 10))
        change_profile (w);
      break;
    case 8:
      if (w->m.profiles[place].users > 0)
        digest_in (w, place, below (w, N_SENT));
      break;
    default:
      if (w->m.profiles[place].users > 0 && w->next_digest[place] < N_SENT)
        digest_in (w, place, w->next_digest[place]++);
      break;
  }
}

static void
setup_world (world * w, unsigned seed)
{
  static const core_time hold_times[] = { 1, 5, 20, 60 };
  ambi_verify_config config = { 0 };

  memset (&w->m, 0, sizeof (w->m));
  w->random = current_seed = seed;
  w->next = 0;
  w->streams = 0;
  config.data_hold_time = hold_times[below (w, 4)];
  config.max_held_bytes = chance (w, 50) ? 0 : (1 + below (w, 12)) *
      PACKET_SIZE;
  fixture_init (&w->f, &config);
  w->m.now = w->f.now;
  w->m.hold_time = config.data_hold_time;
  w->m.max_bytes = config.max_held_bytes > 0 ? config.max_held_bytes : 16 << 20;
  for (unsigned i = 0; i < N_SENT; i++)
    w->payloads[i] = i > 0 && chance (w, 20) ? w->payloads[below (w, i)] : i;
  if (chance (w, 90))
    use_profile (w, 0, false);
}

static unsigned
setting (const char *name, unsigned otherwise)
{
  const char *text = g_getenv (name);

  return text != NULL ? (unsigned) g_ascii_strtoull (text, NULL, 10) :
      otherwise;
}

GST_START_TEST (test_model)
{
  unsigned first = setting ("MC_MODEL_FIRST", 0);
  unsigned n = setting ("MC_MODEL_SEEDS", DEFAULT_SEEDS);
  world *w = g_new0 (world, 1);
  uint64_t verified = 0, rejected = 0;

  for (unsigned seed = first; seed < first + n; seed++) {
    setup_world (w, seed);
    for (unsigned i = 0; i < STEPS; i++) {
      step (w);
      compare (w);
    }
    verified += w->m.verified;
    rejected += w->m.rejected[AMBI_REASON_DUPLICATE];
    fixture_clear (&w->f);
  }
  /* The scripts have to be worth something. */
  fail_unless (verified > 5 * n && rejected > n / 4);
  g_free (w);
}

GST_END_TEST;

static Suite *
ambi_verify_model_suite (void)
{
  Suite *s = suite_create ("ambi-verify-model");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_model);
  return s;
}

GST_CHECK_MAIN (ambi_verify_model);
