/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * One connection that brings a manifest stream: its octets are parsed and given
 * to the verifier, within limits.
 */
#pragma once

#include "ambi-verify.h"
#include "ambi-wire.h"

typedef struct
{
  int64_t stream_id;            /* -1: the first one seen */
  int64_t not_stream_id;        /* -1, or one that the first must not be */
  core_hash_algorithm algorithm;
  core_time digest_hold_time;   /* 0: 10 s */
} ambi_intake_config;

typedef struct ambi_intake ambi_intake;

/* What became of octets.  All but OK are fatal to the connection; what came
 * complete before stays good. */
typedef enum
{
  AMBI_INTAKE_OK,
  AMBI_INTAKE_WRONG_STREAM_ID,
  AMBI_INTAKE_TLV_OVERFLOW,
  AMBI_INTAKE_TOO_MANY_TLVS,    /* more than 1 MiB of them in a second */
  AMBI_INTAKE_TOO_MANY_STREAMS, /* AMBI_PROFILES_MAX are in use */
  AMBI_INTAKE_FAILED            /* no memory, no such hash */
} ambi_intake_result;

/* Kebab-case ("wrong-stream-id"); never NULL. */
const char *ambi_intake_result_name (ambi_intake_result result);

/* The verifier must live longer.  Returns CORE_OK, CORE_ERR_NO_MEMORY or
 * CORE_ERR_INVALID_ARGUMENT. */
int ambi_intake_new (ambi_intake ** out, const ambi_intake_config * config,
    ambi_verify * verify);

/* Releases the profile. */
void ambi_intake_free (ambi_intake * intake, core_time now);

/* Takes octets of the stream, cut anyhow. */
ambi_intake_result ambi_intake_bytes (ambi_intake * intake,
    const uint8_t * data, size_t len, core_time now);

/* Takes a datagram that has to be one whole manifest (AMBI §4.4); any other
 * is counted and dropped, and that is OK unless the stream id or the TLVs are
 * wrong. */
ambi_intake_result ambi_intake_datagram (ambi_intake * intake,
    const uint8_t * data, size_t len, core_time now);

/* The connection ended as it should (a file, a response that is complete). */
void ambi_intake_end (ambi_intake * intake, core_time now);

/* Whether the octets so far end between two manifests. */
bool ambi_intake_at_boundary (const ambi_intake * intake);

/* The stream's id and place in the verifier; FALSE as long as no manifest has
 * begun. */
bool ambi_intake_get_profile (const ambi_intake * intake, uint32_t * stream_id,
    unsigned *profile);

typedef struct
{
  uint64_t bytes;
  uint64_t manifests;           /* headers that are complete */
  uint64_t digests;
  uint64_t malformed_datagrams;
  uint64_t bad_refresh_deadlines;
} ambi_intake_stats;

const ambi_intake_stats *ambi_intake_get_stats (const ambi_intake * intake);
