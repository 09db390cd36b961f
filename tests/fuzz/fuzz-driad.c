/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Fuzz target for relay discovery.  The input is a sequence of steps: time
 * passes, answers of all kinds come, attempts end, the network has news.
 */
#include "fuzz.h"

#include "driad.h"

enum
{
  STEP_TIME = 0,                /* u8: log2 of ms */
  STEP_DEADLINE,
  STEP_ANSWER,                  /* u8 which, u8 flags, records */
  STEP_FAIL,                    /* u8 which, u8 status */
  STEP_ATTEMPT,                 /* u8 which, u8 result */
  STEP_LOST,                    /* u8 reason */
  STEP_JOINED,
  STEP_DATA,
  STEP_STOP,
  STEP_NETWORK,                 /* u8: how many domains */
  STEP_SETTLE,                  /* u8: which of the list */
  STEP_START,
  STEP_COUNT,

  MAX_OPEN = 64,
  MAX_OUTPUTS = 300             /* per drain */
};

enum
{
  ANSWER_SECURE = 0x01,
  ANSWER_TTL_SHIFT = 1,         /* log2 of s */
  ANSWER_RAW = 0x80             /* RDATA as it is in the input */
};

typedef struct
{
  driad *d;
  rd_cursor in;
  core_time now;
  uint64_t seed;
  bool no_routes;

  uint32_t questions[MAX_OPEN]; /* 0: none */
  uint16_t types[MAX_OPEN];
  uint32_t attempts[DRIAD_MAX_ATTEMPTS];
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
answer_route (state * s, const driad_question * q)
{
  core_ip from;

  FUZZ_CHECK (core_ip_from_string (q->ip.family == CORE_FAMILY_V4 ?
          "198.51.100.2" : "2001:db8::2", &from));
  driad_route (s->d, q->id, s->no_routes ? NULL : &from, s->now);
}

static void
take_question (state * s, const driad_question * q)
{
  FUZZ_CHECK (q->id != 0);
  if (q->kind == DRIAD_ASK_ROUTE) {
    answer_route (s, q);
    return;
  }
  FUZZ_CHECK (strlen (q->name) < DNS_NAME_TEXT_MAX);
  for (unsigned i = 0; i < MAX_OPEN; i++)
    if (s->questions[i] == 0) {
      s->questions[i] = q->id;
      s->types[i] = q->type;
      return;
    }
}

static void
note_attempt (state * s, uint32_t from, uint32_t to)
{
  for (unsigned i = 0; i < DRIAD_MAX_ATTEMPTS; i++)
    if (s->attempts[i] == from) {
      s->attempts[i] = to;
      return;
    }
  abort ();
}

static void
take_event (state * s, const driad_event_info * e)
{
  switch (e->type) {
    case DRIAD_EVENT_ATTEMPT:
      FUZZ_CHECK (core_ip_is_unicast (&e->candidate.where.addr.ip));
      FUZZ_CHECK (e->candidate.where.addr.port != 0);
      note_attempt (s, 0, e->attempt);
      break;
    case DRIAD_EVENT_CANCEL:
      note_attempt (s, e->attempt, 0);
      break;
    case DRIAD_EVENT_NOTHING:
      FUZZ_CHECK (e->reason_text != NULL);
      break;
    default:
      break;
  }
}

static void
drain (state * s)
{
  const driad_candidate *list;
  driad_question q;
  driad_event_info e;
  unsigned n = 0;

  while (driad_ask (s->d, &q, s->now)) {
    FUZZ_CHECK (++n < MAX_OUTPUTS);
    take_question (s, &q);
  }
  while (driad_event (s->d, &e)) {
    FUZZ_CHECK (++n < MAX_OUTPUTS);
    take_event (s, &e);
  }
  list = driad_candidates (s->d, &n);
  for (unsigned i = 0; i < n; i++)
    for (unsigned j = 0; j < i; j++)
      FUZZ_CHECK (!core_addr_equal (&list[i].where.addr, &list[j].where.addr));
}

/* An address of few, written as its type has it. */
static size_t
make_address (state * s, uint16_t type, uint8_t * out)
{
  uint8_t which = rd_u8 (&s->in);

  memset (out, 0, 16);
  if (type == DNS_TYPE_A) {
    memcpy (out, "\306\063\144", 3);
    out[3] = which % 8;
    return 4;
  }
  memcpy (out, "\040\001\015\270", 4);
  out[15] = which % 8;
  return 16;
}

/* A record that is well formed. */
static size_t
make_record (state * s, uint16_t type, uint8_t * out)
{
  static const uint8_t name[] = "\1a\7example";
  size_t at = 0;

  switch (type) {
    case DNS_TYPE_SRV:
      memset (out, 0, 6);
      out[1] = rd_u8 (&s->in) % 4;
      out[3] = rd_u8 (&s->in);
      out[5] = 1;
      at = 6;
      break;
    case DNS_TYPE_AMTRELAY:
      out[0] = rd_u8 (&s->in) % 4;
      out[1] = rd_u8 (&s->in) & 0x83;
      if ((out[1] & 3) == DNS_AMTRELAY_NONE)
        return 2;
      if ((out[1] & 3) != DNS_AMTRELAY_NAME)
        return 2 + make_address (s, (out[1] & 3) == DNS_AMTRELAY_IPV4 ?
            DNS_TYPE_A : DNS_TYPE_AAAA, out + 2);
      at = 2;
      break;
    case DNS_TYPE_PTR:
      break;
    default:
      return make_address (s, type, out);
  }
  memcpy (out + at, name, sizeof (name));
  out[at + 1] = (uint8_t) ('a' + rd_u8 (&s->in) % 16);
  return at + sizeof (name);
}

static void
step_answer (state * s)
{
  uint8_t storage[12][64];
  dns_rdata records[12];
  unsigned which = rd_u8 (&s->in) % MAX_OPEN;
  unsigned flags = rd_u8 (&s->in);
  unsigned n = rd_u8 (&s->in) % 13;
  dns_answer answer = {.records = records };

  answer.security = flags & ANSWER_SECURE ? DNS_SECURE : DNS_INSECURE;
  answer.ttl = 1u << (flags >> ANSWER_TTL_SHIFT & 0x1f);
  for (unsigned i = 0; i < n; i++) {
    size_t len = 0;

    if (flags & ANSWER_RAW) {
      len = rd_u8 (&s->in) % 64;
      rd_bytes (&s->in, storage[i], len);
    } else {
      len = make_record (s, s->types[which], storage[i]);
    }
    records[i].data = fuzz_copy (storage[i], len);
    records[i].len = len;
  }
  answer.n_records = n;
  answer.status = n > 0 ? DNS_STATUS_OK : DNS_STATUS_NO_DATA;
  driad_answer (s->d, s->questions[which], &answer, s->now);
  s->questions[which] = 0;
  for (unsigned i = 0; i < n; i++)
    free ((uint8_t *) records[i].data);
}

static void
step_fail (state * s)
{
  unsigned which = rd_u8 (&s->in) % MAX_OPEN;
  dns_answer answer = {.status = (dns_status) (rd_u8 (&s->in) %
        (DNS_STATUS_TIMEOUT + 1))
  };

  driad_answer (s->d, s->questions[which], &answer, s->now);
  s->questions[which] = 0;
}

static void
step_attempt (state * s)
{
  unsigned which = rd_u8 (&s->in) % DRIAD_MAX_ATTEMPTS;
  driad_result result = (driad_result) (rd_u8 (&s->in) % 3);
  bool counted = driad_attempt_ended (s->d, s->attempts[which], result,
      s->now);

  FUZZ_CHECK (counted == (s->attempts[which] != 0));
  if (counted && result == DRIAD_ESTABLISHED)
    FUZZ_CHECK (driad_get_state (s->d) == DRIAD_SETTLED);
  s->attempts[which] = 0;
}

static void
step_network (state * s)
{
  static const char *const domains[] =
      { "a.example", "b.example", "c.example", "d.example", "e.example",
    "f.example", "g.example", "h.example"
  };
  unsigned n = rd_u8 (&s->in);

  s->no_routes = (n & 0x80) != 0;
  driad_network_changed (s->d, n & 0x40 ? NULL : domains, n % 9, s->now);
}

static void
step_settle (state * s)
{
  unsigned n, which = rd_u8 (&s->in);
  const driad_candidate *list = driad_candidates (s->d, &n);
  amt_relay_candidate where;

  if (n == 0)
    return;
  where = list[which % n].where;
  driad_settle (s->d, &where, s->now);
}

static void
step (state * s)
{
  switch (rd_u8 (&s->in) % STEP_COUNT) {
    case STEP_TIME:
      s->now += CORE_MSECOND << rd_u8 (&s->in) % 28;
      driad_expire (s->d, s->now);
      break;
    case STEP_DEADLINE:
      if (driad_deadline (s->d) != CORE_TIME_NEVER)
        s->now = driad_deadline (s->d);
      driad_expire (s->d, s->now);
      break;
    case STEP_ANSWER:
      step_answer (s);
      break;
    case STEP_FAIL:
      step_fail (s);
      break;
    case STEP_ATTEMPT:
      step_attempt (s);
      break;
    case STEP_LOST:
      driad_lost (s->d, rd_u8 (&s->in) & 1 ? AMT_LOST_LIMIT :
          AMT_LOST_NO_ANSWER, s->now);
      break;
    case STEP_JOINED:
      driad_joined (s->d, s->now);
      break;
    case STEP_DATA:
      driad_data (s->d, s->now);
      break;
    case STEP_NETWORK:
      step_network (s);
      break;
    case STEP_SETTLE:
      step_settle (s);
      break;
    case STEP_START:
      driad_start (s->d, s->now);
      break;
    default:
      driad_stop (s->d, s->now);
      break;
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  static const char *const domains[] = { "example.net", "example.org" };
  state s = {.seed = 1 };
  driad_config config = {.random = fill_random,.random_ctx = &s,
    .domains = domains,.n_domains = 2
  };
  unsigned flags;

  rd_init (&s.in, data, size);
  flags = rd_u8 (&s.in);
  FUZZ_CHECK (core_ip_from_string (flags & 1 ? "2001:db8::10" : "192.0.2.10",
          &config.source));
  config.without[DRIAD_ANYCAST] = (flags & 8) != 0;
  config.without[DRIAD_DNS_SD] = (flags & 16) != 0;
  config.max_attempts = flags >> 5;
  FUZZ_CHECK (driad_new (&s.d, &config, 0) == CORE_OK);
  driad_start (s.d, 0);
  drain (&s);

  while (rd_left (&s.in) > 0) {
    core_time deadline;

    step (&s);
    drain (&s);
    /* Whatever is due has a time, and after it was dealt with a later one. */
    deadline = driad_deadline (s.d);
    if (deadline <= s.now) {
      driad_expire (s.d, s.now);
      drain (&s);
      FUZZ_CHECK (driad_deadline (s.d) > s.now);
    }
  }

  driad_stop (s.d, s.now);
  drain (&s);
  for (unsigned i = 0; i < DRIAD_MAX_ATTEMPTS; i++)
    FUZZ_CHECK (s.attempts[i] == 0);
  FUZZ_CHECK (driad_deadline (s.d) == CORE_TIME_NEVER);
  driad_free (s.d);
  return 0;
}
