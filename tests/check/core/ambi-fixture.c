/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A verifier with packets and digests that are told by numbers.
 */
#include "ambi-fixture.h"

#include <string.h>

/* As fail_unless (), which tells the runner of each success: too slow for what
 * is done a hundred thousand times. */
#define need(condition) \
  do { \
    if (!(condition)) \
      fail ("%s", #condition); \
  } while (0)

static const ambi_flow flow = {
  .src = {.family = CORE_FAMILY_V4,.bytes = {192, 0, 2, 10}},
  .dst = {.family = CORE_FAMILY_V4,.bytes = {232, 1, 1, 1}},
  .src_port = 4000,
  .dst_port = 5001,
  .protocol = AMBI_PROTOCOL_UDP
};

uint64_t
fixture_random (uint64_t * state)
{
  uint64_t z = (*state += UINT64_C (0x9e3779b97f4a7c15));

  z = (z ^ z >> 30) * UINT64_C (0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C (0x94d049bb133111eb);
  return z ^ z >> 31;
}

void
fixture_fill_random (void *ctx, uint8_t * buf, size_t len)
{
  for (size_t i = 0; i < len; i++)
    buf[i] = (uint8_t) fixture_random (ctx);
}

void
fixture_init (fixture * f, const ambi_verify_config * config)
{
  memset (f, 0, sizeof (*f));
  if (config != NULL)
    f->config = *config;
  f->config.random = fixture_fill_random;
  f->config.random_ctx = &f->random;
  f->now = 5 * CORE_SECOND;
  f->held = g_ptr_array_new_with_free_func (g_free);
  f->spare = g_ptr_array_new ();
  fail_unless_equals_int (ambi_verify_new (&f->verify, &f->config, f->now),
      CORE_OK);
  fail_unless_equals_int (ambi_hasher_new (&f->hasher), CORE_OK);
  fail_unless_equals_int (core_hash_new (&f->hash, CORE_HASH_SHA_256), CORE_OK);
}

void
fixture_clear (fixture * f)
{
  ambi_verify_reset (f->verify, f->now);
  fixture_drain (f);
  fail_unless_equals_int (f->held->len, f->spare->len);
  fail_unless_equals_uint64 (fixture_stats (f)->packets_held, 0);
  fail_unless_equals_uint64 (fixture_stats (f)->bytes_held, 0);
  ambi_verify_free (f->verify);
  ambi_hasher_free (f->hasher);
  core_hash_free (f->hash);
  g_ptr_array_unref (f->held);
  g_ptr_array_unref (f->spare);
  g_free (f->log);
}

static void
log_output (fixture * f, uint32_t payload, const ambi_output * out)
{
  fixture_output *o;

  if (f->n_log == f->max_log) {
    f->max_log = MAX (64, f->max_log * 2);
    f->log = g_renew (fixture_output, f->log, f->max_log);
  }
  o = &f->log[f->n_log++];
  o->payload = payload;
  o->verdict = out->verdict;
  o->reason = out->reason;
  o->gap = out->gap;
}

void
fixture_drain (fixture * f)
{
  ambi_output out;
  ambi_event event;

  while (ambi_verify_next (f->verify, &out)) {
    fixture_packet *p = out.cookie;

    need (out.verdict == AMBI_PASS || out.verdict == AMBI_DROP);
    need (p->held);
    p->held = false;
    g_ptr_array_add (f->spare, p);
    log_output (f, p->payload, &out);
  }
  while (ambi_verify_event (f->verify, &event)) {
    need (f->n_events < G_N_ELEMENTS (f->events));
    f->events[f->n_events++] = event;
  }
}

unsigned
fixture_use (fixture * f, uint32_t stream_id, core_time hold_time)
{
  ambi_profile_config config = {.stream_id = stream_id,
    .algorithm = CORE_HASH_SHA_256,
    .digest_hold_time = hold_time
  };
  unsigned place;

  need (ambi_verify_use_profile (f->verify, &config, f->now,
          &place) == CORE_OK);
  f->streams[place] = stream_id;
  fixture_drain (f);
  return place;
}

static fixture_packet *
take_packet (fixture * f)
{
  fixture_packet *p;

  if (f->spare->len > 0)
    return g_ptr_array_remove_index_fast (f->spare, f->spare->len - 1);
  p = g_new0 (fixture_packet, 1);
  g_ptr_array_add (f->held, p);
  return p;
}

ambi_verdict
fixture_packet_in (fixture * f, uint32_t payload)
{
  fixture_packet *p = take_packet (f);
  ambi_packet packet = {.flow = flow,.data = p->data,
    .len = sizeof (p->data),.cookie = p
  };
  ambi_digests digests;
  ambi_output out;
  ambi_plan plan;

  p->payload = payload;
  memcpy (p->data, &payload, sizeof (payload));
  do {
    ambi_verify_get_plan (f->verify, &plan);
    need (ambi_hasher_follow (f->hasher, &plan) == CORE_OK);
    need (ambi_hasher_packet (f->hasher, &flow, p->data,
            sizeof (p->data), &digests) == CORE_OK);
    ambi_verify_packet (f->verify, &packet, &digests, f->now, &out);
  } while (out.verdict == AMBI_PLAN_CHANGED);
  need (out.cookie == p);
  if (out.verdict == AMBI_HELD) {
    p->held = true;
  } else {
    g_ptr_array_add (f->spare, p);
    log_output (f, payload, &out);
  }
  fixture_drain (f);
  return out.verdict;
}

bool
fixture_digest_in (fixture * f, unsigned place, uint32_t seq, uint32_t payload)
{
  uint8_t digest[CORE_HASH_LEN_MAX];
  uint8_t data[4];
  bool news;

  memcpy (data, &payload, sizeof (payload));
  need (ambi_packet_digest (f->hash, &flow,
          f->streams[place], data, sizeof (data), digest) == CORE_OK);
  news = ambi_verify_digest (f->verify, place, seq, digest, f->now);
  fixture_drain (f);
  return news;
}

void
fixture_manifest_in (fixture * f, unsigned place, uint32_t seq,
    uint16_t refresh_deadline)
{
  ambi_manifest manifest = {.stream_id = f->streams[place],
    .manifest_seq = seq,
    .refresh_deadline = refresh_deadline
  };

  ambi_verify_manifest (f->verify, place, &manifest, f->now);
  fixture_drain (f);
}

void
fixture_pass_time (fixture * f, core_time time)
{
  core_time until = f->now + time;

  while (ambi_verify_deadline (f->verify) <= until) {
    core_time due = ambi_verify_deadline (f->verify);

    f->now = MAX (f->now, due);
    ambi_verify_expire (f->verify, f->now);
    fixture_drain (f);
    need (ambi_verify_deadline (f->verify) > f->now);
  }
  f->now = until;
  ambi_verify_expire (f->verify, f->now);
  fixture_drain (f);
}

void
fixture_expect_passed (fixture * f, const uint32_t * payloads, unsigned n)
{
  for (unsigned i = 0; i < n && i < f->n_log; i++) {
    fail_unless_equals_int (f->log[i].verdict, AMBI_PASS);
    fail_unless_equals_int (f->log[i].payload, payloads[i]);
  }
  fail_unless_equals_int (f->n_log, n);
  f->n_log = 0;
}

void
fixture_expect_dropped (fixture * f, uint32_t payload, ambi_reason reason)
{
  fail_unless_equals_int (f->n_log, 1);
  fail_unless_equals_int (f->log[0].verdict, AMBI_DROP);
  fail_unless_equals_int (f->log[0].payload, payload);
  fail_unless_equals_string (ambi_reason_name (f->log[0].reason),
      ambi_reason_name (reason));
  f->n_log = 0;
}

void
fixture_expect_nothing (fixture * f)
{
  fail_unless_equals_int (f->n_log, 0);
}

ambi_event
fixture_expect_event (fixture * f, ambi_event_type type)
{
  ambi_event event;

  fail_unless (f->n_events > 0, "no event");
  event = f->events[0];
  fail_unless_equals_int (event.type, type);
  f->n_events--;
  memmove (f->events, f->events + 1, f->n_events * sizeof (event));
  return event;
}

void
fixture_expect_no_event (fixture * f)
{
  fail_unless_equals_int (f->n_events, 0);
}
