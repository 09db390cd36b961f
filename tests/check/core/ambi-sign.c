/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * When manifests are made and what is in them: scripts of times, and the
 * manifests read back.
 */
#include "ambi-sign.h"

#include <string.h>

#include <openssl/evp.h>

#include "ambi-vectors.h"

#define MAX_STEPS 12
#define MS CORE_MSECOND

static ambi_sign_config
default_config (void)
{
  ambi_sign_config config = {
    .stream_id = 0xc0ffee42,
    .algorithm = CORE_HASH_SHA_256,
    .packets_per_manifest = 3,
    .max_manifest_latency = 100 * MS,
    .keep_alive = CORE_SECOND
  };

  config.flow.src = vector_ip_literal ("198.51.100.10");
  config.flow.dst = vector_ip_literal ("232.10.10.1");
  config.flow.src_port = 40000;
  config.flow.dst_port = 5001;
  config.flow.protocol = AMBI_PROTOCOL_UDP;
  return config;
}

static ambi_sign *
new_sign (const ambi_sign_config * config, core_time now)
{
  ambi_sign *sign;

  fail_unless_equals_int (ambi_sign_new (&sign, config, now), CORE_OK);
  return sign;
}

/* The packet with that number, which tells it from all others. */
static vector_bytes
packet (uint32_t number)
{
  vector_bytes bytes = { g_malloc (7 + number % 5), 7 + number % 5 };

  memset (bytes.data, 0x47, bytes.len);
  memcpy (bytes.data, &number, sizeof (number));
  return bytes;
}

static void
add_packet (ambi_sign * sign, uint32_t number, core_time now)
{
  vector_bytes bytes = packet (number);

  fail_unless_equals_int (ambi_sign_packet (sign, bytes.data, bytes.len, now),
      CORE_OK);
  g_free (bytes.data);
}

static void
check_packet_digest (const ambi_sign_config * config, uint32_t number,
    const uint8_t * digest)
{
  vector_bytes bytes = packet (number);
  size_t len = core_hash_len (config->algorithm);
  uint8_t want[CORE_HASH_LEN_MAX];
  core_hash *hash;

  fail_unless_equals_int (core_hash_new (&hash, config->algorithm), CORE_OK);
  fail_unless_equals_int (ambi_packet_digest (hash, &config->flow,
          config->stream_id, bytes.data, bytes.len, want), CORE_OK);
  assert_bytes_equal ("digest", digest, len, want, len);
  core_hash_free (hash);
  g_free (bytes.data);
}

/* Takes the manifest that is due; sequence numbers are those of packets. */
static ambi_manifest
take (ambi_sign * sign, const ambi_sign_config * config, core_time now)
{
  size_t size = ambi_sign_pending (sign), left = size;
  uint8_t *buf = g_malloc (size + 1);
  const uint8_t *at = buf;
  ambi_manifest manifest = { 0 };
  ambi_parser parser;
  ambi_item item;

  fail_unless (size > 0);
  fail_unless_equals_int (ambi_sign_manifest (sign, buf, size - 1, now), 0);
  fail_unless_equals_int (ambi_sign_pending (sign), size);
  fail_unless_equals_int (ambi_sign_manifest (sign, buf, size, now), size);
  fail_unless_equals_int (ambi_sign_pending (sign), 0);
  fail_unless_equals_int (ambi_sign_manifest (sign, buf, size, now), 0);

  ambi_parser_init (&parser, config->stream_id, config->algorithm);
  do {
    ambi_parser_next (&parser, &at, &left, &item);
    if (item.type == AMBI_ITEM_MANIFEST)
      manifest = *item.manifest;
    else if (item.type == AMBI_ITEM_DIGEST)
      check_packet_digest (config, item.seq, item.digest);
    else
      fail_unless (item.type == AMBI_ITEM_STREAM_ID ||
          item.type == AMBI_ITEM_END);
  } while (item.type != AMBI_ITEM_END);
  fail_unless_equals_int (left, 0);
  g_free (buf);
  return manifest;
}

typedef enum
{
  STOP,
  PACKETS,                      /* n of them */
  EXPIRE,
  FLUSH,
  END_AT                        /* n ms; 0: never */
} action;

#define NEVER UINT64_MAX

/* Calls, the manifest that is due after each, and the deadline then. */
typedef struct
{
  action action;
  uint64_t at;                  /* ms */
  unsigned n;
  int count;                    /* digests of the manifest; -1: none is due */
  unsigned refresh;
  uint64_t deadline;            /* ms */
} script_step;

