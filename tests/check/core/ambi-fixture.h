/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A verifier with packets and digests that are told by numbers: packet n is
 * the payload n, and its digest is the real one.
 */
#pragma once

#include <gst/check/gstcheck.h>

#include "ambi-verify.h"

/* What became of a packet. */
typedef struct
{
  uint32_t payload;
  ambi_verdict verdict;
  ambi_reason reason;
  bool gap;
} fixture_output;

/* A packet that the verifier holds. */
typedef struct
{
  uint8_t data[4];
  uint32_t payload;
  bool held;                    /* has to come back */
} fixture_packet;

typedef struct
{
  ambi_verify *verify;
  ambi_hasher *hasher;
  core_hash *hash;
  ambi_verify_config config;
  uint64_t random;
  core_time now;
  GPtrArray *held;              /* fixture_packets, those that were held once */
  GPtrArray *spare;             /* of them, those that are not now */
  fixture_output *log;          /* since the last look */
  unsigned n_log;
  unsigned max_log;
  uint32_t streams[AMBI_PROFILES_MAX];
  ambi_event events[64];
  unsigned n_events;
} fixture;

/* config may be NULL; random is filled in. */
void fixture_init (fixture * f, const ambi_verify_config * config);

/* Takes back what is held; every packet must have come back once. */
void fixture_clear (fixture * f);

/* Returns the place of a profile. */
unsigned fixture_use (fixture * f, uint32_t stream_id, core_time hold_time);

/* A packet arrives; what becomes of it and of others is in the log, except
 * that a packet which is held is not. */
ambi_verdict fixture_packet_in (fixture * f, uint32_t payload);

/* The digest of packet number payload is sequence number seq of a profile. */
bool fixture_digest_in (fixture * f, unsigned place, uint32_t seq,
    uint32_t payload);

/* The header of a manifest. */
void fixture_manifest_in (fixture * f, unsigned place, uint32_t seq,
    uint16_t refresh_deadline);

/* Lets time pass, stopping at every deadline. */
void fixture_pass_time (fixture * f, core_time time);

/* Takes outputs and events. */
void fixture_drain (fixture * f);

/* The log must be these payloads, passed; it is empty afterwards. */
void fixture_expect_passed (fixture * f, const uint32_t * payloads,
    unsigned n);

#define expect_passed(f, ...) \
  do { \
    static const uint32_t payloads[] = { __VA_ARGS__ }; \
    fixture_expect_passed (f, payloads, G_N_ELEMENTS (payloads)); \
  } while (0)

/* The log must be one packet, dropped. */
void fixture_expect_dropped (fixture * f, uint32_t payload,
    ambi_reason reason);

void fixture_expect_nothing (fixture * f);

/* The next event must be that one, and is taken. */
ambi_event fixture_expect_event (fixture * f, ambi_event_type type);
void fixture_expect_no_event (fixture * f);

static inline const ambi_verify_stats *
fixture_stats (const fixture * f)
{
  return ambi_verify_get_stats (f->verify);
}

/* A random number generator of the test's own. */
uint64_t fixture_random (uint64_t * state);

/* Fills buf; for ambi_verify_config. */
void fixture_fill_random (void *ctx, uint8_t * buf, size_t len);
