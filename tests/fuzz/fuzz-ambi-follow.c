/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Fuzzes the choice of manifest servers: the input is the number of URIs, then
 * steps of an operation, a slot and a duration.  No two connections are asked
 * for in one slot, none that is closed is closed again, and there is always a
 * connection or a time for the next one.
 */
#include "fuzz.h"

#include "ambi-follow.h"
#include "bytes.h"

enum
{
  STEP_TIME,
  STEP_EXPIRE_AT_DEADLINE,
  STEP_CONNECTED,
  STEP_PROGRESS,
  STEP_ENDED,
  STEP_PACKETS,
  STEP_REFRESH,
  STEP_LEAVE,
  STEP_DISCONNECT,
  STEP_COUNT
};

typedef struct
{
  ambi_follow *follow;
  unsigned n_uris;
  core_time now;
  uint64_t seed;
  bool connected[AMBI_FOLLOW_SLOTS];    /* as the actions said */
} state;

static void
fill_random (void *ctx, uint8_t * buf, size_t len)
{
  state *s = ctx;

  for (size_t i = 0; i < len; i++) {
    s->seed = s->seed * 6364136223846793005u + 1442695040888963407u;
    buf[i] = (uint8_t) (s->seed >> 56);
  }
}

static void
drain (state * s)
{
  ambi_follow_action_info a;
  unsigned n = 0, open = 0;

  while (ambi_follow_action (s->follow, &a)) {
    FUZZ_CHECK (++n <= 2 * AMBI_FOLLOW_SLOTS && a.slot < AMBI_FOLLOW_SLOTS);
    FUZZ_CHECK (ambi_follow_reason_name (a.reason) != NULL);
    if (a.type == AMBI_FOLLOW_CONNECT) {
      FUZZ_CHECK (a.uri < s->n_uris && !s->connected[a.slot]);
      FUZZ_CHECK (a.reason == AMBI_FOLLOW_REASON_NONE);
      s->connected[a.slot] = true;
    } else {
      FUZZ_CHECK (a.type == AMBI_FOLLOW_DISCONNECT && s->connected[a.slot]);
      FUZZ_CHECK (a.reason != AMBI_FOLLOW_REASON_NONE);
      s->connected[a.slot] = false;
    }
  }
  for (unsigned i = 0; i < AMBI_FOLLOW_SLOTS; i++)
    open += s->connected[i];
  FUZZ_CHECK (ambi_follow_get_stats (s->follow)->open <= open);
  /* There is a connection, or a time at which one will be tried. */
  FUZZ_CHECK (open > 0 || ambi_follow_deadline (s->follow) != CORE_TIME_NEVER);
}

static void
ended (state * s, unsigned slot, core_time retry_after)
{
  if (slot < AMBI_FOLLOW_SLOTS)
    s->connected[slot] = false;
  ambi_follow_ended (s->follow, slot, retry_after, s->now);
}

static void
step (state * s, unsigned op, unsigned slot, core_time span)
{
  switch (op % STEP_COUNT) {
    case STEP_TIME:
      s->now += span;
      ambi_follow_expire (s->follow, s->now);
      break;
    case STEP_EXPIRE_AT_DEADLINE:
      if (ambi_follow_deadline (s->follow) != CORE_TIME_NEVER)
        s->now = ambi_follow_deadline (s->follow);
      ambi_follow_expire (s->follow, s->now);
      break;
    case STEP_CONNECTED:
      ambi_follow_connected (s->follow, slot, s->now);
      break;
    case STEP_PROGRESS:
      ambi_follow_progress (s->follow, slot, s->now);
      break;
    case STEP_ENDED:
      ended (s, slot, span);
      break;
    case STEP_PACKETS:
      s->now += span;
      ambi_follow_packets (s->follow, s->now);
      break;
    case STEP_REFRESH:
      ambi_follow_refresh (s->follow, slot, s->now);
      break;
    case STEP_LEAVE:
      ambi_follow_leave (s->follow, slot, s->now);
      break;
    default:
      ambi_follow_disconnect (s->follow, slot, s->now);
      break;
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  state s = {.seed = 1 };
  ambi_follow_config config = {.random = fill_random };
  const ambi_follow_stats *stats;
  rd_cursor in;

  rd_init (&in, data, size);
  s.n_uris = 1 + rd_u8 (&in) % 5;
  config.random_ctx = &s;
  config.n_uris = s.n_uris;
  FUZZ_CHECK (ambi_follow_new (&s.follow, &config, 0) == CORE_OK);
  drain (&s);

  while (rd_left (&in) > 0) {
    unsigned op = rd_u8 (&in);
    unsigned how = rd_u8 (&in);

    step (&s, op, how & 3, how >> 2 ? CORE_MSECOND << (how >> 3 & 31) : 0);
    drain (&s);
    if (ambi_follow_deadline (s.follow) <= s.now) {
      ambi_follow_expire (s.follow, s.now);
      drain (&s);
      FUZZ_CHECK (ambi_follow_deadline (s.follow) > s.now);
    }
  }
  /* A step has two octets, and makes at most one connection in each slot. */
  stats = ambi_follow_get_stats (s.follow);
  FUZZ_CHECK (stats->connects <= 1 + size);
  FUZZ_CHECK (stats->no_answer + stats->stalled <= stats->ends);
  ambi_follow_free (s.follow);
  return 0;
}