typedef struct
{
  const char *name;
  uint64_t keep_alive;          /* ms; 0: 1 s, NEVER: none */
  uint64_t start;               /* ms */
  script_step steps[MAX_STEPS];
} script;

static const script scripts[] = {
  {"full", 0, 0, {
              {PACKETS, 10, 2, -1, 0, 110},
              {PACKETS, 20, 1, 3, 0, 1020},
              {PACKETS, 30, 1, -1, 0, 130},
              {PACKETS, 129, 2, 3, 0, 1129},
          }},
  {"latency counts from the first packet", 0, 0, {
              {PACKETS, 10, 1, -1, 0, 110},
              {PACKETS, 90, 1, -1, 0, 110},
              {EXPIRE, 109, 0, -1, 0, 110},
              {EXPIRE, 110, 0, 2, 0, 1110},
              {EXPIRE, 210, 0, -1, 0, 1110},
          }},
  {"a packet that comes at the deadline is in it", 0, 0, {
              {PACKETS, 10, 1, -1, 0, 110},
              {PACKETS, 110, 1, 2, 0, 1110},
          }},
  {"flush", 0, 0, {
              {FLUSH, 5, 0, -1, 0, 1000},
              {PACKETS, 10, 2, -1, 0, 110},
              {FLUSH, 11, 0, 2, 0, 1011},
              {FLUSH, 12, 0, -1, 0, 1011},
          }},
  {"keep-alive", 0, 500, {
              {EXPIRE, 1499, 0, -1, 0, 1500},
              {EXPIRE, 1500, 0, 0, 0, 2500},
              {PACKETS, 2450, 1, -1, 0, 2500},
              {EXPIRE, 2500, 0, 1, 0, 3500},
              {PACKETS, 3000, 3, 3, 0, 4000},
              {EXPIRE, 4000, 0, 0, 0, 5000},
          }},
  {"no keep-alive", NEVER, 0, {
              {EXPIRE, 100000, 0, -1, 0, NEVER},
              {PACKETS, 100000, 1, -1, 0, 100100},
              {EXPIRE, 100100, 0, 1, 0, NEVER},
          }},
  {"minutes late", 0, 0, {
              {PACKETS, 10, 1, -1, 0, 110},
              {EXPIRE, 600000, 0, 1, 0, 601000},
              {EXPIRE, 1200000, 0, 0, 0, 1201000},
              {PACKETS, 1800000, 1, 1, 0, 1801000},
          }},
  {"time does not go back", 0, 1000, {
              {PACKETS, 5, 1, -1, 0, 1100},
              {EXPIRE, 0, 0, -1, 0, 1100},
              {FLUSH, 0, 0, 1, 0, 2000},
          }},
  {"the end comes nearer", 0, 0, {
              {PACKETS, 0, 3, 3, 0, 1000},
              {END_AT, 500, 3700, -1, 0, 1000},
              {PACKETS, 600, 3, 3, 3, 1600},
              {PACKETS, 1700, 3, 3, 2, 2700},
              {PACKETS, 1701, 3, 3, 1, 2701},
              {EXPIRE, 2701, 0, 0, 1, 3701},
              {PACKETS, 3699, 3, 3, 1, 4699},
              {PACKETS, 3700, 3, 3, 1, 4700},
              {PACKETS, 4000, 3, 3, 1, 5000},
              {END_AT, 4001, 0, -1, 0, 5000},
              {PACKETS, 4100, 3, 3, 0, 5100},
          }},
  {"an end that is far away", 0, 0, {
              {END_AT, 0, 100000000, -1, 0, 1000},
              {EXPIRE, 1000, 0, 0, 65535, 2000},
              {END_AT, 1000, 65536000, -1, 0, 2000},
              {EXPIRE, 2000, 0, 0, 65534, 3000},
          }},
};

static core_time
from_ms (uint64_t ms)
{
  return ms == NEVER ? CORE_TIME_NEVER : ms * MS;
}

/* Makes the call; returns the packets that were added. */
static unsigned
act (ambi_sign * sign, const script_step * step, uint32_t next_packet)
{
  core_time now = from_ms (step->at);

  switch (step->action) {
    case PACKETS:
      for (unsigned i = 0; i < step->n; i++)
        add_packet (sign, next_packet + i, now);
      return step->n;
    case FLUSH:
      ambi_sign_flush (sign, now);
      break;
    case END_AT:
      ambi_sign_set_end (sign, step->n ? step->n * MS : CORE_TIME_NEVER, now);
      break;
    default:
      ambi_sign_expire (sign, now);
      break;
  }
  return 0;
}

