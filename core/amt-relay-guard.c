/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What a relay protects itself and others with.
 */
#include "amt-relay-guard.h"

#include "digest.h"

#include <stdlib.h>
#include <string.h>

int
amt_guard_init (amt_guard * guard, const amt_relay_config * config,
    core_time now)
{
  memset (guard, 0, sizeof (*guard));
  guard->buckets = calloc (config->rate_buckets, sizeof (*guard->buckets));
  if (guard->buckets == NULL)
    return CORE_ERR_NO_MEMORY;
  guard->n_buckets = config->rate_buckets;
  guard->each = CORE_SECOND / config->answers_per_second;
  guard->burst = (config->answers_burst - 1) * guard->each;

  guard->random = config->random;
  guard->random_ctx = config->random_ctx;
  guard->random (guard->random_ctx, guard->secret, AMT_SECRET_LEN);
  guard->random (guard->random_ctx, guard->rate_key, CORE_SIPHASH_KEY_LEN);
  guard->lifetime = config->secret_lifetime;
  guard->grace = 2 * config->query_interval * CORE_SECOND;
  guard->secret_until = core_time_add (now, guard->lifetime);
  guard->old_secret_until = CORE_TIME_NEVER;
  return CORE_OK;
}

void
amt_guard_clear (amt_guard * guard)
{
  free (guard->buckets);
  explicit_bzero (guard, sizeof (*guard));
}

/* What was handed out under the last secret stays good until gateways had time
 * to ask again (RFC 7450 §5.3.3.4, §5.3.6). */
void
amt_guard_advance (amt_guard * guard, core_time now)
{
  if (now >= guard->secret_until) {
    memcpy (guard->old_secret, guard->secret, AMT_SECRET_LEN);
    guard->old_secret_until = core_time_add (now, guard->grace);
    guard->random (guard->random_ctx, guard->secret, AMT_SECRET_LEN);
    guard->secret_until = core_time_add (now, guard->lifetime);
  }
  if (now >= guard->old_secret_until) {
    explicit_bzero (guard->old_secret, AMT_SECRET_LEN);
    guard->old_secret_until = CORE_TIME_NEVER;
  }
}

core_time
amt_guard_deadline (const amt_guard * guard)
{
  return guard->secret_until < guard->old_secret_until ?
      guard->secret_until : guard->old_secret_until;
}

core_ip
amt_guard_origin (const core_ip * ip)
{
  core_ip net = *ip;

  if (ip->family == CORE_FAMILY_V6)
    memset (net.bytes + 8, 0, 8);
  return net;
}

/* Addresses share buckets by a keyed hash: nobody can aim at another's. */
static amt_rate_bucket *
find_bucket (amt_guard * guard, const core_ip * ip)
{
  core_ip net = amt_guard_origin (ip);
  uint64_t hash = core_siphash (guard->rate_key, net.bytes,
      sizeof (net.bytes));

  return &guard->buckets[hash % guard->n_buckets];
}

static bool
has_budget (const amt_guard * guard, core_time full, core_time now)
{
  return full <= now || full - now <= guard->burst;
}

static void
spend (const amt_guard * guard, core_time * full, core_time now)
{
  if (has_budget (guard, *full, now))
    *full = core_time_add (*full > now ? *full : now, guard->each);
}

bool
amt_guard_allow_answer (amt_guard * guard, const core_ip * ip, core_time now)
{
  amt_rate_bucket *bucket = find_bucket (guard, ip);
  bool allowed = has_budget (guard, bucket->answers, now);

  spend (guard, &bucket->answers, now);
  return allowed;
}

static int
compute_mac (const uint8_t * secret, const amt_gateway_field * gateway,
    uint32_t nonce, uint8_t mac[AMT_MAC_LEN])
{
  uint8_t input[AMT_GATEWAY_FIELD_LEN + AMT_NONCE_LEN];
  uint8_t digest[CORE_SHA256_LEN];
  wr_cursor w;
  int ret;

  wr_init (&w, input, sizeof (input));
  wr_bytes (&w, gateway->bytes + 2, 16);        /* address, then port */
  wr_bytes (&w, gateway->bytes, 2);
  wr_u32 (&w, nonce);
  ret = core_hmac_sha256 (secret, AMT_SECRET_LEN, input, w.pos, digest);
  if (ret == CORE_OK)
    memcpy (mac, digest, AMT_MAC_LEN);
  return ret;
}

int
amt_guard_make_mac (const amt_guard * guard, const amt_gateway_field * gateway,
    uint32_t nonce, uint8_t mac[AMT_MAC_LEN])
{
  return compute_mac (guard->secret, gateway, nonce, mac);
}

static bool
mac_matches (const uint8_t * secret, const amt_message * msg,
    const amt_gateway_field * gateway)
{
  uint8_t mac[AMT_MAC_LEN];

  return compute_mac (secret, gateway, msg->nonce, mac) == CORE_OK &&
      core_equal_ct (mac, msg->mac, AMT_MAC_LEN);
}

int
amt_guard_check_mac (amt_guard * guard, const amt_message * msg,
    const amt_gateway_field * gateway, const core_ip * sender, bool trusted,
    core_time now)
{
  amt_rate_bucket *bucket = find_bucket (guard, sender);

  if (!trusted && !has_budget (guard, bucket->bad_macs, now))
    return CORE_ERR_RATE_LIMITED;
  if (mac_matches (guard->secret, msg, gateway))
    return CORE_OK;
  if (guard->old_secret_until != CORE_TIME_NEVER &&
      mac_matches (guard->old_secret, msg, gateway))
    return CORE_OK;
  spend (guard, &bucket->bad_macs, now);
  return CORE_ERR_MAC_MISMATCH;
}
