/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What a relay protects itself and others with: the secrets behind the
 * Response MAC (RFC 7450 §5.3.5, §5.3.6) and a limit on answers to one
 * address.  Private to the relay.
 */
#pragma once

#include "amt-relay.h"
#include "siphash.h"

enum
{
  AMT_SECRET_LEN = 32
};

/* Two budgets of an address, each the time at which it is full again. */
typedef struct
{
  core_time answers;
  core_time bad_macs;
} amt_rate_bucket;

typedef struct
{
  core_random_func random;
  void *random_ctx;

  uint8_t secret[AMT_SECRET_LEN];
  uint8_t old_secret[AMT_SECRET_LEN];
  core_time lifetime;
  core_time grace;              /* of the old secret */
  core_time secret_until;
  core_time old_secret_until;   /* NEVER: there is none */

  uint8_t rate_key[CORE_SIPHASH_KEY_LEN];
  amt_rate_bucket *buckets;
  unsigned n_buckets;
  core_time each;               /* until one answer more is allowed */
  core_time burst;              /* all answers at once, less one */
} amt_guard;

/* Returns CORE_OK or CORE_ERR_NO_MEMORY. */
int amt_guard_init (amt_guard * guard, const amt_relay_config * config,
    core_time now);
void amt_guard_clear (amt_guard * guard);

/* Renews the secret and forgets the old one when it is time. */
void amt_guard_advance (amt_guard * guard, core_time now);
core_time amt_guard_deadline (const amt_guard * guard);

/* Whether that address may have one more answer; counts it. */
bool amt_guard_allow_answer (amt_guard * guard, const core_ip * ip,
    core_time now);

/* The MAC of a gateway's address, port and nonce: those of the Request for a
 * Query, and what comes later has to match.  The P flag is not in it, as some
 * gateways use one MAC for both families.  Returns CORE_OK or CORE_ERR_FATAL. */
int amt_guard_make_mac (const amt_guard * guard,
    const amt_gateway_field * gateway, uint32_t nonce,
    uint8_t mac[AMT_MAC_LEN]);

/* Checks a message's MAC under both secrets.  Wrong ones cost the sender a
 * budget, so that a flood of them costs no digests; trusted skips that for
 * gateways with a tunnel, or strangers could silence them.  Returns CORE_OK,
 * CORE_ERR_MAC_MISMATCH or CORE_ERR_RATE_LIMITED. */
int amt_guard_check_mac (amt_guard * guard, const amt_message * msg,
    const amt_gateway_field * gateway, const core_ip * sender, bool trusted,
    core_time now);

/* What limits are counted by: an IPv4 address, or the /64 of an IPv6 one,
 * because a host can use all of that. */
core_ip amt_guard_origin (const core_ip * ip);