static void
run_script (const script * script, uint32_t manifest_seq, uint32_t packet_seq)
{
  ambi_sign_config config = default_config ();
  uint32_t next_packet = packet_seq, next_manifest = manifest_seq;
  const ambi_sign_stats *stats;
  ambi_sign *sign;

  if (script->keep_alive != 0)
    config.keep_alive = script->keep_alive == NEVER ? 0 :
        from_ms (script->keep_alive);
  config.first_manifest_seq = manifest_seq;
  config.first_packet_seq = packet_seq;
  sign = new_sign (&config, from_ms (script->start));
  stats = ambi_sign_get_stats (sign);

  for (const script_step * step = script->steps; step->action != STOP; step++) {
    const char *name = script->name;
    ambi_manifest m;

    next_packet += act (sign, step, next_packet);
    if (step->count < 0) {
      fail_unless (ambi_sign_pending (sign) == 0, "%s at %" G_GUINT64_FORMAT,
          name, step->at);
    } else {
      fail_unless (ambi_sign_pending (sign) != 0, "%s at %" G_GUINT64_FORMAT,
          name, step->at);
      m = take (sign, &config, from_ms (step->at));
      fail_unless_equals_uint64 (m.manifest_seq, next_manifest++);
      fail_unless_equals_int (m.count, step->count);
      fail_unless_equals_uint64 (m.first_packet_seq,
          (uint32_t) (next_packet - m.count));
      fail_unless (m.refresh_deadline == step->refresh,
          "%s at %" G_GUINT64_FORMAT ": %u s", name, step->at,
          m.refresh_deadline);
    }
    fail_unless (ambi_sign_deadline (sign) == from_ms (step->deadline),
        "%s at %" G_GUINT64_FORMAT ": %" G_GUINT64_FORMAT, name, step->at,
        ambi_sign_deadline (sign));
    fail_unless_equals_uint64 (stats->packets,
        (uint32_t) (next_packet - packet_seq));
    fail_unless_equals_uint64 (stats->manifests,
        (uint32_t) (next_manifest - manifest_seq));
  }
  ambi_sign_free (sign);
}

GST_START_TEST (test_script)
{
  run_script (&scripts[__i__], 0, 0);
}

GST_END_TEST;

/* Both counters wrap, the packets' within a manifest and between two. */
GST_START_TEST (test_wrap)
{
  for (uint32_t back = 1; back <= 7; back++) {
    run_script (&scripts[0], UINT32_MAX, 0u - back);
    run_script (&scripts[4], UINT32_MAX - 1, 0u - back);
  }
}

GST_END_TEST;

/* Long before the wrap of either it is time for another stream. */
GST_START_TEST (test_old)
{
  ambi_sign_config config = default_config ();
  ambi_sign *sign;

  config.first_packet_seq = 0x7ffffffe;
  sign = new_sign (&config, 0);
  add_packet (sign, 0x7ffffffe, 0);
  fail_if (ambi_sign_is_old (sign));
  add_packet (sign, 0x7fffffff, 0);
  fail_unless (ambi_sign_is_old (sign));
  ambi_sign_free (sign);

  config.first_packet_seq = 0;
  config.first_manifest_seq = 0x7fffffff;
  sign = new_sign (&config, 0);
  add_packet (sign, 0, 0);
  fail_if (ambi_sign_is_old (sign));
  ambi_sign_flush (sign, 0);
  take (sign, &config, 0);
  fail_unless (ambi_sign_is_old (sign));
  ambi_sign_free (sign);
}

GST_END_TEST;

static void
sign_vector (ambi_sign * sign, JsonParser * parser, unsigned i)
{
  ambi_digest_vector v;

  ambi_digest_vector_init (&v, parser, i);
  fail_unless_equals_int (ambi_sign_packet (sign, v.hashed.data, v.hashed.len,
          0), CORE_OK);
  ambi_digest_vector_clear (&v);
}

