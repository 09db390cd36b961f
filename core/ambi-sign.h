/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Makes the AMBI manifests of a packet stream.
 *
 * Pure: packets and the time go in; manifests and the next deadline come out.
 * After every call that takes the time: call ambi_sign_manifest () until 0 and
 * read ambi_sign_deadline ().
 */
#pragma once

#include "ambi-packet.h"
#include "ambi-wire.h"

typedef struct
{
  ambi_flow flow;               /* as receivers see the packets: both addresses
                                   and, for UDP, both ports are set */
  uint32_t stream_id;           /* a new one after every restart */
  core_hash_algorithm algorithm;
  unsigned packets_per_manifest;        /* 1 to AMBI_COUNT_MAX */
  core_time max_manifest_latency;       /* after the first packet of a manifest */
  core_time keep_alive;         /* a manifest after so long without one, even
                                   if it is empty; 0: none */
  uint32_t first_manifest_seq;  /* 0 for a new stream; both count up and */
  uint32_t first_packet_seq;    /* wrap */
} ambi_sign_config;

typedef struct ambi_sign ambi_sign;

/* Returns CORE_OK, CORE_ERR_NO_MEMORY, CORE_ERR_INVALID_ARGUMENT or
 * CORE_ERR_FATAL (no such hash); *out is NULL then. */
int ambi_sign_new (ambi_sign ** out, const ambi_sign_config * config,
    core_time now);
void ambi_sign_free (ambi_sign * sign);

/* Adds a packet.  Returns CORE_OK, or why it was not added: CORE_ERR_BAD_LENGTH
 * (more than AMBI_PAYLOAD_MAX octets), CORE_ERR_LIMIT (the manifest is full and
 * was not taken) or CORE_ERR_FATAL. */
int ambi_sign_packet (ambi_sign * sign, const uint8_t * data, size_t len,
    core_time now);

/* Ends the manifest at hand, however few packets it has: at the end of the
 * stream. */
void ambi_sign_flush (ambi_sign * sign, core_time now);

/* The stream will end at that time (CORE_TIME_NEVER: it will not): each
 * manifest from now on says how many whole seconds are left, at least 1 (AMBI
 * §3.5, Refresh Deadline). */
void ambi_sign_set_end (ambi_sign * sign, core_time end, core_time now);

core_time ambi_sign_deadline (const ambi_sign * sign);
void ambi_sign_expire (ambi_sign * sign, core_time now);

/* Octets that the next manifest needs; 0 when none is due. */
size_t ambi_sign_pending (const ambi_sign * sign);

/* Writes the next manifest that is due; returns its length, 0 when none is or
 * cap is too small (it stays due then). */
size_t ambi_sign_manifest (ambi_sign * sign, uint8_t * buf, size_t cap,
    core_time now);

/* Whether one of the two numbers is half-way to its wrap, before which the
 * stream is better replaced by another one (AMBI §3.3.1.1, §3.3.1.2). */
bool ambi_sign_is_old (const ambi_sign * sign);

typedef struct
{
  uint64_t packets;
  uint64_t manifests;
} ambi_sign_stats;

const ambi_sign_stats *ambi_sign_get_stats (const ambi_sign * sign);
