/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The verifier when there is no memory: each of its allocations fails in turn,
 * and then all from there on.  What passes is what was vouched for, once, and
 * everything that is held comes back.
 *
 * The linker leads the allocations of the core here (--wrap).
 */
#include "ambi-fixture.h"

#include <stdlib.h>

enum
{
  N = 200                       /* packets of the sender */
};

void *__real_calloc (size_t n, size_t size);
void *__real_reallocarray (void *block, size_t n, size_t size);
void *__real_aligned_alloc (size_t alignment, size_t size);
void *__wrap_calloc (size_t n, size_t size);
void *__wrap_reallocarray (void *block, size_t n, size_t size);
void *__wrap_aligned_alloc (size_t alignment, size_t size);

static unsigned allocations;    /* so far */
static unsigned first_failure;  /* 0: none */
static unsigned last_failure;

static bool
fails (void)
{
  allocations++;
  return allocations >= first_failure && allocations <= last_failure;
}

void *
__wrap_calloc (size_t n, size_t size)
{
  return fails ()? NULL : __real_calloc (n, size);
}

void *
__wrap_reallocarray (void *block, size_t n, size_t size)
{
  return fails ()? NULL : __real_reallocarray (block, n, size);
}

void *
__wrap_aligned_alloc (size_t alignment, size_t size)
{
  return fails ()? NULL : __real_aligned_alloc (alignment, size);
}

typedef struct
{
  ambi_verify *verify;
  ambi_verify_config config;
  core_hash *hash;
  core_time now;
  uint64_t random;
  bool vouched[2 * N];          /* a digest was given for it */
  unsigned passed[2 * N];
  bool held[2 * N];
  unsigned profile[2];
  bool has_profile[2];
  uint8_t data[2 * N][4];
} run;

static const ambi_flow flow = {
  .src = {.family = CORE_FAMILY_V4,.bytes = {192, 0, 2, 10}},
  .dst = {.family = CORE_FAMILY_V4,.bytes = {232, 1, 1, 1}},
  .protocol = AMBI_PROTOCOL_UDP
};

static void
note (run * r, const ambi_output * out)
{
  size_t n = GPOINTER_TO_SIZE (out->cookie);

  if (out->verdict != AMBI_PASS)
    return;
  if (!r->vouched[n] || r->passed[n]++ > 0)
    fail ("packet %zu passed, failures from %u", n, first_failure);
}

static void
drain (run * r)
{
  ambi_output out;

  while (ambi_verify_next (r->verify, &out)) {
    size_t n = GPOINTER_TO_SIZE (out.cookie);

    if (!r->held[n])
      fail ("packet %zu came back twice", n);
    r->held[n] = false;
    note (r, &out);
  }
}

static void
digest_of (run * r, unsigned i, unsigned n, uint8_t * digest)
{
  if (ambi_packet_digest (r->hash, &flow, i, r->data[n], 4, digest) != CORE_OK)
    fail ("no digest");
}

static void
packet_in (run * r, unsigned n)
{
  ambi_packet packet = {.flow = flow,.data = r->data[n],.len = 4,
    .cookie = GSIZE_TO_POINTER (n)
  };
  ambi_digests digests = { 0 };
  ambi_output out;

  if (r->held[n])
    return;
  digests.generation = ambi_verify_generation (r->verify);
  for (unsigned i = 0; i < 2; i++) {
    if (r->has_profile[i])
      digest_of (r, i, n, digests.bytes[r->profile[i]]);
  }
  ambi_verify_packet (r->verify, &packet, &digests, r->now, &out);
  if (out.verdict == AMBI_HELD)
    r->held[n] = true;
  else
    note (r, &out);
  drain (r);
}

static void
digest_in (run * r, unsigned i, unsigned n)
{
  uint8_t digest[CORE_HASH_LEN_MAX];

  if (!r->has_profile[i])
    return;
  digest_of (r, i, n, digest);
  r->vouched[n] = true;
  ambi_verify_digest (r->verify, r->profile[i], n, digest, r->now);
  drain (r);
}

static void
use_profile (run * r, unsigned i)
{
  ambi_profile_config config = {.stream_id = i,
    .algorithm = CORE_HASH_SHA_256
  };
  int ret = ambi_verify_use_profile (r->verify, &config, r->now,
      &r->profile[i]);

  fail_unless (ret == CORE_OK || ret == CORE_ERR_NO_MEMORY);
  r->has_profile[i] = ret == CORE_OK;
}

/* Packets before and behind their digests, copies, junk, a second stream. */
static void
play (run * r)
{
  use_profile (r, 0);
  for (unsigned n = 0; n < N; n++) {
    if (n == N / 2)
      use_profile (r, 1);
    digest_in (r, 0, n);
    if (n % 3 == 0)
      digest_in (r, 1, n);
    packet_in (r, n);
    packet_in (r, (n * 7) % N);
    packet_in (r, N + n);
    if (n % 3 == 1)
      digest_in (r, 1, n);
    r->now += CORE_MSECOND;
  }
}

static void
run_once (ambi_order order)
{
  run *r = g_new0 (run, 1);

  r->config.random = fixture_fill_random;
  r->config.random_ctx = &r->random;
  r->config.order = order;
  r->now = CORE_SECOND;
  for (unsigned n = 0; n < 2 * N; n++) {
    r->data[n][0] = (uint8_t) n;
    r->data[n][1] = (uint8_t) (n >> 8);
  }
  allocations = 0;
  if (core_hash_new (&r->hash, CORE_HASH_SHA_256) == CORE_OK) {
    if (ambi_verify_new (&r->verify, &r->config, r->now) == CORE_OK) {
      play (r);
      ambi_verify_reset (r->verify, r->now);
      drain (r);
      for (unsigned n = 0; n < 2 * N; n++) {
        if (r->held[n])
          fail ("packet %u never came back, failures from %u", n,
              first_failure);
      }
      ambi_verify_free (r->verify);
    }
    core_hash_free (r->hash);
  }
  g_free (r);
}

static void
check_failures (ambi_order order)
{
  unsigned n;

  first_failure = last_failure = 0;
  run_once (order);
  n = allocations;
  fail_unless (n > 10 && n < 200, "%u allocations", n);
  for (unsigned i = 1; i <= n; i++) {
    first_failure = last_failure = i;
    run_once (order);
    last_failure = UINT_MAX;
    run_once (order);
  }
  first_failure = last_failure = 0;
}

GST_START_TEST (test_arrival)
{
  check_failures (AMBI_ORDER_ARRIVAL);
}

GST_END_TEST;

GST_START_TEST (test_sequence)
{
  check_failures (AMBI_ORDER_SEQUENCE);
}

GST_END_TEST;

static Suite *
ambi_verify_memory_suite (void)
{
  Suite *s = suite_create ("ambi-verify-memory");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_arrival);
  tcase_add_test (tc, test_sequence);
  return s;
}

GST_CHECK_MAIN (ambi_verify_memory);