/* The first manifest of the vectors lists the first three packets. */
GST_START_TEST (test_vector)
{
  JsonParser *parser = ambi_vectors_load ();
  ambi_sign_config config = default_config ();
  ambi_manifest_vector v;
  uint8_t buf[14 + 3 * 32];
  ambi_sign *sign;
  size_t len;

  ambi_manifest_vector_init (&v, parser, 0);
  config.stream_id = v.stream_id;
  config.first_manifest_seq = v.manifests[0].header.manifest_seq;
  config.first_packet_seq = v.manifests[0].header.first_packet_seq;
  sign = new_sign (&config, 0);
  for (unsigned i = 0; i < 3; i++)
    sign_vector (sign, parser, i);
  len = ambi_sign_manifest (sign, buf, sizeof (buf), 0);
  assert_bytes_equal (v.name, buf, len, v.data.data, v.data.len);
  ambi_sign_free (sign);
  ambi_manifest_vector_clear (&v);
  g_object_unref (parser);
}

GST_END_TEST;

/* One digest each and no waiting; every algorithm. */
GST_START_TEST (test_each_packet_at_once)
{
  for (int algorithm = 0; algorithm <= CORE_HASH_SHAKE_256; algorithm++) {
    ambi_sign_config config = default_config ();
    ambi_sign *sign;

    if (core_hash_len ((core_hash_algorithm) algorithm) == 0)
      continue;
    config.algorithm = (core_hash_algorithm) algorithm;
    config.max_manifest_latency = 0;
    sign = new_sign (&config, 0);
    for (uint32_t i = 0; i < 3; i++) {
      ambi_manifest m;

      add_packet (sign, i, i);
      m = take (sign, &config, i);
      fail_unless_equals_int (m.count, 1);
      fail_unless_equals_int (m.first_packet_seq, i);
    }
    ambi_sign_free (sign);
  }
}

GST_END_TEST;

/* What is due and not taken waits, and there is never more than one. */
GST_START_TEST (test_not_taken)
{
  ambi_sign_config config = default_config ();
  ambi_sign *sign = new_sign (&config, 0);
  uint8_t octet = 0;

  add_packet (sign, 0, 0);
  ambi_sign_expire (sign, 100 * MS);
  add_packet (sign, 1, 101 * MS);
  add_packet (sign, 2, 102 * MS);
  for (int i = 0; i < 5; i++)
    fail_unless_equals_int (ambi_sign_packet (sign, &octet, 1, 103 * MS),
        CORE_ERR_LIMIT);
  fail_unless_equals_uint64 (ambi_sign_get_stats (sign)->packets, 3);
  fail_unless_equals_int (take (sign, &config, 104 * MS).count, 3);
  add_packet (sign, 3, 105 * MS);
  ambi_sign_flush (sign, 105 * MS);
  fail_unless_equals_int (take (sign, &config, 105 * MS).first_packet_seq, 3);
  ambi_sign_free (sign);
}

GST_END_TEST;

GST_START_TEST (test_packet_lengths)
{
  ambi_sign_config config = default_config ();
  ambi_sign *sign = new_sign (&config, 0);
  uint8_t *data = g_malloc0 (AMBI_PAYLOAD_MAX + 1);

  fail_unless_equals_int (ambi_sign_packet (sign, data, AMBI_PAYLOAD_MAX + 1,
          0), CORE_ERR_BAD_LENGTH);
  fail_unless_equals_uint64 (ambi_sign_deadline (sign), CORE_SECOND);
  fail_unless_equals_int (ambi_sign_packet (sign, data, AMBI_PAYLOAD_MAX, 0),
      CORE_OK);
  fail_unless_equals_int (ambi_sign_packet (sign, NULL, 0, 0), CORE_OK);
  fail_unless_equals_uint64 (ambi_sign_get_stats (sign)->packets, 2);
  ambi_sign_free (sign);
  g_free (data);
}

GST_END_TEST;

/* The largest manifest, and times near the end of all time. */
GST_START_TEST (test_extremes)
{
  ambi_sign_config config = default_config ();
  core_time late = CORE_TIME_NEVER - 2;
  ambi_sign *sign;

  config.algorithm = CORE_HASH_SHAKE_128;
  config.packets_per_manifest = AMBI_COUNT_MAX;
  config.max_manifest_latency = CORE_TIME_NEVER;
  sign = new_sign (&config, late);
  for (uint32_t i = 0; i < AMBI_COUNT_MAX; i++) {
    /* An assertion for each would take long. */
    if (ambi_sign_pending (sign) != 0 ||
        ambi_sign_deadline (sign) != CORE_TIME_NEVER ||
        ambi_sign_packet (sign, NULL, 0, late) != CORE_OK)
      fail ("packet %u", i);
  }
  fail_unless_equals_int (ambi_sign_pending (sign),
      AMBI_HEADER_LEN + AMBI_COUNT_MAX * 16);
  ambi_sign_set_end (sign, CORE_TIME_NEVER - 1, late);
  fail_unless_equals_int (ambi_sign_pending (sign),
      AMBI_HEADER_LEN + 7 + AMBI_COUNT_MAX * 16);
  ambi_sign_free (sign);
}

