/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Fuzzes the making of manifests with a script of packets and of time passing,
 * against a list of the digests that are still to come.
 */
#include "fuzz.h"

#include "ambi-sign.h"

/* Input: HEAD bytes of configuration, then steps of STEP bytes.
 *   0     algorithm
 *   1     packets per manifest, 0 to 31
 *   2, 3  the two times
 *   4     how long before their wrap the counters start
 * A step:
 *   0     what to do, LEAVE
 *   1     time that passes before it
 *   2     length of the packet, or time to the end in half seconds */
enum
{
  HEAD = 5,
  STEP = 3,
  PACKETS_MAX = 31,

  ACTION_MASK = 0x03,
  PACKET = 0,
  EXPIRE = 1,
  FLUSH = 2,
  END_AT = 3,
  LEAVE = 0x04                  /* do not take what is due */
};

#define TICK (50 * CORE_MSECOND)

typedef struct
{
  ambi_sign *sign;
  ambi_sign_config config;
  core_hash *hash;
  core_time now;
  core_time end;
  uint32_t next_manifest;
  uint32_t next_packet;
  unsigned n;                   /* digests to come */
  uint8_t digests[PACKETS_MAX][CORE_HASH_LEN_MAX];
} model;

static bool
read_config (model * m, const uint8_t * data)
{
  ambi_sign_config *config = &m->config;
  int ret;

  core_ip_from_string ("192.0.2.1", &config->flow.src);
  core_ip_from_string ("232.1.1.1", &config->flow.dst);
  config->flow.src_port = config->flow.dst_port = 5001;
  config->flow.protocol = AMBI_PROTOCOL_UDP;
  config->stream_id = 7;
  config->algorithm = (core_hash_algorithm) (data[0] & 0x0f);
  config->packets_per_manifest = data[1] & PACKETS_MAX;
  config->max_manifest_latency = data[2] * TICK;
  config->keep_alive = data[3] * TICK;
  config->first_manifest_seq = 0u - (data[4] & 0x0f);
  config->first_packet_seq = 0u - (uint32_t) (data[4] >> 4);
  ret = ambi_sign_new (&m->sign, config, 0);
  if (ret != CORE_OK) {
    FUZZ_CHECK (ret == CORE_ERR_INVALID_ARGUMENT && m->sign == NULL);
    return false;
  }
  FUZZ_CHECK (core_hash_new (&m->hash, config->algorithm) == CORE_OK);
  m->end = CORE_TIME_NEVER;
  m->next_manifest = config->first_manifest_seq;
  m->next_packet = config->first_packet_seq;
  return true;
}

static void
add_packet (model * m, uint8_t len)
{
  uint8_t data[UINT8_MAX];
  uint64_t packets = ambi_sign_get_stats (m->sign)->packets;
  int ret;

  memset (data, (int) m->next_packet & 0xff, sizeof (data));
  ret = ambi_sign_packet (m->sign, data, len, m->now);
  if (m->n == m->config.packets_per_manifest) {
    FUZZ_CHECK (ret == CORE_ERR_LIMIT);
    FUZZ_CHECK (ambi_sign_get_stats (m->sign)->packets == packets);
    return;
  }
  FUZZ_CHECK (ret == CORE_OK);
  FUZZ_CHECK (ambi_sign_get_stats (m->sign)->packets == packets + 1);
  FUZZ_CHECK (ambi_packet_digest (m->hash, &m->config.flow,
          m->config.stream_id, data, len, m->digests[m->n]) == CORE_OK);
  m->n++;
  m->next_packet++;
}

/* The whole seconds that are left, and never zero while there is an end. */
static void
check_refresh (const model * m, const ambi_manifest * manifest)
{
  core_time left = m->end > m->now ? m->end - m->now : 0;
  core_time said = manifest->refresh_deadline * CORE_SECOND;

  if (m->end == CORE_TIME_NEVER)
    FUZZ_CHECK (said == 0);
  else if (left < CORE_SECOND)
    FUZZ_CHECK (said == CORE_SECOND);
  else
    FUZZ_CHECK (said <= left && left - said < CORE_SECOND);
}

static void
check_manifest (model * m, const uint8_t * data, size_t len)
{
  ambi_parser parser;
  ambi_item item;
  unsigned n = 0;

  ambi_parser_init (&parser, m->config.stream_id, m->config.algorithm);
  do {
    ambi_parser_next (&parser, &data, &len, &item);
    FUZZ_CHECK (item.type != AMBI_ITEM_NONE);
    FUZZ_CHECK (item.type <= AMBI_ITEM_END);
    if (item.type == AMBI_ITEM_DIGEST) {
      FUZZ_CHECK (n < m->n);
      FUZZ_CHECK (memcmp (item.digest, m->digests[n], parser.digest_len) == 0);
      n++;
    }
  } while (item.type != AMBI_ITEM_END);
  FUZZ_CHECK (len == 0 && n == m->n);
  FUZZ_CHECK (item.manifest->manifest_seq == m->next_manifest);
  FUZZ_CHECK (item.manifest->first_packet_seq + n == m->next_packet);
  check_refresh (m, item.manifest);
}

static void
take_manifest (model * m)
{
  size_t size = ambi_sign_pending (m->sign);
  uint8_t *buf = malloc (size + 1);

  FUZZ_CHECK (buf != NULL);
  if (size > 0) {
    FUZZ_CHECK (ambi_sign_manifest (m->sign, buf, size - 1, m->now) == 0);
    FUZZ_CHECK (ambi_sign_manifest (m->sign, buf, size, m->now) == size);
    check_manifest (m, buf, size);
    m->next_manifest++;
    m->n = 0;
  }
  FUZZ_CHECK (ambi_sign_pending (m->sign) == 0);
  FUZZ_CHECK (ambi_sign_manifest (m->sign, buf, size, m->now) == 0);
  FUZZ_CHECK (m->n < m->config.packets_per_manifest);
  FUZZ_CHECK (ambi_sign_deadline (m->sign) > m->now);
  free (buf);
}

static void
run_step (model * m, const uint8_t * step)
{
  m->now += step[1] * TICK;
  switch (step[0] & ACTION_MASK) {
    case PACKET:
      add_packet (m, step[2]);
      break;
    case FLUSH:
      ambi_sign_flush (m->sign, m->now);
      ambi_sign_expire (m->sign, m->now);
      break;
    case END_AT:
      m->end = step[2] == UINT8_MAX ? CORE_TIME_NEVER :
          m->now + step[2] * (CORE_SECOND / 2);
      ambi_sign_set_end (m->sign, m->end, m->now);
      break;
    default:
      ambi_sign_expire (m->sign, m->now);
      break;
  }
  if (!(step[0] & LEAVE))
    take_manifest (m);
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  model m = {.now = 0 };

  if (size < HEAD || !read_config (&m, data))
    return 0;
  for (size_t at = HEAD; at + STEP <= size; at += STEP)
    run_step (&m, data + at);
  ambi_sign_flush (m.sign, m.now);
  FUZZ_CHECK ((ambi_sign_pending (m.sign) != 0) || m.n == 0);
  ambi_sign_free (m.sign);
  core_hash_free (m.hash);
  return 0;
}
