/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Makes the AMBI manifests of a packet stream.
 */
#include "ambi-sign.h"

#include <stdlib.h>

struct ambi_sign
{
  ambi_sign_config config;
  core_hash *hash;
  size_t digest_len;
  core_time now;
  core_time end;                /* of the stream; CORE_TIME_NEVER */

  uint32_t next_manifest_seq;
  uint32_t next_packet_seq;
  unsigned n_digests;           /* of the manifest at hand */
  core_time first;              /* when its first packet came */
  core_time last_manifest;      /* when one was last taken */
  bool due;

  ambi_sign_stats stats;
  uint8_t digests[];            /* packets_per_manifest of them */
};

static void
advance (ambi_sign * sign, core_time now)
{
  if (now > sign->now)
    sign->now = now;
}

/* Receivers cannot see an address that is not set, nor send from port 0. */
static bool
flow_is_complete (const ambi_flow * flow)
{
  uint8_t header[AMBI_PSEUDOHEADER_MAX];

  if (ambi_pseudoheader (header, flow, 0, 0) == 0 ||
      core_ip_is_unspecified (&flow->src) ||
      core_ip_is_unspecified (&flow->dst))
    return false;
  return flow->protocol != AMBI_PROTOCOL_UDP ||
      (flow->src_port != 0 && flow->dst_port != 0);
}

int
ambi_sign_new (ambi_sign ** out, const ambi_sign_config * config, core_time now)
{
  size_t digest_len = core_hash_len (config->algorithm);
  ambi_sign *sign;
  int ret;

  *out = NULL;
  if (digest_len == 0 || config->packets_per_manifest == 0 ||
      config->packets_per_manifest > AMBI_COUNT_MAX ||
      !flow_is_complete (&config->flow))
    return CORE_ERR_INVALID_ARGUMENT;
  sign = calloc (1, sizeof (*sign) + config->packets_per_manifest * digest_len);
  if (sign == NULL)
    return CORE_ERR_NO_MEMORY;
  ret = core_hash_new (&sign->hash, config->algorithm);
  if (ret != CORE_OK) {
    ambi_sign_free (sign);
    return ret;
  }
  sign->config = *config;
  sign->digest_len = digest_len;
  sign->now = now;
  sign->end = CORE_TIME_NEVER;
  sign->next_manifest_seq = config->first_manifest_seq;
  sign->next_packet_seq = config->first_packet_seq;
  sign->last_manifest = now;
  *out = sign;
  return CORE_OK;
}

void
ambi_sign_free (ambi_sign * sign)
{
  if (sign == NULL)
    return;
  core_hash_free (sign->hash);
  free (sign);
}

core_time
ambi_sign_deadline (const ambi_sign * sign)
{
  core_time quiet = CORE_TIME_NEVER, full = CORE_TIME_NEVER;

  if (sign->config.keep_alive != 0)
    quiet = core_time_add (sign->last_manifest, sign->config.keep_alive);
  if (sign->n_digests > 0)
    full = core_time_add (sign->first, sign->config.max_manifest_latency);
  return full < quiet ? full : quiet;
}

void
ambi_sign_expire (ambi_sign * sign, core_time now)
{
  advance (sign, now);
  if (ambi_sign_deadline (sign) <= sign->now)
    sign->due = true;
}

int
ambi_sign_packet (ambi_sign * sign, const uint8_t * data, size_t len,
    core_time now)
{
  int ret;

  advance (sign, now);
  if (len > AMBI_PAYLOAD_MAX)
    return CORE_ERR_BAD_LENGTH;
  if (sign->n_digests == sign->config.packets_per_manifest)
    return CORE_ERR_LIMIT;
  ret = ambi_packet_digest (sign->hash, &sign->config.flow,
      sign->config.stream_id, data, len,
      sign->digests + sign->n_digests * sign->digest_len);
  if (ret != CORE_OK)
    return ret;

  if (sign->n_digests == 0)
    sign->first = sign->now;
  sign->n_digests++;
  sign->next_packet_seq++;
  sign->stats.packets++;
  if (sign->n_digests == sign->config.packets_per_manifest)
    sign->due = true;
  ambi_sign_expire (sign, now);
  return CORE_OK;
}

void
ambi_sign_flush (ambi_sign * sign, core_time now)
{
  advance (sign, now);
  if (sign->n_digests > 0)
    sign->due = true;
}

void
ambi_sign_set_end (ambi_sign * sign, core_time end, core_time now)
{
  ambi_sign_expire (sign, now);
  sign->end = end;
}

/* Zero would say that the stream goes on (§3.5), so it is one at least. */
static uint16_t
refresh_deadline (const ambi_sign * sign)
{
  core_time seconds;

  if (sign->end == CORE_TIME_NEVER)
    return 0;
  seconds = sign->end > sign->now ? (sign->end - sign->now) / CORE_SECOND : 0;
  if (seconds == 0)
    return 1;
  return seconds < UINT16_MAX ? (uint16_t) seconds : UINT16_MAX;
}

static ambi_manifest
next_manifest (const ambi_sign * sign)
{
  ambi_manifest manifest = {
    .stream_id = sign->config.stream_id,
    .manifest_seq = sign->next_manifest_seq,
    .first_packet_seq = sign->next_packet_seq - sign->n_digests,
    .count = (uint16_t) sign->n_digests,
    .refresh_deadline = refresh_deadline (sign)
  };

  return manifest;
}

size_t
ambi_sign_pending (const ambi_sign * sign)
{
  ambi_manifest manifest = next_manifest (sign);

  return sign->due ? ambi_manifest_size (&manifest, sign->digest_len) : 0;
}

size_t
ambi_sign_manifest (ambi_sign * sign, uint8_t * buf, size_t cap, core_time now)
{
  ambi_manifest manifest;
  size_t len;

  advance (sign, now);
  if (!sign->due)
    return 0;
  manifest = next_manifest (sign);
  len = ambi_manifest_build (&manifest, sign->digests, sign->digest_len, buf,
      cap);
  if (len == 0)
    return 0;
  sign->due = false;
  sign->n_digests = 0;
  sign->next_manifest_seq++;
  sign->last_manifest = sign->now;
  sign->stats.manifests++;
  return len;
}

bool
ambi_sign_is_old (const ambi_sign * sign)
{
  return ((sign->next_packet_seq | sign->next_manifest_seq) & 0x80000000) != 0;
}

const ambi_sign_stats *
ambi_sign_get_stats (const ambi_sign * sign)
{
  return &sign->stats;
}