GST_END_TEST;

/* A change each of what is good. */
static const struct
{
  const char *src;
  const char *dst;
  uint16_t src_port;
  uint16_t dst_port;
  core_hash_algorithm algorithm;
  unsigned packets;
} bad_configs[] = {
  {NULL, NULL, 1, 1, CORE_HASH_SHA_256, 1},
  {"2001:db8::a", "232.10.10.1", 1, 1, CORE_HASH_SHA_256, 1},
  {"0.0.0.0", "232.10.10.1", 1, 1, CORE_HASH_SHA_256, 1},
  {"192.0.2.1", "0.0.0.0", 1, 1, CORE_HASH_SHA_256, 1},
  {"192.0.2.1", "232.10.10.1", 0, 1, CORE_HASH_SHA_256, 1},
  {"192.0.2.1", "232.10.10.1", 1, 0, CORE_HASH_SHA_256, 1},
  {"192.0.2.1", "232.10.10.1", 1, 1, CORE_HASH_NONE, 1},
  {"192.0.2.1", "232.10.10.1", 1, 1, CORE_HASH_SHA_256, 0},
  {"192.0.2.1", "232.10.10.1", 1, 1, CORE_HASH_SHA_256, AMBI_COUNT_MAX + 1},
};

GST_START_TEST (test_bad_config)
{
  ambi_sign_config config = default_config ();
  ambi_sign *sign = (ambi_sign *) & config;

  memset (&config.flow.src, 0, sizeof (core_ip));
  memset (&config.flow.dst, 0, sizeof (core_ip));
  if (bad_configs[__i__].src != NULL) {
    config.flow.src = vector_ip_literal (bad_configs[__i__].src);
    config.flow.dst = vector_ip_literal (bad_configs[__i__].dst);
  }
  config.flow.src_port = bad_configs[__i__].src_port;
  config.flow.dst_port = bad_configs[__i__].dst_port;
  config.algorithm = bad_configs[__i__].algorithm;
  config.packets_per_manifest = bad_configs[__i__].packets;
  fail_unless_equals_int (ambi_sign_new (&sign, &config, 0),
      CORE_ERR_INVALID_ARGUMENT);
  fail_unless (sign == NULL);
  ambi_sign_free (NULL);
}

GST_END_TEST;

GST_START_TEST (test_hash_not_offered)
{
  ambi_sign_config config = default_config ();
  ambi_sign *sign = (ambi_sign *) & config;
  int ret;

  fail_unless (EVP_set_default_properties (NULL, "provider=nobody"));
  ret = ambi_sign_new (&sign, &config, 0);
  fail_unless (EVP_set_default_properties (NULL, ""));
  fail_unless_equals_int (ret, CORE_ERR_FATAL);
  fail_unless (sign == NULL);
}

GST_END_TEST;

/* Without ports there are none to set. */
GST_START_TEST (test_other_protocol)
{
  ambi_sign_config config = default_config ();

  config.flow.protocol = 253;
  config.flow.src_port = config.flow.dst_port = 0;
  ambi_sign_free (new_sign (&config, 0));
}

GST_END_TEST;

static Suite *
ambi_sign_suite (void)
{
  Suite *s = suite_create ("ambi-sign");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_script, 0, G_N_ELEMENTS (scripts));
  tcase_add_test (tc, test_wrap);
  tcase_add_test (tc, test_old);
  tcase_add_test (tc, test_vector);
  tcase_add_test (tc, test_each_packet_at_once);
  tcase_add_test (tc, test_not_taken);
  tcase_add_test (tc, test_packet_lengths);
  tcase_add_test (tc, test_extremes);
  tcase_add_loop_test (tc, test_bad_config, 0, G_N_ELEMENTS (bad_configs));
  tcase_add_test (tc, test_hash_not_offered);
  tcase_add_test (tc, test_other_protocol);
  return s;
}

GST_CHECK_MAIN (ambi_sign);
